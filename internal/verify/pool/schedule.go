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

import (
	"container/list"
	"time"
)

// asker is who a question is asked for: a namespace whose workloads use the image or, where no workload does, a subscriber.
type asker struct{ namespace, subscriber string }

// schedule decides which question a worker takes next. Each registry host has a queue of its own, and in it each asker has
// one; hosts are served in turn, and so are the askers of a host. Hosts that are not known to answer promptly may keep a worker
// for long, so they have workers of their own. Two bounds leave workers to others: few workers for one host, and fewer for one
// that does not answer; and not all for one asker. A schedule knows no clock, and is not safe for concurrent use.
type schedule struct {
	limits   limits
	patience patience
	hosts    map[string]*host
	items    map[Key]*item // what waits, or is in a worker's hands
	later    delays[Key]   // what is to be added later
	paused   delays[string]
	// rings hold the hosts with something to do, by class, the next one to be served first.
	rings [classes]*list.List
	turn  class // the class that is served next

	inFlight map[asker]usage
	busy     [classes]int

	// steps counts what was looked at, so that tests can compare costs.
	steps int
}

// class of a host.
type class int

const (
	// slow is a host that is not known to answer promptly.
	slow class = iota
	prompt
	classes
)

// usage counts the workers of an asker at the hosts of each class.
type usage [classes]int

// limits are the bounds of a schedule, in workers.
type limits struct {
	// of each class.
	of [classes]int
	// host bounds one host, unless it answers promptly and enough workers are idle.
	host int
	// idle is how many workers have to be left by a host that takes more than its share.
	idle int
	// asker bounds one asker at the hosts of each class.
	asker [classes]int
}

// limitsOf returns the limits for a number of workers: for ten, seven more that wait for slow hosts, three for one host or for one
// asker's slow hosts, and three that are left to others. Where nobody else can come, alone, a host that answers promptly may have
// all.
func limitsOf(workers int, alone bool) limits {
	share := max(1, workers*3/10)
	most := max(1, workers-share)
	l := limits{of: [classes]int{slow: most, prompt: workers}, host: share, idle: share, asker: [classes]int{slow: share, prompt: most}}
	if alone {
		l.idle, l.asker = 0, [classes]int{slow: workers, prompt: workers}
	}
	return l
}

// all returns the number of workers of all classes.
func (l *limits) all() int {
	all := 0
	for _, n := range l.of {
		all += n
	}
	return all
}

// item is a question that waits or is in a worker's hands.
type item struct {
	key    Key
	host   *host
	askers []asker
	places []place // one for each asker, while it waits
	// taken reports that a worker has it, for by, while its host was of class class.
	taken bool
	by    asker
	class class
	// again reports that it was added while a worker had it.
	again bool
}

// place of an item in a queue.
type place struct {
	queue   *queue
	element *list.Element
}

// queue holds what one asker asks one host.
type queue struct {
	asker asker
	items *list.List
	turn  *list.Element // in the host's ring
}

func newSchedule(l limits, p patience) *schedule {
	s := &schedule{
		limits: l, patience: p, hosts: map[string]*host{}, items: map[Key]*item{}, later: newDelays[Key](), paused: newDelays[string](),
		inFlight: map[asker]usage{},
	}
	for c := range s.rings {
		s.rings[c] = list.New()
	}
	return s
}

// keep notes that a question to a host exists, for which the host's state is remembered until drop, and returns the host.
func (s *schedule) keep(name string) *host {
	h := s.hosts[name]
	if h == nil {
		h = newHost(name)
		s.hosts[name] = h
	}
	h.questions++
	return h
}

// drop removes a question that nobody asks any more, and reports whether it waited.
func (s *schedule) drop(k Key, name string) (waited bool) {
	s.later.remove(k)
	if i := s.items[k]; i != nil {
		i.again = false
		if waited = !i.taken; waited {
			s.leave(i)
			delete(s.items, k)
		}
	}
	if h := s.hosts[name]; h != nil {
		h.questions--
		s.forget(h)
	}
	return waited
}

// forget drops a host about which there is no question.
func (s *schedule) forget(h *host) {
	if h.questions <= 0 && h.workers == 0 && s.hosts[h.name] == h {
		s.unring(h)
		s.paused.remove(h.name)
		delete(s.hosts, h.name)
	}
}

// add has a question wait for a worker, unless it does already, and reports whether it is new. Only then it needs to know the askers.
func (s *schedule) add(k Key, name string, askersOf func() []asker) (added bool) {
	if i := s.items[k]; i != nil {
		i.again = i.again || i.taken
		return false
	}
	h := s.hosts[name]
	if h == nil {
		return false // it was dropped
	}
	i := &item{key: k, host: h, askers: askersOf()}
	for _, a := range i.askers {
		q := h.queueOf(a)
		i.places = append(i.places, place{q, q.items.PushBack(i)})
	}
	h.waiting++
	s.items[k] = i
	s.ring(h)
	return true
}

