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
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	clusterv1alpha1 "github.com/karmada-io/karmada/pkg/apis/cluster/v1alpha1"
	workv1alpha2 "github.com/karmada-io/karmada/pkg/apis/work/v1alpha2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/fleet"
)

// controlPlane is the API of a Karmada control plane, for what a golden test must have in every run: times, and members in every
// state. The suite in test/suites/karmada runs the plugin against a real one.
type controlPlane struct {
	trusts   []any
	clusters []any
	bindings map[string]any
	// forbidden are the plural names of what may not be read.
	forbidden []string
}

// readControlPlane reads the objects in testdata/fleet/fleet.yaml.
func readControlPlane(t *testing.T, change func(any) any) *controlPlane {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "fleet", "fleet.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	p := &controlPlane{bindings: map[string]any{}}
	for document := range bytes.SplitSeq(content, []byte("\n---\n")) {
		var object struct {
			Kind     string            `json:"kind"`
			Metadata metav1.ObjectMeta `json:"metadata"`
			Items    []any             `json:"items"`
		}
		var value any
		if err := yaml.Unmarshal(document, &object); err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal(document, &value); err != nil {
			t.Fatal(err)
		}
		if change != nil {
			value = change(value)
		}
		switch object.Kind {
		case v1alpha1.KarmadaImageTrustKind:
			p.trusts = append(p.trusts, value)
		case workv1alpha2.ResourceKindClusterResourceBinding:
			p.bindings[object.Metadata.Name] = value
		case "ClusterList":
			p.clusters, _ = value.(map[string]any)["items"].([]any)
		default:
			t.Fatalf("kind %q", object.Kind)
		}
	}
	return p
}

// serve returns the URL of the API server.
func (p *controlPlane) serve(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	return server.URL
}

// served are the kinds of the API server by their paths.
func served() map[string]metav1.APIResource {
	resources := map[string]metav1.APIResource{}
	for _, r := range []struct {
		version schema.GroupVersion
		plural  string
		kind    string
	}{
		{v1alpha1.GroupVersion, "karmadaimagetrusts", v1alpha1.KarmadaImageTrustKind},
		{schema.GroupVersion(clusterv1alpha1.GroupVersion), clusterv1alpha1.ResourcePluralCluster, clusterv1alpha1.ResourceKindCluster},
		{schema.GroupVersion(workv1alpha2.GroupVersion), workv1alpha2.ResourcePluralClusterResourceBinding, workv1alpha2.ResourceKindClusterResourceBinding},
	} {
		resources["/apis/"+r.version.String()] = metav1.APIResource{Name: r.plural, Kind: r.kind, Verbs: metav1.Verbs{"list", "get", "watch"}}
	}
	return resources
}

