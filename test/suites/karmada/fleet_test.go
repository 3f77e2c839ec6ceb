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
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/karmada"
	"github.com/karmada-io/image-trust/test/lab/process"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// testFleet is the fleet with what its tests need. Client, Config and Kubeconfig lead to the Karmada control plane.
type testFleet struct {
	*karmada.Fleet

	members map[string]*member
}

// member is a cluster of the fleet, with an operator.
type member struct {
	*labtest.Lab

	// Name is that of the Cluster on the control plane.
	Name string
	// Membership cuts the member off, joins it, and so on.
	Membership *karmada.Member
}

// Member returns the member of a name.
func (f *testFleet) Member(t *testing.T, name string) *member {
	t.Helper()
	one, ok := f.members[name]
	if !ok {
		t.Fatalf("the fleet has no member %s", name)
	}
	return one
}

// Kubectl runs kubectl in the root of the repository as an administrator of the control plane, with an input, and
// returns its standard output. The test fails if kubectl does.
func (f *testFleet) Kubectl(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	output, err := f.kubectl(t.Context(), stdin, args...)
	if err != nil {
		t.Fatal(err)
	}
	return output
}

func (f *testFleet) kubectl(ctx context.Context, stdin string, args ...string) (string, error) {
	root, err := binaries.Root()
	if err != nil {
		return "", err
	}
	program, err := binaries.Find(binaries.Kubectl)
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Stdin = root, strings.NewReader(stdin)
	cmd.Env = []string{"HOME=" + f.Dir(), "KUBECONFIG=" + f.Kubeconfig()}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := process.Run(cmd); err != nil {
		return "", fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return stdout.String(), nil
}

// Apply applies manifests on the control plane with kubectl for as long as the test lasts.
func (f *testFleet) Apply(t *testing.T, manifests string) {
	t.Helper()
	f.Kubectl(t, manifests, "apply", "--server-side", "-f", "-")
	t.Cleanup(func() {
		// Clean-ups run after the test's own context has ended.
		ctx := context.WithoutCancel(t.Context())
		if _, err := f.kubectl(ctx, manifests, "delete", "--ignore-not-found", "-f", "-"); err != nil {
			t.Error(err)
		}
	})
}

// Plugin returns kubectl imagetrust with a kubeconfig of the control plane.
func (f *testFleet) Plugin(t *testing.T) *labtest.Plugin {
	t.Helper()
	plugin := f.Member(t, east).NewPlugin(t)
	// The last of equal variables holds.
	plugin.Env = append(plugin.Env, "KUBECONFIG="+f.Kubeconfig())
	return plugin
}

// PluginOf returns kubectl imagetrust with a kubeconfig of a member.
func (f *testFleet) PluginOf(t *testing.T, name string) *labtest.Plugin {
	t.Helper()
	return f.Member(t, name).NewPlugin(t)
}

// update edits an object of the control plane as an administrator would, and retries on conflicts with other writers.
func update[T client.Object](t *testing.T, object T, edit func(T)) {
	t.Helper()
	labtest.Update(t, fleet.Client, object, edit)
}
