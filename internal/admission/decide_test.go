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

package admission

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// parsePolicy returns the policy of a spec in YAML.
func parsePolicy(tb testing.TB, spec string) *Policy {
	tb.Helper()
	return parsePolicyAs(tb, spec, V014())
}

// parsePolicyAs returns the policy of a spec in YAML as versions of policy-controller parse it.
func parsePolicyAs(tb testing.TB, spec string, versions ...Behavior) *Policy {
	tb.Helper()
	return ParsePolicy(policyObject(tb, spec), versions...)
}

// policyObject returns the ClusterImagePolicy with a spec in YAML.
func policyObject(tb testing.TB, spec string) *unstructured.Unstructured {
	tb.Helper()
	object := &unstructured.Unstructured{Object: map[string]any{}}
	var parsed any
	if err := yaml.Unmarshal([]byte(spec), &parsed); err != nil {
		tb.Fatal(err)
	}
	object.SetName("policy")
	object.Object["spec"] = parsed
	return object
}

const (
	right   = `{name: a, keyless: {url: https://fulcio, identities: [{issuer: i, subject: right}]}}`
	wrong   = `{name: b, keyless: {url: https://fulcio, identities: [{issuer: i, subject: wrong}]}}`
	unknown = `{name: c, keyless: {url: https://fulcio, identities: [{issuer: i, subject: unknown}]}}`
	pass    = `{name: d, static: {action: pass}}` //nolint:gosec // a policy, not credentials
	fail    = `{name: e, static: {action: fail, message: not here}}`
	withKey = `{name: f, key: {data: x}}`
)

// judgeBySubject returns a Judge that answers by the subject of the rule. Tags named missing cannot be resolved.
func judgeBySubject(asked *[]Question) Judge {
	return func(q Question) Answer {
		if asked != nil {
			*asked = append(*asked, q)
		}
		answer := Answer{Digest: "sha256:" + strings.Repeat("d", 64), Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.RateLimitedReason}
		if pinned, ok := q.Ref.(name.Digest); ok {
			answer.Digest = pinned.DigestStr()
		}
		if q.Ref.Identifier() == "missing" {
			answer.Digest, answer.Reason = "", v1alpha1.ImageNotFoundReason
			return answer
		}
		if q.ResolveOnly {
			return answer
		}
		switch q.Rule.Signer.Subject {
		case "right":
			answer.Verdict, answer.Reason, answer.AnyOrder = v1alpha1.VerdictVerified, v1alpha1.SignedReason, true
		case "by chance":
			answer.Verdict, answer.Reason = v1alpha1.VerdictVerified, v1alpha1.SignedReason
		case "other curve":
			answer.Verdict, answer.Reason, answer.OtherCurve = v1alpha1.VerdictVerified, v1alpha1.SignedReason, true
		case "unlisted":
			answer.Verdict, answer.Reason, answer.AnyOrder, answer.Unlisted = v1alpha1.VerdictVerified, v1alpha1.SignedReason, true, true
		case "expired authority":
			answer.Verdict, answer.Reason, answer.AnyOrder, answer.ExpiredAuthority = v1alpha1.VerdictVerified, v1alpha1.SignedReason, true, true
		case "wrong":
			answer.Verdict, answer.Reason = v1alpha1.VerdictUntrusted, v1alpha1.IdentityMismatchReason
		}
		return answer
	}
}

func newCluster(policies ...*Policy) *Cluster {
	everything := []admissionregistrationv1.RuleWithOperations{{
		Operations: []admissionregistrationv1.OperationType{"CREATE", "UPDATE"},
		Rule:       admissionregistrationv1.Rule{APIGroups: []string{"*"}, APIVersions: []string{"*"}, Resources: []string{"*/*"}},
	}}
	webhook := newWebhook(registration{
		rules:             everything,
		namespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"include": "true"}},
	})
	for i, p := range policies {
		p.Name = fmt.Sprintf("policy-%d", i)
	}
	return &Cluster{
		Validating: webhook, Mutating: webhook, Policies: NewPolicies(policies...), Config: Config{NoMatch: NoMatchDeny},
		Versions: Versions{V014()},
		Namespace: func(namespace string) (map[string]string, bool) {
			return map[string]string{"include": map[string]string{"in": "true"}[namespace]}, namespace != "new"
		},
		TrustRoot: func(string) TrustRootUse { return TrustRootUse{Usability: Usable} },
	}
}

