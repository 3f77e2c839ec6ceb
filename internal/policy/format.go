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

package policy

import (
	"slices"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// Format is a way in which a signature or an attestation is stored in a registry, together with what proves the time of
// signing. The zero value is no format.
type Format string

const (
	// SimpleSigning is what cosign v2 stores under a tag (.sig, .att), with an entry of the transparency log.
	SimpleSigning Format = "SimpleSigning"
	// Timestamped is SimpleSigning with an RFC 3161 timestamp instead of an entry of the transparency log.
	Timestamped Format = "Timestamped"
	// Bundle is a Sigstore bundle that refers to the image, with an entry of the transparency log.
	Bundle Format = "Bundle"
	// RekorV2Bundle is a Sigstore bundle whose entry of the transparency log has no time, as those of Rekor v2. An RFC 3161
	// timestamp proves the time, and the log that the signature was published.
	RekorV2Bundle Format = "RekorV2Bundle"
	// TimestampedBundle is a Sigstore bundle whose time is proved by an RFC 3161 timestamp. It needs no log.
	TimestampedBundle Format = "TimestampedBundle"
)

// TimeProof is what proves when a signature was made, and thereby that its certificate was valid.
type TimeProof string

const (
	// LogEntry is an entry of a transparency log (Rekor).
	LogEntry TimeProof = "LogEntry"
	// Timestamp is an RFC 3161 timestamp by a timestamp authority.
	Timestamp TimeProof = "Timestamp"
)

// bundleFormat is the signatureFormat of an authority that accepts Sigstore bundles.
const bundleFormat = "bundle"

// properties of a Format.
type properties struct {
	format  Format
	storage v1alpha1.SignatureFormat
	time    TimeProof
	// logged reports whether the log has to prove that it has the signature, whatever proves the time.
	logged bool
	// within are the formats whose authorities accept this one too, if the version of policy-controller can; empty if the format
	// has an authority of its own.
	within Formats
	// suffix of the name of an authority that accepts the format; it has none for the first format.
	suffix string
	// signatureFormat is the field of this name of an authority that accepts the format.
	signatureFormat string
}

// formats lists all formats in the order in which they are tried. Signatures of the first one that an image has decide, unless a
// bundle that is looked for first does (verify.Result, PassedOver), and authorities are rendered in this order.
func formats() []properties {
	return []properties{
		{format: SimpleSigning, storage: v1alpha1.SignatureFormatSimpleSigning, time: LogEntry, logged: true},
		{format: Timestamped, storage: v1alpha1.SignatureFormatSimpleSigning, time: Timestamp, suffix: ".timestamp"},
		{
			format: Bundle, storage: v1alpha1.SignatureFormatBundle, time: LogEntry, logged: true,
			suffix: ".bundle", signatureFormat: bundleFormat,
		},
		{
			format: RekorV2Bundle, storage: v1alpha1.SignatureFormatBundle, time: Timestamp, logged: true,
			within: Formats{Bundle, TimestampedBundle},
		},
		{
			format: TimestampedBundle, storage: v1alpha1.SignatureFormatBundle, time: Timestamp,
			suffix: ".bundle-timestamp", signatureFormat: bundleFormat,
		},
	}
}

func (f Format) properties() properties {
	all := formats()
	if i := slices.IndexFunc(all, func(p properties) bool { return p.format == f }); i >= 0 {
		return all[i]
	}
	return properties{}
}

// Storage is how signatures of the format are stored, as the API names it; empty for no format.
func (f Format) Storage() v1alpha1.SignatureFormat { return f.properties().storage }

// Time is what proves the time of signing; empty for no format.
func (f Format) Time() TimeProof { return f.properties().time }

// Logged reports whether the transparency log has to prove that it has a signature of the format.
func (f Format) Logged() bool { return f.properties().logged }

// Within returns all formats that an authority for the format accepts in a version of policy-controller: the format itself,
// and those that need no other fields.
func (f Format) Within(c Capabilities) Formats {
	accepted := []Format{f}
	for _, p := range formats() {
		if p.within.Has(f) && c.verifies(p.format) {
			accepted = append(accepted, p.format)
		}
	}
	return NewFormats(accepted...)
}

// AuthorityFormat returns the format that an authority of a ClusterImagePolicy accepts: signatureFormat is its field of
// this name, and timestamp reports whether the field rfc3161timestamp is set. It is empty for fields that no format has. The
// authority may accept further formats: see Within.
func AuthorityFormat(signatureFormat string, timestamp bool) Format {
	for _, p := range formats() {
		if len(p.within) == 0 && p.signatureFormat == signatureFormat && (p.time == Timestamp) == timestamp {
			return p.format
		}
	}
	return ""
}

// fields are those of an authority that depend on the format. A trust root, if it is named, provides the log or the
// timestamp authority; without it policy-controller uses the public log.
func (f Format) fields(trustRoot string) map[string]any {
	p := f.properties()
	fields := map[string]any{}
	if p.signatureFormat != "" {
		fields["signatureFormat"] = p.signatureFormat
	}
	switch {
	case trustRoot == "":
	case p.time == Timestamp:
		fields["rfc3161timestamp"] = map[string]any{"trustRootRef": trustRoot}
	default:
		// Without ctlog policy-controller does not verify the entry of the transparency log.
		fields["ctlog"] = map[string]any{"url": rekorURL, "trustRootRef": trustRoot}
	}
	return fields
}

// Formats is a set of formats in the order in which they are tried. NewFormats makes one.
type Formats []Format

// NewFormats returns the set of some formats.
func NewFormats(some ...Format) Formats {
	var out Formats
	for _, p := range formats() {
		if slices.Contains(some, p.format) {
			out = append(out, p.format)
		}
	}
	return out
}

// Has reports whether the set has a format.
func (f Formats) Has(format Format) bool { return slices.Contains(f, format) }

// HasBefore reports whether the set has a format that is tried before another one and stored in the same way.
func (f Formats) HasBefore(format Format) bool {
	i := slices.Index(f, format)
	return i > 0 && slices.ContainsFunc(f[:i], func(earlier Format) bool { return earlier.Storage() == format.Storage() })
}

// HasStorage reports whether the set has a format that is stored in a way.
func (f Formats) HasStorage(storage v1alpha1.SignatureFormat) bool {
	return slices.ContainsFunc(f, func(format Format) bool { return format.Storage() == storage })
}

// storedAs returns the formats that are stored in one of some ways; all of them where none is given.
func (f Formats) storedAs(ways []v1alpha1.SignatureFormat) Formats {
	if len(ways) == 0 {
		return f
	}
	return slices.DeleteFunc(slices.Clone(f), func(format Format) bool { return !slices.Contains(ways, format.Storage()) })
}

// Union returns the formats of both sets.
func (f Formats) Union(other Formats) Formats { return NewFormats(slices.Concat(f, other)...) }

// IsSubsetOf reports whether all has each format of f.
func (f Formats) IsSubsetOf(all Formats) bool {
	return !slices.ContainsFunc(f, func(format Format) bool { return !all.Has(format) })
}

// rendered returns the formats that have authorities of their own. Those accept the others.
func (f Formats) rendered() Formats {
	return slices.DeleteFunc(slices.Clone(f), func(format Format) bool { return len(format.properties().within) > 0 })
}

// IsPrefixOf reports whether f is a leading part of all. Formats are tried in order, so the verdict for all decides the
// verdict for f.
func (f Formats) IsPrefixOf(all Formats) bool {
	return len(f) <= len(all) && slices.Equal(f, all[:len(f)])
}
