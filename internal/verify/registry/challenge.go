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
	"strings"
)

const (
	// maxChallenge bounds a challenge and each of its parameters, in bytes.
	maxChallenge = 8 << 10
	// maxChallenges bounds the number of challenges in one response, maxParameters that of the parameters of one.
	maxChallenges = 16
	maxParameters = 32

	// basicScheme and bearerScheme are the schemes that are supported, in lower case.
	basicScheme  = "basic"
	bearerScheme = "bearer"
)

// challenge is how a registry wants to be asked (RFC 9110, section 11.6.1).
type challenge struct {
	// scheme in lower case.
	scheme string
	// parameters by their names in lower case.
	parameters map[string]string
}

var errChallenge = errors.New("a challenge is too long, or not valid")

// challengeOf returns the first challenge of a response with a scheme that is supported, Basic or Bearer. Without one the
// challenge is empty. One that is not valid or too long is an error, unless a supported one precedes it.
func challengeOf(header http.Header) (challenge, error) {
	for i, value := range header.Values("WWW-Authenticate") {
		if i == maxChallenges || len(value) > maxChallenge {
			return challenge{}, errChallenge
		}
		challenges, err := parseChallenges(value)
		for _, one := range challenges {
			if one.scheme == basicScheme || one.scheme == bearerScheme {
				return one, nil
			}
		}
		if err != nil {
			return challenge{}, err
		}
	}
	return challenge{}, nil
}

// parseChallenges reads the value of a WWW-Authenticate header: a list of challenges, each with a scheme and a list of
// parameters. It returns the challenges before a mistake.
func parseChallenges(value string) ([]challenge, error) {
	var all []challenge
	p := fieldParser{rest: value}
	for {
		p.skip(" \t,")
		if p.rest == "" {
			return all, nil
		}
		scheme := p.token()
		if scheme == "" || len(all) == maxChallenges {
			return all, errChallenge
		}
		one := challenge{scheme: strings.ToLower(scheme), parameters: map[string]string{}}
		if err := p.parameters(one.parameters); err != nil {
			return all, err
		}
		all = append(all, one)
	}
}

// fieldParser reads the value of a header field (RFC 9110, section 5.6).
type fieldParser struct{ rest string }

// skip skips the given characters.
func (p *fieldParser) skip(characters string) { p.rest = strings.TrimLeft(p.rest, characters) }

// take takes one character, if it comes next.
func (p *fieldParser) take(c byte) bool {
	if p.rest == "" || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

// token reads a token, which is empty if none comes next.
func (p *fieldParser) token() string {
	end := strings.IndexFunc(p.rest, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r)
	})
	if end < 0 {
		end = len(p.rest)
	}
	token := p.rest[:end]
	p.rest = p.rest[end:]
	return token
}

// value reads a token or a quoted string.
func (p *fieldParser) value() (string, bool) {
	if !p.take('"') {
		// Some registries do not quote URLs.
		end := strings.IndexAny(p.rest, " \t,;\"")
		if end < 0 {
			end = len(p.rest)
		}
		value := p.rest[:end]
		p.rest = p.rest[end:]
		return value, value != ""
	}
	var value strings.Builder
	for i := 0; i < len(p.rest); i++ {
		switch c := p.rest[i]; {
		case c == '"':
			p.rest = p.rest[i+1:]
			return value.String(), true
		case c == '\\' && i+1 < len(p.rest):
			i++
			value.WriteByte(p.rest[i])
		default:
			value.WriteByte(c)
		}
	}
	return "", false
}

// parameters reads parameters until the next challenge. The first of equal names counts.
func (p *fieldParser) parameters(into map[string]string) error {
	for read := 0; ; read++ {
		p.skip(" \t,")
		before := p.rest
		name := strings.ToLower(p.token())
		p.skip(" \t")
		if name == "" || !p.take('=') {
			p.rest = before // the scheme of the next challenge, or the end
			return nil
		}
		p.skip(" \t")
		value, ok := p.value()
		if !ok || read == maxParameters {
			return errChallenge
		}
		if _, known := into[name]; !known {
			into[name] = value
		}
	}
}

// hasNext reports whether a response has a link to a next page (RFC 8288). A link that cannot be read counts as one: it must
// not hide what is on the next page.
func hasNext(header http.Header) bool {
	for _, value := range header.Values("Link") {
		p := fieldParser{rest: value}
		for p.skip(" \t,"); p.rest != ""; p.skip(" \t,") {
			next, ok := p.link()
			if next || !ok {
				return true
			}
		}
	}
	return false
}

// link reads one link, and reports whether its relations include next.
func (p *fieldParser) link() (next, ok bool) {
	_, rest, found := strings.Cut(p.rest, ">")
	if !p.take('<') || !found {
		return false, false
	}
	p.rest = rest
	for p.skip(" \t"); p.take(';'); p.skip(" \t") {
		p.skip(" \t")
		name := strings.ToLower(p.token())
		p.skip(" \t")
		if !p.take('=') {
			continue // a parameter without a value
		}
		p.skip(" \t")
		value, valid := p.value()
		if !valid {
			return false, false
		}
		if name == "rel" {
			for relation := range strings.FieldsSeq(value) {
				next = next || strings.EqualFold(relation, "next")
			}
		}
	}
	return next, p.rest == "" || p.rest[0] == ','
}
