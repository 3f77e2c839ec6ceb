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

package verify

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"k8s.io/utils/lru"

	"github.com/karmada-io/image-trust/internal/policy"
)

const (
	// maxProofs is the number of outcomes that are remembered, and maxProofBytes bounds all of them, in bytes. Whoever attaches many
	// artefacts to images can have others forgotten, and each of these costs one verification more.
	maxProofs     = 8192
	maxProofBytes = 4 << 20
	// maxOutcome bounds each of them, in bytes. Messages about artefacts are shorter.
	maxOutcome = 2 << 10
)

// proof is what cryptography proves of an artefact, besides what the artefact itself says.
type proof struct {
	logIndex int64     // -1 without an entry of the transparency log
	log      string    // identifier of the log, in hexadecimal; empty without an entry
	time     time.Time // of signing
	// withoutStamp reports whether it is a bundle that would not be accepted if a timestamp was required.
	withoutStamp bool
	// expiredAuthority is that of a Result.
	expiredAuthority bool
}

// question is what is asked about an artefact.
type question int

const (
	// askProof asks for the proof.
	askProof question = iota + 1
	// askSoundness asks what is wrong with an artefact, whatever proves its time.
	askSoundness
	// askCause asks what is wrong with an artefact that is refused.
	askCause
)

// outcome is the answer to a question.
type outcome struct {
	// proof is nil if cosign does not accept the artefact for any signer.
	proof *proof
	// sound reports whether the certificate and the signature are right, and cause is what is wrong; nil if that was not found out.
	sound bool
	cause *rejection
}

// proofKey is all that an outcome depends on.
type proofKey struct {
	asked question
	// artefact is the hash of everything that is read of it.
	artefact [sha256.Size]byte
	image    v1.Hash
	// root is the fingerprint of the root of trust.
	root string
	// format and optionalLog are what is to prove the time.
	format      policy.Format
	optionalLog bool
}

// proofs remembers outcomes. An outcome is a function of its key: it depends on no rule, no caller, no registry and no time, so that
// it is the same whenever the same bytes are examined for the same image by the same root of trust. Whether the signer and the
// statement are those that a rule requires is not part of it.
type proofs struct {
	mu      sync.Mutex
	known   *lru.Cache // of outcome, by proofKey
	size    int        // of the known outcomes, in bytes
	running map[proofKey]*search
}

// search is the work on an outcome that others wait for.
type search struct {
	done  chan struct{}
	found outcome
	ok    bool
}

func newProofs() *proofs {
	p := &proofs{running: map[proofKey]*search{}}
	p.known = lru.NewWithEvictionFunc(maxProofs, func(key lru.Key, value any) { p.size -= sizeOfOutcome(key, value) })
	return p
}

// sizeOfOutcome is what a known outcome takes, in bytes, including what the cache needs for it.
func sizeOfOutcome(key lru.Key, value any) int {
	const overhead = 400
	known, _ := value.(outcome)
	k, _ := key.(proofKey)
	size := overhead + len(k.image.Hex)
	if known.proof != nil {
		size += len(known.proof.log)
	}
	if known.cause != nil {
		size += len(known.cause.reason) + len(known.cause.message)
	}
	return size
}

// find returns the known outcome, or finds it out. Of concurrent callers with the same key one does the work. An error is that of
// find, which is not remembered, or of ctx. Where find panics or fails, those who waited call it themselves.
func (p *proofs) find(ctx context.Context, key proofKey, find func() (outcome, error)) (outcome, error) {
	p.mu.Lock()
	if known, ok := p.known.Get(key); ok {
		p.mu.Unlock()
		return known.(outcome), nil //nolint:forcetypeassert // nothing else is added
	}
	other, running := p.running[key]
	if !running {
		own := &search{done: make(chan struct{})}
		p.running[key] = own
		p.mu.Unlock()
		return p.lead(key, own, find)
	}
	p.mu.Unlock()
	select {
	case <-other.done:
	case <-ctx.Done():
		return outcome{}, ctx.Err()
	}
	if other.ok {
		return other.found, nil
	}
	return find()
}

// lead finds an outcome out, and lets go of those who wait for it even if find panics.
func (p *proofs) lead(key proofKey, own *search, find func() (outcome, error)) (found outcome, err error) {
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.running, key)
		if own.ok {
			p.add(key, own.found)
		}
		close(own.done)
	}()
	found, err = find()
	own.found, own.ok = found, err == nil
	return found, err
}

// add remembers an outcome. The caller holds the lock.
func (p *proofs) add(key proofKey, found outcome) {
	size := sizeOfOutcome(key, found)
	if _, known := p.known.Get(key); known || size > maxOutcome {
		return
	}
	p.size += size
	p.known.Add(key, found)
	for p.size > maxProofBytes {
		p.known.RemoveOldest()
	}
}

// outcomeOf returns the answer to a question about a candidate, which find finds out if it is not known.
func (v *verification) outcomeOf(ctx context.Context, p candidate, asked question, find func() (outcome, error)) (outcome, error) {
	if v.proofs == nil || v.fingerprint == "" {
		return find()
	}
	artefact, optionalLog := p.read()
	return v.proofs.find(ctx, proofKey{
		asked: asked, artefact: artefact, image: v.hash, root: v.fingerprint, format: p.format(), optionalLog: optionalLog,
	}, find)
}

// hashParts returns the hash of a kind of artefact and of all its parts, in their order. No two lists of parts are hashed alike.
func hashParts[T string | []byte](kind string, parts ...T) [sha256.Size]byte {
	hash := sha256.New()
	write := func(part []byte) {
		_, _ = hash.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		_, _ = hash.Write(part)
	}
	write([]byte(kind))
	for _, part := range parts {
		write([]byte(part))
	}
	return [sha256.Size]byte(hash.Sum(nil))
}
