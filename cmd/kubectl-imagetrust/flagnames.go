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

import "strings"

// flagNames are the flags for the fields of a spec. The longer names come first.
//
//nolint:gochecknoglobals // a constant that Go cannot write as such
var flagNames = strings.NewReplacer(
	"spec.issuerRegexp", "--issuer-regexp", "spec.identityRegexp", "--identity-regexp",
	"spec.issuer", "--issuer", "spec.identity", "--identity",
	"issuerRegexp", "--issuer-regexp", "identityRegexp", "--identity-regexp",
	"issuer and", "--issuer and", "identity and", "--identity and",
	"invalid trust: ", "",
)
