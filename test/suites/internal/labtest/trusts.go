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

package labtest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/test/gen"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
)

// Commit is the commit that all workflows sign for.
const Commit = "e5277b6317ac1a4717f5fac4057caf51a5d248fc"

var (
	// Release is the workflow that signs Karmada's releases.
	Release = sigstore.GitHubWorkflow("karmada-io/karmada", "dockerhub-released-image.yml", "refs/tags/v1.16.0", Commit)
	// UntrustedSigner has certificates of the same Sigstore, but no trust names it.
	UntrustedSigner = sigstore.GitHubWorkflow("somebody/else", "release.yml", "refs/tags/v1.0.0", Commit)
)

// NewTrust returns a trust in the release workflow for all images of an organisation on Docker Hub,
// with these verification.references.
func NewTrust(name, organisation string, references ...string) *v1alpha1.KarmadaImageTrust {
	trust := gen.Trust(name,
		gen.WithImages(v1alpha1.ImageGlob("docker.io/"+organisation+"/*")),
		gen.WithIssuer(Release.Issuer), gen.WithIdentity(Release.Subject))
	if len(references) == 0 {
		return trust
	}
	converted := make([]v1alpha1.ImageReference, len(references))
	for i, reference := range references {
		converted[i] = v1alpha1.ImageReference(reference)
	}
	gen.WithReferences(converted...)(trust)
	return trust
}

// NewPolicy returns a ClusterImagePolicy of this name without a spec.
func NewPolicy(name string) *unstructured.Unstructured {
	out := &unstructured.Unstructured{}
	out.SetGroupVersionKind(policy.ClusterImagePolicyKind)
	out.SetName(name)
	return out
}

// SetAuthorities replaces the authorities of a ClusterImagePolicy.
func SetAuthorities(made *unstructured.Unstructured, authorities ...any) {
	_ = unstructured.SetNestedSlice(made.Object, authorities, "spec", "authorities")
}

// PolicyReady is the check that a ClusterImagePolicy exists and that policy-controller reports it Ready.
func PolicyReady(got *unstructured.Unstructured) string {
	if got == nil {
		return "no policy"
	}
	if ready := policy.ReadyCondition(got); ready.Status != metav1.ConditionTrue {
		return "policy " + got.GetName() + " is not Ready"
	}
	return ""
}

// Create creates an object for as long as the test lasts.
func (l *Lab) Create(t *testing.T, object client.Object) {
	t.Helper()
	if err := l.Client.Create(t.Context(), object); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Delete(t, object) })
}

// Delete deletes an object and waits until it is gone, and with a trust its policy, which would
// otherwise apply to the images of later tests. It may be used as a clean-up.
func (l *Lab) Delete(t *testing.T, object client.Object) {
	t.Helper()
	// Clean-ups run after the test's own context has ended.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), waitfor.Timeout)
	defer cancel()
	if err := client.IgnoreNotFound(l.Client.Delete(ctx, object)); err != nil {
		t.Error(err)
		return
	}
	if err := waitfor.Success(ctx, func(ctx context.Context) error { return l.isGone(ctx, object) }); err != nil {
		t.Error(err)
	}
}

// isGone returns an error while a deleted object, or the policy of a deleted trust, exists.
func (l *Lab) isGone(ctx context.Context, object client.Object) error {
	err := l.Client.Get(ctx, client.ObjectKeyFromObject(object), object)
	if err == nil {
		return fmt.Errorf("%T %s still exists:\n%s", object, object.GetName(), waitfor.Dump(object))
	}
	if !apierrors.IsNotFound(err) {
		return err
	}
	if _, ok := object.(*v1alpha1.KarmadaImageTrust); !ok {
		return nil
	}
	made, err := l.Policy(object.GetName())(ctx)
	if err != nil || made == nil || !metav1.IsControlledBy(made, object) {
		return err
	}
	return fmt.Errorf("the policy of the deleted trust %s still exists", object.GetName())
}

