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

package forecast

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/inventory"
)

const (
	good  = "docker.io/karmada/good@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	bad   = "docker.io/bad/bad@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	other = "docker.io/other/other@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
)

func parse(t *testing.T, name, spec string) *admission.Policy {
	t.Helper()
	var parsed any
	if err := yaml.Unmarshal([]byte(spec), &parsed); err != nil {
		t.Fatal(err)
	}
	object := &unstructured.Unstructured{Object: map[string]any{"spec": parsed}}
	object.SetName(name)
	return admission.ParsePolicy(object, admission.V014())
}

// newCluster returns a cluster whose policies accept good images and reject bad ones. Namespaces whose name begins with
// "in" opt in.
func newCluster(t *testing.T, change func(*admissionregistrationv1.ValidatingWebhook), more ...*admission.Policy) *admission.Cluster {
	t.Helper()
	rules := []admissionregistrationv1.RuleWithOperations{{
		Operations: []admissionregistrationv1.OperationType{"CREATE"},
		Rule:       admissionregistrationv1.Rule{APIGroups: []string{"*"}, APIVersions: []string{"*"}, Resources: []string{"*"}},
	}}
	selector := &metav1.LabelSelector{MatchLabels: map[string]string{"include": "true"}}
	validating := admissionregistrationv1.ValidatingWebhook{Name: "w", Rules: rules, NamespaceSelector: selector}
	if change != nil {
		change(&validating)
	}
	policies := slices.Concat(more, []*admission.Policy{
		parse(t, "good", "{images: [{glob: 'index.docker.io/karmada/*'}], authorities: [{name: a, static: {action: pass}}]}"),
		parse(t, "bad", "{images: [{glob: 'index.docker.io/bad/*'}], authorities: [{name: a, static: {action: fail}}]}"),
	})
	return &admission.Cluster{
		Validating: admission.FindValidating("w", []admissionregistrationv1.ValidatingWebhookConfiguration{
			{Webhooks: []admissionregistrationv1.ValidatingWebhook{validating}},
		}),
		Mutating: admission.FindMutating("w", []admissionregistrationv1.MutatingWebhookConfiguration{
			{Webhooks: []admissionregistrationv1.MutatingWebhook{{Name: "w", Rules: rules, NamespaceSelector: selector}}},
		}),
		Policies: admission.NewPolicies(policies...),
		Config:   admission.Config{NoMatch: admission.NoMatchDeny},
		Versions: admission.Versions{admission.V014()},
		Namespace: func(name string) (map[string]string, bool) {
			if strings.HasPrefix(name, "in") {
				return map[string]string{"include": "true"}, true
			}
			return nil, true
		},
	}
}

// pending is a judge that has no answers yet.
func pending(admission.Question) admission.Answer {
	return admission.Answer{Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.PendingReason}
}

func deployment(namespace string, images ...string) inventory.Workload {
	w := inventory.Workload{
		Group: "apps", Version: "v1", Kind: "Deployment", Namespace: namespace, Name: "web",
		PodLabels: map[string]string{"app": "web"}, Template: []inventory.Container{},
	}
	for i, image := range images {
		w.Template = append(w.Template, inventory.Container{Field: "containers", Name: fmt.Sprint(i), Image: image})
	}
	return w
}

