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
	"net/http"
	"strings"
	"testing"

	"github.com/karmada-io/image-trust/test/lab/images"
)

func TestPin(t *testing.T) {
	f := newFixture(t)
	digest := f.push("app/signed").DigestStr()
	f.write("deploy/signed.yaml", deployment("signed", "REGISTRY/app/signed:v1 # the release"))
	f.write("deploy/other.yaml", deployment("other", "REGISTRY/other/image:v1"))
	f.write("pinned.yaml", deployment("pinned", "REGISTRY/app/signed:v1@"+digest))
	f.write("missing.yaml", deployment("missing", "REGISTRY/app/signed:v1@sha256:"+strings.Repeat("0", 64)))
	f.write("unsigned.yaml", deployment("signed", "REGISTRY/app/signed:v1")+"---\n"+deployment("unsigned", "REGISTRY/app/unsigned:v1"))
	f.write("unknown.yaml", deployment("down", "REGISTRY/down/image:v1"))
	f.write("unreadable.yaml", deployment("unreadable", "REGISTRY/app/UPPER:v1")+"---\n"+deployment("other", "REGISTRY/other/UPPER:v1"))
	f.write("scheme.yaml", deployment("covered", "oci://REGISTRY/app/signed:v1")+"---\n"+deployment("other", "https://example.com/x1:v1"))
	f.write("volume.yaml", deployment("volume", "REGISTRY/other/image:v1")+
		"      volumes:\n      - {name: models, image: {reference: REGISTRY/app/signed:v1}}\n")
	f.runGolden("pin", map[string]pluginTest{
		"scheme":               {args: []string{"-f", "trust.yaml", "--manifests", "scheme.yaml"}, code: exitUnknown},
		"unreadable":           {args: []string{"-f", "trust.yaml", "--manifests", "unreadable.yaml"}, code: exitUnknown},
		"image volume":         {args: []string{"-f", "trust.yaml", "--manifests", "volume.yaml"}},
		"pinned":               {args: []string{"-f", "trust.yaml", "--manifests", "deploy"}},
		"already pinned":       {args: []string{"-f", "trust.yaml", "--manifests", "pinned.yaml"}},
		"missing digest":       {args: []string{"-f", "trust.yaml", "--manifests", "missing.yaml"}, code: exitUnknown},
		"untrusted keep going": {args: []string{"-f", "trust.yaml", "--manifests", "unsigned.yaml", "--keep-going"}, code: exitUntrusted},
		"untrusted":            {args: []string{"-f", "trust.yaml", "--manifests", "unsigned.yaml"}, code: exitUntrusted},
		"unknown":              {args: []string{"-f", "down.yaml", "--manifests", "unknown.yaml"}, code: exitUnknown},
		"kustomize":            {args: []string{"-f", "trust.yaml", "--manifests", "deploy", "-o", "kustomize"}},
		"standard input":       {args: []string{"-f", "trust.yaml", "--manifests", "-"}, stdin: deployment("input", "REGISTRY/app/signed:v1")},
		"no trust":             {args: []string{"--manifests", "deploy"}, code: exitUsage},
		"no manifests":         {args: []string{"-f", "trust.yaml"}, code: exitUsage},
		"unknown format":       {args: []string{"-f", "trust.yaml", "--manifests", "deploy", "-o", "json"}, code: exitUsage},
		"format and in place":  {args: []string{"-f", "trust.yaml", "--manifests", "deploy", "-o", "kustomize", "--in-place"}, code: exitUsage},
		"missing file":         {args: []string{"-f", "trust.yaml", "--manifests", "nowhere"}, code: exitUsage},
	})
}