// leave removes an item from its queues.
func (s *schedule) leave(i *item) {
	for _, p := range i.places {
		p.queue.items.Remove(p.element)
		i.host.tidy(p.queue)
	}
	i.places = nil
	i.host.waiting--
}

// ring has a host served in turn, if it has something to do.
func (s *schedule) ring(h *host) {
	if h.place != nil && h.ring == h.class() {
		return
	}
	s.unring(h)
	if h.waiting > 0 {
		h.ring = h.class()
		h.place = s.rings[h.ring].PushBack(h)
	}
}

func (s *schedule) unring(h *host) {
	if h.place != nil {
		s.rings[h.ring].Remove(h.place)
		h.place = nil
	}
}

// take returns the question that a worker is to work on next; false if there is none for now.
func (s *schedule) take(now time.Time) (Key, bool) {
	for range classes {
		s.turn = (s.turn + 1) % classes
		if s.busy[s.turn] >= s.limits.of[s.turn] {
			continue
		}
		ring := s.rings[s.turn]
		for range ring.Len() {
			s.steps++
			h := ring.Front().Value.(*host) //nolint:forcetypeassert // rings hold hosts only
			if h.waiting == 0 || h.workers >= s.limit(h, now) {
				s.unring(h) // until something changes at the host
				continue
			}
			ring.MoveToBack(h.place)
			if i := s.pick(h); i != nil {
				s.hand(i)
				return i.key, true
			}
		}
	}
	return Key{}, false
}

// limit returns how many workers a host may have now.
func (s *schedule) limit(h *host, now time.Time) int {
	switch {
	case h.open() && now.Before(h.resume):
		return 0
	case h.open():
		return 1
	case h.class() == prompt && s.limits.of[prompt]-s.busy[prompt] > s.limits.idle:
		return s.limits.host + h.prompt
	default:
		return s.limits.host
	}
}

// pick returns the next item of a host; nil if its askers have as many workers as they may.
func (s *schedule) pick(h *host) *item {
	for range h.queues.Len() {
		s.steps++
		q := h.queues.Front().Value.(*queue) //nolint:forcetypeassert // it holds queues only
		h.queues.MoveToBack(q.turn)
		used := s.inFlight[q.asker]
		if used[h.class()] >= s.limits.asker[h.class()] {
			continue
		}
		i := q.items.Front().Value.(*item) //nolint:forcetypeassert // queues hold items only
		i.by = q.asker
		return i
	}
	return nil
}

// hand gives an item to a worker.
func (s *schedule) hand(i *item) {
	s.leave(i)
	i.taken, i.class = true, i.host.class()
	s.count(i, 1)
}

// count adds a worker to the counts that an item belongs to, or removes one.
func (s *schedule) count(i *item, n int) {
	i.host.workers += n
	s.busy[i.class] += n
	used := s.inFlight[i.by]
	used[i.class] += n
	if s.inFlight[i.by] = used; used == (usage{}) {
		delete(s.inFlight, i.by)
	}
}

// done takes a question back from a worker, with what the attempt says about the host.
func (s *schedule) done(k Key, o outcome, now time.Time) {
	i := s.items[k]
	delete(s.items, k)
	s.count(i, -1)
	h := i.host
	if h.learn(o, now, s.patience); h.open() {
		s.paused.set(h.name, h.resume)
	} else {
		s.paused.remove(h.name)
	}
	if i.again {
		s.add(k, h.name, func() []asker { return i.askers })
	}
	s.ring(h)
	s.forget(h)
}

// wake has hosts asked again whose time has come, and returns the questions that are to be added now.
func (s *schedule) wake(now time.Time) []Key {
	for _, name := range s.paused.due(now) {
		if h := s.hosts[name]; h != nil {
			s.ring(h)
		}
	}
	return s.later.due(now)
}

// waitingAt returns the questions that wait for a host.
func (s *schedule) waitingAt(h *host) []Key {
	var waiting []Key
	for element := h.queues.Front(); element != nil; element = element.Next() {
		q := element.Value.(*queue) //nolint:forcetypeassert // it holds queues only
		for at := q.items.Front(); at != nil; at = at.Next() {
			if i := at.Value.(*item); i.askers[0] == q.asker { //nolint:forcetypeassert // queues hold items only
				waiting = append(waiting, i.key)
			}
		}
	}
	return waiting
}
