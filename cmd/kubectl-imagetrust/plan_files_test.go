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
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/manifests"
	"github.com/karmada-io/image-trust/test/sarifschema"
)

const (
	unsignedImage = "REGISTRY/app/unsigned:v1"
	signedImage   = "REGISTRY/app/signed:v1"
)

// pod returns the manifest of a Pod with one container. The metadata and what follows the spec are in flow style.
func pod(metadata, image, more string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: Pod\nmetadata: {%s}\nspec: {containers: [{name: main, image: '%s'}]}\n%s\n", metadata, image, more)
}

// templated returns the manifest of an object with a pod template.
func templated(apiVersion, kind, metadata, spec, podSpec string) string {
	return fmt.Sprintf("apiVersion: %s\nkind: %s\nmetadata: {%s}\nspec: {%s template: {spec: {%s}}}\n", apiVersion, kind, metadata, spec, podSpec)
}

// TestPlanEvasions has manifests that try to hide an image that is not signed: by what the API server ignores, by another spelling, or
// by another object. The API server creates each of them, or denies it; the plan says that it would be denied.
func TestPlanEvasions(t *testing.T) {
	f := newFixture(t)
	const unsigned = "containers: [{name: main, image: '" + unsignedImage + "'}]"
	const owner = "ownerReferences: [{apiVersion: apps/v1, kind: %s, name: o, uid: 6b1c, controller: true}]"
	ofSet, ofDeployment := fmt.Sprintf(owner, "ReplicaSet"), fmt.Sprintf(owner, "Deployment")
	digest := f.push("app/unsigned").DigestStr()
	all := map[string]struct {
		manifest string
		of       int
	}{
		"status of a pod that succeeded":   {pod("name: a", unsignedImage, "status: {phase: Succeeded}"), 1},
		"status of a pod that failed":      {pod("name: a", unsignedImage, "status: {phase: Failed}"), 1},
		"status of another type":           {pod("name: a", unsignedImage, "status: [Succeeded]"), 1},
		"status with the signed digest":    {pod("name: a", unsignedImage, "status: {containerStatuses: [{name: main, imageID: '"+f.push("app/signed").String()+"'}]}"), 1},
		"job that is complete":             {templated("batch/v1", "Job", "name: a", "", unsigned) + "status: {conditions: [{type: Complete, status: 'True'}]}\n", 1},
		"job that is suspended":            {templated("batch/v1", "Job", "name: a", "suspend: true, parallelism: 0, ", unsigned), 1},
		"pod of a ReplicaSet":              {pod("name: a, uid: 1c2d, "+ofSet, unsignedImage, ""), 1},
		"pod of a Node":                    {pod("name: a, uid: 1c2d, ownerReferences: [{apiVersion: v1, kind: Node, name: n, uid: u, controller: true}]", unsignedImage, ""), 1},
		"history of a Deployment":          {templated("apps/v1", "ReplicaSet", "name: a, "+ofDeployment, "replicas: 0, ", unsigned), 1},
		"uid of another object":            {deployment("a", unsignedImage) + "---\n" + pod("name: b, uid: 1c2d", unsignedImage, "") + "---\n" + pod("name: c, uid: 1c2d", signedImage, ""), 3},
		"name of another object":           {deployment("a", unsignedImage) + "---\n" + deployment("a", signedImage), 2},
		"owner in the same file":           {templated("apps/v1", "ReplicaSet", "name: o, uid: 6b1c", "", "containers: [{name: main, image: '"+signedImage+"'}]") + "---\n" + pod("name: a, "+ofSet, unsignedImage, ""), 2},
		"no replicas":                      {templated("apps/v1", "Deployment", "name: a", "replicas: 0, paused: true, ", unsigned), 1},
		"to be deleted":                    {pod("name: a, deletionTimestamp: '2026-01-02T03:04:05Z', deletionGracePeriodSeconds: 0, finalizers: [a/b]", unsignedImage, ""), 1},
		"generated name":                   {pod("generateName: a-", unsignedImage, ""), 1},
		"no name":                          {pod("labels: {a: b}", unsignedImage, ""), 1},
		"mirror pod":                       {pod("name: a, annotations: {kubernetes.io/config.mirror: x, kubernetes.io/config.source: file}", unsignedImage, ""), 1},
		"annotations of tools":             {pod("name: a, annotations: {config.kubernetes.io/local-config: 'true', helm.sh/hook: test, argocd.argoproj.io/hook: Skip}", unsignedImage, ""), 1},
		"labels of a controller":           {pod("name: a, labels: {pod-template-hash: x, job-name: y}", unsignedImage, ""), 1},
		"namespace of the system":          {pod("name: a, namespace: kube-system", unsignedImage, ""), 1},
		"upper case":                       {pod("name: a", "REGISTRY/app/UPPER:v1", ""), 1},
		"repository of one letter":         {pod("name: a", "REGISTRY/x:v1", ""), 1},
		"no tag behind the colon":          {pod("name: a", "REGISTRY/app/unsigned:", ""), 1},
		"build in the tag":                 {pod("name: a", unsignedImage+"+build", ""), 1},
		"blank at the end":                 {pod("name: a", unsignedImage+" ", ""), 1},
		"digest of another kind":           {pod("name: a", "REGISTRY/app/unsigned@sha512:"+strings.Repeat("a", 128), ""), 1},
		"readable beside unreadable":       {templated("apps/v1", "DaemonSet", "name: a", "", "containers: [{name: main, image: '"+signedImage+"'}, {name: b, image: 'REGISTRY/app/UPPER'}]"), 1},
		"signed tag with another digest":   {pod("name: a", "REGISTRY/app/unsigned:signed@"+digest, ""), 1},
		"init container":                   {templated("apps/v1", "StatefulSet", "name: a", "", "initContainers: [{name: i, image: '"+unsignedImage+"'}], containers: [{name: main, image: '"+signedImage+"'}]"), 1},
		"sidecar":                          {templated("apps/v1", "Deployment", "name: a", "", "initContainers: [{name: i, image: '"+unsignedImage+"', restartPolicy: Always}], containers: [{name: main, image: '"+signedImage+"'}]"), 1},
		"no container without the other":   {templated("apps/v1", "Deployment", "name: a", "", "initContainers: [{name: i, image: '"+unsignedImage+"'}]"), 1},
		"cron job":                         {"apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a}\nspec: {suspend: true, jobTemplate: {spec: {template: {spec: {" + unsigned + "}}}}}\n", 1},
		"replication controller":           {templated("v1", "ReplicationController", "name: a", "", unsigned), 1},
		"pod template":                     {"apiVersion: v1\nkind: PodTemplate\nmetadata: {name: a}\ntemplate: {spec: {" + unsigned + "}}\n", 1},
		"old version of the API":           {templated("apps/v1beta2", "Deployment", "name: a", "", unsigned), 1},
		"item of a list":                   {"apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {" + unsigned + "}}\n", 1},
		"item of a list of its kind":       {"apiVersion: v1\nkind: PodList\nitems:\n- {metadata: {name: a}, spec: {" + unsigned + "}}\n", 1},
		"list in a list":                   {"apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {" + unsigned + "}}]}]\n", 1},
		"JSON with escapes":                {`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"containers":[{"name":"main","image":"REGISTRY\u002fapp\u002funsigned:v1"}]}}`, 1},
		"YAML with escapes":                {"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {\"c\\x6fntainers\": [{name: main, \"im\\u0061ge\": \"REGISTRY/app/\\x75nsigned:v1\"}]}\n", 1},
		"alias":                            {"apiVersion: v1\nkind: Pod\nmetadata: {name: a, annotations: {i: &i " + unsignedImage + "}}\nspec: {containers: [{name: main, image: *i}]}\n", 1},
		"merge key":                        {"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - &c {name: main, image: " + signedImage + "}\n  - {<<: *c, name: b, image: " + unsignedImage + "}\n", 1},
		"key given twice":                  {"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: main\n    image: " + signedImage + "\n    image: " + unsignedImage + "\n", 1},
		"block of text":                    {"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: main\n    image: >-\n      " + unsignedImage + "\n", 1},
		"tag of a string":                  {"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: main, image: !!str '" + unsignedImage + "'}]}\n", 1},
		"explicit key":                     {"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  ? containers\n  : - name: main\n      image: " + unsignedImage + "\n", 1},
		"line ends of Windows":             {strings.ReplaceAll(deployment("a", unsignedImage), "\n", "\r\n"), 1},
		"patch that deletes the container": {pod("name: a, $patch: delete", unsignedImage, ""), 1},
		"patch in the container": {
			templated("apps/v1", "Deployment", "name: a", "", "containers: [{name: main, $patch: delete, image: '"+unsignedImage+"'}]"), 1,
		},
		"container without an image beside it": {
			templated("apps/v1", "Deployment", "name: a", "", "containers: [{name: first}, {name: main, image: '"+unsignedImage+"'}]"), 1,
		},
		"ephemeral container beside it": {
			"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {" + unsigned + ", ephemeralContainers: [{name: e, image: '" + signedImage + "'}]}\n", 1,
		},
		"container of the same name": {
			templated("apps/v1", "Deployment", "name: a", "", "containers: [{name: main, image: '"+signedImage+"'}, {name: main, image: '"+unsignedImage+"'}]"), 1,
		},
		"placeholder beside it": {
			templated("apps/v1", "Deployment", "name: a", "", "containers: [{name: main, image: '${IMAGE}'}, {name: b, image: '"+unsignedImage+"'}]"), 1,
		},
	}
	evaded := 0
	for name, tc := range all {
		got := f.run(tc.manifest, "plan", "-f", "trust.yaml", "--manifests", "-", "--insecure-registry", "REGISTRY", "--trusted-root", "trusted_root.json")
		want := fmt.Sprintf("1 of %d workload", tc.of)
		if name == "uid of another object" {
			want = fmt.Sprintf("2 of %d workload", tc.of)
		}
		if got.code != exitUntrusted || !strings.HasPrefix(got.stdout, want) {
			evaded++
			t.Errorf("%s: exit code %d, want %d and %q\n%s%s", name, got.code, exitUntrusted, want, got.stdout, got.stderr)
		}
	}
	fmt.Printf("figure: planned_evasions %d/%d\n", evaded, len(all))
}

