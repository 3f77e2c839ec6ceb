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

package passes

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/go-logr/logr"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/controllers"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/pool"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
	"github.com/karmada-io/image-trust/internal/workload"
)

// perNamespace is how many workloads a namespace has.
const perNamespace = 100

// cluster is a cluster with one trust over all its workloads.
type cluster struct {
	context   context.Context //nolint:containedctx // It is that of the measurement, whose functions take none.
	trust     *v1alpha1.KarmadaImageTrust
	inventory *inventory.Index
	admission *admission.State
	verdicts  *verdicts
	current   *controllers.KarmadaImageTrustReconciler
	events    int
}

// newCluster returns a cluster after its first passes: one in 100 images is not signed.
func newCluster(ctx context.Context, workloads, images int) (*cluster, error) {
	objects := make([]*inventory.Object, 0, workloads)
	for i := range workloads {
		objects = append(objects, deployment(fmt.Sprint("ns-", i/perNamespace), fmt.Sprint("web-", i), image(i%images)))
	}
	return build(ctx, objects)
}

// oneWorkload returns a cluster with one workload.
func oneWorkload(ctx context.Context, containers int) (*cluster, error) {
	all := make([]string, 0, containers)
	for i := range containers {
		all = append(all, image(i))
	}
	return build(ctx, []*inventory.Object{deployment("ns-0", "web", all...)})
}

func image(i int) string {
	if i%100 == 0 {
		return fmt.Sprintf("docker.io/karmada/bad-%d:v1", i)
	}
	return fmt.Sprintf("docker.io/karmada/app-%d:v1", i)
}

func deployment(namespace, name string, images ...string) *inventory.Object {
	o := &inventory.Object{
		Group: "apps", Version: "v1", Kind: "Deployment", Namespace: namespace, Name: name, UID: types.UID(namespace + "/" + name),
	}
	for i, image := range images {
		o.Template = append(o.Template, inventory.Container{Field: workload.Containers, Name: fmt.Sprint("c", i), Image: image})
	}
	return o
}

func build(ctx context.Context, objects []*inventory.Object) (*cluster, error) {
	c := &cluster{
		context: ctx, inventory: inventory.New(func(string) {}), admission: admission.NewState("w", admission.V014()),
		verdicts: &verdicts{keys: map[string][]pool.Key{}, flipped: map[string]bool{}, requests: map[pool.Key]pool.Request{}},
		trust: &v1alpha1.KarmadaImageTrust{
			ObjectMeta: metav1.ObjectMeta{Name: "karmada", UID: "uid", Generation: 1},
			Spec: v1alpha1.KarmadaImageTrustSpec{
				Images: []v1alpha1.ImageGlob{"docker.io/karmada/*"}, Issuer: "https://issuer", Identity: "someone",
				Enforcement: v1alpha1.EnforcementAudit,
			},
		},
	}
	uids := make([]types.UID, 0, len(objects))
	for _, o := range objects {
		c.inventory.Apply(o)
		uids = append(uids, o.UID)
	}
	for _, kind := range workload.Watched() {
		c.inventory.Listed(kind.GroupKind(), uids)
	}
	rules := []admissionregistrationv1.RuleWithOperations{{
		Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.OperationAll},
		Rule:       admissionregistrationv1.Rule{APIGroups: []string{"*"}, APIVersions: []string{"*"}, Resources: []string{"*"}},
	}}
	selector := &metav1.LabelSelector{MatchLabels: map[string]string{"include": "true"}}
	c.admission.SetValidating(&admissionregistrationv1.ValidatingWebhookConfiguration{
		Webhooks: []admissionregistrationv1.ValidatingWebhook{{Name: "w", Rules: rules, NamespaceSelector: selector}},
	})
	c.admission.SetMutating(&admissionregistrationv1.MutatingWebhookConfiguration{
		Webhooks: []admissionregistrationv1.MutatingWebhook{{Name: "w", Rules: rules, NamespaceSelector: selector}},
	})
	for i := range len(objects)/perNamespace + 1 {
		c.admission.SetNamespace(fmt.Sprint("ns-", i), map[string]string{"include": "true"})
	}
	for _, source := range admission.Sources() {
		c.admission.MarkListed(source)
	}
	if err := c.full(); err != nil {
		return nil, err
	}
	if err := c.pass(); err != nil {
		return nil, err
	}
	return c, nil
}

// full is a pass of a reconciler that knows nothing yet.
func (c *cluster) full() error {
	c.inventory.Forget(c.trust.Name)
	c.current = &controllers.KarmadaImageTrustReconciler{
		Client: store{trust: c.trust}, Verdicts: c.verdicts, Inventory: c.inventory, Admission: c.admission,
		PolicyControllerVersion: "0.14", Roots: root{}, TrustRoots: trustroot.NewNamed("", logr.Discard(), nil),
		PullSecrets: &controllers.PullSecrets{}, Recorder: silent{}, Clock: clock.RealClock{},
	}
	return c.pass()
}