func newPod(images ...string) Object {
	o := Object{Version: "v1", Kind: "Pod", Namespace: "in"}
	for i, image := range images {
		o.Containers = append(o.Containers, Container{Field: "containers", Name: fmt.Sprint(i), Image: image})
	}
	return o
}

// summary lists the outcome and the findings, as POLICY EFFECT REASON.
func summary(d Decision) []string {
	out := []string{d.Outcome.String()}
	for _, f := range d.Findings {
		out = append(out, fmt.Sprintf("%s %s %s", f.Policy, f.Effect, f.Reason))
	}
	return out
}

func TestAuthorities(t *testing.T) {
	for name, tc := range map[string]struct {
		spec string // without images
		want []string
	}{
		"right":                  {"authorities: [" + right + "]", []string{"Allowed"}},
		"wrong":                  {"authorities: [" + wrong + "]", []string{"Denied", "policy-0 Deny IdentityMismatch"}},
		"unknown":                {"authorities: [" + unknown + "]", []string{"Undetermined", "policy-0 Undetermined RateLimited"}},
		"unknown, warning":       {"mode: warn, authorities: [" + unknown + "]", []string{"Allowed", "policy-0 Warn RateLimited"}},
		"any suffices":           {"authorities: [" + wrong + "," + unknown + "," + right + "]", []string{"Allowed"}},
		"unknown or wrong":       {"authorities: [" + wrong + "," + unknown + "]", []string{"Undetermined", "policy-0 Undetermined RateLimited"}},
		"key":                    {"authorities: [" + withKey + "]", []string{"Undetermined", "policy-0 Undetermined PolicyNotEvaluated"}},
		"key or pass":            {"authorities: [" + withKey + "," + pass + "]", []string{"Allowed"}},
		"fail":                   {"authorities: [" + fail + "]", []string{"Denied", "policy-0 Deny StaticPolicy"}},
		"no authorities":         {"authorities: []", []string{"Allowed"}},
		"condition on a pass":    {"policy: {type: cue}, authorities: [" + right + "]", []string{"Undetermined", "policy-0 Undetermined PolicyNotEvaluated"}},
		"condition on a failure": {"policy: {type: rego}, authorities: [" + wrong + "]", []string{"Denied", "policy-0 Deny IdentityMismatch"}},
		"online log, right":      {"authorities: [{ctlog: {url: https://rekor}, " + right[1:] + "]", []string{"Allowed"}},
		"online log, wrong":      {"authorities: [{ctlog: {url: https://rekor}, " + wrong[1:] + "]", []string{"Undetermined", "policy-0 Undetermined IdentityMismatch"}},
		"attestations":           {"authorities: [{attestations: [{name: x}], " + right[1:] + "]", []string{"Undetermined", "policy-0 Undetermined PolicyNotEvaluated"}},
		"bundle":                 {"authorities: [{signatureFormat: bundle, " + right[1:] + "]", []string{"Undetermined", "policy-0 Undetermined PolicyNotEvaluated"}},
		"another source":         {"authorities: [{source: [{oci: x/y}], " + right[1:] + "]", []string{"Undetermined", "policy-0 Undetermined PolicyNotEvaluated"}},
		"timestamps":             {"authorities: [{rfc3161timestamp: {trustRootRef: r}, " + right[1:] + "]", []string{"Undetermined", "policy-0 Undetermined PolicyNotEvaluated"}},
		"root without log":       {"authorities: [{keyless: {url: x, trustRootRef: r, identities: [{issuer: i, subject: right}]}}]", []string{"Undetermined", "policy-0 Undetermined PolicyNotEvaluated"}},
		"root with log":          {"authorities: [{ctlog: {url: x, trustRootRef: r}, keyless: {url: x, trustRootRef: r, identities: [{issuer: i, subject: right}]}}]", []string{"Allowed"}},
		"without SCT":            {"authorities: [{keyless: {url: x, insecureIgnoreSCT: true, identities: [{issuer: i, subject: wrong}]}}]", []string{"Undetermined", "policy-0 Undetermined IdentityMismatch"}},
		"without subject":        {"authorities: [{keyless: {url: x, identities: [{issuer: i}]}}]", []string{"Undetermined", "policy-0 Undetermined PolicyNotEvaluated"}},
		"without identities":     {"authorities: [{keyless: {url: x, identities: []}}]", []string{"Undetermined", "policy-0 Undetermined PolicyNotEvaluated"}},
		"an unknown authority":   {"authorities: [{name: x, oracle: {}}]", []string{"Undetermined", "policy-0 Undetermined PolicyNotEvaluated"}},
		"not a list":             {"authorities: yes", []string{"Undetermined", "policy-0 Undetermined PolicyNotEvaluated"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := parsePolicy(t, "{images: [{glob: '**'}], "+tc.spec+"}")
			got := summary(newCluster(p).Decide(newPod("karmada/x@sha256:"+strings.Repeat("a", 64)), judgeBySubject(nil)))
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
		})
	}
}

