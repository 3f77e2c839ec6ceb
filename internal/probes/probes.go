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

// Package probes answers the probes of kubelet: /readyz and /healthz, in the format of the API server's, but with the reason why a
// check fails. The libraries withhold it, because a check may return anything; what is added here is written for users.
package probes

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"

	"github.com/karmada-io/image-trust/internal/text"
)

const (
	// maxReason bounds the reason of a check that fails, in bytes.
	maxReason = 512
	// timeout bounds a request and its answer, which fits in one packet.
	timeout = 5 * time.Second
	// maxHeader bounds the header of a request, in bytes.
	maxHeader = 16 << 10
)

// Check is one condition of a probe.
type Check struct {
	// Name is a part of the URL that asks for this check alone.
	Name string
	// Failure returns why the check fails, in words for users and without secrets; nil if it passes. It must not block.
	Failure func() error
}

// Probe is an endpoint. It succeeds if all its checks pass. It is safe for concurrent use.
type Probe struct {
	name string
	log  logr.Logger

	mu     sync.Mutex
	checks []Check
	failed map[string]string // the reasons that were logged last, by name
}

// New returns a Probe with some checks. Its name is that of its path. When the reason of a failure changes, it is logged.
func New(name string, log logr.Logger, checks ...Check) *Probe {
	return &Probe{name: name, log: log, checks: checks, failed: map[string]string{}}
}

// Add adds checks.
func (p *Probe) Add(checks ...Check) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.checks = append(p.checks, checks...)
}

// Handler serves probes under their names: /NAME asks for all checks of the probe, but for those that are named by the parameter
// exclude, and /NAME/CHECK for one. With the parameter verbose, the checks that pass are listed too.
func Handler(probes ...*Probe) http.Handler {
	mux := http.NewServeMux()
	for _, p := range probes {
		mux.HandleFunc("GET /"+p.name, func(w http.ResponseWriter, req *http.Request) {
			excluded := req.URL.Query()["exclude"]
			p.answer(w, req, func(c Check) bool { return !slices.Contains(excluded, c.Name) })
		})
		mux.HandleFunc("GET /"+p.name+"/{check}", func(w http.ResponseWriter, req *http.Request) {
			name := req.PathValue("check")
			if !p.has(name) {
				http.NotFound(w, req)
				return
			}
			p.answer(w, req, func(c Check) bool { return c.Name == name })
		})
	}
	return mux
}

// Server returns a server of the handler, without a listener.
func Server(handler http.Handler) *http.Server {
	return &http.Server{
		Handler: handler, ReadTimeout: timeout, WriteTimeout: timeout, IdleTimeout: time.Minute, MaxHeaderBytes: maxHeader,
	}
}

func (p *Probe) has(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.checks, func(c Check) bool { return c.Name == name })
}

// answer writes the result of the selected checks.
func (p *Probe) answer(w http.ResponseWriter, req *http.Request, selected func(Check) bool) {
	p.mu.Lock()
	checks := slices.Clone(p.checks)
	p.mu.Unlock()
	var lines strings.Builder
	passed, alone := true, req.PathValue("check") != ""
	for _, c := range checks {
		if !selected(c) {
			if alone {
				continue
			}
			fmt.Fprintf(&lines, "[+]%s excluded: ok\n", c.Name)
			continue
		}
		reason := ""
		if err := c.Failure(); err != nil {
			reason = text.Truncate(text.Printable(text.WithoutSecrets(err.Error())), maxReason)
		}
		p.note(c.Name, reason)
		if reason != "" {
			passed = false
			fmt.Fprintf(&lines, "[-]%s failed: %s\n", c.Name, reason)
			continue
		}
		fmt.Fprintf(&lines, "[+]%s ok\n", c.Name)
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, verbose := req.URL.Query()["verbose"]
	switch {
	case !passed:
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprintf(&lines, "%s check failed\n", p.name)
	case verbose:
		fmt.Fprintf(&lines, "%s check passed\n", p.name)
	default:
		lines.Reset()
		lines.WriteString("ok")
	}
	_, _ = io.WriteString(w, lines.String()) // kubelet may have gone
}

// note logs the reason of a failure once, and that the check passes again. Of a probe that fails, kubelet reports the status only.
func (p *Probe) note(name, reason string) {
	p.mu.Lock()
	before := p.failed[name]
	p.failed[name] = reason
	p.mu.Unlock()
	switch {
	case before == reason:
	case reason != "":
		p.log.Info("Check fails", "probe", p.name, "check", name, "reason", reason)
	default:
		p.log.Info("Check passes", "probe", p.name, "check", name)
	}
}
