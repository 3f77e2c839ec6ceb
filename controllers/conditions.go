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

package controllers

import (
	"fmt"
	"strings"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/text"
)

const (
	// maxMessage bounds the message of a condition or an event, in bytes. The API allows 32 KiB.
	maxMessage = 1024
	// maxNamed is how many images a message names.
	maxNamed = 3
	// maxNamedImage bounds the name of an image in a message, in bytes, so that one name leaves room for the others.
	maxNamedImage = 200
)

func conditionTrue(reason, format string, args ...any) metav1.Condition {
	return newCondition(metav1.ConditionTrue, reason, format, args...)
}

func conditionFalse(reason, format string, args ...any) metav1.Condition {
	return newCondition(metav1.ConditionFalse, reason, format, args...)
}

func conditionUnknown(reason, format string, args ...any) metav1.Condition {
	return newCondition(metav1.ConditionUnknown, reason, format, args...)
}

func newCondition(status metav1.ConditionStatus, reason, format string, args ...any) metav1.Condition {
	return metav1.Condition{Status: status, Reason: reason, Message: message(fmt.Sprintf(format, args...), maxMessage)}
}

// message returns a text as the status and events hold it: on one line, printable, and of at most limit bytes. Parts of it
// were written by users, such as names of images, which Kubernetes does not restrict.
func message(s string, limit int) string {
	lines := strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' })
	return text.Truncate(text.Printable(strings.Join(lines, " ")), limit)
}

// setCondition sets a condition of the status, as observed at the status's generation.
func setCondition(status *v1alpha1.KarmadaImageTrustStatus, conditionType string, c metav1.Condition) {
	c.Type, c.ObservedGeneration = conditionType, status.ObservedGeneration
	apimeta.SetStatusCondition(&status.Conditions, c)
}

// seconds returns a time with the precision of the API, so that a status that is read equals the one that was written.
func seconds(t time.Time) *metav1.Time {
	return &metav1.Time{Time: t.Truncate(time.Second)}
}
