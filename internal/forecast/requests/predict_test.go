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

package requests_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/forecast/requests"
	"github.com/karmada-io/image-trust/internal/workload"
)

const (
	digest   = "sha256:0000000000000000000000000000000000000000000000000000000000000001"
	identity = "identities: [{issuer: https://issuer, subject: somebody}]"
	keyless  = "{keyless: {url: https://fulcio, " + identity + "}}"
	bundles  = "{signatureFormat: bundle, keyless: {url: https://fulcio, " + identity + "}, " +
		"attestations: [{name: a, predicateType: https://sigstore.dev/cosign/sign/v1}]}"
	attested = "{keyless: {url: https://fulcio, " + identity + "}, attestations: [{name: a, predicateType: https://slsa.dev/provenance/v1}]}"
	pem      = "-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----\n"
)

// policyOf parses a policy for all images of the registry r.example with some authorities, and what else its spec has.
func policyOf(t *testing.T, name, authorities, more string) *admission.Policy {
	t.Helper()
	object := map[string]any{}
	err := yaml.Unmarshal([]byte("metadata: {name: "+name+"}\nspec:\n  images: [{glob: 'r.example/**'}, {glob: 'tokens.r.example/**'}]\n  authorities: "+authorities+
		"\n  "+more+"\n"), &object)
	if err != nil {
		t.Fatal(err)
	}
	return admission.ParsePolicy(&unstructured.Unstructured{Object: object}, admission.Supported()...)
}

// clusterOf is what is known of manifests: all namespaces have opted in.
func clusterOf(policies ...*admission.Policy) *admission.Cluster {
	return &admission.Cluster{
		Policies: admission.NewPolicies(policies...), Config: admission.Config{NoMatch: admission.NoMatchAllow},
		Versions: admission.Supported(), OfFiles: true,
		Namespace: func(string) (map[string]string, bool) { return nil, false },
	}
}

// objects of a workload with some images, by their kinds.
func objects(kinds []string, images ...string) []admission.Object {
	all := make([]admission.Object, 0, len(kinds))
	for i, kind := range kinds {
		o := admission.Object{Group: "apps", Version: "v1", Kind: kind, Namespace: "demo"}
		if kind == "Pod" {
			o.Group = ""
		}
		if i == 0 {
			o.Name = "demo"
		}
		for j, image := range images {
			o.Containers = append(o.Containers, admission.Container{Field: "containers", Name: string(rune('a' + j)), Image: image})
		}
		all = append(all, o)
	}
	return all
}

// know answers that a registry has one signature, two attestations, and three referrers of which one is a bundle.
func know(q requests.Question) (requests.Answer, string) {
	switch q.Kind {
	case requests.Signatures:
		return requests.Answer{Layers: 1}, ""
	case requests.Attestations:
		return requests.Answer{Layers: 2}, ""
	case requests.Bundles:
		return requests.Answer{Referrers: 3, Bundles: 1}, ""
	default:
		return requests.Answer{Token: q.Of == "tokens.r.example"}, map[bool]string{true: "not asked"}[q.Of == "other.example"]
	}
}

func pods(n int64) workload.Pods { return workload.Pods{Count: n, Known: true} }

func count(pings, tokens, manifests, blobs, referrers int64) *requests.Count {
	return &requests.Count{
		Total: pings + tokens + manifests + blobs + referrers, Pings: pings, Tokens: tokens, ManifestGets: manifests, BlobGets: blobs,
		ReferrersGets: referrers,
	}
}

