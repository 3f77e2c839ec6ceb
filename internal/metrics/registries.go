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

package metrics

import (
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// maxRegistries is the number of registries with series of their own.
	maxRegistries = 50
	// otherRegistries is the label of all further registries.
	otherRegistries = "other"
	// noAnswer is the code of a request without an answer.
	noAnswer = "error"
)

// Request is one request that a registry caused.
type Request struct {
	// Registry is the host of the image's registry, in its one spelling.
	Registry string
	// Status of the response; 0 if there was none.
	Status   int
	Duration time.Duration
	// Withheld reports that the request was not sent, because the registry limits the rate of requests.
	Withheld bool
	// BackoffUntil is until when no request is sent; zero unless the response says so.
	BackoffUntil time.Time
}

// registries counts requests by registry. The first maxRegistries have series of their own, until no image of them is asked
// for any more.
type registries struct {
	requests, withheld *prometheus.CounterVec
	duration           *prometheus.HistogramVec

	mu    sync.Mutex
	known map[string]time.Time // until when no request is sent, by label
}

func newRegistries() *registries {
	return &registries{
		requests: newCounter(registryRequests),
		withheld: newCounter(registryWithheld),
		duration: newHistogram(registryDuration, prometheus.ExponentialBuckets(0.01, 2, 12)),
		known:    map[string]time.Time{},
	}
}

func (r *registries) observe(request Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	label := r.label(request.Registry)
	if request.BackoffUntil.After(r.known[label]) {
		r.known[label] = request.BackoffUntil
	}
	if request.Withheld {
		r.withheld.WithLabelValues(label).Inc()
		return
	}
	r.requests.WithLabelValues(label, code(request.Status)).Inc()
	r.duration.WithLabelValues(label).Observe(request.Duration.Seconds())
}

// label returns the label of a registry, which is its host while there is room.
func (r *registries) label(host string) string {
	if _, ok := r.known[host]; !ok {
		if len(r.known) >= maxRegistries && host != otherRegistries {
			return r.label(otherRegistries)
		}
		r.known[host] = time.Time{}
		r.withheld.WithLabelValues(host)
	}
	return host
}

// retain drops the series of registries that no image is asked for of.
func (r *registries) retain(hosts []Host) {
	used := map[string]bool{otherRegistries: true}
	for _, host := range hosts {
		used[host.Name] = true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for label := range r.known {
		if used[label] {
			continue
		}
		delete(r.known, label)
		series := prometheus.Labels{registryLabel: label}
		r.requests.DeletePartialMatch(series)
		r.withheld.DeletePartialMatch(series)
		r.duration.DeletePartialMatch(series)
	}
}

// collect emits what is known of the registries that images are asked for of.
func (r *registries) collect(e emitter, hosts []Host) {
	r.mu.Lock()
	open := map[string]int{}
	for _, host := range hosts {
		label := r.label(host.Name)
		open[label] += 0
		if host.NotAnswering {
			open[label]++
		}
	}
	for label, until := range r.known {
		e.gauge(registryBackoff, seconds(until), label)
	}
	r.mu.Unlock()
	for label, n := range open {
		e.gauge(registryOpen, float64(n), label)
	}
	e.vectors(r.requests, r.withheld, r.duration)
}

// usualStatuses are those that registries answer with, and that say different things about them.
//
//nolint:gochecknoglobals // a constant table
var usualStatuses = []int{
	http.StatusOK, http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusBadRequest,
	http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusTooManyRequests,
	http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
}

// code returns an HTTP status as labels have it: the usual ones as they are, all others by class.
func code(status int) string {
	switch {
	case status == 0:
		return noAnswer
	case slices.Contains(usualStatuses, status):
		return strconv.Itoa(status)
	case status >= 100 && status < 600:
		return strconv.Itoa(status/100) + "xx"
	default:
		return noAnswer
	}
}
