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
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/hack/release/ociimage"
	"github.com/karmada-io/image-trust/hack/release/provenance"
	"github.com/karmada-io/image-trust/hack/release/signing"
)

// Where things are in the directory of the artefacts.
const imageBill = imageName + billExtension

// isBundle reports whether a file holds signatures or attestations of another one.
func isBundle(file string) bool { return strings.HasSuffix(file, signing.SignatureBundle) }

// publication is what the command publish does.
type publication struct {
	layout, dir  string
	image, chart string
	helm, cosign string
	cosignArgs   string
}

func declarePublish(flags *flag.FlagSet) func(context.Context, io.Writer, io.Writer) error {
	p := &publication{}
	layout, dir := layoutFlag(flags), dirFlag(flags)
	flags.StringVar(&p.image, "image", "", "reference with a tag to push the image to")
	flags.StringVar(&p.chart, "charts", "", "repository to push the chart to, without its name; empty: there is none")
	flags.StringVar(&p.helm, "helm", "helm", "file of the helm command")
	flags.StringVar(&p.cosign, "cosign", "cosign", "file of the cosign command, version 3")
	flags.StringVar(&p.cosignArgs, "cosign-args", "", "arguments of all cosign commands, separated by spaces")
	return func(ctx context.Context, out, progress io.Writer) error {
		p.layout, p.dir = *layout, *dir
		return p.publish(ctx, out, progress)
	}
}

func (p *publication) publish(ctx context.Context, out, progress io.Writer) error {
	work, err := os.MkdirTemp("", "publish-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	// First, as it fails where nothing should be pushed.
	predicate := filepath.Join(work, "provenance.json")
	if err := p.writeProvenance(predicate); err != nil {
		return err
	}
	files, err := p.files(predicate)
	if err != nil {
		return err
	}
	image, err := push(ctx, p.layout, p.image)
	if err != nil {
		return err
	}
	published := []signing.Artefact{{
		Reference: image.String(), InRegistry: true, Signed: true, Provenance: predicate, SBOM: filepath.Join(p.dir, imageBill),
	}}
	if p.chart != "" {
		chart, err := p.pushChart(ctx, progress)
		if err != nil {
			return err
		}
		bill, err := chartFile(p.dir)
		if err != nil {
			return err
		}
		published = append(published, signing.Artefact{
			Reference: chart.String(), InRegistry: true, Signed: true, Provenance: predicate, SBOM: bill + billExtension,
		})
	}
	cosign := signing.Cosign{Path: p.cosign, Args: strings.Fields(p.cosignArgs), Output: progress}
	if err := cosign.Sign(ctx, append(published, files...)...); err != nil {
		return err
	}
	for _, artefact := range published {
		_, _ = fmt.Fprintln(out, artefact.Reference)
	}
	return nil
}

// writeProvenance writes the provenance of all artefacts, which are made by the same run.
func (p *publication) writeProvenance(file string) error {
	index, err := ociimage.ReadLayout(p.layout)
	if err != nil {
		return err
	}
	images, err := ociimage.Images(index)
	if err != nil {
		return err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return err
	}
	var bases []string
	for _, image := range images {
		bases = append(bases, ociimage.BaseName(manifest.Annotations)+"@"+image.Base)
	}
	predicate, err := provenance.FromActions(os.Getenv, bases...)
	if err != nil {
		return err
	}
	return os.WriteFile(file, predicate, 0o600)
}

// files are the artefacts that are files: those that people run or install, and the signed checksums of all.
func (p *publication) files(predicate string) ([]signing.Artefact, error) {
	paths, err := artefacts(p.dir)
	if err != nil {
		return nil, err
	}
	out := []signing.Artefact{{Reference: filepath.Join(p.dir, checksumsFile), Signed: true}}
	for _, path := range paths {
		if strings.HasSuffix(path, billExtension) {
			continue
		}
		artefact := signing.Artefact{Reference: path, Provenance: predicate}
		if _, err := os.Stat(path + billExtension); err == nil {
			artefact.SBOM = path + billExtension
		}
		out = append(out, artefact)
	}
	return out, nil
}

// pushedDigest is how helm says what it pushed.
var pushedDigest = regexp.MustCompile(`(?m)^Pushed: (\S+)\nDigest: (sha256:[0-9a-f]{64})$`)

// pushChart pushes the only chart among the artefacts.
func (p *publication) pushChart(ctx context.Context, progress io.Writer) (name.Digest, error) {
	file, err := chartFile(p.dir)
	if err != nil {
		return name.Digest{}, err
	}
	//nolint:gosec // the program that the caller's command line names
	printed, err := exec.CommandContext(ctx, p.helm, "push", file, "oci://"+p.chart).CombinedOutput()
	_, _ = progress.Write(printed)
	if err != nil {
		return name.Digest{}, fmt.Errorf("pushing the chart: %w", err)
	}
	match := pushedDigest.FindSubmatch(printed)
	if match == nil {
		return name.Digest{}, errors.New("pushing the chart: helm does not say which digest it has")
	}
	reference, err := name.ParseReference(string(match[1]))
	if err != nil {
		return name.Digest{}, fmt.Errorf("pushing the chart: %w", err)
	}
	return reference.Context().Digest(string(match[2])), nil
}
