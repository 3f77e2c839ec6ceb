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

package installed

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/text"
	"github.com/karmada-io/image-trust/internal/workload"
)

const (
	// versionLabel and nameLabel are labels of the Helm chart (sigstore/helm-charts, charts/policy-controller,
	// templates/_helpers.tpl). The manifests of releases have neither.
	versionLabel = "app.kubernetes.io/version"
	nameLabel    = "app.kubernetes.io/name"
	chartName    = "policy-controller"

	// maxVersion is how much of a label or tag is quoted, in bytes.
	maxVersion = 32
	// maxListed is how many versions a message lists.
	maxListed = 3
)

// published returns the versions of the images that releases published, by digest. The image of v0.13.1 is the one that the
// Helm charts 0.10.5 to 0.10.8 pin (charts/policy-controller/values.yaml, with appVersion 0.13.1). The releases of v0.14.0 and
// v0.15.1 are in no chart; their images are recognised by their tags.
func published() map[string]string {
	return map[string]string{
		"sha256:0bcd60beb93f4427c29cf3a669743caf58490e98ded4380c33c09f092734a6ab": "0.13.1",
	}
}

// versionNumber matches a version without a suffix: what a suffix stands for is not known.
var versionNumber = regexp.MustCompile(`^v?([0-9]{1,4})\.([0-9]{1,4})(?:\.[0-9]{1,4})?$`)

// series returns the name by which admission.Versions know a version, such as v0.14 for 0.14.0; empty if the text is not a
// version.
func series(version string) string {
	parts := versionNumber.FindStringSubmatch(version)
	if parts == nil {
		return ""
	}
	return "v" + parts[1] + "." + parts[2]
}

// number returns a version without its v.
func number(version string) string { return strings.TrimPrefix(version, "v") }

// claim is a version that something tells.
type claim struct {
	version string
	source  v1alpha1.VersionSource
}

// evidence is what the workloads of a namespace tell.
type evidence struct {
	// claims by the image or the label that makes each.
	claims []claim
	// silent are the images of the webhook that tell no version.
	silent []string
	// overruled are labels that the image contradicts.
	overruled []string
}

func gather(workloads []inventory.Workload) *evidence {
	e := &evidence{}
	for i := range workloads {
		if w := &workloads[i]; !w.Idle {
			e.add(w)
		}
	}
	return e
}

// add what one workload tells: its images and, where these tell nothing, its label.
func (e *evidence) add(w *inventory.Workload) {
	images := webhookImages(w)
	if len(images) == 0 {
		return
	}
	var told []claim
	var silent []string
	foreign := map[string]bool{}
	for _, image := range slices.Sorted(maps.Keys(images)) {
		version, source, digest := read(image, images[image])
		if source == "" {
			silent = append(silent, image)
			foreign[digest] = true
			continue
		}
		told = append(told, claim{version, source})
	}
	label := w.Labels[versionLabel]
	labelled := w.Kind == "Deployment" && series(label) != "" && w.Labels[nameLabel] != ""
	switch {
	case len(told) == 0 && labelled && !pinsAnother(label, foreign):
		told, silent = append(told, claim{number(label), v1alpha1.VersionByChartLabel}), nil
	case labelled && !slices.ContainsFunc(told, func(c claim) bool { return series(c.version) == series(label) }):
		e.overruled = append(e.overruled, number(label))
	}
	e.claims = append(e.claims, told...)
	e.silent = append(e.silent, silent...)
}

// pinsAnother reports whether the chart of a version pins an image by digest, and the Deployment has another digest: its image
// was replaced, so that the label, which is the chart's, says nothing about it.
func pinsAnother(version string, digests map[string]bool) bool {
	delete(digests, "")
	if len(digests) == 0 {
		return false
	}
	for _, known := range published() {
		if known == number(version) {
			return true
		}
	}
	return false
}

// webhookImages returns the images of the webhook's containers in a workload, with the digests that nodes report.
func webhookImages(w *inventory.Workload) map[string][]string {
	images := map[string][]string{}
	add := func(c inventory.Container, digest string) {
		if c.Field != workload.Containers {
			return
		}
		images[c.Image] = append(images[c.Image], digest)
	}
	for _, c := range w.Template {
		if isWebhook(c.Image) {
			add(c, "")
		}
	}
	for _, r := range w.Running {
		if isWebhook(r.Image) || published()[r.Digest] != "" {
			add(r.Container, r.Digest)
		}
	}
	if len(images) > 0 || w.Kind != "Deployment" || w.Labels[nameLabel] != chartName {
		return images
	}
	// The chart's Deployment, with an image of another name.
	for _, c := range w.Template {
		if c.Name == "webhook" || strings.HasSuffix(c.Name, "-webhook") {
			add(c, "")
		}
	}
	return images
}

