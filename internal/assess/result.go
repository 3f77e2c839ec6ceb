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
	"slices"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/verify/pool"
)

// Result holds what a run has found out.
type Result struct {
	knowledge
	// asked are the requests in their order. The last ones have no answers while they are being collected.
	asked []*asked
	// requested counts the requests of the caller, which come first.
	requested int
	// unanswered reports that the last round still left questions that were not asked.
	unanswered bool
}

// Answers to the requests of the caller, in their order.
func (r *Result) Answers() []pool.Answer {
	answers := make([]pool.Answer, 0, r.requested)
	for _, a := range r.asked[:r.requested] {
		answers = append(answers, a.answer)
	}
	return answers
}

// Requests returns all requests of the run: those of the caller, and those that answer admission's questions.
func (r *Result) Requests() []pool.Request {
	requests := make([]pool.Request, 0, len(r.asked))
	for _, a := range r.asked {
		requests = append(requests, a.request)
	}
	return requests
}

// Pending reports whether an answer is still missing because no attempt to get it has ended.
func (r *Result) Pending() bool {
	return r.unanswered || slices.ContainsFunc(r.asked, func(a *asked) bool { return !a.answer.Known })
}

func (r *Result) add(request pool.Request) {
	a := &asked{request: request, answer: pool.Pending()}
	r.asked = append(r.asked, a)
	r.learnOf(a)
}

// waiting returns the requests that have no answers yet.
func (r *Result) waiting() []*asked {
	at := slices.IndexFunc(r.asked, func(a *asked) bool { return !a.answered })
	if at < 0 {
		return nil
	}
	return r.asked[at:]
}

// collect decides with the answers that are known, and returns the questions that have none, each once.
func collect(r *Result, decide func(admission.Judge)) []admission.Question {
	var questions []admission.Question
	known := map[admission.QuestionKey]bool{}
	decide(func(q admission.Question) admission.Answer {
		answer, ok := r.find(q)
		if key := q.Key(); !ok && !known[key] {
			known[key] = true
			questions = append(questions, q)
		}
		return answer
	})
	return questions
}
