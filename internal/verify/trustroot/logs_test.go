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
	"encoding/hex"
	"testing"

	"github.com/karmada-io/image-trust/internal/verify/trustroot"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// TestLogIdentifiers knows a log of a TrustRoot by the identifiers that it may have in Rekor v1 and in Rekor v2, and the logs of
// a trusted root, which names them, by these only.
func TestLogIdentifiers(t *testing.T) {
	s := newSigstore(t)
	for what, test := range map[string]struct {
		opts []sigstore.TrustRootOption
		log  *sigstore.TileLog
		want int // identifiers, with that of the log of Rekor v1
	}{
		"Ed25519": {[]sigstore.TrustRootOption{sigstore.WithRekorV2()}, s.RekorV2, 3},
		"ECDSA":   {[]sigstore.TrustRootOption{sigstore.WithECDSALog()}, s.ECDSARekorV2, 2},
	} {
		object, err := s.TrustRoot("private", test.opts...)
		if err != nil {
			t.Fatal(err)
		}
		got, err := trustroot.FromTrustRoot(object)
		if err != nil {
			t.Fatal(err)
		}
		logs := got.Material.RekorLogs()
		if log := logs[hex.EncodeToString(test.log.ID)]; log == nil || log.BaseURL != test.log.URL {
			t.Errorf("%s: the log is not known by its identifier in Rekor v2", what)
		}
		if len(logs) != test.want {
			t.Errorf("%s: %d identifiers, want %d", what, len(logs), test.want)
		}
	}
	if logs := fromJSON(t, trustedRoot(t, s)).Material.RekorLogs(); len(logs) != 2 || logs[hex.EncodeToString(s.RekorV2.ID)] == nil {
		t.Errorf("a trusted root has %d logs, want the two that it names", len(logs))
	}
}
