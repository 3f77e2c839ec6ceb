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

// Package assess is the engine that the operator and the kubectl plugin share. It turns verdicts on images into
// admission's answers: it asks for the verdicts that a decision depends on, decides with what is known, asks for what the
// decision turns out to depend on in addition, and so on until no new question arises. It knows no client, no clock and
// no network: verdicts and roots of trust come from its caller.
package assess

import (
	"context"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/pool"
	"github.com/karmada-io/image-trust/internal/verify/registry"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// maxRounds bounds how often questions may arise from the answers to others. Two rounds are usual: one resolves a tag, and
// the next one asks what the policies on its digest require.
const maxRounds = 10

// Verdicts answers requests about images. A *pool.Batch waits for the verdicts; the operator's pool returns what is known.
type Verdicts interface {
	// Answers returns the answers to the requests, in their order. It is called with new requests only, several times in
	// one run. An error ends the run.
	Answers(ctx context.Context, requests []pool.Request) ([]pool.Answer, error)
}

// Engine answers admission's questions.
type Engine struct {
	// Verdicts on images.
	Verdicts Verdicts
	// Root returns the root of trust in the TrustRoot of a name, or the default one where the name is empty. Where there
	// is none it may return nil, which makes the verdicts Unknown, or an error, which ends the run.
	Root func(ctx context.Context, trustRoot string) (*trustroot.Root, error)
	// Credentials for all requests, nil for the verifier's own.
	Credentials *registry.Credentials
	// Trusts whose images the questions are about. A question in fewer signature formats than a trust accepts is answered by
	// the verdict for the trust, so that an image that is signed in another format is not reported as unsigned.
	Trusts []*policy.Policy
	// Version of policy-controller, for messages.
	Version string
}

// Run answers the requests, and all questions that decide asks. It calls decide in each round, so at least once, and its last
// call gets all answers that are known; decide has to replace what an earlier call decided. A question whose answer is pending
// gets the verdict Unknown with the reason Pending. The error is that of Verdicts or Root.
func (e *Engine) Run(ctx context.Context, requests []pool.Request, decide func(admission.Judge)) (*Result, error) {
	r := &Result{knowledge: newKnowledge(e.Trusts, e.Version)}
	for _, request := range requests {
		request.Credentials = e.Credentials
		r.add(request)
	}
	r.requested = len(requests)
	for range maxRounds {
		if err := e.ask(ctx, r); err != nil {
			return nil, err
		}
		questions := collect(r, decide)
		if len(questions) == 0 {
			return r, nil
		}
		requests := r.requestsFor(questions)
		if len(requests) == 0 {
			return r, nil // everything else depends on answers that are pending
		}
		for _, request := range requests {
			root, err := e.root(ctx, request)
			if err != nil {
				return nil, err
			}
			request.Root, request.Credentials = root, e.Credentials
			r.add(request)
		}
	}
	r.unanswered = true
	return r, nil
}

// ask for the answers to the requests that have none yet.
func (e *Engine) ask(ctx context.Context, r *Result) error {
	open := r.waiting()
	if len(open) == 0 {
		return nil
	}
	requests := make([]pool.Request, 0, len(open))
	for _, a := range open {
		requests = append(requests, a.request)
	}
	answers, err := e.Verdicts.Answers(ctx, requests)
	if err != nil {
		return err
	}
	for i, a := range open {
		r.learn(a, answers[i])
	}
	return nil
}

// root of trust for a request. Resolving a tag needs none.
func (e *Engine) root(ctx context.Context, request pool.Request) (*trustroot.Root, error) {
	if request.ResolveOnly {
		return nil, nil //nolint:nilnil // no root is needed, which is not an error
	}
	return e.Root(ctx, request.RootName)
}

// Pending answers all requests with pool.Pending: the Verdicts for a time when none can be reached, such as before the
// root of trust has been fetched.
type Pending struct{}

// Answers returns pool.Pending for each request.
func (Pending) Answers(_ context.Context, requests []pool.Request) ([]pool.Answer, error) {
	answers := make([]pool.Answer, len(requests))
	for i := range answers {
		answers[i] = pool.Pending()
	}
	return answers, nil
}
