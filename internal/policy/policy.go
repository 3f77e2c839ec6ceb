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

// Package policy compiles the spec of a trust into a Policy. The ClusterImagePolicy is rendered from it and the verifier
// takes its rule from it, so that what is enforced is what is reported. The package has no client, no clock and no
// network access.
package policy

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/condition"
	"github.com/karmada-io/image-trust/internal/imageglob"
	"github.com/karmada-io/image-trust/internal/imagename"
)

// DefaultInterval is the time between two verifications of an image, if a trust does not set it.
const DefaultInterval = time.Hour

const (
	minInterval = time.Minute
	maxInterval = 168 * time.Hour
)

// label is the syntax of the names of attestations and signers, which are parts of the names of authorities: see
// authorityName.
var label = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

const mustBeLabel = `must consist of lower case letters, digits and "-", and begin and end with a letter or digit`

// ErrInvalid is wrapped by every error that requires a change of the spec.
var ErrInvalid = errors.New("invalid trust")

// Policy is a compiled trust.
type Policy struct {
	// Signers of which any suffices; at least one.
	Signers []SignerRule
	// Enforcement at admission.
	Enforcement v1alpha1.Enforcement
	// References are images to verify even if no workload uses them. Their String is what the user wrote.
	References []name.Reference
	// PullSecrets are the names of Secrets with credentials for registries.
	PullSecrets []string
	// Interval between two verifications of an image.
	Interval time.Duration

	// patterns are the globs of the ClusterImagePolicy.
	patterns []string
	// selection has these globs, and those that match their repositories, whatever their tags and digests are.
	selection imageglob.Selection
}

// Conditions decide whether a condition in CUE can be evaluated. The error wraps condition.ErrUnavailable if that cannot be told
// at present.
type Conditions interface {
	Check(source string) error
}

// Compile compiles a spec. The error wraps ErrInvalid, and lists every invalid field and what to write instead. The API
// server rejects most of these specs itself. It wraps condition.ErrUnavailable instead if a condition in CUE cannot be checked
// at present. Without conditions a condition that is supported counts as valid, though it may contradict itself.
func Compile(spec v1alpha1.KarmadaImageTrustSpec, conditions ...Conditions) (*Policy, error) {
	root := field.NewPath("spec")
	p := &Policy{
		Enforcement: spec.Enforcement,
		Interval:    DefaultInterval,
	}
	if p.Enforcement == "" {
		p.Enforcement = v1alpha1.EnforcementEnforce
	}

	var errs field.ErrorList
	p.patterns, p.selection, errs = compileGlobs(root.Child("images"), spec.Images)
	attestations, attestationProblems := compileAttestations(root.Child("attestations"), spec.Attestations)
	unchecked := checkConditions(&attestationProblems, root.Child("attestations"), spec.Attestations, conditions)
	signers, signerProblems := compileSigners(root, spec, attestations)
	p.Signers = signers
	errs = slices.Concat(errs, signerProblems, attestationProblems, checkRequirements(root, spec))
	if v := spec.Verification; v != nil {
		if v.Interval != nil {
			if p.Interval = v.Interval.Duration; p.Interval < minInterval || p.Interval > maxInterval {
				errs = append(errs, field.Invalid(root.Child("verification", "interval"), v.Interval.Duration.String(),
					"must be a duration between 1m and 168h, such as 30m or 6h"))
			}
		}
		for _, secret := range v.PullSecrets {
			p.PullSecrets = append(p.PullSecrets, secret.Name)
		}
		errs = append(errs, p.compileReferences(root.Child("verification", "references"), v.References)...)
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, errs.ToAggregate())
	}
	if unchecked != nil {
		return nil, unchecked
	}
	return p, nil
}

