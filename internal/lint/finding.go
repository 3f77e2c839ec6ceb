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

package lint

import "strings"

// Level says how bad a finding is.
type Level string

const (
	// LevelError keeps the trust from working: the API server refuses it, or the operator does.
	LevelError Level = "error"
	// LevelWarning is valid and hardly meant.
	LevelWarning Level = "warning"
	// LevelNote is good to know.
	LevelNote Level = "note"
)

// Finding is one remark about a trust.
type Finding struct {
	// Rule that was broken.
	Rule Rule
	// Level of it here; a rule may be broken more and less badly.
	Level Level
	// Field as the API server spells it, such as spec.images[0]; empty for the whole object.
	Field string
	// Message says what is wrong, and what to write.
	Message string
}

// within tells whether one field is another, or a part of it.
func within(field, outer string) bool {
	rest, ok := strings.CutPrefix(field, outer)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}
