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

package harness

import (
	"context"
	"errors"
	"net"
	"net/url"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/karmada-io/image-trust/test/lab/controlplane"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
)

var shared *Harness

func TestMain(m *testing.M) {
	logf.SetLogger(logr.Discard())
	Main(m, Options{ControllerManager: true, Registry: true, PolicyController: true}, func(h *Harness) { shared = h })
}

func TestServiceAccountConfig(t *testing.T) {
	config, err := shared.ServiceAccountConfig(t.Context(), "default", "default")
	if err != nil {
		t.Fatal(err)
	}
	review := &authenticationv1.SelfSubjectReview{}
	if err := newClient(t, config).Create(t.Context(), review); err != nil {
		t.Fatal(err)
	}
	if got, want := review.Status.UserInfo.Username, "system:serviceaccount:default:default"; got != want {
		t.Errorf("the token is of %s, want %s", got, want)
	}
}

func TestRequests(t *testing.T) {
	config, err := shared.ServiceAccountConfig(t.Context(), "default", "default")
	if err != nil {
		t.Fatal(err)
	}
	config.UserAgent = "requests-test"
	serviceAccount, admin := newClient(t, config), newClient(t, shared.Config())
	const configMaps = "configmaps"
	begin := time.Now()

	configMap := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "requests-test", Namespace: "default"}}
	if err := serviceAccount.Create(t.Context(), configMap.DeepCopy()); !apierrors.IsForbidden(err) {
		t.Fatalf("got %v, want forbidden", err)
	}
	if err := admin.Create(t.Context(), configMap); err != nil {
		t.Fatal(err)
	}
	if err := admin.Get(t.Context(), client.ObjectKeyFromObject(configMap), configMap); err != nil {
		t.Fatal(err)
	}
	if err := admin.Update(t.Context(), configMap, client.DryRunAll); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := admin.Delete(context.Background(), configMap); err != nil {
			t.Error(err)
		}
	})

	type request struct {
		User, Verb, Name, Resource string
		Code                       int
		Write                      bool
	}
	want := []request{
		{"system:serviceaccount:default:default", "create", "", configMaps, 403, true}, // denied before its body was read
		{"admin", "create", "requests-test", configMaps, 201, true},
		{"admin", "get", "requests-test", configMaps, 200, false},
		{"admin", "update", "requests-test", configMaps, 200, true},
	}
	users := []string{"admin", "system:serviceaccount:default:default"}
	var got []request
	var last controlplane.Request
	waitfor.True(t, "all requests are in the audit log", func(context.Context) (bool, error) {
		requests, err := shared.Requests(begin)
		got = nil
		for _, r := range requests {
			if r.Resource == configMaps && r.Namespace == "default" && slices.Contains(users, r.User) {
				got = append(got, request{r.User, r.Verb, r.Name, r.Resource, r.Code, r.IsWrite()})
				last = r
			}
		}
		return len(got) >= len(want), err
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("requests differ (-want +got):\n%s", diff)
	}
	if query, err := url.Parse(last.URI); err != nil || query.Query().Get("dryRun") != "All" {
		t.Errorf("URI %s, want the query dryRun=All (%v)", last.URI, err)
	}
}

// TestWorkloads proves that the controllers work: a Deployment's pods come, and
// go with it.
func TestWorkloads(t *testing.T) {
	c := newClient(t, shared.Config())
	labels := client.MatchingLabels{"app": "workloads-test"}
	deployment := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "workloads-test", Namespace: "default"},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: podSpec("workloads.invalid/image:v1")},
		},
	}
	if err := c.Create(t.Context(), deployment); err != nil {
		t.Fatal(err)
	}
	countIs := func(want int) func(context.Context) (bool, error) {
		return func(ctx context.Context) (bool, error) {
			pods := &corev1.PodList{}
			err := c.List(ctx, pods, client.InNamespace("default"), labels)
			return len(pods.Items) == want, err
		}
	}
	waitfor.True(t, "the Deployment has a pod", countIs(1))
	if err := c.Delete(t.Context(), deployment, client.PropagationPolicy(metav1.DeletePropagationBackground)); err != nil {
		t.Fatal(err)
	}
	waitfor.True(t, "the pods are deleted", countIs(0))
}

// TestStop runs in addition to the shared harness, and thereby checks that two can run at once.
func TestStop(t *testing.T) {
	h, err := Start(t.Context(), Options{Registry: true})
	if err != nil {
		t.Fatal(err)
	}
	server, err := url.Parse(h.Config().Host)
	if err != nil {
		t.Fatal(err)
	}
	addresses := []string{server.Host, h.Registry.Address()}
	processes := h.processes()
	if len(processes) != 3 {
		t.Errorf("%d processes, want etcd, kube-apiserver and registry", len(processes))
	}
	if err := h.Err(); err != nil {
		t.Errorf("while it runs: %v", err)
	}
	if err := h.Stop(); err != nil {
		t.Fatal(err)
	}
	for _, p := range processes {
		if err := syscall.Kill(-p.PID(), 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("process group %d: %v, want no such process", p.PID(), err)
		}
	}
	for _, address := range addresses {
		if conn, err := net.Dial("tcp", address); err == nil {
			t.Errorf("%s still answers", address)
			_ = conn.Close()
		}
	}
}

func newClient(t *testing.T, config *rest.Config) client.Client {
	t.Helper()
	scheme := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	c, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func podSpec(image string) corev1.PodSpec {
	return corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: image}}}
}