func TestPredict(t *testing.T) {
	const pinned, tag, withToken = "r.example/a/b@" + digest, "r.example/a/b:v1", "tokens.r.example/a/b@" + digest
	deployment, pod := []string{"Deployment", "ReplicaSet", "Pod"}, []string{"Pod"}
	for what, tc := range map[string]struct {
		authorities, more string
		kinds             []string
		images            []string
		pods              workload.Pods
		outcome           map[string]admission.Outcome // of kinds; others are allowed
		finishes, retried bool
		config            admission.Config
		total, atLeast    *requests.Count
		unknown           string
	}{
		"signature of a pod": {authorities: "[" + keyless + "]", kinds: pod, images: []string{pinned}, pods: pods(1), total: count(1, 0, 1, 1, 0)},
		"attestations":       {authorities: "[" + attested + "]", kinds: pod, images: []string{pinned}, pods: pods(1), total: count(1, 0, 1, 2, 0)},
		"bundles":            {authorities: "[" + bundles + "]", kinds: pod, images: []string{pinned}, pods: pods(1), total: count(4, 0, 3, 1, 1)},
		"a token for each handshake": {
			authorities: "[" + bundles + ", " + keyless + "]", kinds: pod, images: []string{withToken}, pods: pods(1), total: count(5, 5, 4, 2, 1),
		},
		"every object": {authorities: "[" + keyless + "]", kinds: deployment, images: []string{pinned}, pods: pods(10), total: count(12, 0, 12, 12, 0)},
		"a tag is resolved once": {
			authorities: "[" + keyless + "]", kinds: deployment, images: []string{tag}, pods: pods(10), total: count(13, 0, 13, 12, 0),
		},
		"every container": {
			authorities: "[" + keyless + "]", kinds: deployment, images: []string{pinned, pinned}, pods: pods(10), total: count(24, 0, 24, 24, 0),
		},
		"no pods":              {authorities: "[" + keyless + "]", kinds: deployment, images: []string{pinned}, pods: pods(0), total: count(2, 0, 2, 2, 0)},
		"pods of a Job finish": {authorities: "[" + keyless + "]", kinds: []string{"Job", "Pod"}, images: []string{tag}, pods: pods(3), finishes: true, total: count(8, 0, 8, 7, 0)},
		"static":               {authorities: "[{static: {action: pass}}]", kinds: pod, images: []string{pinned}, pods: pods(1), total: count(0, 0, 0, 0, 0)},
		"one key":              {authorities: "[{key: {data: \"" + strings.ReplaceAll(pem, "\n", "\\n") + "\"}}]", kinds: pod, images: []string{pinned}, pods: pods(1), total: count(1, 0, 1, 1, 0)},
		"bundles without attestations are refused": {
			authorities: "[{signatureFormat: bundle, keyless: {url: https://fulcio, " + identity + "}}]", kinds: pod, images: []string{pinned},
			pods: pods(1), total: count(0, 0, 0, 0, 0),
		},
		"not covered": {
			authorities: "[" + keyless + "]", kinds: deployment, images: []string{"r2.example/a/b:v1"}, pods: pods(10), total: count(1, 0, 1, 0, 0),
		},
		"denied at once": {
			authorities: "[" + keyless + "]", kinds: deployment, images: []string{tag}, pods: pods(10),
			outcome: map[string]admission.Outcome{"Deployment": admission.Denied}, total: count(2, 0, 2, 1, 0),
		},
		"pods are denied again and again": {
			authorities: "[" + keyless + "]", kinds: deployment, images: []string{pinned}, pods: pods(10),
			outcome: map[string]admission.Outcome{"Pod": admission.Denied}, atLeast: count(3, 0, 3, 3, 0), unknown: "tries again",
		},
		"the outcome is not known": {
			authorities: "[" + keyless + "]", kinds: deployment, images: []string{pinned}, pods: pods(10),
			outcome: map[string]admission.Outcome{"Deployment": admission.Undetermined}, atLeast: count(1, 0, 1, 1, 0), unknown: "whether the Deployment",
		},
		"the number of pods is not known": {
			authorities: "[" + keyless + "]", kinds: []string{"DaemonSet", "Pod"}, images: []string{pinned}, atLeast: count(1, 0, 1, 1, 0),
			unknown: "number of pods",
		},
		"a registry that was not asked": {
			authorities: "[" + keyless + "]", kinds: pod, images: []string{pinned, "other.example/aa/bb:v1"}, pods: pods(1),
			atLeast: count(2, 0, 2, 1, 0), unknown: "not asked",
		},
		"several keys": {
			authorities: "[{key: {secretRef: {name: keys}}}, " + keyless + "]", kinds: pod, images: []string{pinned}, pods: pods(1),
			atLeast: count(1, 0, 1, 1, 0), unknown: "policy one is not known",
		},
		"another source": {
			authorities: "[{source: [{oci: r.example/x}], keyless: {url: https://fulcio, " + identity + "}}]", kinds: pod, images: []string{pinned},
			pods: pods(1), unknown: "policy one is not known",
		},
		"the configuration of the image": {
			authorities: "[" + keyless + "]", more: "policy: {type: cue, data: x, fetchConfigFile: true}", kinds: pod, images: []string{pinned},
			pods: pods(1), atLeast: count(1, 0, 1, 1, 0), unknown: "policy one is not known",
		},
		"enable-oci11": {
			authorities: "[" + keyless + "]", kinds: pod, images: []string{pinned}, pods: pods(1), config: admission.Config{EnableOCI11: true},
			unknown: "versions of policy-controller look up different things",
		},
	} {
		t.Run(what, func(t *testing.T) {
			cluster := clusterOf(policyOf(t, "one", tc.authorities, tc.more))
			if tc.config.EnableOCI11 {
				cluster.Config = tc.config
			}
			predictor := requests.Predictor{
				Cluster: cluster,
				Decide: func(o admission.Object) admission.Decision {
					outcome, ok := tc.outcome[o.Kind]
					if !ok {
						outcome = admission.Allowed
					}
					return admission.Decision{Outcome: outcome}
				},
				Judge: func(admission.Question) admission.Answer { return admission.Answer{Digest: digest} },
				Know:  know,
			}
			got := predictor.Predict(requests.Rollout{Objects: objects(tc.kinds, tc.images...), Pods: tc.pods, Finishes: tc.finishes, Retried: tc.retried})
			if diff := cmp.Diff(tc.total, got.Count); diff != "" {
				t.Errorf("total (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.atLeast, got.AtLeast); diff != "" {
				t.Errorf("at least (-want +got):\n%s", diff)
			}
			if said := strings.Join(got.Unknown, "; "); tc.unknown == "" && said != "" || !strings.Contains(said, tc.unknown) {
				t.Errorf("unknown is %q, want %q", said, tc.unknown)
			}
		})
	}
}

// TestPredictPerPod: what each pod adds is told also where their number is not known.
func TestPredictPerPod(t *testing.T) {
	predictor := requests.Predictor{
		Cluster: clusterOf(policyOf(t, "one", "["+keyless+"]", ""), policyOf(t, "two", "["+bundles+"]", "")),
		Decide:  func(admission.Object) admission.Decision { return admission.Decision{Outcome: admission.Allowed} },
		Judge:   func(admission.Question) admission.Answer { return admission.Answer{Digest: digest} },
		Know:    know,
	}
	got := predictor.Predict(requests.Rollout{Objects: objects([]string{"DaemonSet", "Pod"}, "r.example/a/b:v1")})
	want := requests.Prediction{
		AtLeast: count(6, 0, 5, 2, 1), PerPod: count(5, 0, 4, 2, 1), Unknown: []string{"the number of pods is not known"},
		ByHost: []requests.Host{{Host: "r.example", Total: 14, ManifestGets: 5}},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(requests.Prediction{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestPredictUnknownCluster: of a cluster that is not known, nothing is.
func TestPredictUnknownCluster(t *testing.T) {
	predictor := requests.Predictor{
		Cluster: &admission.Cluster{},
		Decide:  func(admission.Object) admission.Decision { return admission.Decision{} },
		Judge:   func(admission.Question) admission.Answer { return admission.Answer{} },
		Know:    know,
	}
	got := predictor.Predict(requests.Rollout{Objects: objects([]string{"Pod"}, "r.example/a/b:v1"), Pods: pods(1)})
	if got.Count != nil || got.AtLeast != nil || len(got.Unknown) == 0 {
		t.Errorf("of a cluster that is not known, %+v is predicted", got)
	}
}

func TestSum(t *testing.T) {
	predictor := requests.Predictor{
		Cluster: clusterOf(policyOf(t, "one", "["+keyless+"]", "")),
		Decide:  func(admission.Object) admission.Decision { return admission.Decision{Outcome: admission.Allowed} },
		Judge:   func(admission.Question) admission.Answer { return admission.Answer{Digest: digest} },
		Know:    know,
	}
	one := predictor.Predict(requests.Rollout{Objects: objects([]string{"Pod"}, "r.example/a/b@"+digest), Pods: pods(1)})
	var many []string
	for i := range 30 {
		many = append(many, "r"+string(rune('a'+i%26))+strings.Repeat("x", i)+".example/aa:v1")
	}
	other := predictor.Predict(requests.Rollout{Objects: objects([]string{"ReplicaSet", "Pod"}, many...), Pods: pods(2)})
	sum := requests.Sum([]requests.Prediction{one, other})
	if sum.Count == nil || sum.Total != 3+60 || sum.Pods == nil || *sum.Pods != 3 {
		t.Errorf("got %+v", sum)
	}
	if len(sum.ByHost) != 8 || sum.ByHost[0].Host != "r.example" || sum.MoreHosts != 23 {
		t.Errorf("hosts are not bounded: %d and %d more", len(sum.ByHost), sum.MoreHosts)
	}
	unknown := predictor.Predict(requests.Rollout{Objects: objects([]string{"Pod"}, "r.example/a/b@"+digest)})
	if sum := requests.Sum([]requests.Prediction{one, unknown}); sum.Count != nil || sum.AtLeast == nil || sum.AtLeast.Total != 3 || sum.Pods != nil {
		t.Errorf("an unknown number is summed: %+v", sum)
	}
}
