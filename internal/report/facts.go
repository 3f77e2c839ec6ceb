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

package report

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// LogIndex is the index of the signature's entry in the transparency log; empty if there is none.
func (i *Image) LogIndex() string {
	if i.TransparencyLog == nil || i.TransparencyLog.LogIndex == nil {
		return ""
	}
	return strconv.FormatInt(*i.TransparencyLog.LogIndex, 10)
}

// LogTime is when the signature was added to the transparency log; empty if that is not known.
func (i *Image) LogTime() string {
	if i.TransparencyLog == nil {
		return ""
	}
	return formatTime(i.TransparencyLog.IntegratedTime)
}

// LogURL is the URL of the transparency log, as the root of trust has it.
func (i *Image) LogURL() string {
	if i.TransparencyLog == nil {
		return ""
	}
	return clip(i.TransparencyLog.URL, maxReference)
}

func formatTime(t *metav1.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// Basis says what the verdicts of a report are based on.
func (o *Origin) Basis() string {
	if o.Examined {
		return "The images were examined for this report."
	}
	return "The verdicts are those that the operator last reported; nothing was examined for this report."
}

// EnforcedText is the status of the condition Enforced, with its reason.
func (t *Trust) EnforcedText() string {
	status := string(cmp.Or(t.Enforced.Status, metav1.ConditionUnknown))
	if t.Enforced.Reason != "" && t.Enforced.Status != metav1.ConditionTrue {
		status += ": " + t.Enforced.Reason
	}
	return status
}

// Remark says what is to be known about what is known of a trust; empty if there is nothing.
func (t *Trust) Remark() string {
	var parts []string
	if t.State != "" {
		parts = append(parts, t.State)
	}
	if t.Message != "" {
		parts = append(parts, t.Message)
	}
	if t.Differs() {
		r := t.Reported
		parts = append(parts, fmt.Sprintf("the operator last reported %s of %s images verified and %s that would be denied",
			orUnknown(r.Verified), orUnknown(r.Images), orUnknown(r.WouldDeny)))
	}
	if t.Enforced.Status != metav1.ConditionTrue && t.Enforced.Message != "" {
		parts = append(parts, t.Enforced.Message)
	}
	return strings.Join(parts, "; ")
}

// NotListed counts the images that the operator counted and did not list.
func (c *Cluster) NotListed() int {
	n := 0
	for i := range c.Trusts {
		n += c.Trusts[i].ImagesNotListed
	}
	return n
}
