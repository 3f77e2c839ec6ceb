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
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"maps"
	"strings"
	"testing"

	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/suites/e2e/internal/prediction"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// with replaces fields of the spec of a policy.
func with(cip *unstructured.Unstructured, fields map[string]any) *unstructured.Unstructured {
	maps.Copy(cip.Object["spec"].(map[string]any), fields)
	return cip
}

func warning(cip *unstructured.Unstructured) *unstructured.Unstructured {
	return with(cip, map[string]any{"mode": "warn"})
}

func matching(cip *unstructured.Unstructured, matches ...any) *unstructured.Unstructured {
	return with(cip, map[string]any{"match": matches})
}

// keyless returns an authority that trusts identities.
func keyless(identities ...map[string]any) map[string]any {
	list := make([]any, 0, len(identities))
	for _, id := range identities {
		list = append(list, id)
	}
	return map[string]any{"name": "keyless", "keyless": map[string]any{"url": "https://fulcio.sigstore.dev", "identities": list}}
}

func identified(issuer, subject string) map[string]any {
	return map[string]any{"issuer": issuer, "subject": subject}
}

// publicKey returns a new public key, which signed nothing.
func publicKey(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := cryptoutils.MarshalPublicKeyToPEM(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

// predictSeveralPolicies covers what policies can express. Each case has its own repository, signed by the release workflow.
func predictSeveralPolicies(p *prediction.Predictor) {
	t := p.T
	private := labtest.NewSigstore(t)
	root, err := private.TrustRoot("predict-root")
	if err != nil {
		t.Fatal(err)
	}
	p.Lab.Create(t, root)
	ours, theirs := identified(labtest.Release.Issuer, labtest.Release.Subject), identified(labtest.UntrustedSigner.Issuer, labtest.UntrustedSigner.Subject)
	pods := func(version string) map[string]any {
		return map[string]any{"group": "", "version": version, "resource": "pods"}
	}
	deployments := map[string]any{"group": "apps", "version": "v1", "resource": "deployments"}
	labelled := map[string]any{
		"group": "apps", "version": "v1", "resource": "deployments",
		"selector": map[string]any{"matchLabels": map[string]any{"tier": "prod"}},
	}
	named := keyless(ours)
	named["keyless"].(map[string]any)["trustRootRef"] = "predict-root"
	named["ctlog"] = map[string]any{"url": "https://rekor.sigstore.dev", "trustRootRef": "predict-root"}
	attested := keyless(ours)
	attested["attestations"] = []any{map[string]any{"name": "provenance", "predicateType": "https://slsa.dev/provenance/v1"}}
	keyed := map[string]any{"name": "key", "key": map[string]any{"data": publicKey(t), "hashAlgorithm": "sha256"}}
	condition := map[string]any{"type": "cue", "data": `authorityMatches: keyless: signatures: [...]`}
	regexps := func(issuer, subject string) map[string]any {
		return map[string]any{"issuerRegExp": issuer, "subjectRegExp": subject}
	}

	cases := []struct {
		name         string
		policies     func(name, repository string) []*unstructured.Unstructured
		kinds        []string
		labels       map[string]string
		undetermined string
	}{
		{name: "both pass", policies: each(authority(keyless(ours)), authority(prediction.StaticAuthority("pass")))},
		{name: "one fails", policies: each(authority(keyless(ours)), authority(keyless(theirs)))},
		{name: "both fail", policies: each(authority(keyless(theirs)), authority(prediction.StaticAuthority("fail")))},
		{name: "warning fails", policies: each(authority(keyless(ours)), warns(authority(keyless(theirs))))},
		{name: "only warning fails", policies: each(warns(authority(keyless(theirs))))},
		{name: "warning and other fail", policies: each(authority(keyless(theirs)), warns(authority(prediction.StaticAuthority("fail"))))},
		{name: "warning passes other fails", policies: each(warns(authority(keyless(ours))), authority(prediction.StaticAuthority("fail")))},
		{name: "static pass", policies: each(authority(prediction.StaticAuthority("pass")))},
		{name: "static fail", policies: each(authority(prediction.StaticAuthority("fail")))},
		{name: "second authority", policies: each(authority(keyless(theirs), keyless(ours)))},
		{name: "static fail or signed", policies: each(authority(prediction.StaticAuthority("fail"), keyless(ours)))},
		{name: "second identity", policies: each(authority(keyless(theirs, ours)))},
		{name: "no identity fits", policies: each(authority(keyless(theirs, identified(labtest.Release.Issuer, "unknown"))))},
		{name: "regexps without anchors", policies: each(authority(keyless(regexps("githubusercontent", "karmada-io/karmada"))))},
		{name: "regexps that do not fit", policies: each(authority(keyless(regexps("^https://github", "karmada-io/karmada"))))},
		{name: "named root of others", policies: each(authority(named))},
		{name: "root or the default one", policies: each(authority(named, keyless(ours)))},
		{name: "deployments only", policies: each(limited(authority(keyless(ours)), deployments)), kinds: []string{"Deployment", "ReplicaSet", "Pod"}},
		{name: "deployments only failing", policies: each(limited(authority(prediction.StaticAuthority("fail")), deployments), authority(prediction.StaticAuthority("pass"))), kinds: []string{"Deployment", "StatefulSet"}},
		{name: "pods of any version", policies: each(limited(authority(prediction.StaticAuthority("fail")), pods("*")), authority(prediction.StaticAuthority("pass"))), kinds: []string{"Pod", "Job"}},
		{name: "pods of no version", policies: each(limited(authority(prediction.StaticAuthority("fail")), pods("")), authority(prediction.StaticAuthority("pass"))), kinds: []string{"Pod", "Deployment"}},
		{name: "labelled", policies: each(limited(authority(prediction.StaticAuthority("fail")), labelled), authority(prediction.StaticAuthority("pass"))), kinds: []string{"Deployment"}, labels: map[string]string{"tier": "prod"}},
		{name: "not labelled", policies: each(limited(authority(prediction.StaticAuthority("fail")), labelled), authority(prediction.StaticAuthority("pass"))), kinds: []string{"Deployment"}, labels: map[string]string{"tier": "test"}},
		{name: "unknown but certainly denied", policies: each(authority(keyed), authority(prediction.StaticAuthority("fail")))},
		{name: "unknown but certainly passed", policies: each(authority(keyed, prediction.StaticAuthority("pass")))},
		{name: "unknown and only warning", policies: each(authority(keyless(ours)), warns(authority(keyless(theirs), prediction.StaticAuthority("fail"))))},
		{name: "condition on what fails", policies: each(conditional(authority(keyless(theirs)), condition))},
		{name: "signed by a key", policies: each(authority(keyed)), kinds: []string{"Deployment"}, undetermined: v1alpha1.PolicyNotEvaluatedReason},
		{name: "attested", policies: each(authority(attested))},
		{name: "attested or signed", policies: each(authority(attested, keyless(ours)))},
		{name: "with a condition", policies: each(conditional(authority(keyless(ours)), condition)), kinds: []string{"Deployment"}, undetermined: v1alpha1.PolicyNotEvaluatedReason},
		{name: "unknown and allowed", policies: each(authority(keyless(ours)), authority(keyed)), kinds: []string{"Deployment"}, undetermined: v1alpha1.PolicyNotEvaluatedReason},
	}
	var policies []*unstructured.Unstructured
	for _, c := range cases {
		slug := strings.ReplaceAll(c.name, " ", "-")
		policies = append(policies, c.policies("predict-"+slug, "docker.io/predict-several/"+slug)...)
		p.Lab.PushSignedImage(t, "docker.io/predict-several/"+slug+":v1", labtest.Release)
	}
	p.CreatePolicies(policies...)
	in := p.CreateNamespace("predict-several", true)
	for i, c := range cases {
		kinds := c.kinds
		if kinds == nil {
			kinds = []string{prediction.WorkloadKinds[i%len(prediction.WorkloadKinds)], prediction.WorkloadKinds[(i+3)%len(prediction.WorkloadKinds)]}
		}
		for _, kind := range kinds {
			p.Check(prediction.Workload{
				Name: c.name, Kind: kind, Namespace: in, Labels: c.labels, Undetermined: c.undetermined,
				Images: []string{"docker.io/predict-several/" + strings.ReplaceAll(c.name, " ", "-") + ":v1"},
			})
		}
	}
}

// policyMaker makes a ClusterImagePolicy for a repository.
type policyMaker func(name, repository string) *unstructured.Unstructured

func each(makers ...policyMaker) func(name, repository string) []*unstructured.Unstructured {
	return func(name, repository string) []*unstructured.Unstructured {
		var policies []*unstructured.Unstructured
		for i, maker := range makers {
			policies = append(policies, maker(name+"-"+string(rune('a'+i)), repository))
		}
		return policies
	}
}

func authority(authorities ...map[string]any) policyMaker {
	return func(name, repository string) *unstructured.Unstructured {
		return prediction.ForeignPolicy(name, repository, authorities...)
	}
}

func warns(maker policyMaker) policyMaker {
	return func(name, repository string) *unstructured.Unstructured { return warning(maker(name, repository)) }
}

func limited(maker policyMaker, matches ...any) policyMaker {
	return func(name, repository string) *unstructured.Unstructured {
		return matching(maker(name, repository), matches...)
	}
}

func conditional(maker policyMaker, condition map[string]any) policyMaker {
	return func(name, repository string) *unstructured.Unstructured {
		return with(maker(name, repository), map[string]any{"policy": condition})
	}
}
