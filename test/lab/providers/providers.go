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

// Package providers configures exec credential providers for tests, which are real programs (test/tools/credentialprovider).
package providers

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	configv1 "k8s.io/kubelet/config/v1"
	credentialv1 "k8s.io/kubelet/pkg/apis/credentialprovider/v1"

	"github.com/karmada-io/image-trust/test/lab/binaries"
)

// tool is the program of all providers.
const tool = "credentialprovider"

// Provider answers with credentials for what it is for, or fails if it has no user.
type Provider struct {
	// Name of the provider.
	Name string
	// Image is what the provider is for, such as registry.example/path.
	Image          string
	User, Password string
}

// Providers are configured providers.
type Providers struct {
	// Config is the file of the configuration, and Programs the directory of the programs.
	Config, Programs string

	dir string
}

// Build builds the program of all providers in a directory, and returns its file.
func Build(ctx context.Context, dir string) (program string, err error) {
	return filepath.Join(dir, tool), binaries.BuildOwn(ctx, dir, "./test/tools/"+tool)
}

// New configures providers with a program, in a directory of their own.
func New(program, dir string, providers ...Provider) (*Providers, error) {
	p := &Providers{Config: filepath.Join(dir, "config.json"), Programs: filepath.Join(dir, "bin"), dir: dir}
	if err := os.Mkdir(p.Programs, 0o700); err != nil {
		return nil, err
	}
	config := configv1.CredentialProviderConfig{
		TypeMeta: metav1.TypeMeta{APIVersion: configv1.SchemeGroupVersion.String(), Kind: "CredentialProviderConfig"},
	}
	for _, one := range providers {
		if err := os.Symlink(program, filepath.Join(p.Programs, one.Name)); err != nil {
			return nil, err
		}
		response := filepath.Join(dir, one.Name+".response")
		if one.User != "" {
			if err := write(response, credentialv1.CredentialProviderResponse{
				TypeMeta:     metav1.TypeMeta{APIVersion: credentialv1.SchemeGroupVersion.String(), Kind: "CredentialProviderResponse"},
				CacheKeyType: credentialv1.RegistryPluginCacheKeyType,
				Auth:         map[string]credentialv1.AuthConfig{one.Image: {Username: one.User, Password: one.Password}},
			}); err != nil {
				return nil, err
			}
		}
		config.Providers = append(config.Providers, configv1.CredentialProvider{
			Name: one.Name, APIVersion: credentialv1.SchemeGroupVersion.String(), MatchImages: []string{one.Image},
			DefaultCacheDuration: &metav1.Duration{}, Args: []string{p.log(one.Name), response},
		})
	}
	return p, write(p.Config, config)
}

func write(file string, value any) error {
	encoded, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return os.WriteFile(file, encoded, 0o600)
}

func (p *Providers) log(name string) string { return filepath.Join(p.dir, name+".log") }

// Flags are the flags for the manager and the plugin.
func (p *Providers) Flags() []string {
	return []string{"--image-credential-provider-config=" + p.Config, "--image-credential-provider-bin-dir=" + p.Programs}
}

// Asked returns the images that a provider was asked about.
func (p *Providers) Asked(name string) ([]string, error) {
	content, err := os.ReadFile(p.log(name))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return strings.Fields(string(content)), err
}
