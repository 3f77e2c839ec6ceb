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

package trustroot_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sigstore/sigstore-go/pkg/root"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/internal/verify/trustroot"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

func newSigstore(t *testing.T) *sigstore.Sigstore {
	t.Helper()
	s, err := sigstore.New()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func trustedRoot(t *testing.T, s *sigstore.Sigstore, opts ...sigstore.TrustedRootOption) []byte {
	t.Helper()
	encoded, err := s.TrustedRoot(opts...)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func fromJSON(t *testing.T, content []byte) *trustroot.Root {
	t.Helper()
	trust, err := trustroot.FromJSON(content)
	if err != nil {
		t.Fatal(err)
	}
	return trust
}

func TestFromJSONFingerprint(t *testing.T) {
	encoded := trustedRoot(t, newSigstore(t))
	trust := fromJSON(t, encoded)
	var spaced bytes.Buffer
	if err := json.Indent(&spaced, encoded, " ", "\t"); err != nil {
		t.Fatal(err)
	}
	if again := fromJSON(t, spaced.Bytes()); again.Fingerprint != trust.Fingerprint {
		t.Error("white space changes the fingerprint")
	}
	if other := fromJSON(t, trustedRoot(t, newSigstore(t))); other.Fingerprint == trust.Fingerprint {
		t.Error("another root has the same fingerprint")
	}
}

// TestAuthoritiesExpire: a root of trust is of use until the last one of its authorities expires.
func TestAuthoritiesExpire(t *testing.T) {
	until := time.Now().Add(30 * 24 * time.Hour).Truncate(time.Second)
	s, err := sigstore.NewExpired(until)
	if err != nil {
		t.Fatal(err)
	}
	if got := fromJSON(t, trustedRoot(t, s)).AuthoritiesExpire; !got.Equal(until) {
		t.Errorf("got %v, want the end of the intermediate certificate, %v", got, until)
	}
	object, err := s.TrustRoot("private")
	if err != nil {
		t.Fatal(err)
	}
	later := trustRootObject(t, newSigstore(t))
	authorities := func(o *unstructured.Unstructured) []any {
		all, _, _ := unstructured.NestedSlice(o.Object, "spec", "sigstoreKeys", "certificateAuthorities")
		return all
	}
	both := append(authorities(later), authorities(object)...)
	if err := unstructured.SetNestedSlice(object.Object, both, "spec", "sigstoreKeys", "certificateAuthorities"); err != nil {
		t.Fatal(err)
	}
	got, err := trustroot.FromTrustRoot(object)
	if err != nil || !got.AuthoritiesExpire.After(until.Add(365*24*time.Hour)) {
		t.Errorf("with a second authority: got %v and %v", got, err)
	}
}

func TestFromJSONInvalid(t *testing.T) {
	encoded := trustedRoot(t, newSigstore(t))
	without := func(fields ...string) []byte {
		var object map[string]any
		if err := json.Unmarshal(encoded, &object); err != nil {
			t.Fatal(err)
		}
		for _, field := range fields {
			if _, ok := object[field]; !ok {
				t.Fatalf("the root has no %s", field)
			}
			delete(object, field)
		}
		less, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		return less
	}
	for name, test := range map[string]struct {
		content []byte
		message string
	}{
		"empty":                  {nil, "invalid root of trust"},
		"not JSON":               {[]byte("root"), "invalid root of trust"},
		"another type":           {[]byte(`{"mediaType":"x"}`), "media type"},
		"too large":              {bytes.Repeat([]byte(" "), 2<<20), "larger than"},
		"no authority":           {without("certificateAuthorities"), "no certificate authority"},
		"no transparency log":    {without("tlogs", "timestampAuthorities"), "neither a transparency log"},
		"nothing but media type": {[]byte(`{"mediaType":"` + root.TrustedRootMediaType01 + `"}`), "no certificate authority"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := trustroot.FromJSON(test.content)
			if got != nil || !errors.Is(err, trustroot.ErrInvalid) || !strings.Contains(err.Error(), test.message) {
				t.Errorf("got %v and %v, want an error with %q", got, err, test.message)
			}
		})
	}
}

func trustRootObject(t *testing.T, s *sigstore.Sigstore) *unstructured.Unstructured {
	t.Helper()
	object, err := s.TrustRoot("private")
	if err != nil {
		t.Fatal(err)
	}
	return object
}

// TestFromTrustRoot compares the two ways of writing the same instance down.
func TestFromTrustRoot(t *testing.T) {
	s := newSigstore(t)
	got, err := trustroot.FromTrustRoot(trustRootObject(t, s))
	if err != nil {
		t.Fatal(err)
	}
	want := fromJSON(t, trustedRoot(t, s, sigstore.WithoutRekorV2()))
	if diff := cmp.Diff(logsOf(want.Material.RekorLogs()), logsOf(got.Material.RekorLogs())); diff != "" {
		t.Errorf("transparency logs (-file +object):\n%s", diff)
	}
	if diff := cmp.Diff(logsOf(want.Material.CTLogs()), logsOf(got.Material.CTLogs())); diff != "" {
		t.Errorf("certificate transparency logs (-file +object):\n%s", diff)
	}
	if diff := cmp.Diff(authoritiesOf(t, want), authoritiesOf(t, got)); diff != "" {
		t.Errorf("certificate authorities (-file +object):\n%s", diff)
	}
	again, err := trustroot.FromTrustRoot(trustRootObject(t, s))
	if err != nil || again.Fingerprint != got.Fingerprint {
		t.Errorf("the same object gives fingerprints %s and %s (%v)", got.Fingerprint, again.Fingerprint, err)
	}
	other, err := trustroot.FromTrustRoot(trustRootObject(t, newSigstore(t)))
	if err != nil || other.Fingerprint == got.Fingerprint {
		t.Errorf("another object has the same fingerprint (%v)", err)
	}
}

type logFacts struct {
	URL string
	Key any
}

func logsOf(logs map[string]*root.TransparencyLog) map[string]logFacts {
	facts := map[string]logFacts{}
	for id, log := range logs {
		facts[id] = logFacts{URL: log.BaseURL, Key: log.PublicKey}
	}
	return facts
}

func authoritiesOf(t *testing.T, trust *trustroot.Root) [][]byte {
	t.Helper()
	var certificates [][]byte
	for _, authority := range trust.Material.FulcioCertificateAuthorities() {
		fulcio, ok := authority.(*trustroot.Authority)
		if !ok {
			t.Fatalf("got a %T", authority)
		}
		certificates = append(certificates, fulcio.Root.Raw)
		for _, intermediate := range fulcio.Intermediates {
			certificates = append(certificates, intermediate.Raw)
		}
	}
	return certificates
}

func TestFromTrustRootInvalid(t *testing.T) {
	s := newSigstore(t)
	set := func(value any, fields ...string) func(*unstructured.Unstructured) error {
		return func(object *unstructured.Unstructured) error {
			return unstructured.SetNestedField(object.Object, value, fields...)
		}
	}
	instance := func(hash, key string) []any {
		return []any{map[string]any{"baseURL": "https://log.test", "hashAlgorithm": hash, "publicKey": key}}
	}
	for name, test := range map[string]struct {
		change  func(*unstructured.Unstructured) error
		want    error
		message string
	}{
		"archive of nothing": {set(map[string]any{"repository": map[string]any{"root": "AA==", "mirrorFS": "AA=="}}, "spec"),
			trustroot.ErrInvalid, "spec.repository.mirrorFS is not a compressed archive"},
		"empty":             {set(map[string]any{}, "spec"), trustroot.ErrInvalid, "write the keys of your Sigstore in spec.sigstoreKeys"},
		"no spec":           {set(nil, "spec"), trustroot.ErrInvalid, "write the keys"},
		"spec of no object": {set("x", "spec"), trustroot.ErrInvalid, ""},
		"no logs":           {set([]any{}, "spec", "sigstoreKeys", "tLogs"), trustroot.ErrInvalid, "neither a transparency log nor a timestamp authority"},
		"no authorities":    {set([]any{}, "spec", "sigstoreKeys", "certificateAuthorities"), trustroot.ErrInvalid, "no certificate authority"},
		"key not base64":    {set(instance("sha-256", "%"), "spec", "sigstoreKeys", "tLogs"), trustroot.ErrInvalid, "base64"},
		"key not PEM":       {set(instance("sha-256", "AAAA"), "spec", "sigstoreKeys", "ctLogs"), trustroot.ErrInvalid, "spec.sigstoreKeys.ctLogs[0]: publicKey"},
		"other hash":        {set(instance("sha-512", "AAAA"), "spec", "sigstoreKeys", "tLogs"), trustroot.ErrInvalid, `tLogs[0]: hashAlgorithm: "sha-512" is not supported`},
		"chain not PEM": {set([]any{map[string]any{"uri": "https://ca.test", "certChain": "AAAA"}}, "spec", "sigstoreKeys", "certificateAuthorities"),
			trustroot.ErrInvalid, "certificateAuthorities[0]"},
	} {
		t.Run(name, func(t *testing.T) {
			object := trustRootObject(t, s)
			if err := test.change(object); err != nil {
				t.Fatal(err)
			}
			got, err := trustroot.FromTrustRoot(object)
			if got != nil || !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.message) {
				t.Errorf("got %v and %v, want an error with %q", got, err, test.message)
			}
		})
	}
}

