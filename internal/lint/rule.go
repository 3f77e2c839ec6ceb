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

// Rule is the stable name of a kind of finding.
type Rule string

// The rules, in the order in which findings come.
const (
	// RuleUnknownField is broken by a field that the kind does not have.
	RuleUnknownField Rule = "unknown-field"
	// RuleSchemaViolation is broken by what the CRD refuses.
	RuleSchemaViolation Rule = "schema-violation"
	// RuleUnchecked tells that the API server, and so the linter, stopped before it was through.
	RuleUnchecked Rule = "unchecked"
	// RuleAdmissionWarning is broken by what admission warns of.
	RuleAdmissionWarning Rule = "admission-warning"
	// RuleInvalidSpec is broken by what the API server accepts and the operator does not.
	RuleInvalidSpec Rule = "invalid-spec"
	// RuleLooseIdentity is broken by an identity that others have too.
	RuleLooseIdentity Rule = "loose-identity"
	// RuleImpossibleIdentity is broken by an identity that nobody has.
	RuleImpossibleIdentity Rule = "impossible-identity"
	// RuleLooseIssuer is broken by an issuer that is not named exactly.
	RuleLooseIssuer Rule = "loose-issuer"
	// RuleUnsignedImages is broken by a glob of images that nobody signs.
	RuleUnsignedImages Rule = "unsigned-images"
	// RuleWideGlob is broken by a glob of whatever is in a place.
	RuleWideGlob Rule = "wide-glob"
	// RuleNotEnforced is broken by a trust that refuses nothing.
	RuleNotEnforced Rule = "not-enforced"
)

// Description says what a rule is about.
type Description struct {
	// Rule that is described.
	Rule Rule
	// Level of most of its findings.
	Level Level
	// Summary in one sentence.
	Summary string
	// Help says why it matters and what to do.
	Help string
}

// Descriptions lists all rules.
func Descriptions() []Description {
	return []Description{
		{
			RuleUnknownField, LevelError, "The kind has no such field.",
			"kubectl apply refuses it, so that nothing that is written is ignored. Look for a misspelling, or for a field that" +
				" stands one level too deep or not deep enough: kubectl explain kit.spec lists them.",
		},
		{
			RuleSchemaViolation, LevelError, "The API server refuses the trust.",
			"These are the schema and the rules of the CustomResourceDefinition, in the API server's own words. The message says" +
				" what to write.",
		},
		{
			RuleUnchecked, LevelNote, "Some rules were not checked.",
			"The API server looks at some rules only once the others are kept. Mend the errors, and look again.",
		},
		{
			RuleAdmissionWarning, LevelWarning, "Admission warns of the trust.",
			"kubectl apply shows this warning where config/admission is installed. The trust is valid and hardly meant like this.",
		},
		{
			RuleInvalidSpec, LevelError, "The operator cannot work by the trust.",
			"The API server takes it, but it never becomes a policy: the condition PolicyApplied turns False with the reason" +
				" InvalidSpec.",
		},
		{
			RuleLooseIdentity, LevelWarning, "Others than the one who is meant may sign.",
			"An identity is the subject of a signing certificate; for a workflow it is" +
				" https://HOST/OWNER/REPOSITORY/.github/workflows/FILE@REF. Name all parts but the version. A build of a pull" +
				" request or of any branch bears the same repository and workflow, and only the ref tells it from a release.",
		},
		{
			RuleImpossibleIdentity, LevelWarning, "Nobody has such an identity.",
			"The issuer gives identities of one form, and none of that form fits: every image would be refused. A regular" +
				" expression is not a glob: write [^/]+ where a glob has *, and a backslash before a dot.",
		},
		{
			RuleLooseIssuer, LevelNote, "The issuer is not named exactly.",
			"Who vouches for an identity is as important as the identity: another issuer may let anybody have it. Write issuer" +
				" with the whole URL, and a second trust for a second issuer.",
		},
		{
			RuleUnsignedImages, LevelWarning, "A glob selects images that nobody signs.",
			"These images are published without a signature, so no identity fits them. Where the trust is enforced they are" +
				" refused. Name the repositories that are signed, one by one.",
		},
		{
			RuleWideGlob, LevelNote, "A glob selects whatever is in a place.",
			"Whatever is published there later has to be signed by the same identity too, or is refused. Name the repositories" +
				" one by one where that is not what you want.",
		},
		{
			RuleNotEnforced, LevelNote, "Nothing is refused.",
			"Audit only reports, and Warn admits with a warning. Both are good beginnings: once the status says that nothing" +
				" would be refused, write Enforce.",
		},
	}
}
