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

package verify

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// lookalikeTag ends a look-alike whose rest is the declared identity.
const lookalikeTag = "v1.16.0"

// lookalikes are identities that a careless comparison takes for a given one.
func lookalikes(id sigstore.Identity) []sigstore.Identity {
	var subjects []string
	add := func(all ...string) { subjects = append(subjects, all...) }
	exact := id.Subject

	// Something before, after and in each place where a part of the identity ends.
	places := []int{0, len(exact)}
	for _, part := range []string{"https:", "https://github", "https://github.com", "/karmada-io", "karmada-io/karmada", "/.github", "release.yml", "@", "refs/tags/"} {
		places = append(places, strings.Index(exact, part)+len(part))
	}
	for _, odd := range []string{
		"%0a", "%00", "\n", "\x00", "\u2028", "\u200b", "\ufeff", "\u202e", "@", "?", "#", "/..", "/.", "//", "%2F", "%2e", "\\", " ", "\t",
		"\r\n", ".*", "|", ")", "(", "$", "^", `\E`, `\Q`, "(?i)", "[", "x",
	} {
		for _, place := range places {
			add(exact[:place] + odd + exact[place:])
		}
	}

	// Another case, letters that look alike, and characters that mean any in a regexp.
	for i, c := range exact {
		if unicode.IsLower(c) && i%4 == 0 {
			add(exact[:i] + strings.ToUpper(exact[i:i+1]) + exact[i+1:])
		}
		if c == '.' {
			add(exact[:i]+"x"+exact[i+1:], exact[:i]+exact[i+1:], exact[:i]+"/"+exact[i+1:])
		}
	}
	add(strings.ToUpper(exact), strings.ToLower(strings.ToUpper(exact))+"\x00")
	for from, to := range map[string]string{
		"a": "\u0430", "e": "\u0435", "o": "\u043e", "i": "\u0456", "c": "\u0441", "g": "\uff47", "/": "\u2215", ".": "\u3002", ":": "\uff1a", "k": "\u212a",
	} {
		add(strings.Replace(exact, from, to, 1), strings.ReplaceAll(exact, from, to))
	}

	// Other schemes and hosts, and the identity as a part of another one.
	rest := strings.TrimPrefix(exact, "https://github.com")
	for _, start := range []string{
		"http://github.com", "HTTPS://github.com", "ftp://github.com", "git+https://github.com", "https:/github.com", "https:github.com",
		"https://github.com:443", "https://github.com.", "https://www.github.com", "https://github.com.evil.example", "https://evil-github.com",
		"https://evil.example/github.com", "https://github.com@evil.example", "https://karmada-io@github.com", "https://github.com:x@evil.example",
		"https://evil.example#github.com", "https://evil.example?github.com", "https://github.com%40evil.example", "https://xn--gthub-n4a.com",
	} {
		add(start + rest)
	}
	for _, around := range []string{"https://evil.example/?", "https://evil.example/#", "https://evil.example/\n", "evil@example.com ", "https://evil.example/@"} {
		add(around+exact, exact+around, around+exact+around)
	}
	add(strings.Replace(exact, "karmada-io/karmada", "karmada-io/karmada-evil", 1), strings.Replace(exact, "karmada-io/karmada", "evil/karmada-io/karmada", 1),
		strings.Replace(exact, "karmada-io", "karmada-io.evil", 1), strings.Replace(exact, "release.yml", "release.yml.yml", 1),
		strings.Replace(exact, "release.yml", "prerelease.yml", 1), strings.Replace(exact, "refs/tags", "refs/heads", 1),
		strings.Replace(exact, "refs/tags", "refs/pull/1/refs/tags", 1), exact+"-rc.1", exact+".1", exact+"@refs/tags/v1.16.0", exact+exact,
		strings.TrimSuffix(exact, lookalikeTag), strings.TrimSuffix(exact, "@refs/tags/"+lookalikeTag), strings.TrimPrefix(exact, "https://"))

	var found []sigstore.Identity
	seen := map[string]bool{exact: true}
	for _, subject := range subjects {
		if seen[subject] {
			continue
		}
		seen[subject] = true
		other := id
		other.Subject = subject
		found = append(found, other)
	}
	for _, issuer := range []string{
		"http://token.actions.githubusercontent.com", "https://token.actions.githubusercontent.com/", "https://token.actions.githubusercontent.com.",
		"https://token.actions.githubusercontent.com:443", "https://token.actions.githubusercontent.com.evil.example", "https://token.actions.githubusercontent.com@evil.example",
		"https://Token.actions.githubusercontent.com", "https://tokenxactions.githubusercontent.com", "https://token.actions.githubusercontent.com\n", "\nhttps://token.actions.githubusercontent.com",
		"https://token.actions.githubusercontent.com\x00", "https://token.actions.githubusercontent.com\u2028", "https://evil.example/?https://token.actions.githubusercontent.com",
		"https://token.actions.githubusercontent.com/evil", "https://token.actions.githubusercontent.com%2Fevil", "https://t\u043eken.actions.githubusercontent.com", "token.actions.githubusercontent.com",
		"https://token.actions.githubusercontent.com|", ".*", "https://evil.example\nhttps://token.actions.githubusercontent.com",
	} {
		other := id
		other.Issuer = issuer
		found = append(found, other)
	}
	return found
}