func (p *controlPlane) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	answer := any(map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": http.StatusNotFound})
	for _, plural := range p.forbidden {
		if strings.Contains(r.URL.Path, "/"+plural) {
			w.WriteHeader(http.StatusForbidden)
			_ = json.NewEncoder(w).Encode(metav1.Status{
				TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure, Code: http.StatusForbidden,
				Reason: metav1.StatusReasonForbidden, Message: plural + " is forbidden: User \"jane\" cannot read them",
			})
			return
		}
	}
	version, name := r.URL.Path, ""
	for path := range served() {
		if rest, ok := strings.CutPrefix(r.URL.Path, path+"/"); ok {
			version = path
			_, name, _ = strings.Cut(rest, "/")
		}
	}
	resource, known := served()[version]
	switch group := strings.TrimPrefix(version, "/apis/"); {
	case r.URL.Path == "/api":
		answer = metav1.APIVersions{Versions: []string{"v1"}}
	case r.URL.Path == "/apis":
		var groups metav1.APIGroupList
		for path := range served() {
			group, version, _ := strings.Cut(strings.TrimPrefix(path, "/apis/"), "/")
			discovered := metav1.GroupVersionForDiscovery{GroupVersion: group + "/" + version, Version: version}
			groups.Groups = append(groups.Groups, metav1.APIGroup{
				Name: group, Versions: []metav1.GroupVersionForDiscovery{discovered}, PreferredVersion: discovered,
			})
		}
		answer = groups
	case r.URL.Path == "/apis/"+workv1alpha2.GroupName:
		answer = metav1.APIGroup{Name: workv1alpha2.GroupName}
	case !known:
		w.WriteHeader(http.StatusNotFound)
	case r.URL.Path == version:
		answer = metav1.APIResourceList{GroupVersion: group, APIResources: []metav1.APIResource{resource}}
	case resource.Name == clusterv1alpha1.ResourcePluralCluster:
		answer = map[string]any{"apiVersion": group, "kind": resource.Kind + "List", "items": p.clusters}
	case resource.Name == workv1alpha2.ResourcePluralClusterResourceBinding && p.bindings[name] != nil:
		answer = p.bindings[name]
	case resource.Name == workv1alpha2.ResourcePluralClusterResourceBinding:
		w.WriteHeader(http.StatusNotFound)
	default:
		answer = map[string]any{"apiVersion": group, "kind": resource.Kind + "List", "items": p.named(r.URL.Query().Get("fieldSelector"))}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// named returns the trusts that a field selector of a name selects.
func (p *controlPlane) named(selector string) []any {
	name, restricted := strings.CutPrefix(selector, "metadata.name=")
	selected := []any{}
	for _, trust := range p.trusts {
		object, _ := trust.(map[string]any)
		metadata, _ := object["metadata"].(map[string]any)
		if !restricted || metadata["name"] == name {
			selected = append(selected, trust)
		}
	}
	return selected
}

// ages are the times since a member ceased to answer.
var ages = regexp.MustCompile(`no word for [0-9a-z]+`)

// runFleet runs the plugin against a control plane, and compares what it prints with a golden file.
func runFleet(t *testing.T, p *controlPlane, name string, code int, args ...string) {
	t.Helper()
	got := runPlugin(t, "", append(args, "--server", p.serve(t))...)
	got.stdout = ages.ReplaceAllString(got.stdout, "no word for 12m")
	if got.code != code {
		t.Errorf("exit code %d, want %d\n%s%s", got.code, code, got.stdout, got.stderr)
	}
	golden(t, "fleet/"+name, args, got)
}

// TestStatusFleet shows trusts on a Karmada control plane in every format, for all members and for some.
func TestStatusFleet(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		code int
	}{
		"all trusts":       {args: []string{}, code: exitUntrusted},
		"wide":             {args: []string{"karmada", "-o", "wide"}, code: exitUntrusted},
		"json":             {args: []string{"karmada", "-o", "json"}, code: exitUntrusted},
		"yaml":             {args: []string{"new", "-o", "yaml"}, code: exitUnknown},
		"jsonpath":         {args: []string{"karmada", "-o", `jsonpath={range .trusts[*].clusters[?(@.answers==false)]}{.cluster} {.silentSince}{"\n"}{end}`}, code: exitUntrusted},
		"no policy":        {args: []string{"nowhere"}, code: exitUnknown},
		"no cluster":       {args: []string{"new"}, code: exitUnknown},
		"canary":           {args: []string{"karmada", "--cluster-selector", "rollout=canary", "--ready-to-enforce"}, code: exitOK},
		"production":       {args: []string{"karmada", "--cluster-selector", "rollout=production", "--ready-to-enforce"}, code: exitUntrusted},
		"one that denies":  {args: []string{"karmada", "--clusters", "member-2"}, code: exitUntrusted},
		"silent":           {args: []string{"karmada", "--clusters", "member-3"}, code: exitUnknown},
		"outdated":         {args: []string{"karmada", "--clusters", "member-4"}, code: exitUnknown},
		"not reported":     {args: []string{"karmada", "--clusters", "member-5"}, code: exitUnknown},
		"not applied":      {args: []string{"karmada", "--clusters", "member-6"}, code: exitUnknown},
		"unreadable":       {args: []string{"karmada", "--clusters", "member-7"}, code: exitUnknown},
		"suspended":        {args: []string{"karmada", "--clusters", "member-8"}, code: exitUnknown},
		"not propagated":   {args: []string{"karmada", "--clusters", "other-1,member-1"}, code: exitUnknown},
		"not served":       {args: []string{"karmada", "--clusters", "other-2"}, code: exitUnknown},
		"no such cluster":  {args: []string{"karmada", "--clusters", "member-1,member-0"}, code: exitUsage},
		"empty group":      {args: []string{"karmada", "--cluster-selector", "rollout=nobody"}, code: exitUsage},
		"no such trust":    {args: []string{"absent"}, code: exitUsage},
		"wrong selector":   {args: []string{"--cluster-selector", "a=b=c"}, code: exitUsage},
		"not a fleet":      {args: []string{"--karmada=false", "--clusters", "member-1"}, code: exitUsage},
		"as a cluster":     {args: []string{"nowhere", "--karmada=false"}, code: exitUnknown},
		"neither":          {args: []string{"--karmada=maybe"}, code: exitUsage},
		"as a fleet":       {args: []string{"karmada", "--karmada", "--clusters", "member-1"}, code: exitOK},
		"ready to enforce": {args: []string{"karmada", "--clusters", "member-1,member-3", "--ready-to-enforce"}, code: exitUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			runFleet(t, readControlPlane(t, nil), name, tc.code, append([]string{"status"}, tc.args...)...)
		})
	}
}