func TestContainers(t *testing.T) {
	covered := "{images: [{glob: 'index.docker.io/karmada/*'}], authorities: [" + wrong + "]}"
	warned := "{mode: warn, images: [{glob: 'index.docker.io/karmada/*'}], authorities: [" + wrong + "]}"
	for name, tc := range map[string]struct {
		policies []string
		object   Object
		change   func(*Cluster)
		want     []string
	}{
		"tag":                       {[]string{covered}, newPod("karmada/x:v1"), nil, []string{"Denied", "policy-0 Deny IdentityMismatch"}},
		"all policies must pass":    {[]string{warned, covered, covered}, newPod("karmada/x:v1"), nil, []string{"Denied", "policy-0 Warn IdentityMismatch", "policy-1 Deny IdentityMismatch", "policy-2 Deny IdentityMismatch"}},
		"uncovered":                 {[]string{covered}, newPod("nginx"), nil, []string{"Denied", " Deny NoMatchingPolicy"}},
		"uncovered, warn":           {[]string{covered}, newPod("nginx"), func(c *Cluster) { c.Config.NoMatch = NoMatchWarn }, []string{"Allowed", " Warn NoMatchingPolicy"}},
		"uncovered, allow":          {[]string{covered}, newPod("nginx"), func(c *Cluster) { c.Config.NoMatch = NoMatchAllow }, []string{"Allowed"}},
		"unresolved tag":            {[]string{warned}, newPod("karmada/x:missing"), nil, []string{"Undetermined", " Undetermined ImageNotFound", "policy-0 Warn ImageNotFound"}},
		"uncovered, unresolved tag": {nil, newPod("karmada/x:missing"), nil, []string{"Denied", " Deny NoMatchingPolicy"}},
		"allowed, unresolved tag":   {nil, newPod("karmada/x:missing"), func(c *Cluster) { c.Config.NoMatch = NoMatchAllow }, []string{"Undetermined", " Undetermined ImageNotFound"}},
		"no mutation":               {[]string{warned}, newPod("karmada/x:v1"), func(c *Cluster) { c.Mutating = nil }, []string{"Denied", " Deny NotADigest"}},
		"invalid reference":         {[]string{warned}, newPod("Karmada/X"), nil, []string{"Denied", " Deny InvalidReference"}},
		"no webhook":                {[]string{covered}, newPod("karmada/x:v1"), func(c *Cluster) { c.Validating = nil }, []string{"Allowed"}},
		"unknown namespace":         {[]string{covered}, inNamespace("new", newPod("karmada/x:v1")), nil, []string{"Undetermined", " Undetermined NotADigest"}},
		"namespace not opted in":    {[]string{covered}, inNamespace("out", newPod("karmada/x:v1")), nil, []string{"Allowed"}},
		"matchConditions":           {[]string{covered}, newPod("karmada/x:v1"), func(c *Cluster) { c.Validating = changed(c.Validating, func(w *Webhook) { w.conditions = true }) }, []string{"Undetermined", "policy-0 Undetermined IdentityMismatch"}},
	} {
		t.Run(name, func(t *testing.T) {
			var policies []*Policy
			for _, spec := range tc.policies {
				policies = append(policies, parsePolicy(t, spec))
			}
			c := newCluster(policies...)
			if tc.change != nil {
				tc.change(c)
			}
			if diff := cmp.Diff(tc.want, summary(c.Decide(tc.object, judgeBySubject(nil)))); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
		})
	}
}

