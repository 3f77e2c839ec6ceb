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

package admission

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// keys and otherKeys identify the keys of TrustRoots.
var (
	keys      = strings.Repeat("1", 64)
	otherKeys = strings.Repeat("2", 64)
)

func identity(entry string) string { return entry }

// keysOf returns policy-controller's ConfigMap with an entry for each TrustRoot.
func keysOf(namespace string, trustRoots ...string) *corev1.ConfigMap {
	data := map[string]string{}
	for _, name := range trustRoots {
		data[name] = keys
	}
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: KeysName}, Data: KeysData(data, identity),
	}
}

// readTrustRoot returns what is known of a TrustRoot named r with a status in YAML, of generation 2.
func readTrustRoot(t *testing.T, status string) TrustRoot {
	t.Helper()
	encoded, err := yaml.YAMLToJSON([]byte("{kind: TrustRoot, metadata: {name: r, generation: 2}, status: {" + status + "}}"))
	if err != nil {
		t.Fatal(err)
	}
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(encoded); err != nil {
		t.Fatal(err)
	}
	root := ReadTrustRoot(object)
	root.Keys = keys
	return root
}

const (
	isReady = "observedGeneration: 2, conditions: [{type: Ready, status: 'True'}, {type: KeysInlined, status: 'True'}]"
	// notInMap is the status after a log was refused.
	notInMap = "observedGeneration: 2, conditions: [{type: KeysInlined, status: 'True'}, {type: ConfigMapUpdated, status: Unknown}, {type: Ready, status: Unknown}]"
	failed   = "observedGeneration: 2, conditions: [{type: KeysInlined, status: 'False', reason: Failed, message: cannot fetch}, {type: Ready, status: 'False'}]"
	unseen   = "observedGeneration: 1, conditions: [{type: KeysInlined, status: 'False', message: cannot fetch}, {type: Ready, status: 'True'}]"
)

// TestTrustRootUse has a TrustRoot named r in each state, and what policy-controller has of it.
func TestTrustRootUse(t *testing.T) {
	none, current, old := Keys{}, Keys(KeysData(map[string]string{"r": keys}, identity)), Keys(KeysData(map[string]string{"r": otherKeys}, identity))
	refused := func(root TrustRoot) TrustRoot {
		root.Refusal = "a log has another key"
		return root
	}
	for name, tc := range map[string]struct {
		keys    Keys
		root    TrustRoot
		want    string // usability and reason
		message string
	}{
		"in the ConfigMap":           {current, readTrustRoot(t, isReady), "Usable ", ""},
		"before its status":          {current, readTrustRoot(t, ""), "Usable ", ""},
		"not seen yet":               {none, readTrustRoot(t, unseen), "Unknown TrustRootNotReady", "does not have the keys of TrustRoot r yet"},
		"without status":             {none, readTrustRoot(t, ""), "Unknown TrustRootNotReady", "yet"},
		"ready, not in the map":      {none, readTrustRoot(t, isReady), "Unknown TrustRootNotReady", "yet"},
		"refused":                    {none, refused(readTrustRoot(t, notInMap)), "NotUsable TrustRootNotUsable", "a log has another key; write the keys in spec.sigstoreKeys"},
		"refused, not seen":          {none, refused(readTrustRoot(t, unseen)), "NotUsable TrustRootNotUsable", "a log has another key"},
		"refused for another reason": {none, readTrustRoot(t, notInMap), "NotUsable TrustRootNotUsable", "its status is not Ready"},
		"failed":                     {none, readTrustRoot(t, failed), "NotUsable TrustRootNotUsable", "it reports: cannot fetch"},
		"missing":                    {none, TrustRoot{Name: "r", Missing: true}, "NotUsable TrustRootNotUsable", "does not exist"},
		"deleted just now":           {current, TrustRoot{Name: "r", Missing: true}, "KeysDiffer TrustRootNotReady", "still has keys"},
		"changed":                    {old, readTrustRoot(t, unseen), "KeysDiffer TrustRootNotReady", "has other keys"},
		"changed and refused":        {old, refused(readTrustRoot(t, notInMap)), "KeysDiffer TrustRootNotUsable", "verifies by an earlier version"},
		"changed and failed":         {old, readTrustRoot(t, failed), "KeysDiffer TrustRootNotUsable", "cannot fetch"},
		"someone wrote the entry":    {current, refused(readTrustRoot(t, notInMap)), "KeysDiffer TrustRootNotUsable", "a log has another key"},
		"keys unknown":               {current, TrustRoot{Name: "r"}, "KeysDiffer TrustRootNotReady", "it is not known"},
		"nothing known":              {nil, TrustRoot{}, "Unknown TrustRootNotReady", "it is not known"},
		"map unknown":                {nil, readTrustRoot(t, failed), "Unknown TrustRootNotReady", "it is not known"},
		"map unknown, missing":       {nil, TrustRoot{Name: "r", Missing: true}, "Unknown TrustRootNotReady", "it is not known"},
		"map unknown, ready":         {nil, readTrustRoot(t, isReady), "Usable ", ""},
		"map unknown, ready before":  {nil, readTrustRoot(t, unseen), "Unknown TrustRootNotReady", "it is not known"},
		"in a file":                  {nil, TrustRoot{Name: "r", Planned: true}, "Usable ", ""},
		"in a file, refused":         {current, refused(TrustRoot{Name: "r", Planned: true}), "NotUsable TrustRootNotUsable", "a log has another key"},
	} {
		t.Run(name, func(t *testing.T) {
			use := tc.keys.Use(tc.root)
			usability := map[Usability]string{UsabilityUnknown: "Unknown", Usable: "Usable", NotUsable: "NotUsable", KeysDiffer: "KeysDiffer"}[use.Usability]
			if got := usability + " " + use.Reason(); got != tc.want || !strings.Contains(use.Message, tc.message) || (use.Message == "") != (tc.message == "") {
				t.Errorf("got %s (%s), want %s (%s)", got, use.Message, tc.want, tc.message)
			}
		})
	}
	if got := (TrustRootUse{}).Reason(); got == "" {
		t.Error("the zero value has no reason")
	}
}

