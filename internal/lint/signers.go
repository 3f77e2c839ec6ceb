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

package lint

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// looseSigner returns the findings about one signer, in the simple fields of a spec, except for those that the warnings already
// report.
func looseSigner(signer v1alpha1.TrustedSigner, warnings []warning) []Finding {
	findings := looseIdentity(string(signer.IdentityRegexp), alreadyWarned(warnings, "spec.identityRegexp"))
	findings = append(findings, impossibleSigner(signer, warnings)...)
	return append(findings, looseIssuer(string(signer.IssuerRegexp), alreadyWarned(warnings, "spec.issuerRegexp"))...)
}

// looseSigners returns the findings about each signer of a list, as if it were the only signer of the trust, and what admission
// would warn about then.
func (l *Linter) looseSigners(ctx context.Context, object *unstructured.Unstructured, spec v1alpha1.KarmadaImageTrustSpec) []Finding {
	var findings []Finding
	for i, signer := range spec.Signers {
		if signer.TrustRoot == nil {
			signer.TrustRoot = spec.TrustRoot
		}
		warnings := l.warnings.evaluate(ctx, ofOneSigner(object, signer))
		var about []Finding
		for _, w := range warnings {
			if f := w.finding(); strings.HasPrefix(f.Field, "spec.issuer") || strings.HasPrefix(f.Field, "spec.identity") {
				about = append(about, f)
			}
		}
		for _, f := range append(about, looseSigner(signer, warnings)...) {
			f.Field = signerField(i, strings.TrimPrefix(f.Field, specField+"."))
			findings = append(findings, f)
		}
	}
	return findings
}

func signerField(i int, field string) string { return fmt.Sprintf("spec.signers[%d].%s", i, field) }

// ofOneSigner returns the trust with one signer, in the simple fields.
func ofOneSigner(object *unstructured.Unstructured, signer v1alpha1.TrustedSigner) *unstructured.Unstructured {
	one := object.DeepCopy()
	spec, _, _ := unstructured.NestedMap(one.Object, specField)
	delete(spec, "signers")
	for field, value := range map[string]string{
		"issuer": signer.Issuer, "issuerRegexp": string(signer.IssuerRegexp),
		"identity": signer.Identity, "identityRegexp": string(signer.IdentityRegexp),
	} {
		if value != "" {
			spec[field] = value
		}
	}
	one.Object[specField] = spec
	return one
}

// redundantSigners reports signers that another signer of the list includes: they accept no image that the other does not.
func redundantSigners(spec v1alpha1.KarmadaImageTrustSpec) []Finding {
	var findings []Finding
	for i, signer := range spec.Signers {
		for j, other := range spec.Signers {
			if i == j || trustRootOf(spec, signer) != trustRootOf(spec, other) || !includes(other, signer) {
				continue
			}
			if same := includes(signer, other); same && j > i {
				continue // it is reported about the later one
			} else if same {
				findings = append(findings, Finding{RuleRedundantSigner, LevelWarning, signerField(i, "name"),
					fmt.Sprintf("signer %s is the same as signer %s; remove one of them", signer.Name, other.Name)})
			} else {
				findings = append(findings, Finding{RuleRedundantSigner, LevelWarning, signerField(i, "name"), fmt.Sprintf(
					"whoever is signer %s is also signer %s, which accepts more; remove one of them", signer.Name, other.Name)})
			}
			break
		}
	}
	return findings
}

func trustRootOf(spec v1alpha1.KarmadaImageTrustSpec, signer v1alpha1.TrustedSigner) string {
	switch {
	case signer.TrustRoot != nil:
		return signer.TrustRoot.Name
	case spec.TrustRoot != nil:
		return spec.TrustRoot.Name
	default:
		return ""
	}
}

// includes reports whether a signer accepts every certificate that another one does, as far as that is known: two regular
// expressions are compared as texts.
func includes(signer, other v1alpha1.TrustedSigner) bool {
	return includesValue(signer.Issuer, string(signer.IssuerRegexp), other.Issuer, string(other.IssuerRegexp)) &&
		includesValue(signer.Identity, string(signer.IdentityRegexp), other.Identity, string(other.IdentityRegexp))
}

func includesValue(exact, expr, otherExact, otherExpr string) bool {
	switch {
	case exact != "":
		return exact == otherExact
	case otherExpr != "":
		return expr == otherExpr
	default:
		matches, err := regexp.MatchString("^(?:"+expr+")$", otherExact)
		return err == nil && matches
	}
}