// Update edits an object as an administrator would, and retries on conflicts with other writers.
func Update[T client.Object](t *testing.T, in client.Client, object T, edit func(T)) {
	t.Helper()
	waitfor.NoError(t, func(ctx context.Context) error {
		if err := in.Get(ctx, client.ObjectKeyFromObject(object), object); err != nil {
			return err
		}
		edit(object)
		return in.Update(ctx, object)
	})
}

// SetEnforcement changes spec.enforcement of a trust.
func (l *Lab) SetEnforcement(t *testing.T, trust *v1alpha1.KarmadaImageTrust, enforcement v1alpha1.Enforcement) {
	t.Helper()
	Update(t, l.Client, trust, func(trust *v1alpha1.KarmadaImageTrust) { trust.Spec.Enforcement = enforcement })
}

// Trust returns a function that reads a trust.
func (l *Lab) Trust(name string) func(context.Context) (*v1alpha1.KarmadaImageTrust, error) {
	return func(ctx context.Context) (*v1alpha1.KarmadaImageTrust, error) {
		out := &v1alpha1.KarmadaImageTrust{}
		return out, l.Client.Get(ctx, client.ObjectKey{Name: name}, out)
	}
}

// Policy returns a function that reads a ClusterImagePolicy. It returns nil if there is none.
func (l *Lab) Policy(name string) func(context.Context) (*unstructured.Unstructured, error) {
	return func(ctx context.Context) (*unstructured.Unstructured, error) {
		out := NewPolicy(name)
		err := l.Client.Get(ctx, client.ObjectKey{Name: name}, out)
		if apierrors.IsNotFound(err) {
			return nil, nil // nil is a state that callers wait for, not a failure
		}
		return out, err
	}
}

// WaitForTrust waits until a trust passes all checks, and returns it.
func (l *Lab) WaitForTrust(t *testing.T, name string, problems ...func(*v1alpha1.KarmadaImageTrust) string) *v1alpha1.KarmadaImageTrust {
	t.Helper()
	return waitfor.State(t, l.Trust(name), waitfor.All(problems...))
}

// Reconciled is the check that a trust is Ready for its current generation.
func Reconciled(got *v1alpha1.KarmadaImageTrust) string {
	return HasCondition(v1alpha1.ReadyCondition, metav1.ConditionTrue, v1alpha1.ReconciledReason)(got)
}

// HasCondition is the check that a condition has this status and reason for the current generation.
func HasCondition(conditionType string, status metav1.ConditionStatus, reason string) func(*v1alpha1.KarmadaImageTrust) string {
	return func(got *v1alpha1.KarmadaImageTrust) string {
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

// HasVerdict is the check that the status lists an image with this verdict and reason.
func HasVerdict(reference string, verdict v1alpha1.Verdict, reason string) func(*v1alpha1.KarmadaImageTrust) string {
	return func(got *v1alpha1.KarmadaImageTrust) string {
		image := FindImage(got, reference)
		if image == nil {
			return "no verdict on " + reference
		}
		if image.Verdict != verdict || image.Reason != reason {
			return fmt.Sprintf("%s is %s %s (%s), want %s %s", reference, image.Verdict, image.Reason, image.Message, verdict, reason)
		}
		return ""
	}
}

// FindImage returns the entry of an image in the status, or nil.
func FindImage(got *v1alpha1.KarmadaImageTrust, reference string) *v1alpha1.ImageStatus {
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

// SignerOf returns an identity as a status names it; nil for the zero value.
func SignerOf(id sigstore.Identity) *v1alpha1.Signer {
	if id == (sigstore.Identity{}) {
		return nil
	}
	return &v1alpha1.Signer{
		Issuer:           id.Issuer,
		Identity:         id.Subject,
		SourceRepository: id.Workflow.Repository,
		SourceRef:        id.Workflow.Ref,
		SourceCommit:     id.Workflow.SHA,
		WorkflowName:     id.Workflow.Name,
		WorkflowTrigger:  id.Workflow.Trigger,
	}
}