// TestOtherTargets has a TrustRoot in a file whose targets are in another directory.
func TestOtherTargets(t *testing.T) {
	for name, tc := range map[string]struct {
		targets  string
		versions Versions
		planned  bool
		want     Usability
	}{
		"v0.14":             {"files", Versions{V014()}, true, Usable},
		"v0.15":             {"files", Versions{V015()}, true, NotUsable},
		"either":            {"files", Supported(), true, UsabilityUnknown},
		"none known":        {"files", nil, true, UsabilityUnknown},
		"default directory": {"/targets/", Supported(), true, Usable},
		"read and refused":  {"files", Versions{V014()}, false, NotUsable},
	} {
		t.Run(name, func(t *testing.T) {
			object := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"remote": map[string]any{"targets": tc.targets}}}}
			object.SetName("r")
			root := ReadTrustRoot(object)
			root.Planned, root.Missing = tc.planned, !tc.planned
			c := Cluster{Versions: tc.versions, Keys: Keys{}}
			if got := c.Use(root); got.Usability != tc.want || (got.Message == "") != (tc.want == Usable) {
				t.Errorf("got %+v, want %d", got, tc.want)
			}
		})
	}
}

// TestKeysData has a ConfigMap that someone filled.
func TestKeysData(t *testing.T) {
	data := map[string]string{}
	for i := range 10_000 {
		data[fmt.Sprintf("root-%05d-%s", i, strings.Repeat("x", 200))] = strings.Repeat("y", 100)
	}
	kept, size := KeysData(data, identity), 0
	for key, value := range kept {
		size += len(key) + len(value)
	}
	if len(kept) != maxKeys+1 || size > 10<<10 {
		t.Errorf("%d entries of %d bytes are kept", len(kept), size)
	}
	if use := Keys(kept).Use(TrustRoot{Name: "r", Missing: true}); use.Usability != UsabilityUnknown {
		t.Errorf("a TrustRoot that may be among the others: %+v, want it to be unknown", use)
	}
}

