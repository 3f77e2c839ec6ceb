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

package conformance

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
	"github.com/karmada-io/image-trust/test/suites/e2e/internal/prediction"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// knownDifferences lists, by ID, the entries on which policy-controller v0.14 and the operator differ, and why: none
// today. An entry on which they no longer differ fails the test, too.
func knownDifferences() map[string]string {
	return map[string]string{}
}

// TestCorpus verifies signatures of the public Sigstore from end to end: with a trust that names the signer, and the
// root of trust of the public Sigstore, in the status, and in the webhook with the policy that the operator renders.
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
	createTrusts(t, questions)
	p.CreatePolicies(alone...)
	cluster := p.Cluster()

	asExpected, agreed, listed := 0, 0, knownDifferences()
	for _, entry := range found.Entries {
		t.Run(entry.ID, func(t *testing.T) {
			right, same := true, true
			for _, q := range questions[entry.ID] {
				right = q.checkVerdict(t, p.For(t)) && right
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

// trustPublicSigstore makes the operator and policy-controller trust the Sigstore of the corpus by default, until the
// test ends, from a TUF repository on loopback. The predictor that it returns does the same.
func trustPublicSigstore(t *testing.T, found corpus.Corpus) *prediction.Predictor {
	t.Helper()
	encoded, err := os.ReadFile(found.TrustedRoot)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := sigstore.WriteTUFRepository(dir, encoded); err != nil {
		t.Fatal(err)
	}
	lab.RestartOperatorWithTUF(t, dir, http.FileServer(http.Dir(dir)))
	t.Cleanup(func() {
		if err := lab.PolicyController.Restart(context.WithoutCancel(t.Context()), filepath.Dir(lab.TUFRoot())); err != nil {
			t.Error(err)
		}
	})
	if err := lab.PolicyController.Restart(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	p := prediction.New(t, lab)
	if p.Root, err = trustroot.FromJSON(encoded); err != nil {
		t.Fatal(err)
	}
	return p
}

// createTrusts creates the trusts of all questions, and waits until each has a verdict and its policy is applied.
func createTrusts(t *testing.T, questions map[string][]*corpusQuestion) {
	t.Helper()
	var trusts []*v1alpha1.KarmadaImageTrust
	for _, about := range questions {
		for _, q := range about {
			if q.trust != nil {
				lab.Create(t, q.trust)
				trusts = append(trusts, q.trust)
			}
		}
	}
	// Deletes all trusts before Create's clean-ups wait for each of them.
	t.Cleanup(func() {
		for _, made := range trusts {
			if err := lab.Client.Delete(context.WithoutCancel(t.Context()), made); err != nil {
				t.Error(err)
			}
		}
	})
	for _, made := range trusts {
		lab.WaitForTrust(t, made.Name, func(got *v1alpha1.KarmadaImageTrust) string {
			if len(got.Status.Images) == 0 || got.Status.Images[0].Reason == v1alpha1.PendingReason {
				return "no verdict yet"
			}
			return ""
		}, labtest.HasCondition(v1alpha1.PolicyAppliedCondition, metav1.ConditionTrue, v1alpha1.AppliedReason))
	}
}

// corpusAnswer is the verdict on an image, with the signer and the log entry of the signature that was found,
// verified or not.
type corpusAnswer struct {
	Verdict                v1alpha1.Verdict
	Reason                 string
	Digest                 string
	Identity, Issuer       string
	LogIndex, IntegratedAt int64
}

// checkVerdict compares the operator's answer with the corpus.
func (q *corpusQuestion) checkVerdict(t *testing.T, p *prediction.Predictor) bool {
	t.Helper()
	got, message := q.answer(t, p)
	q.accepted = got.Verdict == v1alpha1.VerdictVerified
	want := corpusAnswer{
		Verdict: q.want.verdict, Reason: cmp.Or(q.want.reason, got.Reason), Digest: q.entry.Digest,
	}
	if q.want.verdict == isVerified || q.want.reason == v1alpha1.IdentityMismatchReason {
		want.Identity, want.Issuer = q.entry.Identity, q.entry.Issuer
		want.LogIndex, want.IntegratedAt = q.entry.LogIndex, q.entry.IntegratedTime
	}
	diff := gocmp.Diff(want, got)
	if diff != "" {
		t.Errorf("%s (%s) (-want +got):\n%s", q.name, message, diff)
	}
	return diff == ""
}

// answer returns the trust's status, or the verifier's answer if no trust can express the question.
func (q *corpusQuestion) answer(t *testing.T, p *prediction.Predictor) (got corpusAnswer, message string) {
	t.Helper()
	if q.trust == nil {
		result := p.Verifier.Verify(t.Context(), q.digest(t), q.rule(t), p.Root)
		got = corpusAnswer{Verdict: result.Verdict, Reason: result.Reason, Digest: q.entry.Digest}
		if result.Signer != nil {
			got.Identity, got.Issuer = result.Signer.Identity, result.Signer.Issuer
			got.LogIndex, got.IntegratedAt = result.LogIndex, result.IntegratedTime.Unix()
		}
		return got, result.Message
	}
	image := &lab.WaitForTrust(t, q.trust.Name).Status.Images[0]
	got = corpusAnswer{Verdict: image.Verdict, Reason: image.Reason, Digest: image.Digest}
	if image.Signer != nil {
		got.Identity, got.Issuer = image.Signer.Identity, image.Signer.Issuer
	}
	if image.TransparencyLog != nil {
		got.LogIndex, got.IntegratedAt = *image.TransparencyLog.LogIndex, image.TransparencyLog.IntegratedTime.Unix()
	}
	return got, image.Message
}

// agrees reports whether admission allows the image if and only if the operator verifies it, and whether the forecast
// says so.
func (q *corpusQuestion) agrees(t *testing.T, p *prediction.Predictor, cluster *admission.Cluster) bool {
	t.Helper()
	pod := prediction.Workload{Kind: "Pod", Namespace: labtest.Namespace, Images: []string{q.reference}}
	predicted := p.Predict(cluster, pod.AdmissionObject())
	err := p.Client.Create(t.Context(), pod.Object(), client.DryRunAll)
	if err != nil {
		if wrong := labtest.CheckDenied(err, "failed policy: "+q.name); wrong != "" {
			t.Error(wrong)
		}
	}
	allowed, expected := err == nil, predicted.Outcome == admission.Allowed
	if allowed != q.accepted || allowed != expected {
		t.Logf("%s: the operator accepts it: %t, predicts %s; admission: %v", q.name, q.accepted, predicted.Outcome, err)
		return false
	}
	return true
}
