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

package main

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"regexp"
	"strings"
	"text/template"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
)

// githubPreset is the preset for artifact attestations of GitHub, which depends on the source of the images.
const githubPreset = "github"

var (
	//go:embed presets/github/trust.yaml.tmpl
	githubTrust string
	// githubTUFRoot is version 3 of the root.json of GitHub's TUF repository, from https://github.com/cli/cli (pkg/cmd/attestation).
	//
	//go:embed presets/github/root.json
	githubTUFRoot []byte
)

// maxTrustName is the length of the longest name that the preset gives to a trust, that of a label.
const maxTrustName = 63

// renderGitHub returns the preset for the images of a source, OWNER or OWNER/REPOSITORY. Without globs the images are all of the
// owner in GitHub's registry.
func renderGitHub(source string, globs []string) ([]byte, error) {
	owner, repository, named := strings.Cut(source, "/")
	// These are compiled here, not when the program starts: one command of all needs them.
	githubOwner := regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_-]{0,38})$`)
	githubRepository := regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`)
	if !githubOwner.MatchString(owner) || named && (!githubRepository.MatchString(repository) || strings.Trim(repository, ".") == "") {
		return nil, usageErrorf("%q is no source at GitHub: write OWNER or OWNER/REPOSITORY, as GitHub spells it", source)
	}
	if len(globs) == 0 {
		// Names of images have no upper case.
		globs = []string{"ghcr.io/" + strings.ToLower(owner) + "/**"}
	}
	pattern := `[^/]+`
	if named {
		pattern = regexp.QuoteMeta(repository)
	}
	spec := v1alpha1.KarmadaImageTrustSpec{Issuer: "https://issuer.example", Identity: "somebody"}
	for _, glob := range globs {
		spec.Images = append(spec.Images, v1alpha1.ImageGlob(glob))
	}
	if _, err := policy.Compile(spec); err != nil {
		return nil, usageErrorf("--images: %w", err)
	}
	notInName := regexp.MustCompile(`[^a-z0-9-]+`)
	name := strings.Trim(notInName.ReplaceAllString(strings.ToLower(source), "-"), "-")
	var out bytes.Buffer
	err := template.Must(template.New(githubPreset).Parse(githubTrust)).Execute(&out, struct {
		Root, Source, Owner, Repository, Name, Identity string
		Images                                          []string
	}{
		Root: base64.StdEncoding.EncodeToString(githubTUFRoot), Source: source, Owner: owner, Repository: repository,
		Name:     strings.TrimRight(name[:min(len(name), maxTrustName)], "-"),
		Identity: `https://github\.com/` + regexp.QuoteMeta(owner) + "/" + pattern + `/\.github/workflows/.+`,
		Images:   globs,
	})
	return out.Bytes(), err
}
