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

package main

import (
	"github.com/go-logr/logr"

	"github.com/karmada-io/image-trust/internal/metrics"
	"github.com/karmada-io/image-trust/internal/verify/credentialprovider"
)

// observeProvider returns a function that counts runs of credential providers, and logs those that have failed. What the program
// wrote to its standard error may hold a secret, so it is logged for debugging only.
func observeProvider(log logr.Logger, m *metrics.Metrics) func(credentialprovider.Run) {
	return func(run credentialprovider.Run) {
		m.CredentialProvider(run.Provider, string(run.Outcome), run.Duration)
		if run.Problem == "" {
			return
		}
		log.Info("A credential provider failed: "+run.Problem, "provider", run.Provider, "registry", run.Registry, "outcome", run.Outcome)
		if debug := log.V(1); debug.Enabled() {
			debug.Info("What the credential provider wrote to its standard error", "provider", run.Provider, "stderr", run.Said)
		}
	}
}