func inNamespace(namespace string, o Object) Object {
	o.Namespace = namespace
	return o
}

func changed(w *Webhook, change func(*Webhook)) *Webhook {
	copied := *w
	change(&copied)
	return &copied
}

// TestPendingJudgeReceivesAllQuestions: a judge without answers is asked every question that the decision depends on.
func TestPendingJudgeReceivesAllQuestions(t *testing.T) {
	covered := "{images: [{glob: 'index.docker.io/karmada/*'}], authorities: [" + wrong + "," + right + "]}"
	other := "{images: [{glob: '**'}], authorities: [" + unknown + "]}"
	c := newCluster(parsePolicy(t, covered), parsePolicy(t, other))
	var before, after []Question
	object := newPod("karmada/x:v1", "karmada/y:v1", "nginx:missing")
	c.Decide(object, func(q Question) Answer {
		before = append(before, q)
		return Answer{Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.PendingReason}
	})
	c.Decide(object, judgeBySubject(&after))
	if len(before) != 10 {
		t.Errorf("%d questions were asked, want 3 for digests and 7 for verdicts", len(before))
	}
	compare := func(q Question) string { return fmt.Sprint(q.Ref.Name(), q.Rule.ID(), q.TrustRoot) }
	for _, q := range after {
		if !slices.ContainsFunc(before, func(b Question) bool { return compare(b) == compare(q) }) {
			t.Errorf("%s was asked only after other answers were known", compare(q))
		}
	}
	if before[0].Rule != nil {
		t.Errorf("the first question is %+v, want one for a digest", before[0])
	}
}

