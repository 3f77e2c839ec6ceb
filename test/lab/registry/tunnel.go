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

package registry

import (
	"net"
	"sync"
)

// tunnelListener is a listener whose connections are the tunnels that CONNECT
// opened, so that net/http serves them like any others.
type tunnelListener struct {
	address net.Addr
	tunnels chan net.Conn

	once   sync.Once
	closed chan struct{}
}

func newTunnelListener(address net.Addr) *tunnelListener {
	return &tunnelListener{address: address, tunnels: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *tunnelListener) add(conn net.Conn) {
	select {
	case l.tunnels <- conn:
	case <-l.closed:
		_ = conn.Close()
	}
}

// Accept returns the next tunnel.
func (l *tunnelListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.tunnels:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close makes Accept fail.
func (l *tunnelListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr is the proxy's address.
func (l *tunnelListener) Addr() net.Addr { return l.address }
