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

package agreement

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"golang.org/x/mod/semver"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/suites/e2e/internal/prediction"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// answer of the real admission to a workload.
type answer int

const (
	admits answer = iota
	denies
	// byChance is not predicted, for the reason that the case gives, and not asked.
	byChance
	// unevaluated is not predicted, for the reason that the case gives, because the verifier cannot tell.
	unevaluated
)

// always is the answer of every version.
func always(a answer) func(version string) answer {
	return func(string) answer { return a }
}

// since is one answer before a version, and another one from it on.
func since(version string, before, from answer) func(version string) answer {
	return func(running string) answer {
		if semver.Compare(running, version) < 0 {
			return before
		}
		return from
	}
}

// difference is an image, under a policy, about which versions of policy-controller differ, or nearly do.
type difference struct {
	name string
	// attach stores what proves the image.
	attach func(d *differences, digest name.Digest)
	// policies for the repository.
	policies func(name, repository string) []*unstructured.Unstructured
	// answer of a version.
	answer func(version string) answer
	// reason for which nothing is predicted, where that is the answer.
	reason string
}

// differences are the fixtures of the cases.
type differences struct {
	p *prediction.Predictor
	// private has TrustRoots, see createRoots. stamps signs without logs, as GitHub's own instance does.
	private, stamps *sigstore.Sigstore
	// expired is an instance whose intermediate certificate authority expired an hour ago.
	expired *sigstore.Sigstore
}

// predictDifferences covers what the versions of policy-controller answer differently, and what resembles it. What
// admission really answers is checked, too: a case about a difference that is none would prove nothing.
func predictDifferences(p *prediction.Predictor) {
	d := &differences{p: p, private: labtest.NewSigstore(p.T), stamps: labtest.NewSigstore(p.T)}
	expired, err := sigstore.NewExpired(time.Now().Add(-time.Hour))
	d.must(err)
	d.expired = expired
	d.createRoots()
	p.T.Run("evidence", func(t *testing.T) {
		d.with(t).check("predict-different", slices.Concat(bundleCases(), signatureCases(t), rootCases(), gitHubCases(), signerCases(t)))
	})
	p.T.Run("enable-oci11", func(t *testing.T) {
		d.with(t).setOCI11("true")
		defer d.setOCI11("false")
		d.check("predict-oci11", oci11Cases())
	})
}

// with makes the fixtures report to another test, and returns them.
func (d *differences) with(t *testing.T) *differences {
	t.Helper()
	d.p.For(t)
	return d
}

// check creates the policies of all cases, and compares.
func (d *differences) check(organisation string, cases []difference) {
	t, version := d.p.T, d.p.Lab.PolicyController.Version()
	var policies []*unstructured.Unstructured
	for _, c := range cases {
		slug := slugOf(c.name)
		policies = append(policies, c.policies(organisation+"-"+slug, "docker.io/"+organisation+"/"+slug)...)
		c.attach(d, d.p.Lab.PushImage(t, "docker.io/"+organisation+"/"+slug+":v1"))
	}
	d.p.CreatePolicies(policies...)
	in := d.p.CreateNamespace(organisation, true)
	for i, c := range cases {
		w := prediction.Workload{
			Name: c.name, Namespace: in, Images: []string{"docker.io/" + organisation + "/" + slugOf(c.name) + ":v1"},
		}
		kinds := []string{prediction.WorkloadKinds[i%len(prediction.WorkloadKinds)], prediction.WorkloadKinds[(i+3)%len(prediction.WorkloadKinds)]}
		switch c.answer(version) {
		case admits:
			w.Admitted = new(true)
		case denies:
			w.Admitted = new(false)
		default:
			w.Undetermined, kinds = c.reason, kinds[:1]
		}
		for _, kind := range kinds {
			w.Kind = kind
			d.p.Check(w)
		}
	}
}

// slugOf is a case's name as repositories and policies have it.
func slugOf(name string) string { return strings.ToLower(strings.ReplaceAll(name, " ", "-")) }

// bundled is an authority for bundles with the provenance that a signer attests.
func bundled(signer map[string]any) map[string]any {
	return attesting(signer, map[string]any{"signatureFormat": "bundle"})
}

