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

package harness

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/karmada-io/image-trust/test/lab/stoppipe"
)

// fakeParts records what RunOn does to the parts.
type fakeParts struct {
	dir      string
	calls    []string
	stopFail error
}

func (p *fakeParts) Dir() string        { return p.dir }
func (p *fakeParts) Kubeconfig() string { return filepath.Join(p.dir, "kubeconfig") }
func (p *fakeParts) KeepLogs()          { p.calls = append(p.calls, "keep logs") }
func (p *fakeParts) Stop() error        { p.calls = append(p.calls, "stop"); return p.stopFail }

// stopOnOutput asks the kept parts to stop as soon as their message is printed.
type stopOnOutput struct {
	t       *testing.T
	parts   *fakeParts
	printed strings.Builder
}

func (w *stopOnOutput) Write(text []byte) (int, error) {
	if err := stoppipe.Stop(filepath.Join(w.parts.dir, stopPipe)); err != nil {
		w.t.Error(err)
	}
	return w.printed.Write(text)
}

func TestRunOn(t *testing.T) {
	tests := map[string]struct {
		keep       string
		code       int
		want       string
		wantOutput bool
	}{
		"passed":          {want: "stop"},
		"passed and kept": {keep: "1", want: "stop"},
		"failed":          {code: 1, want: "keep logs, stop"},
		"failed and kept": {keep: "1", code: 1, want: "keep logs, stop", wantOutput: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv(keepVariable, test.keep)
			parts := &fakeParts{dir: t.TempDir()}
			out := &stopOnOutput{t: t, parts: parts}
			if got := runOn(t.Context(), parts, out, func() int { return test.code }); got != test.code {
				t.Errorf("got the exit code %d, want %d", got, test.code)
			}
			if got := strings.Join(parts.calls, ", "); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if got := strings.Contains(out.printed.String(), "export KUBECONFIG="+parts.Kubeconfig()); got != test.wantOutput {
				t.Errorf("printed %q", out.printed.String())
			}
		})
	}
}
