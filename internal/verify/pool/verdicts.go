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
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/internal/verify"
)

// verdictName is what the verdicts on a digest are stored under. This includes the repository, since signatures are stored
// next to the image.
type verdictName struct {
	digest string // NAME@DIGEST; a name.Digest also contains how it was spelled
	rule   string
}

// basis is what a stored verdict depends on in addition to its name.
type basis struct{ root, access string }

// verdict on a digest, shared by all references to it.
type verdict struct {
	result verify.Result
	began  time.Time
}

// lookup is the digest that a tag named, and when it was resolved.
type lookup struct {
	digest name.Digest
	began  time.Time
}

// maxShared is how many values are stored under one name. There is one for each credential that is in use; those of former
// roots of trust and credentials are dropped with the rest once there are so many.
const maxShared = 8

// shared holds values for as long as somebody uses the name that they are stored under, so that dropping them never takes a
// search.
type shared[N, B comparable, V any] map[N]*sharedValues[B, V]

type sharedValues[B comparable, V any] struct {
	uses   int
	values []sharedValue[B, V] // usually one
}

type sharedValue[B comparable, V any] struct {
	basis B
	value V
}

// hold adds a use of a name.
func (s shared[N, B, V]) hold(n N) {
	held := s[n]
	if held == nil {
		held = &sharedValues[B, V]{}
		s[n] = held
	}
	held.uses++
}

// release removes a use of a name, and what is stored under it with the last one.
func (s shared[N, B, V]) release(n N) {
	held := s[n]
	if held == nil {
		return
	}
	if held.uses--; held.uses <= 0 {
		delete(s, n)
	}
}

func (s shared[N, B, V]) get(n N, b B) (value V, ok bool) {
	held := s[n]
	if held == nil {
		return value, false
	}
	for i := range held.values {
		if held.values[i].basis == b {
			return held.values[i].value, true
		}
	}
	return value, false
}

// put stores a value under a name that is in use.
func (s shared[N, B, V]) put(n N, b B, value V) {
	held := s[n]
	if held == nil {
		return
	}
	for i := range held.values {
		if held.values[i].basis == b {
			held.values[i].value = value
			return
		}
	}
	if len(held.values) >= maxShared {
		held.values = nil
	}
	held.values = append(held.values, sharedValue[B, V]{b, value})
}

// flightKey is a key for singleflight, which requires strings.
func flightKey(parts ...string) string { return strings.Join(parts, "\x00") }

// holdNames adds a use of what is stored for an entry: the verdicts on the digests of its answer, and the tags that it asks about.
func (p *Pool) holdNames(e *entry) {
	e.names = namesOf(e.key, &e.request, &e.answer)
	for _, n := range e.names {
		p.verdicts.hold(n)
	}
}

// updateNames has an entry use what is stored for its present answer.
func (p *Pool) updateNames(e *entry) {
	before := e.names
	p.holdNames(e)
	p.releaseNames(before)
}

func (p *Pool) releaseNames(names []verdictName) {
	for _, n := range names {
		p.verdicts.release(n)
	}
}

// namesOf returns what the verdicts behind an answer are stored under.
func namesOf(k Key, request *Request, answer *Answer) []verdictName {
	if request.ResolveOnly {
		return nil
	}
	var names []verdictName
	for _, digest := range []string{answer.Digest, answer.IndexDigest} {
		if digest != "" {
			names = append(names, verdictName{request.Ref.Context().Name() + "@" + digest, k.rule()})
		}
	}
	return names
}
