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
	"reflect"
	"time"
)

const (
	// gatherShare is the share of what a subscriber waits for that is worth a notification: one third.
	gatherShare = 3
	// gatherLongest is how long the oldest change waits for others at most.
	gatherLongest = 10 * time.Second
	// gatherShortest is the time between a notification and the next one at least, unless nothing is waited for any more.
	gatherShortest = time.Second
	// calm is how long no answer may be replaced by another until the next one that is counts as the first.
	calm = 2 * gatherLongest
)

// news is what an attempt has about an answer.
type news int

const (
	// none is the same answer as before.
	none news = iota
	// first is an answer where there was none.
	first
	// another is an answer that replaces one that was known.
	another
)

func newsOf(before, after *Answer) news {
	switch {
	case reflect.DeepEqual(before, after):
		return none
	case before.Known:
		return another
	default:
		return first
	}
}

// gathered is what a subscriber has not been notified of. A notification makes it do its work again, so that the answers to many
// questions, which come one by one, are to cause few.
type gathered struct {
	// waiting counts the interests without a fresh answer.
	waiting int
	// landed counts the answers since the last notification that became fresh, and others those that replace another answer.
	landed, others int
	// notified is the time of the last notification, and replaced of the last one about an answer that replaces another.
	notified, replaced time.Time
	// pause is the time until the next notification about an answer that replaces another. It grows while there are such answers.
	pause time.Duration
}

// due returns when a subscriber with changes is to be notified. Answers that become fresh are gathered until they are a third of
// what was waited for, or all, or the first of them is as old as gatherLongest. An answer that replaces another is told at once;
// while more of them follow, as when a registry stops answering and a thousand verdicts become Unknown one after the other, they
// are gathered too, for a time that grows to gatherLongest.
func (g *gathered) due(now time.Time) time.Time {
	soon := g.notified.Add(gatherShortest)
	at := now.Add(gatherLongest)
	switch {
	case g.landed > 0 && g.waiting == 0:
		return now
	case g.landed*gatherShare >= g.landed+g.waiting:
		at = soon
	}
	if again := g.replaced.Add(g.pause); g.others > 0 && again.Before(at) {
		at = again
	}
	return at
}

// told notes that a subscriber is notified.
func (g *gathered) told(now time.Time) {
	if g.others > 0 {
		if g.pause = min(max(2*g.pause, gatherShortest), gatherLongest); now.Sub(g.replaced) >= calm {
			g.pause = gatherShortest
		}
		g.replaced = now
	}
	g.landed, g.others, g.notified = 0, 0, now
}

// gather decides when a subscriber is to be notified of what it has not got: never, if it has got all.
func (p *Pool) gather(s *subscriber) {
	switch now := p.clock.Now(); {
	case s.ready:
	case s.changed.Len() == 0:
		s.landed, s.others = 0, 0
		p.gathering.remove(s)
	case s.landed+s.others == 0: // it was notified, or an answer stopped being fresh
	case p.alone:
		p.tell(s)
	default:
		at := s.due(now)
		if !at.After(now) {
			p.tell(s)
			return
		}
		if known, gathering := p.gathering.at(s); !gathering || at.Before(known) {
			p.gathering.set(s, at)
			p.retime()
		}
	}
}

// tell has a subscriber notified once the pool is unlocked.
func (p *Pool) tell(s *subscriber) {
	s.told(p.clock.Now())
	p.gathering.remove(s)
	if !s.ready {
		s.ready = true
		p.ready = append(p.ready, s)
	}
}

// tellAll notifies all subscribers that are to be notified later.
func (p *Pool) tellAll() {
	defer p.unlockAndNotify()
	p.mu.Lock()
	for s := range p.gathering.byName {
		p.tell(s)
	}
}

// takeReady returns the names of the subscribers to notify. Who has got all answers meanwhile needs no notification.
func (p *Pool) takeReady() []string {
	names := make([]string, 0, len(p.ready))
	for _, s := range p.ready {
		s.ready = false
		if s.changed.Len() > 0 {
			names = append(names, s.name)
		}
	}
	p.ready = p.ready[:0]
	return names
}

// unlockAndNotify unlocks the pool, and then notifies those who are to be.
func (p *Pool) unlockAndNotify() {
	names := p.takeReady()
	p.mu.Unlock()
	p.notify(names)
}

// notify calls OnChange for each subscriber.
func (p *Pool) notify(subscribers []string) {
	for _, name := range subscribers {
		p.onChange(name)
	}
}
