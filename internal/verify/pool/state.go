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

package pool

// State of a Pool.
type State struct {
	// Waiting counts the questions that wait for a worker, and Busy the workers that have one.
	Waiting, Busy, Workers int
	// Hosts are those that questions are about, in no order.
	Hosts []HostState
}

// HostState is the state of a registry host.
type HostState struct {
	// Name of the host in its one spelling (package imagename).
	Name string
	// Open reports whether it has left so many attempts unanswered that it is asked about one image at a time.
	Open bool
}

// State returns the state of the pool. It costs a look at each host.
func (p *Pool) State() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := State{Workers: p.schedule.limits.all(), Hosts: make([]HostState, 0, len(p.schedule.hosts))}
	for _, busy := range p.schedule.busy {
		s.Busy += busy
	}
	for _, h := range p.schedule.hosts {
		s.Waiting += h.waiting
		s.Hosts = append(s.Hosts, HostState{Name: h.name, Open: h.open()})
	}
	return s
}
