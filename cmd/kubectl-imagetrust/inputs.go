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
	"context"
	"errors"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/condition"
	"github.com/karmada-io/image-trust/internal/manifests"
	"github.com/karmada-io/image-trust/internal/policy"
)

// trust is a compiled KarmadaImageTrust from a file or the command line. The latter has no name.
type trust struct {
	name        string
	compiled    *policy.Policy
	enforcement v1alpha1.Enforcement
	// object is the trust as the API server would store it, nil for one from the command line.
	object *unstructured.Unstructured
}

// inputs are the trusts of a command line, and the other objects in their files.
type inputs struct {
	conditions policy.Conditions
	trusts     []trust
	// roots are the TrustRoots by name.
	roots map[string]*unstructured.Unstructured
	// policies are the ClusterImagePolicies that do not belong to a trust.
	policies []*unstructured.Unstructured
	// config is policy-controller's configuration, nil if no file has its ConfigMap.
	config *admission.Config
	// karmada are the policies by which Karmada propagates and changes trusts.
	karmada []*manifests.Object
}

// configOr returns the configuration in the files, or else the given one.
func (in *inputs) configOr(other admission.Config) admission.Config {
	if in.config != nil {
		return *in.config
	}
	return other
}

// covering returns the trusts whose globs match an image.
func (in *inputs) covering(ref name.Reference) []trust {
	return slices.DeleteFunc(slices.Clone(in.trusts), func(one trust) bool { return !one.compiled.Matches(ref) })
}

// selects reports whether a trust may be about an image whose name cannot be read.
func (in *inputs) selects(written string) bool {
	return slices.ContainsFunc(in.trusts, func(one trust) bool { return one.compiled.MatchesName(written) })
}

// trustFlags name the trusts: in files, or by an issuer and an identity for all images.
type trustFlags struct {
	files []string
	// reader reads all files of a command, so that their limits are those of all of them together.
	reader manifests.Reader
	// identities reports whether the command has flags for an issuer and an identity.
	identities                                     bool
	issuer, issuerRegexp, identity, identityRegexp string
}

func (f *trustFlags) registerFiles(flags *pflag.FlagSet) {
	flags.StringArrayVarP(&f.files, "filename", "f", nil,
		"file or directory with KarmadaImageTrusts, or - for standard input; may be repeated")
}

func (f *trustFlags) registerIdentity(flags *pflag.FlagSet) {
	f.identities = true
	flags.SetNormalizeFunc(cosignFlags)
	flags.StringVar(&f.issuer, "issuer", "", "OIDC issuer of the signing certificate, instead of -f")
	flags.StringVar(&f.issuerRegexp, "issuer-regexp", "", "regular expression that the whole OIDC issuer must match")
	flags.StringVar(&f.identity, "identity", "", "subject of the signing certificate, instead of -f")
	flags.StringVar(&f.identityRegexp, "identity-regexp", "", "regular expression that the whole subject must match")
}

func (f *trustFlags) named() bool {
	return f.issuer != "" || f.issuerRegexp != "" || f.identity != "" || f.identityRegexp != ""
}

// load reads and compiles the trusts. It returns at least one.
func (f *trustFlags) load(ctx context.Context, s streams) (*inputs, error) {
	switch {
	case len(f.files) > 0 && f.named():
		return nil, usageErrorf("-f cannot be combined with an issuer or an identity: remove one of them")
	case f.named():
		compiled, err := policy.Compile(v1alpha1.KarmadaImageTrustSpec{
			Images: []v1alpha1.ImageGlob{"**"},
			Issuer: f.issuer, IssuerRegexp: v1alpha1.Regexp(f.issuerRegexp),
			Identity: f.identity, IdentityRegexp: v1alpha1.Regexp(f.identityRegexp),
		})
		if err != nil {
			return nil, usageErrorf("%s", flagErrors(err))
		}
		return &inputs{trusts: []trust{{compiled: compiled}}}, nil
	case len(f.files) == 0 && f.identities:
		return nil, usageErrorf("name the trusts with -f, or the signer with --issuer and --identity or --identity-regexp")
	case len(f.files) == 0:
		return nil, usageErrorf("name the file of the trusts, for example -f trust.yaml")
	}
	files, err := readInputs(&f.reader, f.files, s)
	if err != nil {
		return nil, err
	}
	return compileAll(ctx, files, s.Conditions.Within(ctx))
}

