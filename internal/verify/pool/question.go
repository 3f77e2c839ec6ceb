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
	"slices"
	"strings"
	"time"
	"unique"

	"github.com/google/go-containerregistry/pkg/name"
	"go.opentelemetry.io/otel/trace"

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
	// Cause is the span that asks; the zero value for none. It is not part of the question either.
	Cause trace.SpanContext
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

// Answered is a request's key with its answer.
type Answered struct {
	Key    Key
	Answer Answer
}

// Key identifies a question: requests with equal keys have the same answer. It is as small as a pointer.
type Key struct{ question unique.Handle[question] }

// question is what a Key stands for.
type question struct {
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

// Key returns the key of the question that the request asks.
func (r *Request) Key() Key {
	q := question{
		ref: r.Ref.Name(), rule: r.Rule.ID(), rootName: r.RootName,
		running: r.Running, resolveOnly: r.ResolveOnly, access: r.access(),
	}
	if r.Tag != nil {
		q.tag = r.Tag.Name()
	}
	if r.Index != nil {
		q.index = r.Index.DigestStr()
	}
	return Key{unique.Make(q)}
}

// tags returns the tags that a question is about.
func (k Key) tags() []string {
	q := k.question.Value()
	if q.tag == "" {
		return []string{q.ref}
	}
	return []string{q.ref, q.tag}
}

// rule returns the ID of the rule that a question is about.
func (k Key) rule() string { return k.question.Value().rule }

// entry is what is known about one key.
type entry struct {
	key       Key
	request   Request
	interests []*interest // of those who ask, in no order

	answer Answer
	began  time.Time // when the attempt behind the answer began
	root   string    // fingerprint of the root of trust that the attempt used

	failures  int       // consecutive attempts that ended Unknown
	retried   bool      // whether there is to be another attempt after the last one failed
	notBefore time.Time // earliest time of the next attempt after a failure
	refused   bool      // whether the answer was given while the registry was not asked
	first     time.Time // when the first attempt began; zero until it has ended
	landed    bool      // whether the answer is what a caller waits for

	decided time.Time // when the verdict of the answer was reached, if it is not Unknown
	last    *decided  // verdict before the attempts that failed; nil if the last attempt did not fail

	causes *causes // of the next attempt; nil while nobody asked for one

	host  string        // of the registry
	names []verdictName // what the verdicts behind the answer are stored under
}

// decided is a verdict other than Unknown on a digest, and when it was reached.
type decided struct {
	result verify.Result
	digest string
	at     time.Time
}

// askers are who an entry's question is asked for.
func (e *entry) askers() []asker {
	var askers []asker
	for _, namespace := range e.request.Namespaces {
		askers = append(askers, asker{namespace: namespace})
	}
	if len(askers) == 0 {
		for _, in := range e.interests {
			askers = append(askers, asker{subscriber: in.subscriber.name})
		}
		slices.SortFunc(askers, func(a, b asker) int { return strings.Compare(a.subscriber, b.subscriber) })
	}
	return askers
}

// asked returns the causes of the next attempt.
func (e *entry) asked() *causes {
	if e.causes == nil {
		e.causes = &causes{}
	}
	return e.causes
}

// fresh reports whether an attempt with the current root of trust began at or after since.
func (e *entry) fresh(since time.Time) bool {
	return e.answer.Known && !e.began.Before(since) && e.root == fingerprint(e.request.Root)
}

// since is the latest time that any subscriber requires.
func (e *entry) since() time.Time {
	var latest time.Time
	for _, in := range e.interests {
		if in.since.After(latest) {
			latest = in.since
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
