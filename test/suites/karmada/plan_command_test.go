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
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/manifest"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

const (
	planTrust = "fleet-plan"
	// planNamespace has not opted in to admission, so that what it would deny can be there.
	planNamespace = "default"

	planSigned   = "docker.io/fleet-plan/signed:v1"
	planUnsigned = "docker.io/fleet-plan/unsigned:v1"
	planForeign  = "docker.io/fleet-plan/foreign:v1" // signed by a signer that only the override for west names
)

// planPolicies propagate the trust to two members, and let another signer sign in one of them. They are in the file of the trust.
const planPolicies = `---
apiVersion: policy.karmada.io/v1alpha1
kind: ClusterPropagationPolicy
metadata: {name: fleet-plan}
spec:
  resourceSelectors:
  - {apiVersion: trust.karmada.io/v1alpha1, kind: KarmadaImageTrust, name: fleet-plan}
  placement:
    clusterAffinity: {clusterNames: [east, west]}
    clusterTolerations: [{operator: Exists}]
---
apiVersion: policy.karmada.io/v1alpha1
kind: ClusterOverridePolicy
metadata: {name: fleet-plan}
spec:
  resourceSelectors:
  - {apiVersion: trust.karmada.io/v1alpha1, kind: KarmadaImageTrust, name: fleet-plan}
  overrideRules:
  - targetCluster: {labelSelector: {matchLabels: {rollout: production}}}
    overriders: {plaintext: [{path: /spec/identity, operator: replace, value: %q}]}
`

// planOutput is the part of plan -o json that the tests read.
type planOutput struct {
	Summary  struct{ Clusters, DeniedClusters, UndeterminedClusters, Workloads, Denied, Undetermined int }
	Clusters []struct {
		Cluster, Outcome, Problem string
		Workloads                 []struct{ Name, Outcome string }
	}
}

// outcomes returns the outcomes of the workloads as CLUSTER/NAME, and those of clusters without a plan as CLUSTER.
func (p *planOutput) outcomes() map[string]string {
	outcomes := map[string]string{}
	for _, c := range p.Clusters {
		if c.Problem != "" {
			outcomes[c.Cluster] = c.Outcome
		}
		for _, w := range c.Workloads {
			outcomes[c.Cluster+"/"+w.Name] = w.Outcome
		}
	}
	return outcomes
}

// problem returns why there is no plan for a cluster.
func (p *planOutput) problem(cluster string) string {
	for _, c := range p.Clusters {
		if c.Cluster == cluster {
			return c.Problem
		}
	}
	return ""
}

// runPlan plans the workloads in planNamespace.
func runPlan(t *testing.T, plugin *labtest.Plugin, args ...string) (planOutput, int) {
	t.Helper()
	args = append(append([]string{"plan", "-o", "json", "-n", planNamespace}, args...), plugin.SigstoreFlags...)
	got := plugin.Run(t, "", args...)
	var out planOutput
	if err := json.Unmarshal([]byte(got.Stdout), &out); err != nil {
		t.Fatalf("%v, exit code %d\n%s%s", err, got.Code, got.Stdout, got.Stderr)
	}
	return out, got.Code
}

// TestFleetPlan plans a trust before it is propagated, and compares with what admission and the operators then say.
func TestFleetPlan(t *testing.T) {
	in := fleet.Member(t, east)
	in.PushSignedImage(t, planSigned, labtest.Release)
	in.PushImage(t, planUnsigned)
	in.PushSignedImage(t, planForeign, labtest.UntrustedSigner)
	runs := map[string][]string{east: {planSigned, planUnsigned, planForeign}, west: {planSigned, planForeign}, north: {planUnsigned}}
	for name, images := range runs {
		for _, image := range images {
			fleet.Member(t, name).Create(t, planDeployment(image))
		}
	}
	trust := labtest.ToYAML(t, labtest.NewTrust(planTrust, "fleet-plan"))
	manifests := strings.TrimSuffix(trust, "\n") + "\n" + fmt.Sprintf(planPolicies, labtest.UntrustedSigner.Subject)
	file := filepath.Join(t.TempDir(), "trust.yaml")
	if err := os.WriteFile(file, []byte(manifests), 0o600); err != nil {
		t.Fatal(err)
	}
	plugin := fleet.Plugin(t)

	planned, code := runPlan(t, plugin, "-f", file)
	want := map[string]string{
		"east/signed": "Allowed", "east/unsigned": "Denied", "east/foreign": "Denied",
		"west/signed": "Denied", "west/foreign": "Allowed",
	}
	if diff := cmp.Diff(want, planned.outcomes()); diff != "" || code != 1 {
		t.Fatalf("exit code %d, want 1; (-want +got):\n%s", code, diff)
	}
	if s := planned.Summary; s.Clusters != 2 || s.DeniedClusters != 2 || s.Workloads != 5 || s.Denied != 3 {
		t.Errorf("summary %+v", s)
	}
	if got, code := runPlan(t, plugin, "-f", file, "--karmada", "--cluster-selector", "rollout=production"); code != 1 ||
		!slices.Equal(slices.Sorted(maps.Keys(got.outcomes())), []string{"west/foreign", "west/signed"}) {
		t.Errorf("for one group: exit code %d, %v", code, got.outcomes())
	}
	t.Run("a member that is cut off is undetermined", func(t *testing.T) { planCutOff(t, plugin, file) })
	t.Run("the rights in the members are those of the user", func(t *testing.T) { planRights(t, file) })

	fleet.Apply(t, manifests)
	waitfor.State(t, in.Policy(planTrust), labtest.PolicyReady)
	in.WaitUntilAllowed(t, planSigned)
	in.WaitUntilDenied(t, planUnsigned, "")
	in.WaitUntilDenied(t, planForeign, "")
	agreed := len(runs[east])
	fleet.Member(t, west).WaitForTrust(t, planTrust,
		hasVerdict(planSigned, v1alpha1.VerdictUntrusted), hasVerdict(planForeign, v1alpha1.VerdictVerified))
	agreed += len(runs[west])
	t.Run("the report by member says the same", func(t *testing.T) { reportByMember(t, plugin) })
	fmt.Printf("figure: fleet_plan_agreement %d/%d\n", agreed, len(want))
}

