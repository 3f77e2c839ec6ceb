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

// Package sarifschema validates logs against the schema of SARIF 2.1.0 with its first errata, as OASIS publishes it.
package sarifschema

import (
	_ "embed"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/encoding/jsonschema"
)

//go:embed sarif-schema-2.1.0.json
var content []byte

// New returns a function that returns an error if a document is not a SARIF log.
func New(t *testing.T) func(document []byte) error {
	t.Helper()
	ctx := cuecontext.New()
	file, err := jsonschema.Extract(ctx.CompileBytes(content), &jsonschema.Config{})
	if err != nil {
		t.Fatal(err)
	}
	schema := ctx.BuildFile(file)
	if err := schema.Err(); err != nil {
		t.Fatal(err)
	}
	return func(document []byte) error {
		return schema.Unify(ctx.CompileBytes(document)).Validate(cue.Concrete(true))
	}
}
