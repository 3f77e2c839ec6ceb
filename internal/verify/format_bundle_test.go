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

package verify

import (
	"bytes"
	"strings"
	"testing"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/karmada-io/image-trust/internal/policy"
)

// TestEntriesWithoutVersion has log entries whose version is none, of which Rekor's library would write a stack to the log. They are
// refused before.
func TestEntriesWithoutVersion(t *testing.T) {
	s := newMutationSuite(t)
	envelope, err := s.instance.NewEnvelope(t.Context(), s.image, s.id, policy.SignPredicate, map[string]any{})
	s.must(err)
	good := s.bundle(&envelope)
	if _, err := parseBundle(good); err != nil {
		t.Fatalf("a good bundle: %v", err)
	}
	for _, version := range []string{"", "x.0.1", "0.0", "0.0.1.2", "00.0.1", "-1.0.0", "\u001b[2J", "99999999999999999999.0.0", "0.0.1\n", "0.0.1-a"} {
		stored := &protobundle.Bundle{}
		s.must(protojson.Unmarshal(good, stored))
		entry := stored.VerificationMaterial.TlogEntries[0]
		entry.CanonicalizedBody = bytes.Replace(entry.CanonicalizedBody, []byte(`"apiVersion":"0.0.1"`), []byte(`"apiVersion":"`+version+`"`), 1)
		content, err := protojson.Marshal(stored)
		s.must(err)
		_, err = parseBundle(content)
		if err == nil || !strings.Contains(err.Error(), "has no kind or no version") {
			t.Errorf("version %q: %v, want it refused before a library reads it", version, err)
		}
	}
}
