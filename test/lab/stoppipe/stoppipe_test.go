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

package stoppipe

import (
	"os"
	"path/filepath"
	"testing"
)

func TestStop(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stop")
	if err := Stop(path); err == nil {
		t.Error("no process listens, and Stop returns no error")
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil { // what an ended process may leave
		t.Fatal(err)
	}
	stopped := make(chan struct{})
	if err := Listen(path, func() { close(stopped) }); err != nil {
		t.Fatal(err)
	}
	if err := Stop(path); err != nil {
		t.Fatal(err)
	}
	<-stopped
}
