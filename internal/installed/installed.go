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

// Package installed recognises which version of policy-controller is installed, by the workloads in the namespace of its
// webhook. policy-controller itself does not tell its version.
package installed

import (
	"fmt"
	"slices"
	"strings"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/text"
)

// Flag is the name of the flag that tells the version where it cannot be recognised.
const Flag = "policy-controller-version"

// sourceName says in words what a version was recognised by.
func sourceName(source v1alpha1.VersionSource) string {
	switch source {
	case v1alpha1.VersionByImageDigest:
		return "the digest of its image"
	case v1alpha1.VersionByImageTag:
		return "the tag of its image"
	case v1alpha1.VersionByChartLabel:
		return "the label " + versionLabel
	case v1alpha1.VersionByFlag:
		return "the flag --" + Flag
	default:
		return "nothing"
	}
}

// PolicyController is what is known of the policy-controller that is installed. The zero value is that nothing is.
type PolicyController struct {
	// Version that was recognised, such as 0.13.1; empty if none was.
	Version string
	// Source of the version; empty if none was recognised.
	Source v1alpha1.VersionSource
	// Message says why the version is not known or not supported, or what contradicts it; empty if there is nothing to say.
	Message string
	// Versions that may be installed: one if the version is known, all that are supported if it is not, and none if it is one
	// that is not supported.
	Versions admission.Versions
}

// Equal reports whether two say the same.
func (p *PolicyController) Equal(other *PolicyController) bool {
	return p.Version == other.Version && p.Source == other.Source && p.Message == other.Message &&
		slices.Equal(p.Versions, other.Versions)
}

// String describes what is known in a sentence without a full stop.
func (p *PolicyController) String() string {
	what := "the version of policy-controller is not known"
	if p.Version != "" {
		what = fmt.Sprintf("policy-controller %s, by %s", p.Version, sourceName(p.Source))
	}
	if p.Message != "" {
		what += ": " + p.Message
	}
	return what
}

// ParseFlag returns the version that a value of the flag names, such as 0.14 or v0.14.0. An empty value names none.
func ParseFlag(value string) (admission.Versions, error) {
	if value == "" {
		return nil, nil
	}
	behavior, ok := admission.Supported().Find(series(value))
	if !ok {
		supported := strings.ReplaceAll(admission.Supported().String(), "v", "")
		return nil, fmt.Errorf("--%s must be %s, not %q", Flag, supported, text.Truncate(value, maxVersion))
	}
	return admission.Versions{behavior}, nil
}

// Assume returns what is known without a cluster: the version that a value of the flag names, or else that any of those that
// are supported may be installed.
func Assume(flag string) (PolicyController, error) {
	versions, err := ParseFlag(flag)
	switch {
	case err != nil:
		return PolicyController{}, err
	case versions == nil:
		return unknown("name it with --" + Flag), nil
	default:
		return PolicyController{Version: number(versions[0].Version), Source: v1alpha1.VersionByFlag, Versions: versions}, nil
	}
}

// unknown is a version that is not known, and why.
func unknown(message string) PolicyController {
	return PolicyController{Message: message, Versions: admission.Supported()}
}

// Recognise returns what the workloads of the webhook's namespace tell, and a value of the flag, which ParseFlag accepts.
// The digest of an image is believed before its tag, the tag before the chart's label, and the label before the flag.
func Recognise(workloads []inventory.Workload, flag string) PolicyController {
	evidence := gather(workloads)
	found := evidence.conclude()
	flagged, err := ParseFlag(flag)
	switch {
	case err != nil || flagged == nil:
		return found
	case found.Version == "" && !evidence.conflicting():
		// Nothing else tells the version.
		return PolicyController{Version: number(flagged[0].Version), Source: v1alpha1.VersionByFlag, Versions: flagged}
	case found.Version == "":
		return found
	case len(found.Versions) == 0:
		return PolicyController{
			Version: found.Version, Source: found.Source, Versions: flagged,
			Message: fmt.Sprintf("this version is not supported, and taken for %s because of --%s", flagged, Flag),
		}
	case slices.Equal(found.Versions, flagged):
		return found
	case found.Source == v1alpha1.VersionByChartLabel:
		return unknown(fmt.Sprintf("the label %s says %s, and --%s says %s: correct one of them",
			versionLabel, found.Version, Flag, number(flagged[0].Version)))
	default:
		found.Message = fmt.Sprintf("--%s says %s, which is not what runs: remove the flag", Flag, number(flagged[0].Version))
		return found
	}
}

// maxMessage is the length of the longest message in a status, in bytes.
const maxMessage = 512

// Status describes it as the API does.
func (p *PolicyController) Status() *v1alpha1.PolicyControllerStatus {
	if p.Version == "" && p.Message == "" {
		return nil
	}
	return &v1alpha1.PolicyControllerStatus{Version: p.Version, Source: p.Source, Message: text.Truncate(p.Message, maxMessage)}
}
