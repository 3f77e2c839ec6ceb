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

package registry

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-logr/logr"

	"github.com/karmada-io/image-trust/internal/text"
)

// Levels of the logger in the context of a request.
const (
	// decisionLevel is that of backing off and of failures.
	decisionLevel = 2
	// requestLevel is that of single requests.
	requestLevel = 4
)

// maxCause bounds the text of a cause in the log, in bytes.
const maxCause = 1 << 10

// logFailure logs a failure with its cause, which the message for users does not contain.
func logFailure(log logr.Logger, e *Error) {
	log.V(decisionLevel).Info("Request to registry failed", "host", e.Host, "error", e.Error(), "retryAfter", e.RetryAfter.String(),
		"cause", causeText(e.cause))
}

// causeText is the text of a cause without secrets. URLs that net/http adds are left out.
func causeText(err error) string {
	if err == nil {
		return ""
	}
	for {
		below, ok := errors.AsType[*url.Error](err)
		if !ok {
			return text.Truncate(text.Printable(text.WithoutSecrets(err.Error())), maxCause)
		}
		err = below.Err
	}
}

// repositoryOf is the repository that a request is about; empty for requests without one, such as for a token. The
// paths of other hosts may contain secrets, so only a path of the registry API is used.
func repositoryOf(req *http.Request) string {
	path, ok := strings.CutPrefix(req.URL.Path, "/v2/")
	if !ok {
		return ""
	}
	for _, endpoint := range []string{"/manifests/", "/blobs/", "/" + referrersEndpoint + "/"} {
		if i := strings.LastIndex(path, endpoint); i >= 0 {
			return path[:i]
		}
	}
	return ""
}
