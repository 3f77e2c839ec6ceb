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

	"go.opentelemetry.io/otel/trace"
)

// subscriber is somebody who asks, with what it asks, and what it has not got yet.
type subscriber struct {
	name      string
	interests map[Key]*interest
	// changed holds the interests whose answers are others than those that the subscriber got last, the oldest change first.
	changed *list.List
	gathered
	// ready reports whether it is among those to be notified.
	ready bool
}

// interest is that of a subscriber in an entry.
type interest struct {
	subscriber *subscriber
	entry      *entry
	since      time.Time // the subscriber requires the attempt to have begun at or after it
	fresh      bool      // whether the answer is fresh for the subscriber
	position   int       // in the entry's interests
	changed    *list.Element
}

// Answers returns what is known of each request, in their order, and has workers find out the rest: what has not been
// attempted at or after since. The requests are kept, and retried after failures, until Release, Retain or Forget drops them.
// It is called with new requests, and again with those whose time, root of trust or namespaces have changed. Changes returns what
// becomes of the answers.
func (p *Pool) Answers(name string, requests []Request, since time.Time) []Answer {
	defer p.unlockAndNotify()
	p.mu.Lock()
	s := p.subscriber(name, len(requests))
	answers := make([]Answer, 0, len(requests))
	for i := range requests {
		in := p.ask(s, &requests[i], since)
		in.got()
		answers = append(answers, in.answer())
	}
	p.gather(s)
	return answers
}

// Changes returns the answers of a subscriber that changed, or became or stopped being fresh, since it got them last from Answers
// or Changes, the oldest change first. It costs as much as there are.
func (p *Pool) Changes(name string) []Answered {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.subscribers[name]
	if s == nil {
		return nil
	}
	changes := make([]Answered, 0, s.changed.Len())
	for at := s.changed.Front(); at != nil; at = s.changed.Front() {
		in := at.Value.(*interest) //nolint:forcetypeassert // it holds interests only
		in.got()
		changes = append(changes, Answered{in.entry.key, in.answer()})
	}
	p.gather(s)
	return changes
}

// Release drops some requests of a subscriber. What is known of a request that no subscriber has any more is dropped too.
func (p *Pool) Release(name string, keys []Key) {
	defer p.unlockAndNotify()
	p.mu.Lock()
	s := p.subscribers[name]
	if s == nil {
		return
	}
	for _, k := range keys {
		if in := s.interests[k]; in != nil {
			p.release(in)
		}
	}
	p.gather(s)
}

// Retain drops all requests of a subscriber but the given ones, as Release does.
func (p *Pool) Retain(name string, requests []Request) {
	retained := make(map[Key]bool, len(requests))
	for i := range requests {
		retained[requests[i].Key()] = true
	}
	defer p.unlockAndNotify()
	p.mu.Lock()
	if s := p.subscribers[name]; s != nil {
		p.retain(s, retained)
		p.gather(s)
	}
}

// Forget drops all requests of a subscriber.
func (p *Pool) Forget(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.subscribers[name]; s != nil {
		p.retain(s, nil)
		p.gathering.remove(s)
		delete(p.subscribers, name)
	}
}

// retain drops the requests of a subscriber that are not among the given ones.
func (p *Pool) retain(s *subscriber, retained map[Key]bool) {
	for k, in := range s.interests {
		if !retained[k] {
			p.release(in)
		}
	}
}

// subscriber returns the subscriber of a name, which is new if there was none.
func (p *Pool) subscriber(name string, requests int) *subscriber {
	s := p.subscribers[name]
	if s == nil {
		s = &subscriber{name: name, interests: make(map[Key]*interest, requests), changed: list.New()}
		p.subscribers[name] = s
	}
	return s
}

// ask notes what a subscriber asks, and has it found out unless it is known.
func (p *Pool) ask(s *subscriber, request *Request, since time.Time) *interest {
	k := request.Key()
	in := s.interests[k]
	if in == nil {
		e := p.entries[k]
		if e == nil {
			e = p.newEntry(k, hostOf(request))
		}
		in = &interest{subscriber: s, entry: e, position: len(e.interests)}
		e.interests = append(e.interests, in)
		s.interests[k] = in
		s.waiting++
	}
	e := in.entry
	rotated := fingerprint(e.request.Root) != fingerprint(request.Root)
	e.request = *request
	e.request.Cause = trace.SpanContext{} // of this call, not of the entry
	in.since = since
	in.refresh()
	if rotated {
		p.share(e, none)
	}
	if !in.fresh {
		e.asked().add(request.Cause)
		p.enqueue(e)
		if h := p.schedule.hosts[e.host]; p.patience.exhausted(h) && h.refuses(p.clock.Now()) {
			p.refuse(e, h)
		}
	}
	return in
}

// share notes whom an entry has something new for: an answer that is another than before, or that became or stopped being fresh. A
// subscriber whose answer only stopped being fresh is not notified: it is notified of the next one.
func (p *Pool) share(e *entry, n news) {
	for _, in := range e.interests {
		moved := in.refresh()
		if !moved && n == none {
			continue
		}
		in.change()
		switch {
		case n == another:
			in.subscriber.others++
		case moved && in.fresh:
			in.subscriber.landed++
		}
		p.gather(in.subscriber)
	}
}

// release drops an interest, and the entry with the last one.
func (p *Pool) release(in *interest) {
	in.got()
	if !in.fresh {
		in.subscriber.waiting--
	}
	delete(in.subscriber.interests, in.entry.key)
	e := in.entry
	last := len(e.interests) - 1
	e.interests[in.position] = e.interests[last]
	e.interests[in.position].position = in.position
	e.interests[last] = nil
	if e.interests = e.interests[:last]; last == 0 {
		p.dropEntry(e)
	}
}

// answer is that of the entry as the subscriber gets it.
func (in *interest) answer() Answer {
	answer := in.entry.answer
	answer.Fresh = in.fresh
	return answer
}

// refresh finds out whether the answer is fresh for the subscriber, and reports whether that changed.
func (in *interest) refresh() (moved bool) {
	before := in.fresh
	in.fresh = in.entry.fresh(in.since)
	switch {
	case in.fresh && !before:
		in.subscriber.waiting--
	case before && !in.fresh:
		in.subscriber.waiting++
	}
	return in.fresh != before
}

// change notes that the subscriber has not got the answer as it is.
func (in *interest) change() {
	if in.changed == nil {
		in.changed = in.subscriber.changed.PushBack(in)
	}
}

// got notes that the subscriber has got the answer as it is.
func (in *interest) got() {
	if in.changed != nil {
		in.subscriber.changed.Remove(in.changed)
		in.changed = nil
	}
}

// newEntry returns an entry that nothing is known of.
func (p *Pool) newEntry(k Key, host string) *entry {
	e := &entry{key: k, answer: Pending(), host: host}
	p.entries[k] = e
	h := p.schedule.keep(e.host)
	if !p.patience.endless() {
		h.unlanded[e] = struct{}{}
	}
	for _, tag := range k.tags() {
		p.tags.hold(tag)
	}
	return e
}

// dropEntry forgets all about a question.
func (p *Pool) dropEntry(e *entry) {
	delete(p.entries, e.key)
	if h := p.schedule.hosts[e.host]; h != nil {
		delete(h.unlanded, e)
	}
	if p.schedule.drop(e.key, e.host) {
		p.releaseMemo(e.key)
	}
	p.releaseNames(e.names)
	for _, tag := range e.key.tags() {
		p.tags.release(tag)
	}
}