// TestPlanPlaceholders has images whose names another tool completes: whether they are denied is not known.
func TestPlanPlaceholders(t *testing.T) {
	f := newFixture(t)
	for _, image := range []string{
		"${IMAGE}", "$IMAGE", "REGISTRY/app/signed:${TAG}", "REGISTRY/app/signed:${TAG:-v1}", "REGISTRY/${PROJECT}/signed:v1",
		"{{ .Values.image }}", "{{ .Values.image.repository }}:{{ .Values.image.tag }}", "REGISTRY/app/signed:{{version}}", "{% image %}",
		"$(params.image)", "REGISTRY/app/signed:$(params.tag)", "$(inputs.params.x)", "$(IMAGE)",
		"<IMAGE>", "REGISTRY/app/<NAME>:v1", "<your registry>/app:v1",
		"@IMAGE@", "REGISTRY/app/signed:@TAG@", "@PROJECT@/signed:v1", "%IMAGE%", "__IMAGE__", "{username}/app:v1", "#{image}#",
		"REGISTRY/app/signed@${DIGEST}", "REPLACE_ME",
	} {
		got := f.run(pod("name: a", image, ""), "plan", "-f", "trust.yaml", "--manifests", "-", "-o", "json",
			"--insecure-registry", "REGISTRY", "--trusted-root", "trusted_root.json")
		var plan planReport
		if err := json.Unmarshal([]byte(got.stdout), &plan); err != nil {
			t.Fatalf("%s: %v\n%s%s", image, err, got.stdout, got.stderr)
		}
		if got.code != exitUnknown || plan.Summary.Undetermined != 1 || len(plan.Workloads[0].Findings) != 1 {
			t.Errorf("%s: exit code %d, %+v", image, got.code, plan)
			continue
		}
		finding := plan.Workloads[0].Findings[0]
		if finding.Reason != v1alpha1.PlaceholderReason || !strings.Contains(finding.Message, "replace") || got.stderr != "" {
			t.Errorf("%s: %+v\n%s", image, finding, got.stderr)
		}
	}
}