// compileAll validates and compiles the objects in files.
func compileAll(ctx context.Context, files []*manifests.File, conditions policy.Conditions) (*inputs, error) {
	out := &inputs{conditions: conditions, roots: map[string]*unstructured.Unstructured{}}
	valid := &validator{}
	for _, file := range files {
		for _, object := range file.Objects {
			if err := out.add(ctx, object, valid); err != nil {
				return nil, err
			}
		}
	}
	if len(out.trusts) == 0 {
		return nil, usageErrorf("no KarmadaImageTrust in the files given with -f")
	}
	return out, nil
}

// add adds an object of a file. One that no command uses is left out.
func (in *inputs) add(ctx context.Context, object *manifests.Object, valid *validator) error {
	if isTrust(object.Unstructured) {
		return in.addTrust(ctx, object, valid)
	}
	root, cip, config := isTrustRoot(object.Unstructured), isPolicy(object.Unstructured), isConfig(object.Unstructured)
	karmada := isKarmadaPolicy(object.Unstructured)
	if !root && !cip && !config && !karmada {
		return nil
	}
	if err := valid.metadata(ctx, object); err != nil {
		return err
	}
	switch {
	case karmada:
		in.karmada = append(in.karmada, object)
	case root:
		in.roots[object.GetName()] = object.Unstructured
	case cip:
		in.policies = append(in.policies, object.Unstructured)
	default:
		data, _, err := unstructured.NestedStringMap(object.Object, "data")
		if err != nil {
			return invalidField(object, "data", err.Error())
		}
		parsed, err := admission.ParseConfig(data)
		if err != nil {
			return invalidField(object, "data", err.Error())
		}
		in.config = &parsed
	}
	return nil
}

func (in *inputs) addTrust(ctx context.Context, object *manifests.Object, valid *validator) error {
	created, err := valid.trust(ctx, object)
	if err != nil {
		return err
	}
	compiled, err := in.compile(created)
	switch {
	case errors.Is(err, condition.ErrUnavailable):
		return unavailable(err)
	case err != nil:
		return invalidField(object, "", err.Error())
	}
	in.trusts = append(in.trusts, compiled)
	return nil
}

// compile compiles a trust as the API server would store it.
func (in *inputs) compile(object *unstructured.Unstructured) (trust, error) {
	typed := &v1alpha1.KarmadaImageTrust{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(object.Object, typed, true); err != nil {
		return trust{}, err
	}
	compiled, err := policy.Compile(typed.Spec, in.conditions)
	if err != nil {
		return trust{}, err
	}
	return trust{name: typed.Name, compiled: compiled, enforcement: typed.Spec.Enforcement, object: object}, nil
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

// isConfig reports whether an object is the ConfigMap with policy-controller's configuration.
func isConfig(object *unstructured.Unstructured) bool {
	return object.GetAPIVersion() == "v1" && object.GetKind() == "ConfigMap" && object.GetName() == admission.ConfigName
}

// standardInput stands for the name of a file in messages.
const standardInput = "standard input"

// readInputs reads files, directories and standard input, which can be read only once.
func readInputs(reader *manifests.Reader, paths []string, s streams) ([]*manifests.File, error) {
	var files []*manifests.File
	stdin := false
	for _, path := range paths {
		if path == "-" {
			if stdin {
				return nil, usageErrorf("standard input (-) can be named only once")
			}
			stdin = true
			file, err := reader.Read(standardInput, s.In)
			if err != nil {
				return nil, usageErrorf("%w", err)
			}
			files = append(files, file)
			continue
		}
		read, err := reader.ReadPath(path)
		if err != nil {
			return nil, usageErrorf("%w", err)
		}
		files = append(files, read...)
	}
	return files, nil
}

// parseImages parses image references of a command line.
func parseImages(args []string) ([]name.Reference, error) {
	refs := make([]name.Reference, 0, len(args))
	for _, arg := range args {
		ref, err := name.ParseReference(arg)
		if err != nil {
			return nil, usageErrorf("%q is not an image reference: %v", arg, err)
		}
		refs = append(refs, ref)
	}
	return refs, nil
}
