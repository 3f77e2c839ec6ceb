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

// Package dockerconfig reads the credentials for registries of the user who runs a program, from the same files and helpers as
// docker, podman, crane and cosign do. What is broken is named with its file, and hides nothing else: a registry whose credentials
// cannot be read is asked without, and those of all other registries are used.
package dockerconfig

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/config/credentials"
	"github.com/docker/cli/cli/config/types"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/internal/verify/registry"
)

// maxFile bounds a configuration file, in bytes. Real ones have some KiB.
const maxFile = 4 << 20

// Keychain is a source of credentials. It reads its file once, when it is first used. It is safe for concurrent use; helpers run one
// after the other.
type Keychain struct {
	warn func(string)

	once sync.Once
	read *file

	mu     sync.Mutex // for warned
	warned map[string]bool

	running sync.Mutex        // held while a helper runs, and for helpers
	helpers map[string]string // why those that cannot be used cannot, by name
	timeout time.Duration     // of a helper
}

// New returns a Keychain. It calls warn with a sentence for each thing that is broken when it is first met.
func New(warn func(string)) *Keychain {
	return &Keychain{warn: warn, warned: map[string]bool{}, helpers: map[string]string{}, timeout: helperTimeout}
}

// file is a configuration file as it is written.
type file struct {
	path string
	// config holds the credentials that can be read, and no helpers.
	config *configfile.ConfigFile
	// broken says what is wrong with the credentials for a registry, by the name in the file.
	broken map[string]string
	// store is the helper for all registries that have none in stores.
	store  string
	stores map[string]string
	// problem is why nothing in the file can be used; empty if something can.
	problem string
}

// Resolve implements authn.Keychain.
func (k *Keychain) Resolve(target authn.Resource) (authn.Authenticator, error) {
	return k.ResolveContext(context.Background(), target)
}

// ResolveContext implements authn.ContextKeychain. The error is a *registry.UnreadableError.
func (k *Keychain) ResolveContext(ctx context.Context, target authn.Resource) (authn.Authenticator, error) {
	k.once.Do(func() { k.read = load() })
	if k.read == nil {
		return authn.Anonymous, nil
	}
	if k.read.problem != "" {
		return nil, k.fail(k.read.problem, "registries are asked")
	}
	// The environment comes before the file, and needs no helper.
	for _, find := range []finder{ofEnvironment, k.find} {
		for _, key := range []string{target.String(), target.RegistryStr()} {
			if key == name.DefaultRegistry {
				key = authn.DefaultAuthKey
			}
			found, err := find(ctx, key)
			if err != nil {
				return nil, err
			}
			found.ServerAddress = ""
			if (found != types.AuthConfig{}) {
				return authn.FromConfig(authn.AuthConfig{
					Username: found.Username, Password: found.Password, Auth: found.Auth,
					IdentityToken: found.IdentityToken, RegistryToken: found.RegistryToken,
				}), nil
			}
		}
	}
	return authn.Anonymous, nil
}

// finder returns the credentials for a registry or a repository.
type finder func(ctx context.Context, key string) (types.AuthConfig, error)

// ofEnvironment returns the credentials in DOCKER_AUTH_CONFIG.
func ofEnvironment(_ context.Context, key string) (types.AuthConfig, error) {
	if os.Getenv(configfile.DockerEnvConfigKey) == "" {
		return types.AuthConfig{}, nil
	}
	return configfile.New("").GetAuthConfig(key)
}

// find returns the credentials in the file, or those of its helpers.
func (k *Keychain) find(ctx context.Context, key string) (types.AuthConfig, error) {
	written, err := credentials.NewFileStore(k.read.config).Get(key)
	if err != nil {
		return types.AuthConfig{}, k.fail("the credentials for "+quote(key)+" cannot be read", "this registry is asked")
	}
	helper, ok := k.read.stores[key]
	if !ok {
		helper = k.read.store
	}
	if helper != "" {
		return k.ask(ctx, helper, key, written)
	}
	for host, problem := range k.read.broken {
		if host == key || credentials.ConvertToHostname(host) == key {
			return types.AuthConfig{}, k.fail(problem, "this registry is asked")
		}
	}
	return written, nil
}

