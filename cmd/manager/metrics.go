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

package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// The labels are verdicts and reasons only, so that the number of series does not grow with the number of images.
//
//nolint:gochecknoglobals // controller-runtime's registry of metrics is global too
var verifications = prometheus.NewHistogramVec(prometheus.HistogramOpts{
	Name:    "karmada_image_trust_verification_duration_seconds",
	Help:    "Duration of verifications of images, and their number, by verdict and reason.",
	Buckets: prometheus.ExponentialBuckets(0.01, 2.5, 10),
}, []string{"verdict", "reason"})

func init() { //nolint:gochecknoinits // controller-runtime registers its metrics like this too
	metrics.Registry.MustRegister(verifications)
}

// confirmedRoot collects when the default root of trust was last confirmed, for alerts about a mirror that is down.
func confirmedRoot(roots *trustroot.Default) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "karmada_image_trust_default_root_confirmed_timestamp_seconds",
		Help: "Unix time when the TUF repository last confirmed the default root of trust; 0 if it never did.",
	}, func() float64 { return seconds(roots.Fetched()) })
}

// confirmedRoots collects when the roots of trust of TrustRoots with a TUF repository were last confirmed. The number of
// series is the number of these TrustRoots.
type confirmedRoots struct {
	named       *trustroot.Named
	description *prometheus.Desc
}

func newConfirmedRoots(named *trustroot.Named) prometheus.Collector {
	return confirmedRoots{named: named, description: prometheus.NewDesc(
		"karmada_image_trust_root_confirmed_timestamp_seconds",
		"Unix time when the TUF repository of a TrustRoot last confirmed its root of trust; 0 if it never did.",
		[]string{"trust_root"}, nil,
	)}
}

// Describe implements prometheus.Collector.
func (c confirmedRoots) Describe(descriptions chan<- *prometheus.Desc) { descriptions <- c.description }

// Collect implements prometheus.Collector.
func (c confirmedRoots) Collect(out chan<- prometheus.Metric) {
	for name, confirmed := range c.named.Fetched() {
		out <- prometheus.MustNewConstMetric(c.description, prometheus.GaugeValue, seconds(confirmed), name)
	}
}

// seconds returns the Unix time in seconds, or 0 for the zero time.
func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.Unix())
}

// observeVerification records the duration and the verdict of a verification.
func observeVerification(result verify.Result, duration time.Duration) {
	verifications.WithLabelValues(string(result.Verdict), result.Reason).Observe(duration.Seconds())
}
