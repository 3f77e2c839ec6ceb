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

package v1alpha1_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/test/gen"
)

const (
	notChecked = `, <nil>: Invalid value: null: some validation rules were not checked because the object was invalid;` +
		` correct the existing errors to complete validation`
	oneIssuer = `spec: Invalid value: set exactly one of issuer and issuerRegexp: the OIDC issuer in the signing certificate,` +
		` for example issuer: https://token.actions.githubusercontent.com`
	oneIdentity = `spec: Invalid value: set exactly one of identity and identityRegexp: the subject of the signing certificate,` +
		` for example identityRegexp: https://github\.com/karmada-io/karmada/\.github/workflows/dockerhub-released-image\.yml@refs/tags/v.+`
	notBoth       = `spec: Invalid value: must not set issuer, issuerRegexp, identity or identityRegexp next to signers: list that signer in signers too, with a name`
	regexpRule    = ` evaluating rule: must be a regular expression in RE2 syntax; it is evaluated as ^(?:REGEXP)$`
	grammarRule   = `must consist of letters, digits and - _ : / * . @ only; "*" matches any characters except "/", and "**" matches any characters`
	nameRule      = `must be an image name without empty parts between slashes, for example docker.io/karmada/*`
	digestRule    = `must have a digest after "@"; write @sha256:DIGEST to match one digest, or remove "@" and what follows it to match all digests`
	dockerHubRule = `begins like Docker Hub and cannot match it, because admission compares globs with index.docker.io; write docker.io/ for Docker Hub, or the whole name of another registry`
	referRule     = `must be an image reference such as docker.io/karmada/karmada-scheduler:v1.16.0 or NAME@sha256:DIGEST`
	intervalRule  = `must be a duration between 1m and 168h, such as 30m or 6h`
	secretRule    = `must be the name of a Secret in the operator's namespace: lower case letters, digits, "-" and "."`
	predicateRule = `must be the URI of an attestation's predicate type, such as https://slsa.dev/provenance/v1`
	rootRule      = `must be the name of a TrustRoot: lower case letters, digits, "-" and "."`
	noTags        = `must not contain a tag, because policy-controller compares globs with digests only; remove "%" and limit the` +
		` versions in identityRegexp instead, for example with @refs/tags/v1\.16\.[0-9]+$`
)

// registryRule returns the error about a glob that names only a registry.
func registryRule(glob, registry string) string {
	return `spec.images[0]: Invalid value: "` + glob + `": names a registry without a repository; write "` + registry + `/**" to match every repository in it`
}

// The reasons why the schema and policy.Compile differ.
const (
	aboutSize  = "sizes are limited only for the API server"
	aboutStyle = "only the API requires it; Compile accepts it"
	aboutGlobs = "only Compile compares references with globs"
	aboutCUE   = "only Compile parses CUE"
)

type validationCase struct {
	spec map[string]any
	// want is the whole message, without the kind and name in front; empty: accepted.
	want string
	// onlySchema and onlyCompile explain why only the schema or only policy.Compile reports an error.
	onlySchema, onlyCompile string
}