// TestPinSeveralFiles: kubectl reads the objects of all files from what is printed, whatever they begin and end with.
func TestPinSeveralFiles(t *testing.T) {
	f := newFixture(t)
	signed := deployment("signed", "REGISTRY/app/signed:v1")
	f.write("several/a.yaml", strings.TrimSpace(signed))
	f.write("several/b.yaml", "\xef\xbb\xbf"+signed+"# end")
	f.write("several/c.yaml", "%YAML 1.1\n---\n"+signed)
	f.write("several/d.json", `{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "d"}} {"apiVersion": "v1", "kind": "Pod", `+
		`"metadata": {"name": "d"}, "spec": {"containers": [{"name": "main", "image": "REGISTRY/app/signed:v1"}]}}`)
	f.write("several/e.yaml", "---\n"+signed+"---")
	f.write("several/f.yaml", "# nothing")
	f.write("block.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: block}\ndata:\n  text: |+\n    text")
	f.write("broken/a.yaml", signed)
	f.write("broken/b.yaml", "a: [")
	f.write("written/a.yaml", signed)
	f.write("written/b.yaml", "a: [")
	trust := []string{"-f", "trust.yaml", "--manifests"}
	f.runGolden("pin", map[string]pluginTest{
		"several files":             {args: append(trust, "several")},
		"a block without an end":    {args: append(trust, "block.yaml", "--manifests", "several/a.yaml"), code: exitUsage},
		"a block alone":             {args: append(trust, "block.yaml")},
		"a broken file":             {args: append(trust, "broken"), code: exitUsage},
		"a broken file keep going":  {args: append(trust, "broken", "--keep-going"), code: exitUsage},
		"a broken file in place":    {args: append(trust, "written", "--in-place"), code: exitUsage},
		"a block and a broken file": {args: append(trust, "block.yaml", "--manifests", "broken", "--keep-going"), code: exitUsage},
	})
	if pinned := f.readFile("written/a.yaml"); !strings.Contains(pinned, "@sha256:") {
		t.Errorf("the other file is not pinned:\n%s", pinned)
	}
}

// TestPinOutdated: a tag that names another image than the digest next to it is reported, and followed on request if that image is
// verified.
func TestPinOutdated(t *testing.T) {
	f := newFixture(t)
	signed, unsigned := f.push("app/signed"), f.push("app/unsigned")
	// The tag moves: from an image that is signed to another one, and to one that is not.
	old := f.signedAs("app/moved", "an older image")
	moved := f.signedAs("app/moved", "a newer image")
	worse := f.signedAs("app/worse", "a signed image")
	_, err := images.Push(t.Context(), f.image("app/worse"), "an image without a signature")
	f.must(err)
	// A digest without a signature, whose tag names one that has one.
	_, err = images.Push(t.Context(), f.image("app/mended"), "an image without a signature")
	f.must(err)
	mended := f.digest("app/mended")
	f.signedAs("app/mended", "a signed image")
	for name, image := range map[string]string{
		"outdated":       "REGISTRY/app/moved:v1@" + old,
		"current":        "REGISTRY/app/moved:v1@" + moved,
		"worse":          "REGISTRY/app/worse:v1@" + worse,
		"mended":         "REGISTRY/app/mended:v1@" + mended,
		"unsigned":       "REGISTRY/app/unsigned:v1@" + unsigned.DigestStr(),
		"gone":           "REGISTRY/app/signed:v2@" + signed.DigestStr(),
		"no tag":         "REGISTRY/app/moved@" + old,
		"not covered":    "REGISTRY/other/image:v1@" + old,
		"cannot compare": "REGISTRY/app/signed:down@" + signed.DigestStr(),
	} {
		f.write(name+".yaml", deployment("outdated", image+" # the release"))
	}
	f.write("all/a.yaml", deployment("outdated", "REGISTRY/app/moved:v1@"+old)+"---\n"+deployment("renewed", "'REGISTRY/app/moved:v1@"+old+"'")+
		"---\n"+deployment("new", "REGISTRY/app/moved:v1"))
	answer := front(func(_ http.Handler, w http.ResponseWriter, r *http.Request) bool {
		down := strings.HasSuffix(r.URL.Path, "/manifests/down")
		if down {
			w.WriteHeader(http.StatusForbidden)
		}
		return down
	})
	f.front.Store(&answer)
	tests := map[string]pluginTest{}
	for name, codes := range map[string][2]int{ // without and with --update
		"outdated": {exitUntrusted, exitOK}, "current": {}, "worse": {exitUntrusted, exitUntrusted}, "mended": {exitUntrusted, exitOK},
		"unsigned": {exitUntrusted, exitUntrusted}, "gone": {exitUntrusted, exitUntrusted}, "no tag": {}, "not covered": {},
		"cannot compare": {exitUnknown, exitUnknown}, "all": {exitUntrusted, exitOK},
	} {
		file := name + ".yaml"
		if name == "all" {
			file = name
		}
		args := []string{"-f", "trust.yaml", "--manifests", file}
		tests["outdated "+name] = pluginTest{args: args, code: codes[0]}
		tests["update "+name] = pluginTest{args: append(args, "--update"), code: codes[1]}
	}
	tests["update kustomize"] = pluginTest{args: []string{"-f", "trust.yaml", "--manifests", "all", "-o", "kustomize", "--update"}}
	f.runGolden("pin", tests)
	if got := f.inPlace("all", "--update"); got.code != exitOK || !strings.Contains(got.stderr, "1 of 3 images pinned, 0 unchanged, 2 renewed") {
		t.Errorf("in place: exit code %d and %q", got.code, got.stderr)
	}
	if now := f.readFile("all/a.yaml"); strings.Count(now, moved) != 3 || strings.Contains(now, old) {
		t.Errorf("in place:\n%s", now)
	}
}

