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

package documents

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/test/doctest"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/images"
	"github.com/karmada-io/image-trust/test/lab/manifest"
	"github.com/karmada-io/image-trust/test/lab/reportcrds"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// fixtures are what a page can say that its reader has already.
func fixtures(t *testing.T, shell *doctest.Shell) doctest.Fixtures {
	t.Helper()
	return doctest.Fixtures{
		// namespace NAME [included]: a namespace, which has opted in.
		"namespace": func(args []string) error {
			labels := map[string]string{}
			if len(args) > 1 {
				labels[labtest.OptInLabel] = "true"
			}
			cluster.CreateNamespace(t, args[0], labels)
			return nil
		},
		// signed REFERENCE…: images that Karmada's release workflow signed.
		"signed": func(args []string) error { return push(t.Context(), args, &labtest.Release) },
		// unsigned REFERENCE…: images without a signature.
		"unsigned": func(args []string) error { return push(t.Context(), args, nil) },
		// signed-by ISSUER SUBJECT REFERENCE…: images that somebody else signed.
		"signed-by": func(args []string) error {
			return push(t.Context(), args[2:], &sigstore.Identity{Issuer: args[0], Subject: args[1]})
		},
		// run COMMAND: a command of the reader that the page does not show.
		"run": func(args []string) error { return hidden(shell, args) },
		// reports: the kind PolicyReport, and the operator with --policy-reports.
		"reports": func([]string) error { return enableReports(t) },
		// base-image: an image to build others from, in place of the one on the Internet. One platform, for the time that it takes.
		"base-image": func([]string) error {
			base, _, err := images.PushIndex(t.Context(), "registry.example.com/static:nonroot", "static", cluster.RemoteOptions()...)
			if err != nil {
				return err
			}
			return hidden(shell, []string{"export", "PLATFORMS=linux/amd64", "BASE_IMAGE=" + base.String(), "DIGEST=" + base.DigestStr()})
		},
		// not-installed: a cluster without the operator.
		"not-installed": func([]string) error { return uninstall(t, shell) },
		// running: the operator that the page has installed runs.
		"running": func([]string) error { return runInstalled(t.Context()) },
		// operator FLAG…: the operator with more flags, until the end of the page.
		"operator": func(args []string) error { cluster.RestartOperator(t, args...); return nil },
	}
}

func push(ctx context.Context, references []string, signer *sigstore.Identity) error {
	var errs []error
	for _, reference := range references {
		var err error
		if signer == nil {
			_, err = cluster.Push(ctx, reference, reference)
		} else {
			_, err = cluster.PushSigned(ctx, reference, reference+" by "+signer.Subject, *signer)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func hidden(shell *doctest.Shell, words []string) error {
	line := ""
	for _, word := range words {
		line += word + " "
	}
	printed, code, err := shell.Run(line, false)
	if err == nil && code != 0 {
		err = fmt.Errorf("exit code %d: %s", code, printed)
	}
	return err
}

func uninstall(t *testing.T, shell *doctest.Shell) error {
	t.Helper()
	return errors.Join(
		cluster.StopOperator(),
		hidden(shell, []string{"kubectl", "delete", "--ignore-not-found", "--timeout=1m", "-k", "config/default"}))
}

// runInstalled runs the operator as kubelet would run the pods of the Deployment in the cluster.
func runInstalled(ctx context.Context) error {
	deployment := &appsv1.Deployment{}
	name := client.ObjectKey{Namespace: "karmada-image-trust-system", Name: "karmada-image-trust"}
	if err := cluster.Client.Get(ctx, name, deployment); err != nil {
		return err
	}
	if err := cluster.UseDeployment(ctx, deployment); err != nil {
		return err
	}
	return cluster.StartOperator(ctx)
}

func enableReports(t *testing.T) error {
	t.Helper()
	crd, err := reportcrds.PolicyReport().Read(t.Context())
	if err != nil {
		return err
	}
	cluster.Create(t, crd)
	for _, file := range []string{"role.yaml", "role_binding.yaml"} {
		root, err := binaries.Root()
		if err != nil {
			return err
		}
		objects, err := manifest.Read(filepath.Join(root, "config", "reports", file))
		if err != nil {
			return err
		}
		for _, object := range objects {
			cluster.Create(t, object)
		}
	}
	cluster.RestartOperator(t, "--policy-reports")
	return nil
}

// removed are the kinds of objects that pages create, in the order of their removal.
var removed = []schema.GroupVersionKind{
	{Group: "trust.karmada.io", Version: "v1alpha1", Kind: "KarmadaImageTrust"},
	{Group: "policy.sigstore.dev", Version: "v1beta1", Kind: "ClusterImagePolicy"},
	{Group: "policy.sigstore.dev", Version: "v1alpha1", Kind: "TrustRoot"},
	{Group: "admissionregistration.k8s.io", Version: "v1", Kind: "ValidatingAdmissionPolicyBinding"},
	{Group: "admissionregistration.k8s.io", Version: "v1", Kind: "ValidatingAdmissionPolicy"},
	{Version: "v1", Kind: "Namespace"},
}

// existing are the objects that are there before the first page.
type existing map[types.UID]bool

func snapshot(ctx context.Context) (existing, error) {
	out := existing{}
	for _, kind := range removed {
		objects, err := list(ctx, kind)
		if err != nil {
			return nil, err
		}
		for i := range objects {
			out[objects[i].GetUID()] = true
		}
	}
	return out, nil
}

func list(ctx context.Context, kind schema.GroupVersionKind) ([]unstructured.Unstructured, error) {
	out := &unstructured.UnstructuredList{}
	out.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
	err := cluster.Client.List(ctx, out)
	return out.Items, client.IgnoreNotFound(err)
}

// restore removes what a page has left in the cluster, and in the copy of the repository.
func (e existing) restore(t *testing.T) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	for _, kind := range removed {
		objects, err := list(ctx, kind)
		if err != nil {
			t.Logf("listing %s: %v", kind.Kind, err)
			continue
		}
		for i := range objects {
			if !e[objects[i].GetUID()] {
				cluster.Delete(t, &objects[i])
			}
		}
	}
	if err := tree.clean(); err != nil {
		t.Error(err)
	}
}