func validationCases() map[string]validationCase {
	type object = map[string]any
	image := func(globs ...any) object { return object{"images": globs} }
	identity := func(expr string) object { return object{"identity": nil, "identityRegexp": expr} }
	refer := func(references ...any) object { return object{"verification": object{"references": references}} }
	interval := func(value any) object { return object{"verification": object{"interval": value}} }
	secret := func(names ...any) object { return object{"verification": object{"pullSecrets": names}} }
	attest := func(attestations ...any) object { return object{"attestations": attestations} }
	provenance := func(field string, value any) object {
		attestation := object{"name": "provenance", "predicateType": "https://slsa.dev/provenance/v1"}
		attestation[field] = value
		return attest(attestation)
	}
	digest := "sha256:" + strings.Repeat("0a", 32)
	with := func(fields object, name string, value any) object {
		changed := maps.Clone(fields)
		if changed[name] = value; value == nil {
			delete(changed, name)
		}
		return changed
	}
	signers := func(list ...any) object { return object{"issuer": nil, "identity": nil, "signers": list} }
	release := object{"name": "release", "issuer": gen.Issuer, "identity": gen.Identity}

	return map[string]validationCase{
		"valid": {},

		// Several signers.
		"signers": {spec: signers(release, object{
			"name": "fork", "issuerRegexp": "https://a", "identityRegexp": `.*`, "trustRoot": object{"name": "private"},
		})},
		"no signers":           {spec: signers(), want: "[" + oneIssuer + ", " + oneIdentity + "]"},
		"signers and issuer":   {spec: with(signers(release), "issuer", "https://a"), want: notBoth},
		"signers and identity": {spec: with(signers(release), "identityRegexp", "a"), want: notBoth},
		"a signer twice":       {spec: signers(release, release), want: `spec.signers[1]: Duplicate value: {"name":"release"}`},
		"a signer's name":      {spec: signers(with(release, "name", "a.b")), want: `spec.signers[0].name: Invalid value: "a.b": must consist of lower case letters, digits and "-", and begin and end with a letter or digit`},
		"a signer's issuers":   {spec: signers(with(release, "issuerRegexp", "a")), want: strings.Replace(oneIssuer, "spec:", "spec.signers[0]:", 1)},
		"a signer of no one":   {spec: signers(with(release, "identity", nil)), want: strings.Replace(oneIdentity, "spec:", "spec.signers[0]:", 1)},
		"a signer's regexp":    {spec: signers(with(with(release, "identity", nil), "identityRegexp", "a(b")), want: "spec.signers[0].identityRegexp: Invalid value: \"string\": error parsing regexp: missing closing ): `a(b`" + regexpRule},
		"a signer's root":      {spec: signers(with(release, "trustRoot", object{"name": "A"})), want: `spec.signers[0].trustRoot.name: Invalid value: "A": ` + rootRule, onlySchema: aboutStyle},

		// Who may sign.
		"no issuer":           {spec: object{"issuer": nil}, want: oneIssuer},
		"both issuers":        {spec: object{"issuerRegexp": "https://a"}, want: oneIssuer},
		"issuer by regexp":    {spec: object{"issuer": nil, "issuerRegexp": "https://a"}},
		"no identity":         {spec: object{"identity": nil}, want: oneIdentity},
		"both identities":     {spec: object{"identityRegexp": "a"}, want: oneIdentity},
		"neither":             {spec: object{"issuer": nil, "identity": nil}, want: "[" + oneIssuer + ", " + oneIdentity + "]"},
		"identity by regexp":  {spec: identity(`^https://github\.com/karmada-io/.*$`)},
		"empty issuer":        {spec: object{"issuer": ""}, want: `spec.issuer: Invalid value: "": spec.issuer in body should be at least 1 chars long`},
		"empty identity":      {spec: object{"identity": ""}, want: `spec.identity: Invalid value: "": spec.identity in body should be at least 1 chars long`},
		"empty regexp":        {spec: identity(""), want: `spec.identityRegexp: Invalid value: "": spec.identityRegexp in body should be at least 1 chars long`},
		"unclosed group":      {spec: identity("a(b"), want: "spec.identityRegexp: Invalid value: \"string\": error parsing regexp: missing closing ): `a(b`" + regexpRule},
		"unclosed class":      {spec: identity("[a"), want: "spec.identityRegexp: Invalid value: \"string\": error parsing regexp: missing closing ]: `[a`" + regexpRule},
		"open quote":          {spec: identity(`\Qa`), want: "spec.identityRegexp: Invalid value: \"string\": error parsing regexp: missing closing ): `^(?:\\Qa)$`" + regexpRule},
		"broken out of group": {spec: identity("a)|(?:b"), want: "spec.identityRegexp: Invalid value: \"string\": error parsing regexp: unexpected ): `a)|(?:b`" + regexpRule},
		"unknown escape":      {spec: identity(`\8`), want: "spec.identityRegexp: Invalid value: \"string\": error parsing regexp: invalid escape sequence: `\\8`" + regexpRule},
		"trailing backslash":  {spec: identity(`a\`), want: "spec.identityRegexp: Invalid value: \"string\": error parsing regexp: trailing backslash at end of expression: ``" + regexpRule},
		"glob for a regexp":   {spec: identity("**"), want: "spec.identityRegexp: Invalid value: \"string\": error parsing regexp: missing argument to repetition operator: `*`" + regexpRule},
		"too many repeats":    {spec: identity("a{1001}"), want: "spec.identityRegexp: Invalid value: \"string\": error parsing regexp: invalid repeat count: `{1001}`" + regexpRule},
		"bad issuer regexp": {
			spec: object{"issuer": nil, "issuerRegexp": "("},
			want: "spec.issuerRegexp: Invalid value: \"string\": error parsing regexp: missing closing ): `(`" + regexpRule,
		},
		"flags, groups and alternatives": {spec: identity(`(?i)(?P<name>a)|b|(?:c)`)},
		"long regexp": {
			spec: identity(strings.Repeat("a", 1025)), onlySchema: aboutSize,
			want: "[spec.identityRegexp: Too long: may not be more than 1024 bytes" + notChecked + "]",
		},
		"longest regexp": {spec: identity(strings.Repeat("a", 1024))},
		"long identity": {
			spec: object{"identity": strings.Repeat("a", 1025)}, onlySchema: aboutSize,
			want: "[spec.identity: Too long: may not be more than 1024 bytes" + notChecked + "]",
		},
		"long issuer": {
			spec: object{"issuer": strings.Repeat("a", 1025)}, onlySchema: aboutSize,
			want: "[spec.issuer: Too long: may not be more than 1024 bytes" + notChecked + "]",
		},

		// Which images.
		"every spelling": {spec: image("karmada/a", "docker.io/karmada/*", "index.docker.io/**", "nginx", "localhost:5000/a/*", "*/*", "**",
			"registry.example.com:8443/a-b/c_d/e.f", "a/b@"+digest, "a/b@*")},
		"no images": {spec: object{"images": nil}, want: "[spec.images: Required value" + notChecked + "]"},
		"empty images": {
			spec: image(many(0, "")...),
			want: "[spec.images: Invalid value: 0: spec.images in body should have at least 1 items," +
				" spec.images: Invalid value: must contain at least one glob, for example docker.io/karmada/*]",
		},
		"empty glob": {spec: image(""), want: `spec.images[0]: Invalid value: "": spec.images[0] in body should be at least 1 chars long`},
		"twice":      {spec: image("a/b", "c/d", "a/b"), onlySchema: aboutStyle, want: `spec.images[2]: Duplicate value: "a/b"`},
		"too many images": {
			spec: image(many(65, "a/b%d")...), onlySchema: aboutSize,
			want: "[spec.images: Too many: 65: must have at most 64 items" + notChecked + "]",
		},
		"most images": {spec: image(many(64, "a/b%d")...)},
		"long glob": {
			spec: image(strings.Repeat("a", 513)), onlySchema: aboutSize,
			want: "[spec.images[0]: Too long: may not be more than 512 bytes" + notChecked + "]",
		},
		"question mark":   {spec: image("a/b?"), want: `spec.images[0]: Invalid value: "a/b?": ` + grammarRule},
		"regexp":          {spec: image("a/(b|c)"), want: `spec.images[0]: Invalid value: "a/(b|c)": ` + grammarRule},
		"not ASCII":       {spec: image("a/ü"), want: `spec.images[0]: Invalid value: "a/ü": ` + grammarRule},
		"the second glob": {spec: image("a/b", "a b"), want: `spec.images[1]: Invalid value: "a b": ` + grammarRule},
		"scheme":          {spec: image("https://docker.io/a/b"), want: `spec.images[0]: Invalid value: "https://docker.io/a/b": must not begin with a scheme; remove "https://"`},
		"scheme of OCI":   {spec: image("oci://ghcr.io//a"), want: `spec.images[0]: Invalid value: "oci://ghcr.io//a": must not begin with a scheme; remove "oci://"`},
		"scheme alone":    {spec: image("docker:ghcr.io/a/b"), want: `spec.images[0]: Invalid value: "docker:ghcr.io/a/b": must have a number behind the ":" of the registry, which is its port, and not "ghcr.io"`},
		"empty part":      {spec: image("docker.io//b"), want: `spec.images[0]: Invalid value: "docker.io//b": ` + nameRule},
		"leading slash":   {spec: image("/a/b"), want: `spec.images[0]: Invalid value: "/a/b": ` + nameRule},
		"trailing slash": {
			spec: image("docker.io/karmada/"),
			want: `spec.images[0]: Invalid value: "docker.io/karmada/": must not end with "/"; write "docker.io/karmada/**" to match every repository below it`,
		},
		"tag":               {spec: image("a/b:v1"), want: `spec.images[0]: Invalid value: "a/b:v1": ` + strings.Replace(noTags, "%", ":v1", 1)},
		"tag by wildcard":   {spec: image("docker.io/karmada/*:v1.16.*"), want: `spec.images[0]: Invalid value: "docker.io/karmada/*:v1.16.*": ` + strings.Replace(noTags, "%", ":v1.16.*", 1)},
		"any tag":           {spec: image("a/b:*"), want: `spec.images[0]: Invalid value: "a/b:*": ` + strings.Replace(noTags, "%", ":*", 1)},
		"tag behind a port": {spec: image("a.b:80/c:v1"), want: `spec.images[0]: Invalid value: "a.b:80/c:v1": ` + strings.Replace(noTags, "%", ":v1", 1)},
		"tag or port": {
			spec: image("registry:5000"),
			want: `spec.images[0]: Invalid value: "registry:5000": ` + strings.Replace(noTags, "%", ":5000", 1) + `; if it is a registry, write "registry:5000/**"`,
		},
		"tag and digest": {
			spec: image("a/b:v1@sha256:" + strings.Repeat("0", 64)),
			want: `spec.images[0]: Invalid value: "a/b:v1@sha256:` + strings.Repeat("0", 64) + `": must not contain a tag beside a digest; remove ":v1"`,
		},
		"tag and bad digest": {
			spec: image("a/b:v1@sha256:0"),
			want: `[spec.images[0]: Invalid value: "a/b:v1@sha256:0": must not contain a tag beside a digest; remove ":v1",` +
				` spec.images[0]: Invalid value: "a/b:v1@sha256:0": ` + digestRule + "]",
		},
		"short digest":     {spec: image("a/b@sha256:0a"), want: `spec.images[0]: Invalid value: "a/b@sha256:0a": ` + digestRule},
		"no digest":        {spec: image("a/b@"), want: `spec.images[0]: Invalid value: "a/b@": ` + digestRule},
		"two digests":      {spec: image("a@b@*"), want: `spec.images[0]: Invalid value: "a@b@*": ` + digestRule},
		"upper case":       {spec: image("docker.io/Karmada/B"), want: `spec.images[0]: Invalid value: "docker.io/Karmada/B": must be lower case, as image names are; write "docker.io/karmada/b"`},
		"upper case alone": {spec: image("Nginx"), want: `spec.images[0]: Invalid value: "Nginx": must be lower case, as image names are; write "nginx"`},
		"upper case first": {spec: image("Karmada/b"), want: `spec.images[0]: Invalid value: "Karmada/b": must be lower case, as image names are; write "karmada/b"`},
		"upper case host":  {spec: image("GHCR.IO/a/b")},
		"a wildcard that misses Docker Hub": {
			spec: image("docker.*/karmada/*"), want: `spec.images[0]: Invalid value: "docker.*/karmada/*": ` + dockerHubRule,
		},
		"two wildcards that miss Docker Hub": {
			spec: image("docker.io*/karmada/app", "registry-*.docker.io/a/*"),
			want: `[spec.images[0]: Invalid value: "docker.io*/karmada/app": ` + dockerHubRule + `, spec.images[1]: Invalid value: "registry-*.docker.io/a/*": ` + dockerHubRule + "]",
		},
		"wildcards in registries":     {spec: image("*.docker.io/a/*", "*/a/*", "docker*/a", "docker*", "*.example.com/**", "registry.*/a/*")},
		"registry in other spellings": {spec: image("GHCR.io/a/*", "ghcr.io:443/a/*", "ghcr.io./a/*", "registry-1.docker.io/a/*")},
		"longest globs":               {spec: image(many(64, strings.Repeat("a*", 245)+"/a/%d")...)},
		"registry with a port alone":  {spec: image("mycluster.icp:8500"), want: registryRule("mycluster.icp:8500", "mycluster.icp:8500")},
		"localhost alone":             {spec: image("localhost:5000"), want: registryRule("localhost:5000", "localhost:5000")},
		"localhost without a port":    {spec: image("localhost"), want: registryRule("localhost", "localhost")},
		"digests of a registry":       {spec: image("ghcr.io@*"), want: registryRule("ghcr.io@*", "ghcr.io")},
		"registries alone":            {spec: image("*.example.com"), want: registryRule("*.example.com", "*.example.com")},
		"registry alone":              {spec: image("ghcr.io"), want: `spec.images[0]: Invalid value: "ghcr.io": names a registry without a repository; write "ghcr.io/**" to match every repository in it`},
		"two mistakes at once": {
			spec: image("docker.io/A/"),
			want: `[spec.images[0]: Invalid value: "docker.io/A/": must not end with "/"; write "docker.io/A/**" to match every repository below it,` +
				` spec.images[0]: Invalid value: "docker.io/A/": must be lower case, as image names are; write "docker.io/a/"]`,
		},

		// What is verified, and how often.
		"references": {spec: refer("docker.io/karmada/a:v1", "karmada/a", "karmada/b@"+digest, "index.docker.io/karmada/b-c.d__e:v1.0_x@"+digest)},
		"nothing to verify": {
			spec: object{"verification": object{}}, onlySchema: aboutStyle,
			want: "spec.verification: Invalid value: 0: spec.verification in body should have at least 1 properties",
		},
		"empty references": {
			spec: refer(many(0, "")...), onlySchema: aboutStyle,
			want: "spec.verification.references: Invalid value: 0: spec.verification.references in body should have at least 1 items",
		},
		"too many references": {
			spec: refer(many(65, "karmada/a:v%d")...), onlySchema: aboutSize,
			want: "[spec.verification.references: Too many: 65: must have at most 64 items" + notChecked + "]",
		},
		"reference twice": {
			spec: refer("karmada/a", "karmada/a"), onlySchema: aboutStyle,
			want: `spec.verification.references[1]: Duplicate value: "karmada/a"`,
		},
		"long reference": {
			spec: refer("karmada/" + strings.Repeat("a", 505)), want: "[spec.verification.references[0]: Too long: may not be more than 512 bytes" + notChecked + "]",
		},
		"reference of another image": {spec: refer("ghcr.io/other/a:v1"), onlyCompile: aboutGlobs},
		"reference with a wildcard":  {spec: refer("docker.io/karmada/*"), want: `spec.verification.references[0]: Invalid value: "docker.io/karmada/*": ` + referRule},
		"reference with a scheme":    {spec: refer("https://docker.io/karmada/a"), want: `spec.verification.references[0]: Invalid value: "https://docker.io/karmada/a": ` + referRule},
		"reference in upper case":    {spec: refer("docker.io/karmada/A"), want: `spec.verification.references[0]: Invalid value: "docker.io/karmada/A": ` + referRule},
		"reference, empty tag":       {spec: refer("docker.io/karmada/a:"), want: `spec.verification.references[0]: Invalid value: "docker.io/karmada/a:": ` + referRule},
		"reference, short digest":    {spec: refer("karmada/a@sha256:0a"), want: `spec.verification.references[0]: Invalid value: "karmada/a@sha256:0a": ` + referRule},
		"reference, empty part":      {spec: refer("docker.io/karmada//a"), want: `spec.verification.references[0]: Invalid value: "docker.io/karmada//a": ` + referRule},
		"reference with a space":     {spec: refer("karmada/a b"), want: `spec.verification.references[0]: Invalid value: "karmada/a b": ` + referRule},
		"shortest interval":          {spec: interval("1m")},
		"longest interval":           {spec: interval("168h")},
		"interval in parts":          {spec: interval("1h30m0.5s")},
		"interval too short":         {spec: interval("59s"), want: `spec.verification.interval: Invalid value: "59s": ` + intervalRule},
		"interval too long":          {spec: interval("168h1s"), want: `spec.verification.interval: Invalid value: "168h1s": ` + intervalRule},
		"interval of nothing":        {spec: interval("0s"), want: `spec.verification.interval: Invalid value: "0s": ` + intervalRule},
		"negative interval":          {spec: interval("-1h"), want: `spec.verification.interval: Invalid value: "-1h": ` + intervalRule},
		"interval in days":           {spec: interval("1d"), want: `spec.verification.interval: Invalid value: "1d": ` + intervalRule},
		"interval without a unit":    {spec: interval("60"), want: `spec.verification.interval: Invalid value: "60": ` + intervalRule},
		"interval as a number":       {spec: interval(int64(60)), want: `[spec.verification.interval: Invalid value: "integer": spec.verification.interval in body must be of type string: "integer"` + notChecked + "]"},
		"interval out of range":      {spec: interval("9999999h9999999h"), want: `spec.verification.interval: Invalid value: "9999999h9999999h": ` + intervalRule},

		"pull secrets":             {spec: secret(object{"name": "a"}, object{"name": "b.c-d"})},
		"pull secret twice":        {spec: secret(object{"name": "a"}, object{"name": "a"}), onlySchema: aboutStyle, want: `spec.verification.pullSecrets[1]: Duplicate value: {"name":"a"}`},
		"pull secret without name": {spec: secret(object{}), onlySchema: aboutStyle, want: "[spec.verification.pullSecrets[0].name: Required value" + notChecked + "]"},
		"pull secret of namespace": {
			spec: secret(object{"name": "default/a"}), onlySchema: aboutStyle,
			want: `spec.verification.pullSecrets[0].name: Invalid value: "default/a": ` + secretRule,
		},

		// What is attested.
		"attestations": {spec: attest(
			object{"name": "provenance", "predicateType": "https://slsa.dev/provenance/v1", "cue": "predicate: buildType: string"},
			object{"name": "a", "predicateType": "urn:example:a"},
			object{"name": "b", "predicateType": "https://cyclonedx.org/bom"},
		)},
		"attestation twice": {
			spec: attest(object{"name": "a", "predicateType": "urn:a"}, object{"name": "a", "predicateType": "urn:b"}),
			want: `spec.attestations[1]: Duplicate value: {"name":"a"}`,
		},
		"attestation without type": {
			spec: attest(object{"name": "a"}), want: "[spec.attestations[0].predicateType: Required value" + notChecked + "]",
		},
		"attestation in upper case": {
			spec: provenance("name", "SBOM"), want: `spec.attestations[0].name: Invalid value: "SBOM": must consist of lower case letters, digits and "-", and begin and end with a letter or digit`,
		},
		"attestation, short type": {
			spec: provenance("predicateType", "slsaprovenance"), want: `spec.attestations[0].predicateType: Invalid value: "slsaprovenance": ` +
				`must be the URI of an attestation's predicate type, such as https://slsa.dev/provenance/v0.2, which cosign calls slsaprovenance`,
		},
		"attestation, type with a space": {
			spec: provenance("predicateType", "https://a b"), want: `spec.attestations[0].predicateType: Invalid value: "https://a b": ` + predicateRule,
		},
		"attestation, signature": {
			spec: provenance("predicateType", "https://sigstore.dev/cosign/sign/v1"),
			want: `spec.attestations[0].predicateType: Invalid value: "https://sigstore.dev/cosign/sign/v1": must not be the predicate type of cosign's signatures: a signature is required by the field signature`,
		},
		"attestation, no CUE": {spec: provenance("cue", "predicate: {"), onlyCompile: aboutCUE},
		"attestation, long CUE": {
			spec: provenance("cue", "//"+strings.Repeat("a", 8191)),
			want: "[spec.attestations[0].cue: Too long: may not be more than 8192 bytes" + notChecked + "]",
		},
		"attestation alone": {spec: object{
			"signature": "NotRequired", "attestations": []any{object{"name": "a", "predicateType": "https://slsa.dev/provenance/v1"}},
		}},
		"no signature, no attestation": {
			spec: object{"signature": "NotRequired"},
			want: `spec: Invalid value: must require attestations if signature is NotRequired: list at least one in attestations`,
		},
		"signature in lower case": {
			spec: object{"signature": "required"},
			want: `[spec.signature: Unsupported value: "required": supported values: "Required", "NotRequired"` + notChecked + "]",
		},
		"bundles only":  {spec: object{"formats": []any{"Bundle"}}},
		"either format": {spec: object{"formats": []any{"SimpleSigning", "Bundle"}}},
		"unknown format": {
			spec: object{"formats": []any{"Notation"}},
			want: `[spec.formats[0]: Unsupported value: "Notation": supported values: "SimpleSigning", "Bundle"` + notChecked + "]",
		},
		"no format": {
			spec: object{"formats": []any{}}, onlySchema: aboutSize,
			want: "spec.formats: Invalid value: 0: spec.formats in body should have at least 1 items",
		},
		"a format twice": {
			spec: object{"formats": []any{"Bundle", "Bundle"}}, onlySchema: aboutStyle,
			want: `spec.formats[1]: Duplicate value: "Bundle"`,
		},
		"too many attestations": {
			spec: attest(manyAttestations(9)...), onlySchema: aboutSize,
			want: "[spec.attestations: Too many: 9: must have at most 8 items" + notChecked + "]",
		},

		// The rest.
		"audit": {spec: object{"enforcement": "Audit"}},
		"warn":  {spec: object{"enforcement": "Warn"}},
		"enforcement in lower case": {
			spec: object{"enforcement": "enforce"}, onlySchema: aboutStyle,
			want: `[spec.enforcement: Unsupported value: "enforce": supported values: "Audit", "Warn", "Enforce"` + notChecked + "]",
		},
		"trust root":              {spec: object{"trustRoot": object{"name": "my-sigstore.example.com"}}},
		"trust root without name": {spec: object{"trustRoot": object{}}, onlySchema: aboutStyle, want: "[spec.trustRoot.name: Required value" + notChecked + "]"},
		"trust root, empty part": {
			spec: object{"trustRoot": object{"name": "a..b"}}, onlySchema: aboutStyle,
			want: `spec.trustRoot.name: Invalid value: "a..b": ` + rootRule,
		},
		"trust root, invalid name": {
			spec: object{"trustRoot": object{"name": "My_Sigstore"}}, onlySchema: aboutStyle,
			want: `spec.trustRoot.name: Invalid value: "My_Sigstore": ` + rootRule,
		},
	}
}

// TestValidation verifies the validation errors of the API server, and that policy.Compile reports an error for
// the same specs, unless a case explains why not.
func TestValidation(t *testing.T) {
	c := newServerClient(t, rest.NoWarnings{})
	for name, tc := range validationCases() {
		t.Run(name, func(t *testing.T) {
			trust := gen.UnstructuredTrust(tc.spec)
			compileErr := compile(trust)
			err := c.Create(t.Context(), trust, client.DryRunAll)

			const prefix = `KarmadaImageTrust.trust.karmada.io "karmada" is invalid: `
			got := ""
			if err != nil {
				got = strings.TrimPrefix(err.Error(), prefix)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
			wantCompile := tc.want != "" && tc.onlySchema == "" || tc.onlyCompile != ""
			if failed := compileErr != nil; failed != wantCompile {
				t.Errorf("policy.Compile failed: %t, want %t (only the schema: %q, only Compile: %q): %v",
					failed, wantCompile, tc.onlySchema, tc.onlyCompile, compileErr)
			}
		})
	}
}

// TestUnknownField verifies that unknown fields are denied under strict validation, which kubectl requests.
func TestUnknownField(t *testing.T) {
	tests := map[string]struct {
		spec map[string]any
		want string
	}{
		"typo":   {spec: map[string]any{"identityRegex": "a"}, want: `strict decoding error: unknown field "spec.identityRegex"`},
		"nested": {spec: map[string]any{"trustRoot": map[string]any{"name": "a", "key": "b"}}, want: `strict decoding error: unknown field "spec.trustRoot.key"`},
	}
	c := newServerClient(t, rest.NoWarnings{})
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			err := c.Create(t.Context(), gen.UnstructuredTrust(tc.spec), client.DryRunAll)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("Create: %v, want %q", err, tc.want)
			}
		})
	}
}

func manyAttestations(n int) []any {
	attestations := make([]any, 0, n)
	for i := range n {
		attestations = append(attestations, map[string]any{"name": fmt.Sprintf("a%d", i), "predicateType": "urn:a"})
	}
	return attestations
}

// compile compiles a trust without an API server.
func compile(trust *unstructured.Unstructured) error {
	typed := &v1alpha1.KarmadaImageTrust{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(trust.Object, typed); err != nil {
		return err
	}
	_, err := policy.Compile(typed.Spec)
	return err
}
