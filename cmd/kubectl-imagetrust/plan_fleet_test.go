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
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	clusterv1alpha1 "github.com/karmada-io/karmada/pkg/apis/cluster/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"

	"github.com/karmada-io/image-trust/test/sarifschema"
)

func TestMemberConfig(t *testing.T) {
	for host, want := range map[string]string{
		"127.0.0.1:6443":           "http://127.0.0.1:6443/apis/cluster.karmada.io/v1alpha1/clusters/m1/proxy",
		"https://karmada:5443":     "https://karmada:5443/apis/cluster.karmada.io/v1alpha1/clusters/m1/proxy",
		"https://rancher/k8s/c-1/": "https://rancher/k8s/c-1/apis/cluster.karmada.io/v1alpha1/clusters/m1/proxy",
	} {
		config, err := memberConfig(&rest.Config{Host: host}, "m1")
		if err != nil || config.Host != want {
			t.Errorf("%s: %v, %v, want %s", host, config, err, want)
		}
	}
	for _, name := range []string{"", "..", "../../../../api", "m1/proxy/../../m2", "m1?x=", "m1%2f..", "M1", "m\x1b[31m"} {
		if config, err := memberConfig(&rest.Config{Host: "https://karmada"}, name); err == nil {
			t.Errorf("%q is accepted: %s", name, config.Host)
		}
	}
}

// TestGuarded reads from a server that denies access, from one that never ends, and from one that redirects to another host.
func TestGuarded(t *testing.T) {
	const limit = 1 << 20
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	t.Cleanup(other.Close)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/small":
			_, _ = io.WriteString(w, "small")
		case "/refused":
			w.WriteHeader(http.StatusForbidden)
			_ = json.NewEncoder(w).Encode(metav1.Status{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Message: "pods is forbidden"})
		case "/refused-in-protobuf":
			w.WriteHeader(http.StatusForbidden)
			_ = protobuf.NewSerializer(scheme.Scheme, scheme.Scheme).Encode(&metav1.Status{
				TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Message: "jobs is forbidden",
			}, w)
		case "/redirected":
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		case "/refused-endlessly":
			w.WriteHeader(http.StatusForbidden)
			writeEndlessly(w)
		default:
			writeEndlessly(w)
		}
	}))
	t.Cleanup(server.Close)
	for path, tc := range map[string]struct{ body, cause string }{
		"/small":               {body: "small"},
		"/refused":             {cause: "pods is forbidden"},
		"/refused-in-protobuf": {cause: "jobs is forbidden"},
		"/refused-endlessly":   {cause: "403 Forbidden"},
		"/endless":             {cause: "its answers exceed 1 MiB"},
		"/redirected":          {cause: "it redirects (307 Temporary Redirect), which is not followed"},
	} {
		t.Run(path, func(t *testing.T) {
			ctx, giveUp := context.WithCancelCause(t.Context())
			defer giveUp(nil)
			client, err := rest.HTTPClientFor(guarded(&rest.Config{Host: server.URL}, limit, giveUp))
			if err != nil {
				t.Fatal(err)
			}
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			var read bytes.Buffer
			response, err := client.Do(request)
			if err == nil {
				defer func() { _ = response.Body.Close() }()
				_, err = io.Copy(&read, response.Body)
			}
			if tc.body != "" && (err != nil || read.String() != tc.body) {
				t.Errorf("read %q, %v, want %q", read.String(), err, tc.body)
			}
			if read.Len() > limit {
				t.Errorf("%d bytes were read", read.Len())
			}
			switch cause := context.Cause(ctx); {
			case tc.cause == "" && cause != nil, tc.cause != "" && (cause == nil || !strings.Contains(cause.Error(), tc.cause)):
				t.Errorf("given up because of %v, want %q", cause, tc.cause)
			}
		})
	}
	if elsewhere.Load() != 0 {
		t.Error("the redirect was followed")
	}
}

