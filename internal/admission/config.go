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

package admission

import (
	"fmt"

	pcconfig "github.com/sigstore/policy-controller/pkg/config"

	"github.com/karmada-io/image-trust/internal/text"
)

// NoMatch is the decision on an image that no policy covers.
type NoMatch string

// The values of no-match-policy.
const (
	NoMatchDeny  NoMatch = pcconfig.DenyAll
	NoMatchAllow NoMatch = pcconfig.AllowAll
	NoMatchWarn  NoMatch = pcconfig.WarnAll
)

// Config is policy-controller's configuration, from its ConfigMap config-policy-controller.
type Config struct {
	NoMatch NoMatch
	// EnableOCI11 reports whether attestations are looked up as referrers of the image. Some versions do not verify them
	// then; see Behavior.
	EnableOCI11 bool
}

// maxConfigValue is how much of a value of the ConfigMap is kept, in bytes. No valid one is as long.
const maxConfigValue = 64

// ConfigData returns what policy-controller reads of the data of its ConfigMap. Every namespace can have a ConfigMap of that
// name with other data, which is not kept.
func ConfigData(data map[string]string) map[string]string {
	kept := map[string]string{}
	for _, key := range []string{pcconfig.NoMatchPolicyKey, pcconfig.FailOnEmptyAuthorities, pcconfig.EnableOCI11} {
		if value, ok := data[key]; ok {
			kept[key] = text.Truncate(value, maxConfigValue)
		}
	}
	return kept
}

// ParseConfig reads the data of the ConfigMap as policy-controller does; for nil it returns policy-controller's
// defaults.
func ParseConfig(data map[string]string) (Config, error) {
	parsed, err := pcconfig.NewPolicyControllerConfigFromMap(data)
	if err != nil {
		return Config{}, fmt.Errorf("policy-controller rejects its configuration: %w", err)
	}
	return Config{NoMatch: NoMatch(parsed.NoMatchPolicy), EnableOCI11: parsed.EnableOCI11}, nil
}