// attesting is an authority for the provenance that a signer attests, with further fields.
func attesting(signer map[string]any, fields map[string]any) map[string]any {
	a := keyless(signer)
	a["attestations"] = []any{map[string]any{"name": "provenance", "predicateType": sigstore.SLSAPredicate}}
	maps.Copy(a, fields)
	return a
}

// bundleCases are bundles with a provenance under the default root of trust.
func bundleCases() []difference {
	policies := each(authority(bundled(release())))
	return []difference{
		{name: "bundle in Rekor v1", attach: inRekorV1(labtest.Release, sigstore.SLSAPredicate), policies: policies, answer: always(admits)},
		{name: "bundle in Rekor v1 with a timestamp", attach: inRekorV1Stamped(labtest.Release, sigstore.SLSAPredicate), policies: policies, answer: always(admits)},
		{name: "bundle in Rekor v1 by another signer", attach: inRekorV1(labtest.UntrustedSigner, sigstore.SLSAPredicate), policies: policies, answer: always(denies)},
		{
			name: "bundle in Rekor v2", attach: inRekorV2(labtest.Release, sigstore.SLSAPredicate, sigstore.HashedRekordEntry),
			policies: policies, answer: since("v0.15.0", denies, admits),
		},
		{
			name: "bundle in Rekor v2 as dsse", attach: inRekorV2(labtest.Release, sigstore.SLSAPredicate, sigstore.DSSEEntry),
			policies: policies, answer: always(unevaluated), reason: v1alpha1.UnsupportedFormatReason,
		},
		{
			name: "bundle in Rekor v2 by another signer", attach: inRekorV2(labtest.UntrustedSigner, sigstore.SLSAPredicate, sigstore.HashedRekordEntry),
			policies: policies, answer: always(denies),
		},
		{
			name:   "bundles in both logs",
			attach: both(inRekorV1(labtest.Release, sigstore.SLSAPredicate), inRekorV2(labtest.Release, sigstore.SLSAPredicate, sigstore.HashedRekordEntry)),
			// The one in Rekor v2 is accepted in any case.
			policies: policies, answer: always(admits),
		},
		{
			name:     "bundle beside one of another signer in Rekor v2",
			attach:   both(inRekorV1(labtest.Release, sigstore.SLSAPredicate), inRekorV2(labtest.UntrustedSigner, sigstore.SLSAPredicate, sigstore.HashedRekordEntry)),
			policies: policies, answer: since("v0.15.0", admits, byChance), reason: v1alpha1.PolicyNotEvaluatedReason,
		},
		{
			name:     "bundle with a timestamp beside one of another signer in Rekor v2",
			attach:   both(inRekorV1Stamped(labtest.Release, sigstore.SLSAPredicate), inRekorV2(labtest.UntrustedSigner, sigstore.SLSAPredicate, sigstore.HashedRekordEntry)),
			policies: policies, answer: always(admits),
		},
	}
}

// signatureCases are signatures under the policy that a trust renders.
func signatureCases(t *testing.T) []difference {
	t.Helper()
	rendered := func(name, repository string) []*unstructured.Unstructured {
		made := prediction.TrustPolicy(t, name, "unused")
		glob := map[string]any{"glob": strings.Replace(repository, "docker.io/", "index.docker.io/", 1) + "@*"}
		return []*unstructured.Unstructured{with(made, map[string]any{"images": []any{glob}})}
	}
	return []difference{
		{name: "signature bundle in Rekor v1", attach: inRekorV1(labtest.Release, sigstore.SignPredicate), policies: rendered, answer: always(admits)},
		{
			name: "signature bundle in Rekor v2", attach: inRekorV2(labtest.Release, sigstore.SignPredicate, sigstore.HashedRekordEntry),
			policies: rendered, answer: since("v0.15.0", denies, admits),
		},
		{
			name: "signature of another signer beside one in Rekor v2", attach: both(signed(labtest.UntrustedSigner), inRekorV2(labtest.Release, sigstore.SignPredicate, sigstore.HashedRekordEntry)),
			policies: rendered, answer: since("v0.15.0", denies, admits),
		},
		{
			name: "signature beside one in Rekor v2", attach: both(signed(labtest.Release), inRekorV2(labtest.Release, sigstore.SignPredicate, sigstore.HashedRekordEntry)),
			policies: rendered, answer: always(admits),
		},
	}
}

// release is the signer that the cases trust.
func release() map[string]any { return identified(labtest.Release.Issuer, labtest.Release.Subject) }
