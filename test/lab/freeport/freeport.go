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

// Package freeport hands out TCP ports of the loopback interface to programs
// that need their port before they start.
package freeport

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/karmada-io/image-trust/test/lab/filelock"
)

// The ports lie below the range from which kernels choose ports for outgoing
// connections, so that no client connection takes one between its reservation
// and its use.
const (
	firstPort = 20000
	lastPort  = 29999
	attempts  = 200
)

// Port is a TCP port of 127.0.0.1, this holder's own among all processes that
// use this package, until it is released.
type Port struct {
	number int
	lock   *filelock.Lock
}

// Reserve finds a port on which no process listens.
func Reserve() (*Port, error) {
	for range attempts {
		number := firstPort + rand.IntN(lastPort-firstPort+1)
		port, err := reserve(number)
		if err == nil {
			return port, nil
		}
		if !errors.Is(err, filelock.ErrLocked) && !errors.Is(err, errInUse) {
			return nil, err
		}
	}
	return nil, fmt.Errorf("no free port of 127.0.0.1 in %d attempts between %d and %d", attempts, firstPort, lastPort)
}

var errInUse = errors.New("port in use")

func reserve(number int) (*Port, error) {
	lock, err := filelock.TryAcquire(filepath.Join(os.TempDir(), "karmada-image-trust-ports", strconv.Itoa(number)))
	if err != nil {
		return nil, err
	}
	port := &Port{number: number, lock: lock}
	if InUse(number) {
		return nil, errors.Join(errInUse, lock.Release())
	}
	return port, nil
}

// InUse reports whether somebody listens on the port, on loopback or on all
// interfaces.
func InUse(number int) bool {
	// The wildcard address clashes with every listener, also with one of a single address.
	listener, err := net.Listen("tcp", net.JoinHostPort("", strconv.Itoa(number)))
	if err != nil {
		return true
	}
	_ = listener.Close()
	return false
}

// Number is the port's number.
func (p *Port) Number() int { return p.number }

// String is the port's number in decimal, as command lines want it.
func (p *Port) String() string { return strconv.Itoa(p.number) }

// Address is the port with its host, 127.0.0.1:PORT.
func (p *Port) Address() string { return net.JoinHostPort("127.0.0.1", p.String()) }

// Release lets others have the port.
func (p *Port) Release() error { return p.lock.Release() }
