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
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/karmada-io/image-trust/internal/manifests"
	"github.com/karmada-io/image-trust/internal/pin"
	"github.com/karmada-io/image-trust/internal/text"
)

// pinOptions are the flags of pin.
type pinOptions struct {
	verifyOptions

	reading     manifestFlags
	imageFields imageFieldFlags
	inPlace     bool
	keepGoing   bool
	update      bool
	// kustomization is the file to edit instead of the manifests.
	kustomization string
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

The result goes to standard output, or into the files with --in-place. If the exit code is not 0, nothing is printed, unless
--keep-going is set; --in-place pins what can be pinned.

With -o kustomize, the result is a Component of kustomize for a file of its own. With --kustomization, the images field of that file
is edited: what its entries make of an image is verified, and its digest is added.

` + retriesHelp + `

An image with a tag and a digest is outdated if its tag names another digest by now. With --update, the digest is replaced if
what the tag names is verified.

Exit codes: 0 all images that a trust matches are pinned to verified digests, 1 an image is untrusted, outdated or cannot be
edited, 2 usage error, 3 an image is unknown: its registry does not answer, or its name cannot be read.`,
		Example: `  kubectl imagetrust pin -f trust.yaml --manifests deploy/ --in-place
  helm template ./chart | kubectl imagetrust pin -f trust.yaml --manifests - | kubectl apply -f -
  kubectl imagetrust pin -f trust.yaml --manifests base/ --kustomization overlay/kustomization.yaml
  kubectl imagetrust pin -f trust.yaml --manifests base/ -o kustomize > components/pins/kustomization.yaml`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context(), s) },
	}
	flags := cmd.Flags()
	o.trusts.registerFiles(flags)
	o.reading.register(flags, "")
	o.imageFields.register(flags)
	flags.BoolVar(&o.inPlace, "in-place", false, "write the files instead of standard output")
	flags.StringVar(&o.kustomization, "kustomization", "",
		"kustomization.yaml whose images field is edited, so that what kustomize builds of the manifests is pinned")
	flags.BoolVar(&o.update, "update", false, "replace the digest of NAME:TAG@DIGEST by what the tag names now, if that is verified")
	flags.BoolVar(&o.keepGoing, "keep-going", false, "print the result also if the exit code is not 0: images that are not verified are in it")
	o.trustRoot.register(flags)
	o.registry.register(flags)
	o.cluster.register(flags)
	flags.StringVarP(&o.format, "output", "o", "",
		"output format: kustomize (a Component with the images field, for a file of its own); the manifests if empty")
	return cmd
}

func (o *pinOptions) validate() error {
	switch {
	case len(o.trusts.files) == 0:
		return usageErrorf("name the file of the trusts, for example -f trust.yaml")
	case len(o.reading.manifests) == 0:
		return usageErrorf("name the manifests, for example --manifests deploy/")
	case o.format != "" && o.format != formatKustomize:
		return usageErrorf("--output must be kustomize, not %q", o.format)
	case o.format != "" && o.inPlace:
		return usageErrorf("-o kustomize and --in-place cannot be combined: remove one of them")
	case o.kustomization != "" && (o.inPlace || o.format != ""):
		return usageErrorf("--kustomization cannot be combined with --in-place or -o: remove one of them")
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
	if err := o.imageFields.read(&o.trusts.reader); err != nil {
		return err
	}
	set, err := o.reading.read(&o.trusts.reader, s)
	if err != nil {
		return err
	}
	kustomization, err := o.readKustomization()
	if err != nil {
		return err
	}
	verdicts, err := o.verdicts(ctx, s, in, set.Files, pin.ReadOverrides(kustomization))
	if err != nil {
		return err
	}
	pinned, err := o.pin(set.Files, kustomization, verdicts)
	if err != nil {
		return err
	}
	var failed error
	switch {
	case o.inPlace:
		failed = replaceAll(o.reading.manifests, set.Files, pinned.results)
	case o.kustomization != "":
		failed = o.writeKustomization(kustomization, pinned.kustomization)
	}
	skipped := o.skipped(set)
	tellSkipped(s, skipped)
	tellOverrides(s, set.Files, o.kustomization, pinned.images())
	code := verdicts.report(s, pinned.images())
	result := ending(set, failed, code)
	if len(pinned.images()) == 0 && len(skipped) > 0 && !o.reading.allowEmpty {
		result = cmp.Or(result, usageErrorf("no image was found, and what was skipped may name images: %s", countReasons(skipped)))
	}
	return o.print(s, pinned, result)
}

// skipped returns what was skipped without the user having said so. Where kustomize is to use the result, a kustomization.yaml is
// nothing to tell.
func (o *pinOptions) skipped(set *manifests.Set) []manifests.Skipped {
	forKustomize := o.kustomization != "" || o.format == formatKustomize
	return slices.DeleteFunc(set.Skipped(), func(one manifests.Skipped) bool {
		return one.Reason == manifests.Excluded || forKustomize && one.Reason == manifests.KustomizeInput
	})
}

// ending returns the error that ends the command: its code is that of wrong input if anything could not be read or written, then
// that of the images, and then that of files that were edited meanwhile.
func ending(set *manifests.Set, written error, code int) error {
	unread := complete(set, nil)
	switch {
	case unread != nil:
		return errors.Join(unread, written)
	case written == nil:
		return exitWith(code)
	case code == exitUntrusted && exitCode(written) == exitUnknown:
		return &exitError{code: code, err: written}
	default:
		return written
	}
}

// pinned are images that are pinned where they are written, or in entries for kustomize.
type pinned struct {
	results       []*pin.Result
	kustomization *pin.Kustomization
}

// images returns the images of all containers in all files.
func (p *pinned) images() []*pin.Image {
	var images []*pin.Image
	if p.kustomization != nil {
		for i := range p.kustomization.Images {
			images = append(images, &p.kustomization.Images[i])
		}
	}
	for _, result := range p.results {
		for i := range result.Images {
			images = append(images, &result.Images[i])
		}
	}
	return images
}

// readKustomization reads the kustomization.yaml to edit. Without one, it returns a file without content.
func (o *pinOptions) readKustomization() (*manifests.File, error) {
	if o.kustomization == "" {
		return &manifests.File{}, nil
	}
	file, err := os.Open(o.kustomization)
	if err != nil {
		return nil, usageErrorf("%w", err)
	}
	defer func() { _ = file.Close() }()
	kustomization, err := o.trusts.reader.Read(o.kustomization, file)
	if err != nil {
		return nil, usageErrorf("%w", err)
	}
	if len(kustomization.Objects) > 0 {
		return nil, usageErrorf("%s is no kustomization.yaml: it has a %s", o.kustomization, kustomization.Objects[0].GetKind())
	}
	return kustomization, nil
}

// writeKustomization writes the edited kustomization.yaml.
func (o *pinOptions) writeKustomization(before *manifests.File, after *pin.Kustomization) error {
	if !after.Changed {
		return nil
	}
	err := replaceFile(filepath.Dir(o.kustomization), o.kustomization, before.Content, after.Content)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errChanged):
		err = unavailable(fmt.Errorf("%s: %w", o.kustomization, err))
	default:
		err = usageErrorf("writing %s: %w", o.kustomization, err)
	}
	for i := range after.Images {
		if image := &after.Images[i]; image.Edited() {
			image.Outcome, image.Message = pin.NotWritten, "the kustomization could not be written"
		}
	}
	return err
}

// pin pins the images. It writes nothing.
func (o *pinOptions) pin(files []*manifests.File, kustomization *manifests.File, verdicts pinVerdicts) (*pinned, error) {
	var result *pin.Kustomization
	var err error
	switch {
	case o.kustomization != "":
		result, err = pin.KustomizeFile(kustomization, files, verdicts.of)
	case o.format == formatKustomize:
		result, err = pin.Kustomize(files, verdicts.of)
	}
	if err != nil {
		return nil, usageErrorf("%w", err)
	}
	if result != nil {
		return &pinned{kustomization: result}, nil
	}
	all := &pinned{}
	for _, file := range files {
		result, err := pin.Rewrite(file, verdicts.of)
		if err != nil {
			return nil, usageErrorf("%w", err)
		}
		all.results = append(all.results, result)
	}
	return all, nil
}

// print prints what goes to standard output, and returns the error that ends the command. What is printed may go to kubectl apply
// whatever the exit code is: without --keep-going it is everything, or nothing.
func (o *pinOptions) print(s streams, p *pinned, result error) error {
	printed := slices.Clone(p.results)
	if o.inPlace {
		printed = slices.DeleteFunc(printed, func(r *pin.Result) bool { return r.Name != manifests.StandardInput })
	}
	switch {
	case o.kustomization != "", p.kustomization == nil && len(printed) == 0:
		return result
	case result != nil && !o.keepGoing:
		const why = "nothing is printed because the exit code is %d: use --keep-going to print what there is, with images that are not pinned\n"
		return cmp.Or(s.ErrOut.print(text.Sprintf(why, exitCode(result))), result)
	}
	content, err := p.content(printed)
	if err != nil {
		err = usageErrorf("%w", err)
		if isSilent(result) {
			return err
		}
		return errors.Join(err, result)
	}
	return cmp.Or(s.Out.manifests(content), result)
}

// content returns what is printed.
func (p *pinned) content(printed []*pin.Result) ([]byte, error) {
	if p.kustomization != nil {
		return p.kustomization.Content, nil
	}
	return pin.Join(printed)
}
