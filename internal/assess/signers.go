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
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/text"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/pool"
)

// Requests returns a request for the verdict on an image by each signer of a trust, in their order. Merge merges the answers.
func Requests(trust *policy.Policy, image pool.Request, roots Roots) []pool.Request {
	requests := make([]pool.Request, 0, len(trust.Signers))
	for _, signer := range trust.Signers {
		image.Rule, image.RootName, image.Root = signer.Rule, signer.TrustRoot, roots[signer.TrustRoot]
		requests = append(requests, image)
	}
	return requests
}

// Merged is the verdict of a trust on an image.
type Merged struct {
	pool.Answer

	// Signer is the name of the signer whose rule the verdict is by: the one that signed a verified image, or the one that the
	// verdict says most about. It is empty if that is the only signer of a trust without names, or none in particular.
	Signer string
}

// Merge merges the answers by each signer of a trust, in their order, into the verdict of the trust. One signer suffices: the
// image is verified if any answer is Verified, and untrusted only if all are Untrusted. Answers about different digests of a tag
// decide nothing together.
func Merge(trust *policy.Policy, answers []pool.Answer) Merged {
	if moved, ok := movedBetween(answers); ok {
		return Merged{Answer: moved}
	}
	results := make([]verify.Result, 0, len(answers))
	for _, answer := range answers {
		results = append(results, answer.Result)
	}
	at := deciding(results)
	merged := Merged{Answer: answers[at], Signer: trust.Signers[at].Name}
	merged.Result = ofSigners(trust, results, at)
	if merged.Result.Verdict == v1alpha1.VerdictVerified {
		return merged
	}
	merged.Known = !slices.ContainsFunc(answers, func(a pool.Answer) bool { return !a.Known })
	merged.Fresh = !slices.ContainsFunc(answers, func(a pool.Answer) bool { return !a.Fresh })
	if merged.Result.Verdict == v1alpha1.VerdictUnknown {
		merged.Last, merged.LastTime = lastOf(trust, answers)
	}
	return merged
}

// deciding returns the position of the result that decides: the first that is Verified, else the first that is Unknown, and
// else the Untrusted one that is nearest to being accepted.
func deciding(results []verify.Result) int {
	at := 0
	for i := range results {
		switch one, best := &results[i], &results[at]; {
		case best.Verdict.Worse(one.Verdict):
			at = i
		case one.Verdict == v1alpha1.VerdictUntrusted && best.Verdict == v1alpha1.VerdictUntrusted && one.Nearness > best.Nearness:
			at = i
		}
	}
	return at
}

// movedBetween returns the answer about a tag that named different digests when the answers were found; ok is false if all
// are about one.
func movedBetween(answers []pool.Answer) (moved pool.Answer, ok bool) {
	first := ""
	for _, answer := range answers {
		if answer.Digest == "" {
			continue
		}
		first = cmp.Or(first, answer.Digest)
		if answer.Digest != first {
			if slices.ContainsFunc(answers, func(a pool.Answer) bool { return !a.Fresh }) {
				return pool.Pending(), true // an answer is about to be replaced
			}
			about := admission.TagMoved(first, answer.Digest)
			return pool.Answer{
				Result: verify.Result{Verdict: about.Verdict, Reason: about.Reason, Message: about.Message},
				Known:  true, Fresh: true,
			}, true
		}
	}
	return pool.Answer{}, false
}

// maxSignerMessage is the length of the longest message about several signers, in bytes: that of any Result.
const maxSignerMessage = 1024

// ofSigners returns the result that decides, with the name of the signer and a message that names the signers.
func ofSigners(trust *policy.Policy, results []verify.Result, at int) verify.Result {
	result, name := results[at], trust.Signers[at].Name
	if result.Verdict == v1alpha1.VerdictVerified {
		if result.Signer != nil && name != "" {
			signer := *result.Signer
			signer.Name = name
			result.Signer = &signer
		}
		return result
	}
	same := !slices.ContainsFunc(results, func(r verify.Result) bool { return r.Message != result.Message })
	if same || result.Reason == v1alpha1.PendingReason {
		return result // it is about the image, and about no signer in particular
	}
	message := fmt.Sprintf("by signer %s: %s", name, result.Message)
	if result.Verdict == v1alpha1.VerdictUntrusted {
		others := make([]string, 0, len(results))
		for i := range results {
			if i != at {
				others = append(others, fmt.Sprintf("%s (%s)", trust.Signers[i].Name, results[i].Reason))
			}
		}
		message += "; nor is it verified by " + strings.Join(others, ", ")
	}
	result.Message = text.Truncate(message, maxSignerMessage)
	return result
}

// lastOf returns the last verdict of a trust while the present one is Unknown, which is the one that the last verdicts of its
// signers make, and when it was reached; nil if that is not known.
func lastOf(trust *policy.Policy, answers []pool.Answer) (*verify.Result, time.Time) {
	results := make([]verify.Result, 0, len(answers))
	var latest time.Time
	for _, answer := range answers {
		results = append(results, current(answer))
		if answer.LastTime.After(latest) {
			latest = answer.LastTime
		}
	}
	at := deciding(results)
	last := ofSigners(trust, results, at)
	switch last.Verdict {
	case v1alpha1.VerdictVerified:
		return &last, answers[at].LastTime
	case v1alpha1.VerdictUntrusted:
		return &last, latest // the time since which all of them were
	default:
		return nil, time.Time{}
	}
}
