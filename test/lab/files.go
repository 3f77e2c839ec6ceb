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

package lab

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// fileServer serves a directory on loopback.
type fileServer struct {
	url     string
	server  *http.Server
	serving sync.WaitGroup
}

func serveFiles(ctx context.Context, dir string) (*fileServer, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &fileServer{
		url:    "http://" + listener.Addr().String(),
		server: &http.Server{Handler: http.FileServer(http.Dir(dir)), ReadHeaderTimeout: time.Minute},
	}
	s.serving.Go(func() { _ = s.server.Serve(listener) })
	return s, nil
}

func (s *fileServer) close() error {
	err := s.server.Close()
	s.serving.Wait()
	return err
}
