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
	"crypto/sha256"
	_ "embed" // the parts of the page
	"encoding/base64"
	"html/template"
	"io"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
)

// The parts of the page.
var (
	//go:embed page/page.html
	pageTemplate string
	//go:embed page/page.css
	pageStyle string
	//go:embed page/page.js
	pageScript string
)

// WriteHTML writes a report as one page: with its style and script, which the page's own policy allows by their hashes, and without
// anything that is loaded.
func (r *Report) WriteHTML(to io.Writer) error {
	page, err := template.New("page").Funcs(template.FuncMap{
		"when": when, "rfc3339": rfc3339, "orUnknown": orUnknown, "verdict": verdictBadge, "outcome": outcomeBadge, "enforced": enforcedBadge,
		"ratio": ratio, "denials": denials, "clusterDenied": clusterDenied, "verifiedCount": verifiedCount,
		"deniedCount": deniedCount, "onceOptedIn": onceOptedIn,
	}).Parse(pageTemplate)
	if err != nil {
		return err
	}
	return page.Execute(to, newView(r))
}

// contentPolicy returns the element that forbids the page everything but its own style and script:
// https://www.w3.org/TR/CSP3/#grammardef-hash-source.
func contentPolicy() template.HTML {
	hash := func(content string) string {
		sum := sha256.Sum256([]byte(content))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return template.HTML(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src ` + //nolint:gosec // constants
		hash(pageStyle) + `; script-src ` + hash(pageScript) + `; base-uri 'none'; form-action 'none'">`)
}

// asTime returns the time of a value in a template.
func asTime(t any) time.Time {
	switch at := t.(type) {
	case metav1.Time:
		return at.UTC()
	case *metav1.Time:
		if at != nil {
			return at.UTC()
		}
	}
	return time.Time{}
}

func rfc3339(t any) string { return asTime(t).Format(time.RFC3339) }

func when(t any) string { return asTime(t).Format("2006-01-02 15:04:05 UTC") }

// kind is how a verdict or an outcome is shown: never by its colour alone.
type kind struct{ class, symbol, name string }

func (k kind) badge() template.HTML {
	return template.HTML(`<span class="badge ` + k.class + `">` + k.symbol + " " + k.name + "</span>") //nolint:gosec // constants
}

func kindOf(verdict v1alpha1.Verdict) kind {
	switch verdict {
	case v1alpha1.VerdictVerified:
		return kind{"verified", "✓", "Verified"}
	case v1alpha1.VerdictUntrusted:
		return kind{"untrusted", "✗", "Untrusted"}
	case VerdictUncovered:
		return kind{"uncovered", "–", "Not covered"}
	default:
		return kind{"unknown", "?", "Unknown"}
	}
}

func verdictBadge(verdict v1alpha1.Verdict) template.HTML { return kindOf(verdict).badge() }

func outcomeBadge(outcome admission.Outcome) template.HTML {
	switch outcome {
	case admission.Denied:
		return kind{"untrusted", "✗", "Denied"}.badge()
	case admission.Allowed:
		return kind{"verified", "✓", "Allowed"}.badge()
	default:
		return kind{"unknown", "?", "Undetermined"}.badge()
	}
}

func enforcedBadge(status metav1.ConditionStatus) template.HTML {
	switch status {
	case metav1.ConditionTrue:
		return kind{"verified", "✓", "Enforced"}.badge()
	case metav1.ConditionFalse:
		return kind{"uncovered", "–", "Not enforced"}.badge()
	default:
		return kind{"unknown", "?", "Not known"}.badge()
	}
}

// ratio formats how many images of a trust are verified.
func ratio(t Trust) string {
	n := t.Counts()
	if n == nil || n.Images == nil || n.Verified == nil {
		return "not known"
	}
	return orUnknown(n.Verified) + " of " + orUnknown(n.Images)
}

func verifiedCount(t Trust) string {
	if n := t.Counts(); n != nil && n.Verified != nil {
		return orUnknown(n.Verified)
	}
	return ""
}

func denials(t Trust) string {
	n := t.Counts()
	if n == nil {
		return "not known"
	}
	return orUnknown(n.WouldDeny)
}

func deniedCount(t Trust) string {
	if n := t.Counts(); n != nil && n.WouldDeny != nil {
		return orUnknown(n.WouldDeny)
	}
	return ""
}

// onceOptedIn is the number of further workloads that would be denied once their namespaces have opted in.
func onceOptedIn(t Trust) int {
	if n := t.Counts(); n != nil && n.WouldDenyOnceOptedIn != nil {
		return *n.WouldDenyOnceOptedIn
	}
	return 0
}

// clusterDenied is the number of workloads of a cluster that would be denied, or the sum of what the operator counted for each trust
// where workloads were not read.
func clusterDenied(c Cluster) string {
	if c.Problem != "" {
		return "not known"
	}
	if c.Coverage.Workloads == nil {
		sum := 0
		for i := range c.Trusts {
			n := c.Trusts[i].Counts()
			if n == nil || n.WouldDeny == nil {
				return "not known"
			}
			sum += *n.WouldDeny
		}
		return orUnknown(&sum)
	}
	denied := 0
	for i := range c.Workloads {
		if w := &c.Workloads[i]; w.Admission == admission.Denied && !w.OnceOptedIn {
			denied++
		}
	}
	return orUnknown(&denied)
}
