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

package controllers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	testingclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// secretReader reads Secrets as from an API server, and counts the requests.
type secretReader struct {
	client.Reader
	secrets  map[string]*corev1.Secret
	err      error
	requests int
}

func (r *secretReader) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	r.requests++
	found, ok := r.secrets[key.Name]
	switch {
	case r.err != nil:
		return r.err
	case !ok:
		return apierrors.NewNotFound(schema.GroupResource{Resource: "secrets"}, key.Name)
	}
	found.DeepCopyInto(into.(*corev1.Secret))
	return nil
}

func pullSecret(version, password string) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "registries", Namespace: "operator", UID: "u", ResourceVersion: version},
		Type:       corev1.SecretTypeDockerConfigJson,
		Data: map[string][]byte{corev1.DockerConfigJsonKey: fmt.Appendf(nil,
			`{"auths":{"registry.example":{"username":"reader","password":%q}}}`, password)},
	}
}

func passwordFor(t *testing.T, keychain authn.Keychain, host string) string {
	t.Helper()
	registry, err := name.NewRegistry(host)
	if err != nil {
		t.Fatal(err)
	}
	got, err := keychain.Resolve(registry)
	if err != nil {
		t.Fatal(err)
	}
	config, err := got.Authorization()
	if err != nil {
		t.Fatal(err)
	}
	return config.Password
}

func TestPullSecrets(t *testing.T) {
	clock := testingclock.NewFakePassiveClock(time.Now())
	reader := &secretReader{secrets: map[string]*corev1.Secret{"registries": pullSecret("1", "first")}}
	secrets := &PullSecrets{Reader: reader, Namespace: "operator", Clock: clock}
	if got := secrets.Credentials(t.Context(), nil); got != nil {
		t.Errorf("got %+v for no Secret", got)
	}
	first := secrets.Credentials(t.Context(), []string{"registries"})
	if got := passwordFor(t, first.Keychain, "registry.example"); got != "first" {
		t.Errorf("got password %q", got)
	}
	if got := passwordFor(t, first.Keychain, "other.example"); got != "" {
		t.Errorf("another registry gets password %q", got)
	}
	if strings.Contains(first.ID, "first") {
		t.Errorf("the ID %q holds a secret", first.ID)
	}

	reader.secrets["registries"] = pullSecret("2", "second")
	if again := secrets.Credentials(t.Context(), []string{"registries"}); again.ID != first.ID || reader.requests != 1 {
		t.Errorf("%d requests within a minute", reader.requests)
	}
	clock.SetTime(clock.Now().Add(secretAge))
	second := secrets.Credentials(t.Context(), []string{"registries"})
	if got := passwordFor(t, second.Keychain, "registry.example"); got != "second" || second.ID == first.ID {
		t.Errorf("got password %q by ID %q after a change", got, second.ID)
	}
}

func TestPullSecretsUnavailable(t *testing.T) {
	secrets := schema.GroupResource{Resource: "secrets"}
	garbage := pullSecret("1", "")
	garbage.Data[corev1.DockerConfigJsonKey] = []byte("hush{")
	opaque := pullSecret("1", "hush")
	opaque.Type = corev1.SecretTypeOpaque
	tests := map[string]struct {
		secret      *corev1.Secret
		err         error
		noNamespace bool
		want        string
	}{
		"missing":   {want: "pull secret registries does not exist in namespace operator"},
		"forbidden": {err: apierrors.NewForbidden(secrets, "registries", errors.New("no")), want: "pull secret registries cannot be read: the operator is not allowed to get Secrets in namespace operator"},
		"outage":    {err: errors.New("connection refused"), want: "reading pull secret registries failed, and is retried"},
		"type":      {secret: opaque, want: "pull secret registries has type Opaque, not kubernetes.io/dockerconfigjson"},
		"garbage":   {secret: garbage, want: "a pull secret does not hold a Docker configuration: registries"},
		"nowhere":   {noNamespace: true, want: "pull secret registries cannot be read: the operator was started without --pull-secret-namespace"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			reader := &secretReader{err: tc.err, secrets: map[string]*corev1.Secret{}}
			if tc.secret != nil {
				reader.secrets["registries"] = tc.secret
			}
			p := &PullSecrets{Reader: reader, Namespace: "operator", Clock: testingclock.NewFakePassiveClock(time.Now())}
			if tc.noNamespace {
				p.Namespace = ""
			}
			got := p.Credentials(t.Context(), []string{"registries"})
			_, err := got.Keychain.Resolve(nil)
			if err == nil || err.Error() != tc.want {
				t.Errorf("got %v, want %q", err, tc.want)
			}
			if strings.Contains(fmt.Sprint(got.ID, err), "hush") {
				t.Errorf("the credentials hold a secret: %s, %v", got.ID, err)
			}
		})
	}
}
