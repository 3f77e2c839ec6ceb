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
	"context"
	"errors"
	"fmt"
	"os/exec"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/controlplane"
)

func clusterKind() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: "cluster.karmada.io", Version: "v1alpha1", Kind: "Cluster"}
}

// Join makes a cluster a member, as karmadactl does, and labels it. The kubeconfig is
// one of its administrator that controlplane.WriteKubeconfig wrote; the control plane reaches the member at the server that it
// names. Join returns when the control plane calls the member ready.
func (c *ControlPlane) Join(ctx context.Context, name, kubeconfig string, labels map[string]string) error {
	if err := c.karmadactl(ctx, "join", name, "--cluster-kubeconfig="+kubeconfig); err != nil {
		return err
	}
	if err := c.Label(ctx, name, labels); err != nil {
		return err
	}
	return c.await(ctx, "member "+name+" to be ready", func(ctx context.Context) error {
		ready, err := c.Ready(ctx, name)
		if err != nil {
			return err
		}
		if !ready {
			return errors.New("not ready")
		}
		return nil
	})
}

// Unjoin ends a membership, and returns when nothing of it is left.
func (c *ControlPlane) Unjoin(ctx context.Context, name, kubeconfig string) error {
	return c.karmadactl(ctx, "unjoin", name, "--cluster-kubeconfig="+kubeconfig, "--cluster-context="+controlplane.Context)
}

// Label sets labels of a member on the control plane; others that it has stay.
func (c *ControlPlane) Label(ctx context.Context, name string, labels map[string]string) error {
	if len(labels) == 0 {
		return nil
	}
	cluster := newCluster(name)
	patch := &unstructured.Unstructured{Object: map[string]any{}}
	patch.SetLabels(labels)
	body, err := patch.MarshalJSON()
	if err != nil {
		return fmt.Errorf("label member %s: %w", name, err)
	}
	if err := c.Client.Patch(ctx, cluster, client.RawPatch(types.MergePatchType, body)); err != nil {
		return fmt.Errorf("label member %s: %w", name, err)
	}
	return nil
}

// Ready says whether the control plane calls a member ready.
func (c *ControlPlane) Ready(ctx context.Context, name string) (bool, error) {
	cluster := newCluster(name)
	if err := c.Client.Get(ctx, client.ObjectKeyFromObject(cluster), cluster); err != nil {
		return false, err
	}
	return conditionTrue(cluster, "Ready"), nil
}

// Joined says whether a cluster is a member.
func (c *ControlPlane) Joined(ctx context.Context, name string) (bool, error) {
	cluster := newCluster(name)
	err := c.Client.Get(ctx, client.ObjectKeyFromObject(cluster), cluster)
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	return err == nil, err
}

func newCluster(name string) *unstructured.Unstructured {
	cluster := &unstructured.Unstructured{}
	cluster.SetGroupVersionKind(clusterKind())
	cluster.SetName(name)
	return cluster
}

func (c *ControlPlane) karmadactl(ctx context.Context, args ...string) error {
	path, err := binaries.Find(binaries.Karmadactl)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, path, append(args, "--kubeconfig="+c.Kubeconfig())...)
	cmd.Env = []string{"HOME=" + c.dir}
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("karmadactl %s %s: %w: %s", args[0], args[1], err, output)
	}
	return nil
}

// withStderr adds what a command printed to the error that it failed with.
func withStderr(err error) error {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	return err
}
