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
	"strings"
	"testing"
)

func TestPin(t *testing.T) {
	f := newFixture(t)
	digest := f.push("app/signed").DigestStr()
	f.write("deploy/signed.yaml", deployment("signed", "REGISTRY/app/signed:v1 # the release"))
	f.write("deploy/other.yaml", deployment("other", "REGISTRY/other/image:v1"))
	f.write("pinned.yaml", deployment("pinned", "REGISTRY/app/signed:v1@"+digest))
	f.write("missing.yaml", deployment("missing", "REGISTRY/app/signed:v1@sha256:"+strings.Repeat("0", 64)))
	f.write("unsigned.yaml", deployment("signed", "REGISTRY/app/signed:v1")+"---\n"+deployment("unsigned", "REGISTRY/app/unsigned:v1"))
	f.write("unknown.yaml", deployment("down", "REGISTRY/down/image:v1"))
	f.write("unreadable.yaml", deployment("unreadable", "REGISTRY/app/UPPER:v1")+"---\n"+deployment("other", "REGISTRY/other/UPPER:v1"))
	f.write("volume.yaml", deployment("volume", "REGISTRY/other/image:v1")+
		"      volumes:\n      - {name: models, image: {reference: REGISTRY/app/signed:v1}}\n")
	f.runGolden("pin", map[string]pluginTest{
		"unreadable":          {args: []string{"-f", "trust.yaml", "--manifests", "unreadable.yaml"}, code: exitUnknown},
		"image volume":        {args: []string{"-f", "trust.yaml", "--manifests", "volume.yaml"}},
		"pinned":              {args: []string{"-f", "trust.yaml", "--manifests", "deploy"}},
		"already pinned":      {args: []string{"-f", "trust.yaml", "--manifests", "pinned.yaml"}},
		"missing digest":      {args: []string{"-f", "trust.yaml", "--manifests", "missing.yaml"}, code: exitUnknown},
		"untrusted":           {args: []string{"-f", "trust.yaml", "--manifests", "unsigned.yaml"}, code: exitUntrusted},
		"unknown":             {args: []string{"-f", "down.yaml", "--manifests", "unknown.yaml"}, code: exitUnknown},
		"kustomize":           {args: []string{"-f", "trust.yaml", "--manifests", "deploy", "-o", "kustomize"}},
		"standard input":      {args: []string{"-f", "trust.yaml", "--manifests", "-"}, stdin: deployment("input", "REGISTRY/app/signed:v1")},
		"no trust":            {args: []string{"--manifests", "deploy"}, code: exitUsage},
		"no manifests":        {args: []string{"-f", "trust.yaml"}, code: exitUsage},
		"unknown format":      {args: []string{"-f", "trust.yaml", "--manifests", "deploy", "-o", "json"}, code: exitUsage},
		"format and in place": {args: []string{"-f", "trust.yaml", "--manifests", "deploy", "-o", "kustomize", "--in-place"}, code: exitUsage},
		"missing file":        {args: []string{"-f", "trust.yaml", "--manifests", "nowhere"}, code: exitUsage},
	})
}

func TestPinInPlace(t *testing.T) {
	f := newFixture(t)
	f.write("deploy/signed.yaml", deployment("signed", "REGISTRY/app/signed:v1 # the release"))
	f.write("deploy/unsigned.yaml", deployment("unsigned", "REGISTRY/app/unsigned:v1"))
	f.runGolden("pin", map[string]pluginTest{
		"in place": {args: []string{"-f", "trust.yaml", "--manifests", "deploy", "--in-place"}, code: exitUntrusted},
	})
	for _, file := range []string{"signed", "unsigned"} {
		compareGolden(t, "pin/in-place-"+file+".yaml", f.readFile("deploy/"+file+".yaml"))
	}
}
