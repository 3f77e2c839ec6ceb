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

package operator

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/controlplane"
	"github.com/karmada-io/image-trust/test/lab/manifest"
	"github.com/karmada-io/image-trust/test/lab/reportcrds"
	"github.com/karmada-io/image-trust/test/lab/rights"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/e2e/internal/prediction"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// pullSecret is the Secret that config/pullsecrets allows the operator to read.
const pullSecret = "image-trust-registries" //nolint:gosec // the name of a Secret

// TestRightsAreUsed has the operator do everything that it has rights for, and looks for rights in the rendered manifests that
// no request in the audit log needed, and for requests that were denied.
func TestRightsAreUsed(t *testing.T) {
	granted, extra := renderedRights(t)
	for _, object := range extra {
		lab.Create(t, object)
	}
	begin := time.Now()
	useEverything(t)

	account := lab.OperatorAccount()
	user := "system:serviceaccount:" + account.Namespace + ":" + account.Name
	of := func(requests []controlplane.Request) []controlplane.Request {
		return slices.DeleteFunc(requests, func(r controlplane.Request) bool {
			return r.User != user || !strings.HasPrefix(r.UserAgent, "manager/")
		})
	}
	// A watch is logged once it ends, so the operator's watches are ended first. useEverything has it started again after the
	// test.
	lab.MustStopOperator(t)
	var unused []rights.Right
	requests := waitfor.State(t, func(context.Context) ([]controlplane.Request, error) {
		requests, err := lab.Requests(begin)
		return of(requests), err
	}, func(requests []controlplane.Request) string {
		if unused = rights.Unused(granted, requests); len(unused) > 0 {
			return fmt.Sprintf("of %d rights, %d are not used: %v", len(granted), len(unused), unused)
		}
		return ""
	})
	fmt.Printf("figure: unused_rights %d\n", len(unused))
	for _, r := range requests {
		if r.Code == 403 {
			t.Errorf("%s %s was denied, so a right is missing", r.Verb, r.URI)
		}
	}
}

// renderedRights returns the rights of the operator with all components, and the roles and bindings that the components add to
// what the lab has installed.
func renderedRights(t *testing.T) ([]rights.Right, []*unstructured.Unstructured) {
	t.Helper()
	root, err := binaries.Root()
	if err != nil {
		t.Fatal(err)
	}
	kubectl, err := binaries.Find(binaries.Kubectl)
	if err != nil {
		t.Fatal(err)
	}
	render := func(components ...string) []*unstructured.Unstructured {
		dir := t.TempDir()
		relative := func(name string) string {
			path, err := filepath.Rel(dir, filepath.Join(root, "config", name))
			if err != nil {
				t.Fatal(err)
			}
			return path
		}
		kustomization := "resources: [" + relative("default") + "]\ncomponents:\n"
		for _, component := range components {
			kustomization += "- " + relative(component) + "\n"
		}
		if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(kustomization), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), kubectl, "kustomize", dir).Output()
		if err != nil {
			t.Fatal(err)
		}
		objects, err := manifest.Parse(out)
		if err != nil {
			t.Fatal(err)
		}
		return objects
	}
	key := func(o *unstructured.Unstructured) string {
		return o.GetKind() + "/" + o.GetNamespace() + "/" + o.GetName()
	}
	installed := map[string]bool{}
	for _, object := range render() {
		installed[key(object)] = true
	}
	all := render("reports", "pullsecrets")
	granted, err := rights.Granted(all, lab.OperatorAccount())
	if err != nil {
		t.Fatal(err)
	}
	return granted, slices.DeleteFunc(all, func(o *unstructured.Unstructured) bool { return installed[key(o)] })
}

// useEverything has the operator use each of its rights, after a restart, so that it begins its watches and takes its lease anew.
func useEverything(t *testing.T) {
	t.Helper()
	const (
		signed   = "docker.io/rights/signed:v1"
		unsigned = "docker.io/rights/unsigned:v1"
		another  = "docker.io/rights/another:v1"
	)
	lab.PushSignedImage(t, signed, labtest.Release)
	lab.PushImage(t, unsigned)
	lab.PushImage(t, another)
	lab.Create(t, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: pullSecret, Namespace: lab.OperatorAccount().Namespace},
		Type:       corev1.SecretTypeDockerConfigJson,
		StringData: map[string]string{corev1.DockerConfigJsonKey: `{"auths":{}}`},
	})
	lab.MustStopOperator(t)
	lab.DeleteLease(t)
	trust := labtest.NewTrust("rights", "rights", signed)
	trust.Spec.Verification.PullSecrets = []v1alpha1.PullSecretReference{{Name: pullSecret}}
	namespaces := []string{
		prediction.New(t, lab).CreateNamespace("rights-one", false), prediction.New(t, lab).CreateNamespace("rights-two", false),
	}
	// The operator writes one kind of report, and prefers that of OpenReports.
	for _, definition := range []reportcrds.Definition{reportcrds.PolicyReport(), reportcrds.Report()} {
		crd, err := definition.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		lab.Create(t, crd)
		list := &unstructured.UnstructuredList{}
		versions, _, _ := unstructured.NestedSlice(crd.Object, "spec", "versions")
		group, _, _ := unstructured.NestedString(crd.Object, "spec", "group")
		kind, _, _ := unstructured.NestedString(crd.Object, "spec", "names", "kind")
		version, _ := versions[len(versions)-1].(map[string]any)["name"].(string)
		list.SetAPIVersion(group + "/" + version)
		list.SetKind(kind + "List")
		count := func(ctx context.Context) (int, error) {
			found := list.DeepCopy()
			err := lab.Client.List(ctx, found)
			return len(found.Items), err
		}
		waitfor.State(t, count, waitfor.Any)
		lab.RestartOperator(t, "--policy-reports")
		var workloads []client.Object
		for _, namespace := range namespaces {
			workload := prediction.Workload{Kind: "Deployment", Namespace: namespace, Images: []string{unsigned}}.Object()
			lab.Create(t, workload)
			workloads = append(workloads, workload)
		}
		if definition == reportcrds.PolicyReport() {
			lab.Create(t, trust)
		}
		waitForCount(t, count, len(namespaces))
		for _, workload := range workloads {
			lab.Delete(t, workload)
		}
		waitForCount(t, count, 0)
	}
	// Two untrusted images in a namespace make a series of events.
	for _, image := range []string{unsigned, another} {
		lab.Create(t, prediction.Workload{Kind: "Deployment", Namespace: namespaces[0], Images: []string{image}}.Object())
		lab.WaitForTrust(t, trust.Name, labtest.Reconciled, labtest.HasVerdict(image, v1alpha1.VerdictUntrusted, v1alpha1.UnsignedReason))
	}
	waitfor.True(t, "a series of events", func(ctx context.Context) (bool, error) {
		var events eventsv1.EventList
		err := lab.Client.List(ctx, &events, client.InNamespace("default"))
		return slices.ContainsFunc(events.Items, func(e eventsv1.Event) bool {
			return e.Regarding.Name == trust.Name && e.Series != nil
		}), err
	})
	lab.SetEnforcement(t, trust, v1alpha1.EnforcementAudit)
	waitfor.State(t, lab.Policy(trust.Name), func(got *unstructured.Unstructured) string {
		if got != nil {
			return "the policy still exists"
		}
		return ""
	})
}

func waitForCount(t *testing.T, count func(context.Context) (int, error), want int) {
	t.Helper()
	waitfor.State(t, count, func(got int) string {
		if got != want {
			return fmt.Sprintf("%d policy reports, want %d", got, want)
		}
		return ""
	})
}
