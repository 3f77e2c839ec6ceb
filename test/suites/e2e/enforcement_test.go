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
	"strings"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// warnings collects what the API server says beside its answers.
type warnings struct {
	mu    sync.Mutex
	texts []string
}

// HandleWarningHeader implements rest.WarningHandler.
func (w *warnings) HandleWarningHeader(_ int, _, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.texts = append(w.texts, text)
}

func (w *warnings) take() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	texts := strings.Join(w.texts, "\n")
	w.texts = nil
	return texts
}

// TestEnforcement takes one trust through its modes.
func TestEnforcement(t *testing.T) {
	const image = "docker.io/enforcement/unsigned:v1"
	push(t, image)
	heard := &warnings{}
	config := shared.Config()
	config.WarningHandler = heard
	listening, err := client.New(config, client.Options{Scheme: shared.Client.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	untrusted := verdict(image, v1alpha1.VerdictUntrusted, v1alpha1.UnsignedReason)
	trust := newTrust("enforcement", "enforcement", image)
	create(t, trust)
	becomes(t, trust.Name, settled, untrusted, mode("enforce"))
	refused(t, image, "no signatures found")

	enforce(t, trust, v1alpha1.EnforcementWarn)
	becomes(t, trust.Name, settled, untrusted, mode("warn"))
	admitted(t, image)
	heard.take()
	if _, err := runPod(t, listening, image); err != nil {
		t.Errorf("Warn: %v", err)
	}
	if said := heard.take(); !strings.Contains(said, "failed policy: enforcement") || !strings.Contains(said, "no signatures found") {
		t.Errorf("Warn: the client heard %q, want what is wrong with the image", said)
	}

	enforce(t, trust, v1alpha1.EnforcementAudit)
	becomes(t, trust.Name, settled, untrusted, mode(""),
		condition(v1alpha1.PolicyAppliedCondition, metav1.ConditionTrue, v1alpha1.AuditModeReason))
	eventually(t, getPolicy(trust.Name), func(got *unstructured.Unstructured) string {
		if got != nil {
			return "the policy is still there"
		}
		return ""
	})
	eventually(t, eventReasons(trust.Name), has(v1alpha1.PolicyRemovedReason))
	// Now no policy is about the image, which policy-controller refuses by default, and says so.
	refused(t, image, "no matching policies")

	enforce(t, trust, v1alpha1.EnforcementEnforce)
	becomes(t, trust.Name, settled, untrusted, mode("enforce"))
	refused(t, image, "failed policy: enforcement")
}

// TestAuditFromTheStart makes no policy at all.
func TestAuditFromTheStart(t *testing.T) {
	const image = "docker.io/audit/signed:v1"
	pushSigned(t, image, release)
	trust := newTrust("audit", "audit", image)
	trust.Spec.Enforcement = v1alpha1.EnforcementAudit
	create(t, trust)
	becomes(t, trust.Name, settled, verdict(image, v1alpha1.VerdictVerified, v1alpha1.SignedReason),
		condition(v1alpha1.ImagesVerifiedCondition, metav1.ConditionTrue, v1alpha1.AllVerifiedReason),
		condition(v1alpha1.PolicyAppliedCondition, metav1.ConditionTrue, v1alpha1.AuditModeReason))
	if made, err := getPolicy(trust.Name)(t.Context()); made != nil || err != nil {
		t.Errorf("got a policy %v, %v", made, err)
	}
}

func enforce(t *testing.T, trust *trust, enforcement v1alpha1.Enforcement) {
	t.Helper()
	change(t, trust, func(trust *v1alpha1.KarmadaImageTrust) { trust.Spec.Enforcement = enforcement })
}

// mode of the policy as the status has it; empty: none.
func mode(want string) func(*trust) string {
	return func(got *trust) string {
		mode := ""
		if got.Status.Policy != nil {
			mode = got.Status.Policy.Mode
		}
		if mode != want {
			return "the policy's mode is " + mode + ", want " + want
		}
		return ""
	}
}
