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

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/spf13/cobra"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/manifests"
	"github.com/karmada-io/image-trust/internal/pin"
	"github.com/karmada-io/image-trust/internal/text"
)

// pinOptions are the flags of pin.
type pinOptions struct {
	verifyOptions

	manifests []string
	inPlace   bool
	// format is kustomize, or empty for the manifests themselves.
	format string
}

const formatKustomize = "kustomize"

func newPinCommand(s streams) *cobra.Command {
	o := &pinOptions{}
	cmd := &cobra.Command{
		Use:   "pin -f FILE --manifests DIR|FILE|- [--in-place]",
		Short: "Write the digests of verified images into manifests",
		Long: `Write the digests of verified images into manifests, as NAME:TAG@DIGEST. Nothing else in a file changes. Images that are not
verified are not pinned, which the exit code reports. Images that no trust matches are left unchanged.

The result goes to standard output, or into the files with --in-place. With -o kustomize, it is the images field of a
kustomization.yaml.

` + retriesHelp + `

Exit codes: 0 all images that a trust matches are pinned, 1 an image is untrusted or has another digest, 2 usage error,
3 the verdict on an image is unknown.`,
		Example: `  kubectl imagetrust pin -f trust.yaml --manifests deploy/ --in-place
  helm template ./chart | kubectl imagetrust pin -f trust.yaml --manifests - | kubectl apply -f -
  kubectl imagetrust pin -f trust.yaml --manifests base/ -o kustomize >> overlay/kustomization.yaml`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context(), s) },
	}
	flags := cmd.Flags()
	o.trusts.registerFiles(flags)
	flags.StringArrayVar(&o.manifests, "manifests", nil, "file or directory with manifests, or - for standard input; may be repeated")
	flags.BoolVar(&o.inPlace, "in-place", false, "write the files instead of standard output")
	o.trustRoot.register(flags)
	o.registry.register(flags)
	o.cluster.register(flags)
	flags.StringVarP(&o.format, "output", "o", "",
		"output format: kustomize (the images field of a kustomization.yaml); the manifests if empty")
	return cmd
}

func (o *pinOptions) validate() error {
	switch {
	case len(o.trusts.files) == 0:
		return usageErrorf("name the file of the trusts, for example -f trust.yaml")
	case len(o.manifests) == 0:
		return usageErrorf("name the manifests, for example --manifests deploy/")
	case o.format != "" && o.format != formatKustomize:
		return usageErrorf("--output must be kustomize, not %q", o.format)
	case o.format != "" && o.inPlace:
		return usageErrorf("-o kustomize and --in-place cannot be combined: remove one of them")
	}
	return o.trustRoot.validate()
}

func (o *pinOptions) run(ctx context.Context, s streams) error {
	if err := o.validate(); err != nil {
		return err
	}
	in, err := o.trusts.load(ctx, s)
	if err != nil {
		return err
	}
	files, err := readInputs(&o.trusts.reader, o.manifests, s)
	if err != nil {
		return err
	}
	verdicts, err := o.verdicts(ctx, s, in, files)
	if err != nil {
		return err
	}
	write := o.rewrite
	if o.format == formatKustomize {
		write = o.kustomize
	}
	images, err := write(s, files, verdicts)
	if images == nil && err != nil {
		return err
	}
	code := verdicts.report(s, images)
	if err != nil {
		return err
	}
	return exitWith(code)
}

// rewrite pins images where they are written. It writes nothing unless all files can be pinned. If some files cannot be
// written, it returns the images and an error.
func (o *pinOptions) rewrite(s streams, files []*manifests.File, verdicts pinVerdicts) ([]pin.Image, error) {
	results := make([]*pin.Result, 0, len(files))
	for _, file := range files {
		result, err := pin.Rewrite(file, verdicts.of)
		if err != nil {
			return nil, usageErrorf("%w", err)
		}
		results = append(results, result)
	}
	for i, result := range results {
		if !o.inPlace || result.Name == standardInput {
			if err := printFile(s, i, result.Content); err != nil {
				return nil, err
			}
		}
	}
	var failed error
	if o.inPlace {
		failed = replaceAll(o.manifests, files, results)
	}
	images := []pin.Image{}
	for _, result := range results {
		images = append(images, result.Images...)
	}
	return images, failed
}