func TestForWorkload(t *testing.T) {
	podsOnly := parse(t, "pods", "{images: [{glob: 'index.docker.io/other/*'}], match: [{version: v1, resource: pods, selector: {matchLabels: {app: web}}}], authorities: [{name: a, static: {action: fail}}]}")
	anyObject := parse(t, "any-object", "{images: [{glob: 'index.docker.io/other/*'}], authorities: [{name: a, static: {action: pass}}]}")
	robot := inventory.Workload{Kind: "Robot", Namespace: "in", Name: "robot", Running: []inventory.Running{
		{Container: inventory.Container{Field: "containers", Name: "0", Image: bad}, Digest: "sha256:1"},
		{Container: inventory.Container{Field: "containers", Name: "0", Image: bad}, Digest: "sha256:2"},
	}}
	rollout, rejected := deployment("in", good), deployment("in", good, bad)
	for _, w := range []*inventory.Workload{&rollout, &rejected} {
		w.Group, w.Version, w.Kind = "argoproj.io", "v1alpha1", "Rollout"
		// What its pods run does not count: the new pods have the images of the template.
		w.Running = []inventory.Running{{Container: inventory.Container{Field: "containers", Name: "old", Image: bad}, Digest: "sha256:1"}}
	}
	debugged := deployment("in", good)
	debugged.Kind, debugged.Group = "Pod", ""
	debugged.Template = append(debugged.Template, inventory.Container{Field: "ephemeralContainers", Name: "debug", Image: bad})
	for name, tc := range map[string]struct {
		cluster  *admission.Cluster
		workload inventory.Workload
		want     []string
	}{
		"an image volume is not looked at": {newCluster(t, nil), mounting(deployment("in", good), bad), []string{"Allowed Intercepted"}},
		"good":                             {newCluster(t, nil), deployment("in", good), []string{"Allowed Intercepted"}},
		"bad":                              {newCluster(t, nil), deployment("in", good, bad), []string{"Denied Intercepted", "WouldDeny 1 bad StaticPolicy"}},
		"not opted in":                     {newCluster(t, nil), deployment("out", bad), []string{"Denied NamespaceNotOptedIn", "WouldDenyOnceOptedIn 0 bad StaticPolicy"}},
		"no webhook":                       {newCluster(t, func(w *admissionregistrationv1.ValidatingWebhook) { w.Name = "x" }), deployment("in", bad), []string{"Denied WebhookMissing", "WouldDenyOnceOptedIn 0 bad StaticPolicy"}},
		"kind excluded":                    {newCluster(t, func(w *admissionregistrationv1.ValidatingWebhook) { w.Rules = nil }), deployment("in", bad), []string{"Allowed RulesExclude"}},
		"only its pods are denied":         {newCluster(t, nil, podsOnly, anyObject), deployment("in", other), []string{"Denied Intercepted", "WouldDeny 0 pods StaticPolicy"}},
		"only its pods are intercepted":    {newCluster(t, func(w *admissionregistrationv1.ValidatingWebhook) { w.Rules[0].Resources = []string{"pods"} }), deployment("in", bad), []string{"Denied Intercepted", "WouldDeny 0 bad StaticPolicy"}},
		"unknown kind":                     {newCluster(t, nil), robot, []string{"Denied Intercepted", "WouldDeny 0 bad StaticPolicy"}},
		"unknown kind with a template":     {newCluster(t, nil), rollout, []string{"Allowed Intercepted"}},
		"a bad template of unknown kind":   {newCluster(t, nil), rejected, []string{"Denied Intercepted", "WouldDeny 1 bad StaticPolicy"}},
		"ephemeral container":              {newCluster(t, nil), debugged, []string{"Allowed Intercepted"}},
		"undetermined":                     {newCluster(t, nil), deployment("in", "karmada/app:v1"), []string{"Undetermined Intercepted", "undetermined Pending"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := ForWorkload(tc.cluster, tc.workload, pending)
			got := []string{fmt.Sprint(f.Outcome, " ", f.Interception)}
			for _, r := range f.Denials {
				got = append(got, fmt.Sprint(f.Effect(), " ", r.Container.Name, " ", r.Policy, " ", r.Reason))
			}
			for _, o := range f.Undetermined {
				got = append(got, "undetermined "+o.Reason)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("forecast (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAdmissionObjects(t *testing.T) {
	for kind, want := range map[schema.GroupKind][]string{
		{Kind: "Pod"}:                        {"Pod map[app:web]"},
		{Kind: "PodTemplate"}:                {"Pod map[app:web]"}, // not intercepted
		{Kind: "ReplicationController"}:      {"Pod map[app:web]"}, // not intercepted
		{Group: "apps", Kind: "Deployment"}:  {"Deployment map[of:itself]", "ReplicaSet map[app:web]", "Pod map[app:web]"},
		{Group: "apps", Kind: "StatefulSet"}: {"StatefulSet map[of:itself]", "Pod map[app:web]"},
		{Group: "apps", Kind: "DaemonSet"}:   {"DaemonSet map[of:itself]", "Pod map[app:web]"},
		{Group: "apps", Kind: "ReplicaSet"}:  {"ReplicaSet map[of:itself]", "Pod map[app:web]"},
		{Group: "batch", Kind: "Job"}:        {"Job map[of:itself]", "Pod map[app:web]"},
		{Group: "batch", Kind: "CronJob"}:    {"CronJob map[of:itself]", "Job map[of:job]", "Pod map[app:web]"},
		{Group: "other", Kind: "CronJob"}:    {"Pod map[app:web]"},
		{Kind: "Robot"}:                      {"Pod map[app:web]"},
	} {
		w := deployment("in", good)
		w.Group, w.Kind, w.Labels = kind.Group, kind.Kind, map[string]string{"of": "itself"}
		switch kind.Kind {
		case "Pod":
			w.Labels = w.PodLabels
		case "Deployment":
			w.ChildLabels = w.PodLabels
		case "CronJob":
			w.ChildLabels = map[string]string{"of": "job"}
		}
		var got []string
		for _, o := range AdmissionObjects(w) {
			got = append(got, fmt.Sprint(o.Kind, " ", o.Labels))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
	}
}

// selection is that of a trust on docker.io/karmada/**, whose policy does not match other spellings.
var selection = Selection{
	Selects: func(image string) bool {
		return strings.Contains(image, "docker.io/karmada/") || strings.Contains(image, "docker.io:443/karmada/")
	},
	Escapes: func(image string) bool { return strings.Contains(image, "docker.io:443/karmada/") },
}

// mounting adds an image volume to a workload.
func mounting(w inventory.Workload, image string) inventory.Workload {
	w.Template = append(w.Template, inventory.Container{Field: "volumes", Name: "models", Image: image})
	return w
}

func TestGaps(t *testing.T) {
	ignore := admissionregistrationv1.Ignore
	attesting := parse(t, "attesting", "{images: [{glob: 'index.docker.io/karmada/*'}], authorities: [{name: a, attestations: [{name: x}], key: {data: x}}]}")
	idle := deployment("out", good)
	idle.Idle = true
	for name, tc := range map[string]struct {
		cluster   *admission.Cluster
		workloads []inventory.Workload
		uncovered []string
		want      []string // parts of "REASON MESSAGE"
	}{
		"none":          {cluster: newCluster(t, nil), workloads: []inventory.Workload{deployment("in", good)}},
		"no workloads":  {cluster: newCluster(t, nil)},
		"no webhook":    {cluster: newCluster(t, func(w *admissionregistrationv1.ValidatingWebhook) { w.Name = "x" }), workloads: []inventory.Workload{deployment("out", good)}, want: []string{"WebhookMissing policy-controller's"}},
		"fails open":    {cluster: newCluster(t, func(w *admissionregistrationv1.ValidatingWebhook) { w.FailurePolicy = &ignore }), want: []string{"FailurePolicyIgnore The webhook's failurePolicy is Ignore"}},
		"excluded":      {cluster: newCluster(t, func(w *admissionregistrationv1.ValidatingWebhook) { w.Rules = nil }), workloads: []inventory.Workload{deployment("in", good)}, want: []string{"WebhookLimited The webhook's rules, objectSelector or matchConditions exclude 1 workload with matching images, or may do so: Deployment in/web."}},
		"not opted in":  {cluster: newCluster(t, nil), workloads: []inventory.Workload{deployment("out", good), deployment("in", good)}, want: []string{"NamespacesNotOptedIn 1 namespace has matching images but does not opt in: out. Label it so that the webhook selects it (include=true)."}},
		"several":       {cluster: newCluster(t, nil), workloads: []inventory.Workload{deployment("a", good), deployment("b", good), deployment("c", good), deployment("d", good), deployment("a", good)}, want: []string{"NamespacesNotOptedIn 4 namespaces have matching images but do not opt in: a, b, c and 1 more."}},
		"rollback only": {cluster: newCluster(t, nil), workloads: []inventory.Workload{idle}},
		"attestations":  {cluster: withOCI11(newCluster(t, nil, attesting)), workloads: []inventory.Workload{deployment("in", good)}, want: []string{"AttestationsUnverified enable-oci11 is true in ConfigMap config-policy-controller"}},
		"denied":        {cluster: newCluster(t, nil), workloads: []inventory.Workload{deployment("in", good)}, uncovered: []string{other, good}, want: []string{"UncoveredImagesDenied Namespaces with matching images have 1 image that no policy covers: " + other}},
		"allowed":       {cluster: noMatch(newCluster(t, nil), admission.NoMatchWarn), workloads: []inventory.Workload{deployment("in", good)}, uncovered: []string{other}, want: []string{"UncoveredImagesAllowed"}},
		"image volumes": {
			cluster:   newCluster(t, nil),
			workloads: []inventory.Workload{mounting(deployment("in", good), good), mounting(deployment("in", good), good), mounting(deployment("in", good), other)},
			want:      []string{"ImageVolumes 1 matching image in image volumes of 2 workloads: " + good},
		},
		"a volume with a name that cannot be read": {
			cluster:   newCluster(t, nil),
			workloads: []inventory.Workload{mounting(deployment("in", good), "docker.io/karmada/UPPER")},
			want:      []string{"ImageVolumes 1 matching image in image volumes of 1 workload: docker.io/karmada/UPPER"},
		},
		"a spelling": {
			cluster:   noMatch(newCluster(t, nil), admission.NoMatchAllow),
			workloads: []inventory.Workload{deployment("in", "docker.io:443/karmada/good:v1")},
			uncovered: []string{"docker.io:443/karmada/good:v1"},
			want: []string{
				"SpellingNotCovered 1 matching image in 1 workload, in a spelling of the registry that the ClusterImagePolicy does not match: docker.io:443/karmada/good:v1.",
				"UncoveredImagesAllowed",
			},
		},
		"all of them": {
			cluster:   withOCI11(newCluster(t, func(w *admissionregistrationv1.ValidatingWebhook) { w.FailurePolicy = &ignore }, attesting)),
			workloads: []inventory.Workload{mounting(deployment("in", good, "docker.io:443/karmada/a"), good), deployment("out", good)}, uncovered: []string{other},
			want: []string{
				"FailurePolicyIgnore", "NamespacesNotOptedIn", "AttestationsUnverified", "ImageVolumes", "SpellingNotCovered", "UncoveredImagesDenied",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var forecasts []Forecast
			for _, w := range tc.workloads {
				forecasts = append(forecasts, ForWorkload(tc.cluster, w, pending))
			}
			got := Gaps(tc.cluster, selection, forecasts, func(namespace string) []inventory.Workload {
				return []inventory.Workload{deployment(namespace, tc.uncovered...)}
			})
			if len(got) != len(tc.want) {
				t.Fatalf("got %+v, want %v", got, tc.want)
			}
			for i, o := range got {
				if message := o.Reason + " " + o.Message; !strings.HasPrefix(message, tc.want[i]) {
					t.Errorf("got %q, want %q", message, tc.want[i])
				}
			}
		})
	}
}

func withOCI11(c *admission.Cluster) *admission.Cluster {
	c.Config.EnableOCI11 = true
	return c
}

func noMatch(c *admission.Cluster, value admission.NoMatch) *admission.Cluster {
	c.Config.NoMatch = value
	return c
}
