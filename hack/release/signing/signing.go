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

// Package signing signs and attests the artefacts of a release with the cosign command, keyless: cosign takes the identity of the
// workflow that runs it.
package signing

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// The types of attestations, in cosign's words.
const (
	provenanceType = "slsaprovenance1"
	sbomType       = "spdxjson"
)

// Extensions of the bundles beside an artefact.
const (
	SignatureBundle  = ".sigstore.json"
	ProvenanceBundle = ".provenance.sigstore.json"
	SBOMBundle       = ".sbom.sigstore.json"
)

// Artefact is something that is published. The files that attest it are predicates, in JSON.
type Artefact struct {
	// Reference is an image in a registry by digest, or a file.
	Reference string
	// InRegistry is whether it is an image.
	InRegistry bool
	// Signed is whether it is signed, beside what is attested.
	Signed bool
	// Provenance and SBOM are files; empty: none.
	Provenance, SBOM string
}

// Commands returns the arguments of the cosign commands that sign and attest an artefact.
func (a Artefact) Commands() [][]string {
	var out [][]string
	add := func(command, extension string, args ...string) {
		args = slices.Concat([]string{command, "--yes"}, args)
		if !a.InRegistry {
			args[0] += "-blob"
			args = append(args, "--bundle", a.Reference+extension)
		}
		out = append(out, args)
	}
	if a.Signed {
		add("sign", SignatureBundle)
	}
	if a.Provenance != "" {
		add("attest", ProvenanceBundle, "--type", provenanceType, "--predicate", a.Provenance)
	}
	if a.SBOM != "" {
		add("attest", SBOMBundle, "--type", sbomType, "--predicate", a.SBOM)
	}
	return out
}

// Cosign is the cosign command.
type Cosign struct {
	// Path is its file, and Args are added to every command.
	Path string
	Args []string
	// Output receives what it prints.
	Output io.Writer
}

// Sign signs and attests artefacts. It ends at the first failure, so that a release is complete or not made.
func (c Cosign) Sign(ctx context.Context, artefacts ...Artefact) error {
	for _, artefact := range artefacts {
		for _, args := range artefact.Commands() {
			args = slices.Concat(args, c.Args, []string{artefact.Reference})
			command := exec.CommandContext(ctx, c.Path, args...) //nolint:gosec // the program that the caller's command line names
			command.Env, command.Stdout, command.Stderr = os.Environ(), c.Output, c.Output
			if err := command.Run(); err != nil {
				return fmt.Errorf("cosign %s: %w", strings.Join(args, " "), err)
			}
		}
	}
	return nil
}
