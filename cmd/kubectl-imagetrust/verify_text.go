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
	"fmt"
	"strings"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/text"
)

func (o *verifyOptions) print(s streams, verifications []verification) error {
	results, err := imageResults(verifications)
	if err != nil {
		return err
	}
	return o.output.print(s.Out, results, func(p *text.Printer) {
		if o.output.format == formatWide {
			printWide(p, verifications)
			return
		}
		printText(p, s.Out.style(), verifications)
	})
}

// printText writes a paragraph for each verification.
func printText(p *text.Printer, s style, verifications []verification) {
	several := false
	for _, q := range verifications {
		several = several || q.trust.name != verifications[0].trust.name
	}
	for _, q := range verifications {
		mark, result := mark(s, q.answer.Result.Verdict), q.answer.Result
		line := func(what, value string) { p.Printf("    %-10s %s\n", what, value) }
		p.Printf("%s %s\n", mark, q.written)
		if several {
			line("trust", q.trust.name)
		}
		if q.answer.Digest != "" {
			line("digest", q.answer.Digest)
		}
		if result.Verdict != v1alpha1.VerdictVerified {
			line(strings.ToLower(string(result.Verdict)), result.Reason+": "+result.Message)
			continue
		}
		if q.answer.Signer != "" {
			line("signer", q.answer.Signer)
		}
		how := "signed by"
		if result.Reason == v1alpha1.AttestedReason {
			how = "attested"
		}
		line(how, fmt.Sprintf("%s  (%s)", result.Signer.Identity, strings.TrimPrefix(result.Signer.Issuer, "https://")))
		if result.Signer.SourceCommit != "" {
			line("commit", result.Signer.SourceCommit)
		}
		line("checked", strings.Join(checks(q), " · "))
		if q.denial != nil {
			would := s.failure("would deny it")
			if q.denial.Effect != admission.EffectDeny {
				would = s.warning("may deny it")
			}
			p.Printf("    %-10s %s: %s: %s\n", "admission", would, q.denial.Reason, q.denial.Message)
		}
	}
}

func mark(s style, verdict v1alpha1.Verdict) text.Coloured {
	switch verdict {
	case v1alpha1.VerdictVerified:
		return s.success("✓")
	case v1alpha1.VerdictUntrusted:
		return s.failure("✗")
	default:
		return s.warning("?")
	}
}

// checks lists what was verified of a verified image.
func checks(q verification) []string {
	passed := []string{"claims"}
	if q.answer.Result.LogIndex >= 0 {
		passed = append(passed, "transparency log, offline")
	}
	if q.answer.Result.Format.Time() == policy.Timestamp {
		passed = append(passed, "signed timestamp")
	}
	passed = append(passed, "certificate chain", "SCT")
	if names := q.trust.compiled.Signers[0].Rule.AttestationNames(); names != "" {
		passed = append(passed, "attestations: "+names)
	}
	return passed
}

// printWide writes a table with a line for each verification.
func printWide(p *text.Printer, verifications []verification) {
	rows := make([][]string, 0, len(verifications))
	for _, q := range verifications {
		r := q.answer.Result
		index, signed, identity := "", "", ""
		if !r.IntegratedTime.IsZero() {
			signed = r.IntegratedTime.Format("2006-01-02T15:04:05Z")
			if r.LogIndex >= 0 {
				index = fmt.Sprint(r.LogIndex)
			}
		}
		if r.Signer != nil {
			identity = r.Signer.Identity
		}
		rows = append(rows, []string{
			q.written, string(r.Verdict), r.Reason, orNone(q.answer.Digest), orNone(string(r.Format.Storage())), orNone(index), orNone(signed),
			orNone(identity), orNone(q.trust.name),
		})
	}
	p.Table([]string{"IMAGE", "VERDICT", "REASON", "DIGEST", "FORMAT", "LOG INDEX", "SIGNED", "IDENTITY", "TRUST"}, rows)
}

func orNone(s string) string {
	if s == "" {
		return "<none>"
	}
	return s
}
