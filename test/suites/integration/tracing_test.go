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

package integration

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	ggcrregistry "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/tracing"
	"github.com/karmada-io/image-trust/test/gen"
	"github.com/karmada-io/image-trust/test/lab/images"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
)

const (
	registryUser     = "secret-user"
	registryPassword = "secret-password"
)

// collector receives traces by OTLP over HTTP.
type collector struct {
	*httptest.Server
	t *testing.T

	mu       sync.Mutex
	requests int
	raw      bytes.Buffer
	resource map[string]string
	spans    []*tracepb.Span
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{t: t, resource: map[string]string{}}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.requests++
		export := &collectorpb.ExportTraceServiceRequest{}
		if err := proto.Unmarshal(body, export); err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v", r.URL.Path, err)
		}
		c.raw.Write(body)
		for _, resource := range export.GetResourceSpans() {
			maps.Copy(c.resource, valuesOf(resource.GetResource().GetAttributes()))
			for _, scope := range resource.GetScopeSpans() {
				c.spans = append(c.spans, scope.GetSpans()...)
			}
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(c.Close)
	return c
}

func valuesOf(attributes []*commonpb.KeyValue) map[string]string {
	values := map[string]string{}
	for _, a := range attributes {
		value := a.GetValue()
		switch value.GetValue().(type) {
		case *commonpb.AnyValue_IntValue:
			values[a.GetKey()] = fmt.Sprint(value.GetIntValue())
		case *commonpb.AnyValue_BoolValue:
			values[a.GetKey()] = fmt.Sprint(value.GetBoolValue())
		default:
			values[a.GetKey()] = value.GetStringValue()
		}
	}
	return values
}

// find waits for a span with a name and some attributes.
func (c *collector) find(name string, want map[string]string) *tracepb.Span {
	c.t.Helper()
	var found *tracepb.Span
	waitfor.NoError(c.t, func(context.Context) error {
		c.mu.Lock()
		defer c.mu.Unlock()
	spans:
		for _, span := range c.spans {
			have := valuesOf(span.GetAttributes())
			for key, value := range want {
				if have[key] != value {
					continue spans
				}
			}
			if span.GetName() == name {
				found = span
				return nil
			}
		}
		return fmt.Errorf("no span %s with %v among %d", name, want, len(c.spans))
	})
	return found
}

// tree prints the spans below one, each with the status of the response, and returns their number.
func (c *collector) tree(of *tracepb.Span, indent string, lines *[]string) {
	c.mu.Lock()
	var children []*tracepb.Span
	for _, span := range c.spans {
		if bytes.Equal(span.GetParentSpanId(), of.GetSpanId()) && bytes.Equal(span.GetTraceId(), of.GetTraceId()) {
			children = append(children, span)
		}
	}
	c.mu.Unlock()
	for _, span := range children {
		line := indent + span.GetName()
		if status := valuesOf(span.GetAttributes())[string(tracing.ResponseStatus)]; status != "" {
			line += " " + status
		}
		*lines = append(*lines, line)
		c.tree(span, indent+"  ", lines)
	}
}

func (c *collector) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.requests
}

// privateRegistry is a registry with credentials, which are a pull secret too.
type privateRegistry struct {
	host    string
	options remote.Option
	traced  bool // whether a request had trace context
	mu      sync.Mutex
}

func newPrivateRegistry(t *testing.T, c client.Client) *privateRegistry {
	t.Helper()
	r := &privateRegistry{options: remote.WithAuth(&authn.Basic{Username: registryUser, Password: registryPassword})}
	content := ggcrregistry.New(ggcrregistry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Header.Get("Traceparent") != "" || req.Header.Get("Baggage") != "" {
			r.mu.Lock()
			r.traced = true
			r.mu.Unlock()
		}
		if user, password, _ := req.BasicAuth(); user != registryUser || password != registryPassword {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		content.ServeHTTP(w, req)
	}))
	t.Cleanup(server.Close)
	r.host = strings.TrimPrefix(server.URL, "http://")
	config, err := json.Marshal(map[string]any{"auths": map[string]any{
		r.host: map[string]string{"auth": base64.StdEncoding.EncodeToString([]byte(registryUser + ":" + registryPassword))},
	}})
	if err != nil {
		t.Fatal(err)
	}
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "traced"}, Type: corev1.SecretTypeDockerConfigJson,
		Data: map[string][]byte{corev1.DockerConfigJsonKey: config},
	}
	if err := c.Create(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Delete(context.Background(), secret); err != nil {
			t.Error(err)
		}
	})
	return r
}

// verified creates a trust in a signed image of the registry, and waits until it is verified. It is deleted at the test's end.
func (r *privateRegistry) verified(t *testing.T, c client.Client, private *sigstore.Sigstore, name string) (repository, digest string) {
	t.Helper()
	id := sigstore.GitHubWorkflow("karmada-io/karmada", "release.yml", "refs/tags/v1.16.0", strings.Repeat("a", 40))
	repository = r.host + "/karmada/" + name
	pushed, err := images.Push(t.Context(), repository+":v1", name, r.options)
	if err != nil {
		t.Fatal(err)
	}
	if err := private.Sign(t.Context(), pushed, id, r.options); err != nil {
		t.Fatal(err)
	}
	trust := gen.Trust(name, gen.WithImages(v1alpha1.ImageGlob(repository)), gen.WithIssuer(id.Issuer), gen.WithIdentity(id.Subject),
		gen.WithReferences(v1alpha1.ImageReference(repository+":v1")), gen.WithPullSecrets("traced"), gen.WithEnforcement(v1alpha1.EnforcementAudit))
	if err := c.Create(t.Context(), trust); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Delete(context.Background(), trust); err != nil {
			t.Error(err)
		}
	})
	waitfor.NoError(t, func(ctx context.Context) error {
		if err := c.Get(ctx, client.ObjectKeyFromObject(trust), trust); err != nil {
			return err
		}
		if images := trust.Status.Images; len(images) != 1 || images[0].Verdict != v1alpha1.VerdictVerified {
			return fmt.Errorf("images: %+v", images)
		}
		return nil
	})
	return repository, pushed.DigestStr()
}

