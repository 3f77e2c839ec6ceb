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
	"slices"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/manifests"
	"github.com/karmada-io/image-trust/internal/policy"
)

// trust is one that the user gave, compiled.
type trust struct {
	name     string
	compiled *policy.Policy
}

// trusts that the user gave, and the TrustRoots beside them.
type trusts struct {
	all   []trust
	roots map[string]*unstructured.Unstructured
	// policies are ClusterImagePolicies that others made.
	policies []*unstructured.Unstructured
}

// covering are the trusts that are about an image.
func (t *trusts) covering(ref name.Reference) []trust {
	return slices.DeleteFunc(slices.Clone(t.all), func(one trust) bool { return !one.compiled.Matches(ref) })
}

// trustFlags say who may sign: in files, or on the command line.
type trustFlags struct {
	files                                          []string
	issuer, issuerRegexp, identity, identityRegexp string
}

func (f *trustFlags) registerFiles(flags *pflag.FlagSet) {
	flags.StringArrayVarP(&f.files, "filename", "f", nil,
		"file or directory with KarmadaImageTrusts, - for standard input; may be repeated")
}

func (f *trustFlags) registerIdentity(flags *pflag.FlagSet) {
	flags.SetNormalizeFunc(cosignFlags)
	flags.StringVar(&f.issuer, "issuer", "", "OIDC issuer that the certificate must name, in place of -f")
	flags.StringVar(&f.issuerRegexp, "issuer-regexp", "", "regular expression for the whole OIDC issuer")
	flags.StringVar(&f.identity, "identity", "", "subject that the certificate must name, in place of -f")
	flags.StringVar(&f.identityRegexp, "identity-regexp", "", "regular expression for the whole subject")
}

func (f *trustFlags) named() bool {
	return f.issuer != "" || f.issuerRegexp != "" || f.identity != "" || f.identityRegexp != ""
}

// load reads and compiles the trusts.
func (f *trustFlags) load(s streams) (*trusts, error) {
	switch {
	case len(f.files) > 0 && f.named():
		return nil, usage("-f and --issuer, --identity say the same thing: drop one")
	case f.named():
		compiled, err := policy.Compile(v1alpha1.KarmadaImageTrustSpec{
			Images: []v1alpha1.ImageGlob{"**"},
			Issuer: f.issuer, IssuerRegexp: v1alpha1.Regexp(f.issuerRegexp),
			Identity: f.identity, IdentityRegexp: v1alpha1.Regexp(f.identityRegexp),
		})
		if err != nil {
			return nil, usage("%s", flagErrors(err))
		}
		return &trusts{all: []trust{{compiled: compiled}}}, nil
	case len(f.files) == 0:
		return nil, usage("say who may sign: with -f trust.yaml, or with --issuer and --identity or --identity-regexp")
	}
	files, err := readInputs(f.files, s)
	if err != nil {
		return nil, err
	}
	return compileAll(files)
}

func compileAll(files []*manifests.File) (*trusts, error) {
	out := &trusts{roots: map[string]*unstructured.Unstructured{}}
	for _, file := range files {
		for _, object := range file.Objects {
			switch {
			case isTrustRoot(object.Unstructured):
				out.roots[object.GetName()] = object.Unstructured
			case isPolicy(object.Unstructured):
				out.policies = append(out.policies, object.Unstructured)
			case isTrust(object.Unstructured):
				typed := &v1alpha1.KarmadaImageTrust{}
				if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(object.Object, typed, true); err != nil {
					return nil, usage("%s: %v", file.Name, err)
				}
				compiled, err := policy.Compile(typed.Spec)
				if err != nil {
					return nil, usage("%s: KarmadaImageTrust %s: %v", file.Name, typed.Name, err)
				}
				out.all = append(out.all, trust{name: typed.Name, compiled: compiled})
			}
		}
	}
	if len(out.all) == 0 {
		return nil, usage("there is no KarmadaImageTrust in what was given with -f")
	}
	return out, nil
}

func isTrust(object *unstructured.Unstructured) bool {
	return object.GetKind() == v1alpha1.KarmadaImageTrustKind && object.GroupVersionKind().Group == v1alpha1.GroupVersion.Group
}

func isTrustRoot(object *unstructured.Unstructured) bool {
	return object.GroupVersionKind().GroupKind() == policy.TrustRootKind.GroupKind()
}

func isPolicy(object *unstructured.Unstructured) bool {
	return object.GroupVersionKind().GroupKind() == policy.ClusterImagePolicyKind.GroupKind()
}

// standardInput is its name as a file.
const standardInput = "standard input"

// readInputs reads files, directories and standard input, which may be named once.
func readInputs(paths []string, s streams) ([]*manifests.File, error) {
	var files []*manifests.File
	stdin := false
	for _, path := range paths {
		if path == "-" {
			if stdin {
				return nil, usage("standard input can be read once only")
			}
			stdin = true
			file, err := manifests.Read(standardInput, s.In)
			if err != nil {
				return nil, usage("%w", err)
			}
			files = append(files, file)
			continue
		}
		read, err := manifests.ReadPath(path)
		if err != nil {
			return nil, usage("%w", err)
		}
		files = append(files, read...)
	}
	return files, nil
}

// parseImages reads the references that the user named.
func parseImages(args []string) ([]name.Reference, error) {
	refs := make([]name.Reference, 0, len(args))
	for _, arg := range args {
		ref, err := name.ParseReference(arg)
		if err != nil {
			return nil, usage("%s", fmt.Sprintf("%q is not an image: %v", arg, err))
		}
		refs = append(refs, ref)
	}
	return refs, nil
}
