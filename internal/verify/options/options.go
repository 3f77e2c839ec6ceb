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

// Package options holds the command-line options for registries and for the default root of trust. The operator and the
// kubectl plugin share them.
package options

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/karmada-io/image-trust/internal/verify/credentialprovider"
	"github.com/karmada-io/image-trust/internal/verify/registry"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// Registries are the options for the connections to registries.
type Registries struct {
	// CAFile is a PEM file of certificate authorities, in addition to the system's.
	CAFile string
	// Insecure are registries (host or host:port) without TLS, or with a certificate that cannot be verified.
	Insecure []string
	// Private are registries (host or host:port) that may have an address in a private network, or of this machine.
	Private []string
	// Providers are the credential providers of kubelet.
	Providers CredentialProviders
}

// CredentialProviders are the options for the exec credential providers that kubelet uses, with the names of its flags. The zero
// value has none.
type CredentialProviders struct {
	// Config is the file of a CredentialProviderConfig.
	Config string
	// BinDir is the directory with the programs of the providers.
	BinDir string
	// Observe is called after each run of a provider, unless it is nil. It must be safe for concurrent use.
	Observe func(credentialprovider.Run)
}

const (
	providerConfigFlag = "image-credential-provider-config"
	providerBinDirFlag = "image-credential-provider-bin-dir"
)

// Validate reports options that do not go together.
func (o *CredentialProviders) Validate() error {
	if (o.Config == "") != (o.BinDir == "") {
		return errors.New("--" + providerConfigFlag + " and --" + providerBinDirFlag + " belong together: set both or none")
	}
	return nil
}

// options returns the options of a client of registries. It fails if Config cannot be read.
func (o *CredentialProviders) options() ([]registry.Option, error) {
	if err := o.Validate(); err != nil || o.Config == "" {
		return nil, err
	}
	var opts []credentialprovider.Option
	if o.Observe != nil {
		opts = append(opts, credentialprovider.WithObserver(o.Observe))
	}
	keychain, err := credentialprovider.New(o.Config, o.BinDir, opts...)
	if err != nil {
		return nil, fmt.Errorf("reading --%s: %w", providerConfigFlag, err)
	}
	return []registry.Option{registry.WithMoreCredentials(keychain)}, nil
}

// AddFlags adds the options as flags. Their defaults are the current values.
func (o *Registries) AddFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.CAFile, "registry-ca", o.CAFile,
		"PEM file of certificate authorities for registries, in addition to the system's")
	flags.StringArrayVar(&o.Insecure, "insecure-registry", o.Insecure,
		"registry (host or host:port) that may use plain HTTP or a certificate that cannot be verified; may be repeated")
	flags.StringArrayVar(&o.Private, "private-registry", o.Private,
		"registry (host or host:port) that may be in a private network although no trust names it, or on this machine; may be repeated")
	flags.StringVar(&o.Providers.Config, providerConfigFlag, o.Providers.Config,
		"file with the exec credential providers for registries, as for kubelet (a CredentialProviderConfig); needs --"+providerBinDirFlag)
	flags.StringVar(&o.Providers.BinDir, providerBinDirFlag, o.Providers.BinDir,
		"directory with the programs of the credential providers; needs --"+providerConfigFlag)
}

// Client returns a client of registries with these options and some others. It fails if CAFile or the configuration of the
// credential providers cannot be read.
func (o *Registries) Client(more ...registry.Option) (*registry.Client, error) {
	opts := append([]registry.Option{registry.WithInsecure(o.Insecure...), registry.WithPrivate(o.Private...)}, more...)
	providers, err := o.Providers.options()
	if err != nil {
		return nil, err
	}
	opts = append(opts, providers...)
	if o.CAFile != "" {
		content, err := readFile(o.CAFile)
		if err != nil {
			return nil, fmt.Errorf("reading --registry-ca: %w", err)
		}
		authorities, err := registry.Roots(content)
		if err != nil {
			return nil, fmt.Errorf("reading --registry-ca %s: %w", o.CAFile, err)
		}
		opts = append(opts, registry.WithRoots(authorities))
	}
	return registry.New(opts...), nil
}

// RootOfTrust are the options for the default root of trust, which applies unless a trust names a TrustRoot. The zero
// value selects the TUF repository of the Sigstore public good instance, without a cache.
type RootOfTrust struct {
	// File is a Sigstore trusted_root.json. It takes precedence over a TUF repository.
	File string
	// Mirror is the URL of a TUF repository. It needs InitialRoot.
	Mirror string
	// InitialRoot is the file of the root.json that trust in Mirror starts from.
	InitialRoot string
	// CacheDir is the directory where TUF metadata is kept between runs. If it is empty, none is kept.
	CacheDir string
}

// AddFlags adds the options as flags. Their defaults are the current values.
func (o *RootOfTrust) AddFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.File, "trusted-root", o.File,
		"file with the default root of trust (a Sigstore trusted_root.json), instead of a TUF repository")
	flags.StringVar(&o.Mirror, "tuf-mirror", o.Mirror,
		"URL of the TUF repository with the default root of trust, instead of the Sigstore public good instance's; needs --tuf-root")
	flags.StringVar(&o.InitialRoot, "tuf-root", o.InitialRoot,
		"file of the root.json that trust in --tuf-mirror starts from")
	flags.StringVar(&o.CacheDir, "tuf-cache", o.CacheDir,
		"directory where the metadata of TUF repositories is kept between runs; none is kept if empty")
}

// Validate reports options that do not go together.
func (o *RootOfTrust) Validate() error {
	if (o.Mirror == "") != (o.InitialRoot == "") {
		return errors.New("--tuf-mirror and --tuf-root belong together: set both or none")
	}
	return nil
}

// FromFile reads the root of trust from File. It returns nil if there is no such option.
func (o *RootOfTrust) FromFile() (*trustroot.Root, error) {
	if o.File == "" {
		return nil, nil //nolint:nilnil // the option is absent, which is not an error
	}
	content, err := readFile(o.File)
	if err != nil {
		return nil, fmt.Errorf("reading --trusted-root: %w", err)
	}
	root, err := trustroot.FromJSON(content)
	if err == nil {
		err = root.SuitsDefault()
	}
	if err != nil {
		return nil, fmt.Errorf("reading --trusted-root %s: %w", o.File, err)
	}
	return root, nil
}

// Repository returns the TUF repository of the default root of trust. It fails if InitialRoot cannot be read.
func (o *RootOfTrust) Repository() (trustroot.Repository, error) {
	repository := trustroot.Repository{Mirror: o.Mirror, CacheDir: o.CacheDir, IsDefault: true}
	if o.InitialRoot != "" {
		content, err := readFile(o.InitialRoot)
		if err != nil {
			return trustroot.Repository{}, fmt.Errorf("reading --tuf-root: %w", err)
		}
		repository.Root = content
	}
	return repository, nil
}

// NamedCacheDir returns the directory for the metadata of the TUF repositories that TrustRoots name; empty if none is kept.
func (o *RootOfTrust) NamedCacheDir() string {
	if o.CacheDir == "" {
		return ""
	}
	return filepath.Join(o.CacheDir, "named")
}

// maxFile bounds a file that an option names, in bytes. The certificate authorities of a system have about 200 KiB.
const maxFile = 4 << 20

// readFile reads a file that may be a pipe, but not one that has no end.
func readFile(name string) ([]byte, error) {
	file, err := os.Open(name) //nolint:gosec // the file that the user asks for
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(content) > maxFile {
		err = fmt.Errorf("%s is larger than %d MiB, the limit", name, maxFile>>20)
	}
	return content, err
}
