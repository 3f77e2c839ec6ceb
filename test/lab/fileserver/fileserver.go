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

// Package fileserver serves a directory on loopback, such as a TUF repository.
package fileserver

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Server serves a directory until it is closed.
type Server struct {
	// URL of the directory.
	URL string

	server  *http.Server
	serving sync.WaitGroup
}

// Serve serves a directory on a free port. The context bounds the start only.
func Serve(ctx context.Context, dir string) (*Server, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serve %s: %w", dir, err)
	}
	s := &Server{
		URL:    "http://" + listener.Addr().String(),
		server: &http.Server{Handler: http.FileServer(http.Dir(dir)), ReadHeaderTimeout: time.Minute},
	}
	s.serving.Go(func() { _ = s.server.Serve(listener) })
	return s, nil
}

// Close ends the server and returns when it is gone.
func (s *Server) Close() error {
	err := s.server.Close()
	s.serving.Wait()
	return err
}
