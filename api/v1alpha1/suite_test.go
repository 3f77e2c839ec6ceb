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

// install creates the objects of a manifest file that do not exist yet.
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

// newServerClient returns a client that requests strict validation, as kubectl does, and passes warnings
// to a handler. The CRD is installed and served.
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
		list.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(v1alpha1.KarmadaImageTrustKind + "List"))
		return c.List(ctx, list) == nil, nil
	})
	return client.WithFieldValidation(c, "Strict")
}

// many returns n different strings: the format with the numbers from 0.
func many(n int, format string) []any {
	texts := make([]any, n)
	for i := range texts {
		texts[i] = fmt.Sprintf(format, i)
	}
	return texts
}
