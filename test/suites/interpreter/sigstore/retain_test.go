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

package sigstore

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/test/lab/interpret"
)

// TestRetention compares the spec that Karmada writes to a member with what policy-controller's webhook made of it there.
func TestRetention(t *testing.T) {
	identities := []any{object{"issuer": "https://issuer.example.com", "subject": "x"}}
	tests := map[string]struct {
		kind          string
		desired, want object
	}{
		"defaults": {
			kind: "ClusterImagePolicy",
			desired: object{
				"images": []any{object{"glob": "x/*"}},
				"match":  []any{object{"resource": "pods"}},
				"authorities": []any{
					object{"keyless": object{"identities": identities}},
					object{"name": "named", "key": object{"data": "x"}},
					object{"static": object{"action": "pass"}},
					object{"keyless": object{"identities": identities, "ca-cert": object{"data": "x"}}},
				},
			},
			want: object{
				"mode":   "enforce",
				"images": []any{object{"glob": "x/*"}},
				"match":  []any{object{"resource": "pods", "group": "", "version": ""}},
				"authorities": []any{
					object{"name": "authority-0", "keyless": object{"identities": identities, "url": "https://fulcio.sigstore.dev"}},
					object{"name": "named", "key": object{"data": "x"}},
					object{"name": "authority-2", "static": object{"action": "pass"}},
					object{"name": "authority-3", "keyless": object{"identities": identities, "ca-cert": object{"data": "x"}}},
				},
			},
		},
		"mode of the template": {
			kind:    "ClusterImagePolicy",
			desired: object{"mode": "warn", "images": []any{}},
			want:    object{"mode": "warn", "images": []any{}},
		},
		"remote root": {
			kind:    "TrustRoot",
			desired: object{"remote": object{"root": "YWJj\nZGVm\n", "mirror": "https://tuf.example.com"}},
			want:    object{"remote": object{"root": "YWJjZGVm", "mirror": "https://tuf.example.com", "targets": "targets"}},
		},
		"repository": {
			kind:    "TrustRoot",
			desired: object{"repository": object{"root": "YWJj\r\nZGVm", "mirrorFS": strings.Repeat("YWJj\n", 1000), "targets": "own"}},
			want:    object{"repository": object{"root": "YWJjZGVm", "mirrorFS": strings.Repeat("YWJj", 1000), "targets": "own"}},
		},
		"keys": {
			kind: "TrustRoot",
			desired: object{"sigstoreKeys": object{
				"certificateAuthorities": []any{object{"certChain": "YWJj\nZGVm"}, object{"subject": object{"commonName": "x"}}},
				"timestampAuthorities":   []any{object{"certChain": "YWJj\n"}},
				"tLogs":                  []any{object{"publicKey": "\nYWJj"}},
				"ctLogs":                 []any{object{"publicKey": "YWJj"}},
			}},
			want: object{"sigstoreKeys": object{
				"certificateAuthorities": []any{
					object{"certChain": "YWJjZGVm", "subject": object{"commonName": "", "organization": ""}},
					object{"subject": object{"commonName": "x", "organization": ""}},
				},
				"timestampAuthorities": []any{object{"certChain": "YWJj", "subject": object{"commonName": "", "organization": ""}}},
				"tLogs":                []any{object{"publicKey": "YWJj"}},
				"ctLogs":               []any{object{"publicKey": "YWJj"}},
			}},
		},
	}
	i := interpret.Start(t, policies, trustRoots)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			// The member had a policy with another mode, which must not stay if the template no longer names it.
			response := call(t, i, interpret.Request{
				Operation: interpret.Retain,
				Desired:   encode(t, of(test.kind, nil, test.desired)),
				Observed:  encode(t, of(test.kind, nil, object{"mode": "warn"})),
			})
			var got struct {
				Spec object
			}
			decode(t, response.Results.Retained, &got)
			if diff := cmp.Diff(test.want, got.Spec); diff != "" {
				t.Errorf("spec (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDependencies(t *testing.T) {
	const sigstore = "policy.sigstore.dev/v1alpha1"
	configMap := func(name string) object {
		return object{"type": "cue", "configMapRef": object{"name": name, "key": "policy"}}
	}
	tests := map[string]struct {
		spec object
		want []object // in the order in which Karmada sorts them
	}{
		"all": {
			spec: object{
				"policy": configMap("whole"),
				"authorities": []any{
					object{
						"keyless": object{"trustRootRef": "private", "ca-cert": object{"secretRef": object{"name": "ca"}}},
						"ctlog":   object{"trustRootRef": "private"}, "rfc3161timestamp": object{"trustRootRef": "times"},
						"attestations": []any{object{"policy": configMap("one")}, object{"name": "none"}},
						"source":       []any{object{"signaturePullSecrets": []any{object{"name": "of-the-workload"}}}},
					},
					object{"key": object{"secretRef": object{"name": "key", "namespace": "elsewhere"}}},
					object{"key": object{"data": "x"}},
				},
			},
			want: []object{
				{"apiVersion": sigstore, "kind": "TrustRoot", "name": "private"},
				{"apiVersion": sigstore, "kind": "TrustRoot", "name": "times"},
				{"apiVersion": "v1", "kind": "ConfigMap", "namespace": "cosign-system", "name": "one"},
				{"apiVersion": "v1", "kind": "ConfigMap", "namespace": "cosign-system", "name": "whole"},
				{"apiVersion": "v1", "kind": "Secret", "namespace": "cosign-system", "name": "ca"},
				{"apiVersion": "v1", "kind": "Secret", "namespace": "elsewhere", "name": "key"},
			},
		},
		"none":  {spec: object{"authorities": []any{object{"static": object{"action": "pass"}}}}, want: []object{}},
		"empty": {spec: object{}, want: []object{}},
	}
	i := interpret.Start(t, policies)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			response := call(t, i, interpret.Request{
				Operation: interpret.InterpretDependency, Desired: encode(t, of("ClusterImagePolicy", nil, test.spec)),
			})
			got := []object{}
			if response.Results.Dependencies != nil {
				decode(t, response.Results.Dependencies, &got)
			}
			if diff := cmp.Diff(test.want, append([]object{}, got...)); diff != "" {
				t.Errorf("dependencies (-want +got):\n%s", diff)
			}
		})
	}
}
