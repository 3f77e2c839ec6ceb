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

import "strings"

// jsonText are about JSON.
func jsonText() []Evasion {
	const good, bad = `"image":"` + Signed + `"`, `"image":"` + Unsigned + `"`
	container := func(name, fields string) Evasion {
		return Evasion{Name: "JSON: " + name, Manifest: jsonPod("hidden", fields)}
	}
	return []Evasion{
		container("image", bad),
		container("image twice, signed first", good+","+bad),
		{Name: "JSON: image twice, signed last", Answer: Accepted, Manifest: jsonPod("hidden", bad+","+good)},
		container("escaped key", `"\u0069mage":"`+Unsigned+`"`),
		container("escaped image", `"image":"docker.io\/evasions\/\u0075nsigned:v1"`),
		container("keys of both cases", `"Image":"`+Signed+`",`+bad+`,"IMAGE":"`+Signed+`"`),
		{Name: "JSON: key in upper case last", Answer: Accepted, Manifest: jsonPod("hidden", good+`,"Image":"`+Unsigned+`"`)},
		{Name: "JSON: key in upper case alone", Answer: Rejected, Manifest: jsonPod("hidden", `"Image":"`+Unsigned+`"`)},
		container("key with a long s", bad+`,"image\u017f":"`+Signed+`"`),
		{Name: "JSON: spec in two cases",
			Manifest: strings.Replace(jsonPod("hidden", bad), `"spec"`, `"Spec":{"containers":[{`+good+`}]},"spec"`, 1)},
		{Name: "JSON: containers twice", Manifest: strings.Replace(jsonPod("hidden", bad), `"containers"`,
			`"containers":[{"name":"main",`+good+`}],"containers"`, 1)},
		{Name: "JSON: two values", Manifest: jsonPod("good", good) + jsonPod("hidden", bad)},
		{Name: "JSON: two lines", Manifest: jsonPod("good", good) + "\n" + jsonPod("hidden", bad) + "\n"},
		{Name: "JSON: array", Answer: Rejected, Manifest: "[" + jsonPod("good", good) + "," + jsonPod("hidden", bad) + "]"},
		{Name: "JSON: byte order mark", Manifest: "\ufeff" + jsonPod("hidden", bad)},
		{Name: "JSON: comment", Manifest: jsonPod("hidden", bad) + "\n# a comment\n"},
		{Name: "JSON: comma at the end", Manifest: jsonPod("hidden", bad+",")},
		{Name: "JSON: white space of Unicode", Manifest: "\u00a0" + jsonPod("hidden", bad)},
		{Name: "JSON: half a surrogate pair", Manifest: jsonPod("hidden", bad+`,"note\ud800":"\udc00"`)},
		{Name: "JSON: text behind", Manifest: jsonPod("hidden", bad) + "\nDONE\n"},
		{Name: "JSON: large number", Manifest: strings.Replace(jsonPod("hidden", bad), `"spec"`, `"x":1e400,"spec"`, 1), Answer: Rejected},
	}
}

// jsonPod returns a Pod with fields for its only container.
func jsonPod(name, container string) string {
	return `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"` + name + `"},"spec":{"containers":[{"name":"main",` + container + `}]}}`
}