// TestPlanOfFiles runs plan with files of which not all can be planned.
func TestPlanOfFiles(t *testing.T) {
	f := newFixture(t)
	patch := "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: controller-manager, namespace: system}\n" +
		"spec:\n  template:\n    spec:\n      containers:\n      - name: manager\n        args: [--leader-elect]\n"
	f.write("patch/patch.yaml", patch)
	f.write("mixed/patch.yaml", patch+"      - name: proxy\n        image: "+unsignedImage+"\n")
	f.write("mixed/signed.yaml", deployment("signed", signedImage))
	f.write("directive/delete.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: old}\n"+
		"spec: {template: {spec: {containers: [{name: main, image: '"+signedImage+"', $patch: delete}]}}}\n")
	f.write("ephemeral/pod.yaml", pod("name: debugged", signedImage, "")+"---\n"+
		"apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers: [{name: main, image: '"+signedImage+"'}]\n"+
		"  ephemeralContainers: [{name: debugger, image: '"+unsignedImage+"'}]\n")
	f.write("placeholder/helm.yaml", deployment("templated", "'REGISTRY/app/signed:{{ .Values.tag }}'")+"---\n"+deployment("params", "$(params.image)"))
	f.write("type/number.yaml", deployment("number", "1.25")+"---\n"+deployment("signed", signedImage))
	f.write("same/a.yaml", deployment("same", signedImage))
	f.write("same/b.yaml", deployment("same", unsignedImage))
	f.write("config/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: b}\n")
	f.write("release/release.yaml", "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: shop, namespace: shop}\n"+
		"spec: {values: {image: {repository: REGISTRY/app/unsigned, tag: v1}}}\n")
	f.write("release/signed.yaml", deployment("signed", signedImage))
	f.write("secrets/private.yaml", deployment("private", "REGISTRY/down/image:v1"))
	var many strings.Builder
	for i := range 12 {
		fmt.Fprintf(&many, "%s---\n", strings.Replace(patch, "controller-manager", fmt.Sprintf("manager-%d", i), 1))
	}
	f.write("many/patches.yaml", many.String()+deployment("signed", signedImage))
	f.write("wide.yaml", f.trust("app", "Enforce", "app/signed"))
	f.runGolden("plan", map[string]pluginTest{
		"patch":               {args: []string{"-f", "trust.yaml", "--manifests", "patch"}, code: exitUsage},
		"patch json":          {args: []string{"-f", "trust.yaml", "--manifests", "patch", "-o", "json"}, code: exitUsage},
		"patch and image":     {args: []string{"-f", "trust.yaml", "--manifests", "mixed"}, code: exitUntrusted},
		"patch jsonpath":      {args: []string{"-f", "trust.yaml", "--manifests", "mixed", "-o", "jsonpath={.skipped[0].file}:{.skipped[0].line} {.skipped[0].reason}"}, code: exitUntrusted},
		"patch directive":     {args: []string{"-f", "trust.yaml", "--manifests", "directive"}},
		"many patches":        {args: []string{"-f", "trust.yaml", "--manifests", "many"}},
		"many patches wide":   {args: []string{"-f", "trust.yaml", "--manifests", "many", "-o", "wide"}},
		"ephemeral container": {args: []string{"-f", "trust.yaml", "--manifests", "ephemeral"}},
		"placeholder":         {args: []string{"-f", "trust.yaml", "--manifests", "placeholder"}, code: exitUnknown},
		"wrong type":          {args: []string{"-f", "trust.yaml", "--manifests", "type"}, code: exitUsage},
		"same name":           {args: []string{"-f", "trust.yaml", "--manifests", "same"}, code: exitUntrusted},
		"same name against":   {args: []string{"-f", "trust.yaml", "--against", "wide.yaml", "--manifests", "same"}, code: exitUntrusted},
		"only configuration":  {args: []string{"-f", "trust.yaml", "--manifests", "config"}},
		"unknown image":       {args: []string{"-f", "trust.yaml", "--manifests", "release"}, code: exitUnknown},
		"uncovered registry":  {args: []string{"-f", "trust.yaml", "--manifests", "secrets"}},
	})
}

