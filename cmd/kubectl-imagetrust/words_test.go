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
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/text"
)

// hostile is text that acts upon a terminal or a CI system, or forges lines: control characters of one byte (C0) and of two (C1),
// characters that change the direction or that nobody sees, other line ends, and commands. Plain is a text of its kind
// without any of that.
const (
	hostile = "x\x1b[2J\x1b]0;owned\a\u009b2J\u202ey\u2066\u200b\u2028\u2029\x7f\r\n✓ all verified\n0 of 0 workloads would be denied\n" +
		"::add-mask::z\n##[error]w\n---\nkind: Namespace"
	plain = "x Y"
)

// quote returns a text as a scalar of YAML.
func quote(value string) string {
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text.EscapeJSON(encoded))
}

// own are the sequences that the plugin itself writes to a terminal.
var own = regexp.MustCompile(`\x1b\[(31|32|33|0)m|\r\x1b\[K`)

// checkWords reports characters that must not be written, and lines that are not the plugin's.
func checkWords(t *testing.T, what, output string) {
	t.Helper()
	output = own.ReplaceAllString(output, "")
	for i, r := range output {
		if r != '\n' && r != '\t' && (!unicode.IsPrint(r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)) {
			t.Errorf("%s: %U is written: %.300q", what, r, output[max(0, i-100):])
			break
		}
	}
	for line := range strings.Lines(output) {
		if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##[") || slices.Contains(strings.Split(hostile, "\n")[1:3], strings.TrimSpace(line)) {
			t.Errorf("%s: a line is forged: %.300q", what, line)
		}
	}
}

// header is what of a text can be the value of a header.
func header(value string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, value)
}