// signedAs pushes an image with a content, lets the tag of the repository name it, signs it, and returns its digest.
func (f *fixture) signedAs(repository, content string) string {
	f.t.Helper()
	digest, err := images.Push(f.t.Context(), f.image(repository), content)
	f.must(err)
	f.sign(f.instance, digest, release)
	return digest.DigestStr()
}

// TestPinNotRead: an image whose name cannot be read is not pinned. Unless it is certain that no trust is about it, not all images are.
func TestPinNotRead(t *testing.T) {
	f := newFixture(t)
	tests := map[string]pluginTest{}
	for name, one := range map[string]struct {
		image string
		code  int
	}{
		"a tag": {"REGISTRY/app/signed:${TAG}", exitUnknown}, "a tag of another image": {"REGISTRY/other/image:${TAG}", exitOK},
		"the whole name": {"${IMAGE}", exitUnknown}, "a parameter": {"$(params.image)", exitUnknown}, "a registry": {"'{{ .Values.registry }}/image:v1'", exitUnknown},
		"a repository": {"REGISTRY/<APP>:v1", exitUnknown}, "a repository elsewhere": {"ghcr.io/@PROJECT@/app:v1", exitOK},
		"a digest": {"REGISTRY/app/signed@sha256:${DIGEST}", exitUnknown}, "upper case": {"REGISTRY/app/Signed:v1", exitUnknown},
		"upper case elsewhere": {"REGISTRY/other/Image:v1", exitOK}, "metadata": {"REGISTRY/app/signed:v1+build", exitUnknown},
		"a blank": {"'REGISTRY/app/signed:v1 '", exitUnknown}, "no tag": {"'REGISTRY/app/signed:'", exitUnknown},
		"a scheme": {"docker://REGISTRY/app/signed:v1", exitUnknown},
	} {
		file := "not-read-" + strings.ReplaceAll(name, " ", "-") + ".yaml"
		f.write(file, deployment("read", "REGISTRY/app/signed:v1")+"---\n"+deployment("unread", one.image))
		tests["not read "+name] = pluginTest{args: []string{"-f", "trust.yaml", "--manifests", file, "--keep-going"}, code: one.code}
	}
	f.runGolden("pin", tests)
}

// TestPinNotEditable: a verified image that cannot be pinned is a failure, and looks like one.
func TestPinNotEditable(t *testing.T) {
	f := newFixture(t)
	f.write("folded.yaml", deployment("folded", ">-\n          REGISTRY/app/signed:v1"))
	f.write("conflict.yaml", deployment("signed", "REGISTRY/app/signed:v1")+"---\n"+deployment("other", "REGISTRY/app/signed:v2"))
	f.runGolden("pin", map[string]pluginTest{
		"not editable": {args: []string{"-f", "trust.yaml", "--manifests", "folded.yaml"}, code: exitUntrusted},
		"conflicting":  {args: []string{"-f", "trust.yaml", "--manifests", "conflict.yaml", "-o", "kustomize"}, code: exitUntrusted},
	})
}

func TestPinInPlace(t *testing.T) {
	f := newFixture(t)
	f.write("deploy/signed.yaml", deployment("signed", "REGISTRY/app/signed:v1 # the release"))
	f.write("deploy/unsigned.yaml", deployment("unsigned", "REGISTRY/app/unsigned:v1"))
	f.runGolden("pin", map[string]pluginTest{
		"in place": {args: []string{"-f", "trust.yaml", "--manifests", "deploy", "--in-place"}, code: exitUntrusted},
	})
	for _, file := range []string{"signed", "unsigned"} {
		compareGolden(t, "pin/in-place-"+file+".yaml", f.readFile("deploy/"+file+".yaml"))
	}
}
