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
	"maps"
	"slices"
	"time"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/registry"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// Request asks for the verdict on one image.
type Request struct {
	// Ref is the image, by tag or by digest.
	Ref name.Reference
	// Tag is the tag that a reference names in addition to the digest in Ref; nil if it names none. The tag is resolved
	// too: it may have moved, or it may name the index that holds Ref.
	Tag *name.Tag
	// Index is the index that the workload requested where a node runs Ref; nil if it requested none.
	Index *name.Digest
	// KnownIndex is an index that is known to hold Ref and to be signed; nil if there is none. It is not part of the
	// question, only a hint where to search once the tag has moved.
	KnownIndex *name.Digest
	// Running reports whether a node runs Ref. If so, a signature of the index that holds Ref counts: the index was
	// requested, and the node chose from it.
	Running bool
	// ResolveOnly requests only the digest that Ref names. Rule and Root are not used, and the Answer's Result is zero
	// once the digest is known.
	ResolveOnly bool
	// Rule to verify by. Without one, and without ResolveOnly, the verdict is Unknown.
	Rule *policy.Rule
	// RootName is the name of the root of trust; empty for the default one.
	RootName string
	// Root of trust, nil if it is unavailable.
	Root *trustroot.Root
	// Credentials to present to the registry, nil for the verifier's own.
	Credentials *registry.Credentials
	// Namespaces of the workloads that use the image, none twice; empty where it is not for any workload. They are not part
	// of the question: namespaces are served in turn.
	Namespaces []string
}

// Answer is what is known about one image.
type Answer struct {
	// Digest that the Result is about, empty if a tag could not be resolved.
	Digest string
	// IndexDigest is the signed index through which a running platform digest is trusted; empty otherwise.
	IndexDigest string
	// TagDigest is what the Request's Tag names; Digest itself, if the tag names an index that holds it. Empty if unknown.
	TagDigest string
	// Result of the latest attempt; Unknown with reason Pending until the first one ends.
	Result verify.Result
	// Last is the latest verdict other than Unknown, from an earlier attempt on the same digest, and LastTime is when it
	// was reached. They are set only if Result is Unknown.
	Last     *verify.Result
	LastTime time.Time
	// Known reports whether any attempt has ended.
	Known bool
	// Fresh reports whether an attempt has ended that began at or after the requested time.
	Fresh bool
}

// key identifies a question. Requests with equal keys have the same answer.
type key struct {
	ref         string
	rule        string
	rootName    string
	tag         string
	index       string
	running     bool
	resolveOnly bool
	access      string
}

func (r *Request) access() string {
	if r.Credentials == nil {
		return ""
	}
	return r.Credentials.ID
}

func keyOf(request Request) key {
	k := key{
		ref: request.Ref.Name(), rule: request.Rule.ID(), rootName: request.RootName,
		running: request.Running, resolveOnly: request.ResolveOnly, access: request.access(),
	}
	if request.Tag != nil {
		k.tag = request.Tag.Name()
	}
	if request.Index != nil {
		k.index = request.Index.DigestStr()
	}
	return k
}

// entry is what is known about one key.
type entry struct {
	request     Request
	subscribers map[string]time.Time // the time since which each subscriber requires the attempt to have begun

	answer Answer
	began  time.Time // when the attempt behind the answer began
	root   string    // fingerprint of the root of trust that the attempt used

	failures  int       // consecutive attempts that ended Unknown
	retried   bool      // whether there is to be another attempt after the last one failed
	notBefore time.Time // earliest time of the next attempt after a failure
	refused   bool      // whether the answer was given while the registry was not asked
	first     time.Time // when the first attempt began; zero until it has ended
	landed    bool      // whether the answer is what a caller waits for

	last       *verify.Result // latest verdict other than Unknown
	lastTime   time.Time      // when last was reached
	lastDigest string         // the digest that last is about

	host  string        // of the registry
	names []verdictName // what the verdicts behind the answer are stored under
}

// askers are who an entry's question is asked for.
func (e *entry) askers() []asker {
	var askers []asker
	for _, namespace := range e.request.Namespaces {
		askers = append(askers, asker{namespace: namespace})
	}
	if len(askers) == 0 {
		for _, subscriber := range slices.Sorted(maps.Keys(e.subscribers)) {
			askers = append(askers, asker{subscriber: subscriber})
		}
	}
	return askers
}

// fresh reports whether an attempt with the current root of trust began at or after since.
func (e *entry) fresh(since time.Time) bool {
	return e.answer.Known && !e.began.Before(since) && e.root == fingerprint(e.request.Root)
}

// since is the latest time that any subscriber requires.
func (e *entry) since() time.Time {
	var latest time.Time
	for _, since := range e.subscribers {
		if since.After(latest) {
			latest = since
		}
	}
	return latest
}

// Pending is the answer until the first attempt has ended.
func Pending() Answer {
	return Answer{Result: verify.Result{
		Verdict: v1alpha1.VerdictUnknown,
		Reason:  v1alpha1.PendingReason,
		Message: "not verified yet",
	}}
}

func fingerprint(root *trustroot.Root) string {
	if root == nil {
		return ""
	}
	return root.Fingerprint
}