func (c *cluster) pass() error {
	_, err := c.current.Reconcile(c.context, ctrl.Request{NamespacedName: types.NamespacedName{Name: c.trust.Name}})
	if summary := c.trust.Status.Summary; err == nil && (summary == nil || summary.WouldDeny == nil || *summary.WouldDeny == 0) {
		return fmt.Errorf("the pass found no workload that would be denied: %+v", c.trust.Status)
	}
	return err
}

// afterVerdict is a pass after the verdict on one image changed.
func (c *cluster) afterVerdict() error {
	c.verdicts.flip("index.docker.io/karmada/app-7")
	return c.pass()
}

// afterPod is a pass after a pod came.
func (c *cluster) afterPod() error {
	c.events++
	pod := deployment("ns-1", fmt.Sprint("pod-", c.events), image(11))
	pod.Group, pod.Kind = "", "Pod"
	pod.Running = []inventory.Running{{Container: pod.Template[0], Digest: digest, Started: true}}
	c.inventory.Apply(pod)
	return c.pass()
}

// afterPolicy is a pass after a policy was edited that covers one image.
func (c *cluster) afterPolicy() error {
	c.events++
	policy := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{
		"images": []any{map[string]any{"glob": "index.docker.io/karmada/app-13"}},
		"authorities": []any{map[string]any{"name": "a", "keyless": map[string]any{
			"url":        "https://fulcio",
			"identities": []any{map[string]any{"issuer": "https://issuer", "subject": fmt.Sprint("else-", c.events%2)}},
		}}},
	}}}
	policy.SetName("other")
	c.admission.SetPolicy(policy)
	return c.pass()
}

// afterNamespace is a pass after a namespace opted in or out.
func (c *cluster) afterNamespace() error {
	c.events++
	c.admission.SetNamespace("ns-2", map[string]string{"include": fmt.Sprint(c.events%2 == 0)})
	return c.pass()
}

const digest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

// verdicts are known of all images. Those with "bad" in their names are not signed.
type verdicts struct {
	keys     map[string][]pool.Key // by repository
	requests map[pool.Key]pool.Request
	flipped  map[string]bool
	changed  []pool.Key
}

func (v *verdicts) flip(repository string) {
	v.flipped[repository] = !v.flipped[repository]
	v.changed = append(v.changed, v.keys[repository]...)
}

func (v *verdicts) answer(request *pool.Request) pool.Answer {
	repository := request.Ref.Context().Name()
	answer := pool.Answer{Digest: digest, Known: true, Fresh: true}
	switch {
	case request.ResolveOnly:
	case strings.Contains(repository, "bad") != v.flipped[repository]:
		answer.Result = verify.Result{Verdict: v1alpha1.VerdictUntrusted, Reason: v1alpha1.UnsignedReason, Message: "not signed"}
	default:
		answer.Result = verify.Result{Verdict: v1alpha1.VerdictVerified, Reason: v1alpha1.SignedReason}
	}
	return answer
}

func (v *verdicts) Answers(_ string, requests []pool.Request, _ time.Time) []pool.Answer {
	answers := make([]pool.Answer, 0, len(requests))
	for i := range requests {
		key, repository := requests[i].Key(), requests[i].Ref.Context().Name()
		if _, known := v.requests[key]; !known {
			v.keys[repository] = append(v.keys[repository], key)
		}
		v.requests[key] = requests[i]
		answers = append(answers, v.answer(&requests[i]))
	}
	return answers
}

func (v *verdicts) Changes(string) []pool.Answered {
	all := make([]pool.Answered, 0, len(v.changed))
	for _, key := range v.changed {
		request := v.requests[key]
		all = append(all, pool.Answered{Key: key, Answer: v.answer(&request)})
	}
	v.changed = nil
	return all
}

func (*verdicts) Release(string, []pool.Key)    {}
func (*verdicts) Retain(string, []pool.Request) {}
func (*verdicts) Forget(string)                 {}

type root struct{}

func (root) Current() (*trustroot.Root, error) { return &trustroot.Root{Fingerprint: "one"}, nil }

// silent records no events.
type silent struct{}

func (silent) Eventf(_, _ runtime.Object, _, _, _, _ string, _ ...any) {}

// store is a client of an API server that has one trust.
type store struct {
	client.Client

	trust *v1alpha1.KarmadaImageTrust
}

func (s store) Get(_ context.Context, key client.ObjectKey, object client.Object, _ ...client.GetOption) error {
	if trust, ok := object.(*v1alpha1.KarmadaImageTrust); ok {
		s.trust.DeepCopyInto(trust)
		return nil
	}
	return apierrors.NewNotFound(schema.GroupResource{}, key.Name)
}

func (s store) Status() client.SubResourceWriter { return statusWriter{trust: s.trust} }

type statusWriter struct {
	client.SubResourceWriter

	trust *v1alpha1.KarmadaImageTrust
}

func (w statusWriter) Update(_ context.Context, object client.Object, _ ...client.SubResourceUpdateOption) error {
	trust, _ := object.(*v1alpha1.KarmadaImageTrust)
	trust.Status.DeepCopyInto(&w.trust.Status)
	return nil
}
