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
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	prototrustroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"github.com/sigstore/rekor/pkg/generated/models"
	"github.com/sigstore/sigstore-go/pkg/root"
)

// maxRequest bounds what a client may send: attestations are the largest.
const maxRequest = 16 << 20

// Server lets clients sign with an instance over HTTP, as the cosign command
// does. It has the APIs of Fulcio, Rekor and a timestamp authority as far as
// clients that sign ask for them, all on loopback, and stands for an OIDC
// issuer too.
type Server struct {
	// URL of Fulcio and of Rekor.
	URL string
	// TimestampURL is where the timestamp authority answers.
	TimestampURL string

	instance *Sigstore
	issuer   *tokenIssuer
	server   *http.Server
	serving  sync.WaitGroup
}

// Serve serves an instance on a free port until the server is closed. The
// context bounds the start only.
func (s *Sigstore) Serve(ctx context.Context) (*Server, error) {
	issuer, err := newTokenIssuer()
	if err != nil {
		return nil, fmt.Errorf("serve a Sigstore: %w", err)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serve a Sigstore: %w", err)
	}
	served := &Server{URL: "http://" + listener.Addr().String(), instance: s, issuer: issuer}
	served.TimestampURL = served.URL + timestampPath
	served.server = &http.Server{Handler: served.routes(), ReadHeaderTimeout: time.Minute}
	served.serving.Go(func() { _ = served.server.Serve(listener) })
	return served, nil
}

// Close ends the server and returns when it is gone.
func (s *Server) Close() error {
	err := s.server.Close()
	s.serving.Wait()
	return err
}

// SigningServices are the services in a signing configuration, besides Fulcio.
type SigningServices struct {
	// RekorVersion is the major version of the log's API, 1 or 2. Zero: no log.
	RekorVersion uint32
	// Timestamps is whether there is a timestamp authority.
	Timestamps bool
}

// SigningConfig is what leads a Sigstore client to this server: JSON of media
// type application/vnd.dev.sigstore.signingconfig.v0.2+json.
func (s *Server) SigningConfig(services SigningServices) ([]byte, error) {
	service := func(url string, version uint32) []root.Service {
		return []root.Service{{
			URL: url, MajorAPIVersion: version, Operator: s.instance.organization, ValidityPeriodStart: s.instance.ca.root.NotBefore,
		}}
	}
	anyOne := root.ServiceConfiguration{Selector: prototrustroot.ServiceSelector_ANY}
	var logs, authorities []root.Service
	if services.RekorVersion != 0 {
		logs = service(s.URL, services.RekorVersion)
	}
	if services.Timestamps {
		authorities = service(s.TimestampURL, 1)
	}
	config, err := root.NewSigningConfig(root.SigningConfigMediaType02, service(s.URL, 1), nil, logs, anyOne, authorities, anyOne)
	if err != nil {
		return nil, fmt.Errorf("making the signing configuration: %w", err)
	}
	encoded, err := config.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("encoding the signing configuration: %w", err)
	}
	return encoded, nil
}

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("POST /api/v1/signingCert", answering(s.certificateV1))
	mux.Handle("POST /api/v2/signingCert", answering(s.certificateV2))
	mux.Handle("POST /api/v1/log/entries", answering(s.logEntry))
	mux.Handle("POST /api/v2/log/entries", answering(s.logEntryV2))
	mux.Handle("POST "+timestampPath, answering(s.timestamp))
	return mux
}

// answer to a request that was good.
type answer struct {
	status      int
	contentType string
	tag         string // of the log entry in it, else empty
	content     []byte
}

// errForbidden marks a request by somebody who did not prove who they are.
var errForbidden = errors.New("forbidden")

// answering serves what is made of a request's body. Every error is the
// client's, which shows it and does not try again.
func answering(made func(r *http.Request, body []byte) (answer, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
		var a answer
		if err == nil {
			a, err = made(r, body)
		}
		if err != nil {
			a = rejection(err)
		}
		w.Header().Set("Content-Type", a.contentType)
		if a.tag != "" {
			w.Header().Set("ETag", a.tag)
		}
		w.WriteHeader(a.status)
		_, _ = w.Write(a.content)
	})
}

// rejection returns what is wrong with a request, in the form that Rekor's clients
// read.
func rejection(err error) answer {
	status := http.StatusBadRequest
	if errors.Is(err, errForbidden) {
		status = http.StatusForbidden
	}
	content, _ := json.Marshal(models.Error{Code: int64(status), Message: err.Error()})
	return answer{status: status, contentType: "application/json", content: content}
}
