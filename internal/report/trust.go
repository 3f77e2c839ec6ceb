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

package report

import (
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/forecast"
)

func newTrust(s *TrustSource) Trust {
	spec, status := &s.Object.Spec, &s.Object.Status
	t := Trust{
		Name: clip(s.Object.Name, maxName), Enforcement: spec.Enforcement, Signers: signers(spec),
		Ready:    condition(status, v1alpha1.ReadyCondition),
		Enforced: condition(status, v1alpha1.EnforcedCondition), LastVerifiedTime: status.LastVerifiedTime,
		Reported: reported(status.Summary),
	}
	for _, glob := range spec.Images {
		t.Globs = append(t.Globs, clip(string(glob), maxReference))
	}
	for _, one := range spec.Attestations {
		t.Attestations = append(t.Attestations, clip(one.Name, maxName))
	}
	if status.Policy != nil {
		t.Mode = clip(status.Policy.Mode, maxReason)
	}
	if status.ObservedGeneration != s.Object.Generation {
		t.Message = "the operator has not reported about the current spec yet"
	}
	if s.Compiled != nil {
		t.Examined = s.examined()
	} else if status.Summary != nil {
		t.ImagesNotListed = int(status.Summary.ImagesNotListed)
		t.ViolationsNotListed = int(status.Summary.ViolationsNotListed)
	}
	return t
}

// signers returns the signers that a trust accepts.
func signers(spec *v1alpha1.KarmadaImageTrustSpec) []RequiredSigner {
	root := func(own, of *v1alpha1.TrustRootReference) string {
		switch {
		case own != nil:
			return clip(own.Name, maxName)
		case of != nil:
			return clip(of.Name, maxName)
		}
		return ""
	}
	if len(spec.Signers) == 0 {
		return []RequiredSigner{{
			Issuer: clip(spec.Issuer, maxReference), IssuerRegexp: clip(string(spec.IssuerRegexp), maxReference),
			Identity: clip(spec.Identity, maxReference), IdentityRegexp: clip(string(spec.IdentityRegexp), maxReference),
			TrustRoot: root(nil, spec.TrustRoot),
		}}
	}
	out := make([]RequiredSigner, 0, len(spec.Signers))
	for i := range spec.Signers {
		one := &spec.Signers[i]
		out = append(out, RequiredSigner{
			Name: clip(one.Name, maxName), Issuer: clip(one.Issuer, maxReference), IssuerRegexp: clip(string(one.IssuerRegexp), maxReference),
			Identity: clip(one.Identity, maxReference), IdentityRegexp: clip(string(one.IdentityRegexp), maxReference),
			TrustRoot: root(one.TrustRoot, spec.TrustRoot),
		})
	}
	return out
}

func condition(status *v1alpha1.KarmadaImageTrustStatus, conditionType string) Condition {
	found := apimeta.FindStatusCondition(status.Conditions, conditionType)
	if found == nil {
		return Condition{Status: metav1.ConditionUnknown}
	}
	return Condition{Status: found.Status, Reason: clip(found.Reason, maxName), Message: clip(found.Message, maxMessage)}
}

func reported(s *v1alpha1.Summary) *TrustCounts {
	if s == nil {
		return nil
	}
	return &TrustCounts{
		Images: number(s.Images), Verified: number(s.Verified), Untrusted: number(s.Untrusted), Unknown: number(s.Unknown),
		WouldDeny: number(s.WouldDeny), WouldDenyOnceOptedIn: number(s.WouldDenyOnceOptedIn), Undetermined: number(s.Undetermined),
	}
}

// number converts a count of the API.
func number(n *int32) *int {
	if n == nil {
		return nil
	}
	return new(int(*n))
}

// examined counts what an examination found out, as the operator does.
func (s *TrustSource) examined() *TrustCounts {
	verdicts := map[v1alpha1.Verdict]int{}
	for i := range s.Images {
		verdicts[known(s.Images[i].Answer.Result.Verdict)]++
	}
	workloads := forecast.Count(s.Forecasts)
	return &TrustCounts{
		Images: new(len(s.Images)), Verified: new(verdicts[v1alpha1.VerdictVerified]), Untrusted: new(verdicts[v1alpha1.VerdictUntrusted]),
		Unknown: new(verdicts[v1alpha1.VerdictUnknown]), WouldDeny: new(workloads.WouldDeny),
		WouldDenyOnceOptedIn: new(workloads.WouldDenyOnceOptedIn), Undetermined: new(workloads.Undetermined),
	}
}

// Counts are those of the examination, or else those of the operator; nil if there are none.
func (t *Trust) Counts() *TrustCounts {
	if t.Examined != nil {
		return t.Examined
	}
	return t.Reported
}

// Differs reports whether the operator's counts of images or denials are known and differ from those of the examination.
func (t *Trust) Differs() bool {
	if t.Examined == nil || t.Reported == nil {
		return false
	}
	for _, pair := range [][2]*int{
		{t.Examined.Images, t.Reported.Images}, {t.Examined.Verified, t.Reported.Verified},
		{t.Examined.Untrusted, t.Reported.Untrusted}, {t.Examined.WouldDeny, t.Reported.WouldDeny},
	} {
		if pair[1] != nil && *pair[0] != *pair[1] {
			return true
		}
	}
	return false
}
