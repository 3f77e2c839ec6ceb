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

package commandline

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// requestDelay is how long a request takes at least while it is delayed.
const requestDelay = 20 * time.Millisecond

// front stands before a registry, counts requests and delays them.
type front struct {
	// host is its address.
	host string

	requests atomic.Int64
	delay    atomic.Int64
	server   *http.Server
	serving  sync.WaitGroup
}

// serveFront passes requests on to the registry at an address.
func serveFront(ctx context.Context, registry string) (*front, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: registry})
			r.Out.Host = r.In.Host
		},
		Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: manyImages},
		ErrorLog:  log.New(io.Discard, "", 0), // of clients that end
	}
	f := &front{host: listener.Addr().String()}
	f.server = &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.requests.Add(1)
		time.Sleep(time.Duration(f.delay.Load()))
		proxy.ServeHTTP(w, r)
	})}
	f.serving.Go(func() { _ = f.server.Serve(listener) })
	return f, nil
}

func (f *front) delayRequests(by time.Duration) { f.delay.Store(int64(by)) }

func (f *front) close() error {
	err := f.server.Close()
	f.serving.Wait()
	return err
}
