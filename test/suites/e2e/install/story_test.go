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

package install

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/metadata"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// sample is the trust of the documentation, in the file karmada-release.yaml.
const (
	sample   = "karmada-release"
	signed   = "docker.io/karmada/karmada-scheduler:v1.16.0"
	unsigned = "docker.io/karmada/karmada-webhook:unsigned"
)

// TestWays installs the operator in each of the three ways, has it work, upgrades it, rolls it back and uninstalls it. Nothing stays
// in the cluster but what the documentation names.
func TestWays(t *testing.T) {
	lab.PushSignedImage(t, signed, labtest.Release)
	lab.PushImage(t, unsigned)
	lab.CreateNamespace(t, labtest.Namespace, map[string]string{labtest.OptInLabel: "true"})
	passed := 0
	for name, w := range map[string]way{"kustomize": kustomize{}, "file": file{}, "helm": helm{}} {
		t.Run(name, func(t *testing.T) {
			story(t, w)
			if !t.Failed() {
				passed++
			}
		})
	}
	fmt.Printf("figure: ways_of_installing %d/3\n", passed)
}

func story(t *testing.T, w way) {
	t.Helper()
	before := everything(t)
	t.Cleanup(func() { _ = lab.StopOperator() })

	w.install(t, former)
	first := runInstalled(t, former)
	kubectl(t, "apply", "--filename", samplePath(t, sample))
	kubectl(t, "wait", "kit", sample, "--for=condition=Ready", "--timeout=2m")
	works(t)
	columns := strings.Fields(kubectl(t, "get", "kit", sample))
	policy := policyUID(t)

	w.install(t, current)
	runInstalled(t, current)
	works(t)
	if now := strings.Fields(kubectl(t, "get", "kit", sample)); len(now) != len(columns)+2 {
		t.Errorf("the definition was not upgraded: before %v, after %v", columns, now)
	}

	w.rollBack(t)
	last := runInstalled(t, former)
	works(t)
	if !apiequality.Semantic.DeepEqual(first.Spec, last.Spec) {
		t.Errorf("the Deployment is another one after the rollback (-first +last):\n%s", cmp.Diff(first.Spec, last.Spec))
	}
	if now := policyUID(t); now != policy {
		t.Error("the policy was created anew on the way")
	}

	trustRoot := samplesWork(t)
	kubectl(t, "delete", "kit", "--all", "--timeout=2m")
	kubectl(t, "wait", "--for=delete", "clusterimagepolicy", "--selector=app.kubernetes.io/managed-by=karmada-image-trust", "--timeout=2m")
	lab.Delete(t, trustRoot)
	if err := lab.StopOperator(); err != nil {
		t.Error(err)
	}
	leftovers, remove := w.uninstall(t)
	waitForOnly(t, before, leftovers)
	for _, args := range remove {
		kubectl(t, args...)
	}
	waitForOnly(t, before, nil)
}

// runInstalled runs the operator as kubelet would, once the API server has admitted its pods, and returns its Deployment.
func runInstalled(t *testing.T, r release) *appsv1.Deployment {
	t.Helper()
	if err := lab.StopOperator(); err != nil {
		t.Fatal(err)
	}
	deployment := &appsv1.Deployment{}
	waitfor.NoError(t, func(ctx context.Context) error {
		if err := lab.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "karmada-image-trust"}, deployment); err != nil {
			return err
		}
		pods := &corev1.PodList{}
		if err := lab.Client.List(ctx, pods, client.InNamespace(namespace)); err != nil {
			return err
		}
		admitted := 0
		for i := range pods.Items {
			if pods.Items[i].Spec.Containers[0].Image == repository+":"+r.tag {
				admitted++
			}
		}
		// Nothing runs pods here, so that none becomes ready, and no further one is created during an update.
		if admitted == 0 {
			return fmt.Errorf("no pods of %s: %v", r.tag, deployment.Status.Conditions)
		}
		return nil
	})
	if err := lab.UseDeployment(t.Context(), deployment); err != nil {
		t.Fatal(err)
	}
	if err := lab.StartOperator(t.Context()); err != nil {
		t.Fatal(err)
	}
	return deployment
}