// lists are about objects within others, and about their types.
func lists() []Evasion {
	item := "- " + strings.ReplaceAll(strings.TrimSuffix(pod("hidden", Unsigned), "\n"), "\n", "\n  ") + "\n"
	untyped := strings.NewReplacer("apiVersion: v1\n  ", "", "kind: Pod\n  ", "").Replace(item)
	list := func(version, kind, items string) string {
		return "apiVersion: " + version + "\nkind: " + kind + "\nmetadata: {}\nitems:\n" + items
	}
	nested := "- apiVersion: v1\n  kind: List\n  items:\n  " + strings.ReplaceAll(strings.TrimSuffix(item, "\n"), "\n", "\n  ") + "\n"
	with := func(name, version, kind string) Evasion {
		return Evasion{Name: name, Answer: Rejected, Manifest: workload(version, kind, "hidden", "", "", Unsigned)}
	}
	return []Evasion{
		{Name: "list", Manifest: list("v1", "List", item)},
		{Name: "list of lists", Answer: Rejected, Manifest: list("v1", "List", nested)},
		{Name: "list of pods", Manifest: list("v1", "PodList", item)},
		{Name: "list of pods without types", Manifest: list("v1", "PodList", untyped)},
		{Name: "list of items without types", Manifest: list("v1", "List", untyped), Answer: Rejected},
		{Name: "list of another kind", Manifest: list("v1", "ConfigMapList", item)},
		{Name: "list that is a ConfigMap", Manifest: list("v1", "ConfigMap", item)},
		{Name: "list that is a Pod", Manifest: pod("good", Signed) + "items:\n" + item},
		{Name: "list that is a Kustomization", Answer: Rejected, Manifest: list("kustomize.config.k8s.io/v1beta1", "Kustomization", item)},
		{Name: "list that is a trust", Manifest: list("trust.karmada.io/v1alpha1", "KarmadaImageTrust", item)},
		{Name: "list of a kind that nobody knows", Answer: Rejected, Manifest: list("example.org/v1", "Collection", item)},
		{Name: "list with null first", Manifest: list("v1", "List", "- null\n"+item)},
		{Name: "list with items twice", Answer: Rejected, Manifest: list("v1", "List", item) + "items: []\n"},
		{Name: "list with items of both cases", Manifest: list("v1", "List", item) + "Items: []\n"},
		{Name: "list with nothing first", Manifest: "apiVersion: v1\nkind: List\nitems: []\n---\n" + pod("hidden", Unsigned)},
		{Name: "pod with no items", Answer: Rejected, Manifest: pod("hidden", Unsigned) + "items: []\n"},
		{Name: "pod with null items", Answer: Rejected, Manifest: pod("hidden", Unsigned) + "items: null\n"},
		{Name: "pod with text as items", Answer: Rejected, Manifest: pod("hidden", Unsigned) + "items: text\n"},
		with("deployment of apps/v1beta1", "apps/v1beta1", "Deployment"),
		with("deployment of extensions/v1beta1", "extensions/v1beta1", "Deployment"),
		with("deployment of v1", "v1", "Deployment"),
		with("deployment of Apps/V1", "Apps/V1", "Deployment"),
		with("deployment of apps", "apps", "Deployment"),
		with("deployment of a version that does not exist", "apps/v2", "Deployment"),
		with("kind in lower case", "apps/v1", "deployment"),
		with("kind in the plural", "apps/v1", "Deployments"),
		{Name: "kind of a resource", Answer: Rejected, Manifest: strings.Replace(pod("hidden", Unsigned), "kind: Pod", "kind: pods", 1)},
		{Name: "kind with a blank", Answer: Rejected, Manifest: strings.Replace(pod("hidden", Unsigned), "kind: Pod", "kind: \"Pod \"", 1)},
		{Name: "kind with a group", Answer: Rejected, Manifest: strings.Replace(pod("hidden", Unsigned), "kind: Pod", "kind: Pod.v1", 1)},
		{Name: "version with a slash", Manifest: strings.Replace(pod("hidden", Unsigned), "apiVersion: v1", "apiVersion: /v1", 1)},
		{Name: "no apiVersion", Answer: Rejected, Manifest: strings.Replace(pod("hidden", Unsigned), "apiVersion: v1\n", "", 1)},
		{Name: "no kind", Answer: Rejected, Manifest: strings.Replace(pod("hidden", Unsigned), "kind: Pod\n", "", 1)},
		{Name: "kind that is a number", Answer: Rejected, Manifest: strings.Replace(pod("hidden", Unsigned), "kind: Pod", "kind: 5", 1)},
	}
}
