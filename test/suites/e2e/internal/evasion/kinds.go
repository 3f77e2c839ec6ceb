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

// CustomKind is a kind that the suite defines in the cluster, without a schema.
type CustomKind struct{ Group, Version, Kind, Plural string }

// CustomKinds are those that the evasions use.
func CustomKinds() []CustomKind {
	return []CustomKind{
		{"argoproj.io", "v1alpha1", "Rollout", "rollouts"},
		{"apps.kruise.io", "v1alpha1", "CloneSet", "clonesets"},
		{"serving.knative.dev", "v1", "Service", "services"},
		{"tekton.dev", "v1", "Task", "tasks"},
		{"monitoring.coreos.com", "v1", "Prometheus", "prometheuses"},
		{"jobset.x-k8s.io", "v1alpha2", "JobSet", "jobsets"},
		{"kubeflow.org", "v1", "PyTorchJob", "pytorchjobs"},
		{"helm.toolkit.fluxcd.io", "v2", "HelmRelease", "helmreleases"},
		{"hidden.example.com", "v1", "Pod", "pods"},
		{"hidden.example.com", "v1", "Runner", "runners"},
		{"hidden.example.com", "v1", "AllowList", "allowlists"},
	}
}

// kinds are about objects whose pods only a controller creates.
func kinds() []Evasion {
	bad := pod("hidden", Unsigned)
	created := func(e Evasion) Evasion {
		e.Pods = bad
		return e
	}
	const head = "apiVersion: hidden.example.com/v1\nkind: Runner\nmetadata: {name: hidden}\nspec:\n"
	const signed = "{containers: [{name: a, image: \"" + Signed + "\"}]}"
	const spec = "{containers: [{name: main, image: \"" + Unsigned + "\"}]}"
	runner := func(name, spec string) Evasion { return created(Evasion{Name: name, Manifest: head + spec + "\n"}) }
	of := func(name, version, kind, spec string) Evasion {
		return created(Evasion{Name: name, Manifest: "apiVersion: " + version + "\nkind: " + kind + "\nmetadata: {name: hidden}\n" + spec + "\n"})
	}
	return []Evasion{
		of("replication controller", "v1", "ReplicationController", "spec:\n  replicas: 0\n"+template("  ", "hidden", "", Unsigned)),
		of("pod template", "v1", "PodTemplate", template("", "hidden", "", Unsigned)),
		of("rollout", "argoproj.io/v1alpha1", "Rollout", "spec:\n  replicas: 0\n"+template("  ", "hidden", "", Unsigned)),
		of("clone set", "apps.kruise.io/v1alpha1", "CloneSet", "spec:\n"+template("  ", "hidden", "", Unsigned)),
		of("service of Knative", "serving.knative.dev/v1", "Service", "spec:\n"+template("  ", "hidden", "", Unsigned)),
		of("task", "tekton.dev/v1", "Task", "spec: {steps: [{name: main, image: \""+Unsigned+"\"}]}"),
		of("sidecar of a task", "tekton.dev/v1", "Task",
			"spec: {steps: [{name: main, image: \""+Signed+"\"}], sidecars: [{name: s, image: \""+Unsigned+"\"}]}"),
		of("Prometheus", "monitoring.coreos.com/v1", "Prometheus", "spec: {image: \""+Unsigned+"\"}"),
		of("job set", "jobset.x-k8s.io/v1alpha2", "JobSet",
			"spec: {replicatedJobs: [{name: a, template: {spec: {template: {spec: "+spec+"}}}}]}"),
		of("training job", "kubeflow.org/v1", "PyTorchJob",
			"spec: {pytorchReplicaSpecs: {Master: {template: {spec: "+signed+"}}, Worker: {template: {spec: "+spec+"}}}}"),
		of("pod of another group", "hidden.example.com/v1", "Pod", "spec: "+spec),
		of("kind that ends like a list", "hidden.example.com/v1", "AllowList", "spec: {template: {spec: "+spec+"}}"),
		runner("unknown kind", "  template: {spec: "+spec+"}"),
		runner("specification of a pod", "  pod: "+spec),
		runner("specification of a pod at the top", "  containers: [{name: main, image: \""+Unsigned+"\"}]"),
		runner("only an init container of an unknown kind", "  template: {spec: {initContainers: [{name: first, image: \""+Unsigned+"\"}]}}"),
		runner("list of templates", "  groups: [{template: {spec: "+signed+"}}, {template: {spec: "+spec+"}}]"),
		runner("mapping of templates", "  groups: {a: {template: {spec: "+signed+"}}, b: {template: {spec: "+spec+"}}}"),
		runner("template in a depth of forty", "  "+strings.Repeat("a: {", 40)+"template: {spec: "+spec+"}"+strings.Repeat("}", 40)),
		runner("template within a template",
			"  template: {spec: {containers: [{name: a, image: \""+Signed+"\"}],\n    next: {template: {spec: "+spec+"}}}}"),
		runner("key with dots and brackets", "  \"a.b[0]\": {template: {spec: "+spec+"}}"),
		{Name: "status of an unknown kind", Manifest: head + "  a: b\nstatus: {template: {spec: " + spec + "}}\n", Answer: Accepted},
		runner("containers that are a mapping", "  containers: {main: {image: \""+Unsigned+"\"}}").told("UnknownImage"),
		runner("containers of another name", "  workers: [{name: main, image: \""+Unsigned+"\"}]").told("UnknownImage"),
		runner("repository and tag", "  image: {repository: docker.io/evasions/unsigned, tag: v1}").told("UnknownImage"),
		runner("an image beside a template", "  image: "+Unsigned+"\n  template: {spec: "+signed+"}").told("UnknownImage"),
		of("values of a release", "helm.toolkit.fluxcd.io/v2", "HelmRelease",
			"spec: {values: {image: {repository: docker.io/evasions/unsigned, tag: v1}}}").told("UnknownImage"),
		{Name: "manifest in a ConfigMap", Answer: Accepted,
			Manifest: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: hidden}\ndata:\n  pod.yaml: |\n    " +
				strings.TrimSuffix(strings.ReplaceAll(bad, "\n", "\n    "), "    ")},
	}
}

