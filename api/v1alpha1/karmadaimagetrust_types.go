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

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Enforcement is what admission does with a workload whose image fails the
// trust.
// +kubebuilder:validation:Enum=Audit;Warn;Enforce
type Enforcement string

const (
	// EnforcementAudit means that images are verified and reported only: no
	// ClusterImagePolicy exists, so admission is not affected.
	EnforcementAudit Enforcement = "Audit"
	// EnforcementWarn means that the workload is allowed, and that the client
	// receives a warning.
	EnforcementWarn Enforcement = "Warn"
	// EnforcementEnforce means that the workload is denied.
	EnforcementEnforce Enforcement = "Enforce"
)

// The rules of ImageGlob reject globs that policy-controller would accept but
// that would never match: at admission a glob is compared with
// NAME@sha256:DIGEST, without the tag (policy-controller v0.14 pkg/apis/glob
// and pkg/webhook/validator.go). internal/policy has the same rules, with the
// same messages, for objects that did not pass an API server.

// ImageGlob selects images by name.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=512
// +kubebuilder:validation:XValidation:rule=`self.matches('^[a-zA-Z0-9_:/*.@-]*$')`,message=`must consist of letters, digits and - _ : / * . @ only; "*" matches any characters except "/", and "**" matches any characters`
// +kubebuilder:validation:XValidation:rule=`!self.matches('^[a-zA-Z][a-zA-Z0-9.-]*://')`,messageExpression=`'must not begin with a scheme; remove "' + self.substring(0, self.indexOf('://') + 3) + '"'`
// +kubebuilder:validation:XValidation:rule=`self.matches('^[a-zA-Z][a-zA-Z0-9.-]*://') || !self.contains('//') && !self.startsWith('/')`,message=`must be an image name without empty parts between slashes, for example docker.io/karmada/*`
// +kubebuilder:validation:XValidation:rule=`!self.endsWith('/')`,messageExpression=`'must not end with "/"; write "' + self + '**" to match every repository below it'`
// +kubebuilder:validation:XValidation:rule=`!self.matches('^[^/@]*:[^/@]*[^/@0-9*][^/@]*/')`,messageExpression=`'must have a number behind the ":" of the registry, which is its port, and not "' + self.find(':[^/]*').substring(1) + '"'`
// +kubebuilder:validation:XValidation:rule=`!self.matches('(^|/)[^/@]*:[^/]*$') || self.matches('^(localhost|[*]*[^/*@:]*[.][^/*@:]*)(:[0-9]+)?(@.*)?$')`,messageExpression=`self.lastIndexOf('@') > self.lastIndexOf('/') ? 'must not contain a tag beside a digest; remove "' + self.substring(self.lastIndexOf('/') + 1).find(':[^@]*') + '"' : 'must not contain a tag, because policy-controller compares globs with digests only; remove "' + self.substring(self.indexOf(':', self.lastIndexOf('/') + 1)) + r'" and limit the versions in identityRegexp instead, for example with @refs/tags/v1\.16\.[0-9]+$' + (self.matches('^[a-z0-9-]+:[0-9]+$') ? '; if it is a registry, write "' + self + '/**"' : "")`
// +kubebuilder:validation:XValidation:rule=`!self.contains('@') || self.matches('^[^@]+@([*]|sha256:[0-9a-f]{64})$')`,message=`must have a digest after "@"; write @sha256:DIGEST to match one digest, or remove "@" and what follows it to match all digests`
// +kubebuilder:validation:XValidation:rule=`!self.matches('(^[^/.:]*[A-Z][^/.:]*(/|$)|/.*[A-Z])')`,messageExpression=`'must be lower case, as image names are; write "' + self.lowerAscii() + '"'`
// +kubebuilder:validation:XValidation:rule=`!self.matches('^(localhost|[*]*[^/*@:]*[.][^/*@:]*)(:[0-9]+)?(@.*)?$')`,messageExpression=`'names a registry without a repository; write "' + self.find('^[^@]*') + '/**" to match every repository in it'`
// +kubebuilder:validation:XValidation:rule=`!self.matches('^[^/@]*[*]') || self.matches('^[*](/|@|$)') || !(self.matches('^[^/@]*[*][*]') || self.matches('^[^/@]*[.:]') || self.matches('^[^/@]*/[^@]*/')) || !('docker.io'.matches('^' + self.lowerAscii().find('^[^/@]*').replace('.', '[.]').replace('**', '#').replace('*', '[^/]*').replace('#', '.*') + '$') || self.lowerAscii().matches('^[^/@]*docker[.]io(/|@|$)')) || 'index.docker.io'.matches('^' + self.lowerAscii().find('^[^/@]*').replace('.', '[.]').replace('**', '#').replace('*', '[^/]*').replace('#', '.*') + '$')`,message=`begins like Docker Hub and cannot match it, because admission compares globs with index.docker.io; write docker.io/ for Docker Hub, or the whole name of another registry`
type ImageGlob string

