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

package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/policycontroller"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/e2e/internal/evasion"
	"github.com/karmada-io/image-trust/test/suites/e2e/internal/prediction"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// evader submits evasions to the API server, and plans them.
type evader struct {
	kubectl labtest.Program
	plugin  *labtest.Plugin
	trust   string
}

// TestPluginPlanEvasions submits manifests that try to hide an unsigned image, as kubectl does it, and plans the same bytes:
// whatever admission denies, plan denies, calls undetermined, or cannot read. Field validation is off, since the author of a
// manifest may choose that too.
func TestPluginPlanEvasions(t *testing.T) {
	e := newEvader(t)
	signed := lab.PushSignedImage(t, evasion.Signed, labtest.Release).DigestStr()
	unsigned := lab.PushImage(t, evasion.Unsigned).DigestStr()
	p := prediction.New(t, lab)
	p.CreatePolicies(prediction.TrustPolicy(t, "evasions", evasion.Organisation))
	allowUncovered(t, p, p.CreateNamespace(evasion.Namespace, true))
	defineKinds(t)

	tally := &tally{count: map[string]int{}}
	t.Run("corpus", func(t *testing.T) {
		for _, one := range evasion.All(signed, unsigned) {
			t.Run(strings.ReplaceAll(one.Name, " ", "_"), func(t *testing.T) {
				t.Parallel()
				e.compare(t, tally, one)
				if twin, ok := one.Twin(signed, unsigned); ok && one.Answer == evasion.Denied {
					e.compareTwin(t, tally, twin)
				}
			})
		}
	})
	for _, what := range slices.Sorted(maps.Keys(tally.count)) {
		t.Logf("%s: %d", what, tally.count[what])
	}
	t.Logf("admission accepts these, and plan does not: %s", strings.Join(tally.alarms, ", "))
	fmt.Printf("figure: plan_evasions %d/%d\n", tally.count["evaded"], tally.count["denied"]-tally.count["told"])
	fmt.Printf("figure: plan_evasions_told %d\n", tally.count["told"])
	fmt.Printf("figure: plan_false_alarms %d/%d\n", tally.count["twins not allowed"], tally.count["twins"])
}

// tally counts what came of the evasions.
type tally struct {
	sync.Mutex
	count map[string]int
	// alarms are the names of those that admission accepts and plan does not allow.
	alarms []string
}

func (a *tally) add(what string) {
	a.Lock()
	defer a.Unlock()
	a.count[what]++
}

// compare submits an evasion, plans it, and compares the answers.
func (e *evader) compare(t *testing.T, tally *tally, one evasion.Evasion) {
	t.Helper()
	tally.add("submitted")
	answer, printed := e.submit(t, one)
	if answer != one.Answer {
		t.Errorf("the API server answers %s, want %s: %s", answer, one.Answer, printed)
	}
	got := e.plan(t, one)
	if answer == evasion.Denied {
		tally.add("denied")
		tally.add(fmt.Sprintf("denied, exit code %d", got.Code))
	}
	told := one.Told == "" || got.Code == 1 || strings.Contains(got.Stdout+got.Stderr, one.Told)
	switch {
	case !told:
		tally.add("evaded")
		t.Errorf("plan does not print %s: exit code %d\n%s%s", one.Told, got.Code, got.Stdout, got.Stderr)
	case answer == evasion.Denied && got.Code == 0 && one.Told == "":
		tally.add("evaded")
		t.Errorf("plan allows what admission denies\nkubectl: %s\nplan: %s%s", printed, got.Stdout, got.Stderr)
	case answer == evasion.Denied && got.Code == 0:
		tally.add("told")
	case answer == evasion.Accepted && got.Code != 0:
		tally.Lock()
		defer tally.Unlock()
		tally.alarms = append(tally.alarms, one.Name)
	}
}

// compareTwin plans an evasion with the signed image: where admission allows it, plan should. That is counted, not required.
func (e *evader) compareTwin(t *testing.T, tally *tally, twin evasion.Evasion) {
	t.Helper()
	tally.add("twins")
	got := e.plan(t, twin)
	if got.Code == 0 {
		return
	}
	if answer, _ := e.submit(t, twin); answer == evasion.Accepted {
		tally.add("twins not allowed")
		t.Logf("with the signed image, plan ends with exit code %d, and admission allows it\n%s%s", got.Code, got.Stdout, got.Stderr)
	}
}

func newEvader(t *testing.T) *evader {
	t.Helper()
	path, err := binaries.Find(binaries.Kubectl)
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	return &evader{
		kubectl: labtest.Program{Path: path, Dir: home, Env: []string{"HOME=" + home, "KUBECONFIG=" + lab.Kubeconfig()}},
		plugin:  lab.NewPlugin(t),
		trust:   labtest.WriteObjects(t, labtest.NewTrust("evasions", evasion.Organisation)),
	}
}

// submit submits an evasion to the API server in a dry run, and the pods that a controller would create of it.
func (e *evader) submit(t *testing.T, one evasion.Evasion) (answer evasion.Answer, printed string) {
	t.Helper()
	answer, printed = e.create(t, one)
	if answer == evasion.Accepted && one.Pods != "" {
		return e.create(t, evasion.Evasion{Manifest: one.Pods})
	}
	return answer, printed
}

