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

package sigstore

import (
	"fmt"
	"net/http"
	"time"

	"github.com/digitorus/timestamp"
)

const timestampPath = "/api/v1/timestamp"

// timestamp is the timestamp authority's API (RFC 3161, section 3.4).
func (s *Server) timestamp(_ *http.Request, body []byte) (answer, error) {
	request, err := timestamp.ParseRequest(body)
	if err != nil {
		return answer{}, fmt.Errorf("reading the timestamp request: %w", err)
	}
	response, err := s.instance.tsa.stamp(request, time.Now())
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusCreated, contentType: "application/timestamp-reply", content: response}, nil
}
