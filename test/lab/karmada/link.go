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

package karmada

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/karmada-io/image-trust/test/lab/freeport"
)

const dialTimeout = 10 * time.Second

// link is the network between the control plane and one member: a TCP proxy. While it
// is cut, connections are refused: clients repeat what other failures interrupt, and
// Karmada would take long to notice.
type link struct {
	port   *freeport.Port
	target string

	mu       sync.Mutex
	listener net.Listener // nil while the link is cut
	conns    map[net.Conn]struct{}
	done     sync.WaitGroup
}

// newLink leads an address of loopback to a target, HOST:PORT.
func newLink(ctx context.Context, target string) (*link, error) {
	port, err := freeport.Reserve()
	if err != nil {
		return nil, err
	}
	l := &link{port: port, target: target, conns: map[net.Conn]struct{}{}}
	if err := l.open(ctx); err != nil {
		return nil, errors.Join(err, port.Release())
	}
	return l, nil
}

// address is what the control plane connects to, HOST:PORT.
func (l *link) address() string { return l.port.Address() }

// open lets connections through; it does nothing while the link is open.
func (l *link) open(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.listener != nil {
		return nil
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", l.address())
	if err != nil {
		return fmt.Errorf("link a member: %w", err)
	}
	l.listener = listener
	l.done.Go(func() { l.serve(listener) })
	return nil
}

// cut ends all connections and refuses new ones.
func (l *link) cut() {
	l.mu.Lock()
	if l.listener != nil {
		_ = l.listener.Close()
		l.listener = nil
	}
	for conn := range l.conns {
		_ = conn.Close()
	}
	l.mu.Unlock()
	l.done.Wait()
}

// close ends the link for good.
func (l *link) close() error {
	l.cut()
	return l.port.Release()
}

func (l *link) serve(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return // closed
		}
		l.done.Go(func() { l.forward(conn) })
	}
}

func (l *link) forward(from net.Conn) {
	defer func() { _ = from.Close() }()
	if !l.add(from) {
		return
	}
	defer l.remove(from)
	to, err := net.DialTimeout("tcp", l.target, dialTimeout)
	if err != nil {
		return
	}
	defer func() { _ = to.Close() }()
	if !l.add(to) {
		return
	}
	defer l.remove(to)
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{from, to}, {to, from}} {
		both.Go(func() {
			_, _ = io.Copy(way[0], way[1])
			// Half a connection is of no use to HTTP.
			_, _ = way[0].Close(), way[1].Close()
		})
	}
	both.Wait()
}

// add keeps a connection for cut, and says whether it may be used.
func (l *link) add(conn net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.listener == nil {
		return false
	}
	l.conns[conn] = struct{}{}
	return true
}

func (l *link) remove(conn net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, conn)
}