// trees are about the names of files and directories. kubectl reads them with --recursive.
func trees() []Evasion {
	good, bad := pod("good", Signed), pod("hidden", Unsigned)
	tree := func(name string, files ...string) Evasion {
		e := Evasion{Name: name, Files: map[string]string{"good.yaml": good}}
		for i := 0; i < len(files); i += 2 {
			e.Files[files[i]] = files[i+1]
		}
		return e
	}
	linked := func(e Evasion, link, target string) Evasion {
		e.Links = map[string]string{link: target}
		return e
	}
	const chart = "apiVersion: v2\nname: shop\nversion: 1.0.0\n"
	const kustomization = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [good.yaml]\n"
	return []Evasion{
		tree("file beside a signed one", "bad.yaml", bad),
		tree("file far below", "a/b/c/d/e/f/bad.yml", bad),
		tree("hidden file", ".bad.yaml", bad),
		tree("hidden directory", ".github/bad.yaml", bad),
		tree("hidden directory below", "a/.b/c/bad.json", jsonPod("hidden", `"image":"`+Unsigned+`"`)),
		tree("directory with two dots", "..2026/bad.yaml", bad),
		linked(tree("directory as in a mounted volume", "..2026/bad.yaml", bad), "..data", "..2026").told("LinkedDirectory"),
		tree("byte order mark in a file without other objects", "bad.yaml", "# nothing\n---\n\ufeff"+bad),
		tree("list in a file without other objects", "bad.yaml", "kind: ConfigMap\napiVersion: v1\nitems:\n- "+
			strings.TrimSpace(strings.ReplaceAll(bad, "\n", "\n  "))+"\n"),
		tree("YAML in a file of JSON", "bad.json", bad),
		tree("JSON in a file of YAML", "bad.yaml", jsonPod("hidden", `"image":"`+Unsigned+`"`)),
		tree("blanks and control characters in a name", "a \x1b[2K\nb.yaml", bad),
		tree("name that looks like a flag", "--help.yaml", bad),
		tree("name that is a glob", "*[!x]?.yaml", bad),
		tree("directory that is named like a file", "dir.yaml/bad.yaml", bad),
		tree("extension in upper case", "bad.YAML", bad).answered(Accepted),
		tree("no extension", "bad", bad).answered(Accepted),
		tree("extension of a template", "bad.yaml.tpl", bad).answered(Accepted),
		linked(tree("link to a file", "elsewhere.txt", bad), "bad.yaml", "elsewhere.txt"),
		linked(tree("link to a hidden file", ".elsewhere/bad.txt", bad), "bad.yaml", ".elsewhere/bad.txt"),
		linked(tree("link to a directory", "a/bad.txt", bad), "b", "a").answered(Accepted).told("LinkedDirectory"),
		linked(tree("dangling link"), "bad.yaml", "nowhere.yaml").answered(Rejected),
		linked(tree("link to itself"), "bad.yaml", "bad.yaml").answered(Rejected),
		tree("file behind a broken one", "a.yaml", "a: [\n", "b.yaml", bad),
		tree("same name as in another file", "x.yaml", pod("good", Unsigned)),
		tree("kustomization with a pod in it", "kustomization.yaml", kustomization+"---\n"+bad),
		tree("pod that is named like a kustomization", "kustomization.yaml", bad),
		tree("pod beside a kustomization", "kustomization.yaml", kustomization, "bad.yaml", bad),
		tree("pod that is named like a chart", "Chart.yaml", bad),
		tree("pod that is named like values", "values.yaml", bad),
		tree("pod behind values", "values.yaml", "image: {tag: v1}\n---\n"+bad),
		tree("values behind a pod", "values.yaml", bad+"---\nimage: {tag: v1}\n"),
		tree("template of a chart", "shop/Chart.yaml", chart, "shop/templates/bad.yaml", bad).told("ChartTemplate"),
		tree("template of a chart with a comment", "shop/Chart.yaml", chart,
			"shop/templates/bad.yaml", "# {{ .Values.x }}\n"+bad).told("ChartTemplate"),
		tree("template of a hidden chart", "Chart.yaml", chart, "templates/a/b/bad.yaml", bad).told("ChartTemplate"),
		tree("empty file that is named like a chart", "shop/Chart.yaml", "", "shop/templates/bad.yaml", bad).told("ChartTemplate"),
		tree("file beside the templates of a chart", "shop/Chart.yaml", chart, "shop/templates/a.yaml", "{{ x }}\n", "shop/crds/bad.yaml", bad),
		tree("templates without a chart", "templates/bad.yaml", bad),
		{Name: "only a template of a chart", Files: map[string]string{"Chart.yaml": chart, "templates/bad.yaml": bad}, Told: "ChartTemplate"},
		{Name: "only a hidden directory", Files: map[string]string{".ci/bad.yaml": bad}},
	}
}
