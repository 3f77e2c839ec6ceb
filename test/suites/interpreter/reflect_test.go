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

package interpreter

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/karmada-io/image-trust/internal/text"
	"github.com/karmada-io/image-trust/test/lab/interpret"
)

// maxReflected is what a member may reflect, in bytes.
const maxReflected = 8 << 10

// observed is a trust in a member cluster with n images that are not verified and as many that are.
func observed(n int, reference, message string) object {
	status := fine()
	status["observedGeneration"] = 7
	var images []any
	for j := range 2 * n {
		verdict, reason := "Verified", "Signed"
		switch {
		case j%4 == 1:
			verdict, reason = "Unknown", "RegistryUnreachable"
		case j%2 == 1:
			verdict, reason = "Untrusted", "Unsigned"
		}
		images = append(images, object{
			"reference": fmt.Sprintf("%s-%d", reference, j), "digest": "sha256:" + strings.Repeat("0", 61) + fmt.Sprintf("%03d", j),
			"usage": "Running", "workloads": 3, "verdict": verdict, "reason": reason, "message": message,
			"signer": object{"identity": message, "issuer": "https://example.com"},
		})
	}
	status["images"] = images
	set(status, []string{"summary"}, object{
		"images": 2 * n, "verified": n, "untrusted": n / 2, "unknown": n - n/2, "movedTags": 0, "workloads": 3 * n, "wouldDeny": 1,
		"wouldDenyOnceOptedIn": 0, "undetermined": 0, "verifiedRatio": "x",
	})
	conditions := status["conditions"].([]any)
	for _, name := range []string{"Reconciling", "Stalled"} {
		conditions = append(conditions, object{"type": name, "status": "True", "reason": "Busy", "lastTransitionTime": "2026-11-26T10:00:00Z"})
	}
	for _, c := range conditions {
		set(c, []string{"message"}, message)
	}
	set(conditions[1], []string{"status"}, "False")
	status["conditions"] = conditions
	status["policyController"] = object{"version": "0.14.0", "source": "Flag", "message": message}
	return object{
		"apiVersion": "trust.karmada.io/v1alpha1", "kind": "KarmadaImageTrust",
		"metadata": object{
			"name": "karmada", "generation": 7, "annotations": object{"resourcetemplate.karmada.io/generation": fmt.Sprint(generation)},
		},
		"spec": object{"images": []any{"docker.io/karmada/*"}}, "status": status,
	}
}

// reflect returns what a member reflects of a trust.
func reflect(t *testing.T, i *interpret.Interpreter, trust object) json.RawMessage {
	t.Helper()
	response := i.Call(t, interpret.Request{Operation: interpret.InterpretStatus, Observed: encode(t, trust)})
	if response.Error != "" {
		t.Fatalf("the reflection failed: %s", response.Error)
	}
	return response.Results.Status
}

// TestReflectedBytes checks the bound on what a member reflects, with text that takes up more bytes in JSON than it has.
func TestReflectedBytes(t *testing.T) {
	i := interpret.Start(t, customizations)
	most := 0
	for name, characters := range map[string]string{
		"plain": "x", "html": "<&>", "quotes": "\"\\", "control": "\u001b\u0000\n", "of two bytes": "ä", "of three bytes": "…x", "of four bytes": "😀",
		"separators": "\u2028\u2029", "direction": "\u202e\u2066", "mixed": "a<ä\"\u2028😀",
	} {
		for _, n := range []int{0, 1, 4, 12, 25} {
			trust := observed(n, "docker.io/"+strings.Repeat(characters, 900/len(characters)), strings.Repeat(characters, 2000/len(characters)))
			reflected := reflect(t, i, trust)
			most = max(most, len(reflected))
			if len(reflected) > maxReflected {
				t.Errorf("%s: %d images take up %d bytes", name, n, len(reflected))
			}
			checkReflected(t, reflected, n)
		}
	}
	fmt.Printf("figure: fleet_reflected_bytes_largest_status %d bytes\n", most)
}

