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

package agreement

import (
	"bytes"
	"context"
	"crypto/elliptic"
	"os"
	"path/filepath"
	"time"

	"github.com/sigstore/policy-controller/pkg/tuf"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/test/lab/policycontroller"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/e2e/internal/prediction"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// TrustRoots of the fixtures.
const (
	// usableRoot has the keys of the private instance, and ed25519Root also a log whose key is Ed25519. movedRoot is a
	// repository whose targets are in a directory of another name, stampsRoot has no logs, and the intermediate certificate
	// authority of expiredRoot has expired.
	usableRoot  = "predict-usable"
	ed25519Root = "predict-ed25519"
	movedRoot   = "predict-moved-targets"
	stampsRoot  = "predict-stamps"
	expiredRoot = "predict-expired"
)

// createRoots creates the TrustRoots, and waits until policy-controller has dealt with them.
func (d *differences) createRoots() {
	t := d.p.T
	t.Helper()
	usable, err := d.private.TrustRoot(usableRoot)
	d.must(err)
	ed25519, err := d.private.TrustRoot(ed25519Root, sigstore.WithRekorV2())
	d.must(err)
	stamps, err := d.stamps.TrustRoot(stampsRoot, sigstore.WithTimestamps())
	d.must(err)
	for _, logs := range []string{"tLogs", "ctLogs"} {
		unstructured.RemoveNestedField(stamps.Object, "spec", "sigstoreKeys", logs)
	}
	expired, err := d.expired.TrustRoot(expiredRoot)
	d.must(err)
	for _, root := range []*unstructured.Unstructured{ed25519, d.movedRoot(), stamps, expired, usable} {
		d.p.Lab.Create(t, root)
		waitfor.State(t, func(ctx context.Context) (*unstructured.Unstructured, error) {
			return root, d.p.Lab.Client.Get(ctx, client.ObjectKeyFromObject(root), root)
		}, reconciled)
	}
}

// reconciled says what is missing of the sign that policy-controller has tried to use a TrustRoot.
func reconciled(root *unstructured.Unstructured) string {
	if observed, _, _ := unstructured.NestedInt64(root.Object, "status", "observedGeneration"); observed != root.GetGeneration() {
		return root.GetName() + " is not reconciled"
	}
	return ""
}

// movedRoot is a packed TUF repository of the private instance.
func (d *differences) movedRoot() *unstructured.Unstructured {
	above := d.p.T.TempDir()
	dir := filepath.Join(above, "repository") // as policy-controller wants it in an archive
	d.must(d.private.WriteTUFRepository(dir, sigstore.WithoutRekorV2()))
	d.must(os.Rename(filepath.Join(dir, "targets"), filepath.Join(dir, "moved")))
	start, err := os.ReadFile(filepath.Join(dir, "root.json"))
	d.must(err)
	var packed bytes.Buffer
	d.must(tuf.CompressFS(os.DirFS(above), &packed, map[string]bool{}))
	root := sigstore.PackedTrustRoot(movedRoot, packed.Bytes(), start)
	d.must(unstructured.SetNestedField(root.Object, "moved", "spec", "repository", "targets"))
	return root
}

// rootCases are signatures of the private instance under its TrustRoots.
func rootCases() []difference {
	by := func(root string) func(name, repository string) []*unstructured.Unstructured {
		a := keyless(release())
		a["keyless"].(map[string]any)["trustRootRef"] = root
		a["ctlog"] = map[string]any{"url": sigstore.RekorURL, "trustRootRef": root}
		return each(authority(a))
	}
	return []difference{
		{name: "usable root", attach: privately, policies: by(usableRoot), answer: always(admits)},
		{name: "usable root and unsigned", attach: nothing, policies: by(usableRoot), answer: always(denies)},
		{name: "root with an Ed25519 log", attach: privately, policies: by(ed25519Root), answer: always(denies)},
		{name: "root with an Ed25519 log and unsigned", attach: nothing, policies: by(ed25519Root), answer: always(denies)},
		{name: "root with an authority that expired later", attach: afterIssue(-2*time.Hour, time.Minute), policies: by(expiredRoot), answer: always(admits)},
		{
			name: "root with an authority that expired before the entry", attach: afterIssue(-65*time.Minute, 7*time.Minute), policies: by(expiredRoot),
			answer: since("v0.15.0", admits, unevaluated), reason: v1alpha1.PolicyNotEvaluatedReason,
		},
		{name: "root with moved targets", attach: privately, policies: by(movedRoot), answer: since("v0.15.0", admits, denies)},
	}
}

// gitHubCases are policies as GitHub's chart for artifact attestations makes them.
func gitHubCases() []difference {
	private := attesting(release(), map[string]any{
		"name": "github", "signatureFormat": "bundle", "rfc3161timestamp": map[string]any{"trustRootRef": stampsRoot},
	})
	trusted := private["keyless"].(map[string]any)
	trusted["trustRootRef"], trusted["insecureIgnoreSCT"] = stampsRoot, true
	public := attesting(release(), map[string]any{
		"name": "public-good", "signatureFormat": "bundle", "ctlog": map[string]any{"url": sigstore.RekorURL},
	})
	policies := each(authority(private, public))
	return []difference{
		{name: "attested by GitHub", attach: byGitHub(labtest.Release), policies: policies, answer: always(admits)},
		{
			name: "attested by GitHub with a P-384 key", attach: byGitHub(labtest.Release, sigstore.WithCurve(elliptic.P384())),
			policies: policies, answer: since("v0.15.0", unevaluated, admits), reason: v1alpha1.PolicyNotEvaluatedReason,
		},
		{name: "attested by GitHub for another", attach: byGitHub(labtest.UntrustedSigner), policies: policies, answer: always(denies)},
		{name: "attested by the public instance", attach: inRekorV1(labtest.Release, sigstore.SLSAPredicate), policies: policies, answer: always(admits)},
		{name: "attested by the public instance for another", attach: inRekorV1(labtest.UntrustedSigner, sigstore.SLSAPredicate), policies: policies, answer: always(denies)},
		{name: "attested by nobody", attach: signed(labtest.Release), policies: policies, answer: always(denies)},
	}
}

// oci11Cases are cases while enable-oci11 is true, which v0.13 does not know.
func oci11Cases() []difference {
	policies := each(authority(attesting(release(), nil)))
	return []difference{
		{name: "attested", attach: attested(labtest.Release), policies: policies, answer: always(admits)},
		{name: "signed", attach: signed(labtest.Release), policies: each(authority(keyless(release()))), answer: always(admits)},
		{name: "not signed", attach: nothing, policies: each(authority(keyless(release()))), answer: always(denies)},
		{
			name: "referrer that nobody signed", attach: referring, policies: policies,
			answer: since("v0.14.0", denies, unevaluated), reason: v1alpha1.AttestationMissingReason,
		},
	}
}

// setOCI11 sets enable-oci11. The version that does not know it gives no sign of having read the ConfigMap, so that
// another setting changes with it.
func (d *differences) setOCI11(value string) {
	t := d.p.T
	t.Helper()
	noMatch := map[string]string{"true": "allow", "false": "deny"}[value]
	config := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: policycontroller.Namespace, Name: admission.ConfigName}}
	if err := d.p.Lab.Client.Get(t.Context(), client.ObjectKeyFromObject(config), config); err != nil {
		t.Fatal(err)
	}
	labtest.Update(t, d.p.Client, config, func(c *corev1.ConfigMap) {
		if c.Data == nil {
			c.Data = map[string]string{}
		}
		c.Data["enable-oci11"], c.Data["no-match-policy"] = value, noMatch
	})
	const uncovered = "docker.io/predict-oci11-uncovered/image@sha256:0000000000000000000000000000000000000000000000000000000000000000"
	probe := prediction.Workload{Kind: "ReplicaSet", Namespace: labtest.Namespace, Images: []string{uncovered}}
	if noMatch == "allow" {
		d.p.WaitUntilAllowed(probe)
		return
	}
	d.p.WaitUntilDenied(probe, "no matching policies")
}