// works checks that the trust is enforced, reported, and that the operator's namespace is left alone by policy-controller.
func works(t *testing.T) {
	t.Helper()
	lab.WaitForTrust(t, sample, labtest.Reconciled,
		labtest.HasCondition(v1alpha1.PolicyAppliedCondition, metav1.ConditionTrue, v1alpha1.AppliedReason),
		labtest.HasCondition(v1alpha1.ImagesVerifiedCondition, metav1.ConditionTrue, v1alpha1.AllVerifiedReason),
		labtest.HasVerdict(signed, v1alpha1.VerdictVerified, v1alpha1.SignedReason))
	lab.WaitUntilAllowed(t, signed)
	lab.WaitUntilDenied(t, unsigned, "no signatures found")
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "unsigned-", Namespace: namespace},
		Spec: corev1.PodSpec{
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot: new(true), SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{{Name: "main", Image: unsigned, SecurityContext: &corev1.SecurityContext{
				AllowPrivilegeEscalation: new(false), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			}}},
		},
	}
	if err := lab.Client.Create(t.Context(), pod, client.DryRunAll); err != nil {
		t.Errorf("admission by policy-controller keeps the operator from starting: %v", err)
	}
}

func policyUID(t *testing.T) string {
	t.Helper()
	made, err := lab.Policy(sample)(t.Context())
	if err != nil || made == nil {
		t.Fatalf("the policy: %v, %v", made, err)
	}
	return string(made.GetUID())
}

func samplePath(t *testing.T, name string) string {
	t.Helper()
	return filepath.Join(root(t), "config", "samples", name+".yaml")
}

// samplesWork applies all samples, and waits until each is Ready. It returns the TrustRoot that one of them needs.
func samplesWork(t *testing.T) client.Object {
	t.Helper()
	files, err := filepath.Glob(samplePath(t, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d samples: %v", len(files), err)
	}
	trustRoot, err := labtest.NewSigstore(t).TrustRoot("my-sigstore")
	if err != nil {
		t.Fatal(err)
	}
	if err := lab.Client.Create(t.Context(), trustRoot); err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		trust := &v1alpha1.KarmadaImageTrust{}
		if err := yaml.UnmarshalStrict(content, trust); err != nil {
			t.Fatal(err)
		}
		kubectl(t, "apply", "--filename", file)
		lab.WaitForTrust(t, trust.Name, labtest.Reconciled)
	}
	return trustRoot
}

// everything returns the names of all objects in the cluster, as KIND NAMESPACE/NAME.
func everything(t *testing.T) map[string]bool {
	t.Helper()
	found, err := listEverything(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// passedOver are the kinds that are not compared: events end by themselves, and the others are views of other objects.
var passedOver = []string{"APIService", "ComponentStatus", "Endpoints", "Event"}

func listEverything(ctx context.Context) (map[string]bool, error) {
	resources, err := discovery.NewDiscoveryClientForConfigOrDie(lab.Config()).ServerPreferredResources()
	if err != nil {
		return nil, err
	}
	reader, err := metadata.NewForConfig(lab.Config())
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for _, list := range resources {
		group, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return nil, err
		}
		for _, resource := range list.APIResources {
			if !slices.Contains(resource.Verbs, "list") || slices.Contains(passedOver, resource.Kind) {
				continue
			}
			objects, err := reader.Resource(group.WithResource(resource.Name)).List(ctx, metav1.ListOptions{})
			if apierrors.IsNotFound(err) {
				continue // the definition was deleted in the meantime
			}
			if err != nil {
				return nil, err
			}
			for i := range objects.Items {
				out[resource.Kind+" "+objects.Items[i].Namespace+"/"+objects.Items[i].Name] = true
			}
		}
	}
	return out, nil
}

// waitForOnly waits until there is nothing in the cluster but what was there before, and these leftovers.
func waitForOnly(t *testing.T, before map[string]bool, leftovers []string) {
	t.Helper()
	waitfor.NoError(t, func(ctx context.Context) error {
		now, err := listEverything(ctx)
		if err != nil {
			return err
		}
		maps.DeleteFunc(now, func(name string, _ bool) bool {
			inKept := strings.Contains(name, " "+namespace+"/") && len(leftovers) > 0 // what every namespace has, and the lease
			return before[name] || inKept || strings.Contains(name, " "+labtest.Namespace+"/")
		})
		if diff := cmp.Diff(slices.Sorted(slices.Values(leftovers)), slices.Sorted(maps.Keys(now))); diff != "" {
			return fmt.Errorf("what stays (-documented +found):\n%s", diff)
		}
		return nil
	})
}