func TestInterceptions(t *testing.T) {
	rule := func(groups, versions, resources string, operations ...admissionregistrationv1.OperationType) []admissionregistrationv1.RuleWithOperations {
		return []admissionregistrationv1.RuleWithOperations{{Operations: operations, Rule: admissionregistrationv1.Rule{
			APIGroups: strings.Fields(groups), APIVersions: strings.Fields(versions), Resources: strings.Fields(resources),
		}}}
	}
	deployment := Object{Group: "apps", Version: "v1", Kind: "Deployment", Labels: map[string]string{"tier": "prod"}}
	pod := Object{Version: "v1", Kind: "Pod"}
	exact := admissionregistrationv1.Exact
	ignore := admissionregistrationv1.Ignore
	for name, tc := range map[string]struct {
		registration registration
		object       Object
		want         Interception
	}{
		"all":                    {registration{rules: rule("*", "*", "*", "CREATE")}, deployment, Intercepted},
		"all, subresources too":  {registration{rules: rule("*", "*", "*/*", "*")}, deployment, Intercepted},
		"pods with subresources": {registration{rules: rule("*", "v1", "pods/*", "CREATE")}, pod, Intercepted},
		"a subresource only":     {registration{rules: rule("*", "v1", "pods/ephemeralcontainers", "CREATE")}, pod, RulesExclude},
		"another group":          {registration{rules: rule("batch", "v1", "*", "CREATE")}, deployment, RulesExclude},
		"updates only":           {registration{rules: rule("apps", "v1", "deployments", "UPDATE")}, deployment, RulesExclude},
		"no rules":               {registration{}, deployment, RulesExclude},
		"another version":        {registration{rules: rule("apps", "v1beta1", "deployments", "CREATE")}, deployment, InterceptionUnknown},
		"another version, exact": {registration{rules: rule("apps", "v1beta1", "deployments", "CREATE"), matchPolicy: &exact}, deployment, RulesExclude},
		"object excluded":        {registration{rules: rule("*", "*", "*", "*"), objectSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"tier": "test"}}}, deployment, ObjectExcluded},
		"object selected":        {registration{rules: rule("*", "*", "*", "*"), objectSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"tier": "prod"}}}, deployment, Intercepted},
		"namespace excluded":     {registration{rules: rule("*", "*", "*", "*"), namespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}}}, deployment, NamespaceNotOptedIn},
		"invalid selector":       {registration{rules: rule("*", "*", "*", "*"), namespaceSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "Near"}}}}, deployment, InterceptionUnknown},
		"fails open":             {registration{rules: rule("*", "*", "*", "*"), failurePolicy: &ignore}, deployment, Intercepted},
	} {
		t.Run(name, func(t *testing.T) {
			if got := newWebhook(tc.registration).intercepts(&tc.object, "", nil, true); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
	if !newWebhook(registration{failurePolicy: &ignore}).FailsOpen() || newWebhook(registration{}).FailsOpen() {
		t.Error("FailsOpen does not report the failurePolicy")
	}
}

func TestPoliciesWith(t *testing.T) {
	covering := func(set *Policies) []string {
		var names []string
		for _, p := range set.Covering(digestOf(t, "karmada/x"), newPod()) {
			names = append(names, fmt.Sprint(p.Name, " ", p.Warn))
		}
		return names
	}
	named := func(name, spec string) *Policy {
		p := parsePolicy(t, spec)
		p.Name = name
		return p
	}
	set := NewPolicies(named("a", "images: [{glob: '**'}]"), named("c", "{mode: warn, images: [{glob: '**'}]}"))
	for name, tc := range map[string]struct {
		policy *Policy
		want   []string
	}{
		"replaced":       {named("c", "images: [{glob: '**'}]"), []string{"a false", "c false"}},
		"added":          {named("b", "images: [{glob: '**'}]"), []string{"a false", "b false", "c true"}},
		"covers nothing": {named("c", "images: [{glob: 'x'}]"), []string{"a false"}},
	} {
		if diff := cmp.Diff(tc.want, covering(set.With(tc.policy))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got := set.With(named("b", "images: []")).Get("b"); got == nil || set.Get("b") != nil || set.Get("a") == nil {
		t.Error("Get does not return the policy of the name")
	}
}

func digestOf(tb testing.TB, image string) name.Digest {
	tb.Helper()
	digest, err := name.NewDigest(image + "@sha256:" + strings.Repeat("a", 64))
	if err != nil {
		tb.Fatal(err)
	}
	return digest
}

func TestConfig(t *testing.T) {
	for value, want := range map[string]NoMatch{"": NoMatchDeny, "deny": NoMatchDeny, "allow": NoMatchAllow, "warn": NoMatchWarn, "Allow": NoMatchDeny} {
		if got, err := ParseConfig(map[string]string{"no-match-policy": value, "enable-oci11": "true"}); err != nil || got.NoMatch != want || !got.EnableOCI11 {
			t.Errorf("%q: got %+v, %v; want %s", value, got, err, want)
		}
	}
	if _, err := ParseConfig(map[string]string{"enable-oci11": "perhaps"}); err == nil {
		t.Error("no error for a value that is not a boolean")
	}
}
