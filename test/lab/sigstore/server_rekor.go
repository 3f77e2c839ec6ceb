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
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/go-openapi/runtime"
	rekortiles "github.com/sigstore/rekor-tiles/v2/pkg/generated/protobuf"
	"github.com/sigstore/rekor/pkg/generated/models"
	_ "github.com/sigstore/rekor/pkg/types/intoto/v0.0.1" // which cosign attest may propose
	"github.com/transparency-dev/merkle/rfc6962"
	"google.golang.org/protobuf/encoding/protojson"
)

// logEntry is Rekor's API to enter something into the log. It takes what
// cosign proposes: hashedrekord, dsse and intoto.
func (s *Server) logEntry(r *http.Request, body []byte) (answer, error) {
	proposed, err := models.UnmarshalProposedEntry(bytes.NewReader(body), runtime.JSONConsumer())
	if err != nil {
		return answer{}, fmt.Errorf("reading the proposed log entry: %w", err)
	}
	entry, err := s.instance.Enter(r.Context(), proposed, time.Now())
	if err != nil {
		return answer{}, err
	}
	id, err := entryID(entry)
	if err != nil {
		return answer{}, err
	}
	encoded, err := json.Marshal(models.LogEntry{id: *entry})
	if err != nil {
		return answer{}, fmt.Errorf("encoding the log entry: %w", err)
	}
	return answer{status: http.StatusCreated, contentType: "application/json", tag: id, content: encoded}, nil
}

// logEntryV2 takes an entry into the log of Rekor v2.
func (s *Server) logEntryV2(_ *http.Request, body []byte) (answer, error) {
	if s.instance.RekorV2 == nil {
		return answer{}, errNoLog
	}
	proposed := &rekortiles.CreateEntryRequest{}
	if err := protojson.Unmarshal(body, proposed); err != nil {
		return answer{}, fmt.Errorf("reading the proposed log entry: %w", err)
	}
	entry, err := s.instance.RekorV2.Enter(proposed)
	if err != nil {
		return answer{}, err
	}
	encoded, err := protojson.Marshal(entry)
	if err != nil {
		return answer{}, fmt.Errorf("encoding the log entry: %w", err)
	}
	return answer{status: http.StatusCreated, contentType: "application/json", content: encoded}, nil
}

// entryID is the tree's number and the hash of the entry's leaf.
func entryID(entry *models.LogEntryAnon) (string, error) {
	encoded, _ := entry.Body.(string)
	body, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return "", fmt.Errorf("decoding the log entry: %w", err)
	}
	return fmt.Sprintf("%016x%x", rekorTree, rfc6962.DefaultHasher.HashLeaf(body)), nil
}
