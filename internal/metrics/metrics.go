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
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Host is a registry that images are asked for of.
type Host struct {
	// Name is the host of the registry, in its one spelling.
	Name string
	// NotAnswering reports whether it has left several attempts in a row unanswered.
	NotAnswering bool
}

// Pool is the state of the verification in the background.
type Pool struct {
	// Waiting and Busy count the questions that wait, and the workers that answer one.
	Waiting, Busy, Workers int
	Hosts                  []Host
}

// Root is the state of a root of trust.
type Root struct {
	// Name of the TrustRoot; empty for the default root of trust.
	Name string
	// Remote reports whether the root of trust is in a TUF repository, which last confirmed it at Confirmed.
	Remote    bool
	Confirmed time.Time
	// AuthoritiesExpire is when its last certificate authority expires; zero if it is not known.
	AuthoritiesExpire time.Time
	// MetadataExpires is when packed metadata expires; zero if there is none.
	MetadataExpires time.Time
}

// Sources are asked at each scrape. They return what is stored, and compute nothing. Each may be nil.
type Sources struct {
	Pool  func() Pool
	Roots func() []Root
}

// Metrics collects the metrics of the operator. It implements prometheus.Collector, and is safe for concurrent use. Its methods
// may be called on a nil pointer, and do nothing then.
type Metrics struct {
	version string
	sources Sources

	descriptions map[string]*prometheus.Desc
	trusts       trusts
	registries   *registries

	verifications, providers   *prometheus.HistogramVec
	repairs, reportsNotWritten *prometheus.CounterVec
}

// New returns the metrics of an operator of a version.
func New(version string, sources Sources) *Metrics {
	m := &Metrics{
		version: version, sources: sources, descriptions: map[string]*prometheus.Desc{},
		trusts: trusts{last: map[string]Pass{}}, registries: newRegistries(),
		verifications:     newHistogram(verifications, prometheus.ExponentialBuckets(0.01, 2.5, 10)),
		providers:         newHistogram(providerDuration, prometheus.ExponentialBuckets(0.01, 2.5, 10)),
		repairs:           newCounter(policyRepairs),
		reportsNotWritten: newCounter(reportRejections),
	}
	for _, d := range Definitions() {
		m.descriptions[d.Name] = d.desc()
	}
	return m
}

// Record takes over what a reconciliation found out about a trust.
func (m *Metrics) Record(p Pass) {
	if m == nil {
		return
	}
	m.trusts.record(p)
	if p.Clusters == nil {
		// Both exist from the beginning, so that the first increase is seen.
		m.repairs.WithLabelValues(p.Trust).Add(float64(p.Repairs))
		m.reportsNotWritten.WithLabelValues(p.Trust)
	}
}

// RejectedReports counts policy reports of a trust that are not written.
func (m *Metrics) RejectedReports(trust string, n int) {
	if m != nil {
		m.reportsNotWritten.WithLabelValues(trust).Add(float64(n))
	}
}

// Forget drops all series of a trust that was deleted.
func (m *Metrics) Forget(trust string) {
	if m == nil {
		return
	}
	m.trusts.forget(trust)
	m.repairs.DeleteLabelValues(trust)
	m.reportsNotWritten.DeleteLabelValues(trust)
}

// Verification counts a verification.
func (m *Metrics) Verification(verdict, reason string, duration time.Duration) {
	if m != nil {
		m.verifications.WithLabelValues(verdict, bounded(reason)).Observe(duration.Seconds())
	}
}

// CredentialProvider counts a run of a credential provider of the configuration.
func (m *Metrics) CredentialProvider(provider, outcome string, duration time.Duration) {
	if m != nil {
		m.providers.WithLabelValues(provider, outcome).Observe(duration.Seconds())
	}
}

// Request counts a request that a registry caused.
func (m *Metrics) Request(request Request) {
	if m != nil {
		m.registries.observe(request)
	}
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range m.descriptions {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(out chan<- prometheus.Metric) {
	e := emitter{descriptions: m.descriptions, out: out}
	e.gauge(buildInfo, 1, m.version, runtime.Version())
	m.trusts.collect(e)
	e.vectors(m.repairs, m.reportsNotWritten, m.verifications, m.providers)
	if m.sources.Pool != nil {
		pool := m.sources.Pool()
		e.gauge(queueLength, float64(pool.Waiting))
		e.gauge(workers, float64(pool.Workers))
		e.gauge(workersBusy, float64(pool.Busy))
		m.registries.retain(pool.Hosts)
		m.registries.collect(e, pool.Hosts)
	}
	if m.sources.Roots != nil {
		for _, root := range m.sources.Roots() {
			root.collect(e)
		}
	}
}

func (r *Root) collect(e emitter) {
	confirmed, authorities, name := rootConfirmed, rootAuthorities, []string{r.Name}
	if r.Name == "" {
		confirmed, authorities, name = defaultConfirmed, defaultAuthorities, nil
	}
	if r.Remote {
		e.gauge(confirmed, seconds(r.Confirmed), name...)
	}
	if !r.AuthoritiesExpire.IsZero() {
		e.gauge(authorities, seconds(r.AuthoritiesExpire), name...)
	}
	if !r.MetadataExpires.IsZero() && r.Name != "" {
		e.gauge(rootMetadataExpires, seconds(r.MetadataExpires), name...)
	}
}

// emitter sends metrics to a scrape.
type emitter struct {
	descriptions map[string]*prometheus.Desc
	out          chan<- prometheus.Metric
}

func (e emitter) gauge(name string, value float64, labels ...string) {
	e.out <- prometheus.MustNewConstMetric(e.descriptions[name], prometheus.GaugeValue, value, labels...)
}

func (e emitter) vectors(all ...prometheus.Collector) {
	for _, one := range all {
		one.Collect(e.out)
	}
}