// fail warns of a problem once, and returns the error about it.
func (k *Keychain) fail(problem, who string) *registry.UnreadableError {
	err := &registry.UnreadableError{Message: problem}
	if path := k.read.path; path != "" {
		err.Message = path + ": " + problem
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.warned[err.Message] {
		k.warned[err.Message] = true
		k.warn(err.Message + "; " + who + " without credentials")
	}
	return err
}

// load reads the configuration file; nil if there is none.
func load() *file {
	path, missing := locate()
	if path == "" {
		if missing != "" {
			return &file{problem: missing}
		}
		return nil
	}
	f := &file{path: path, config: configfile.New(path), broken: map[string]string{}}
	f.problem = f.parse()
	return f
}

// parse reads the file, and returns why it cannot be used; empty if it can.
func (f *file) parse() string {
	content, err := readFile(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ""
	case err != nil:
		return "it cannot be read: " + reason(err)
	case len(content) > maxFile:
		return fmt.Sprintf("it is larger than %d MiB", maxFile>>20)
	}
	var written struct {
		Auths       map[string]json.RawMessage `json:"auths"`
		CredsStore  string                     `json:"credsStore"`
		CredHelpers map[string]string          `json:"credHelpers"`
	}
	err = json.NewDecoder(strings.NewReader(string(content))).Decode(&written)
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrongType) && wrongType.Field != "":
		return "its field " + quote(wrongType.Field) + " does not have the form of a Docker configuration"
	case errors.Is(err, io.EOF):
		return "" // docker takes an empty file
	case err != nil:
		return "it is not a Docker configuration in JSON" + line(content, err)
	}
	f.store, f.stores = written.CredsStore, written.CredHelpers
	for host, raw := range written.Auths {
		// One after the other: docker's own parser rejects all of them for one that is broken.
		one := configfile.New("")
		encoded, err := json.Marshal(map[string]any{"auths": map[string]json.RawMessage{host: raw}})
		if err == nil {
			err = one.LoadFromReader(strings.NewReader(string(encoded)))
		}
		if err != nil {
			f.broken[host] = "the auth of " + quote(host) + " is not USER:PASSWORD in base64; log in again"
			continue
		}
		f.config.AuthConfigs[host] = one.AuthConfigs[host]
	}
	return ""
}

func readFile(path string) ([]byte, error) {
	opened, err := os.Open(path) //nolint:gosec // the user's own configuration
	if err != nil {
		return nil, err
	}
	defer func() { _ = opened.Close() }()
	return io.ReadAll(io.LimitReader(opened, maxFile+1))
}

// reason is an error without the path.
func reason(err error) string {
	if wrapped, ok := errors.AsType[*fs.PathError](err); ok {
		return wrapped.Err.Error()
	}
	return "it fails"
}

// line says where a text is not JSON.
func line(content []byte, err error) string {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		before := content[:min(int(syntax.Offset), len(content))]
		return fmt.Sprintf(" (line %d)", 1+strings.Count(string(before), "\n"))
	}
	return ""
}

// locate returns the configuration file, as go-containerregistry's default keychain finds it: docker's, or else podman's. Missing
// says that the environment names something that does not exist.
func locate() (path, missing string) {
	directory := os.Getenv("DOCKER_CONFIG")
	if directory != "" && exists(filepath.Join(directory, "config.json")) {
		return filepath.Join(directory, "config.json"), ""
	}
	if home, err := os.UserHomeDir(); err == nil && exists(filepath.Join(home, ".docker", "config.json")) {
		if directory == "" {
			return filepath.Join(home, ".docker", "config.json"), ""
		}
		// docker does not read this one then, and podman's is only for those who do not use docker.
		return "", missingVariable("DOCKER_CONFIG", directory)
	}
	written := os.Getenv("REGISTRY_AUTH_FILE")
	for _, path := range []string{written, filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "containers", "auth.json")} {
		if path != "" && exists(path) {
			return path, ""
		}
	}
	if written != "" {
		return "", missingVariable("REGISTRY_AUTH_FILE", written)
	}
	return "", missingVariable("DOCKER_CONFIG", directory)
}

// missingVariable says that a variable of the environment names what does not exist; empty if it names nothing, or what exists.
func missingVariable(variable, path string) string {
	_, err := os.Stat(path) //nolint:gosec // the user's own environment
	if path == "" || !errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return variable + " names " + quote(path) + ", which does not exist"
}

// exists reports whether there is something that is not a directory. What cannot be looked at may be there.
func exists(path string) bool {
	info, err := os.Stat(path) //nolint:gosec // the user's own environment
	if err != nil {
		return errors.Is(err, fs.ErrPermission)
	}
	return !info.IsDir()
}

// quote quotes a text of the file, bounded.
func quote(text string) string { return fmt.Sprintf("%.100q", text) }