// TestPlanDoesNotAskAboutUncoveredImages has an uncovered image in a registry that fails, and a policy on a single digest.
func TestPlanDoesNotAskAboutUncoveredImages(t *testing.T) {
	f := newFixture(t)
	f.write("manifests/down.yaml", deployment("down", "REGISTRY/down/image:v1"))
	f.write("digest.yaml", f.trust("digest", "Enforce", "down/image@"+f.push("app/signed").DigestStr()))
	asked := 0
	count := func() { asked++ }
	f.asked.Store(&count)
	for trust, want := range map[string]int{"trust.yaml": exitOK, "digest.yaml": exitUnknown} {
		asked = 0
		got := f.run("", "plan", "-f", trust, "--manifests", "manifests", "--insecure-registry", "REGISTRY", "--trusted-root", "trusted_root.json")
		if got.code != want || (asked > 0) != (want == exitUnknown) {
			t.Errorf("%s: exit code %d, want %d; the registry was asked %d times\n%s%s", trust, got.code, want, asked, got.stdout, got.stderr)
		}
	}
}

// TestPlanSARIF validates the log and checks where its results are.
func TestPlanSARIF(t *testing.T) {
	f := newFixture(t)
	f.write("all/patch.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n  template:\n    spec:\n      containers:\n      - name: manager\n")
	f.write("all/a b.yaml", deployment("unsigned", unsignedImage)+"---\n"+deployment("other", "REGISTRY/other/image:v1"))
	f.write("all/later.yaml", deployment("placeholder", "REGISTRY/app/signed:${TAG}")+"      volumes:\n      - {name: v, image: {reference: "+unsignedImage+"}}\n")
	valid := sarifschema.New(t)
	for name, tc := range map[string]struct {
		stdin, manifests string
		code             int
		want             []string
	}{
		"files": {manifests: "all", code: exitUntrusted, want: []string{
			"error Unsigned all/a%20b.yaml:14 Deployment/default/unsigned/main",
			"warning Placeholder all/later.yaml:14 Deployment/default/placeholder/main",
			"note ImageVolume all/later.yaml:16 Deployment/default/placeholder/v",
			"note NotCovered all/a%20b.yaml:29 Deployment/default/other/main",
			"note Patch all/patch.yaml:8",
		}},
		"standard input": {manifests: "-", stdin: deployment("unsigned", unsignedImage), code: exitUntrusted, want: []string{
			"error Unsigned Deployment/default/unsigned/main",
		}},
		"nothing": {manifests: "-", stdin: "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"},
	} {
		got := f.run(tc.stdin, "plan", "-f", "trust.yaml", "--manifests", tc.manifests, "-o", "sarif",
			"--insecure-registry", "REGISTRY", "--trusted-root", "trusted_root.json")
		if err := valid([]byte(got.stdout)); err != nil || got.code != tc.code || got.stderr != "" {
			t.Errorf("%s: exit code %d, %v\n%s%s", name, got.code, err, got.stdout, got.stderr)
		}
		if diff := cmp.Diff(tc.want, sarifResults(t, got.stdout)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	lint := f.run("", "lint", "-f", "trust.yaml", "-o", "sarif")
	if err := valid([]byte(lint.stdout)); err != nil {
		t.Errorf("lint: %v\n%s", err, lint.stdout)
	}
}

// sarifResults returns the level, the rule and the places of each result.
func sarifResults(t *testing.T, log string) []string {
	t.Helper()
	var parsed struct {
		Runs []struct {
			Results []struct {
				RuleID, Level string
				Locations     []struct {
					PhysicalLocation *struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine int }
					}
					LogicalLocations []struct{ FullyQualifiedName string }
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(log), &parsed); err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	var results []string
	for _, r := range parsed.Runs[0].Results {
		line := r.Level + " " + r.RuleID
		for _, l := range r.Locations {
			if at := l.PhysicalLocation; at != nil {
				line += fmt.Sprintf(" %s:%d", at.ArtifactLocation.URI, at.Region.StartLine)
			}
			for _, logical := range l.LogicalLocations {
				line += " " + logical.FullyQualifiedName
			}
		}
		results = append(results, line)
	}
	return results
}

// TestPlanRules checks that every reason has a rule, and that the rules of reasons are in the documentation.
func TestPlanRules(t *testing.T) {
	known := map[string]bool{}
	for _, rule := range planRules() {
		if known[rule.ID] || rule.Summary == "" || rule.Help == "" || rule.Level == "" {
			t.Errorf("rule %+v is given twice, or not described", rule)
		}
		known[rule.ID] = true
	}
	content, err := os.ReadFile("../../api/v1alpha1/condition_consts.go")
	if err != nil {
		t.Fatal(err)
	}
	_, ofImages, _ := strings.Cut(string(content), "// Reasons of the verdict on one image.")
	ofImages, rest, _ := strings.Cut(ofImages, "// Reasons of Enforced.")
	_, ofAdmission, _ := strings.Cut(rest, "// Reasons why admission would deny")
	ofAdmission, _, found := strings.Cut(ofAdmission, "// Reasons of events.")
	if !found {
		t.Fatal("the constants have other headings")
	}
	verified := map[string]bool{v1alpha1.SignedReason: true, v1alpha1.AttestedReason: true}
	for _, match := range regexp.MustCompile(`Reason = "(\w+)"`).FindAllStringSubmatch(ofImages+ofAdmission, -1) {
		if !known[match[1]] && !verified[match[1]] {
			t.Errorf("reason %s has no rule", match[1])
		}
	}
	content, err = os.ReadFile("../../internal/manifests/manifests.go")
	if err != nil {
		t.Fatal(err)
	}
	skips := regexp.MustCompile(`SkipReason = "(\w+)"`).FindAllStringSubmatch(string(content), -1)
	if len(skips) == 0 {
		t.Fatalf("no reason such as %s was found", manifests.Patch)
	}
	for _, match := range skips {
		if !known[match[1]] {
			t.Errorf("reason %s of what is skipped has no rule", match[1])
		}
	}
}
