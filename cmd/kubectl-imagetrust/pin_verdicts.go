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
	"fmt"
	"slices"
	"strings"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/imagename"
	"github.com/karmada-io/image-trust/internal/manifests"
	"github.com/karmada-io/image-trust/internal/pin"
)

// pinVerdict is the verdict of all trusts on an image.
type pinVerdict struct {
	pin.Verdict

	verdict v1alpha1.Verdict
	// uncovered reports whether no trust matches the image.
	uncovered bool
	// names is the digest that the verdict is about, also if it is not verified; empty if a tag could not be resolved.
	names string
	// absent reports whether the registry has no such tag.
	absent bool
}

// pinVerdicts are verdicts by image, as it is written in manifests.
type pinVerdicts map[string]pinVerdict

func (v pinVerdicts) of(image string) pin.Verdict { return v[image].Verdict }

// verdicts verifies all images in the files. An image that several trusts match must be verified by all of them. Of an image with
// a tag and a digest, what the tag names is verified too.
func (o *pinOptions) verdicts(
	ctx context.Context, s streams, in *inputs, files []*manifests.File, overrides pin.Overrides,
) (pinVerdicts, error) {
	verdicts, tags := pinVerdicts{}, pinVerdicts{}
	var verifications, ofTags []verification
	for written := range imagesIn(files, overrides) {
		if _, known := verdicts[written]; known {
			continue
		}
		verdicts[written] = pinVerdict{uncovered: true, Verdict: pin.Verdict{Reason: "no trust matches it"}}
		ref, err := imagename.Parse(written)
		if err != nil {
			if in.maySelect(err) {
				verdicts[written] = pinVerdict{verdict: v1alpha1.VerdictUnknown}
			}
			continue
		}
		tag, tagged := imagename.TagNextToDigest(written)
		for _, one := range in.covering(ref) {
			verifications = append(verifications, verification{written: written, ref: ref, trust: one})
			if tagged {
				tags[written] = pinVerdict{uncovered: true}
				ofTags = append(ofTags, verification{written: written, ref: tag, trust: one})
			}
		}
	}
	all := slices.Concat(verifications, ofTags)
	if err := o.verify(ctx, s, in, all); err != nil {
		return nil, err
	}
	for i, q := range all {
		of := verdicts
		if i >= len(verifications) {
			of = tags
		}
		of[q.written] = of[q.written].and(q)
	}
	for written, named := range tags {
		verdicts[written] = verdicts[written].compare(written, named, o.update)
	}
	return verdicts, nil
}

// imagesIn iterates over the images in files, as kustomize builds them.
func imagesIn(files []*manifests.File, overrides pin.Overrides) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, file := range files {
			for _, object := range file.Objects {
				for _, image := range object.Images() {
					if !yield(overrides.Build(image.Container.Image)) {
						return
					}
				}
			}
		}
	}
}

// maySelect reports whether a trust may be about an image whose name cannot be read. If a placeholder is all that is written, it
// may be any image.
func (in *inputs) maySelect(err error) bool {
	invalid, ok := errors.AsType[*imagename.InvalidError](err)
	return !ok || slices.ContainsFunc(in.trusts, func(one trust) bool { return one.compiled.MaySelect(invalid) })
}

// and returns the worse verdict of v and that of another trust. Two trusts that verified different digests verified nothing that
// could be pinned: the tag was moved in between.
func (v pinVerdict) and(other verification) pinVerdict {
	result := other.answer.Result
	if v.verdict == v1alpha1.VerdictVerified && result.Verdict == v1alpha1.VerdictVerified && v.Digest != other.answer.Digest {
		moved := admission.TagMoved(v.Digest, other.answer.Digest)
		return pinVerdict{verdict: moved.Verdict, names: v.names, Verdict: pin.Verdict{Reason: moved.Reason + ": " + moved.Message}}
	}
	if !v.uncovered && !result.Verdict.Worse(v.verdict) {
		return v
	}
	next := pinVerdict{
		verdict: result.Verdict, names: other.answer.Digest,
		absent: result.Reason == v1alpha1.ImageNotFoundReason && other.answer.Digest == "",
	}
	if result.Verdict == v1alpha1.VerdictVerified {
		next.Digest = other.answer.Digest
	} else {
		next.Reason = result.Reason + ": " + result.Message
	}
	return next
}

// compare returns the verdict on an image with a tag and a digest, given that on what the tag names now. With update, the digest is
// replaced by that one if it is verified, and never otherwise.
func (v pinVerdict) compare(written string, named pinVerdict, update bool) pinVerdict {
	tag, _ := imagename.TagNextToDigest(written)
	_, digest, _ := strings.Cut(written, "@")
	verified := named.verdict == v1alpha1.VerdictVerified
	switch {
	case named.names == "" && named.absent:
		v.Outdated = fmt.Sprintf("the registry has no tag %s: remove the tag, or write one that exists", tag.TagStr())
	case named.names == "":
		v.Uncompared = named.Reason
	case named.names == digest:
	case verified && update:
		v.Renewal = named.names
	case verified:
		v.Outdated = fmt.Sprintf("%s is %s now, which is verified: --update renews the digest", tag.TagStr(), named.names)
	default:
		v.Outdated = fmt.Sprintf("%s is %s now, which is not verified: %s", tag.TagStr(), named.names, named.Reason)
	}
	if v.Outdated != "" && v.verdict != v1alpha1.VerdictVerified {
		v.Reason += "; " + v.Outdated
	}
	return v
}
