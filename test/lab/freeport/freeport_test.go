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

package freeport

import (
	"errors"
	"net"
	"testing"

	"github.com/karmada-io/image-trust/test/lab/filelock"
)

func TestReserve(t *testing.T) {
	port, err := Reserve()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reserve(port.Number()); !errors.Is(err, filelock.ErrLocked) {
		t.Errorf("reserve it again: got %v, want %v", err, filelock.ErrLocked)
	}
	listener, err := net.Listen("tcp", port.Address())
	if err != nil {
		t.Fatalf("use it: %v", err)
	}
	if err := port.Release(); err != nil {
		t.Fatal(err)
	}
	if _, err := reserve(port.Number()); !errors.Is(err, errInUse) {
		t.Errorf("reserve it while somebody listens: got %v, want %v", err, errInUse)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if InUse(port.Number()) {
		t.Error("in use although no process listens")
	}
}
