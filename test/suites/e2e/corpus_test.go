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

package e2e

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
	"github.com/karmada-io/image-trust/test/corpus"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// judgedOtherwise lists, by ID, the entries that policy-controller v0.14 judges otherwise than the operator, and why:
// none today. An entry that it no longer judges otherwise fails the test, too.
func judgedOtherwise() map[string]string {
	return map[string]string{}
}

// TestCorpus takes what was signed in the real world the whole way: from a trust that names who signed, by the root of
// trust of the public Sigstore, to the status, and to the real webhook by the policy that the operator renders.
func TestCorpus(t *testing.T) {
	found := corpus.Read(t)
	p := trustPublicSigstore(t, found)
	questions, alone := map[string][]*corpusQuestion{}, []*unstructured.Unstructured{}
	for _, entry := range found.Entries {
		questions[entry.ID] = questionsAbout(t, entry)
		for _, q := range questions[entry.ID] {
			q.store(t)
			if q.trust == nil {
				alone = append(alone, q.policy(t))
			}
		}
	}
	askTrusts(t, questions)
	p.load(alone...)
	cluster := p.cluster()

	asExpected, agreed, listed := 0, 0, judgedOtherwise()
	for _, entry := range found.Entries {
		t.Run(entry.ID, func(t *testing.T) {
			right, same := true, true
			for _, q := range questions[entry.ID] {
				right = q.checkVerdict(t, p.in(t)) && right
				same = q.agrees(t, p, cluster) && same
			}
			if why := listed[entry.ID]; same != (why == "") {
				t.Errorf("admission agrees: %t; a difference is explained by %q", same, why)
			}
			if right {
				asExpected++
			}
			if same {
				agreed++
			}
		})
	}
	fmt.Printf("figure: corpus_entries_end_to_end %d/%d\n", asExpected, len(found.Entries))
	fmt.Printf("figure: corpus_admission_agreement %d/%d\n", agreed, len(found.Entries))
	fmt.Printf("figure: corpus_admission_listed %d\n", len(listed))
}

// trustPublicSigstore has the operator and policy-controller trust the Sigstore of the corpus by default, until the
// test ends, from a TUF repository on loopback. The predictor does the same.
func trustPublicSigstore(t *testing.T, found corpus.Corpus) *predictor {
	t.Helper()
	encoded, err := os.ReadFile(found.TrustedRoot)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := sigstore.WriteTUFRepository(dir, encoded); err != nil {
		t.Fatal(err)
	}
	restartWithRepository(t, dir, http.FileServer(http.Dir(dir)))
	t.Cleanup(func() {
		if err := shared.PolicyController.Restart(context.WithoutCancel(t.Context()), filepath.Dir(shared.TUFRoot())); err != nil {
			t.Error(err)
		}
	})
	if err := shared.PolicyController.Restart(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	p := newPredictor(t)
	if p.root, err = trustroot.FromJSON(encoded); err != nil {
		t.Fatal(err)
	}
	return p
}

// askTrusts creates the trusts of all questions, and waits until each is answered and its policy is applied.
func askTrusts(t *testing.T, questions map[string][]*corpusQuestion) {
	t.Helper()
	var trusts []*trust
	for _, about := range questions {
		for _, q := range about {
			if q.trust != nil {
				create(t, q.trust)
				trusts = append(trusts, q.trust)
			}
		}
	}
	// All at once, before each is waited for.
	t.Cleanup(func() {
		for _, made := range trusts {
			if err := shared.Client.Delete(context.WithoutCancel(t.Context()), made); err != nil {
				t.Error(err)
			}
		}
	})
	for _, made := range trusts {
		becomes(t, made.Name, func(got *trust) string {
			if len(got.Status.Images) == 0 || got.Status.Images[0].Reason == v1alpha1.PendingReason {
				return "no verdict yet"
			}
			return ""
		}, condition(v1alpha1.PolicyAppliedCondition, metav1.ConditionTrue, v1alpha1.AppliedReason))
	}
}

// corpusAnswer is what is said of an image. Proved or not, the signer and the log entry are those of what was found.
type corpusAnswer struct {
	Verdict                v1alpha1.Verdict
	Reason                 string
	Digest                 string
	Identity, Issuer       string
	LogIndex, IntegratedAt int64
}

// checkVerdict compares the operator's answer with what the corpus says.
func (q *corpusQuestion) checkVerdict(t *testing.T, p *predictor) bool {
	t.Helper()
	got, message := q.answer(t, p)
	q.accepted = got.Verdict == v1alpha1.VerdictVerified
	want := corpusAnswer{
		Verdict: q.want.verdict, Reason: cmp.Or(q.want.reason, got.Reason), Digest: q.entry.Digest,
	}
	if q.want.reason == v1alpha1.SignedReason || q.want.reason == v1alpha1.IdentityMismatchReason {
		want.Identity, want.Issuer = q.entry.Identity, q.entry.Issuer
		want.LogIndex, want.IntegratedAt = q.entry.LogIndex, q.entry.IntegratedTime
	}
	diff := gocmp.Diff(want, got)
	if diff != "" {
		t.Errorf("%s (%s) (-want +got):\n%s", q.name, message, diff)
	}
	return diff == ""
}

// answer is the trust's status; or the verifier's own answer where no trust can ask.
func (q *corpusQuestion) answer(t *testing.T, p *predictor) (got corpusAnswer, message string) {
	t.Helper()
	if q.trust == nil {
		result := p.cosign.Verify(t.Context(), q.digest(t), q.rule(t), p.root)
		got = corpusAnswer{Verdict: result.Verdict, Reason: result.Reason, Digest: q.entry.Digest}
		if result.Signer != nil {
			got.Identity, got.Issuer = result.Signer.Identity, result.Signer.Issuer
			got.LogIndex, got.IntegratedAt = result.LogIndex, result.IntegratedTime.Unix()
		}
		return got, result.Message
	}
	image := imageIn(becomes(t, q.trust.Name))
	got = corpusAnswer{Verdict: image.Verdict, Reason: image.Reason, Digest: image.Digest}
	if image.Signer != nil {
		got.Identity, got.Issuer = image.Signer.Identity, image.Signer.Issuer
	}
	if image.TransparencyLog != nil {
		got.LogIndex, got.IntegratedAt = *image.TransparencyLog.LogIndex, image.TransparencyLog.IntegratedTime.Unix()
	}
	return got, image.Message
}

// agrees tells whether admission admits the image if, and only if, the operator verifies it, and foretells that.
func (q *corpusQuestion) agrees(t *testing.T, p *predictor, cluster *admission.Cluster) bool {
	t.Helper()
	pod := predicted{kind: "Pod", namespace: namespace, images: []string{q.reference}}
	foretold := cluster.Decide(pod.object(), p.judge)
	err := p.listening.Create(t.Context(), pod.workload(), client.DryRunAll)
	if err != nil {
		if wrong := isRefused(err, "failed policy: "+q.name); wrong != "" {
			t.Error(wrong)
		}
	}
	admitted, promised := err == nil, foretold.Outcome == admission.Allowed
	if admitted != q.accepted || admitted != promised {
		t.Logf("%s: the operator accepts it: %t, foretells %s; admission: %v", q.name, q.accepted, foretold.Outcome, err)
		return false
	}
	return true
}