// TestStatusFleetChanges: only the trusts of which something else is known are printed again.
func TestStatusFleetChanges(t *testing.T) {
	before := &fleetStatus{Trusts: []fleet.Report{{Trust: "same"}, {Trust: "other"}, {Trust: "gone"}}}
	now := &fleetStatus{Trusts: []fleet.Report{{Trust: "same"}, {Trust: "other", Verdict: v1alpha1.VerdictVerified}, {Trust: "new"}}}
	var out bytes.Buffer
	o := &statusOptions{output: outputFlag{format: `jsonpath={.trusts[*].trust}{"\n"}`}}
	if err := o.printChanges(streams{Out: newOutput(&out)}, before, now); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "gone was deleted\nother new\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	out.Reset()
	if err := o.printChanges(streams{Out: newOutput(&out)}, now, now); err != nil || out.Len() > 0 {
		t.Errorf("%v and %q without a change", err, out.String())
	}
}

// TestStatusFleetPermissions: what the user may not read is said, and counts as unknown.
func TestStatusFleetPermissions(t *testing.T) {
	for name, tc := range map[string]struct {
		forbidden, trust string
		code             int
	}{
		"no clusters":           {forbidden: clusterv1alpha1.ResourcePluralCluster, trust: "karmada", code: exitUnknown},
		"no bindings":           {forbidden: workv1alpha2.ResourcePluralClusterResourceBinding, trust: "karmada", code: exitUntrusted},
		"no bindings no status": {forbidden: workv1alpha2.ResourcePluralClusterResourceBinding, trust: "new", code: exitUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			p := readControlPlane(t, nil)
			p.forbidden = []string{tc.forbidden}
			runFleet(t, p, name, tc.code, "status", tc.trust)
		})
	}
}

// TestStatusFleetWords: the texts of members and of Karmada neither act upon a terminal nor forge lines.
func TestStatusFleetWords(t *testing.T) {
	serve := func(chosen string) *controlPlane {
		return readControlPlane(t, func(value any) any { return replaceWords(value, chosen) })
	}
	for _, format := range []string{"", "wide", "json", "yaml", `jsonpath={.trusts[*].clusters[*].message}{"\n"}`} {
		args := []string{"status", "-o", format, "--server"}
		want := runPlugin(t, "", append(args, serve(plain).serve(t))...)
		got := runPlugin(t, "", append(args, serve(hostile).serve(t))...)
		onTerminal := runPluginOn(t, true, "", append(args, serve(hostile).serve(t))...)
		checkWords(t, format, got.stdout+got.stderr)
		checkWords(t, format, onTerminal.stdout+onTerminal.stderr)
		if got.code != want.code || got.stdout == "" {
			t.Errorf("%q: exit code %d, want %d\n%s%s", format, got.code, want.code, got.stdout, got.stderr)
		}
		if format != "yaml" && strings.Count(got.stdout, "\n") != strings.Count(want.stdout, "\n") {
			t.Errorf("%q: other lines (-want +got):\n%s", format, cmp.Diff(want.stdout, got.stdout))
		}
	}
}

// replaceWords replaces what is written for people.
func replaceWords(value any, chosen string) any {
	switch v := value.(type) {
	case map[string]any:
		for key := range v {
			switch key {
			case "message", "reason", "reference", "appliedMessage":
				v[key] = chosen
			default:
				v[key] = replaceWords(v[key], chosen)
			}
		}
	case []any:
		for i := range v {
			v[i] = replaceWords(v[i], chosen)
		}
	}
	return value
}
