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

package karmada

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/freeport"
	"github.com/karmada-io/image-trust/test/lab/manifest"
)

const (
	fieldOwner = client.FieldOwner("lab")

	aggregatedService = "karmada-aggregated-apiserver"

	pollInterval = 100 * time.Millisecond
	pollTimeout  = 2 * time.Minute
)

// install applies Karmada's own manifests. It returns the port at which they expect
// the webhook.
func (c *ControlPlane) install(ctx context.Context) (*freeport.Port, error) {
	port, err := c.ReservePort()
	if err != nil {
		return nil, err
	}
	source, err := binaries.SourceDir(ctx, binaries.KarmadaWebhook)
	if err != nil {
		return nil, err
	}
	deploy := filepath.Join(source, "artifacts", "deploy")
	crds, err := c.renderCRDs(ctx, source, port)
	if err != nil {
		return nil, err
	}
	if err := c.apply(ctx, crds); err != nil {
		return nil, err
	}
	for _, name := range []string{
		"namespace.yaml", "admin-clusterrole-aggregation.yaml", "cluster-proxy-admin-rbac.yaml", "webhook-configuration.yaml",
	} {
		objects, err := c.read(filepath.Join(deploy, name), port)
		if err != nil {
			return nil, err
		}
		if err := c.apply(ctx, objects); err != nil {
			return nil, err
		}
	}
	objects, err := manifest.Parse([]byte(proxyRights))
	if err != nil {
		return nil, err
	}
	if err := c.apply(ctx, objects); err != nil {
		return nil, err
	}
	return port, c.awaitEstablished(ctx, crds)
}

// proxyRights let the lab's administrator use the proxy of each member. From this
// binding, Karmada tells in whose names its proxy may act there.
const proxyRights = `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: cluster-proxy-lab
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: cluster-proxy-admin
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: admin}
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:masters"}
`

// renderCRDs renders Karmada's kustomization of its CRDs, two of which are converted
// by the webhook.
func (c *ControlPlane) renderCRDs(ctx context.Context, source string, port *freeport.Port) ([]*unstructured.Unstructured, error) {
	kubectl, err := binaries.Find(binaries.Kubectl)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(c.dir, "crds")
	crds := os.DirFS(filepath.Join(source, "charts", "karmada", "_crds"))
	err = fs.WalkDir(crds, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(dir, name)
		if entry.IsDir() {
			return os.MkdirAll(target, 0o700)
		}
		content, err := fs.ReadFile(crds, name)
		if err != nil {
			return err
		}
		return os.WriteFile(target, c.fillIn(content, port), 0o600)
	})
	if err != nil {
		return nil, fmt.Errorf("copy Karmada's CRDs: %w", err)
	}
	rendered, err := exec.CommandContext(ctx, kubectl, "kustomize", dir).Output()
	if err != nil {
		return nil, fmt.Errorf("render Karmada's CRDs: %w", withStderr(err))
	}
	return manifest.Parse(rendered)
}

func (c *ControlPlane) read(path string, port *freeport.Port) ([]*unstructured.Unstructured, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read Karmada's manifests: %w", err)
	}
	objects, err := manifest.Parse(c.fillIn(content, port))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return objects, nil
}

// webhookHost finds the host and port of the webhook in Karmada's manifests: its
// name in a cluster, or the placeholders of its Helm chart.
var webhookHost = regexp.MustCompile(`https://(karmada-webhook\.karmada-system|\{\{name\}\}\.\{\{namespace\}\})\.svc:443/`)

// fillIn leads the API server to the webhook of this machine, whose certificate the
// control plane's authority issued.
func (c *ControlPlane) fillIn(content []byte, port *freeport.Port) []byte {
	content = webhookHost.ReplaceAll(content, []byte("https://"+port.Address()+"/"))
	authority := base64.StdEncoding.EncodeToString(c.Config().CAData)
	return bytes.ReplaceAll(content, []byte("{{caBundle}}"), []byte(authority))
}

// installAPIService makes the API server pass requests for clusters on to the
// aggregated one, and returns when it does.
func (c *ControlPlane) installAPIService(ctx context.Context, port int) error {
	source, err := binaries.SourceDir(ctx, binaries.KarmadaAggregatedAPIServer)
	if err != nil {
		return err
	}
	path := filepath.Join(source, "artifacts", "deploy", "karmada-aggregated-apiserver-apiservice.yaml")
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read Karmada's manifests: %w", err)
	}
	authority := base64.StdEncoding.EncodeToString(c.Config().CAData)
	objects, err := manifest.Parse(bytes.ReplaceAll(content, []byte("{{caBundle}}"), []byte(authority)))
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	for _, object := range objects {
		switch object.GetKind() {
		case "APIService":
			err = unstructured.SetNestedField(object.Object, int64(port), "spec", "service", "port")
		case "Service":
			err = unstructured.SetNestedField(object.Object, "localhost", "spec", "externalName")
		}
		if err != nil {
			return fmt.Errorf("adapt %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	if err := c.apply(ctx, objects); err != nil {
		return err
	}
	clusters := &unstructured.UnstructuredList{}
	clusters.SetGroupVersionKind(clusterKind())
	return c.await(ctx, "the aggregated API to be served", func(ctx context.Context) error {
		return c.Client.List(ctx, clusters)
	})
}

// apply applies objects as an administrator would.
func (c *ControlPlane) apply(ctx context.Context, objects []*unstructured.Unstructured) error {
	for _, object := range objects {
		err := c.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(object.DeepCopy()), fieldOwner, client.ForceOwnership)
		if err != nil {
			return fmt.Errorf("apply %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	return nil
}

// awaitEstablished waits until definitions are served.
func (c *ControlPlane) awaitEstablished(ctx context.Context, crds []*unstructured.Unstructured) error {
	for _, crd := range crds {
		err := c.await(ctx, crd.GetName()+" to be served", func(ctx context.Context) error {
			if err := c.Client.Get(ctx, client.ObjectKeyFromObject(crd), crd); err != nil {
				return err
			}
			if !conditionTrue(crd, "Established") {
				return fmt.Errorf("not established")
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// await repeats an action until it succeeds. The error is that of the last attempt.
func (c *ControlPlane) await(ctx context.Context, what string, action func(context.Context) error) error {
	var last error
	err := wait.PollUntilContextTimeout(ctx, pollInterval, pollTimeout, true, func(ctx context.Context) (bool, error) {
		last = action(ctx)
		return last == nil, nil
	})
	if err != nil {
		return fmt.Errorf("wait for %s: %w (%w)", what, last, err)
	}
	return nil
}

func conditionTrue(object *unstructured.Unstructured, kind string) bool {
	conditions, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	for _, entry := range conditions {
		if condition, ok := entry.(map[string]any); ok && condition["type"] == kind {
			return condition["status"] == "True"
		}
	}
	return false
}
