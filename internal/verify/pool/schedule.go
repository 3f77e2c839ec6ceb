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
// one; hosts are served in turn, and so are the askers of a host. Three bounds leave workers to others: few workers for one
// host, and fewer for one that does not answer; not all for one asker; and not all for hosts that are not known to answer
// promptly, which are those that may keep a worker for long. A schedule knows no clock, and is not safe for concurrent use.
type schedule struct {
	limits   limits
	patience patience
	hosts    map[string]*host
	items    map[key]*item // what waits, or is in a worker's hands
	later    delays[key]   // what is to be added later
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

// usage counts the workers of an asker, in all and at slow hosts.
type usage struct{ all, slow int }

// limits are the bounds of a schedule, in workers.
type limits struct {
	workers int
	// host bounds one host, unless it answers promptly and enough workers are idle.
	host int
	// idle is how many workers have to be left by a host that takes more than its share.
	idle int
	// asker bounds one asker, askerSlow one asker at slow hosts, and slow all slow hosts together.
	asker, askerSlow, slow int
}

// limitsOf returns the limits for a number of workers: of ten, three for one host or for one asker's slow hosts, and three
// are left to others. Where nobody else can come, alone, a host that answers promptly may have all.
func limitsOf(workers int, alone bool) limits {
	share := max(1, workers*3/10)
	l := limits{
		workers: workers, host: share, idle: share,
		asker: max(1, workers-share), askerSlow: share, slow: max(1, workers-share),
	}
	if alone {
		l.idle, l.asker, l.askerSlow = 0, workers, workers
	}
	return l
}

// item is a question that waits or is in a worker's hands.
type item struct {
	key    key
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
		limits: l, patience: p, hosts: map[string]*host{}, items: map[key]*item{}, later: newDelays[key](), paused: newDelays[string](),
		inFlight: map[asker]usage{},
	}
	for c := range s.rings {
		s.rings[c] = list.New()
	}
	return s
}

// keep notes that a question to a host exists, for which the host's state is remembered until drop.
func (s *schedule) keep(name string) {
	h := s.hosts[name]
	if h == nil {
		h = newHost(name)
		s.hosts[name] = h
	}
	h.questions++
}

// drop removes a question that nobody asks any more.
func (s *schedule) drop(k key, name string) {
	s.later.remove(k)
	if i := s.items[k]; i != nil {
		i.again = false
		if !i.taken {
			s.leave(i)
			delete(s.items, k)
		}
	}
	if h := s.hosts[name]; h != nil {
		h.questions--
		s.forget(h)
	}
}

// forget drops a host about which there is no question.
func (s *schedule) forget(h *host) {
	if h.questions <= 0 && h.workers == 0 && s.hosts[h.name] == h {
		s.unring(h)
		s.paused.remove(h.name)
		delete(s.hosts, h.name)
	}
}

// add has a question wait for a worker, unless it does already.
func (s *schedule) add(k key, name string, askers []asker) {
	if i := s.items[k]; i != nil {
		i.again = i.again || i.taken
		return
	}
	h := s.hosts[name]
	if h == nil {
		return // it was dropped
	}
	i := &item{key: k, host: h, askers: askers}
	for _, a := range askers {
		q := h.queueOf(a)
		i.places = append(i.places, place{q, q.items.PushBack(i)})
	}
	h.waiting++
	s.items[k] = i
	s.ring(h)
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
func (s *schedule) take(now time.Time) (key, bool) {
	for range classes {
		s.turn = (s.turn + 1) % classes
		if s.turn == slow && s.busy[slow] >= s.limits.slow {
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
	return key{}, false
}

// limit returns how many workers a host may have now.
func (s *schedule) limit(h *host, now time.Time) int {
	switch {
	case h.open() && now.Before(h.resume):
		return 0
	case h.open():
		return 1
	case h.class() == prompt && s.limits.workers-s.busy[slow]-s.busy[prompt] > s.limits.idle:
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
		if used.all >= s.limits.asker || h.class() == slow && used.slow >= s.limits.askerSlow {
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
	used.all += n
	if i.class == slow {
		used.slow += n
	}
	if s.inFlight[i.by] = used; used.all == 0 {
		delete(s.inFlight, i.by)
	}
}

// done takes a question back from a worker, with what the attempt says about the host.
func (s *schedule) done(k key, o outcome, now time.Time) {
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
		s.add(k, h.name, i.askers)
	}
	s.ring(h)
	s.forget(h)
}

// wake has hosts asked again whose time has come, and returns the questions that are to be added now.
func (s *schedule) wake(now time.Time) []key {
	for _, name := range s.paused.due(now) {
		if h := s.hosts[name]; h != nil {
			s.ring(h)
		}
	}
	return s.later.due(now)
}

// next returns the time of the next wake; false if there is none.
func (s *schedule) next() (time.Time, bool) {
	question, some := s.later.next()
	host, paused := s.paused.next()
	if !some || paused && host.Before(question) {
		return host, paused
	}
	return question, some
}

// waitingAt returns the questions that wait for a host.
func (s *schedule) waitingAt(h *host) []key {
	var waiting []key
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
