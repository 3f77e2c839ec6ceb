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

package binaries

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

const headline = "▸ building the control plane from source, once (1 to 4 minutes a program"

// reporter shows how far the builds are: one line that keeps itself fresh on a
// terminal, one line a program elsewhere.
type reporter struct {
	out      io.Writer
	terminal bool
	total    int

	mu      sync.Mutex // guards the rest against tick
	current int
	name    string
	started time.Time

	stop   chan struct{}
	ticker sync.WaitGroup
}

func newReporter(out io.Writer, total int) *reporter {
	r := &reporter{out: out, total: total, stop: make(chan struct{})}
	if file, ok := out.(*os.File); ok {
		r.terminal = term.IsTerminal(int(file.Fd()))
	}
	if r.terminal {
		r.ticker.Go(r.tick)
	}
	return r
}

func (r *reporter) start(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.current++
	r.name, r.started = name, time.Now()
	if r.terminal {
		r.rewrite()
	}
}

func (r *reporter) done() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.terminal {
		_, _ = fmt.Fprintln(r.out, r.line())
	}
}

func (r *reporter) close() {
	close(r.stop)
	r.ticker.Wait()
	if r.terminal {
		_, _ = fmt.Fprintln(r.out)
	}
}

func (r *reporter) tick() {
	for {
		select {
		case <-r.stop:
			return
		case <-time.After(time.Second):
			r.mu.Lock()
			r.rewrite()
			r.mu.Unlock()
		}
	}
}

func (r *reporter) line() string {
	return fmt.Sprintf("%s; %d of %d: %s) %4.0f s", headline, r.current, r.total, r.name, time.Since(r.started).Seconds())
}

// rewrite replaces the terminal's line; ESC [ K clears what a longer one left.
func (r *reporter) rewrite() {
	_, _ = fmt.Fprintf(r.out, "\r%s\x1b[K", r.line())
}