func compileGlobs(path *field.Path, images []v1alpha1.ImageGlob) ([]string, imageglob.Selection, field.ErrorList) {
	var patterns []string
	var selection imageglob.Selection
	if len(images) == 0 {
		return nil, selection, field.ErrorList{field.Required(path, "must contain at least one glob, for example docker.io/karmada/*")}
	}
	var errs field.ErrorList
	for i, image := range images {
		if err := checkGlob(string(image)); err != nil {
			errs = append(errs, field.Invalid(path.Index(i), image, err.Error()))
			continue
		}
		for _, pattern := range normaliseGlob(string(image)) {
			if slices.Contains(patterns, pattern) {
				continue
			}
			glob, err := imageglob.Compile(pattern)
			if err != nil {
				errs = append(errs, field.Invalid(path.Index(i), image, err.Error()))
				continue
			}
			patterns = append(patterns, pattern)
			selection.Whole = append(selection.Whole, glob)
		}
		repository, _, _ := strings.Cut(string(image), "@")
		for _, pattern := range qualify(repository) {
			if glob, err := imageglob.Compile(pattern); err == nil {
				selection.Repositories = append(selection.Repositories, glob)
			}
		}
	}
	return patterns, selection, errs
}

// exampleOf returns the predicate type that cosign has a short name for (PredicateTypeMap of cosign v2.6.5
// cmd/cosign/cli/options), and one that is common for any other text. The schema has the same names.
func exampleOf(name string) string {
	predicateType, ok := map[string]string{
		"slsaprovenance": "https://slsa.dev/provenance/v0.2", "slsaprovenance02": "https://slsa.dev/provenance/v0.2",
		"slsaprovenance1": "https://slsa.dev/provenance/v1", "spdx": "https://spdx.dev/Document", "spdxjson": "https://spdx.dev/Document",
		"cyclonedx": "https://cyclonedx.org/bom", "openvex": "https://openvex.dev/ns",
		"vuln": "https://cosign.sigstore.dev/attestation/vuln/v1", "link": "https://in-toto.io/Link/v1",
		"custom": "https://cosign.sigstore.dev/attestation/v1",
	}[name]
	if !ok {
		return "https://slsa.dev/provenance/v1"
	}
	return predicateType + ", which cosign calls " + name
}

// compileAttestations compiles the attestations of a spec. Their formats depend on the signer.
func compileAttestations(path *field.Path, wanted []v1alpha1.Attestation) ([]Attestation, field.ErrorList) {
	var attestations []Attestation
	var errs field.ErrorList
	for i, a := range wanted {
		if slices.ContainsFunc(wanted[:i], func(b v1alpha1.Attestation) bool { return a.Name == b.Name }) {
			errs = append(errs, field.Duplicate(path.Index(i).Child("name"), a.Name))
		}
		if !label.MatchString(a.Name) {
			errs = append(errs, field.Invalid(path.Index(i).Child("name"), a.Name, mustBeLabel))
		}
		if a.PredicateType == SignPredicate {
			errs = append(errs, field.Invalid(path.Index(i).Child("predicateType"), a.PredicateType,
				"must not be the predicate type of cosign's signatures: a signature is required by the field signature"))
		} else if u, err := url.Parse(a.PredicateType); err != nil || !u.IsAbs() {
			errs = append(errs, field.Invalid(path.Index(i).Child("predicateType"), a.PredicateType,
				"must be the URI of an attestation's predicate type, such as "+exampleOf(a.PredicateType)))
		}
		attestations = append(attestations, Attestation{Name: a.Name, PredicateType: a.PredicateType, CUE: a.CUE})
	}
	return attestations, errs
}

