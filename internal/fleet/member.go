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

package fleet

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/bounds"
	"github.com/karmada-io/image-trust/internal/text"
)

// Bounds of what one member reports. A status that an operator wrote has at most some 5,000 elements.
const (
	maxElements = 20_000
	maxDepth    = 32
	maxMessage  = 256
	maxName     = 1024
	maxImages   = 50
)

// memberStatus is the status of a trust in a member, and what Karmada's interpreter adds to it: which generation of the object
// in the member that is about, and from which generation of the trust on the control plane Karmada made that object.
type memberStatus struct {
	v1alpha1.KarmadaImageTrustStatus `json:",inline"`

	Generation                 int64 `json:"generation"`
	ResourceTemplateGeneration int64 `json:"resourceTemplateGeneration"`
}

// decode reads the status that a member reports. The error says why it is not the status of a trust.
func decode(encoded []byte) (*memberStatus, error) {
	var s memberStatus
	if err := bounds.Unmarshal(encoded, bounds.Limits{Elements: maxElements, Depth: maxDepth}, &s); err != nil {
		return nil, plain(err)
	}
	if err := checkConditions(s.Conditions); err != nil {
		return nil, err
	}
	if s.Policy != nil && s.Policy.Mode != "" && s.Policy.Mode != "warn" && s.Policy.Mode != "enforce" {
		return nil, errMode
	}
	if s.Summary != nil {
		if err := checkCounts(s.Summary.Images, s.Summary.Verified, s.Summary.Untrusted, s.Summary.Unknown); err != nil {
			return nil, err
		}
		for _, count := range []*int32{s.Summary.WouldDeny, s.Summary.Undetermined, &s.Summary.ImagesNotListed} {
			if count != nil && *count < 0 {
				return nil, errNegative
			}
		}
	}
	return &s, checkImages(&s)
}

func checkConditions(conditions []metav1.Condition) error {
	known := map[string]bool{}
	for _, condition := range conditions {
		switch condition.Status {
		case metav1.ConditionTrue, metav1.ConditionFalse, metav1.ConditionUnknown:
		default:
			return errCondition
		}
		if known[condition.Type] {
			return errTwoConditions
		}
		known[condition.Type] = true
	}
	return nil
}

// checkImages reports images that contradict the condition ImagesVerified, which those that only an inactive ReplicaSet names do
// not affect.
func checkImages(s *memberStatus) error {
	for i := range s.Images {
		switch image := &s.Images[i]; image.Verdict {
		case v1alpha1.VerdictVerified:
		case v1alpha1.VerdictUntrusted, v1alpha1.VerdictUnknown:
			if image.Usage != v1alpha1.UsageRollback && statusOf(s.Conditions, v1alpha1.ImagesVerifiedCondition) == metav1.ConditionTrue {
				return errImages
			}
		default:
			return errVerdict
		}
	}
	return nil
}

// plain says what is wrong with a status without the names of Go's types.
func plain(err error) error {
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) && wrongType.Field != "" {
		return fmt.Errorf("%s must not be a %s", strings.TrimPrefix(wrongType.Field, "KarmadaImageTrustStatus."), wrongType.Value)
	}
	return err
}

var (
	errNegative      = errors.New("a count is negative")
	errCondition     = errors.New("the status of a condition is not True, False or Unknown")
	errTwoConditions = errors.New("there are two conditions of one type")
	errMode          = errors.New("policy.mode is neither warn nor enforce")
	errVerdict       = errors.New("the verdict on an image is not Verified, Untrusted or Unknown")
	errImages        = errors.New("ImagesVerified is True and an image is not verified")
	errSum           = errors.New("the counts of images by verdict do not add up to the count of all images")
)

// checkCounts reports counts that contradict each other. Counts that are missing are no contradiction.
func checkCounts(images, verified, untrusted, unknown *int32) error {
	var sum int64
	complete := images != nil
	for _, count := range []*int32{verified, untrusted, unknown} {
		if count == nil {
			complete = false
			continue
		}
		if *count < 0 {
			return errNegative
		}
		sum += int64(*count)
	}
	switch {
	case images != nil && *images < 0:
		return errNegative
	case complete && sum != int64(*images):
		return errSum
	}
	return nil
}

// statusOf returns the status of a condition; it is empty if there is no such condition.
func statusOf(conditions []metav1.Condition, conditionType string) metav1.ConditionStatus {
	if condition := apimeta.FindStatusCondition(conditions, conditionType); condition != nil {
		return condition.Status
	}
	return ""
}

// fill sets what a member reported, and with it the state of the row.
func (r *Row) fill(s *memberStatus, generation int64) {
	r.State, r.Message = stateOf(s, generation)
	if r.State == NotReported {
		return
	}
	r.Ready = statusOf(s.Conditions, v1alpha1.ReadyCondition)
	r.ImagesVerified = statusOf(s.Conditions, v1alpha1.ImagesVerifiedCondition)
	if enforced := apimeta.FindStatusCondition(s.Conditions, v1alpha1.EnforcedCondition); enforced != nil {
		r.Enforced, r.NotEnforced = enforced.Status, ""
		if enforced.Status != metav1.ConditionTrue {
			r.NotEnforced = text.Truncate(strings.TrimSuffix(enforced.Reason+": "+enforced.Message, ": "), maxMessage)
		}
	}
	if s.Policy != nil {
		r.Mode = s.Policy.Mode
	}
	if summary := s.Summary; summary != nil {
		r.Counts = Counts{
			Images: summary.Images, Verified: summary.Verified, Untrusted: summary.Untrusted, Unknown: summary.Unknown,
			WouldDeny: summary.WouldDeny, Undetermined: summary.Undetermined,
		}
	}
	for i := range s.Images {
		if image := &s.Images[i]; image.Verdict != v1alpha1.VerdictVerified && len(r.NotVerified) < maxImages {
			r.NotVerified = append(r.NotVerified, Image{
				Reference: text.Truncate(image.Reference, maxName), Digest: text.Truncate(image.Digest, maxName),
				Usage: v1alpha1.Usage(text.Truncate(string(image.Usage), maxMessage)), Verdict: image.Verdict,
				Reason: text.Truncate(image.Reason, maxMessage), Message: text.Truncate(image.Message, maxMessage), Workloads: image.Workloads,
			})
		}
	}
}

// stateOf says which generation of the trust a member reports about.
func stateOf(s *memberStatus, generation int64) (State, string) {
	switch {
	case s.ObservedGeneration <= 0 || len(s.Conditions) == 0:
		return NotReported, notReported
	case s.ResourceTemplateGeneration == 0:
		return Unconfirmed, "of a spec that is not known: the ResourceInterpreterCustomization for KarmadaImageTrust is not installed"
	case s.ResourceTemplateGeneration != generation:
		return Outdated, fmt.Sprintf("the report is about an earlier spec, of generation %d", s.ResourceTemplateGeneration)
	case s.ObservedGeneration != s.Generation:
		return Outdated, "the operator in the cluster has not looked at the current spec yet"
	default:
		return Reported, ""
	}
}
