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
	"net/url"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/internal/admission"
)

// publicGoodMirror is the host of the TUF repository of the public good Sigstore instance. Its trusted root has had a log with
// an Ed25519 key since September 2025.
const publicGoodMirror = "tuf-repo-cdn.sigstore.dev"

// TrustRoot returns the findings about a TrustRoot that no version of policy-controller can use, or not every one. What is known
// about its keys has to be read by the caller, and is not if the TrustRoot names a remote TUF repository.
func TrustRoot(object *unstructured.Unstructured, known admission.TrustRoot) []Finding {
	var findings []Finding
	form := specField
	for _, field := range []string{"sigstoreKeys", "repository", "remote"} {
		if _, ok, _ := unstructured.NestedMap(object.Object, specField, field); ok {
			form = specField + "." + field
		}
	}
	if advice := known.Advice(); advice != "" {
		findings = append(findings, Finding{RuleUnusableTrustRoot, LevelError, form, advice})
	}
	mirror, _, _ := unstructured.NestedString(object.Object, specField, "remote", "mirror")
	if parsed, err := url.Parse(mirror); err == nil && strings.EqualFold(parsed.Hostname(), publicGoodMirror) {
		findings = append(findings, Finding{RuleUnusableTrustRoot, LevelError, specField + ".remote.mirror",
			"the root of trust of the public good instance has a log with an Ed25519 key, and policy-controller accepts only ECDSA" +
				" keys of transparency logs: name no TrustRoot, which means the same root of trust"})
	}
	if field := admission.OtherTargets(object); field != "" {
		findings = append(findings, Finding{RuleTargetsDirectory, LevelWarning, field,
			"policy-controller 0.15 does not find trusted_root.json in another directory than " + admission.DefaultTargets +
				": have it there in the TUF repository, and remove this field"})
	}
	return findings
}