// checkConditions adds the problems of conditions in CUE. The error is about one that cannot be checked at present.
func checkConditions(
	errs *field.ErrorList, path *field.Path, wanted []v1alpha1.Attestation, conditions []Conditions,
) (unchecked error) {
	for i, a := range wanted {
		if a.CUE == "" {
			continue
		}
		at := path.Index(i).Child("cue")
		err := condition.Check(a.CUE)
		for j := 0; j < len(conditions) && err == nil; j++ {
			err = conditions[j].Check(a.CUE)
		}
		switch {
		case err == nil:
		case errors.Is(err, condition.ErrUnavailable):
			unchecked = fmt.Errorf("%s: %w", at, err)
		case errors.Is(err, condition.ErrInvalid):
			*errs = append(*errs, field.Invalid(at, a.CUE, "must be CUE: "+err.Error()))
		default:
			*errs = append(*errs, field.Invalid(at, a.CUE, "must be CUE that can be evaluated: "+err.Error()))
		}
	}
	return unchecked
}

func (p *Policy) compileReferences(path *field.Path, references []v1alpha1.ImageReference) field.ErrorList {
	var errs field.ErrorList
	for i, reference := range references {
		ref, err := imagename.Parse(string(reference))
		switch {
		case err != nil:
			errs = append(errs, field.Invalid(path.Index(i), reference,
				"must be an image reference such as docker.io/karmada/karmada-scheduler:v1.16.0 or NAME@sha256:DIGEST"+why(err)))
		case !p.Matches(ref):
			errs = append(errs, field.Invalid(path.Index(i), reference,
				"must match one of the globs in images; add a glob, or remove the reference"))
		default:
			p.References = append(p.References, ref)
		}
	}
	return errs
}

// why returns the end of a message about a text that is not an image reference.
func why(err error) string {
	if invalid, ok := errors.AsType[*imagename.InvalidError](err); ok {
		return "; " + invalid.Problem
	}
	return ""
}

// Enforced returns a copy of the policy whose enforcement is Enforce.
func (p *Policy) Enforced() *Policy {
	enforced := *p
	enforced.Enforcement = v1alpha1.EnforcementEnforce
	return &enforced
}

// Matches reports whether the trust selects an image: its globs match the whole name, as admission compares it or with the
// one spelling of its registry.
func (p *Policy) Matches(ref name.Reference) bool {
	return p.selection.Matches(imageglob.Names{Whole: imageglob.WholeNames(ref)})
}

// MatchesName reports whether the trust selects an image by its name as a workload writes it. A name that cannot be read may
// be one that a node can read: it is selected if a glob matches a repository that it may name.
func (p *Policy) MatchesName(written string) bool {
	return p.selection.Matches(imageglob.NamesOf(written))
}

// Selection returns the globs that MatchesName compares names with. It must not be changed.
func (p *Policy) Selection() *imageglob.Selection { return &p.selection }

// EscapesAdmission reports whether the trust selects an image that the ClusterImagePolicy does not match, because admission
// takes the spelling of its registry for another registry. Admission denies a name that cannot be read.
func (p *Policy) EscapesAdmission(written string) bool {
	ref, err := name.ParseReference(written)
	return err == nil && p.Matches(ref) && !p.matchesWhole(ref.Name())
}

func (p *Policy) matchesWhole(whole string) bool {
	return p.selection.Matches(imageglob.Names{Whole: []string{whole}})
}

// DisplayName returns the name of an image or repository as users write it, with docker.io for Docker Hub.
func DisplayName(ref interface{ Name() string }) string {
	if rest, ok := strings.CutPrefix(ref.Name(), dockerHub+"/"); ok {
		return "docker.io/" + rest
	}
	return ref.Name()
}

// Globs returns the globs of the ClusterImagePolicy.
func (p *Policy) Globs() []string { return slices.Clone(p.patterns) }

// Registries returns the registries that the trust names: those of its globs that have no wildcard in them, and those of its
// references, each in its one spelling.
func (p *Policy) Registries() []string {
	var registries []string
	for _, pattern := range p.patterns {
		if registry := imagename.RegistryOfGlob(pattern); registry != "" {
			registries = append(registries, registry)
		}
	}
	for _, ref := range p.References {
		registries = append(registries, imagename.FoldHost(ref.Context().RegistryStr()))
	}
	return distinct(registries)
}
