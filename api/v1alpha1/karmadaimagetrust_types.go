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

// Enforcement says what admission does with an image that fails the trust.
// +kubebuilder:validation:Enum=Audit;Warn;Enforce
type Enforcement string

const (
	// EnforcementAudit verifies and reports only: no policy exists in the cluster.
	EnforcementAudit Enforcement = "Audit"
	// EnforcementWarn admits the workload and returns a warning to whoever applies
	// it.
	EnforcementWarn Enforcement = "Warn"
	// EnforcementEnforce refuses the workload.
	EnforcementEnforce Enforcement = "Enforce"
)

// The rules of ImageGlob refuse what policy-controller would accept and then
// never match: admission compares a glob with NAME@sha256:DIGEST, the tag
// dropped (policy-controller v0.14 pkg/apis/glob and
// pkg/webhook/validator.go). internal/policy repeats them for objects that did
// not come through an API server.

// ImageGlob selects images by name.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=512
// +kubebuilder:validation:XValidation:rule=`self.matches('^[a-zA-Z0-9_:/*.@-]*$')`,message=`a glob may hold letters, digits and - _ : / * . @ only: "*" stands for anything but "/", "**" for anything`
// +kubebuilder:validation:XValidation:rule=`!self.contains('//') && !self.startsWith('/')`,message=`write the image name without a scheme and without empty parts, e.g. docker.io/karmada/*`
// +kubebuilder:validation:XValidation:rule=`!self.endsWith('/')`,messageExpression=`'nothing follows the last "/"; to cover every repository below it write "' + self + '**"'`
// +kubebuilder:validation:XValidation:rule=`!self.matches('(^|/)[^/@]*:[^/]*$')`,messageExpression=`'a glob cannot select tags, because admission sees only the digest; drop "' + self.substring(self.indexOf(':', self.lastIndexOf('/') + 1)) + r'" and limit versions in identityRegexp instead, e.g. …@refs/tags/v1\.16\.[0-9]+$'`
// +kubebuilder:validation:XValidation:rule=`!self.contains('@') || self.matches('(^|/)[^/@]*:[^/]*$') || self.matches('^[^@]+@([*]|sha256:[0-9a-f]{64})$')`,message=`what follows "@" is a digest: write @sha256:DIGEST for one, or leave it out for any`
// +kubebuilder:validation:XValidation:rule=`!self.matches('(^[^/.:]*[A-Z][^/.:]*(/|$)|/.*[A-Z])')`,messageExpression=`'image names are lower case; write "' + self.lowerAscii() + '"'`
// +kubebuilder:validation:XValidation:rule=`!self.matches('^[^/*]*[.][^/*]*$')`,messageExpression=`'names a registry but no repository; to cover all of it write "' + self + '/**"'`
type ImageGlob string

// Matching any string either succeeds or not, so the rule of Regexp fails only
// where an expression does not compile, and then with RE2's own words. Alone
// comes first: "a)|(?:b" compiles once anchored, and would then match half of
// a value. An open \Q compiles only alone.

// Regexp is a regular expression in RE2 syntax that must match a whole value:
// it is read as ^(?:REGEXP)$.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=1024
// +kubebuilder:validation:XValidation:rule=`('a'.matches(self) || !'a'.matches(self)) && ('a'.matches('^(?:' + self + ')$') || !'a'.matches('^(?:' + self + ')$'))`,message=`must be a regular expression in RE2 syntax; it is read as ^(?:REGEXP)$`
type Regexp string

// ImageReference names one image by tag, by digest or by both.
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=512
// +kubebuilder:validation:XValidation:rule=`self.matches('^([a-z0-9][a-z0-9.-]*(:[0-9]+)?/)?[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$')`,message=`must be an image reference such as docker.io/karmada/karmada-scheduler:v1.16.0 or NAME@sha256:DIGEST`
type ImageReference string

// TrustRootReference names the root of trust that signatures are checked
// against.
type TrustRootReference struct {
	// name of a TrustRoot (policy.sigstore.dev/v1alpha1) in the same cluster, in
	// any of its forms. It must have certificate authorities, CT logs, and
	// transparency logs or timestamp authorities.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule=`self.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*$')`,message=`must be the name of a TrustRoot: lower case letters, digits, "-" and "."`
	Name string `json:"name,omitempty"`
}

// Attestation is a signed statement about an image that must be stored beside
// it.
type Attestation struct {
	// name for it, for example provenance or sbom; messages use it.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule=`self.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?$')`,message=`must consist of lower case letters, digits and "-"`
	Name string `json:"name,omitempty"`

	// predicateType of the statement, a URI: https://slsa.dev/provenance/v1 for
	// provenance, https://spdx.dev/Document or https://cyclonedx.org/bom for a
	// bill of materials.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule=`self.matches('^[a-z][a-z0-9+.-]*:[!-~]+$')`,message=`must be the URI of an attestation's predicate type, such as https://slsa.dev/provenance/v1`
	// +kubebuilder:validation:XValidation:rule=`self != 'https://sigstore.dev/cosign/sign/v1'`,message=`this is how cosign writes a signature, which is asked for anyway`
	PredicateType string `json:"predicateType,omitempty"`

	// cue is a condition in CUE that the statement must fulfil, for example
	// predicate: buildDefinition: buildType: "https://example.com/build/v1". It
	// sees the whole statement, with predicateType, subject and predicate.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=8192
	CUE string `json:"cue,omitempty"`
}