// writeEndlessly writes until the client goes away.
func writeEndlessly(w io.Writer) {
	chunk := bytes.Repeat([]byte(" "), 1<<16)
	for {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

// planFleet is the API of a control plane whose members have one Deployment each. The suite in test/suites/karmada plans for real
// ones.
type planFleet struct {
	clusters []clusterv1alpha1.Cluster
	policies map[string]string // the items of lists, by the plural names of Karmada's policies
	images   map[string]string // of the Deployments, by cluster
	answer   map[string]http.HandlerFunc
}

func planCluster(name string, ready metav1.ConditionStatus, labels map[string]string) clusterv1alpha1.Cluster {
	return clusterv1alpha1.Cluster{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels},
		Status: clusterv1alpha1.ClusterStatus{Conditions: []metav1.Condition{{
			Type: clusterv1alpha1.ClusterConditionReady, Status: ready, Message: "cluster is \x1b[31mnot reachable",
		}}},
	}
}

func (p *planFleet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	path, inMember := strings.CutPrefix(r.URL.Path, "/apis/cluster.karmada.io/v1alpha1/clusters/")
	if inMember {
		name, path, _ := strings.Cut(path, "/proxy")
		if answer := p.answer[name]; answer != nil {
			answer(w, r)
			return
		}
		p.member(w, r, path, p.images[name])
		return
	}
	switch path {
	case "/apis/cluster.karmada.io/v1alpha1/clusters":
		_ = json.NewEncoder(w).Encode(clusterv1alpha1.ClusterList{
			TypeMeta: metav1.TypeMeta{APIVersion: "cluster.karmada.io/v1alpha1", Kind: "ClusterList"}, Items: p.clusters,
		})
	case "/apis/policy.karmada.io/v1alpha1/clusterpropagationpolicies", "/apis/policy.karmada.io/v1alpha1/clusteroverridepolicies":
		plural := path[strings.LastIndex(path, "/")+1:]
		kind := map[string]string{
			"clusterpropagationpolicies": "ClusterPropagationPolicyList", "clusteroverridepolicies": "ClusterOverridePolicyList",
		}[plural]
		_, _ = fmt.Fprintf(w, `{"apiVersion":"policy.karmada.io/v1alpha1","kind":%q,"items":[%s]}`, kind, p.policies[plural])
	default:
		discover(w, r, path, map[string]string{
			"/apis/cluster.karmada.io/v1alpha1": `{"name":"clusters","kind":"Cluster"}`,
			"/apis/policy.karmada.io/v1alpha1": `{"name":"clusterpropagationpolicies","kind":"ClusterPropagationPolicy"},` +
				`{"name":"clusteroverridepolicies","kind":"ClusterOverridePolicy"}`,
			"/apis/work.karmada.io/v1alpha2": `{"name":"clusterresourcebindings","kind":"ClusterResourceBinding"}`,
		})
	}
}

// discover answers discovery.
func discover(w http.ResponseWriter, _ *http.Request, path string, resources map[string]string) {
	group := func(version string) string {
		group, name, _ := strings.Cut(strings.TrimPrefix(version, "/apis/"), "/")
		return fmt.Sprintf(`{"name":%q,"versions":[{"groupVersion":%q,"version":%q}],"preferredVersion":{"groupVersion":%[2]q,"version":%[3]q}}`,
			group, group+"/"+name, name)
	}
	versions := map[string]string{}
	for version := range resources {
		versions[version[:strings.LastIndex(version, "/")]] = version
	}
	switch {
	case versions[path] != "" && path != "/api":
		_, _ = fmt.Fprintf(w, `{"kind":"APIGroup","apiVersion":"v1",%s`, group(versions[path])[1:])
	case path == "/api":
		_, _ = io.WriteString(w, `{"kind":"APIVersions","versions":["v1"]}`)
	case path == "/apis":
		var groups []string
		for version := range resources {
			if strings.HasPrefix(version, "/apis/") {
				groups = append(groups, group(version))
			}
		}
		_, _ = fmt.Fprintf(w, `{"kind":"APIGroupList","apiVersion":"v1","groups":[%s]}`, strings.Join(groups, ","))
	case resources[path] != "":
		//nolint:gosec // the answer is JSON
		_, _ = fmt.Fprintf(w, `{"kind":"APIResourceList","apiVersion":"v1","groupVersion":%q,"resources":[%s]}`,
			strings.TrimPrefix(strings.TrimPrefix(path, "/apis/"), "/api/"), resources[path])
	default:
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}`)
	}
}

// member answers as the API server of a member without policy-controller.
func (p *planFleet) member(w http.ResponseWriter, r *http.Request, path, image string) {
	kinds := map[string]string{
		"configmaps": "ConfigMap", "namespaces": "Namespace", "pods": "Pod", "replicationcontrollers": "ReplicationController",
		"mutatingwebhookconfigurations": "MutatingWebhookConfiguration", "validatingwebhookconfigurations": "ValidatingWebhookConfiguration",
		"daemonsets": "DaemonSet", "deployments": "Deployment", "replicasets": "ReplicaSet", "statefulsets": "StatefulSet",
		"cronjobs": "CronJob", "jobs": "Job", "clusterimagepolicies": "ClusterImagePolicy", "trustroots": "TrustRoot",
	}
	resources := map[string]string{}
	for version, plurals := range map[string]string{
		"/api/v1": "configmaps namespaces pods replicationcontrollers", "/apis/apps/v1": "daemonsets deployments replicasets statefulsets",
		"/apis/batch/v1":                        "cronjobs jobs",
		"/apis/admissionregistration.k8s.io/v1": "mutatingwebhookconfigurations validatingwebhookconfigurations",
		"/apis/policy.sigstore.dev/v1alpha1":    "clusterimagepolicies trustroots",
	} {
		var listed []string
		for plural := range strings.FieldsSeq(plurals) {
			listed = append(listed, fmt.Sprintf(`{"name":%q,"kind":%q}`, plural, kinds[plural]))
		}
		resources[version] = strings.Join(listed, ",")
	}
	at := strings.LastIndex(path, "/")
	if at < 0 || kinds[path[at+1:]] == "" {
		discover(w, r, path, resources)
		return
	}
	version, plural := path[:at], path[at+1:]
	if r.URL.Query().Get("watch") != "" {
		if r.URL.Query().Get("sendInitialEvents") != "" {
			w.WriteHeader(http.StatusUnprocessableEntity) // as API servers without streaming lists
			_, _ = io.WriteString(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Invalid","code":422}`)
			return
		}
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		return
	}
	items := ""
	if plural == "deployments" {
		items = fmt.Sprintf(`{"metadata":{"name":"app","namespace":"shop","uid":"1"},"spec":{"template":{"spec":{"containers":[{"name":"main","image":%q}]}}}}`, image)
	}
	//nolint:gosec // the answer is JSON
	_, _ = fmt.Fprintf(w, `{"kind":"%sList","apiVersion":%q,"metadata":{"resourceVersion":"1"},"items":[%s]}`,
		kinds[plural], strings.TrimPrefix(strings.TrimPrefix(version, "/apis/"), "/api/"), items)
}

