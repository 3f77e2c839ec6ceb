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

package options_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/karmada-io/image-trust/internal/verify/options"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

func TestRegistries(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, []byte("not a certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		args    []string
		want    options.Registries
		wantErr string
	}{
		"none": {},
		"insecure": {
			args: []string{"--insecure-registry=a", "--insecure-registry", "b:5000"},
			want: options.Registries{Insecure: []string{"a", "b:5000"}},
		},
		"private": {
			args: []string{"--private-registry=a", "--private-registry", "b:5000"},
			want: options.Registries{Private: []string{"a", "b:5000"}},
		},
		"missing file": {
			args: []string{"--registry-ca=nowhere"}, want: options.Registries{CAFile: "nowhere"}, wantErr: "reading --registry-ca: open nowhere",
		},
		"no certificate": {
			args: []string{"--registry-ca", file}, want: options.Registries{CAFile: file}, wantErr: "reading --registry-ca " + file,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got options.Registries
			parse(t, got.AddFlags, tc.args)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("options (-want +got):\n%s", diff)
			}
			client, err := got.Client()
			checkError(t, err, tc.wantErr)
			if (client == nil) != (err != nil) {
				t.Errorf("client %v, error %v", client, err)
			}
		})
	}
}

func TestRootOfTrust(t *testing.T) {
	instance, err := sigstore.New()
	if err != nil {
		t.Fatal(err)
	}
	trusted, err := instance.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "trusted_root.json"), filepath.Join(dir, "bad.json")
	for file, content := range map[string][]byte{good: trusted, bad: []byte("{")} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, tc := range map[string]struct {
		args                            []string
		valid, fromFile, repositoryErrs string
		root                            bool
		named                           string
	}{
		"none":                {},
		"file":                {args: []string{"--trusted-root", good}, root: true},
		"missing file":        {args: []string{"--trusted-root", "nowhere"}, fromFile: "reading --trusted-root: open nowhere"},
		"bad file":            {args: []string{"--trusted-root", bad}, fromFile: "reading --trusted-root " + bad},
		"mirror alone":        {args: []string{"--tuf-mirror", "https://tuf.example"}, valid: "belong together"},
		"initial root alone":  {args: []string{"--tuf-root", good}, valid: "belong together"},
		"mirror":              {args: []string{"--tuf-mirror", "https://tuf.example", "--tuf-root", good}},
		"missing root":        {args: []string{"--tuf-mirror", "https://tuf.example", "--tuf-root", "nowhere"}, repositoryErrs: "reading --tuf-root: open nowhere"},
		"cache":               {args: []string{"--tuf-cache", "/cache"}, named: "/cache/named"},
		"empty means no flag": {args: []string{"--trusted-root=", "--tuf-mirror=", "--tuf-root=", "--tuf-cache="}},
	} {
		t.Run(name, func(t *testing.T) {
			var got options.RootOfTrust
			parse(t, got.AddFlags, tc.args)
			checkError(t, got.Validate(), tc.valid)
			root, err := got.FromFile()
			checkError(t, err, tc.fromFile)
			if (root != nil) != tc.root {
				t.Errorf("root of trust %v, want one: %t", root, tc.root)
			}
			repository, err := got.Repository()
			checkError(t, err, tc.repositoryErrs)
			if err == nil && (repository.Mirror != got.Mirror || repository.CacheDir != got.CacheDir || (len(repository.Root) > 0) != (got.InitialRoot != "")) {
				t.Errorf("repository %+v of options %+v", repository, got)
			}
			if got := got.NamedCacheDir(); got != tc.named {
				t.Errorf("directory %q, want %q", got, tc.named)
			}
		})
	}
}

func parse(t *testing.T, addFlags func(*pflag.FlagSet), args []string) {
	t.Helper()
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	addFlags(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
}

// checkError reports an error that does not contain want, or any error if want is empty.
func checkError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("error %v", err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("error %v, want %q", err, want)
	}
}

// TestEndlessFiles: a file that has no end is not read to its end.
func TestEndlessFiles(t *testing.T) {
	const endless, want = "/dev/zero", "/dev/zero is larger than 4 MiB, the limit"
	if _, err := os.Stat(endless); err != nil {
		t.Skip("there is no such file")
	}
	_, err := (&options.Registries{CAFile: endless}).Client()
	checkError(t, err, want)
	_, err = (&options.RootOfTrust{File: endless}).FromFile()
	checkError(t, err, want)
	_, err = (&options.RootOfTrust{Mirror: "https://tuf.example", InitialRoot: endless}).Repository()
	checkError(t, err, want)
}
