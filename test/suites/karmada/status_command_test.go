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

package karmada

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	members "github.com/karmada-io/image-trust/internal/fleet"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// The exit codes of status, see docs/kubectl-imagetrust.md.
const (
	statusVerified = iota
	statusUntrusted
	statusUsage
	statusUnknown
)

// shownStatus is what kubectl imagetrust status shows of a trust.
type shownStatus struct {
	labtest.Result
	members.Report
}

// row returns what is shown of a cluster.
func (s *shownStatus) row(cluster string) members.Row {
	for _, row := range s.Clusters {
		if row.Cluster == cluster {
			return row
		}
	}
	return members.Row{}
}

// showStatus returns a function that asks for the status of a trust as JSON.
func showStatus(t *testing.T, plugin *labtest.Plugin, trust string, args ...string) func(context.Context) (*shownStatus, error) {
	t.Helper()
	return func(context.Context) (*shownStatus, error) {
		shown := &shownStatus{Result: plugin.Run(t, "", slices.Concat([]string{"status", trust, "-o", "json"}, args)...)}
		var decoded struct {
			Trusts []members.Report `json:"trusts"`
		}
		if err := json.Unmarshal([]byte(shown.Stdout), &decoded); err != nil {
			return shown, fmt.Errorf("exit code %d: %w: %s%s", shown.Code, err, shown.Stdout, shown.Stderr)
		}
		if len(decoded.Trusts) != 1 {
			return shown, fmt.Errorf("%d trusts", len(decoded.Trusts))
		}
		shown.Report = decoded.Trusts[0]
		return shown, nil
	}
}

// hasRow is the check that a cluster is shown with a verdict and in a state.
func hasRow(cluster string, verdict v1alpha1.Verdict, state members.State) func(*shownStatus) string {
	return func(shown *shownStatus) string {
		if row := shown.row(cluster); row.Verdict != verdict || row.State != state {
			return fmt.Sprintf("%s is %s, %s (%s), want %s, %s", cluster, row.Verdict, row.State, row.Message, verdict, state)
		}
		return ""
	}
}

// nothingPending is the check that a cluster has verdicts on all images: the first one makes it untrusted.
func nothingPending(cluster string) func(*shownStatus) string {
	return func(shown *shownStatus) string {
		for _, image := range shown.row(cluster).NotVerified {
			if image.Verdict == v1alpha1.VerdictUnknown {
				return fmt.Sprintf("%s: %s is %s", cluster, image.Reference, image.Reason)
			}
		}
		return ""
	}
}

// exits is the check that status ends with an exit code.
func exits(code int) func(*shownStatus) string {
	return func(shown *shownStatus) string {
		if shown.Code != code {
			return fmt.Sprintf("exit code %d, want %d", shown.Code, code)
		}
		return ""
	}
}

// runPod runs an image in a member for as long as the test lasts, in a namespace that admission does not look at.
func runPod(t *testing.T, in *member, image string) {
	t.Helper()
	in.Create(t, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "status-", Namespace: metav1.NamespaceDefault},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: image}}},
	})
}

// auditedTrust is the manifest of a trust in the release workflow for all images of an organisation.
func auditedTrust(name, organisation string) string {
	return fmt.Sprintf(`{apiVersion: trust.karmada.io/v1alpha1, kind: KarmadaImageTrust, metadata: {name: %s}, spec: {
  images: ["docker.io/%s/*"], issuer: %q, identity: %q, enforcement: Audit}}`, name, organisation, labtest.Release.Issuer, labtest.Release.Subject)
}

// TestStatusCommand shows a trust by kubectl imagetrust status on the control plane: what the members report, what is
// untrusted where, and a member that is cut off.
func TestStatusCommand(t *testing.T) {
	const name, organisation = "status-command", "statuscommand"
	const signed, unsigned = "docker.io/" + organisation + "/signed:v1", "docker.io/" + organisation + "/unsigned:v1"
	fleet.Member(t, east).PushSignedImage(t, signed, labtest.Release)
	fleet.Member(t, east).PushImage(t, unsigned)
	for _, cluster := range []string{east, west, north} {
		runPod(t, fleet.Member(t, cluster), signed)
	}
	runPod(t, fleet.Member(t, west), unsigned)
	fleet.Apply(t, auditedTrust(name, organisation))

	plugin := fleet.Plugin(t)
	shown := waitfor.State(t, showStatus(t, plugin, name), waitfor.All(
		hasRow(east, v1alpha1.VerdictVerified, members.Reported), hasRow(west, v1alpha1.VerdictUntrusted, members.Reported),
		hasRow(north, v1alpha1.VerdictVerified, members.Reported), nothingPending(west), exits(statusUntrusted),
	))
	for _, cluster := range []string{east, west, north} {
		checkCounts(t, shown, cluster, name)
	}
	if images := shown.row(west).NotVerified; len(images) != 1 || images[0].Reference != unsigned || images[0].Reason != v1alpha1.UnsignedReason {
		t.Errorf("not verified in %s: %+v", west, images)
	}
	text := plugin.Run(t, "", "status", name)
	for _, want := range []string{"✗ " + name, "3 clusters · 3/4 verified", "✓ " + east, "✗ " + west, unsigned + "  " + v1alpha1.UnsignedReason} {
		if !strings.Contains(text.Stdout, want) {
			t.Errorf("%q is not in:\n%s", want, text.Stdout)
		}
	}

	// A rollout asks for a group.
	for _, tc := range []struct {
		args []string
		code int
	}{
		{[]string{"--cluster-selector", "rollout=canary", "--ready-to-enforce"}, statusVerified},
		{[]string{"--cluster-selector", "rollout=production", "--ready-to-enforce"}, statusUntrusted},
		{[]string{"--clusters", east + "," + north}, statusVerified},
		{[]string{"--clusters", "nowhere"}, statusUsage},
		{[]string{"--cluster-selector", "rollout=nowhere"}, statusUsage},
	} {
		if got := plugin.Run(t, "", slices.Concat([]string{"status", name}, tc.args)...); got.Code != tc.code {
			t.Errorf("%v: exit code %d, want %d\n%s%s", tc.args, got.Code, tc.code, got.Stdout, got.Stderr)
		}
	}

	t.Run("cut off", func(t *testing.T) { checkCutOff(t, plugin, name) })
	t.Run("viewer", func(t *testing.T) { checkViewer(t, plugin, name) })
}