func TestPlanFleet(t *testing.T) {
	f := newFixture(t)
	canary, production := map[string]string{"rollout": "canary"}, map[string]string{"rollout": "production"}
	server := &planFleet{
		clusters: []clusterv1alpha1.Cluster{
			planCluster("bad", metav1.ConditionTrue, canary), planCluster("good", metav1.ConditionTrue, production),
			planCluster("gone", metav1.ConditionFalse, production), planCluster("garbage", metav1.ConditionTrue, nil),
			planCluster("refused", metav1.ConditionTrue, nil), planCluster("endless", metav1.ConditionTrue, nil),
			planCluster("../up", metav1.ConditionTrue, map[string]string{"hostile": "name"}),
		},
		policies: map[string]string{},
		images:   map[string]string{"bad": f.image("app/unsigned"), "good": f.image("app/signed")},
		answer: map[string]http.HandlerFunc{
			"garbage": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "\x1b[31m{garbage") },
			"refused": func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusForbidden)
				_, _ = io.WriteString(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":"jane may \u001b[31m not"}`)
			},
			"endless": func(w http.ResponseWriter, _ *http.Request) { writeEndlessly(w) },
		},
	}
	running := httptest.NewServer(server)
	t.Cleanup(running.Close)
	const selectors = "  resourceSelectors: [{apiVersion: trust.karmada.io/v1alpha1, kind: KarmadaImageTrust}]\n"
	policy := func(kind, spec string) string {
		return "---\napiVersion: policy.karmada.io/v1alpha1\nkind: " + kind + "\nmetadata: {name: a}\nspec:\n" + selectors + spec
	}
	trust := f.trust("app", "Audit", "app/*")
	enforce := policy("ClusterOverridePolicy", "  overrideRules: [{targetCluster: {labelSelector: {matchLabels: {rollout: canary}}},\n"+
		"    overriders: {plaintext: [{path: /spec/enforcement, operator: replace, value: Enforce}]}}]\n")
	f.write("fleet.yaml", trust+policy("ClusterPropagationPolicy", "  placement: {clusterAffinity: {clusterNames: [bad, good]}}\n")+enforce)
	f.write("other.yaml", strings.ReplaceAll(trust, release.Subject, "somebody@example.com"))
	f.write("nowhere.yaml", trust+policy("ClusterPropagationPolicy", "  placement: {clusterAffinity: {clusterNames: [elsewhere]}}\n"))
	f.write("groups.yaml", trust+policy("ClusterPropagationPolicy",
		"  placement: {clusterAffinities: [{affinityName: a, clusterNames: [good]}, {affinityName: b, clusterNames: [nowhere]}]}\n"))
	f.write("field.yaml", trust+policy("ClusterOverridePolicy", "  overrideRules: [{overriders: {fieldOverrider: [{fieldPath: /spec/issuer}]}}]\n"))
	f.write("invalid.yaml", trust+policy("ClusterOverridePolicy",
		"  overrideRules: [{overriders: {plaintext: [{path: /spec/enforcement, operator: replace, value: Perhaps}]}}]\n"))
	f.write("newer.yaml", trust+policy("ClusterPropagationPolicy", "  placement: {}\n  fromTheFuture: true\n"))
	f.write("karmada.kubeconfig", "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{name: a, context: {cluster: a}}]\n"+
		"clusters: [{name: a, cluster: {server: '"+running.URL+"'}}]\n")
	plan := func(args ...string) []string { return append([]string{"--kubeconfig", "karmada.kubeconfig"}, args...) }
	f.runGolden("plan", map[string]pluginTest{
		"fleet":                  {args: plan("-f", "fleet.yaml"), code: exitUntrusted},
		"fleet json":             {args: plan("-f", "fleet.yaml", "-o", "json"), code: exitUntrusted},
		"fleet markdown":         {args: plan("-f", "fleet.yaml", "-o", "markdown"), code: exitUntrusted},
		"fleet unknown markdown": {args: plan("-f", "trust.yaml", "--clusters", "garbage,refused,good", "-o", "markdown"), code: exitUnknown},
		"fleet group":            {args: plan("-f", "fleet.yaml", "--karmada", "--cluster-selector", "rollout=production")},
		"fleet against":          {args: plan("-f", "other.yaml", "--against", "trust.yaml", "--clusters", "good"), code: exitUntrusted},
		"fleet without":          {args: plan("-f", "trust.yaml", "--clusters", "good,gone"), code: exitUnknown},
		"fleet hostile":          {args: plan("-f", "trust.yaml", "--clusters", "garbage,refused,good"), code: exitUnknown},
		"fleet endless":          {args: plan("-f", "trust.yaml", "--clusters", "endless"), code: exitUnknown},
		"fleet hostile name":     {args: plan("-f", "trust.yaml", "--cluster-selector", "hostile=name"), code: exitUnknown},
		"fleet groups":           {args: plan("-f", "groups.yaml")},
		"fleet nowhere":          {args: plan("-f", "nowhere.yaml"), code: exitUsage},
		"fleet field":            {args: plan("-f", "field.yaml", "--clusters", "good"), code: exitUnknown},
		"fleet invalid":          {args: plan("-f", "invalid.yaml", "--clusters", "good"), code: exitUnknown},
		"fleet newer":            {args: plan("-f", "newer.yaml", "--clusters", "good"), code: exitUsage},
		"fleet no cluster":       {args: plan("-f", "trust.yaml", "--clusters", "missing"), code: exitUsage},
		"fleet manifests":        {args: plan("-f", "trust.yaml", "--karmada", "--manifests", "allowed"), code: exitUsage},
	})
	got := f.run("", append(append([]string{"plan"}, plan("-f", "trust.yaml", "--clusters", "bad,good,gone", "-o", "sarif")...),
		"--insecure-registry", "REGISTRY", "--trusted-root", "trusted_root.json")...)
	want := []string{"error Unsigned bad/Deployment/shop/app/main", "warning ClusterUnknown gone"}
	if diff := cmp.Diff(want, sarifResults(t, got.stdout)); diff != "" || got.code != exitUntrusted {
		t.Errorf("SARIF: exit code %d (-want +got):\n%s\n%s", got.code, diff, got.stderr)
	}
	if err := sarifschema.New(t)([]byte(got.stdout)); err != nil {
		t.Errorf("SARIF: %v\n%s", err, got.stdout)
	}
}
