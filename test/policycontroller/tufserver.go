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

package policycontroller

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
)

// tufServer serves a TUF repository on loopback.
type tufServer struct {
	url     string
	server  *http.Server
	serving sync.WaitGroup
}

func newTUFServer(ctx context.Context, dir string) (*tufServer, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serve the TUF repository: %w", err)
	}
	s := &tufServer{
		url:    "http://" + listener.Addr().String(),
		server: &http.Server{Handler: http.FileServer(http.Dir(dir))}, //nolint:gosec // loopback, own client
	}
	s.serving.Go(func() { _ = s.server.Serve(listener) })
	return s, nil
}

func (s *tufServer) close() error {
	err := s.server.Close()
	s.serving.Wait()
	return err
}