// PullSecretReference names a Secret in the operator's namespace.
type PullSecretReference struct {
	// name of the Secret.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule=`self.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*$')`,message=`must be the name of a Secret in the operator's namespace: lower case letters, digits, "-" and "."`
	Name string `json:"name,omitempty"`
}

// Verification says what is verified apart from admission, and how often.
// +kubebuilder:validation:MinProperties=1
type Verification struct {
	// references are images to verify even when nothing runs them, for example the
	// release that is to be rolled out next. Each must be selected by one of the
	// images globs. A tag is looked up in the registry; the digest it names is
	// verified and reported.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	References []ImageReference `json:"references,omitempty"`

	// pullSecrets are Secrets of type kubernetes.io/dockerconfigjson, in the
	// operator's own namespace, with the credentials for the registries of these
	// images. The operator needs the right to get each of them.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	PullSecrets []PullSecretReference `json:"pullSecrets,omitempty"`

	// interval after which verdicts are renewed and tags are looked up again, such
	// as 30m or 6h; at least 1m, at most 168h. When absent, 1h. Some jitter is
	// added.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule=`self.matches('^([0-9]{1,6}([.][0-9]{1,6})?(ms|s|m|h))+$') && duration(self) >= duration('1m') && duration(self) <= duration('168h')`,message=`must be a duration between 1m and 168h, such as 30m or 6h`
	Interval *metav1.Duration `json:"interval,omitempty"`
}

// KarmadaImageTrustSpec declares who may sign which images.
// +kubebuilder:validation:XValidation:rule=`has(self.issuer) != has(self.issuerRegexp)`,message=`set exactly one of issuer and issuerRegexp: the OIDC issuer in the signing certificate, e.g. issuer: https://token.actions.githubusercontent.com`
// +kubebuilder:validation:XValidation:rule=`has(self.identity) != has(self.identityRegexp)`,message=`set exactly one of identity and identityRegexp: the subject of the signing certificate, e.g. identityRegexp: https://github\.com/karmada-io/karmada/\.github/workflows/dockerhub-released-image\.yml@refs/tags/v.+`
type KarmadaImageTrustSpec struct {
	// images are the globs of the images that this trust is about: "*" stands for
	// anything but "/", "**" for anything. A glob without wildcards is one
	// repository. Tags cannot be selected; every spelling of Docker Hub
	// (docker.io/a/b, a/b, index.docker.io/a/b) means the same.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:XValidation:rule=`size(self) > 0`,message=`name at least one glob, e.g. docker.io/karmada/*`
	Images []ImageGlob `json:"images,omitempty"`

	// issuer is the exact OIDC issuer that the signing certificate must name, for
	// example https://token.actions.githubusercontent.com.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Issuer string `json:"issuer,omitempty"`

	// issuerRegexp must match the whole OIDC issuer. Prefer issuer where you can.
	// +optional
	IssuerRegexp Regexp `json:"issuerRegexp,omitempty"`

	// identity is the exact subject that the signing certificate must name: the
	// URL of a workflow file with its ref, or an e-mail address.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Identity string `json:"identity,omitempty"`

	// identityRegexp must match the whole subject of the signing certificate. It
	// is anchored for you: a value that only contains a match is refused. Limit
	// versions here, for example with @refs/tags/v1\.16\.[0-9]+ at its end.
	// +optional
	IdentityRegexp Regexp `json:"identityRegexp,omitempty"`

	// enforcement is what admission does with an image that fails the trust: Audit
	// only reports it here, Warn admits it with a warning, Enforce refuses it.
	// +optional
	// +default="Enforce"
	Enforcement Enforcement `json:"enforcement,omitempty"`

	// trustRoot names the root of trust of a private Sigstore. When absent,
	// signatures are checked against the Sigstore public good instance, or against
	// what the operator was started with.
	// +optional
	TrustRoot *TrustRootReference `json:"trustRoot,omitempty"`

	// attestations that each image must have beside its signature, made by the same
	// identity. Admission refuses an image that lacks one.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	Attestations []Attestation `json:"attestations,omitempty"`

	// verification says which images are verified even when nothing runs them, and
	// how often. Images that run or that workloads ask for are always verified.
	// +optional
	Verification *Verification `json:"verification,omitempty"`
}

// KarmadaImageTrust declares once who may sign which images. The operator
// turns it into a ClusterImagePolicy that sigstore policy-controller enforces
// at admission, verifies images by the same rule, and reports both here.
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

	// metadata is the object's metadata. The ClusterImagePolicy takes the object's
	// name.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty,omitzero"`

	// spec declares who may sign which images.
	// +required
	Spec KarmadaImageTrustSpec `json:"spec,omitzero"`

	// status is what the operator observed.
	// +optional
	Status KarmadaImageTrustStatus `json:"status,omitempty,omitzero"`
}

// KarmadaImageTrustList is a list of KarmadaImageTrusts.
//
// +kubebuilder:object:root=true
type KarmadaImageTrustList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty,omitzero"`

	// items of the list.
	Items []KarmadaImageTrust `json:"items"`
}