// TestTraces follows the verification of an image from the pass to the requests, with the manager in a process of its own.
func TestTraces(t *testing.T) {
	c := prepare(t, shared)
	private := newSigstore(t)
	_, flags := tufRepository(t, private)
	registry, receiver := newPrivateRegistry(t, c), newCollector(t)
	flags = append(flags, "--insecure-registry="+registry.host)
	quick := []string{"OTEL_BSP_SCHEDULE_DELAY=100"}

	m := launch(t, shared.Kubeconfig(), quick, append(flags, "--tracing-endpoint="+receiver.URL)...)
	repository, digest := registry.verified(t, c, private, "traced")
	verification := receiver.find(tracing.Verification, map[string]string{
		"container.image.name": repository, "oci.manifest.digest": digest, "image_trust.verdict": "Verified", "image_trust.reason": "Signed",
	})
	pass := receiver.find(tracing.Reconciliation, map[string]string{"image_trust.name": "traced"})
	if root := receiver.find(tracing.RootOfTrust, nil); valuesOf(root.GetAttributes())["image_trust.root_fingerprint"] == "" {
		t.Errorf("the root of trust has no fingerprint: %v", root)
	}
	if err := m.Stop(); err != nil { // all spans are exported then
		t.Fatal(err)
	}
	checkTrace(t, receiver, pass, verification)
	if registry.traced {
		t.Error("trace context was sent to the registry")
	}

	// Without the flag, the environment alone does not turn traces on.
	before := receiver.count()
	m = launch(t, shared.Kubeconfig(), append(quick, "OTEL_EXPORTER_OTLP_ENDPOINT="+receiver.URL), flags...)
	registry.verified(t, c, private, "untraced")
	if err := m.Stop(); err != nil {
		t.Fatal(err)
	}
	if got := receiver.count(); got != before {
		t.Errorf("%d exports although there is no flag", got-before)
	}

	// A collector that is down delays nothing, and does not flood the log.
	receiver.Close()
	m = launch(t, shared.Kubeconfig(), quick, append(flags, "--tracing-endpoint="+receiver.URL)...)
	registry.verified(t, c, private, "unexported")
	waitfor.NoError(t, func(context.Context) error {
		if m.logged("Exporting traces failed") == 0 {
			return fmt.Errorf("the log says nothing")
		}
		return nil
	})
	if err := m.Stop(); err != nil {
		t.Fatal(err)
	}
	if got := m.logged("Exporting traces failed"); got != 1 {
		t.Errorf("%d lines say that the collector is down, want 1", got)
	}
}

// checkTrace checks the spans of a verification, and what no span may have.
func checkTrace(t *testing.T, receiver *collector, pass, verification *tracepb.Span) {
	t.Helper()
	var lines []string
	receiver.tree(verification, "", &lines)
	got := strings.Join(lines, "\n")
	for _, want := range []string{
		tracing.Queue, tracing.Resolution + "\n  GET /v2/", "  GET /v2/{name}/manifests/{reference} 200",
		tracing.Digest + "\n  search for signature\n    GET /v2/{name}/manifests/{reference} 200\n    GET /v2/{name}/blobs/{digest} 200",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the trace lacks %q:\n%s", want, got)
		}
	}
	if n := len(lines) + 1; n > 20 {
		t.Errorf("%d spans for one verification, want about ten", n)
	} else {
		fmt.Printf("figure: spans_of_a_verification %d\n", n)
	}
	receiver.mu.Lock()
	defer receiver.mu.Unlock()
	asked := false
	known := map[string]bool{}
	for _, a := range tracing.Attributes() {
		known[string(a.Key)] = true
	}
	for _, span := range receiver.spans {
		asked = asked || bytes.Equal(span.GetSpanId(), verification.GetParentSpanId()) && span.GetName() == tracing.Reconciliation &&
			valuesOf(span.GetAttributes())["image_trust.name"] == "traced"
		for key := range valuesOf(span.GetAttributes()) {
			if !known[key] {
				t.Errorf("the attribute %s of %s is not documented", key, span.GetName())
			}
		}
	}
	if !asked {
		t.Errorf("the verification is not a child of a pass, such as %v", pass)
	}
	for _, secret := range []string{
		registryUser, registryPassword, base64.StdEncoding.EncodeToString([]byte(registryUser + ":" + registryPassword)), "Basic ",
	} {
		if bytes.Contains(receiver.raw.Bytes(), []byte(secret)) {
			t.Errorf("an export contains %q", secret)
		}
	}
	if receiver.resource["service.name"] != v1alpha1.OperatorName || receiver.resource["service.version"] == "" {
		t.Errorf("resource %v, want the name and the version of the program", receiver.resource)
	}
	if verification.GetEndTimeUnixNano() <= verification.GetStartTimeUnixNano() {
		t.Errorf("the verification has no duration: %v", verification)
	}
}