func (e *evader) create(t *testing.T, one evasion.Evasion) (evasion.Answer, string) {
	t.Helper()
	path := source(t, one)
	args := []string{"create", "--dry-run=server", "--validate=ignore", "--recursive", "--filename=" + path}
	if !one.OwnNamespace {
		args = append(args, "--namespace="+evasion.Namespace)
	}
	got := e.kubectl.Run(t, one.Manifest, args...)
	switch {
	case strings.Contains(got.Stderr, `admission webhook "policy.sigstore.dev" denied the request: `):
		return evasion.Denied, got.Stderr
	case got.Code != 0:
		return evasion.Rejected, got.Stderr
	default:
		return evasion.Accepted, got.Stdout
	}
}

// plan plans an evasion, and checks what holds of every output.
func (e *evader) plan(t *testing.T, one evasion.Evasion) labtest.Result {
	t.Helper()
	args := slices.Concat([]string{"plan", "--output=json", "--filename=" + e.trust, "--manifests=" + source(t, one)}, e.plugin.SigstoreFlags)
	if !one.OwnNamespace {
		args = append(args, "--namespace="+evasion.Namespace)
	}
	got := e.plugin.Run(t, one.Manifest, args...)
	if got.Code < 0 || got.Code > 3 || got.Code == 2 && got.Stderr == "" {
		t.Errorf("exit code %d\n%s%s", got.Code, got.Stdout, got.Stderr)
	}
	if got.Stdout != "" && !json.Valid([]byte(got.Stdout)) {
		t.Errorf("not JSON:\n%s", got.Stdout)
	}
	if strings.ContainsFunc(got.Stdout+got.Stderr, func(r rune) bool { return r != '\n' && unicode.IsControl(r) }) {
		t.Errorf("control characters are printed: %q", got.Stdout+got.Stderr)
	}
	return got
}

// source writes the files of an evasion, and returns what to name on a command line.
func source(t *testing.T, one evasion.Evasion) string {
	t.Helper()
	if one.Files == nil {
		return "-"
	}
	dir := t.TempDir()
	for name, content := range one.Files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range one.Links {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// allowUncovered makes admission allow images that no policy covers until the test ends, as plan does for manifests.
func allowUncovered(t *testing.T, p *prediction.Predictor, namespace string) {
	t.Helper()
	set := func(ctx context.Context, value string) error {
		config := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: policycontroller.Namespace, Name: admission.ConfigName}}
		patch := client.RawPatch(client.Merge.Type(), fmt.Appendf(nil, `{"data":{"no-match-policy":%s}}`, value))
		return lab.Client.Patch(ctx, config, patch)
	}
	if err := set(t.Context(), `"allow"`); err != nil {
		t.Fatal(err)
	}
	uncovered := prediction.Workload{
		Kind: "ReplicaSet", Namespace: namespace,
		Images: []string{"docker.io/elsewhere/image@sha256:0000000000000000000000000000000000000000000000000000000000000000"},
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), waitfor.Timeout)
		defer cancel()
		if err := set(ctx, "null"); err != nil {
			t.Error(err)
		}
		err := waitfor.Success(ctx, func(ctx context.Context) error {
			if wrong := labtest.CheckDenied(lab.Client.Create(ctx, uncovered.Object(), client.DryRunAll), "no matching policies"); wrong != "" {
				return errors.New(wrong)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	p.WaitUntilAllowed(uncovered)
}

// defineKinds defines the custom kinds until the test ends.
func defineKinds(t *testing.T) {
	t.Helper()
	for _, kind := range evasion.CustomKinds() {
		crd := &apiextensionsv1.CustomResourceDefinition{
			TypeMeta:   metav1.TypeMeta{APIVersion: apiextensionsv1.SchemeGroupVersion.String(), Kind: "CustomResourceDefinition"},
			ObjectMeta: metav1.ObjectMeta{Name: kind.Plural + "." + kind.Group},
			Spec: apiextensionsv1.CustomResourceDefinitionSpec{
				Group: kind.Group, Scope: apiextensionsv1.NamespaceScoped,
				Names: apiextensionsv1.CustomResourceDefinitionNames{Kind: kind.Kind, Plural: kind.Plural, ListKind: kind.Kind + "List"},
				Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{
					Name: kind.Version, Served: true, Storage: true,
					Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{
						Type: "object", XPreserveUnknownFields: new(true),
					}},
				}},
			},
		}
		if strings.HasSuffix(kind.Group, ".x-k8s.io") {
			crd.Annotations = map[string]string{"api-approved.kubernetes.io": "unapproved, for a test"}
		}
		fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(crd)
		if err != nil {
			t.Fatal(err)
		}
		lab.Create(t, &unstructured.Unstructured{Object: fields})
		waitfor.NoError(t, func(ctx context.Context) error {
			objects := &unstructured.UnstructuredList{}
			objects.SetGroupVersionKind(schema.GroupVersionKind{Group: kind.Group, Version: kind.Version, Kind: kind.Kind + "List"})
			return lab.Client.List(ctx, objects)
		})
	}
}
