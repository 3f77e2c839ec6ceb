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

package labtest

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// EventReasons returns a function that reads the reasons of all events about a trust.
func (l *Lab) EventReasons(name string) func(context.Context) ([]string, error) {
	return func(ctx context.Context) ([]string, error) {
		events := &eventsv1.EventList{}
		// Events about cluster-scoped objects are in the default namespace.
		if err := l.Client.List(ctx, events, client.InNamespace("default")); err != nil {
			return nil, err
		}
		var reasons []string
		for _, event := range events.Items {
			if event.Regarding.Kind == "KarmadaImageTrust" && event.Regarding.Name == name {
				reasons = append(reasons, event.Reason)
			}
		}
		return reasons, nil
	}
}

// Contains is the check that a list contains a string.
func Contains(want string) func([]string) string {
	return func(got []string) string {
		if !slices.Contains(got, want) {
			return "no " + want
		}
		return ""
	}
}

// Response is an HTTP response that was read to its end.
type Response struct {
	Status int
	Body   string
}

// Fetch gets a URL.
func Fetch(t *testing.T, url string) Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	got, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = got.Body.Close() }()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	return Response{Status: got.StatusCode, Body: string(body)}
}

// Metrics is the content of the manager's metrics endpoint, in Prometheus' text format.
type Metrics string

// ReadMetrics reads the metrics of the running manager.
func (l *Lab) ReadMetrics(t *testing.T) Metrics {
	t.Helper()
	got := Fetch(t, l.MetricsURL)
	if got.Status != http.StatusOK {
		t.Fatalf("%s answers %d: %s", l.MetricsURL, got.Status, got.Body)
	}
	return Metrics(got.Body)
}

// Sum adds up the values of all series of a metric that have these labels, given as name="value".
func (m Metrics) Sum(name string, labels ...string) float64 {
	total := 0.0
series:
	for line := range strings.Lines(string(m)) {
		rest, ok := strings.CutPrefix(line, name)
		if !ok || !strings.HasPrefix(rest, "{") && !strings.HasPrefix(rest, " ") {
			continue
		}
		for _, label := range labels {
			if !strings.Contains(rest, label) {
				continue series
			}
		}
		fields := strings.Fields(rest)
		value, err := strconv.ParseFloat(fields[len(fields)-1], 64)
		if err == nil {
			total += value
		}
	}
	return total
}

// Warnings collects the warnings that the API server sends to a client.
type Warnings struct {
	mu    sync.Mutex
	texts []string
}

// NewWarningClient returns a client of an administrator, and the warnings that it receives.
func (l *Lab) NewWarningClient(t *testing.T) (client.Client, *Warnings) {
	t.Helper()
	received := &Warnings{}
	config := rest.CopyConfig(l.Config())
	config.WarningHandler = received
	c, err := client.New(config, client.Options{Scheme: l.Client.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	return c, received
}

// HandleWarningHeader implements rest.WarningHandler.
func (w *Warnings) HandleWarningHeader(_ int, _, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.texts = append(w.texts, text)
}

// Take returns the warnings since the last call, one a line.
func (w *Warnings) Take() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	texts := strings.Join(w.texts, "\n")
	w.texts = nil
	return texts
}
