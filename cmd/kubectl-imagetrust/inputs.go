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
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/condition"
	"github.com/karmada-io/image-trust/internal/imagename"
	"github.com/karmada-io/image-trust/internal/manifests"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
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
	// names of the trusts, TrustRoots and ClusterImagePolicies, and warnings about those that are there twice. Only the last one of
	// a name counts.
	names names
	twice []manifests.Warning
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

// trustFlags name the trusts: in files, or by an issuer and an identity for all images.
type trustFlags struct {
	files []string
	// reader reads all files of a command, so that their limits are those of all of them together.
	reader manifests.Reader
	// flag names the files in errors, unless it is -f.
	flag string
	// unique makes errors of objects of the same name.
	unique bool
	// identities reports whether the command has flags for an issuer and an identity.
	identities                                     bool
	issuer, issuerRegexp, identity, identityRegexp string
}

func (f *trustFlags) registerFiles(flags *pflag.FlagSet) {
	flags.StringArrayVarP(&f.files, "filename", "f", nil,
		"file or directory with KarmadaImageTrusts, or - for standard input; may be repeated")
	registerExclude(flags, &f.reader)
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
	set, err := readInputs(&f.reader, f.files, s)
	if err != nil {
		return nil, err
	}
	in := &inputs{conditions: s.Conditions.Within(ctx), roots: map[string]*unstructured.Unstructured{}}
	if err := in.addAll(ctx, set); err != nil {
		return nil, err
	}
	if len(in.trusts) == 0 {
		return nil, usageErrorf("no KarmadaImageTrust in the files given with %s", cmp.Or(f.flag, "-f"))
	}
	if f.unique && len(in.twice) > 0 {
		return nil, usageErrorf("%w", errorsOf(in.twice))
	}
	tellWarnings(s, in.twice)
	return in, nil
}

// errorsOf makes errors of warnings.
func errorsOf(warnings []manifests.Warning) error {
	errs := make([]error, 0, len(warnings))
	for _, one := range warnings {
		errs = append(errs, fmt.Errorf("%s:%d: %s", one.File, one.Line, one.Message))
	}
	return errors.Join(errs...)
}

// noteName notes the name of an object that a cluster has without a namespace.
func (in *inputs) noteName(object *manifests.Object) {
	if before, again := in.names.add(object); again {
		line, _ := object.Position("metadata.name")
		in.twice = append(in.twice, manifests.Warning{File: object.File.Name, Line: line, Message: anotherOfName(object, before)})
	}
}

// addAll adds the objects of files. The error joins those of all files and objects: with a policy, a TrustRoot or a configuration
// less, other images would be verified, and other workloads denied.
func (in *inputs) addAll(ctx context.Context, set *manifests.Set) error {
	valid := &validator{}
	errs := slices.Clone(set.Errors)
	for object := range set.Objects() {
		err := in.add(ctx, object, valid)
		if err != nil && (exitCode(err) == exitUnknown || ctx.Err() != nil) {
			return err
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return usageErrorf("%w", err)
	}
	return nil
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
		if err := trustroot.Check(object.Unstructured); err != nil {
			return invalidField(object, "spec", err.Error())
		}
		in.noteName(object)
		in.roots[object.GetName()] = object.Unstructured
	case cip:
		in.noteName(object)
		in.policies = slices.DeleteFunc(in.policies, func(one *unstructured.Unstructured) bool { return one.GetName() == object.GetName() })
		in.policies = append(in.policies, object.Unstructured)
	default:
		data, err := configData(object)
		if err != nil {
			return err
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
	in.noteName(object)
	in.trusts = slices.DeleteFunc(in.trusts, func(one trust) bool { return one.name == compiled.name })
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

// parseImages parses image references of a command line.
func parseImages(args []string) ([]name.Reference, error) {
	refs := make([]name.Reference, 0, len(args))
	for _, arg := range args {
		ref, err := imagename.Parse(arg)
		if err != nil {
			return nil, usageErrorf("%v", err)
		}
		refs = append(refs, ref)
	}
	return refs, nil
}
