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

package evasion

import (
	"fmt"
	"strings"
)

// containers are about the lists of containers and what is in them.
func containers() []Evasion {
	signed := pod("hidden", Signed)
	return []Evasion{
		{Name: "init container", Manifest: signed + "  initContainers:\n  - {name: first, image: \"" + Unsigned + "\"}\n"},
		{Name: "sidecar", Manifest: signed + "  initContainers:\n  - {name: first, restartPolicy: Always, image: \"" + Unsigned + "\"}\n"},
		{Name: "ephemeral container", Answer: Rejected,
			Manifest: signed + "  ephemeralContainers:\n  - {name: debug, image: \"" + Unsigned + "\"}\n"},
		{Name: "image volume", Answer: Accepted, Manifest: signed +
			"  volumes:\n  - {name: data, image: {reference: \"" + Unsigned + "\", pullPolicy: Always}}\n"},
		{Name: "only an init container", Answer: Rejected, Manifest: "apiVersion: v1\nkind: Pod\nmetadata: {name: hidden}\nspec:\n" +
			"  containers: []\n  initContainers: [{name: first, image: \"" + Unsigned + "\"}]\n"},
		{Name: "the last of many", Manifest: signed + many(60) + "  - {name: last, image: \"" + Unsigned + "\"}\n"},
		{Name: "two of one name", Answer: Rejected, Manifest: signed + "  - {name: main, image: \"" + Unsigned + "\"}\n"},
		{Name: "container without a name", Answer: Rejected, Manifest: signed + "  - {image: \"" + Unsigned + "\"}\n"},
		{Name: "beside one without an image", Answer: Rejected, Manifest: pod("hidden", Unsigned) + "  - {name: patched}\n"},
		{Name: "beside one with an empty image", Answer: Rejected, Manifest: pod("hidden", Unsigned) + "  - {name: patched, image: \"\"}\n"},
		{Name: "beside one with a null image", Answer: Rejected, Manifest: pod("hidden", Unsigned) + "  - {name: patched, image: null}\n"},
		{Name: "beside one with a number as image", Answer: Rejected, Manifest: pod("hidden", Unsigned) + "  - {name: patched, image: 5}\n"},
		{Name: "beside one that is null", Answer: Rejected, Manifest: pod("hidden", Unsigned) + "  - null\n"},
		{Name: "beside one that is text", Answer: Rejected, Manifest: pod("hidden", Unsigned) + "  - text\n"},
		{Name: "beside null init containers", Manifest: pod("hidden", Unsigned) + "  initContainers: null\n"},
		{Name: "beside init containers that are a mapping", Answer: Rejected, Manifest: pod("hidden", Unsigned) + "  initContainers: {a: b}\n"},
		{Name: "field of another type", Answer: Rejected, Manifest: pod("hidden", Unsigned) + "  hostNetwork: \"yes\"\n"},
		{Name: "patch that deletes the container", Manifest: podWith("hidden", "", "    $patch: delete\n    image: "+Unsigned+"\n")},
		{Name: "patch that replaces the containers", Answer: Rejected,
			Manifest: signed + "  - {name: other, image: \"" + Unsigned + "\"}\n  - $patch: replace\n"},
		{Name: "patch that deletes the object", Manifest: "$patch: delete\n" + pod("hidden", Unsigned)},
		{Name: "patch with the order of its elements", Manifest: pod("hidden", Unsigned) +
			"  $setElementOrder/containers: [{name: none}]\n  $retainKeys: [volumes]\n"},
		{Name: "patch that deletes from a list", Manifest: pod("hidden", Unsigned) + "  $deleteFromPrimitiveList/containers: [main]\n"},
		{Name: "patch without an image", Manifest: podWith("hidden", "", "    resources: {}\n"), Told: "Patch", Answer: Rejected},
		{Name: "image in upper case", Manifest: podWith("hidden", "", "    Image: "+Unsigned+"\n"), Answer: Rejected},
		{Name: "image in two cases", Manifest: podWith("hidden", "", "    image: "+Signed+"\n    Image: "+Unsigned+"\n"), Answer: Accepted},
		{Name: "unsigned image in two cases",
			Manifest: podWith("hidden", "", "    IMAGE: "+Signed+"\n    image: "+Unsigned+"\n    Image: "+Signed+"\n")},
		{Name: "containers in upper case", Answer: Rejected,
			Manifest: "apiVersion: v1\nkind: Pod\nmetadata: {name: hidden}\nspec:\n  Containers: [{name: main, image: \"" + Unsigned + "\"}]\n"},
		{Name: "spec in two cases", Manifest: pod("hidden", Unsigned) + "Spec:\n  containers: [{name: main, image: \"" + Signed + "\"}]\n"},
		{Name: "template of a pod",
			Manifest: pod("hidden", Unsigned) + "  template: {spec: {containers: [{name: main, image: \"" + Signed + "\"}]}}\n"},
	}
}

// many returns items of a list of containers.
func many(count int) string {
	var items strings.Builder
	for i := range count {
		fmt.Fprintf(&items, "  - {name: c%d, image: %q}\n", i, Signed)
	}
	return items.String()
}

// uncovered is how the plan lists the images of a workload that no policy covers. Whether admission can resolve their tags is not
// known of files.
const uncovered = `"uncovered": [`

