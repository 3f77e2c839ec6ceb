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

package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

const commit = "e5277b6317ac1a4717f5fac4057caf51a5d248fc"

// release is the workflow that signs Karmada's releases.
var release = sigstore.GitHubWorkflow("karmada-io/karmada", "dockerhub-released-image.yml", "refs/tags/v1.16.0", commit)

type trust = v1alpha1.KarmadaImageTrust

// newTrust is a trust in the release workflow for the images of an organisation on Docker Hub.
func newTrust(name, organisation string, references ...string) *trust {
	out := &trust{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.KarmadaImageTrustSpec{
			Images:   []v1alpha1.ImageGlob{v1alpha1.ImageGlob("docker.io/" + organisation + "/*")},
			Issuer:   release.Issuer,
			Identity: release.Subject,
		},
	}
	if len(references) > 0 {
		out.Spec.Verification = &v1alpha1.Verification{}
		for _, reference := range references {
			out.Spec.Verification.References = append(out.Spec.Verification.References, v1alpha1.ImageReference(reference))
		}
	}
	return out
}

// create creates an object for as long as the test lasts.
func create(t *testing.T, object client.Object) {
	t.Helper()
	if err := shared.Client.Create(t.Context(), object); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { remove(t, object) })
}

// remove deletes an object and waits until it is gone, and a trust's policy with it, which would judge the
// images of later tests.
func remove(t *testing.T, object client.Object) {
	t.Helper()
	// Clean-ups run after the test's own context has ended.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), pollTimeout)
	defer cancel()
	if err := client.IgnoreNotFound(shared.Client.Delete(ctx, object)); err != nil {
		t.Error(err)
		return
	}
	for {
		left, err := remains(ctx, object)
		if err == nil && left == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Errorf("not gone after %s: %v\n%s", pollTimeout, err, dump(left))
			return
		case <-time.After(pollInterval):
		}
	}
}

// remains of a deleted object: itself, or the policy that a trust made; nil when all is gone.
func remains(ctx context.Context, object client.Object) (client.Object, error) {
	err := shared.Client.Get(ctx, client.ObjectKeyFromObject(object), object)
	if !apierrors.IsNotFound(err) {
		return object, err
	}
	if _, ok := object.(*trust); !ok {
		return nil, nil
	}
	made, err := getPolicy(object.GetName())(ctx)
	if err != nil || made == nil || !metav1.IsControlledBy(made, object) {
		return nil, err
	}
	return made, nil
}

func newPolicy(name string) *unstructured.Unstructured {
	out := &unstructured.Unstructured{}
	out.SetGroupVersionKind(policy.ClusterImagePolicyKind)
	out.SetName(name)
	return out
}

// get observes a trust.
func get(name string) func(context.Context) (*trust, error) {
	return func(ctx context.Context) (*trust, error) {
		out := &trust{}
		return out, shared.Client.Get(ctx, client.ObjectKey{Name: name}, out)
	}
}

// getPolicy observes a ClusterImagePolicy; it is nil while there is none.
func getPolicy(name string) func(context.Context) (*unstructured.Unstructured, error) {
	return func(ctx context.Context) (*unstructured.Unstructured, error) {
		out := newPolicy(name)
		err := shared.Client.Get(ctx, client.ObjectKey{Name: name}, out)
		if apierrors.IsNotFound(err) {
			return nil, nil //nolint:nilnil // as documented
		}
		return out, err
	}
}

// becomes waits for a trust to be as wanted.
func becomes(t *testing.T, name string, problems ...func(*trust) string) *trust {
	t.Helper()
	return eventually(t, get(name), all(problems...))
}

// settled: the operator has done all that it can for this generation.
func settled(got *trust) string {
	return condition(v1alpha1.ReadyCondition, metav1.ConditionTrue, v1alpha1.ReconciledReason)(got)
}

// condition has a status and a reason, for the spec as it stands.
func condition(conditionType string, status metav1.ConditionStatus, reason string) func(*trust) string {
	return func(got *trust) string {
		c := apimeta.FindStatusCondition(got.Status.Conditions, conditionType)
		switch {
		case c == nil:
			return "no condition " + conditionType
		case c.ObservedGeneration != got.Generation:
			return fmt.Sprintf("%s is of generation %d, not %d", conditionType, c.ObservedGeneration, got.Generation)
		case c.Status != status || c.Reason != reason:
			return fmt.Sprintf("%s is %s %s (%s), want %s %s", conditionType, c.Status, c.Reason, c.Message, status, reason)
		}
		return ""
	}
}

// verdict on an image, with its reason.
func verdict(reference string, verdict v1alpha1.Verdict, reason string) func(*trust) string {
	return func(got *trust) string {
		image := imageOf(got, reference)
		if image == nil {
			return "no verdict on " + reference
		}
		if image.Verdict != verdict || image.Reason != reason {
			return fmt.Sprintf("%s is %s %s (%s), want %s %s", reference, image.Verdict, image.Reason, image.Message, verdict, reason)
		}
		return ""
	}
}

// imageOf is the report on an image, nil where there is none.
func imageOf(got *trust, reference string) *v1alpha1.ImageStatus {
	ref, err := name.ParseReference(reference)
	if err != nil {
		return nil
	}
	shown := strings.Replace(ref.Name(), name.DefaultRegistry+"/", "docker.io/", 1)
	i := slices.IndexFunc(got.Status.Images, func(i v1alpha1.ImageStatus) bool { return i.Reference == shown })
	if i < 0 {
		return nil
	}
	return &got.Status.Images[i]
}

// change edits an object as an administrator would, again where somebody else was faster.
func change[T client.Object](t *testing.T, object T, edit func(T)) {
	t.Helper()
	eventually(t, func(ctx context.Context) (struct{}, error) {
		if err := shared.Client.Get(ctx, client.ObjectKeyFromObject(object), object); err != nil {
			return struct{}{}, err
		}
		edit(object)
		return struct{}{}, shared.Client.Update(ctx, object)
	}, func(struct{}) string { return "" })
}
