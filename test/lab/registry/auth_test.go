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

package registry_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/credentialprovider"
	verifyregistry "github.com/karmada-io/image-trust/internal/verify/registry"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
	"github.com/karmada-io/image-trust/test/lab/images"
	"github.com/karmada-io/image-trust/test/lab/providers"
	"github.com/karmada-io/image-trust/test/lab/registry"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

const (
	user     = "reader"
	password = "correct-horse"
	// Reserved names: the proxy answers for both.
	registryHost = "registry.example"
	tokenHost    = "auth.example"
)

// TestAuthentication verifies images in a real registry that requires credentials.
func TestAuthentication(t *testing.T) {
	program, err := providers.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Run("basic", func(t *testing.T) {
		dir := t.TempDir()
		config, err := registry.BasicAuth(dir, user, password)
		if err != nil {
			t.Fatal(err)
		}
		authenticate(t, dir, config, program, nil)
	})
	t.Run("token", func(t *testing.T) {
		dir := t.TempDir()
		tokens, config, err := registry.NewTokenServer(dir, "https://"+tokenHost, user, password)
		if err != nil {
			t.Fatal(err)
		}
		asked := authenticate(t, dir, config, program, tokens)
		fmt.Printf("figure: tokens_for_20_verifications %d\n", asked)
		if asked != 1 {
			t.Errorf("%d tokens were asked for, want one for the repository", asked)
		}
	})
}

// authenticate pushes a signed image, and verifies it with good, bad and no credentials. It returns how many tokens were asked
// for in 20 verifications with good ones. Program is that of credential providers.
func authenticate(t *testing.T, dir, config, program string, tokens *registry.TokenServer) (requested int64) {
	t.Helper()
	r, err := registry.StartWith(t.Context(), dir, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
	})
	if tokens != nil {
		r.SetHandler(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Host == tokenHost {
					tokens.ServeHTTP(w, r)
					return
				}
				next.ServeHTTP(w, r)
			})
		})
	}
	reached := remote.WithTransport(r.Transport())
	good := remote.WithAuth(&authn.Basic{Username: user, Password: password})
	image, err := images.Push(t.Context(), registryHost+"/karmada/private:v1", "private", good, reached)
	if err != nil {
		t.Fatal(err)
	}
	s, err := sigstore.New()
	if err != nil {
		t.Fatal(err)
	}
	id := sigstore.GitHubWorkflow("karmada-io/karmada", "release.yml", "refs/tags/v1.16.0", "c")
	if err := s.Sign(t.Context(), image, id, good, reached); err != nil {
		t.Fatal(err)
	}
	encoded, err := s.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	root, err := trustroot.FromJSON(encoded)
	if err != nil {
		t.Fatal(err)
	}
	rule := policy.NewRule(policy.Signer{Issuer: id.Issuer, Subject: id.Subject}, policy.NewFormats(policy.SimpleSigning, policy.Bundle))
	fromProviders, asked := providerKeychains(t, program)
	for _, test := range []struct {
		what, user, password string
		verdict              v1alpha1.Verdict
		reason               string
	}{
		{"no credentials", "", "", v1alpha1.VerdictUnknown, v1alpha1.RegistryUnauthorizedReason},
		{"wrong password", user, "wrong", v1alpha1.VerdictUnknown, v1alpha1.RegistryUnauthorizedReason},
		{"wrong user", "writer", password, v1alpha1.VerdictUnknown, v1alpha1.RegistryUnauthorizedReason},
		{"failing provider", "", "", v1alpha1.VerdictUnknown, v1alpha1.RegistryUnauthorizedReason},
		{"provider", "", "", v1alpha1.VerdictVerified, v1alpha1.SignedReason},
		{"right", user, password, v1alpha1.VerdictVerified, v1alpha1.SignedReason},
	} {
		if tokens != nil {
			tokens.Requests.Store(0)
		}
		credentials := dockerConfig(t, registryHost, test.user, test.password)
		if found := fromProviders[test.what]; found != nil {
			credentials = found
		}
		verifier := verify.New(verify.WithRegistry(verifyregistry.New(
			verifyregistry.WithKeychain(credentials),
			verifyregistry.WithRequestTimeout(time.Minute),
			verifyregistry.WithTransport(r.Transport()),
		)))
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if got := verifier.Verify(t.Context(), image, rule, root); got.Verdict != test.verdict || got.Reason != test.reason {
					t.Errorf("%s: got %s %s (%s), want %s %s", test.what, got.Verdict, got.Reason, got.Message, test.verdict, test.reason)
				}
			})
		}
		all.Wait()
		if tokens != nil {
			requested = tokens.Requests.Load()
		}
	}
	// 20 verifications at once, one run of each program.
	if got, want := asked(), []string{"registry.example/karmada/private", "registry.example/karmada/private"}; !slices.Equal(got, want) {
		t.Errorf("the providers were asked about %q, want %q", got, want)
	}
	return requested
}

// providerKeychains returns keychains with a credential provider that has the credentials, and with one that fails, and what they
// were asked about.
func providerKeychains(t *testing.T, program string) (keychains map[string]authn.Keychain, asked func() []string) {
	t.Helper()
	keychains = map[string]authn.Keychain{}
	var configured []*providers.Providers
	for what, one := range map[string]providers.Provider{
		"provider":         {Name: "test", Image: registryHost, User: user, Password: password},
		"failing provider": {Name: "test", Image: registryHost},
	} {
		p, err := providers.New(program, t.TempDir(), one)
		if err != nil {
			t.Fatal(err)
		}
		if keychains[what], err = credentialprovider.New(p.Config, p.Programs); err != nil {
			t.Fatal(err)
		}
		configured = append(configured, p)
	}
	return keychains, func() (all []string) {
		for _, p := range configured {
			images, err := p.Asked("test")
			if err != nil {
				t.Error(err)
			}
			all = append(all, images...)
		}
		return all
	}
}

// keychain is a Docker configuration file.
type keychain struct{ file string }

func dockerConfig(t *testing.T, registry, user, password string) authn.Keychain {
	t.Helper()
	auths := map[string]any{}
	if user != "" {
		auths[registry] = map[string]string{"username": user, "password": password}
	}
	content, err := json.Marshal(map[string]any{"auths": auths})
	if err != nil {
		t.Fatal(err)
	}
	k := keychain{file: filepath.Join(t.TempDir(), "config.json")}
	if err := os.WriteFile(k.file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return k
}

func (k keychain) Resolve(target authn.Resource) (authn.Authenticator, error) {
	content, err := os.ReadFile(k.file)
	if err != nil {
		return nil, err
	}
	var config struct {
		Auths map[string]authn.AuthConfig `json:"auths"`
	}
	if err := json.Unmarshal(content, &config); err != nil {
		return nil, err
	}
	if auth, ok := config.Auths[target.RegistryStr()]; ok {
		return authn.FromConfig(auth), nil
	}
	return authn.Anonymous, nil
}