// names are about the spelling of the image.
func names() []Evasion {
	image := func(name, image string) Evasion { return Evasion{Name: name, Manifest: pod("hidden", image)} }
	quoted := func(name, within string) Evasion { return image(name, `"`+within+`"`) }
	beside := func(name, within string) Evasion {
		return Evasion{Name: name, Manifest: pod("hidden", Signed) + "  - {name: other, image: \"" + within + "\"}\n"}
	}
	// The API server looks at blanks in pods only, not in templates.
	ofTemplate := func(name, within string) Evasion {
		return Evasion{Name: name + " in a template", Manifest: workload("apps/v1", "Deployment", "hidden", "", "", `"`+within+`"`)}
	}
	return []Evasion{
		image("no host", "evasions/unsigned:v1"),
		image("index host", "index.docker.io/evasions/unsigned:v1"),
		image("registry host", "registry-1.docker.io/evasions/unsigned:v1"),
		image("host in upper case", "DOCKER.IO/evasions/unsigned:v1").answered(Accepted).told(uncovered),
		image("host with a port", "docker.io:443/evasions/unsigned:v1").answered(Accepted).told(uncovered),
		image("index host with a port", "index.docker.io:443/evasions/unsigned:v1").answered(Accepted).told(uncovered),
		image("host with a dot at its end", "docker.io./evasions/unsigned:v1").answered(Accepted).told(uncovered),
		image("two slashes", "docker.io//evasions/unsigned:v1").answered(Accepted),
		image("slash at the beginning", "/evasions/unsigned:v1").answered(Accepted),
		image("dot in the path", "docker.io/evasions/./unsigned:v1").answered(Accepted).told(uncovered),
		image("dots in the path", "docker.io/other/../evasions/unsigned:v1").answered(Accepted).told(uncovered),
		quoted("IPv6 host", "[::1]:5000/evasions/unsigned:v1").told(uncovered),
		image("no tag", "docker.io/evasions/unsigned"),
		quoted("empty tag", "docker.io/evasions/unsigned:"),
		image("two tags", "docker.io/evasions/unsigned:v1:v1"),
		image("tag in upper case", "docker.io/evasions/unsigned:V1"),
		image("repository in upper case", "docker.io/evasions/UNSIGNED:v1"),
		beside("repository in upper case beside a signed image", "docker.io/evasions/UNSIGNED:v1"),
		image("repository of one letter", "docker.io/evasions/x:v1"),
		image("name of one letter", "x"),
		quoted("blank at the end", "docker.io/evasions/unsigned:v1 ").answered(Rejected),
		quoted("blank at the beginning", " docker.io/evasions/unsigned:v1").answered(Rejected),
		quoted("tab at the end", `docker.io/evasions/unsigned:v1\t`).answered(Rejected),
		quoted("line break at the end", `docker.io/evasions/unsigned:v1\n`).answered(Rejected),
		ofTemplate("blank at the end", "docker.io/evasions/unsigned:v1 "),
		ofTemplate("blank at the beginning", " docker.io/evasions/unsigned:v1"),
		ofTemplate("tab at the end", `docker.io/evasions/unsigned:v1\t`),
		ofTemplate("line break at the end", `docker.io/evasions/unsigned:v1\n`),
		ofTemplate("no-break space at the end", `docker.io/evasions/unsigned:v1\u00a0`),
		ofTemplate("nothing but a blank", " ").answered(Denied),
		quoted("zero-width space", `docker.io/evasions/\u200bunsigned:v1`),
		quoted("no-break space at the end", `docker.io/evasions/unsigned:v1\u00a0`).answered(Rejected),
		quoted("digit of another script", `docker.io/evasions/unsigned:v\uff11`),
		quoted("Cyrillic letter", `docker.io/evasi\u043ens/unsigned:v1`),
		quoted("control character", `docker.io/evasions/unsigned:v1\e[2K`),
		image("build metadata", "docker.io/evasions/unsigned:v1+meta"),
		image("shell variable", "docker.io/evasions/unsigned:${TAG}"),
		quoted("template of Helm", "docker.io/evasions/unsigned:{{ .Values.tag }}"),
		image("placeholder in angle brackets", "docker.io/evasions/unsigned:<TAG>"),
		image("placeholder of Tekton", "docker.io/evasions/unsigned:$(params.tag)"),
		image("placeholder between at signs", "docker.io/evasions/unsigned:@TAG@"),
		beside("only a placeholder", "${IMAGE}"),
		image("scheme oci", "oci://docker.io/evasions/unsigned:v1"),
		image("scheme docker", "docker://docker.io/evasions/unsigned:v1"),
		image("user in the host", "user@docker.io/evasions/unsigned:v1"),
		image("signed tag, unsigned digest", "docker.io/evasions/unsigned:signed@"+unsignedDigest),
		image("signed repository, unsigned digest", Signed+"@"+unsignedDigest),
		image("unsigned tag, signed digest", "docker.io/evasions/signed:unsigned@"+signedDigest).answered(Accepted),
		image("unsigned digest", "docker.io/evasions/unsigned@"+unsignedDigest),
		image("digest that is too short", "docker.io/evasions/unsigned@sha256:0123"),
		image("digest in upper case", "docker.io/evasions/unsigned@SHA256:0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"),
		quoted("at sign at the end", "docker.io/evasions/unsigned:v1@"),
		image("digest of another algorithm", "docker.io/evasions/unsigned@sha512:"+
			"00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"),
		image("number", "5").answered(Rejected),
		image("truth", "true").answered(Rejected),
		image("mapping", "{repository: docker.io/evasions/unsigned, tag: v1}").answered(Rejected),
		image("list", "[docker.io/evasions/unsigned:v1]").answered(Rejected),
		quoted("nothing", "").answered(Rejected),
	}
}