// planDeployment returns a Deployment named after its image.
func planDeployment(image string) *appsv1.Deployment {
	name := strings.TrimSuffix(strings.TrimPrefix(image, "docker.io/fleet-plan/"), ":v1")
	labels := map[string]string{"app": name}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: planNamespace, Name: name},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: image}}},
			},
		},
	}
}

func hasVerdict(image string, verdict v1alpha1.Verdict) func(*v1alpha1.KarmadaImageTrust) string {
	return func(got *v1alpha1.KarmadaImageTrust) string {
		if found := labtest.FindImage(got, image); found == nil || found.Verdict != verdict {
			return fmt.Sprintf("%s is %+v, want %s", image, found, verdict)
		}
		return ""
	}
}

// planCutOff plans while the control plane does not reach a member, before and after Karmada notices.
func planCutOff(t *testing.T, plugin *labtest.Plugin, file string) {
	t.Helper()
	membership := fleet.Member(t, west).Membership
	membership.CutOff()
	defer func() {
		if err := membership.Reconnect(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	for range 2 {
		got, code := runPlan(t, plugin, "-f", file)
		if code != 1 || got.outcomes()["west"] != "Undetermined" || got.outcomes()["east/unsigned"] != "Denied" || got.Summary.UndeterminedClusters != 1 {
			t.Errorf("exit code %d, %v", code, got.outcomes())
		}
		if got, code := runPlan(t, plugin, "-f", file, "--clusters", west); code != 3 || got.problem(west) == "" {
			t.Errorf("for the member alone: exit code %d, %v", code, got.outcomes())
		}
		waitfor.State(t, func(context.Context) (planOutput, error) {
			got, _ := runPlan(t, plugin, "-f", file, "--clusters", west)
			return got, nil
		}, func(got planOutput) string {
			if problem := got.problem(west); !strings.Contains(problem, "Karmada does not reach it since ") {
				return problem
			}
			return ""
		})
	}
}

// planRights plans as a user who has the role for it on the control plane, and in one of two members.
func planRights(t *testing.T, file string) {
	t.Helper()
	const subject = `
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}
`
	fleet.Kubectl(t, "", "apply", "--server-side", "-k", "config/karmada/planner")
	fleet.Apply(t, `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: fleet-planner}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: karmada-image-trust-fleet-planner}
subjects:`+subject)
	role := fleet.Kubectl(t, "", "kustomize", "config/karmada/planner/member")
	objects, err := manifest.Parse([]byte(role + `---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: fleet-planner}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: karmada-image-trust-planner}
subjects:` + subject))
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range objects {
		fleet.Member(t, east).Create(t, client.Object(object))
	}
	plugin := fleet.Plugin(t)
	// Karmada tells the members whom its proxy may act for a moment after the binding is made.
	waitfor.State(t, func(context.Context) (planOutput, error) {
		got, _ := runPlan(t, plugin, "-f", file, "--as", "jane")
		return got, nil
	}, func(got planOutput) string {
		want := map[string]string{"east/signed": "Allowed", "east/unsigned": "Denied", "east/foreign": "Denied", "west": "Undetermined"}
		if problem := got.problem(west); !strings.Contains(problem, `User "jane"`) ||
			!strings.Contains(problem, "forbidden") {
			return "west: " + problem + "; east: " + got.problem(east)
		}
		return cmp.Diff(want, got.outcomes())
	})
}