// TestUnusableTrustRoot has policies that name a TrustRoot.
func TestUnusableTrustRoot(t *testing.T) {
	const (
		byRoot = "{name: a, ctlog: {url: x, trustRootRef: r}, keyless: {url: x, trustRootRef: r, identities: [{issuer: i, subject: %s}]}}"
		// Others are not evaluated.
		forLogs  = "{name: b, ctlog: {url: x, trustRootRef: r}, key: {data: x}}"
		forTimes = "{name: c, rfc3161timestamp: {trustRootRef: r}, key: {data: x}}"
		noLog    = "{name: d, keyless: {url: x, trustRootRef: r, identities: [{issuer: i, subject: right}]}}"
	)
	signed, foreign := fmt.Sprintf(byRoot, "right"), fmt.Sprintf(byRoot, "wrong")
	for name, tc := range map[string]struct {
		authorities                     string
		usable, notUsable, differs, nil string
	}{
		"right":      {signed, "Allowed", "Denied policy-0 Deny TrustRootNotUsable", "Undetermined policy-0 Undetermined TrustRootNotReady", "Undetermined policy-0 Undetermined TrustRootNotReady"},
		"wrong":      {foreign, "Denied policy-0 Deny IdentityMismatch", "Denied policy-0 Deny TrustRootNotUsable", "Undetermined policy-0 Undetermined TrustRootNotReady", "Undetermined policy-0 Undetermined TrustRootNotReady"},
		"log":        {forLogs, "Undetermined policy-0 Undetermined PolicyNotEvaluated", "Denied policy-0 Deny TrustRootNotUsable", "Undetermined policy-0 Undetermined PolicyNotEvaluated", "Undetermined policy-0 Undetermined PolicyNotEvaluated"},
		"timestamps": {forTimes, "Undetermined policy-0 Undetermined PolicyNotEvaluated", "Denied policy-0 Deny TrustRootNotUsable", "Undetermined policy-0 Undetermined PolicyNotEvaluated", "Undetermined policy-0 Undetermined PolicyNotEvaluated"},
		"no log":     {noLog, "Undetermined policy-0 Undetermined PolicyNotEvaluated", "Denied policy-0 Deny TrustRootNotUsable", "Undetermined policy-0 Undetermined PolicyNotEvaluated", "Undetermined policy-0 Undetermined PolicyNotEvaluated"},
		"or another": {signed + ", " + right, "Allowed", "Allowed", "Allowed", "Allowed"},
		"or a pass":  {forLogs + ", " + pass, "Allowed", "Allowed", "Allowed", "Allowed"},
		"none":       {right, "Allowed", "Allowed", "Allowed", "Allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			p := parsePolicy(t, "{images: [{glob: '**'}], authorities: ["+tc.authorities+"]}")
			decide := func(trustRoot func(string) TrustRootUse) string {
				c := newCluster(p)
				c.TrustRoot = trustRoot
				return strings.Join(summary(c.Decide(newPod("karmada/x@sha256:"+strings.Repeat("a", 64)), judgeBySubject(nil))), " ")
			}
			use := func(u Usability) func(string) TrustRootUse {
				return func(string) TrustRootUse { return TrustRootUse{Usability: u, Refused: u == NotUsable} }
			}
			got := []string{decide(use(Usable)), decide(use(NotUsable)), decide(use(KeysDiffer)), decide(nil)}
			if diff := cmp.Diff([]string{tc.usable, tc.notUsable, tc.differs, tc.nil}, got); diff != "" {
				t.Errorf("decisions (-want +got):\n%s", diff)
			}
		})
	}
}

// TestStateOfKeys follows the ConfigMap of policy-controller's namespace, and of no other.
func TestStateOfKeys(t *testing.T) {
	s := loaded(t)
	use := func() Usability {
		t.Helper()
		cluster, err := s.Cluster()
		if err != nil {
			t.Fatal(err)
		}
		return cluster.Keys.Use(TrustRoot{Name: "r", Keys: keys, Missing: true}).Usability
	}
	if got := use(); got != NotUsable {
		t.Errorf("without a ConfigMap: %d, want NotUsable", got)
	}
	if s.SetKeys(keysOf("tenant", "r")) || use() != NotUsable {
		t.Error("the ConfigMap of another namespace counts")
	}
	if !s.SetKeys(keysOf("cosign-system", "r")) || use() != Usable {
		t.Error("policy-controller's ConfigMap does not count")
	}
	if s.SetKeys(keysOf("cosign-system", "r")) {
		t.Error("the same ConfigMap is a change")
	}
	if s.RemoveKeys("other") || !s.RemoveKeys("cosign-system") || use() != NotUsable {
		t.Error("the ConfigMap counts after it was deleted")
	}
}

func TestPoliciesNaming(t *testing.T) {
	s := loaded(t)
	cip := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte("{metadata: {name: foreign}, spec: {images: [{glob: 'index.docker.io/a/*'}], authorities: [{key: {data: x}, ctlog: {trustRootRef: r}}]}}"), &cip.Object); err != nil {
		t.Fatal(err)
	}
	s.SetPolicy(cip)
	for image, want := range map[string]bool{"a/b": true, "b/b": false} {
		if got := s.PoliciesNaming("r")(image); got != want {
			t.Errorf("%s: %t, want %t", image, got, want)
		}
	}
	if s.PoliciesNaming("other")("a/b") {
		t.Error("the policy names another TrustRoot")
	}
}

// loaded returns the state of a cluster with policy-controller and no TrustRoot.
func loaded(t *testing.T) *State {
	t.Helper()
	s := NewState("w", V014())
	if err := s.Load(fakeLister(nil, new([]string)), identity); err != nil {
		t.Fatal(err)
	}
	s.RemoveKeys("cosign-system")
	return s
}