// The rule of Regexp relies on the error of matches(): any comparison yields
// true or false, so the rule fails only if the expression does not compile,
// and RE2's own message is then part of the error. The expression is compiled
// alone first, because "a)|(?:b" compiles once it is anchored and would then
// match a part of a value. It is compiled anchored as well, because an open \Q
// compiles only alone.

// Regexp is a regular expression in RE2 syntax that must match a whole value:
// it is evaluated as ^(?:REGEXP)$.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=1024
// +kubebuilder:validation:XValidation:rule=`('a'.matches(self) || !'a'.matches(self)) && ('a'.matches('^(?:' + self + ')$') || !'a'.matches('^(?:' + self + ')$'))`,message=`must be a regular expression in RE2 syntax; it is evaluated as ^(?:REGEXP)$`
type Regexp string

// ImageReference is the name of one image with a tag, a digest, or both.
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=512
// +kubebuilder:validation:XValidation:rule=`self.matches('^([a-z0-9][a-z0-9.-]*(:[0-9]+)?/)?[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$')`,message=`must be an image reference such as docker.io/karmada/karmada-scheduler:v1.16.0 or NAME@sha256:DIGEST`
type ImageReference string

// TrustRootReference refers to the root of trust that signatures are verified
// with.
type TrustRootReference struct {
	// name of a TrustRoot (policy.sigstore.dev/v1alpha1) in the same cluster. All
	// forms of TrustRoot are supported. It must contain certificate authorities,
	// and at least one transparency log or timestamp authority. If it contains
	// certificate transparency logs, certificates must be in one of them.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule=`self.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*$')`,message=`must be the name of a TrustRoot: lower case letters, digits, "-" and "."`
	Name string `json:"name,omitempty"`
}