// checkCounts compares what is shown of a cluster with what its operator reports.
func checkCounts(t *testing.T, shown *shownStatus, cluster, name string) {
	t.Helper()
	trust, err := fleet.Member(t, cluster).Trust(name)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	summary, row := trust.Status.Summary, shown.row(cluster)
	want := members.Counts{
		Images: summary.Images, Verified: summary.Verified, Untrusted: summary.Untrusted, Unknown: summary.Unknown,
		WouldDeny: summary.WouldDeny, Undetermined: summary.Undetermined,
	}
	if encoded(row.Counts) != encoded(want) {
		t.Errorf("%s: %s, and its operator reports %s", cluster, encoded(row.Counts), encoded(want))
	}
}

// encoded returns a value as JSON.
func encoded(value any) string {
	content, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	return string(content)
}

// checkCutOff cuts a member off: its last word and its silence are shown, and neither counts as verified.
func checkCutOff(t *testing.T, plugin *labtest.Plugin, name string) {
	t.Helper()
	membership := fleet.Member(t, north).Membership
	before, err := showStatus(t, plugin, name)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	membership.CutOff()
	back := func() {
		if err := membership.Reconnect(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(back) // does nothing if it is connected
	silent := waitfor.State(t, showStatus(t, plugin, name, "--clusters", north), waitfor.All(
		hasRow(north, v1alpha1.VerdictUnknown, members.Reported), exits(statusUnknown),
	))
	row := silent.row(north)
	if row.Answers || row.SilentSince == nil || encoded(row.Counts) != encoded(before.row(north).Counts) {
		t.Errorf("%s is shown as %s", north, encoded(row))
	}
	if text := plugin.Run(t, "", "status", name); !strings.Contains(text.Stdout, "no word for ") || !strings.Contains(text.Stdout, "; last: 1/1") {
		t.Errorf("the silence or the last word is missing:\n%s", text.Stdout)
	}
	if got := plugin.Run(t, "", "status", name, "--clusters", east); got.Code != statusVerified {
		t.Errorf("a cluster that answers: exit code %d\n%s", got.Code, got.Stdout)
	}
	back()
	waitfor.State(t, showStatus(t, plugin, name, "--clusters", north), waitfor.All(
		hasRow(north, v1alpha1.VerdictVerified, members.Reported), exits(statusVerified),
	))
}

// checkViewer: the ClusterRole in config/karmada/viewer is what status needs, and not less.
func checkViewer(t *testing.T, plugin *labtest.Plugin, name string) {
	t.Helper()
	const viewer = "status-viewer"
	if got := plugin.Run(t, "", "status", name, "--as", viewer); got.Code != statusUnknown || !strings.Contains(got.Stderr, "forbidden") {
		t.Errorf("without rights: exit code %d\n%s%s", got.Code, got.Stdout, got.Stderr)
	}
	fleet.Apply(t, `{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: `+viewer+`},
  roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: karmada-image-trust-fleet-viewer},
  subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: `+viewer+`}]}`)
	waitfor.State(t, showStatus(t, plugin, name, "--as", viewer), waitfor.All(
		hasRow(west, v1alpha1.VerdictUntrusted, members.Reported), exits(statusUntrusted),
	))
}

// TestStatusCommandSuspended shows a trust that is propagated to one cluster, and suspended there.
func TestStatusCommandSuspended(t *testing.T) {
	const name = "status-suspended"
	fleet.Apply(t, `{apiVersion: policy.karmada.io/v1alpha1, kind: ClusterPropagationPolicy, metadata: {name: `+name+`}, spec: {
  resourceSelectors: [{apiVersion: trust.karmada.io/v1alpha1, kind: KarmadaImageTrust, name: `+name+`}],
  placement: {clusterAffinity: {clusterNames: [`+west+`]}}, suspension: {dispatching: true}}}`)
	fleet.Apply(t, auditedTrust(name, "statussuspended"))
	shown := waitfor.State(t, showStatus(t, fleet.Plugin(t), name), waitfor.All(
		hasRow(west, v1alpha1.VerdictUnknown, members.NotApplied), hasRow(east, v1alpha1.VerdictUnknown, members.NotPropagated), exits(statusUnknown),
	))
	if !shown.row(west).Suspended || shown.row(east).Suspended || shown.Summary.Clusters != 1 {
		t.Errorf("got %s", encoded(shown.Report))
	}
}
