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
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify"
)

// Status returns what is known of an image as the API shows it: the verdict, the digest that it is about, and who signed it when.
// What an earlier status said is not part of it.
func (i *Image) Status() v1alpha1.ImageStatus {
	answer := &i.Answer
	status := v1alpha1.ImageStatus{
		Reference:   i.Reference,
		Digest:      answer.Digest,
		IndexDigest: answer.IndexDigest,
		TagDigest:   i.TagDigest,
		Verdict:     answer.Result.Verdict,
		Reason:      answer.Result.Reason,
		Message:     answer.Result.Message,
	}
	i.SetUsage(&status)
	SetSigner(&status, &answer.Result)
	return status
}

// SetUsage sets how the image is used.
func (i *Image) SetUsage(status *v1alpha1.ImageStatus) {
	status.Usage = i.Usage
	status.Workloads = new(int32(i.Workloads)) //nolint:gosec // bounded by the number of workloads in a cluster
}

// SetSigner sets who signed the image, in which format and when.
func SetSigner(status *v1alpha1.ImageStatus, result *verify.Result) {
	status.Signer = result.Signer
	status.SignatureFormat, status.TransparencyLog, status.SignedTime = result.Format.Storage(), nil, nil
	if result.IntegratedTime.IsZero() {
		return
	}
	if result.LogIndex >= 0 {
		status.TransparencyLog = &v1alpha1.TransparencyLogEntry{LogIndex: new(result.LogIndex), URL: result.Log}
	}
	at := &metav1.Time{Time: result.IntegratedTime.Truncate(time.Second)} // the precision of the API
	if status.TransparencyLog == nil || result.Format.Time() == policy.Timestamp {
		status.SignedTime = at
	} else {
		status.TransparencyLog.IntegratedTime = at
	}
}
