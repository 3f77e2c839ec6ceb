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
	"os"
	"strings"
	"testing"
)

func TestVerify(t *testing.T) {
	f := newFixture(t)
	f.write("references.yaml", f.trust("references", "Enforce", "app/*", "verification:", "  references:",
		"  - REGISTRY/app/signed:v1", "  - REGISTRY/app/unsigned:v1"))
	signers, err := os.ReadFile("private.yaml")
	f.must(err)
	root, _, _ := strings.Cut(string(signers), "---\n")
	several := strings.Join([]string{
		"apiVersion: trust.karmada.io/v1alpha1", "kind: KarmadaImageTrust", "metadata: {name: signers}", "spec:",
		"  images: ['REGISTRY/**']", "  signers:",
		"  - {name: release, issuer: '" + release.Issuer + "', identity: '" + release.Subject + "'}",
		"  - {name: builder, issuer: '" + release.Issuer + "', identity: '" + release.Subject + "', trustRoot: {name: private}}",
	}, "\n") + "\n"
	f.write("signers.yaml", root+"---\n"+several)
	f.write("rootless.yaml", several)
	const signed, unsigned, foreign, down = "REGISTRY/app/signed:v1", "REGISTRY/app/unsigned:v1", "REGISTRY/app/foreign:v1", "REGISTRY/down/image:v1"
	identity := []string{"--issuer", release.Issuer, "--identity", release.Subject}
	f.runGolden("verify", map[string]pluginTest{
		"verified":              {args: []string{signed, "-f", "trust.yaml"}},
		"verified wide":         {args: []string{signed, "-f", "trust.yaml", "-o", "wide"}},
		"verified json":         {args: []string{signed, "-f", "trust.yaml", "-o", "json"}},
		"verified yaml":         {args: []string{signed, "-f", "trust.yaml", "-o", "yaml"}},
		"jsonpath":              {args: []string{signed, unsigned, "-f", "trust.yaml", "-o", `jsonpath={range [*]}{.image} {.verdict}{"\n"}{end}`}, code: exitUntrusted},
		"untrusted":             {args: []string{signed, unsigned, foreign, "-f", "trust.yaml"}, code: exitUntrusted},
		"untrusted wide":        {args: []string{signed, unsigned, foreign, "-f", "trust.yaml", "-o", "wide"}, code: exitUntrusted},
		"untrusted json":        {args: []string{unsigned, foreign, "-f", "trust.yaml", "-o", "json"}, code: exitUntrusted},
		"unknown":               {args: []string{down, "-f", "down.yaml"}, code: exitUnknown},
		"unknown json":          {args: []string{down, "-f", "down.yaml", "-o", "json"}, code: exitUnknown},
		"untrusted and unknown": {args: []string{unsigned, down, "-f", "trust.yaml", "-f", "down.yaml"}, code: exitUntrusted},
		"missing image":         {args: []string{"REGISTRY/app/missing:v1", "-f", "trust.yaml"}, code: exitUnknown},
		"several trusts":        {args: []string{signed, "-f", "trust.yaml", "-f", "references.yaml"}},
		"references":            {args: []string{"-f", "references.yaml"}, code: exitUntrusted},
		"bundle":                {args: []string{"REGISTRY/private/image:v1", "-f", "private.yaml"}},
		"bundle json":           {args: []string{"REGISTRY/private/image:v1", "-f", "private.yaml", "-o", "json"}},
		"signers":               {args: []string{signed, "REGISTRY/private/signed:v1", foreign, unsigned, "-f", "signers.yaml"}, code: exitUntrusted},
		"signers json":          {args: []string{"REGISTRY/private/signed:v1", foreign, "-f", "signers.yaml", "-o", "json"}, code: exitUntrusted},
		"signers without root":  {args: []string{signed, foreign, "-f", "rootless.yaml", "--kubeconfig", "nowhere"}, code: exitUnknown},
		"identity":              {args: append([]string{signed}, identity...)},
		"flags of cosign":       {args: []string{signed, "--certificate-oidc-issuer", release.Issuer, "--certificate-identity-regexp", "https://github.com/karmada-io/.*"}},
		"part of the identity":  {args: []string{signed, "--issuer", release.Issuer, "--identity-regexp", "karmada-io/karmada"}, code: exitUntrusted},
		"trust from input":      {args: []string{signed, "-f", "-"}, stdin: f.trust("input", "Enforce", "app/*")},

		"no signer":             {args: []string{signed}, code: exitUsage},
		"trust and identity":    {args: append([]string{signed, "-f", "trust.yaml"}, identity...), code: exitUsage},
		"half an identity":      {args: []string{signed, "--issuer", release.Issuer}, code: exitUsage},
		"invalid regexp":        {args: []string{signed, "--issuer", "https://issuer.example", "--identity-regexp", "("}, code: exitUsage},
		"not a reference":       {args: []string{"A B", "-f", "trust.yaml"}, code: exitUsage},
		"scheme":                {args: []string{"oci://" + signed, "-f", "trust.yaml"}, code: exitUsage},
		"upper case":            {args: []string{"REGISTRY/app/SIGNED:v1", "-f", "trust.yaml"}, code: exitUsage},
		"placeholder":           {args: []string{"REGISTRY/app/signed:${TAG}", "-f", "trust.yaml"}, code: exitUsage},
		"not covered":           {args: []string{"REGISTRY/other/image:v1", "-f", "trust.yaml"}, code: exitUsage},
		"no references":         {args: []string{"-f", "trust.yaml"}, code: exitUsage},
		"missing file":          {args: []string{signed, "-f", "nowhere.yaml"}, code: exitUsage},
		"unknown format":        {args: []string{signed, "-f", "trust.yaml", "-o", "xml"}, code: exitUsage},
		"no workers":            {args: []string{signed, "-f", "trust.yaml", "--parallel", "0"}, code: exitUsage},
		"missing CA file":       {args: []string{signed, "-f", "trust.yaml", "--registry-ca", "nowhere.pem"}, code: exitUsage},
		"two roots of trust":    {args: []string{signed, "-f", "trust.yaml", "--trust-root", "private"}, code: exitUsage},
		"TrustRoot from file":   {args: []string{"REGISTRY/private/image:v1", "-f", "private.yaml", "--trust-root", "private"}, noRoot: true},
		"no such TrustRoot":     {args: []string{signed, "-f", "trust.yaml", "--trust-root", "nowhere"}, noRoot: true, code: exitUsage},
		"missing root file":     {args: []string{signed, "-f", "trust.yaml", "--trusted-root", "nowhere.json"}, noRoot: true, code: exitUsage},
		"half a repository":     {args: []string{signed, "-f", "trust.yaml", "--tuf-mirror", "https://tuf.example"}, code: exitUsage},
		"offline without cache": {args: []string{signed, "-f", "trust.yaml", "--offline"}, noRoot: true, code: exitUnknown},
	})
}