// Attestation describes an attestation, a signed statement about an image, that
// an image must carry.
type Attestation struct {
	// name identifies the attestation in messages and in the ClusterImagePolicy,
	// for example provenance or sbom.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule=`self.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?$')`,message=`must consist of lower case letters, digits and "-", and begin and end with a letter or digit`
	Name string `json:"name,omitempty"`

	// predicateType is the predicate type of the statement, a URI: for example
	// https://slsa.dev/provenance/v1 for provenance, or
	// https://spdx.dev/Document or https://cyclonedx.org/bom for an SBOM.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule=`self.matches('^[a-z][a-z0-9+.-]*:[!-~]+$')`,messageExpression=`"must be the URI of an attestation's predicate type, such as " + (self in {'slsaprovenance': 'https://slsa.dev/provenance/v0.2', 'slsaprovenance02': 'https://slsa.dev/provenance/v0.2', 'slsaprovenance1': 'https://slsa.dev/provenance/v1', 'spdx': 'https://spdx.dev/Document', 'spdxjson': 'https://spdx.dev/Document', 'cyclonedx': 'https://cyclonedx.org/bom', 'openvex': 'https://openvex.dev/ns', 'vuln': 'https://cosign.sigstore.dev/attestation/vuln/v1', 'link': 'https://in-toto.io/Link/v1', 'custom': 'https://cosign.sigstore.dev/attestation/v1'} ? {'slsaprovenance': 'https://slsa.dev/provenance/v0.2', 'slsaprovenance02': 'https://slsa.dev/provenance/v0.2', 'slsaprovenance1': 'https://slsa.dev/provenance/v1', 'spdx': 'https://spdx.dev/Document', 'spdxjson': 'https://spdx.dev/Document', 'cyclonedx': 'https://cyclonedx.org/bom', 'openvex': 'https://openvex.dev/ns', 'vuln': 'https://cosign.sigstore.dev/attestation/vuln/v1', 'link': 'https://in-toto.io/Link/v1', 'custom': 'https://cosign.sigstore.dev/attestation/v1'}[self] + ", which cosign calls " + self : 'https://slsa.dev/provenance/v1')`
	// +kubebuilder:validation:XValidation:rule=`self != 'https://sigstore.dev/cosign/sign/v1'`,message=`must not be the predicate type of cosign's signatures: a signature is required by the field signature`
	PredicateType string `json:"predicateType,omitempty"`

	// cue is a CUE expression that the statement must satisfy, for example
	// predicate: buildDefinition: buildType: "https://example.com/build/v1". It is
	// evaluated on the whole statement, with the fields predicateType, subject and
	// predicate.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=8192
	CUE string `json:"cue,omitempty"`
}

// SignatureRequirement says whether an image needs a signature.
// +kubebuilder:validation:Enum=Required;NotRequired
type SignatureRequirement string

const (
	// SignatureRequired means that an image needs a signature, and each attestation
	// that is listed.
	SignatureRequired SignatureRequirement = "Required"
	// SignatureNotRequired means that an image needs the attestations that are
	// listed, and no signature.
	SignatureNotRequired SignatureRequirement = "NotRequired"
)

// TrustedSigner is one of several signers of a trust.
// +kubebuilder:validation:XValidation:rule=`has(self.issuer) != has(self.issuerRegexp)`,message=`set exactly one of issuer and issuerRegexp: the OIDC issuer in the signing certificate, for example issuer: https://token.actions.githubusercontent.com`
// +kubebuilder:validation:XValidation:rule=`has(self.identity) != has(self.identityRegexp)`,message=`set exactly one of identity and identityRegexp: the subject of the signing certificate, for example identityRegexp: https://github\.com/karmada-io/karmada/\.github/workflows/dockerhub-released-image\.yml@refs/tags/v.+`
type TrustedSigner struct {
	// name identifies the signer in the status, in messages and in the
	// ClusterImagePolicy, for example release or fork.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule=`self.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?$')`,message=`must consist of lower case letters, digits and "-", and begin and end with a letter or digit`
	Name string `json:"name,omitempty"`

	// issuer is the OIDC issuer that the signing certificate must contain. Exactly
	// one of issuer and issuerRegexp must be set.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Issuer string `json:"issuer,omitempty"`

	// issuerRegexp is a regular expression that must match the whole OIDC issuer
	// in the signing certificate. Prefer issuer where possible.
	// +optional
	IssuerRegexp Regexp `json:"issuerRegexp,omitempty"`

	// identity is the subject that the signing certificate must contain. Exactly
	// one of identity and identityRegexp must be set.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Identity string `json:"identity,omitempty"`

	// identityRegexp is a regular expression that must match the whole subject of
	// the signing certificate: it is anchored at both ends.
	// +optional
	IdentityRegexp Regexp `json:"identityRegexp,omitempty"`

	// trustRoot refers to the root of trust that the signer's signatures and
	// attestations are verified with. If not set, it is the trustRoot of the spec,
	// or the default one if that is not set either.
	// +optional
	TrustRoot *TrustRootReference `json:"trustRoot,omitempty"`
}

