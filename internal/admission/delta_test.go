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
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

// remembered is a Cluster of an epoch, with the labels that its namespaces had.
type remembered struct {
	cluster    Cluster
	namespaces map[string]map[string]string
}

// TestSinceNamesWhatChanged applies random changes. What Since does not name is as it was at the epoch.
func TestSinceNamesWhatChanged(t *testing.T) {
	told := 0
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 3))
		s := newListedState(t)
		var past []remembered
		for step := range 150 {
			event := changeState(s, random)
			cluster, err := s.Cluster()
			if err != nil {
				t.Fatal(err)
			}
			now := remembered{cluster: cluster, namespaces: maps.Clone(s.namespaces)}
			for _, then := range past {
				delta := s.Since(then.cluster.Epoch)
				if delta.All {
					continue
				}
				told++
				if unnamed := unnamedChange(delta, then, now); unnamed != "" {
					t.Fatalf("seed %d, step %d: %s: Since(%d) does not name %s", seed, step, event, then.cluster.Epoch, unnamed)
				}
			}
			if delta := s.Since(cluster.Epoch); delta.All || len(delta.Policies)+len(delta.Namespaces) > 0 {
				t.Fatalf("seed %d, step %d: changes since now: %+v", seed, step, delta)
			}
			past = append(past, now)
		}
	}
	if told == 0 {
		t.Error("Since always returns everything")
	}
}

// changeState makes a random change, and describes it.
func changeState(s *State, random *rand.Rand) string {
	name := fmt.Sprint("n", random.IntN(4))
	switch n := random.IntN(40); {
	case n < 16:
		cip := newPolicy(fmt.Sprintf("registry.example.com/%d/**", random.IntN(3)), []string{"True", "False"}[random.IntN(2)])
		cip.SetName(name)
		s.SetPolicy(cip)
		return "policy " + name
	case n < 24:
		s.RemovePolicy(name)
		return "no policy " + name
	case n < 34:
		s.SetNamespace(name, map[string]string{"a": fmt.Sprint(random.IntN(3))})
		return "namespace " + name
	case n < 38:
		s.RemoveNamespace(name)
		return "no namespace " + name
	case n < 39:
		s.SetConfig(configMap("cosign-system", []string{"warn", "allow"}[random.IntN(2)]))
		return "configuration"
	default:
		webhook := &admissionregistrationv1.ValidatingWebhookConfiguration{Webhooks: []admissionregistrationv1.ValidatingWebhook{
			{Name: "w", ClientConfig: admissionregistrationv1.WebhookClientConfig{
				Service: &admissionregistrationv1.ServiceReference{Namespace: []string{"cosign-system", "other"}[random.IntN(2)]},
			}},
		}}
		s.SetValidating(webhook)
		return "webhook"
	}
}

// unnamedChange returns what changed and is not named; empty if there is nothing.
func unnamedChange(delta Delta, then, now remembered) string {
	named := map[string]PolicyChange{}
	for _, change := range delta.Policies {
		if change.before != nil {
			named[change.before.Name] = change
		} else {
			named[change.after.Name] = change
		}
	}
	for i := range 4 {
		name := fmt.Sprint("n", i)
		before, after := then.cluster.Policies.Get(name), now.cluster.Policies.Get(name)
		if change, ok := named[name]; before != after && (!ok || change.before != before || change.after != after) {
			return "policy " + name
		}
		if !maps.Equal(then.namespaces[name], now.namespaces[name]) && !slices.Contains(delta.Namespaces, name) {
			return "namespace " + name
		}
	}
	if then.cluster.Config.NoMatch != now.cluster.Config.NoMatch {
		return "the configuration"
	}
	return ""
}

// TestSinceRemembersABoundedNumberOfChanges changes labels more often than is remembered.
func TestSinceRemembersABoundedNumberOfChanges(t *testing.T) {
	s := newListedState(t)
	first, err := s.Cluster()
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 * maxRemembered {
		s.SetNamespace("tenant", map[string]string{"a": fmt.Sprint(i)})
		if n := len(s.history.changes); n > maxRemembered {
			t.Fatalf("%d changes are remembered", n)
		}
	}
	last, err := s.Cluster()
	if err != nil {
		t.Fatal(err)
	}
	if !s.Since(first.Epoch).All || !s.Since(0).All || !s.Since(last.Epoch+1).All {
		t.Error("what is not remembered is not everything")
	}
	if delta := s.Since(last.Epoch - 10); delta.All || !slices.Equal(delta.Namespaces, []string{"tenant"}) {
		t.Errorf("the last changes are %+v, want one namespace", delta)
	}
}

// TestChangedPoliciesCoverAsNewOnes changes policies one by one, more often than until their globs are combined anew.
func TestChangedPoliciesCoverAsNewOnes(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	images := []name.Digest{}
	for i := range 4 {
		images = append(images, digestOf(t, fmt.Sprintf("registry.example.com/%d/x", i)))
	}
	policies := NewPolicies()
	current := map[string]*Policy{}
	for step := range 6 * maxChanged {
		policyName := fmt.Sprint("p", random.IntN(2*maxChanged))
		var policy *Policy
		switch random.IntN(8) {
		case 0, 1:
			delete(current, policyName)
		case 2:
			policy = parsePolicy(t, `images: [{glob: "not a glob"}]`)
		default:
			policy = parsePolicy(t, fmt.Sprintf(`images: [{glob: %q}, {glob: "registry.example.com/%d/**"}]`, "**/9/*", random.IntN(4)))
		}
		if policy != nil {
			policy.Name = policyName
			current[policyName] = policy
		}
		policies = policies.changedTo(policyName, policy)
		want := NewPolicies(slices.Collect(maps.Values(current))...)
		for _, image := range images {
			object := Object{Version: "v1", Kind: "Pod"}
			if got := policies.Covering(image, object); !slices.Equal(got, want.Covering(image, object)) {
				t.Fatalf("step %d: %d policies cover %s, want %d", step, len(got), image, len(want.Covering(image, object)))
			}
		}
		if !slices.Equal(policies.all, want.all) || len(policies.changed) > maxChanged {
			t.Fatalf("step %d: %d policies, want %d, and %d changed", step, len(policies.all), len(want.all), len(policies.changed))
		}
	}
}
