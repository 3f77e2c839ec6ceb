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

package assess

import (
	"context"
	"maps"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/verify/pool"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// takeCluster takes in what changed of the state of admission.
func (t *Tracker) takeCluster() {
	t.known = t.pass.Cluster != nil
	if !t.known {
		return
	}
	cluster := *t.pass.Cluster
	if use := cluster.TrustRoot; use != nil {
		cluster.TrustRoot = func(name string) admission.TrustRootUse {
			t.uses[name] = use(name)
			return t.uses[name]
		}
	}
	all := t.pass.Delta.All || t.cluster == nil
	for name, before := range t.uses {
		all = all || t.pass.Cluster.UseOf(name) != before
	}
	t.cluster = &cluster
	for _, change := range t.pass.Delta.Policies {
		if all = all || change.NamesDigest(); all {
			break
		}
		if change.Name() != t.own { // the trust's own counts as it is once it is enforced
			t.policyChanged(change)
		}
	}
	for _, namespace := range t.pass.Delta.Namespaces {
		for w := range t.namespaces[namespace] {
			t.dirty[w] = struct{}{}
		}
		t.uncovered.forget(namespace)
	}
	if all {
		clear(t.uses)
		t.decideAll()
		t.uncovered.reset()
	}
}

// decideAll has all workloads be decided anew.
func (t *Tracker) decideAll() {
	for _, w := range t.workloads {
		t.dirty[w] = struct{}{}
	}
}

// settle asks what is to be asked, and decides on the workloads that are dirty, in rounds, until no new question arises.
func (t *Tracker) settle(ctx context.Context) error {
	t.unanswered = false
	for range maxRounds {
		if err := t.askWaiting(ctx); err != nil {
			return err
		}
		if !t.known || len(t.dirty) == 0 {
			return nil
		}
		for _, request := range t.requestsFor(t.decideDirty()) {
			if !request.ResolveOnly {
				root, err := t.rootOf(ctx, request.RootName)
				if err != nil {
					return err
				}
				request.Root = root
			}
			t.request(request)
		}
	}
	t.unanswered = len(t.waiting) > 0
	return nil
}

func (t *Tracker) rootOf(ctx context.Context, name string) (root *trustroot.Root, err error) {
	if known, ok := t.roots[name]; ok {
		return known, nil
	}
	if root, err = t.pass.Root(ctx, name); err == nil {
		t.roots[name] = root
	}
	return root, err
}

// takeDirty returns the workloads that are to be decided, sorted, and has none be decided from then on.
func (t *Tracker) takeDirty() []*Tracked {
	all := slices.Collect(maps.Keys(t.dirty))
	clear(t.dirty)
	return sorted(all)
}

// decideDirty decides on the workloads that are dirty, and returns the questions that have no answers yet, each once.
func (t *Tracker) decideDirty() []admission.Question {
	var questions []admission.Question
	open := map[admission.QuestionKey]bool{}
	for _, w := range t.takeDirty() {
		t.undecide(w)
		t.unread(w)
		t.reader = w
		w.Forecast = forecast.ForWorkload(t.cluster, w.Workload, func(q admission.Question) admission.Answer {
			answer, ok := t.find(q)
			if !ok && !open[q.Key()] {
				open[q.Key()] = true
				questions = append(questions, q)
			}
			return answer
		})
		t.reader = nil
		t.cover(w)
		t.tally.Add(&w.Forecast)
		w.decided = true
		t.changed.Workloads[w.Workload.UID] = w
	}
	return questions
}

// undecide takes a forecast out of the tally.
func (t *Tracker) undecide(w *Tracked) {
	if w.decided {
		t.tally.Remove(&w.Forecast)
		w.decided = false
	}
	t.uncover(w)
}

// unread forgets what a workload was told. Requests that nobody else wants the answers to may be dropped.
func (t *Tracker) unread(w *Tracked) {
	for _, read := range w.topics {
		about := read.topic
		about.removeReader(read.at)
		if len(about.readers) > 0 {
			continue
		}
		for _, a := range slices.Concat(about.exact, about.digests) {
			t.idle[a] = struct{}{}
		}
		if about.whole != "" {
			delete(t.wholes, about.whole)
		} else {
			t.close(about)
		}
	}
	clear(w.topics)
	w.topics = w.topics[:0]
}

// request returns the request with its answer, which is asked for if it is new.
func (t *Tracker) request(request pool.Request) *asked {
	request.Credentials = t.credentials
	key := request.Key()
	a := t.asked[key]
	if a == nil {
		a = &asked{request: request, key: key, answer: pool.Pending()}
		t.asked[key] = a
		t.learnOf(a)
		t.unknown++
		t.ask(a)
	}
	return a
}

// ask has a request be asked.
func (t *Tracker) ask(a *asked) {
	if !a.waiting {
		a.waiting = true
		t.waiting = append(t.waiting, a)
	}
}

// askWaiting asks the requests that are to be asked, on behalf of the namespaces that want to know.
func (t *Tracker) askWaiting(ctx context.Context) error {
	waiting := t.waiting
	t.waiting = nil
	requests := make([]pool.Request, 0, len(waiting))
	all := waiting[:0]
	for _, a := range waiting {
		if a.waiting = false; t.asked[a.key] != a {
			continue // dropped meanwhile
		}
		if namespaces := a.namespaces(); len(namespaces) > 0 {
			a.request.Namespaces = namespaces
		}
		if a.request.Running && a.answer.IndexDigest != "" {
			a.request.KnownIndex = new(a.request.Ref.Context().Digest(a.answer.IndexDigest))
		}
		all, requests = append(all, a), append(requests, a.request)
	}
	if len(requests) == 0 {
		return nil
	}
	answers, err := t.budget.limit(t.pass.Verdicts).Answers(ctx, requests)
	if err != nil {
		return err
	}
	for i, a := range all {
		t.take(a, answers[i])
	}
	return nil
}

// take takes in the answer to a request, and has be decided what was told another one.
func (t *Tracker) take(a *asked, answer pool.Answer) {
	exact, reference, before := t.topicsOf(a)
	same := a.answered && sameAnswer(&a.answer, &answer)
	if !a.answer.Known {
		t.unknown--
	}
	if !answer.Known {
		t.unknown++
	}
	t.learn(a, answer)
	if !same {
		_, _, after := t.topicsOf(a)
		for _, about := range []*topic{exact, reference, before, after} {
			t.tell(about)
		}
		if before != after {
			t.idle[a] = struct{}{} // it may have been needed for the digest alone that it was answered with
		}
	}
	for q := range a.queries {
		t.stale[q.group] = struct{}{}
	}
}

// tell has all readers of a topic be decided anew.
func (t *Tracker) tell(about *topic) {
	if about == nil {
		return
	}
	for _, r := range about.readers {
		t.dirty[r.Tracked] = struct{}{}
	}
}

// sameAnswer reports whether two answers are the same to admission.
func sameAnswer(a, b *pool.Answer) bool {
	if toAnswer(*a) != toAnswer(*b) {
		return false
	}
	was, is := current(*a), current(*b)
	return was.PassedOver == is.PassedOver && slices.Equal(was.Formats, is.Formats)
}

// release drops the requests that nobody wants the answers to any more.
func (t *Tracker) release() {
	var keys []pool.Key
	for a := range t.idle {
		if t.asked[a.key] != a || t.needed(a) {
			continue
		}
		_, reference, _ := t.topicsOf(a)
		if _, tagged := a.request.Ref.(name.Tag); tagged {
			t.tell(reference)
		}
		t.forget(a)
		if !a.answer.Known {
			t.unknown--
		}
		delete(t.asked, a.key)
		keys = append(keys, a.key)
	}
	clear(t.idle)
	if len(keys) > 0 {
		t.pass.Verdicts.Release(keys)
	}
}

// needed reports whether anybody wants the answer to a request: an image of the trust, or a workload that was told it.
func (t *Tracker) needed(a *asked) bool {
	exact, _, digest := t.topicsOf(a)
	return len(a.queries) > 0 || exact != nil && len(exact.readers) > 0 || digest != nil && len(digest.readers) > 0
}