func checkReflected(t *testing.T, reflected json.RawMessage, n int) {
	t.Helper()
	var got struct {
		ResourceTemplateGeneration, ObservedGeneration, Generation int64
		Conditions                                                 []struct{ Type, Message string }
		Summary                                                    map[string]int
		Images                                                     []struct{ Reference, Verdict, Message string }
		Policy                                                     struct{ Mode string }
		PolicyController                                           struct{ Version string }
	}
	if err := json.Unmarshal(reflected, &got); err != nil {
		t.Fatal(err)
	}
	if got.ResourceTemplateGeneration != generation || got.ObservedGeneration != 7 || got.Generation != 7 || len(got.Conditions) != 6 ||
		got.Summary["images"] != 2*n || got.Policy.Mode != "enforce" || got.PolicyController.Version != "0.14.0" {
		t.Errorf("something is missing: %s", reflected)
	}
	if n > 0 && len(got.Images) == 0 {
		t.Errorf("no image is reported: %s", reflected)
	}
	printable := func(s string) {
		if !utf8.ValidString(s) || strings.Contains(s, "\ufffd") || text.Printable(s) != s {
			t.Errorf("this is not printable, or was cut within a character: %q", s)
		}
	}
	for _, c := range got.Conditions {
		printable(c.Message)
	}
	unknown := false
	for _, image := range got.Images {
		printable(image.Reference)
		printable(image.Message)
		if image.Verdict == "Verified" || image.Verdict == "Untrusted" && unknown {
			t.Errorf("the order is not that of the worst: %s", reflected)
		}
		unknown = unknown || image.Verdict == "Unknown"
	}
}

// TestReflectsAnything reflects trusts whose status is missing, or damaged. What is reflected stays readable or empty, and bounded.
func TestReflectsAnything(t *testing.T) {
	i, s := interpret.Start(t, customizations), newSchema(t)
	for name, status := range hostileStatuses() {
		trust := observed(0, "a", "b")
		trust["status"] = status
		reflected := reflect(t, i, trust)
		if len(reflected) > maxReflected {
			t.Errorf("%s: %d bytes", name, len(reflected))
		}
		aggregate(t, i, s, template(), []interpret.Item{{ClusterName: "a", Applied: true, Status: reflected}})
	}
	trust := observed(0, "a", "b")
	delete(trust, "status")
	if got, want := string(reflect(t, i, trust)), `{"generation":7,"resourceTemplateGeneration":4}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestHealth checks what Karmada calls healthy.
func TestHealth(t *testing.T) {
	i := interpret.Start(t, customizations)
	for name, c := range map[string]struct {
		status any
		want   bool
	}{
		"all is well":            {fine(), true},
		"an untrusted image":     {with("conditions.1.status", "False"), false},
		"not known":              {with("conditions.1.status", "Unknown"), false},
		"not ready":              {with("conditions.3.status", "Unknown"), false},
		"something to be denied": {with("summary.wouldDeny", 1), false},
		"no counts":              {with("summary", nil), false},
		"an older generation":    {with("observedGeneration", 6), false},
		"no status":              {nil, false},
		"not a status":           {"fine", false},
	} {
		trust := observed(0, "a", "b")
		trust["status"] = c.status
		response := i.Call(t, interpret.Request{Operation: interpret.InterpretHealth, Observed: encode(t, trust)})
		if response.Error != "" || response.Results.Healthy == nil || *response.Results.Healthy != c.want {
			t.Errorf("%s: got %v, %s, want %t", name, response.Results.Healthy, response.Error, c.want)
		}
	}
}

// TestDependencies checks which objects a trust needs in a member.
func TestDependencies(t *testing.T) {
	i := interpret.Start(t, customizations)
	trust := template()
	spec := trust["spec"].(object)
	ask := func() string {
		response := i.Call(t, interpret.Request{Operation: interpret.InterpretDependency, Desired: encode(t, trust)})
		if response.Error != "" {
			t.Fatal(response.Error)
		}
		return string(response.Results.Dependencies)
	}
	if got := ask(); got != "[]" && got != "null" && got != "" {
		t.Errorf("got %s for a trust that needs nothing", got)
	}
	spec["trustRoot"] = object{"name": "mine"}
	spec["signers"] = []any{object{"name": "a", "trustRoot": object{"name": "mine"}}, object{"name": "b"}, object{"name": "c", "trustRoot": object{"name": "other"}}}
	spec["verification"] = object{"pullSecrets": []any{object{"name": "registry"}}}
	const want = `[{"apiVersion":"policy.sigstore.dev/v1alpha1","kind":"TrustRoot","name":"mine"},` +
		`{"apiVersion":"policy.sigstore.dev/v1alpha1","kind":"TrustRoot","name":"other"},` +
		`{"apiVersion":"v1","kind":"Secret","namespace":"karmada-image-trust-system","name":"registry"}]`
	if got := ask(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