// PullSecretReference refers to a Secret in the operator's namespace.
type PullSecretReference struct {
	// name of the Secret.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule=`self.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*$')`,message=`must be the name of a Secret in the operator's namespace: lower case letters, digits, "-" and "."`
	Name string `json:"name,omitempty"`
}

// Verification configures the verification that the operator does in addition
// to admission.
// +kubebuilder:validation:MinProperties=1
type Verification struct {
	// references lists images to verify even if no workload uses them, for example
	// those of the next release. Each must match one of the globs in images. A tag
	// is resolved at the registry, and the digest it resolves to is verified and
	// reported.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	References []ImageReference `json:"references,omitempty"`

	// pullSecrets lists Secrets of type kubernetes.io/dockerconfigjson, in the
	// operator's namespace, that contain credentials for the registries of the
	// images. The operator must be allowed to get each of them.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	PullSecrets []PullSecretReference `json:"pullSecrets,omitempty"`

	// interval at which images are verified again and tags are resolved again, for
	// example 30m or 6h; at least 1m, at most 168h, 1h by default. Up to a tenth
	// of it is added at random.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule=`self.matches('^([0-9]{1,6}([.][0-9]{1,6})?(ms|s|m|h))+$') && duration(self) >= duration('1m') && duration(self) <= duration('168h')`,message=`must be a duration between 1m and 168h, such as 30m or 6h`
	Interval *metav1.Duration `json:"interval,omitempty"`
}

// KarmadaImageTrustSpec declares who may sign which images.
// +kubebuilder:validation:XValidation:rule=`has(self.signers) || has(self.issuer) != has(self.issuerRegexp)`,message=`set exactly one of issuer and issuerRegexp: the OIDC issuer in the signing certificate, for example issuer: https://token.actions.githubusercontent.com`
// +kubebuilder:validation:XValidation:rule=`has(self.signers) || has(self.identity) != has(self.identityRegexp)`,message=`set exactly one of identity and identityRegexp: the subject of the signing certificate, for example identityRegexp: https://github\.com/karmada-io/karmada/\.github/workflows/dockerhub-released-image\.yml@refs/tags/v.+`
// +kubebuilder:validation:XValidation:rule=`!has(self.signers) || !has(self.issuer) && !has(self.issuerRegexp) && !has(self.identity) && !has(self.identityRegexp)`,message=`must not set issuer, issuerRegexp, identity or identityRegexp next to signers: list that signer in signers too, with a name`
// +kubebuilder:validation:XValidation:rule=`!has(self.signature) || self.signature != 'NotRequired' || has(self.attestations)`,message=`must require attestations if signature is NotRequired: list at least one in attestations`
type KarmadaImageTrustSpec struct {
	// images lists globs that select the images of this trust. "*" matches any
	// characters except "/", and "**" matches any characters. A glob without
	// wildcards selects one repository. Tags cannot be selected. All spellings of
	// Docker Hub (docker.io/a/b, a/b, index.docker.io/a/b) are equivalent, and so are
	// all spellings of another registry (ghcr.io, GHCR.io, ghcr.io:443).
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:XValidation:rule=`size(self) > 0`,message=`must contain at least one glob, for example docker.io/karmada/*`
	Images []ImageGlob `json:"images,omitempty"`

	// issuer is the OIDC issuer that the signing certificate must contain, for
	// example https://token.actions.githubusercontent.com. Exactly one of issuer
	// and issuerRegexp must be set, unless signers is.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Issuer string `json:"issuer,omitempty"`

	// issuerRegexp is a regular expression that must match the whole OIDC issuer
	// in the signing certificate. Prefer issuer where possible.
	// +optional
	IssuerRegexp Regexp `json:"issuerRegexp,omitempty"`

	// identity is the subject that the signing certificate must contain: the URL
	// of a workflow file with its ref, or an e-mail address. Exactly one of
	// identity and identityRegexp must be set, unless signers is.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Identity string `json:"identity,omitempty"`

	// identityRegexp is a regular expression that must match the whole subject of
	// the signing certificate: it is anchored at both ends. Limit the allowed
	// versions here, for example by ending it with @refs/tags/v1\.16\.[0-9]+.
	// +optional
	IdentityRegexp Regexp `json:"identityRegexp,omitempty"`

	// signers lists several signers, any of which suffices, for example while a
	// workflow moves to another repository, or for a second builder. An image is
	// verified if one of them signed it and all attestations that are required. It
	// replaces issuer, issuerRegexp, identity and identityRegexp.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	Signers []TrustedSigner `json:"signers,omitempty"`

	// enforcement is what admission does with an image that fails the trust: Audit
	// only reports it in the status, Warn allows it with a warning, and Enforce
	// denies it.
	// +optional
	// +default="Enforce"
	Enforcement Enforcement `json:"enforcement,omitempty"`

	// trustRoot refers to the root of trust of a private Sigstore instance. If not
	// set, signatures are verified with the root of the Sigstore public good
	// instance, or with the one that the operator is configured with.
	// +optional
	TrustRoot *TrustRootReference `json:"trustRoot,omitempty"`

	// signature says whether each image must carry a cosign signature. With
	// NotRequired the attestations that are listed suffice, as for the artifact
	// attestations of GitHub.
	// +optional
	// +default="Required"
	Signature SignatureRequirement `json:"signature,omitempty"`

	// attestations lists the attestations that each image must carry, in addition
	// to its signature if that is required, signed by the same signer. Admission
	// denies an image that lacks one.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	Attestations []Attestation `json:"attestations,omitempty"`

	// formats lists how signatures and attestations may be stored: SimpleSigning
	// under the tags that cosign v2 writes, or Bundle as Sigstore bundles that
	// refer to the image. If not set, either is accepted.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=2
	Formats []SignatureFormat `json:"formats,omitempty"`

	// verification configures which images the operator verifies even if no
	// workload uses them, and how often. Images that workloads run or request are
	// always verified.
	// +optional
	Verification *Verification `json:"verification,omitempty"`
}

