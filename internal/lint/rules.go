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

// Rule is the stable identifier of a kind of finding.
type Rule string

// The rules, in the order in which findings are returned.
const (
	// RuleRepeatedKey is violated by a file in which a key is given twice.
	RuleRepeatedKey Rule = "repeated-key"
	// RuleGluedSeparator is violated by a file with a separator of documents at the end of a value.
	RuleGluedSeparator Rule = "glued-separator"
	// RuleDuplicateName is violated by the second one of two trusts, or of two TrustRoots, of the same name.
	RuleDuplicateName Rule = "duplicate-name"
	// RuleUnknownField is violated by a field that the kind does not have.
	RuleUnknownField Rule = "unknown-field"
	// RuleSchemaViolation is violated by an object that the schema or the CEL rules of the CRD do not allow.
	RuleSchemaViolation Rule = "schema-violation"
	// RuleUnchecked reports that the API server, and therefore the linter, did not evaluate all rules.
	RuleUnchecked Rule = "unchecked"
	// RuleAdmissionWarning is violated by a spec that admission warns about.
	RuleAdmissionWarning Rule = "admission-warning"
	// RuleInvalidSpec is violated by a spec that the API server accepts and the operator cannot compile.
	RuleInvalidSpec Rule = "invalid-spec"
	// RuleLooseIdentity is violated by an expression that also accepts unintended identities.
	RuleLooseIdentity Rule = "loose-identity"
	// RuleImpossibleIdentity is violated by an identity that the issuer never issues.
	RuleImpossibleIdentity Rule = "impossible-identity"
	// RuleImpossibleIssuer is violated by an issuer that no certificate with such an identity has.
	RuleImpossibleIssuer Rule = "impossible-issuer"
	// RuleLooseIssuer is violated by an expression for the issuer.
	RuleLooseIssuer Rule = "loose-issuer"
	// RuleRedundantSigner is violated by a signer that accepts no image that another signer of the trust does not accept.
	RuleRedundantSigner Rule = "redundant-signer"
	// RuleUnknownPredicateType is violated by a predicate type that is almost a common one.
	RuleUnknownPredicateType Rule = "unknown-predicate-type"
	// RuleUnsignedImages is violated by a glob that matches images that are published without a signature.
	RuleUnsignedImages Rule = "unsigned-images"
	// RuleWideGlob is violated by a glob that matches everything in an organization or registry.
	RuleWideGlob Rule = "wide-glob"
	// RuleUnusedGlob is violated by a glob that matches no image of the manifests that are given.
	RuleUnusedGlob Rule = "unused-glob"
	// RuleNotEnforced is violated by a trust under which admission denies nothing.
	RuleNotEnforced Rule = "not-enforced"
	// RuleUnusableTrustRoot is violated by a TrustRoot that no version of policy-controller can use.
	RuleUnusableTrustRoot Rule = "unusable-trust-root"
	// RuleTargetsDirectory is violated by a TrustRoot that not every version of policy-controller can use, because of the directory
	// of its targets.
	RuleTargetsDirectory Rule = "targets-directory"
)

// Description documents a rule.
type Description struct {
	// Rule that is described.
	Rule Rule
	// Level is the default level of the findings.
	Level Level
	// Summary is one sentence.
	Summary string
	// Help says why the rule matters and what to do.
	Help string
}