// printFile prints one of several files as a YAML document of its own.
func printFile(s streams, i int, content []byte) error {
	if i > 0 {
		content = append([]byte("---\n"), content...)
	}
	return s.Out.manifests(content)
}

// kustomize prints the images field of a kustomization.yaml.
func (o *pinOptions) kustomize(s streams, files []*manifests.File, verdicts pinVerdicts) ([]pin.Image, error) {
	result, err := pin.Kustomize(files, verdicts.of)
	if err != nil {
		return nil, usageErrorf("%w", err)
	}
	return result.Images, s.Out.manifests(result.Content)
}

// pinVerdict is the verdict of all trusts on an image.
type pinVerdict struct {
	pin.Verdict

	verdict v1alpha1.Verdict
	// uncovered reports whether no trust matches the image.
	uncovered bool
}

// pinVerdicts are verdicts by image, as it is written in manifests.
type pinVerdicts map[string]pinVerdict

func (v pinVerdicts) of(image string) pin.Verdict { return v[image].Verdict }

// verdicts verifies all images in the files. An image that several trusts match must be verified by all of them.
func (o *pinOptions) verdicts(ctx context.Context, s streams, in *inputs, files []*manifests.File) (pinVerdicts, error) {
	verdicts := pinVerdicts{}
	var verifications []verification
	for _, file := range files {
		for _, object := range file.Objects {
			for _, image := range object.Images() {
				written := image.Container.Image
				if _, known := verdicts[written]; known {
					continue
				}
				verdicts[written] = pinVerdict{uncovered: true, Verdict: pin.Verdict{Reason: "no trust matches it"}}
				ref, err := name.ParseReference(written)
				if err != nil {
					if in.selects(written) {
						verdicts[written] = pinVerdict{verdict: v1alpha1.VerdictUnknown}
					}
					continue
				}
				for _, one := range in.covering(ref) {
					verifications = append(verifications, verification{written: written, ref: ref, trust: one})
				}
			}
		}
	}
	if err := o.verify(ctx, s, in, verifications); err != nil {
		return nil, err
	}
	for _, q := range verifications {
		verdicts[q.written] = verdicts[q.written].and(q)
	}
	return verdicts, nil
}

// and returns the worse verdict of v and that of another trust. Two trusts that verified different digests verified nothing that
// could be pinned: the tag was moved in between.
func (v pinVerdict) and(other verification) pinVerdict {
	result := other.answer.Result
	if v.verdict == v1alpha1.VerdictVerified && result.Verdict == v1alpha1.VerdictVerified && v.Digest != other.answer.Digest {
		moved := admission.TagMoved(v.Digest, other.answer.Digest)
		return pinVerdict{verdict: moved.Verdict, Verdict: pin.Verdict{Reason: moved.Reason + ": " + moved.Message}}
	}
	if !v.uncovered && !result.Verdict.Worse(v.verdict) {
		return v
	}
	if result.Verdict == v1alpha1.VerdictVerified {
		return pinVerdict{verdict: result.Verdict, Verdict: pin.Verdict{Digest: other.answer.Digest}}
	}
	return pinVerdict{verdict: result.Verdict, Verdict: pin.Verdict{Reason: result.Reason + ": " + result.Message}}
}

// report prints which images were not pinned and why, and returns the exit code.
func (v pinVerdicts) report(s streams, images []pin.Image) int {
	code, pinned, unchanged := exitOK, 0, 0
	style := s.ErrOut.style()
	var p text.Printer
	for i := range images {
		image := &images[i]
		verdict := v[image.Container.Image]
		switch {
		case image.Outcome == pin.Pinned:
			pinned++
			continue
		case image.Outcome == pin.AlreadyPinned || verdict.uncovered:
			unchanged++
			continue
		case verdict.verdict == v1alpha1.VerdictUnknown:
			if code == exitOK {
				code = exitUnknown
			}
		default:
			code = exitUntrusted
		}
		line, _ := image.Object.Position(image.Path)
		p.Printf("%s %s:%d: %s is not pinned: %s\n",
			mark(style, verdict.verdict), image.Object.File.Name, line, image.Container.Image, image.Message)
	}
	p.Printf("%d of %s pinned, %d unchanged\n", pinned, text.Count(len(images), "image"), unchanged)
	_ = s.ErrOut.print(&p)
	return code
}
