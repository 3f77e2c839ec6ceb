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

	"github.com/karmada-io/image-trust/controllers"
	"github.com/karmada-io/image-trust/internal/metrics"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/pool"
	"github.com/karmada-io/image-trust/internal/verify/registry"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// measured has the state that metrics are read from at a scrape. It is complete once the operator is composed, before it starts.
type measured struct {
	pool     *pool.Pool
	defaults controllers.Roots
	named    *trustroot.Named
}

func (m *measured) sources() metrics.Sources {
	return metrics.Sources{Pool: m.poolState, Roots: m.roots}
}

func (m *measured) poolState() metrics.Pool {
	if m.pool == nil {
		return metrics.Pool{}
	}
	state := m.pool.State()
	out := metrics.Pool{Waiting: state.Waiting, Busy: state.Busy, Workers: state.Workers}
	for _, host := range state.Hosts {
		out.Hosts = append(out.Hosts, metrics.Host{Name: host.Name, NotAnswering: host.Open})
	}
	return out
}

func (m *measured) roots() []metrics.Root {
	var all []metrics.Root
	if m.defaults != nil {
		current, _ := m.defaults.Current() // why there is none is reported in conditions
		one := trustroot.Status{Root: current}
		if fetched, ok := m.defaults.(*trustroot.Default); ok {
			one.Remote, one.Confirmed = true, fetched.Fetched()
		}
		all = append(all, rootMetrics("", one))
	}
	if m.named != nil {
		for name, one := range m.named.Status() {
			all = append(all, rootMetrics(name, one))
		}
	}
	return all
}

func rootMetrics(name string, status trustroot.Status) metrics.Root {
	one := metrics.Root{Name: name, Remote: status.Remote, Confirmed: status.Confirmed}
	if status.Root != nil {
		one.AuthoritiesExpire, one.MetadataExpires = status.Root.AuthoritiesExpire, status.Root.Expires
	}
	return one
}

// observeVerification returns a function that counts verifications.
func observeVerification(m *metrics.Metrics) func(verify.Result, time.Duration) {
	return func(result verify.Result, duration time.Duration) {
		m.Verification(string(result.Verdict), result.Reason, duration)
	}
}

// observeRequest returns a function that counts requests to registries.
func observeRequest(m *metrics.Metrics) func(registry.Observation) {
	return func(o registry.Observation) { m.Request(metrics.Request(o)) }
}
