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

package lint

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/test/gen"
)

// TestGlobsAsCompile compares what the schema's rules say of random globs with what Compile says. Most of the globs have
// wildcards in a registry that is almost Docker Hub's.
func TestGlobsAsCompile(t *testing.T) {
	l, err := New()
	if err != nil {
		t.Fatal(err)
	}
	parts := []string{
		"docker", "d", "o", ".", ".io", "index", "registry-1", "ker", "*", "*", "**", "/", "/", "/", "a", "karmada", ":443", "@*", "DOCKER", "localhost",
		"oci://", ":v1", ":*", "@sha256:" + strings.Repeat("0", 64), "@sha256:0",
	}
	random := rand.New(rand.NewPCG(1, 2))
	refused, missed := 0, 0
	for i := range 1500 {
		var glob strings.Builder
		for range 1 + random.IntN(6) {
			glob.WriteString(parts[random.IntN(len(parts))])
		}
		if i%2 == 0 {
			glob.Reset()
			glob.WriteString([]string{"docker", "d", "registry-1.docker", "index.d"}[random.IntN(4)])
			for range 1 + random.IntN(4) {
				glob.WriteString(parts[random.IntN(len(parts)/2+1)])
			}
			glob.WriteString("/karmada/*")
		}
		trust := gen.UnstructuredTrust(map[string]any{"images": []any{glob.String()}})
		_, compileErr := policy.Compile(gen.Spec(gen.WithImages(v1alpha1.ImageGlob(glob.String()))))
		// The API server reports all rules that a glob violates, and Compile the first one.
		schemaErrs := schemaErrors(l, trust)
		if (compileErr != nil) != (len(schemaErrs) > 0) || compileErr != nil && !strings.HasSuffix(compileErr.Error(), schemaErrs[0]) {
			t.Errorf("%s: the schema says %q, Compile says %v", glob.String(), schemaErrs, compileErr)
		}
		if compileErr != nil {
			refused++
			if strings.Contains(compileErr.Error(), "index.docker.io") {
				missed++
			}
		}
	}
	if refused < 100 || missed < 20 {
		t.Errorf("%d globs were refused, %d of them because they miss Docker Hub; want more", refused, missed)
	}
}

func schemaErrors(l *Linter, trust *unstructured.Unstructured) []string {
	var messages []string
	_, findings := l.schema.create(context.Background(), trust)
	for _, finding := range findings {
		if finding.Rule == RuleSchemaViolation {
			messages = append(messages, finding.Message)
		}
	}
	return messages
}

// TestWildcardThatMissesDockerHub is about globs that look like Docker Hub's and match none of its images at admission.
func TestWildcardThatMissesDockerHub(t *testing.T) {
	l, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for _, glob := range []string{"docker.*/karmada/*", "docker.io*/karmada/*", "d*.io/karmada/*"} {
		findings := l.Lint(t.Context(), gen.UnstructuredTrust(map[string]any{"images": []any{glob}}))
		if len(findings) == 0 || findings[0].Level != LevelError || findings[0].Field != "spec.images[0]" ||
			!strings.Contains(findings[0].Message, "write docker.io/") {
			t.Errorf("%s: got %+v, want an error that says what to write", glob, findings)
		}
	}
}