// certify returns a signer for an identity, in the kind of name that can have it: a URI, an e-mail address, which is any ASCII, or
// the name of a user, which is any text.
func (s *mutationSuite) certify(id sigstore.Identity) *sigstore.Signer {
	if parsed, err := url.Parse(id.Subject); err == nil && parsed.Scheme != "" && parsed.String() == id.Subject {
		if signer, err := s.instance.Issue(id); err == nil {
			return signer
		}
	}
	how := sigstore.AsEmail()
	if strings.ContainsFunc(id.Subject, func(c rune) bool { return c > unicode.MaxASCII }) {
		how = sigstore.AsOtherName()
	}
	signer, err := s.instance.Issue(id, how)
	if err != nil {
		s.t.Errorf("no certificate for %q: %v", id.Subject, err)
	}
	return signer
}

// TestLookalikes has valid signatures, in both formats, by identities that look like the declared one. None of them is accepted by the
// identity itself or by regexps for it.
func TestLookalikes(t *testing.T) {
	s := newMutationSuite(t)
	id := s.id
	escaped := regexp.QuoteMeta(strings.TrimSuffix(id.Subject, lookalikeTag))
	rules := map[string]*policy.Rule{}
	for name, spec := range map[string]v1alpha1.KarmadaImageTrustSpec{
		"exact":       {Issuer: id.Issuer, Identity: id.Subject},
		"class":       {Issuer: id.Issuer, IdentityRegexp: v1alpha1.Regexp(escaped + `v1\.[0-9]+\.[0-9]+`)},
		"alternation": {Issuer: id.Issuer, IdentityRegexp: v1alpha1.Regexp(escaped + `v1\.15\.0|` + escaped + `v1\.16\.0`)},
		"issuer":      {IssuerRegexp: `https://(token|oidc)\.actions\.githubusercontent\.com`, IdentityRegexp: v1alpha1.Regexp(escaped + `v1\.16\..`)},
	} {
		spec.Images = []v1alpha1.ImageGlob{"registry.example/karmada/*"}
		compiled, err := policy.Compile(spec)
		if err != nil {
			t.Fatal(err)
		}
		rules[name] = compiled.Signers[0].Rule
	}
	if problem := s.judge(t.Context(), id, rules, v1alpha1.SignedReason); len(problem) > 0 {
		t.Fatalf("the declared identity: %v", problem)
	}
	all := lookalikes(id)
	if testing.Short() {
		all = slices.DeleteFunc(all, func(one sigstore.Identity) bool { return len(one.Subject)%8 != 0 && one.Issuer == id.Issuer })
	}
	var next, accepted atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(all); i = int(next.Add(1)) - 1 {
				for _, problem := range s.judge(t.Context(), all[i], rules, v1alpha1.IdentityMismatchReason) {
					if strings.Contains(problem, string(v1alpha1.VerdictVerified)) {
						accepted.Add(1)
					}
					t.Errorf("%q of %q: %s", all[i].Subject, all[i].Issuer, problem)
				}
			}
		})
	}
	workers.Wait()
	if testing.Short() {
		return // the figures are those of all look-alikes
	}
	fmt.Printf("figure: identity_lookalikes %d\nfigure: identity_lookalikes_accepted %d\n", len(all), accepted.Load())
	if len(all) < 300 {
		t.Errorf("%d look-alikes, want at least 300", len(all))
	}
}

// judge signs as an identity in both formats, and returns the verdicts by the rules that do not have the expected reason.
func (s *mutationSuite) judge(ctx context.Context, id sigstore.Identity, rules map[string]*policy.Rule, reason string) []string {
	signer := s.certify(id)
	if signer == nil {
		return nil
	}
	payload, err := sigstore.Payload(s.image)
	s.must(err)
	signature, err := signer.Sign(payload)
	s.must(err)
	signature.Bundle, err = s.instance.Log(ctx, signature, time.Now())
	s.must(err)
	layer := layerOf([][]byte{payload, []byte(signature.Base64), signature.Certificate, signature.Chain, s.encode(signature.Bundle), nil})
	statement, err := sigstore.Statement(policy.SignPredicate, map[string]any{}, s.image)
	s.must(err)
	envelope, err := signer.SignStatement(statement)
	s.must(err)
	s.must(s.instance.LogStatement(ctx, &envelope, time.Now()))
	content := s.bundle(&envelope)

	var problems []string
	for name, rule := range rules {
		v := s.verification()
		v.rule = rule
		c := &v.claims()[0]
		for format, found := range map[string]finding{
			"signature": v.verifyContent(ctx, simpleSigningStorage{}, c, layer, payload, func() {}),
			"bundle":    v.verifyContent(ctx, bundleStorage{}, c, v1.Descriptor{}, content, func() {}),
		} {
			if found.Reason != reason {
				problems = append(problems, fmt.Sprintf("%s by %s: %s %s (%s)", format, name, found.Verdict, found.Reason, found.Message))
			}
		}
	}
	return problems
}
