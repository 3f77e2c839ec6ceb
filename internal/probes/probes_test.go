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

package probes

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	testingclock "k8s.io/utils/clock/testing"
)

func failing(err error) func() error { return func() error { return err } }

func get(t *testing.T, h http.Handler, target string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, http.NoBody))
	return w.Code, w.Body.String()
}

func TestHandler(t *testing.T) {
	good, bad := Check{"good", failing(nil)}, Check{"bad", failing(errors.New("it is broken"))}
	hostile := Check{"hostile", failing(errors.New("https://user:password@example.com/x?token=secret \x1b[2J" + strings.Repeat("x", 2*maxReason)))}
	for name, tc := range map[string]struct {
		checks   []Check
		target   string
		status   int
		contains string
		exactly  bool
	}{
		"no checks":            {target: "/readyz", status: 200, contains: "ok", exactly: true},
		"all pass":             {checks: []Check{good}, target: "/readyz", status: 200, contains: "ok", exactly: true},
		"verbose":              {checks: []Check{good}, target: "/readyz?verbose", status: 200, contains: "[+]good ok\nreadyz check passed\n", exactly: true},
		"one fails":            {checks: []Check{good, bad}, target: "/readyz", status: 500, contains: "[+]good ok\n[-]bad failed: it is broken\nreadyz check failed\n", exactly: true},
		"the failure alone":    {checks: []Check{good, bad}, target: "/readyz/bad", status: 500, contains: "[-]bad failed: it is broken\nreadyz check failed\n", exactly: true},
		"another alone":        {checks: []Check{good, bad}, target: "/readyz/good", status: 200, contains: "ok", exactly: true},
		"an unknown one alone": {checks: []Check{good, bad}, target: "/readyz/other", status: 404},
		"without the failure":  {checks: []Check{good, bad}, target: "/readyz?exclude=bad&verbose", status: 200, contains: "[+]bad excluded: ok"},
		"of secrets":           {checks: []Check{hostile}, target: "/readyz", status: 500, contains: "https://[redacted]@example.com/x?[redacted]"},
		"another path":         {target: "/metrics", status: 404},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := get(t, Handler(New("readyz", logr.Discard(), tc.checks...)), tc.target)
			if status != tc.status || !strings.Contains(body, tc.contains) || tc.exactly && body != tc.contains {
				t.Errorf("status %d, want %d; body:\n%s", status, tc.status, body)
			}
			if strings.Contains(body, "password") || strings.Contains(body, "secret") || strings.Contains(body, "\x1b") || len(body) > 2*maxReason {
				t.Errorf("the body is not safe to print: %q", body)
			}
		})
	}
}

func TestAdd(t *testing.T) {
	p := New("readyz", logr.Discard())
	p.Add(Check{"late", failing(errors.New("not yet"))})
	if status, _ := get(t, Handler(p), "/readyz"); status != http.StatusInternalServerError {
		t.Errorf("status %d although a check fails", status)
	}
}

// TestLog repeats a failure, which is logged once.
func TestLog(t *testing.T) {
	var lines []string
	log := funcr.New(func(_, args string) { lines = append(lines, args) }, funcr.Options{})
	var failure error
	h := Handler(New("readyz", log, Check{"root", func() error { return failure }}))
	for _, failure = range []error{nil, errors.New("a"), errors.New("a"), errors.New("b"), nil, nil} {
		get(t, h, "/readyz")
	}
	if len(lines) != 3 || !strings.Contains(lines[0], `"reason"="a"`) || !strings.Contains(lines[1], `"reason"="b"`) ||
		!strings.Contains(lines[2], "Check passes") {
		t.Errorf("logged:\n%s", strings.Join(lines, "\n"))
	}
}

func TestWorkers(t *testing.T) {
	now := testingclock.NewFakePassiveClock(time.Unix(0, 0))
	w := NewWorkers("pool", 2, time.Minute, now)
	fails := func() bool { return w.Check().Failure() != nil }
	endFirst := w.Begin()
	now.SetTime(now.Now().Add(time.Hour))
	if fails() {
		t.Error("it fails although one of two workers is idle")
	}
	endSecond := w.Begin()
	if fails() {
		t.Error("it fails although one of two workers has just begun")
	}
	now.SetTime(now.Now().Add(time.Hour))
	if !fails() {
		t.Error("it does not fail although both workers are stuck")
	}
	endFirst()
	if fails() {
		t.Error("it fails although one of two workers has ended")
	}
	endSecond()
}
