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
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/internal/policy"
)

// githubPolicy has the shape of the policy that GitHub's Helm chart for artifact attestations makes: an authority for each of the
// two instances that GitHub signs with. Its expressions are not anchored.
const githubPolicy = `
images: [{glob: "**"}]
authorities:
- name: github
  keyless:
    url: https://fulcio.githubapp.com
    trustRootRef: github
    insecureIgnoreSCT: true
    identities: [{issuer: i, subjectRegExp: 'https://github.com/acme/.*/\.github/workflows/.*'}]
  rfc3161timestamp: {trustRootRef: github}
  signatureFormat: bundle
  attestations: [{name: require-attestation, predicateType: https://slsa.dev/provenance/v1}]
- name: public-good
  keyless:
    url: https://fulcio.sigstore.dev
    identities: [{issuer: i, subjectRegExp: 'https://github.com/acme/.*/\.github/workflows/.*'}]
  ctlog: {url: https://rekor.sigstore.dev}
  signatureFormat: bundle
  attestations: [{name: require-attestation, predicateType: https://slsa.dev/provenance/v1}]
`

// TestGitHubPolicy: the requirements of such a policy are read as they are meant, and decide.
func TestGitHubPolicy(t *testing.T) {
	p := parsePolicy(t, githubPolicy)
	signer := policy.Signer{Issuer: "i", SubjectRegexp: `https://github.com/acme/.*/\.github/workflows/.*`}
	provenance := func(formats policy.Formats) *policy.Rule {
		return policy.NewRule(signer, nil, policy.Attestation{
			Name: "require-attestation", PredicateType: "https://slsa.dev/provenance/v1", Formats: formats,
		})
	}
	want := map[string]string{
		"github": provenance(policy.TimestampedBundle.Within(V014().Capabilities)).ID(),
		"":       provenance(policy.Bundle.Within(V014().Capabilities)).ID(),
	}
	for _, r := range p.readings[0].requirements {
		if want[r.trustRoot] != r.rule.ID() {
			t.Errorf("by root %q it requires %s, want %s", r.trustRoot, r.rule.ID(), want[r.trustRoot])
		}
		delete(want, r.trustRoot)
	}
	if len(want) > 0 || p.Unevaluable() != "" {
		t.Errorf("requirements are missing: %v; %s", want, p.Unevaluable())
	}
	for name, tc := range map[string]struct {
		github, public string // what the judge answers by each root
		logs           bool   // whether TrustRoot github has logs, after all
		config         Config
		want           []string
	}{
		"neither":               {"wrong", "wrong", false, Config{}, []string{"Denied", "policy-0 Deny IdentityMismatch"}},
		"by GitHub's instance":  {"right", "wrong", false, Config{}, []string{"Allowed"}},
		"by the public one":     {"wrong", "right", false, Config{}, []string{"Allowed"}},
		"one is not known":      {"unknown", "wrong", false, Config{}, []string{"Undetermined", "policy-0 Undetermined RateLimited"}},
		"logs are not verified": {"wrong", "wrong", true, Config{}, []string{"Undetermined", "policy-0 Undetermined IdentityMismatch"}},
		"good in spite of logs": {"right", "wrong", true, Config{}, []string{"Allowed"}},
		"not verified at all":   {"wrong", "wrong", false, Config{EnableOCI11: true}, []string{"Undetermined", "policy-0 Undetermined IdentityMismatch"}},
	} {
		t.Run(name, func(t *testing.T) {
			cluster := newCluster(p)
			cluster.Config = tc.config
			got := summary(cluster.Decide(newPod("ghcr.io/acme/x:v1"), func(q Question) Answer {
				if q.ResolveOnly {
					return judgeBySubject(nil)(q)
				}
				by := map[string]string{"github": tc.github, "": tc.public}[q.TrustRoot]
				q.Rule = policy.NewRule(policy.Signer{Issuer: "i", Subject: by}, nil)
				answer := judgeBySubject(nil)(q)
				answer.NoLogs, answer.NoCTLogs = q.TrustRoot != "" && !tc.logs, q.TrustRoot != "" && !tc.logs
				return answer
			}))
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
		})
	}
}

// TestTimestampedBundles: which authorities for bundles by a timestamp are evaluated, and how.
func TestTimestampedBundles(t *testing.T) {
	const attested = "attestations: [{name: a, predicateType: 'https://a'}], "
	for name, tc := range map[string]struct {
		authority string
		want      string
	}{
		"evaluated": {"{signatureFormat: bundle, " + attested + "rfc3161timestamp: {trustRootRef: r}, " +
			"keyless: {url: x, trustRootRef: r, insecureIgnoreSCT: true, identities: [{issuer: i, subject: wrong}]}}", "Denied IdentityMismatch"},
		"with a certificate log": {"{signatureFormat: bundle, " + attested + "rfc3161timestamp: {trustRootRef: r}, " +
			"keyless: {url: x, trustRootRef: r, identities: [{issuer: i, subject: right}]}}", "Undetermined PolicyNotEvaluated"},
		"another root": {"{signatureFormat: bundle, " + attested + "rfc3161timestamp: {trustRootRef: s}, " +
			"keyless: {url: x, trustRootRef: r, insecureIgnoreSCT: true, identities: [{issuer: i, subject: right}]}}", "Undetermined PolicyNotEvaluated"},
		"the default root": {"{signatureFormat: bundle, " + attested + "rfc3161timestamp: {}, " +
			"keyless: {url: x, insecureIgnoreSCT: true, identities: [{issuer: i, subject: right}]}}", "Undetermined PolicyNotEvaluated"},
		"a signature": {"{signatureFormat: bundle, rfc3161timestamp: {trustRootRef: r}, " +
			"keyless: {url: x, trustRootRef: r, insecureIgnoreSCT: true, identities: [{issuer: i, subject: right}]}}", "Undetermined PolicyNotEvaluated"},
		"several identities": {"{signatureFormat: bundle, " + attested + "rfc3161timestamp: {trustRootRef: r}, " +
			"keyless: {url: x, trustRootRef: r, insecureIgnoreSCT: true, identities: [{issuer: i, subject: right}, {issuer: j, subject: right}]}}",
			"Denied StaticPolicy"},
		"several identities, default root": {"{signatureFormat: bundle, " + attested +
			"keyless: {url: x, identities: [{issuer: i, subject: right}, {issuer: j, subject: right}]}}", "Denied StaticPolicy"},
		"several identities, no bundle": {"{" + attested + "keyless: {url: x, identities: [{issuer: i, subject: wrong}, {issuer: j, subject: right}]}}",
			"Allowed"},
		"a ctlog with the default root": {"{signatureFormat: bundle, " + attested +
			"ctlog: {url: https://y}, keyless: {url: x, identities: [{issuer: i, subject: wrong}]}}", "Denied IdentityMismatch"},
	} {
		t.Run(name, func(t *testing.T) {
			p := parsePolicy(t, "{images: [{glob: '**'}], authorities: ["+tc.authority+"]}")
			decision := newCluster(p).Decide(newPod("karmada/x@sha256:"+strings.Repeat("a", 64)), func(q Question) Answer {
				answer := judgeBySubject(nil)(q)
				answer.NoLogs, answer.NoCTLogs = q.TrustRoot != "", q.TrustRoot != ""
				return answer
			})
			got := decision.Outcome.String()
			if len(decision.Findings) > 0 {
				got += " " + decision.Findings[0].Reason
			}
			if got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}