// Descriptions returns the descriptions of all rules, in the order in which findings are returned.
func Descriptions() []Description {
	return []Description{
		{
			RuleRepeatedKey, LevelError, "A key is given twice.",
			"kubectl takes the last one without a word, and people read the first one. Other tools, such as Flux and Argo CD, reject the" +
				" file. Remove one of them.",
		},
		{
			RuleGluedSeparator, LevelError, "A separator of documents is part of a value.",
			"--- separates documents only at the beginning of a line. At the end of a value it belongs to the value, and the keys behind it" +
				" replace those of the document before. Begin a new line.",
		},
		{
			RuleDuplicateName, LevelError, "Two objects have the same name.",
			"A cluster has one KarmadaImageTrust, and one TrustRoot, of each name. kubectl applies both, and only the last one remains. Rename one" +
				" of them, or give lint only the files that are applied together.",
		},
		{
			RuleUnknownField, LevelError, "The field does not exist.",
			"The API server rejects unknown fields of manifests that are applied with kubectl, so that no field is silently" +
				" ignored. Look for a typo or for a wrong level of indentation. kubectl explain kit.spec lists the fields.",
		},
		{
			RuleSchemaViolation, LevelError, "The API server would deny the trust.",
			"The trust violates the schema or a validation rule of the CustomResourceDefinition. The message is that of the API" +
				" server, and says what to write instead.",
		},
		{
			RuleUnchecked, LevelNote, "Some validation rules were not evaluated.",
			"The API server evaluates some validation rules only if there are no other errors. Fix the errors and lint again.",
		},
		{
			RuleAdmissionWarning, LevelWarning, "Admission would warn about the trust.",
			"The trust is valid, but probably not what was intended. kubectl apply shows the same warning if config/admission is" +
				" installed, except for those about one of several signers.",
		},
		{
			RuleInvalidSpec, LevelError, "The operator cannot compile the trust.",
			"The API server accepts the trust, but the operator does not apply a ClusterImagePolicy for it: the condition" +
				" PolicyApplied becomes False with the reason InvalidSpec.",
		},
		{
			RuleLooseIdentity, LevelWarning, "Unintended identities may sign.",
			"An identity is the subject of a signing certificate. For a workflow it is" +
				" https://HOST/OWNER/REPOSITORY/.github/workflows/FILE@REF. Write all parts except for the version literally. A build" +
				" of a pull request or of a branch has the same repository and workflow as a release, and differs only in the ref.",
		},
		{
			RuleImpossibleIdentity, LevelWarning, "No signer can have the identity.",
			"All identities of the issuer have the same form, and none of that form matches, so every image would be denied. An" +
				" exact identity has no wildcards: write identityRegexp. A regular expression is not a glob: write [^/]+ instead of" +
				" *, and a backslash before a dot. A ref is written in full, such as refs/tags/v1.0.0.",
		},
		{
			RuleImpossibleIssuer, LevelWarning, "No certificate has the issuer.",
			"The issuer is compared as it is written in the certificate, with its scheme and path and without a slash at its end:" +
				" https://token.actions.githubusercontent.com for GitHub Actions, https://gitlab.com for GitLab," +
				" https://accounts.google.com for Google, and https://github.com/login/oauth for people who log in with GitHub." +
				" cosign verify --certificate-oidc-issuer-regexp '.*' prints the issuer of an image that is signed already.",
		},
		{
			RuleLooseIssuer, LevelNote, "The issuer is an expression.",
			"An identity is only as trustworthy as its issuer: another issuer may give the same identity to anyone. Set issuer to" +
				" the whole URL, and list a second issuer as another one of the signers.",
		},
		{
			RuleRedundantSigner, LevelWarning, "Another signer of the trust accepts the same.",
			"One of the signers of a trust suffices, so that a signer whose issuer, identity and root of trust another one accepts" +
				" too changes nothing. The status names the first one of the list.",
		},
		{
			RuleUnknownPredicateType, LevelWarning, "The predicate type is almost a common one.",
			"A predicate type is compared as it is in the statement, with upper case, version and without a slash at its end. No image has an" +
				" attestation of a misspelt type, so every image would be denied. cosign download attestation prints the statements of an image.",
		},
		{
			RuleUnsignedImages, LevelWarning, "A glob matches images that are not signed.",
			"These images are published without a signature, so no identity matches. They are denied if the trust is enforced." +
				" List the signed repositories one by one.",
		},
		{
			RuleWideGlob, LevelNote, "A glob matches every repository of an organization or registry.",
			"Images that are published there later must be signed by the same identity, or they are denied. List the" +
				" repositories one by one if that is not intended.",
		},
		{
			RuleUnusedGlob, LevelWarning, "A glob matches no image of the manifests.",
			"With --manifests, a glob that matches none of the images in them is probably misspelt, so that images which it was meant" +
				" for are not verified, or it is left from an image that is no longer used. Correct or remove it.",
		},
		{
			RuleNotEnforced, LevelNote, "Admission denies nothing.",
			"Audit only reports, and Warn allows images with a warning. Both are good to start with. Set Enforce once the status" +
				" reports no violations.",
		},
		{
			RuleUnusableTrustRoot, LevelError, "policy-controller cannot use the TrustRoot.",
			"policy-controller accepts only ECDSA keys of transparency logs. It has no keys at all of a TrustRoot with another one," +
				" so every policy that names the TrustRoot denies every image. Write the keys in spec.sigstoreKeys without that log," +
				" or name no TrustRoot and set --tuf-mirror and --tuf-root of policy-controller's webhook.",
		},
		{
			RuleTargetsDirectory, LevelWarning, "policy-controller 0.15 may not find the trusted root.",
			"policy-controller 0.15 looks for trusted_root.json in the directory targets of a TUF repository only.",
		},
	}
}