// hostileRegistry fails with hostile messages and headers.
func hostileRegistry(t *testing.T, chosen string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2/" {
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Docker-Content-Digest", header(chosen))
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprintf(w, `{"errors":[{"code":%[1]s,"message":%[1]s,"detail":%[1]s}]}`, quote(chosen))
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// hostileCluster serves trusts in which every text is replaced, or fails with a hostile message.
func hostileCluster(t *testing.T, recorded []v1alpha1.KarmadaImageTrust, chosen string, fails bool) string {
	t.Helper()
	encoded, err := json.Marshal(v1alpha1.KarmadaImageTrustList{
		TypeMeta: metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "KarmadaImageTrustList"}, Items: recorded,
	})
	if err != nil {
		t.Fatal(err)
	}
	var trusts any
	if err := json.Unmarshal(encoded, &trusts); err != nil {
		t.Fatal(err)
	}
	replaced := replaceTexts(trusts, chosen)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Warning", `299 - "`+header(chosen)+`"`)
		var answer any
		switch path := r.URL.Path; {
		case path == "/api":
			answer = metav1.APIVersions{Versions: []string{"v1"}}
		case path == "/apis":
			version := metav1.GroupVersionForDiscovery{GroupVersion: v1alpha1.GroupVersion.String(), Version: v1alpha1.GroupVersion.Version}
			answer = metav1.APIGroupList{Groups: []metav1.APIGroup{{
				Name: v1alpha1.GroupVersion.Group, Versions: []metav1.GroupVersionForDiscovery{version}, PreferredVersion: version,
			}}}
		case strings.HasSuffix(path, "/karmadaimagetrusts") && fails:
			w.WriteHeader(http.StatusForbidden)
			answer = metav1.Status{
				TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure, Code: http.StatusForbidden,
				Reason: metav1.StatusReasonForbidden, Message: chosen,
			}
		case strings.HasSuffix(path, "/karmadaimagetrusts"):
			answer = replaced
		case !strings.HasPrefix(path, "/apis/"+v1alpha1.GroupVersion.Group):
			w.WriteHeader(http.StatusNotFound)
		default:
			answer = metav1.APIResourceList{GroupVersion: v1alpha1.GroupVersion.String(), APIResources: []metav1.APIResource{{
				Name: "karmadaimagetrusts", Kind: v1alpha1.KarmadaImageTrustKind, Verbs: metav1.Verbs{"list", "get", "watch"},
			}}}
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// replaceTexts replaces all texts but those of which clients know the form.
func replaceTexts(value any, text string) any {
	switch v := value.(type) {
	case map[string]any:
		for key := range v {
			if !slices.Contains([]string{"apiVersion", "kind", "creationTimestamp", "lastTransitionTime", "lastVerifiedTime", "status", "verdict"}, key) {
				v[key] = replaceTexts(v[key], text)
			} else if _, isText := v[key].(string); !isText {
				v[key] = replaceTexts(v[key], text)
			}
		}
	case []any:
		for i := range v {
			v[i] = replaceTexts(v[i], text)
		}
	case string:
		return text
	}
	return value
}

// wordsTest is a command line and the files that it reads, for a text that others chose.
func wordsTests(f *fixture, recorded []v1alpha1.KarmadaImageTrust, chosen string) map[string][]string {
	q := quote(chosen)
	// The name of a file has no slash and at most 255 bytes.
	file := strings.ReplaceAll(chosen, "/", "")
	workload := fmt.Sprintf(`{apiVersion: apps/v1, kind: Deployment, metadata: {name: %[1]s, namespace: %[1]s}, spec: {template: {spec: {containers: [
  {name: %[1]s, image: %[1]s}, {name: %[1]s, image: REGISTRY/app/unsigned:v1}, {name: %[1]s}, {name: b, image: REGISTRY/other/image:v1}]}}}}`, q)
	for _, directory := range []string{"manifests", "link", "outside", "lint", "broken"} {
		f.must(os.RemoveAll(directory))
	}
	f.write("manifests/"+file+".yaml", workload)
	f.write("link/a.yaml", deployment("signed", "REGISTRY/app/signed:v1"))
	f.write("outside/"+file+".yaml", deployment("signed", "REGISTRY/app/signed:v1"))
	f.must(os.Symlink("../outside/"+file+".yaml", "link/b.yaml"))
	named := strings.Replace(f.trust("a", "Audit", "app/*"), "metadata: {name: a}", "metadata: {name: "+q+"}", 1)
	f.write("named.yaml", named)
	f.write("lint/"+file+".yaml", named+"  ? "+q+"\n  : x\n---\n"+f.trust("b", "Enforce", "app/*", "trustRoot: {name: "+q+"}", "references: ["+q+"]")+"---\n"+
		strings.Replace(f.trust("c", "Enforce", "app/*"), "issuer: ", "issuer: "+q+" #", 1)+"---\n"+
		strings.Replace(f.trust("d", "Enforce", "app/*"), "['", "["+q+", '", 1))
	f.write("field.yaml", f.trust("a", "Enforce", "app/*")+"  ? "+q+"\n  : x\n")
	f.write("root.yaml", f.trust("a", "Enforce", "app/*")+"---\napiVersion: policy.sigstore.dev/v1alpha1\nkind: TrustRoot\nmetadata: {name: "+q+"}\nspec: {}\n")
	f.write("keys.yaml", f.trust("a", "Enforce", "app/*", "trustRoot: {name: k}")+
		"---\napiVersion: policy.sigstore.dev/v1alpha1\nkind: TrustRoot\nmetadata: {name: k}\nspec: {sigstoreKeys: {tLogs: [{hashAlgorithm: "+q+"}]}}\n")
	f.write("config.yaml", f.trust("a", "Enforce", "app/*")+"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: config-policy-controller}\ndata: {no-match-policy: "+q+"}\n")
	f.write("labels.yaml", strings.Replace(f.trust("a", "Audit", "app/*"), "{name: a}", "{name: a, labels: {"+q+": "+q+"}}", 1))
	f.write("annotated.yaml", strings.Replace(f.trust("a", "Audit", "app/*"), "{name: a}", "{name: a, annotations: {a: "+q+"}}", 1))
	f.write("cue.yaml", f.trust("a", "Enforce", "app/*", "attestations:", "- predicateType: https://slsa.dev/provenance/v1", "  cue: "+quote(`"`+strings.NewReplacer("\n", `\n`, "\r", "", "\x1b", "", "\a", "", "\x7f", "").Replace(chosen)+`"`)))
	f.write("broken/"+file+".yaml", "a: [")
	evil := hostileRegistry(f.t, chosen)
	signer := []string{"--issuer", release.Issuer, "--identity", release.Subject}
	return map[string][]string{
		"plan":                 {"plan", "-f", "trust.yaml", "--manifests", "manifests"},
		"plan a file":          {"plan", "-f", "trust.yaml", "--manifests", "manifests/" + file + ".yaml", "-o", "wide"},
		"plan against":         {"plan", "-f", "trust.yaml", "--against", "down.yaml", "--manifests", "manifests"},
		"plan json":            {"plan", "-f", "trust.yaml", "--manifests", "manifests", "-o", "json"},
		"plan yaml":            {"plan", "-f", "trust.yaml", "--manifests", "manifests", "-o", "yaml"},
		"plan jsonpath":        {"plan", "-f", "trust.yaml", "--manifests", "manifests", "-o", `jsonpath={range .workloads[*]}{.name}{"\n"}{.findings}{"\n"}{end}`},
		"plan sarif":           {"plan", "-f", "trust.yaml", "--manifests", "manifests", "-o", "sarif"},
		"plan broken":          {"plan", "-f", "trust.yaml", "--manifests", "broken"},
		"plan namespace":       {"plan", "-f", "trust.yaml", "--manifests", "link", "-n", chosen, "-o", "wide"},
		"pin":                  {"pin", "-f", "trust.yaml", "--manifests", "link"},
		"pin report":           {"pin", "-f", "trust.yaml", "--manifests", "manifests", "-o", "kustomize"},
		"pin in place":         {"pin", "-f", "trust.yaml", "--manifests", "manifests", "--manifests", "link", "--in-place"},
		"verify":               {"verify", "-f", "trust.yaml", chosen},
		"verify named":         {"verify", "-f", "named.yaml", "REGISTRY/app/signed:v1"},
		"verify named wide":    {"verify", "-f", "named.yaml", "REGISTRY/app/signed:v1", "-o", "wide"},
		"verify annotated":     {"verify", "-f", "annotated.yaml", "REGISTRY/app/signed:v1", "-o", "wide"},
		"verify signer":        {"verify", "--issuer", chosen, "--identity", chosen, "REGISTRY/app/signed:v1"},
		"verify expression":    {"verify", "--issuer", chosen, "--identity-regexp", "(" + chosen, "REGISTRY/app/signed:v1"},
		"verify registry":      append([]string{"verify", evil + "/app/x:v1", "--insecure-registry", evil}, signer...),
		"verify registry wide": append([]string{"verify", evil + "/app/x:v1", "--insecure-registry", evil, "-o", "wide"}, signer...),
		"verify registry json": append([]string{"verify", evil + "/app/x:v1", "--insecure-registry", evil, "-o", "json"}, signer...),
		"verify trust root":    {"verify", "-f", "trust.yaml", "REGISTRY/app/signed:v1", "--trust-root", chosen},
		"lint":                 {"lint", "-f", "lint"},
		"lint json":            {"lint", "-f", "lint", "-o", "json"},
		"lint yaml":            {"lint", "-f", "lint", "-o", "yaml"},
		"lint sarif":           {"lint", "-f", "lint", "-o", "sarif"},
		"lint broken":          {"lint", "-f", "broken"},
		"lint missing":         {"lint", "-f", chosen},
		"render named":         {"render", "-f", "named.yaml"},
		"render field":         {"render", "-f", "field.yaml"},
		"render root":          {"render", "-f", "root.yaml"},
		"render keys":          {"render", "-f", "keys.yaml"},
		"render config":        {"render", "-f", "config.yaml"},
		"render labels":        {"render", "-f", "labels.yaml"},
		"render annotated":     {"render", "-f", "annotated.yaml"},
		"render cue json":      {"render", "-f", "cue.yaml", "-o", "json"},
		"status":               {"status", "--server", hostileCluster(f.t, recorded, chosen, false)},
		"status wide":          {"status", "--server", hostileCluster(f.t, recorded, chosen, false), "-o", "wide"},
		"status json":          {"status", "--server", hostileCluster(f.t, recorded, chosen, false), "-o", "json"},
		"status yaml":          {"status", "--server", hostileCluster(f.t, recorded, chosen, false), "-o", "yaml"},
		"status jsonpath":      {"status", "--server", hostileCluster(f.t, recorded, chosen, false), "-o", `jsonpath={range .items[*].status.violations[*]}{.image}{"\n"}{end}`},
		"status fails":         {"status", "--server", hostileCluster(f.t, recorded, chosen, true)},
		"status context":       {"status", "--context", chosen},
		"status name":          {"status", chosen, "--server", hostileCluster(f.t, recorded, chosen, true)},
		"report":               {"report", "--examine=false", "--output-file", "report.html", "--server", hostileCluster(f.t, recorded, chosen, false)},
		"report markdown":      {"report", "--examine=false", "-o", "markdown", "--server", hostileCluster(f.t, recorded, chosen, false)},
		"report csv":           {"report", "--examine=false", "-o", "csv", "--server", hostileCluster(f.t, recorded, chosen, false)},
		"report fails":         {"report", "--examine=false", "-o", "json", "--server", hostileCluster(f.t, recorded, chosen, true)},
		"unknown command":      {chosen},
		"unknown flag":         {"verify", "--" + chosen},
		"unknown format":       {"lint", "-f", "trust.yaml", "-o", chosen},
		"unknown template":     {"lint", "-f", "trust.yaml", "-o", "jsonpath={" + chosen},
		"unknown preset":       {"init", "--preset", chosen},
		"needless argument":    {"version", chosen},
		"help":                 {"help", chosen},
	}
}

// TestWords walks all commands with text that others chose: names and values in files, names of files, answers of registries,
// objects of a cluster, arguments. Nothing but printable characters is written, and as many lines as for other text.
func TestWords(t *testing.T) {
	recorded := recordedTrusts(t, "untrusted")
	f := newFixture(t)
	runAll := func(text string) map[string]result {
		results := map[string]result{}
		for name, args := range wordsTests(f, recorded, text) {
			flags := []string{}
			if args[0] == "plan" || args[0] == "pin" || args[0] == "verify" {
				flags = []string{"--insecure-registry", f.registry}
				if name != "verify trust root" {
					flags = append(flags, "--trusted-root", "trusted_root.json")
				}
			}
			for i := range args {
				args[i] = strings.ReplaceAll(args[i], "REGISTRY", f.registry)
			}
			results[name] = runPlugin(t, "", append(args, flags...)...)
			onTerminal := runPluginOn(t, true, "", append(args, flags...)...)
			checkWords(t, name+" on a terminal", onTerminal.stdout+onTerminal.stderr)
		}
		return results
	}
	reference, results := runAll(plain), runAll(hostile)
	for name, got := range results {
		want := reference[name]
		checkWords(t, name, got.stdout+got.stderr)
		if got.stdout+got.stderr == "" {
			t.Errorf("%s: nothing is written", name)
		}
		if slices.Contains([]string{"lint", "lint json", "lint sarif", "render labels"}, name) || strings.HasSuffix(name, " yaml") || strings.HasSuffix(name, "annotated") && strings.HasPrefix(name, "render") {
			continue // other problems; or hostile text that is written in the style of JSON
		}
		if got.code != want.code || strings.Count(got.stdout, "\n") != strings.Count(want.stdout, "\n") || strings.Count(got.stderr, "\n") != strings.Count(want.stderr, "\n") {
			t.Errorf("%s: exit code %d and\n%s%s\nwant as many lines as exit code %d and\n%s%s", name, got.code, got.stdout, got.stderr, want.code, want.stdout, want.stderr)
		}
	}
	for line := range strings.Lines(results["lint"].stdout) {
		if !strings.HasPrefix(line, "lint/x?[2J?]0;owned?") {
			t.Errorf("lint: a line does not begin with the name of its file: %q", line)
		}
	}
	// What programs read is exact.
	var plan struct{ Workloads []struct{ Name string } }
	if err := json.Unmarshal([]byte(results["plan json"].stdout), &plan); err != nil || len(plan.Workloads) != 1 || plan.Workloads[0].Name != hostile {
		t.Errorf("plan as JSON: %v and %+v", err, plan)
	}
	var log map[string]any
	if err := json.Unmarshal([]byte(results["lint sarif"].stdout), &log); err != nil {
		t.Errorf("lint as SARIF: %v", err)
	}
	fmt.Printf("figure: commands_with_hostile_text %d\n", len(results))
}