// isWebhook reports whether an image has the name of policy-controller's, in any registry, or a digest that a release
// published.
func isWebhook(image string) bool {
	ref, err := name.ParseReference(image)
	if err != nil {
		return false
	}
	switch path.Base(ref.Context().RepositoryStr()) {
	case "policy-controller", "sigstore-policy-controller": // the latter is Chainguard's
		return true
	}
	return published()[digestOf(ref)] != ""
}

func digestOf(ref name.Reference) string {
	if digest, ok := ref.(name.Digest); ok {
		return digest.DigestStr()
	}
	return ""
}

// read returns the version that an image tells, by its digest, by a digest that a node reports for it, or by its tag. The
// source is empty if it tells none.
func read(image string, reported []string) (version string, source v1alpha1.VersionSource, digest string) {
	ref, err := name.ParseReference(image)
	if err != nil {
		return "", "", ""
	}
	digest = digestOf(ref)
	for _, known := range append([]string{digest}, reported...) {
		if version := published()[known]; version != "" {
			return version, v1alpha1.VersionByImageDigest, digest
		}
	}
	// name.Digest does not keep the tag of NAME:TAG@DIGEST.
	tagged, _, _ := strings.Cut(image, "@")
	if tag, err := name.NewTag(tagged); err == nil && series(tag.TagStr()) != "" {
		return number(tag.TagStr()), v1alpha1.VersionByImageTag, digest
	}
	return "", "", digest
}

// versions returns the distinct versions that are told, sorted.
func (e *evidence) versions() []string {
	var versions []string
	for _, c := range e.claims {
		versions = append(versions, c.version)
	}
	slices.Sort(versions)
	return slices.Compact(versions)
}

// conflicting reports whether different versions run, as during an upgrade.
func (e *evidence) conflicting() bool {
	return len(e.claims) > 0 && (len(e.silent) > 0 || slices.ContainsFunc(e.claims, func(c claim) bool {
		return series(c.version) != series(e.claims[0].version)
	}))
}

// conclude returns what the workloads alone tell.
func (e *evidence) conclude() PolicyController {
	switch {
	case len(e.claims) == 0 && len(e.silent) == 0:
		return unknown("no workload in the namespace of its webhook has its image; name the version with --" + Flag)
	case len(e.claims) == 0 && len(e.overruled) > 0:
		return unknown(fmt.Sprintf("its image is not the one of %s, which the label %s says; name the version with --%s",
			e.overruled[0], versionLabel, Flag))
	case len(e.claims) == 0:
		return unknown(fmt.Sprintf("its image %s tells no version; name it with --%s", text.List(e.silent, 1), Flag))
	case e.conflicting() && len(e.silent) > 0:
		return unknown(fmt.Sprintf("%s runs beside %s, which tells no version", text.List(e.versions(), maxListed), text.List(e.silent, 1)))
	case e.conflicting():
		return unknown("several versions run: " + text.List(e.versions(), maxListed))
	}
	best := slices.MinFunc(e.claims, func(a, b claim) int {
		return cmp.Or(cmp.Compare(rank(a.source), rank(b.source)), cmp.Compare(a.version, b.version))
	})
	found := PolicyController{Version: best.version, Source: best.source}
	if behavior, ok := admission.Supported().Find(series(best.version)); ok {
		found.Versions = admission.Versions{behavior}
	} else {
		found.Message = fmt.Sprintf("this version is not supported, so nothing is predicted; supported are %s", admission.Supported())
	}
	if len(e.overruled) > 0 && found.Message == "" {
		found.Message = fmt.Sprintf("the label %s says %s, which is not what runs", versionLabel, e.overruled[0])
	}
	return found
}

// rank orders sources, the most trustworthy first.
func rank(source v1alpha1.VersionSource) int {
	return slices.Index([]v1alpha1.VersionSource{
		v1alpha1.VersionByImageDigest, v1alpha1.VersionByImageTag, v1alpha1.VersionByChartLabel, v1alpha1.VersionByFlag,
	}, source)
}
