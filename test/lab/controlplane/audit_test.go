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

package controlplane

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReadAuditLog(t *testing.T) {
	const (
		early    = `{"stage":"ResponseComplete","requestReceivedTimestamp":"2026-01-01T00:00:00.000001Z","verb":"get"}`
		started  = `{"stage":"ResponseStarted","requestReceivedTimestamp":"2026-01-01T00:00:02.000000Z","verb":"watch"}`
		complete = `{"stage":"ResponseComplete","requestReceivedTimestamp":"2026-01-01T00:00:02.000000Z","requestURI":"/apis/policy.sigstore.dev/v1alpha1/clusterimagepolicies/p/status","verb":"patch","user":{"username":"u"},"userAgent":"a","objectRef":{"apiGroup":"policy.sigstore.dev","resource":"clusterimagepolicies","subresource":"status","namespace":"n","name":"p"},"responseStatus":{"code":200}}`
	)
	since := time.Date(2026, 1, 1, 0, 0, 1, 0, time.UTC)
	want := []Request{{
		Time: time.Date(2026, 1, 1, 0, 0, 2, 0, time.UTC),
		User: "u", Verb: "patch",
		Group: "policy.sigstore.dev", Resource: "clusterimagepolicies", Subresource: "status", Namespace: "n", Name: "p",
		URI: "/apis/policy.sigstore.dev/v1alpha1/clusterimagepolicies/p/status", Code: 200, UserAgent: "a",
	}}
	tests := map[string]struct {
		log  string
		want []Request
	}{
		"empty":                      {log: ""},
		"too early":                  {log: early + "\n"},
		"not complete":               {log: started + "\n"},
		"complete":                   {log: early + "\n" + started + "\n" + complete + "\n", want: want},
		"a line that is being added": {log: complete + "\n" + complete[:40], want: want},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := readAuditLog(strings.NewReader(test.log), since)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("requests differ (-want +got):\n%s", diff)
			}
		})
	}
	if _, err := readAuditLog(strings.NewReader("nonsense\n"), since); err == nil {
		t.Error("nonsense is read without an error")
	}
}
