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

package v1alpha1_test

import (
	"context"
	"fmt"
	"maps"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/harness"
	"github.com/karmada-io/image-trust/test/lab/manifest"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
)

// The manifests as they are installed.
const (
	crdFile      = "../../config/crd/bases/trust.karmada.io_karmadaimagetrusts.yaml"
	warningsFile = "../../config/admission/warnings.yaml"
)

// server is a real API server with the manifests installed, shared by the tests of this package.
var server *rest.Config

func TestMain(m *testing.M) {
	harness.Main(m, harness.Options{}, func(h *harness.Harness) { server = h.Config() })
}

// install creates what a file of manifests holds, if it is not there yet.
func install(t *testing.T, c client.Client, file string) {
	t.Helper()
	objects, err := manifest.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range objects {
		if err := c.Create(t.Context(), object); err != nil && !apierrors.IsAlreadyExists(err) {
			t.Fatalf("%s: %v", file, err)
		}
	}
}

// newServerClient returns a client of the server that refuses unknown fields, as kubectl does, and
// hands warnings to a handler. The CRD is installed and served.
func newServerClient(t *testing.T, warnings rest.WarningHandlerWithContext) client.Client {
	t.Helper()
	config := rest.CopyConfig(server)
	config.WarningHandlerWithContext = warnings
	c, err := client.New(config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	install(t, c, crdFile)
	waitfor.True(t, "the kind is served", func(ctx context.Context) (bool, error) {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("KarmadaImageTrustList"))
		return c.List(ctx, list) == nil, nil
	})
	return client.WithFieldValidation(c, "Strict")
}

// makeTrust returns a valid trust with some fields of its spec replaced, or dropped where nil.
func makeTrust(fields map[string]any) *unstructured.Unstructured {
	spec := map[string]any{
		"images":   []any{"docker.io/karmada/*"},
		"issuer":   "https://token.actions.githubusercontent.com",
		"identity": "https://github.com/karmada-io/karmada/.github/workflows/release.yml@refs/tags/v1.0.0",
	}
	maps.Copy(spec, fields)
	maps.DeleteFunc(spec, func(_ string, value any) bool { return value == nil })
	trust := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	trust.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("KarmadaImageTrust"))
	trust.SetName("karmada")
	return trust
}

// many returns n different texts.
func many(n int, format string) []any {
	texts := make([]any, n)
	for i := range texts {
		texts[i] = fmt.Sprintf(format, i)
	}
	return texts
}
