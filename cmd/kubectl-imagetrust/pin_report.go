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
	"os"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/manifests"
	"github.com/karmada-io/image-trust/internal/pin"
	"github.com/karmada-io/image-trust/internal/text"
)

// pinCounts counts images by what became of them. Each is counted once.
type pinCounts struct {
	pinned, renewed, unchanged, notPinned, notVerified, outdated, notCompared, notRead int
}

// print prints the counts, without those of failures that did not happen.
func (c *pinCounts) print(p *text.Printer, all int) {
	p.Printf("%d of %s pinned, %d unchanged", c.pinned, text.Count(all, "image"), c.unchanged)
	for _, count := range []struct {
		of    int
		words string
	}{
		{c.renewed, "renewed"}, {c.notPinned, "not pinned"}, {c.notVerified, "not verified"}, {c.outdated, "outdated"},
		{c.notCompared, "not compared"}, {c.notRead, "not read"},
	} {
		if count.of > 0 {
			p.Printf(", %d %s", count.of, count.words)
		}
	}
	p.Printf("\n")
}

// report prints which images were not pinned and why, and returns the exit code.
func (v pinVerdicts) report(s streams, images []*pin.Image) int {
	code := exitOK
	style := s.ErrOut.style()
	var counts pinCounts
	var p text.Printer
	for _, image := range images {
		outcome := v[image.Built].report(image, &counts)
		if outcome.code == exitOK {
			continue
		}
		if code != exitUntrusted {
			code = outcome.code
		}
		sign := style.failure("✗")
		if outcome.code == exitUnknown {
			sign = style.warning("?")
		}
		p.Printf("%s %s:%d: ", sign, image.Object.File.Name, image.Line)
		if image.Outcome != pin.NotRead { // the message begins with the name
			p.Printf("%s %s: ", image.Built, outcome.clause)
		}
		p.Printf("%s", image.Message)
		if image.Built != image.Container.Image {
			p.Printf(" (kustomize builds it of %s)", image.Container.Image)
		}
		p.Printf("\n")
	}
	counts.print(&p, len(images))
	_ = s.ErrOut.print(&p)
	return code
}

// tellOverrides warns of kustomizations that were read and that change pinned images afterwards.
func tellOverrides(s streams, files []*manifests.File, edited string, images []*pin.Image) {
	var p text.Printer
	told := 0
	for _, file := range files {
		if sameFile(file.Name, edited) {
			continue
		}
		for _, one := range pin.ReadOverrides(file).Undoing(images) {
			if told++; told <= maxTold {
				p.Printf("%s: %s:%d: %s\n", s.ErrOut.style().warning("warning"), one.File, one.Line, one.Effect())
			}
		}
	}
	if told > maxTold {
		p.Printf("%s: and %d more\n", s.ErrOut.style().warning("warning"), told-maxTold)
	}
	_ = s.ErrOut.print(&p)
}

// sameFile reports whether two names are those of one file.
func sameFile(name, other string) bool {
	one, err := os.Stat(name)
	if err != nil {
		return false
	}
	another, err := os.Stat(other)
	return err == nil && os.SameFile(one, another)
}

// pinOutcome is what is reported of an image.
type pinOutcome struct {
	// code is the exit code because of this image.
	code int
	// clause says what is wrong; empty if nothing is.
	clause string
}

// report counts an image, and returns what is reported of it.
func (v pinVerdict) report(image *pin.Image, counts *pinCounts) pinOutcome {
	undecided := exitUntrusted
	if v.verdict == v1alpha1.VerdictUnknown {
		undecided = exitUnknown
	}
	const notPinned = "is not pinned"
	switch image.Outcome {
	case pin.Pinned:
		counts.pinned++
		return pinOutcome{}
	case pin.Renewed:
		counts.renewed++
		return pinOutcome{}
	case pin.AlreadyPinned:
		counts.unchanged++
		return pinOutcome{}
	case pin.PinnedOtherwise:
		counts.outdated++
		return pinOutcome{exitUntrusted, "is outdated"}
	case pin.NotCompared:
		counts.notCompared++
		return pinOutcome{exitUnknown, "is pinned to a verified digest, but it is unknown what its tag names"}
	case pin.NotEditable, pin.Conflicting:
		counts.notPinned++
		return pinOutcome{exitUntrusted, notPinned}
	case pin.NotWritten: // the error says whether that is wrong input
		counts.notPinned++
		return pinOutcome{exitUnknown, notPinned}
	case pin.NotRead, pin.NotVerified:
	}
	switch {
	case v.uncovered:
		counts.unchanged++
		return pinOutcome{}
	case image.Outcome == pin.NotRead:
		counts.notRead++
		return pinOutcome{exitUnknown, ""}
	case image.IsPinned():
		counts.notVerified++
		return pinOutcome{undecided, "is not verified"}
	default:
		counts.notPinned++
		return pinOutcome{undecided, notPinned}
	}
}
