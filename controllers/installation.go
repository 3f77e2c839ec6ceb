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

package controllers

import (
	"context"
	"fmt"
	"sync"

	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/installed"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/text"
)

// installationKey is the queue's key for looking at the installed policy-controller, and the observer of its namespace. No
// trust can have this name.
const installationKey = "/policy-controller"

// installation is the policy-controller that was found at last. The zero value is ready for use, and safe for concurrent use.
type installation struct {
	mu    sync.Mutex
	found *installed.PolicyController
}

// current returns the policy-controller that was found at last, nil if none was looked for yet.
func (i *installation) current() *installed.PolicyController {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.found
}

// recognise looks at the workloads in the namespace of policy-controller, which is not known until its webhook is registered,
// and reports whether what is known of it changed. It does nothing before the workloads and the webhooks have been listed.
func (r *KarmadaImageTrustReconciler) recognise(ctx context.Context) bool {
	if _, err := r.Admission.Cluster(); err != nil || !r.Inventory.Synced() {
		return false
	}
	r.installation.mu.Lock()
	defer r.installation.mu.Unlock()
	var workloads []inventory.Workload
	if namespace := r.Admission.WebhookNamespace(); namespace != "" {
		workloads = r.Inventory.Observe(installationKey, namespace)
	} else {
		r.Inventory.Forget(installationKey)
	}
	found := installed.Recognise(workloads, r.PolicyControllerVersion)
	if before := r.installation.found; before != nil && before.Equal(&found) {
		return false
	}
	logf.FromContext(ctx).Info("Looked at policy-controller", "version", found.Version, "source", found.Source, "message", found.Message)
	r.installation.found = &found
	r.Admission.SetVersions(found.Versions)
	return true
}

// notSupported says why nothing is predicted of the policy-controller that is installed.
func notSupported(found *installed.PolicyController) string {
	if found == nil {
		return "The version of policy-controller is not known."
	}
	return fmt.Sprintf("Admission is not predicted: %s.", found)
}

// dependsOnVersion says that the outcome of admission for some workloads depends on the version of policy-controller; it is
// empty if it does for none.
func dependsOnVersion(tally *forecast.Tally, found *installed.PolicyController) string {
	n := tally.ByVersion()
	if n == 0 || found == nil {
		return ""
	}
	return fmt.Sprintf(" What it decides on %s depends on its version: %s.", text.Count(n, "workload"), found)
}

// reconcileInstallation looks at policy-controller anew, and enqueues every trust if that is another one than before.
func (r *KarmadaImageTrustReconciler) reconcileInstallation(ctx context.Context) {
	if r.recognise(ctx) {
		r.Trigger.EnqueueAllAfter(ctx)
	}
}
