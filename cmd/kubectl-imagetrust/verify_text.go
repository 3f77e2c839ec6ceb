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
	"io"
	"strings"

	"k8s.io/cli-runtime/pkg/printers"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

func (o *verifyOptions) print(s streams, verifications []verification) error {
	results, err := imageResults(verifications)
	if err != nil {
		return err
	}
	return o.output.print(s.Out, results, func(w io.Writer) error {
		if o.output.format == formatWide {
			return printWide(w, verifications)
		}
		return printText(w, styleFor(s.Out), verifications)
	})
}

// printText writes a paragraph for each verification.
func printText(w io.Writer, s style, verifications []verification) error {
	var b strings.Builder
	several := false
	for _, q := range verifications {
		several = several || q.trust.name != verifications[0].trust.name
	}
	for _, q := range verifications {
		mark, result := mark(s, q.answer.Result.Verdict), q.answer.Result
		line := func(what, value string) { fmt.Fprintf(&b, "    %-10s %s\n", what, value) }
		fmt.Fprintf(&b, "%s %s\n", mark, q.written)
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
		line("signed by", fmt.Sprintf("%s  (%s)", result.Signer.Identity, strings.TrimPrefix(result.Signer.Issuer, "https://")))
		if result.Signer.SourceCommit != "" {
			line("commit", result.Signer.SourceCommit)
		}
		line("checked", strings.Join(checks(q), " · "))
		if q.denial != nil {
			line("admission", s.failure("would deny it")+": "+q.denial.Reason+": "+q.denial.Message)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func mark(s style, verdict v1alpha1.Verdict) string {
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
	timeProof := "transparency log, offline"
	if q.answer.Result.LogIndex < 0 {
		timeProof = "signed timestamp"
	}
	passed := []string{"claims", timeProof, "certificate chain", "SCT"}
	if names := q.trust.compiled.Rule.AttestationNames(); names != "" {
		passed = append(passed, "attestations: "+names)
	}
	return passed
}

// printWide writes a table with a line for each verification.
func printWide(w io.Writer, verifications []verification) error {
	table := printers.GetNewTabWriter(w)
	_, _ = fmt.Fprintln(table, "IMAGE\tVERDICT\tREASON\tDIGEST\tFORMAT\tLOG INDEX\tSIGNED\tIDENTITY\tTRUST")
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
		_, _ = fmt.Fprintln(table, strings.Join([]string{
			q.written, string(r.Verdict), r.Reason, orNone(q.answer.Digest), orNone(string(r.Format.Storage())), orNone(index), orNone(signed),
			orNone(identity), orNone(q.trust.name),
		}, "\t"))
	}
	return table.Flush()
}

func orNone(s string) string {
	if s == "" {
		return "<none>"
	}
	return s
}
