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

package assess

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/pool"
)

func hex(letter string) string { return "sha256:" + strings.Repeat(letter, 64) }

func requests(image string) inventory.Workload {
	return inventory.Workload{Group: "apps", Version: "v1", Kind: "Deployment", Name: image, Template: []inventory.Container{{Name: "main", Image: image}}}
}

func runs(w inventory.Workload, image, digest string) inventory.Workload {
	w.Running = append(w.Running, inventory.Running{Container: inventory.Container{Name: "main", Image: image}, Digest: digest})
	return w
}

// undigestedRun has the node report no digest of what runs.
func undigestedRun(w inventory.Workload, image string) inventory.Workload {
	w.Running = append(w.Running, inventory.Running{Container: inventory.Container{Name: "main", Image: image}, Started: true})
	return w
}

func idle(w inventory.Workload) inventory.Workload {
	w.Idle = true
	return w
}

// TestImages has workloads turned into requests, and the answers into images.
func TestImages(t *testing.T) {
	const tag, pinned = "karmada/app:v1", "docker.io/karmada/app:v1@"
	verified := func(digest string) pool.Answer {
		return pool.Answer{Digest: digest, Result: verify.Result{Verdict: v1alpha1.VerdictVerified}}
	}
	for name, tc := range map[string]struct {
		workloads  []inventory.Workload
		references []v1alpha1.ImageReference
		// answers by the request: the reference, "runs" where a node reports it, and the index that was requested.
		answers map[string]pool.Answer
		want    []string // REFERENCE DIGEST USAGE WORKLOADS VERDICT and what else is shown
	}{
		"requested by tag": {
			workloads: []inventory.Workload{requests(tag), requests("index.docker.io/karmada/app:v1")},
			answers:   map[string]pool.Answer{"app:v1": verified(hex("a"))},
			want:      []string{"docker.io/karmada/app:v1 a Requested 2 Verified"},
		},
		"runs what the tag names": {
			workloads: []inventory.Workload{runs(requests(tag), tag, hex("a"))},
			answers:   map[string]pool.Answer{"app:v1": verified(hex("a")), "runs a": {TagDigest: hex("a"), Result: verify.Result{Verdict: v1alpha1.VerdictVerified}}},
			want:      []string{"docker.io/karmada/app:v1 a Running 1 Verified"},
		},
		"the tag has moved": {
			workloads: []inventory.Workload{runs(requests(tag), tag, hex("a"))},
			answers: map[string]pool.Answer{
				"app:v1": {Digest: hex("b"), Result: verify.Result{Verdict: v1alpha1.VerdictUntrusted}},
				"runs a": {TagDigest: hex("b"), Result: verify.Result{Verdict: v1alpha1.VerdictVerified}},
			},
			want: []string{"docker.io/karmada/app:v1 a Running 1 Verified tag b", "docker.io/karmada/app:v1 b Requested 1 Untrusted"},
		},
		"the tag cannot be resolved": {
			workloads: []inventory.Workload{runs(requests(tag), tag, hex("a"))},
			answers: map[string]pool.Answer{
				"app:v1": {Result: verify.Result{Verdict: v1alpha1.VerdictUnknown}},
				"runs a": {Result: verify.Result{Verdict: v1alpha1.VerdictVerified}},
			},
			want: []string{"docker.io/karmada/app:v1 a Running 1 Verified"},
		},
		"a platform of the index that the tag names": {
			workloads: []inventory.Workload{runs(requests(tag), tag, hex("a"))},
			answers: map[string]pool.Answer{
				"app:v1": verified(hex("c")),
				"runs a": {IndexDigest: hex("c"), TagDigest: hex("a"), Result: verify.Result{Verdict: v1alpha1.VerdictVerified}},
			},
			want: []string{"docker.io/karmada/app:v1 a Running 1 Verified index c"},
		},
		"pinned to the index": {
			workloads: []inventory.Workload{runs(requests(pinned+hex("c")), pinned+hex("c"), hex("a"))},
			answers: map[string]pool.Answer{
				"c":           verified(hex("c")),
				"runs a of c": {IndexDigest: hex("c"), TagDigest: hex("a"), Result: verify.Result{Verdict: v1alpha1.VerdictVerified}},
			},
			want: []string{"docker.io/karmada/app:v1 a Running 1 Verified index c"},
		},
		"pinned to the index without a tag": {
			workloads: []inventory.Workload{runs(requests("karmada/app@"+hex("c")), "karmada/app@"+hex("c"), hex("a"))},
			answers: map[string]pool.Answer{
				"c":           verified(hex("c")),
				"runs a of c": {IndexDigest: hex("c"), Result: verify.Result{Verdict: v1alpha1.VerdictVerified}},
			},
			want: []string{"docker.io/karmada/app@" + hex("c") + " a Running 1 Verified index c"},
		},
		"tag and digest are one image": {
			workloads:  []inventory.Workload{requests(pinned + hex("a")), requests(tag)},
			references: []v1alpha1.ImageReference{"docker.io/karmada/app:v1"},
			answers:    map[string]pool.Answer{"app:v1": verified(hex("a")), "a": verified(hex("a"))},
			want:       []string{"docker.io/karmada/app:v1 a Requested 2 Verified"},
		},
		"by digest alone": {
			workloads: []inventory.Workload{requests("karmada/app@" + hex("a"))},
			answers:   map[string]pool.Answer{"a": verified(hex("a"))},
			want:      []string{"docker.io/karmada/app@" + hex("a") + " a Requested 1 Verified"},
		},
		"only for a rollback": {
			workloads: []inventory.Workload{idle(requests(tag))},
			answers:   map[string]pool.Answer{"app:v1": verified(hex("a"))},
			want:      []string{"docker.io/karmada/app:v1 a Rollback 1 Verified"},
		},
		"for a rollback and requested": {
			workloads: []inventory.Workload{idle(requests(tag)), requests(tag)},
			answers:   map[string]pool.Answer{"app:v1": verified(hex("a"))},
			want:      []string{"docker.io/karmada/app:v1 a Requested 2 Verified"},
		},
		"listed only": {
			references: []v1alpha1.ImageReference{"karmada/app:v1"},
			answers:    map[string]pool.Answer{"app:v1": verified(hex("a"))},
			want:       []string{"docker.io/karmada/app:v1 a Requested 0 Verified"},
		},
		"images of others, no image": {
			workloads: []inventory.Workload{requests("nginx"), requests("UPPER"), requests("")},
		},
		"a name that cannot be read": {
			workloads: []inventory.Workload{
				requests("karmada/UPPER"), runs(requests("karmada/app@sha512:aa"), "karmada/app@sha512:aa", hex("a")),
				undigestedRun(requests("nginx"), "karmada/B"),
			},
			want: []string{
				"karmada/B - Running 1 Unknown InvalidReference", "karmada/UPPER - Requested 1 Unknown InvalidReference",
				"karmada/app@sha512:aa - Running 1 Unknown InvalidReference",
			},
		},
		"runs without a digest, and the tag is verified": {
			workloads: []inventory.Workload{
				undigestedRun(requests(tag), tag), runs(requests(tag), tag, hex("a")), undigestedRun(requests(pinned+hex("a")), pinned+hex("a")),
			},
			answers: map[string]pool.Answer{
				"app:v1": verified(hex("a")), "a": verified(hex("a")),
				"runs a": {TagDigest: hex("a"), Result: verify.Result{Verdict: v1alpha1.VerdictVerified}},
			},
			want: []string{
				"docker.io/karmada/app:v1 - Running 2 Unknown DigestNotReported",
				"docker.io/karmada/app:v1 a Running 3 Verified",
			},
		},
		"runs without a digest, and nothing is known of the tag": {
			workloads: []inventory.Workload{undigestedRun(requests(tag), tag)},
			answers:   map[string]pool.Answer{"app:v1": {Result: verify.Result{Verdict: v1alpha1.VerdictUnknown}}},
			want: []string{
				"docker.io/karmada/app:v1 - Running 1 Unknown DigestNotReported",
				"docker.io/karmada/app:v1 - Requested 1 Unknown",
			},
		},
		"another spelling of the registry": {
			workloads: []inventory.Workload{requests("registry-1.docker.io/karmada/app:v1"), requests("Docker.io:443/karmada/app:v1")},
			answers:   map[string]pool.Answer{"app:v1": verified(hex("a"))},
			want: []string{
				"Docker.io:443/karmada/app:v1 a Requested 1 Verified", "registry-1.docker.io/karmada/app:v1 a Requested 1 Verified",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			spec := v1alpha1.KarmadaImageTrustSpec{
				Images: []v1alpha1.ImageGlob{"docker.io/karmada/*"}, Issuer: "https://issuer", Identity: "someone",
				Verification: &v1alpha1.Verification{References: tc.references},
			}
			compiled, err := policy.Compile(spec)
			if err != nil {
				t.Fatal(err)
			}
			images := CollectImages(compiled, tc.workloads)
			var answers []pool.Answer
			for _, request := range images.Requests(nil, nil) {
				answer, ok := tc.answers[describeRequest(request)]
				if !ok {
					t.Fatalf("unexpected request %q", describeRequest(request))
				}
				answers = append(answers, answer)
			}
			var got []string
			for _, i := range images.Observe(answers) {
				line := fmt.Sprint(i.Reference, " ", letter(i.Answer.Digest), " ", i.Usage, " ", i.Workloads, " ", i.Answer.Result.Verdict)
				if i.Answer.IndexDigest != "" {
					line += " index " + letter(i.Answer.IndexDigest)
				}
				if i.Answer.Result.Reason != "" {
					line += " " + i.Answer.Result.Reason
				}
				if i.TagDigest != "" {
					line += " tag " + letter(i.TagDigest)
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("images (-want +got):\n%s", diff)
			}
		})
	}
}

func letter(digest string) string {
	if digest == "" {
		return "-"
	}
	return strings.TrimPrefix(digest, "sha256:")[:1]
}

func describeRequest(request pool.Request) string {
	name := request.Ref.Identifier()
	if digest, ok := strings.CutPrefix(name, "sha256:"); ok {
		name = digest[:1]
	} else {
		name = "app:" + name
	}
	if request.Running {
		name = "runs " + name
	}
	if request.Index != nil {
		name += " of " + letter(request.Index.DigestStr())
	}
	return name
}

// TestRequestsNameTheKnownIndex has the index of a running image taken over from its last status.
func TestRequestsNameTheKnownIndex(t *testing.T) {
	compiled, err := policy.Compile(v1alpha1.KarmadaImageTrustSpec{
		Images: []v1alpha1.ImageGlob{"docker.io/karmada/*"}, Issuer: "https://issuer", Identity: "someone",
	})
	if err != nil {
		t.Fatal(err)
	}
	images := CollectImages(compiled, []inventory.Workload{runs(requests("karmada/app:v1"), "karmada/app:v1", hex("a"))})
	got := images.Requests(nil, []v1alpha1.ImageStatus{
		{Reference: "docker.io/karmada/app:v1", Digest: hex("b"), IndexDigest: hex("d")},
		{Reference: "docker.io/karmada/app:v1", Digest: hex("a"), IndexDigest: hex("c")},
	})
	for _, request := range got {
		if index := request.KnownIndex; request.Running != (index != nil) || index != nil && index.DigestStr() != hex("c") {
			t.Errorf("%s: the known index is %v", describeRequest(request), index)
		}
	}
}
