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

package controllers

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
	"github.com/karmada-io/image-trust/test/gen"
)

// signersTrust is a trust in a signer with the TrustRoot of the spec, and in one with another one.
func signersTrust() *v1alpha1.KarmadaImageTrust {
	return gen.Trust("karmada", gen.WithTrustRoot("shared"), gen.WithSigners(
		v1alpha1.TrustedSigner{Name: "release", Issuer: gen.Issuer, Identity: gen.Identity},
		v1alpha1.TrustedSigner{
			Name: "builder", Issuer: gen.Issuer, Identity: gen.Identity, TrustRoot: &v1alpha1.TrustRootReference{Name: "own"},
		},
	))
}

// TestNamesRoot finds the trusts that a TrustRoot concerns, by the spec and by signers.
func TestNamesRoot(t *testing.T) {
	got := map[string]bool{}
	for _, name := range []string{"shared", "own", "other", ""} {
		got[name] = namesRoot(signersTrust(), name)
	}
	if diff := cmp.Diff(map[string]bool{"shared": true, "own": true, "other": false, "": false}, got); diff != "" {
		t.Errorf("named TrustRoots (-want +got):\n%s", diff)
	}
	if namesRoot(gen.Trust("karmada"), "shared") {
		t.Error("a trust in the default root of trust names a TrustRoot")
	}
}

// TestRootsOfSigners: a root of trust that is not available is the problem of the signers that have it, and of no others.
func TestRootsOfSigners(t *testing.T) {
	compiled, err := policy.Compile(signersTrust().Spec)
	if err != nil {
		t.Fatal(err)
	}
	root := &trustroot.Root{Fingerprint: "a"}
	s := &scope{compiled: compiled, roots: map[string]rootOfTrust{"shared": {root: root}, "own": {err: errors.New("TrustRoot own does not exist")}}}
	if got := s.signerRoots(); got["shared"] != root || got["own"] != nil {
		t.Errorf("roots of trust %v, want only the shared one", got)
	}
	if diff := cmp.Diff(map[string]string{"builder": "TrustRoot own does not exist"}, s.rootProblems()); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if !s.rootsFetched() {
		t.Error("a root of trust that does not exist is waited for")
	}
	s.roots["own"] = rootOfTrust{err: trustroot.ErrNotFetched}
	if s.rootsFetched() {
		t.Error("a root of trust that is being fetched is not waited for")
	}
}

// TestUseOfSignersRoots reports the TrustRoot that admission cannot use, whichever signer has it.
func TestUseOfSignersRoots(t *testing.T) {
	compiled, err := policy.Compile(signersTrust().Spec)
	if err != nil {
		t.Fatal(err)
	}
	usable, unknown := admission.TrustRootUse{Usability: admission.Usable}, admission.TrustRootUse{Message: "not known"}
	differs := admission.TrustRootUse{Usability: admission.KeysDiffer, Message: "other keys"}
	refused := admission.TrustRootUse{Usability: admission.NotUsable, Refused: true, Message: "refused"}
	for name, tc := range map[string]struct{ shared, own, want admission.TrustRootUse }{
		"both":        {usable, usable, usable},
		"the first":   {refused, unknown, refused},
		"the second":  {unknown, refused, refused},
		"one unknown": {usable, unknown, unknown},
		"differs":     {differs, usable, differs},
		"and unknown": {differs, unknown, unknown},
	} {
		t.Run(name, func(t *testing.T) {
			s := &scope{compiled: compiled, cluster: &admission.Cluster{TrustRoot: func(name string) admission.TrustRootUse {
				return map[string]admission.TrustRootUse{"shared": tc.shared, "own": tc.own}[name]
			}}}
			if diff := cmp.Diff(tc.want, s.useOfTrustRoots()); diff != "" {
				t.Errorf("use (-want +got):\n%s", diff)
			}
		})
	}
}
