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
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"strings"
	"testing"

	pcconfig "github.com/sigstore/policy-controller/pkg/apis/config"
	pcv1alpha1 "github.com/sigstore/policy-controller/pkg/apis/policy/v1alpha1"
	"github.com/sigstore/policy-controller/pkg/reconciler/trustroot/resources"
	"google.golang.org/protobuf/encoding/protojson"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/internal/verify/trustroot"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// entryOf returns the entry that policy-controller makes of keys, by its own code. It replaces the identifiers of the logs.
func entryOf(t *testing.T, keys *pcconfig.SigstoreKeys) string {
	t.Helper()
	for _, log := range append(keys.GetTlogs(), keys.GetCtlogs()...) {
		log.LogId = &pcconfig.LogID{KeyId: []byte("replaced")}
	}
	entry, err := resources.Marshal(keys)
	if err != nil {
		t.Fatal(err)
	}
	return entry
}

func entryOfObject(t *testing.T, object *unstructured.Unstructured) string {
	t.Helper()
	encoded, err := object.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var typed pcv1alpha1.TrustRoot
	if err := json.Unmarshal(encoded, &typed); err != nil {
		t.Fatal(err)
	}
	keys, err := pcconfig.ConvertSigstoreKeys(t.Context(), typed.Spec.SigstoreKeys)
	if err != nil {
		t.Fatal(err)
	}
	return entryOf(t, keys)
}

// TestEntry compares a root of trust with the entry that policy-controller makes of it.
func TestEntry(t *testing.T) {
	private, other := newSigstore(t), newSigstore(t)
	inline, err := private.TrustRoot("private", sigstore.WithTimestamps())
	if err != nil {
		t.Fatal(err)
	}
	fromKeys, err := trustroot.FromTrustRoot(inline)
	if err != nil {
		t.Fatal(err)
	}
	if entry := trustroot.Entry(entryOfObject(t, inline)); entry == "" || entry != fromKeys.Keys {
		t.Errorf("the entry of a TrustRoot with keys is %q, want %q", entry, fromKeys.Keys)
	}

	encoded := trustedRoot(t, private)
	file := fromJSON(t, encoded)
	trusted := &pcconfig.SigstoreKeys{}
	if err := protojson.Unmarshal(encoded, trusted); err != nil {
		t.Fatal(err)
	}
	if entry := trustroot.Entry(entryOf(t, trusted)); entry == "" || entry != file.Keys {
		t.Errorf("the entry of a TrustRoot with a TUF repository is %q, want %q", entry, file.Keys)
	}
	if file.Keys == fromKeys.Keys {
		t.Error("the validity of the keys makes no difference")
	}
	if fromJSON(t, trustedRoot(t, other)).Keys == file.Keys {
		t.Error("another root has the same keys")
	}

	trusted.GetTlogs()[0].PublicKey.RawBytes = nil
	if trustroot.Entry(entryOf(t, trusted)) == file.Keys {
		t.Error("the key of the log makes no difference")
	}
	for name, value := range map[string]string{
		"empty": "", "not JSON": "keys", "too long": `"` + strings.Repeat("x", 2<<20) + `"`,
		"too many elements": `{"tlogs":[` + strings.Repeat("{},", 50_000) + `{}]}`, "another field": `{"x":1}`,
	} {
		if entry := trustroot.Entry(value); entry != "" {
			t.Errorf("%s: the entry is %q, want none", name, entry)
		}
	}
}

// TestRefusal has a TrustRoot of each kind of key.
func TestRefusal(t *testing.T) {
	private := newSigstore(t)
	edwards, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rivest, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	const accepted = ""
	for name, test := range map[string]struct {
		logs string
		key  any
		want string
	}{
		"ECDSA": {"tLogs", nil, accepted},
		"Ed25519 log": {
			"tLogs", edwards,
			"the key of transparency log 2 (https://log.example.com) is Ed25519, and policy-controller accepts only ECDSA keys of transparency logs",
		},
		"RSA log": {
			"tLogs", rivest.Public(),
			"the key of transparency log 2 (https://log.example.com) is RSA, and policy-controller accepts only ECDSA keys of transparency logs",
		},
		"Ed25519 certificate log": {"ctLogs", edwards, accepted},
		"RSA certificate log":     {"ctLogs", rivest.Public(), accepted},
	} {
		t.Run(name, func(t *testing.T) {
			var opts []sigstore.TrustRootOption
			if test.key != nil {
				opts = append(opts, sigstore.AlsoTrusting(test.logs, test.key))
			}
			object, err := private.TrustRoot("private", opts...)
			if err != nil {
				t.Fatal(err)
			}
			got, err := trustroot.FromTrustRoot(object)
			if err != nil {
				t.Fatal(err)
			}
			if got.Refusal != test.want {
				t.Errorf("refused because %q, want %q", got.Refusal, test.want)
			}
		})
	}
}

// TestRefusalOfTrustedRoot has an Ed25519 log in the file that TUF repositories distribute.
func TestRefusalOfTrustedRoot(t *testing.T) {
	private := newSigstore(t)
	if got, want := fromJSON(t, trustedRoot(t, private)).Refusal, "is Ed25519"; !strings.Contains(got, want) {
		t.Errorf("refused because %q, want %q", got, want)
	}
	encoded, err := private.TrustedRoot(sigstore.WithoutRekorV2())
	if err != nil {
		t.Fatal(err)
	}
	if got := fromJSON(t, encoded).Refusal; got != "" {
		t.Errorf("a root with ECDSA keys is refused because %q", got)
	}
}
