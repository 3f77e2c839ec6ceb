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

import "time"

// Observation is what metrics have of one request: to a registry, or to where it redirects or sends for a token.
type Observation struct {
	// Registry that caused the request, in its one spelling (package imagename).
	Registry string
	// Status of the response; 0 if there was none.
	Status int
	// Duration until the response began.
	Duration time.Duration
	// Withheld reports that the request was not sent, because the host limits the rate of requests.
	Withheld bool
	// BackoffUntil is until when no request is sent to the host; zero unless the response says so.
	BackoffUntil time.Time
}
