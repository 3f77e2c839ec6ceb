/*
Copyright 2026 The Karmada Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

// Package lab is a whole installation on loopback: the harness's cluster with
// policy-controller and a registry, a local Sigstore that both sides trust, and
// the operator as config/ installs it. The end-to-end tests and the demo stand on it.
package lab

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/fileserver"
	"github.com/karmada-io/image-trust/test/lab/freeport"
	"github.com/karmada-io/image-trust/test/lab/harness"
	"github.com/karmada-io/image-trust/test/lab/images"
	"github.com/karmada-io/image-trust/test/lab/policycontroller"
	"github.com/karmada-io/image-trust/test/lab/process"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// Programs are those that a lab with the default version of policy-controller starts. The others are
// for tests that compare.
func Programs() []string {
	return []string{
		binaries.Etcd, binaries.KubeAPIServer, binaries.KubeControllerManager, binaries.Kubectl,
		binaries.PolicyController, binaries.Registry,
	}
}

// Options of a lab.
type Options struct {
	// Progress receives lines for people; nil: none.
	Progress io.Writer
	// LongRunning is for demos, see harness.Options.
	LongRunning bool
	// Shared is a lab that runs already, whose registry and Sigstore this one uses instead
	// of its own. It must be stopped later than this one.
	Shared *Lab
	// WithoutPolicyController installs the definitions of policy-controller's policies
	// alone: one policy-controller at a time can run on a machine.
	WithoutPolicyController bool
	// PolicyControllerVersion and PolicyControllerDeployment are described at
	// policycontroller.Options.
	PolicyControllerVersion    string
	PolicyControllerDeployment *policycontroller.Deployment
}

// Lab is a running installation.
type Lab struct {
	*harness.Harness
	// Sigstore issues what the public instance would; both sides trust it by default.
	Sigstore *sigstore.Sigstore
	// Client acts as an administrator.
	Client client.Client

	// MetricsURL is the manager's metrics endpoint, and ProbesURL that of /healthz and /readyz, while
	// it runs.
	MetricsURL, ProbesURL string

	shared        *Lab
	tufDir        string
	tuf           *fileserver.Server
	manager       *manager
	operator      *process.Process
	operatorPorts []*freeport.Port

	building sync.Mutex
	built    map[string]string // programs by their names
}

// Start starts everything but the operator. The context bounds the start only.
func Start(ctx context.Context, options Options) (*Lab, error) {
	l := &Lab{shared: options.Shared}
	if err := l.start(ctx, options); err != nil {
		return nil, errors.Join(err, l.Stop())
	}
	return l, nil
}

func (l *Lab) start(ctx context.Context, options Options) (err error) {
	harnessOptions := harness.Options{
		ControllerManager: true,
		Registry:          true,
		PolicyController:  !options.WithoutPolicyController,
		LongRunning:       options.LongRunning,
		Progress:          options.Progress,

		PolicyControllerVersion:    options.PolicyControllerVersion,
		PolicyControllerDeployment: options.PolicyControllerDeployment,
	}
	if l.shared != nil {
		l.Sigstore, l.tufDir, l.tuf = l.shared.Sigstore, l.shared.tufDir, l.shared.tuf
		harnessOptions.SharedRegistry = l.shared.Registry
	} else {
		if err := l.startSigstore(ctx); err != nil {
			return err
		}
		harnessOptions.Additional = []string{"local Sigstore"}
	}
	harnessOptions.TUFDir = l.tufDir
	if l.Harness, err = harness.Start(ctx, harnessOptions); err != nil {
		return err
	}
	if options.WithoutPolicyController {
		if err := policycontroller.InstallCRDs(ctx, l.Config()); err != nil {
			return err
		}
	}
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return err
	}
	l.Client, err = client.New(l.Config(), client.Options{Scheme: scheme})
	return err
}

func (l *Lab) startSigstore(ctx context.Context) (err error) {
	if l.Sigstore, err = sigstore.New(); err != nil {
		return err
	}
	if l.tufDir, err = os.MkdirTemp("", "image-trust-tuf-"); err != nil {
		return err
	}
	if err := l.Sigstore.WriteTUFRepository(l.tufDir); err != nil {
		return err
	}
	if l.tuf, err = fileserver.Serve(ctx, l.tufDir); err != nil {
		return err
	}
	return nil
}

// Push pushes an image under any registry's name, such as docker.io/karmada/x:v1, to the lab's
// registry. Images with other content have another digest.
func (l *Lab) Push(ctx context.Context, reference, content string) (name.Digest, error) {
	return images.Push(ctx, reference, content, l.RemoteOptions()...)
}

// PushSigned pushes an image and signs it as an identity.
func (l *Lab) PushSigned(ctx context.Context, reference, content string, id sigstore.Identity) (name.Digest, error) {
	digest, err := l.Push(ctx, reference, content)
	if err != nil {
		return name.Digest{}, err
	}
	return digest, l.Sigstore.Sign(ctx, digest, id, l.RemoteOptions()...)
}

// RemoteOptions lead go-containerregistry to the lab's registry.
func (l *Lab) RemoteOptions() []remote.Option {
	return []remote.Option{remote.WithTransport(l.Registry.Proxy.Transport())}
}

// TUFURL is the address of the TUF repository of the local Sigstore, and TUFRoot the file that trust in it starts from.
func (l *Lab) TUFURL() string { return l.tuf.URL }

// TUFRoot is described at TUFURL.
func (l *Lab) TUFRoot() string { return filepath.Join(l.tufDir, "root.json") }

// Stop ends everything.
func (l *Lab) Stop() error {
	errs := []error{l.StopOperator()}
	if l.Harness != nil {
		errs = append(errs, l.Harness.Stop())
	}
	if l.shared != nil {
		return errors.Join(errs...)
	}
	if l.tuf != nil {
		errs = append(errs, l.tuf.Close())
	}
	if l.tufDir != "" {
		errs = append(errs, os.RemoveAll(l.tufDir))
	}
	return errors.Join(errs...)
}

func (l *Lab) file(name string) string { return filepath.Join(l.Dir(), name) }