// TestRootWithoutLogs: a TrustRoot needs no logs if it has a timestamp authority; the default root of trust needs both kinds.
func TestRootWithoutLogs(t *testing.T) {
	s := newSigstore(t)
	for what, test := range map[string]struct {
		without      []string
		logs, ctLogs bool
		message      string // why it cannot be the default root of trust; empty if it can
	}{
		"all":                {logs: true, ctLogs: true},
		"no certificate log": {without: []string{"ctLogs"}, logs: true, message: "no certificate transparency log"},
		"no log":             {without: []string{"tLogs"}, ctLogs: true, message: "no transparency log"},
		"neither":            {without: []string{"tLogs", "ctLogs"}, message: "no transparency log"},
	} {
		t.Run(what, func(t *testing.T) {
			object, err := s.TrustRoot("private", sigstore.WithTimestamps())
			if err != nil {
				t.Fatal(err)
			}
			for _, kind := range test.without {
				unstructured.RemoveNestedField(object.Object, "spec", "sigstoreKeys", kind)
			}
			got, err := trustroot.FromTrustRoot(object)
			if err != nil {
				t.Fatal(err)
			}
			if got.Logs() != test.logs || got.CTLogs() != test.ctLogs || !got.Timestamps() {
				t.Errorf("got logs %t, certificate logs %t and timestamps %t", got.Logs(), got.CTLogs(), got.Timestamps())
			}
			err = got.SuitsDefault()
			if (err == nil) != (test.message == "") || err != nil && !strings.Contains(err.Error(), test.message) {
				t.Errorf("as the default root: got %v, want an error with %q", err, test.message)
			}
		})
	}
}
