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

package tracing

import (
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
)

// Keys of attributes: those of OpenTelemetry's semantic conventions where there is one.
const (
	ErrorType      = semconv.ErrorTypeKey
	RequestMethod  = semconv.HTTPRequestMethodKey
	ResendCount    = semconv.HTTPRequestResendCountKey
	ResponseSize   = semconv.HTTPResponseBodySizeKey
	ResponseStatus = semconv.HTTPResponseStatusCodeKey
	ServerAddress  = semconv.ServerAddressKey
	ServerPort     = semconv.ServerPortKey
	URLTemplate    = semconv.URLTemplateKey
	ImageName      = semconv.ContainerImageNameKey
	ManifestDigest = semconv.OCIManifestDigestKey

	TrustName       = attribute.Key("image_trust.name")
	TrustGeneration = attribute.Key("image_trust.generation")
	Images          = attribute.Key("image_trust.images")
	Workloads       = attribute.Key("image_trust.workloads")
	Verdict         = attribute.Key("image_trust.verdict")
	Reason          = attribute.Key("image_trust.reason")
	Attempt         = attribute.Key("image_trust.attempt")
	Cached          = attribute.Key("image_trust.cached")
	DroppedSpans    = attribute.Key("image_trust.dropped_spans")
	SignatureFormat = attribute.Key("image_trust.signature_format")
	Attestation     = attribute.Key("image_trust.attestation")
	Listed          = attribute.Key("image_trust.listed")
	RootFingerprint = attribute.Key("image_trust.root_fingerprint")
)

// Attribute describes an attribute.
type Attribute struct {
	Key attribute.Key
	// Spans that may have it.
	Spans []string
	// Meaning of its value, in Markdown.
	Meaning string
}

// Request is how documents call the span of a request to a registry, whose name is its method.
const Request = "HTTP method"

// Attributes returns all attributes that spans may have.
func Attributes() []Attribute {
	search := Search + "…"
	return []Attribute{
		{TrustName, []string{Reconciliation}, "name of the KarmadaImageTrust"},
		{TrustGeneration, []string{Reconciliation}, "its `metadata.generation`"},
		{Images, []string{Reconciliation}, "number of images that the trust is about"},
		{Workloads, []string{Reconciliation}, "number of workloads with such images"},
		{ImageName, []string{Verification}, "registry and repository, without tag and digest"},
		{Attempt, []string{Verification}, "1, and one more for each failed attempt before"},
		{Cached, []string{Verification}, "`true` if no registry had to be asked"},
		{DroppedSpans, []string{Verification}, "number of spans that were not made because of the bound"},
		{ManifestDigest, []string{Verification, Resolution, Digest}, "the digest that the result is about"},
		{Verdict, []string{Verification, Digest, search}, "`Verified`, `Untrusted` or `Unknown`"},
		{Reason, []string{Verification, Digest, search}, "the reason of the verdict, as in the status"},
		{SignatureFormat, []string{search}, "how it is stored: `SimpleSigning` or `Bundle`"},
		{Attestation, []string{search}, "name of the attestation in the trust"},
		{Listed, []string{search}, "number of signatures or attestations that the registry lists"},
		{RequestMethod, []string{Request}, "method of the request"},
		{URLTemplate, []string{Request}, "path with its parts replaced, such as `/v2/{name}/blobs/{digest}`; absent outside of the registry API"},
		{ServerAddress, []string{Request, RootOfTrust}, "host that is asked"},
		{ServerPort, []string{Request}, "its port"},
		{ResendCount, []string{Request}, "number of requests before this one for the same question: redirects, and one with a rejected token"},
		{ResponseStatus, []string{Request}, "status of the response"},
		{ResponseSize, []string{Request}, "number of bytes read of its body, after decompression"},
		{RootFingerprint, []string{RootOfTrust}, "fingerprint of the fetched root of trust"},
		{
			ErrorType, []string{Reconciliation, Verification, Resolution, Digest, search, Request, RootOfTrust},
			"what kind of failure it is, for spans with an error",
		},
	}
}
