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

package credentialprovider

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation/field"
	configv1 "k8s.io/kubelet/config/v1"
	credentialv1 "k8s.io/kubelet/pkg/apis/credentialprovider/v1"

	"github.com/karmada-io/image-trust/internal/bounds"
	"github.com/karmada-io/image-trust/internal/text"
	"github.com/karmada-io/image-trust/internal/verify/program"
)

const (
	// maxConfig bounds a configuration, in bytes. Real ones have less than 4 KiB.
	maxConfig = 1 << 20
	// maxProviders bounds the providers of a configuration: each is a program, and a label of metrics.
	maxProviders = 32
	// maxName bounds the name of a provider, which is that of a file.
	maxName = 255
)

// load reads the configuration of providers in a file, whose programs are in a directory. The error names the file and the field.
func load(file, directory string) ([]*provider, error) {
	content, err := readConfig(file)
	if err != nil {
		return nil, err
	}
	config, err := decode(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if errs := validate(config, directory); len(errs) > 0 {
		return nil, fmt.Errorf("%s: %w", file, errs.ToAggregate())
	}
	providers := make([]*provider, 0, len(config.Providers))
	for i := range config.Providers {
		providers = append(providers, newProvider(&config.Providers[i], directory))
	}
	return providers, nil
}

func readConfig(file string) ([]byte, error) {
	opened, err := os.Open(file) //nolint:gosec // the file that the user names
	if err != nil {
		return nil, err
	}
	defer func() { _ = opened.Close() }()
	content, err := io.ReadAll(io.LimitReader(opened, maxConfig+1))
	if err == nil && len(content) > maxConfig {
		err = fmt.Errorf("%s is larger than %d MiB, the limit", file, maxConfig>>20)
	}
	return content, err
}

// decode decodes a configuration as kubelet does: strictly, from YAML or JSON.
func decode(content []byte) (*configv1.CredentialProviderConfig, error) {
	if _, err := bounds.Document().CountYAML(content); err != nil {
		return nil, err
	}
	scheme := runtime.NewScheme()
	if err := configv1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	decoded, kind, err := decoder.Decode(content, nil, nil)
	switch {
	case runtime.IsMissingVersion(err), runtime.IsMissingKind(err), runtime.IsNotRegisteredError(err):
		return nil, fmt.Errorf("it is not a CredentialProviderConfig of %s: set apiVersion and kind", configv1.SchemeGroupVersion)
	case err != nil:
		return nil, errors.New(text.Printable(err.Error()))
	}
	config, ok := decoded.(*configv1.CredentialProviderConfig)
	if !ok {
		return nil, fmt.Errorf("it is a %s, not a CredentialProviderConfig", kind.Kind)
	}
	return config, nil
}

// validate returns what kubelet would reject, and what cannot work here.
func validate(config *configv1.CredentialProviderConfig, directory string) field.ErrorList {
	path := field.NewPath("providers")
	switch {
	case len(config.Providers) == 0:
		return field.ErrorList{field.Required(path, "name at least one provider")}
	case len(config.Providers) > maxProviders:
		return field.ErrorList{field.TooMany(path, len(config.Providers), maxProviders)}
	}
	var errs field.ErrorList
	names := map[string]bool{}
	for i := range config.Providers {
		one := &config.Providers[i]
		at := path.Index(i)
		if problem := nameProblem(one.Name, directory); problem != "" {
			errs = append(errs, field.Invalid(at.Child("name"), one.Name, problem))
		}
		if names[one.Name] {
			errs = append(errs, field.Duplicate(at.Child("name"), one.Name))
		}
		names[one.Name] = true
		errs = append(errs, validateProvider(one, at)...)
	}
	return errs
}

func validateProvider(one *configv1.CredentialProvider, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	if supported := credentialv1.SchemeGroupVersion.String(); one.APIVersion != supported {
		errs = append(errs, field.NotSupported(at.Child("apiVersion"), one.APIVersion, []string{supported}))
	}
	if len(one.MatchImages) == 0 {
		errs = append(errs, field.Required(at.Child("matchImages"), "name at least one registry"))
	}
	for i, written := range one.MatchImages {
		if _, err := parsePattern(written); err != nil {
			errs = append(errs, field.Invalid(at.Child("matchImages").Index(i), written, err.Error()))
		}
	}
	switch duration := one.DefaultCacheDuration; {
	case duration == nil:
		errs = append(errs, field.Required(at.Child("defaultCacheDuration"), "it applies if a response has no cacheDuration"))
	case duration.Duration < 0:
		errs = append(errs, field.Invalid(at.Child("defaultCacheDuration"), duration.Duration.String(), "it must not be negative"))
	}
	for i, variable := range one.Env {
		if variable.Name == "" || strings.ContainsAny(variable.Name, "=\x00") || strings.Contains(variable.Value, "\x00") {
			// The value may be a secret.
			errs = append(errs, field.Invalid(at.Child("env").Index(i).Child("name"), variable.Name, "it is not a variable of the environment"))
		}
	}
	if one.TokenAttributes != nil {
		errs = append(errs, field.Forbidden(at.Child("tokenAttributes"),
			"tokens of the ServiceAccounts of workloads exist on their nodes only; use a provider with the identity of this program"))
	}
	return errs
}

// nameProblem says why a name is not that of a program in a directory; empty if it is.
func nameProblem(name, directory string) string {
	switch {
	case name == "", name == ".", name == "..", strings.ContainsAny(name, `/\ `), len(name) > maxName, text.Printable(name) != name:
		return "it must be the name of a file, without path separators and spaces"
	}
	if !program.Exists(filepath.Join(directory, name)) {
		return "it is not a program in " + directory
	}
	return ""
}