// KarmadaImageTrust declares who may sign which images. The operator applies it
// as a ClusterImagePolicy, which sigstore policy-controller enforces at
// admission, verifies the images with the same rule, and reports both in the
// status.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=kit,categories=karmada-io
// +kubebuilder:printcolumn:name="Enforcement",type=string,JSONPath=`.spec.enforcement`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Verified",type=string,JSONPath=`.status.summary.verifiedRatio`
// +kubebuilder:printcolumn:name="Would-Deny",type=integer,JSONPath=`.status.summary.wouldDeny`
// +kubebuilder:printcolumn:name="Enforced",type=string,JSONPath=`.status.conditions[?(@.type=="Enforced")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Reason",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="ImagesVerified")].reason`
// +kubebuilder:printcolumn:name="Issuer",type=string,priority=1,JSONPath=`.spec.issuer`
type KarmadaImageTrust struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata. The ClusterImagePolicy has the
	// same name.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty,omitzero"`

	// spec declares who may sign which images.
	// +required
	Spec KarmadaImageTrustSpec `json:"spec,omitzero"`

	// status is the state that the operator observed. It is never empty, because tools
	// that wait by kstatus take an object without a status for one that is ready.
	// +optional
	// +default={"observedGeneration":-1}
	Status KarmadaImageTrustStatus `json:"status,omitempty,omitzero"`
}

// KarmadaImageTrustList is a list of KarmadaImageTrusts.
//
// +kubebuilder:object:root=true
type KarmadaImageTrustList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty,omitzero"`

	// items is the list of KarmadaImageTrusts.
	Items []KarmadaImageTrust `json:"items"`
}
