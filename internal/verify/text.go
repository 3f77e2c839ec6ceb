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

import "github.com/karmada-io/image-trust/internal/text"

// Bounds of texts, in bytes. Those of a signer's details are the API's bounds in characters, so that they hold for any
// characters.
const (
	maxMessage   = 1 << 10
	maxQuoted    = 300
	maxName      = 1024
	maxFact      = 512
	maxShortFact = 128
)

// printable returns a text of which all characters are printable, truncated to a number of bytes.
func printable(s string, limit int) string { return text.Truncate(text.Printable(s), limit) }

// quoted is a part of a message, truncated so that the rest of the message has room.
func quoted(s string) string { return printable(s, maxQuoted) }
