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
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
)

// mutator changes artefacts at random, at the level of bytes, of JSON tokens and of fields. It reads what is encoded in fields:
// JSON and DER in base64, and PEM. The same seed makes the same changes.
type mutator struct{ *rand.Rand }

func newMutator(seed, number uint64) mutator { return mutator{rand.New(rand.NewPCG(seed, number))} }

// chance is true once in n times.
func (m mutator) chance(n int) bool { return m.IntN(n) == 0 }

// fields returns a copy of an artefact with one field changed, sometimes more. Others are artefacts of the same kind, of which
// parts are taken.
func (m mutator) artefact(fields [][]byte, others [][][]byte) [][]byte {
	changed := slices.Clone(fields)
	for {
		i := m.IntN(len(fields))
		other := others[m.IntN(len(others))][i]
		if m.chance(8) {
			changed[i] = other
		} else {
			changed[i] = m.content(changed[i], other)
		}
		if !slices.EqualFunc(changed, fields, bytes.Equal) && !m.chance(4) {
			return changed
		}
	}
}

// content returns a changed copy of some content.
func (m mutator) content(content, other []byte) []byte {
	if len(content) == 0 {
		return bytes.Clone(other)
	}
	switch m.IntN(8) {
	case 0:
		return m.bytes(content)
	case 1, 2:
		return m.tokens(content)
	default:
		return m.decoded(content, other)
	}
}

// bytes changes, removes or repeats some bytes.
func (m mutator) bytes(content []byte) []byte {
	at := m.IntN(len(content))
	end := min(len(content), at+1+m.IntN(8))
	changed := bytes.Clone(content)
	switch m.IntN(6) {
	case 0:
		changed[at] ^= 1 << m.IntN(8)
	case 1:
		changed[at] = "\x00\x01\x7f\x80\xff0Aaz{}\"\\"[m.IntN(13)]
	case 2:
		changed = slices.Delete(changed, at, end)
	case 3:
		changed = slices.Insert(changed, at, content[at:end]...)
	case 4:
		changed = changed[:at]
	default:
		changed = slices.Insert(changed, at, []byte("\x00\n \"{}[]\xff")[m.IntN(9)])
	}
	return changed
}

var jsonToken = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+|\s+|"`)

// tokens changes, removes, repeats or exchanges tokens of JSON. This repeats keys, too, and inserts white space.
func (m mutator) tokens(content []byte) []byte {
	tokens := jsonToken.FindAll(content, -1)
	if len(tokens) < 2 {
		return m.bytes(content)
	}
	at, other := m.IntN(len(tokens)), m.IntN(len(tokens))
	end := min(len(tokens), at+1+m.IntN(5))
	switch m.IntN(6) {
	case 0:
		tokens[at], tokens[other] = tokens[other], tokens[at]
	case 1:
		tokens = slices.Delete(tokens, at, end)
	case 2:
		tokens = slices.Insert(tokens, at, slices.Clone(tokens[at:end])...)
	case 3:
		tokens[at] = tokens[other]
	case 4:
		tokens = slices.Insert(tokens, at, []byte(strings.Repeat(" \n", 1+m.IntN(3))))
	default:
		encoded, _ := json.Marshal(m.unexpected(nil))
		tokens[at] = encoded
	}
	return bytes.Join(tokens, nil)
}

// decoded changes what is encoded in the content.
func (m mutator) decoded(content, other []byte) []byte {
	if block, _ := pem.Decode(content); block != nil {
		block.Bytes = m.content(block.Bytes, nil)
		return pem.EncodeToMemory(block)
	}
	if value, ok := parse(content); ok {
		donor, _ := parse(other)
		if encoded, err := json.Marshal(m.value(value, donor)); err == nil {
			return encoded
		}
	}
	if decoded, err := base64.StdEncoding.DecodeString(string(content)); err == nil && len(decoded) > 0 {
		donor, _ := base64.StdEncoding.DecodeString(string(other))
		return []byte(base64.StdEncoding.EncodeToString(m.content(decoded, donor)))
	}
	return m.bytes(content)
}

func parse(content []byte) (any, bool) {
	if len(content) == 0 || content[0] != '{' && content[0] != '[' {
		return nil, false
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	return value, err == nil
}

// value changes one node of a JSON value, or puts the other's node in its place.
func (m mutator) value(value, other any) any {
	switch v := value.(type) {
	case map[string]any:
		keys := slices.Sorted(maps.Keys(v))
		if len(keys) == 0 || m.chance(12) {
			return m.instead(value, other)
		}
		key := keys[m.IntN(len(keys))]
		switch {
		case m.chance(12):
			delete(v, key)
		case m.chance(24):
			v[strings.ToUpper(key)] = m.unexpected(v[key])
		default:
			donor, _ := other.(map[string]any)
			v[key] = m.value(v[key], donor[key])
		}
		return v
	case []any:
		if len(v) == 0 || m.chance(12) {
			return m.instead(value, other)
		}
		at := m.IntN(len(v))
		donor, _ := other.([]any)
		switch choice := m.IntN(24); {
		case choice < 2:
			return slices.Delete(v, at, at+1)
		case choice < 4:
			return slices.Insert(v, at, v[at])
		case choice < 8 && len(donor) > 0:
			return slices.Insert(v, at, donor[m.IntN(len(donor))])
		}
		var node any
		if at < len(donor) {
			node = donor[at]
		}
		v[at] = m.value(v[at], node)
		return v
	case string:
		donor, _ := other.(string)
		if v == "" || m.chance(4) {
			return m.instead(value, other)
		}
		return string(m.content([]byte(v), []byte(donor)))
	default:
		return m.instead(value, other)
	}
}

func (m mutator) instead(value, other any) any {
	if other != nil && m.chance(2) {
		return other
	}
	return m.unexpected(value)
}

// unexpected is something that a reader may not expect in place of a value.
func (m mutator) unexpected(value any) any {
	return []any{
		nil, true, false, "", "AA==", "null", 0, -1, 1, json.Number("1e999"), json.Number("18446744073709551616"), 1.5,
		[]any{}, map[string]any{}, []any{value}, map[string]any{"": value}, []any{value, value}, strings.Repeat("9", 400),
	}[m.IntN(18)]
}
