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
	"testing"
)

// deployment returns the manifest of a Deployment with one container.
func deployment(name, image string) string {
	return fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata:
  name: %[1]s
spec:
  selector:
    matchLabels: {app: %[1]s}
  template:
    metadata:
      labels: {app: %[1]s}
    spec:
      containers:
      - name: main
        image: %[2]s
`, name, image)
}

func TestPlan(t *testing.T) {
	f := newFixture(t)
	f.write("allowed/signed.yaml", deployment("signed", "REGISTRY/app/signed:v1"))
	f.write("denied/signed.yaml", deployment("signed", "REGISTRY/app/signed:v1"))
	f.write("denied/unsigned.yaml", deployment("unsigned", "REGISTRY/app/unsigned:v1")+"---\n"+deployment("foreign", "REGISTRY/app/foreign:v1"))
	f.write("undetermined/down.yaml", deployment("down", "REGISTRY/down/image:v1"))
	f.write("uncovered/other.yaml", deployment("other", "REGISTRY/other/image:v1"))
	f.write("private/image.yaml", deployment("private", "REGISTRY/private/image:v1"))
	f.write("ours/signed.yaml", deployment("ours", "REGISTRY/private/signed:v1"))
	f.write("none/service.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n")
	f.write("digest.yaml", f.trust("digest", "Enforce", "app/signed@"+f.push("app/signed").DigestStr()))
	f.write("wide.yaml", f.trust("app", "Enforce", "app/signed"))
	f.write("unreadable/names.yaml", deployment("upper", "REGISTRY/app/UPPER:v1")+"---\n"+deployment("letter", "REGISTRY/x:v1"))
	f.write("scheme/names.yaml", deployment("covered", "oci://REGISTRY/app/signed:v1")+"---\n"+deployment("other", "https://example.com/x1:v1"))
	f.write("volume/image.yaml", deployment("volume", "REGISTRY/app/signed:v1")+
		"      volumes:\n      - {name: models, image: {reference: REGISTRY/app/unsigned:v1}}\n")
	f.runGolden("plan", map[string]pluginTest{
		"image volume":        {args: []string{"-f", "trust.yaml", "--manifests", "volume"}},
		"scheme":              {args: []string{"-f", "trust.yaml", "--manifests", "scheme"}, code: exitUntrusted},
		"unreadable":          {args: []string{"-f", "trust.yaml", "--manifests", "unreadable"}, code: exitUntrusted},
		"allowed":             {args: []string{"-f", "trust.yaml", "--manifests", "allowed"}},
		"allowed wide":        {args: []string{"-f", "trust.yaml", "--manifests", "allowed", "-o", "wide"}},
		"allowed json":        {args: []string{"-f", "trust.yaml", "--manifests", "allowed", "-o", "json"}},
		"denied":              {args: []string{"-f", "trust.yaml", "--manifests", "denied"}, code: exitUntrusted},
		"denied wide":         {args: []string{"-f", "trust.yaml", "--manifests", "denied", "-o", "wide"}, code: exitUntrusted},
		"denied json":         {args: []string{"-f", "trust.yaml", "--manifests", "denied", "-o", "json"}, code: exitUntrusted},
		"denied yaml":         {args: []string{"-f", "trust.yaml", "--manifests", "denied", "-o", "yaml"}, code: exitUntrusted},
		"allowed markdown":    {args: []string{"-f", "trust.yaml", "--manifests", "allowed", "-o", "markdown"}},
		"everything markdown": {args: []string{"-f", "trust.yaml", "-f", "down.yaml", "--manifests", "denied", "--manifests", "undetermined", "--manifests", "uncovered", "--manifests", "none", "-o", "markdown"}, code: exitUntrusted},
		"against markdown":    {args: []string{"-f", "trust.yaml", "--against", "wide.yaml", "--manifests", "denied", "-o", "markdown"}, code: exitUntrusted},
		"jsonpath":            {args: []string{"-f", "trust.yaml", "--manifests", "denied", "-o", "jsonpath={.summary.denied}"}, code: exitUntrusted},
		"undetermined":        {args: []string{"-f", "down.yaml", "--manifests", "undetermined"}, code: exitUnknown},
		"uncovered":           {args: []string{"-f", "trust.yaml", "--manifests", "uncovered"}},
		"everything":          {args: []string{"-f", "trust.yaml", "-f", "down.yaml", "--manifests", "denied", "--manifests", "undetermined", "--manifests", "uncovered"}, code: exitUntrusted},
		"bundle":              {args: []string{"-f", "private.yaml", "--manifests", "private"}, code: exitUntrusted},
		"trust root":          {args: []string{"-f", "private.yaml", "--manifests", "ours"}},
		"refused root":        {args: []string{"-f", "refused.yaml", "--manifests", "ours"}, code: exitUntrusted},
		"against roots":       {args: []string{"-f", "refused.yaml", "--against", "private.yaml", "--manifests", "ours"}, code: exitUntrusted},
		"against refused":     {args: []string{"-f", "private.yaml", "--against", "refused.yaml", "--manifests", "ours"}},
		"digest":              {args: []string{"-f", "digest.yaml", "--manifests", "allowed"}},
		"standard input":      {args: []string{"-f", "trust.yaml", "--manifests", "-"}, stdin: deployment("input", "REGISTRY/app/signed:v1")},
		"namespace":           {args: []string{"-f", "trust.yaml", "--manifests", "denied", "-n", "shop"}, code: exitUntrusted},
		"no workloads":        {args: []string{"-f", "trust.yaml", "--manifests", "none"}},
		"against":             {args: []string{"-f", "trust.yaml", "--against", "wide.yaml", "--manifests", "denied"}, code: exitUntrusted},
		"against json":        {args: []string{"-f", "trust.yaml", "--against", "wide.yaml", "--manifests", "denied", "-o", "json"}, code: exitUntrusted},
		"against looser":      {args: []string{"-f", "wide.yaml", "--against", "trust.yaml", "--manifests", "denied"}},
		"against itself":      {args: []string{"-f", "trust.yaml", "--against", "trust.yaml", "--manifests", "denied"}},
		"no trust":            {args: []string{"--manifests", "allowed"}, code: exitUsage},
		"no cluster":          {args: []string{"-f", "trust.yaml"}, code: exitUsage},
		"missing file":        {args: []string{"-f", "trust.yaml", "--manifests", "nowhere"}, code: exitUsage},
		"unknown format":      {args: []string{"-f", "trust.yaml", "--manifests", "allowed", "-o", "table"}, code: exitUsage},
		"needless word":       {args: []string{"-f", "trust.yaml", "--manifests", "allowed", "denied"}, code: exitUsage},
		"unreachable":         {args: []string{"-f", "trust.yaml", "--server", "http://127.0.0.1:1"}, code: exitUnknown},
		"unknown cluster":     {args: []string{"-f", "trust.yaml", "--context", "nowhere"}, code: exitUsage},
	})
}
