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
	"sync"
	"time"

	authnkubernetes "github.com/google/go-containerregistry/pkg/authn/kubernetes"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/karmada-io/image-trust/internal/verify/registry"
)

// secretAge is how long a Secret that was read is used. Secrets are not watched, which would need permission to list them.
const secretAge = time.Minute

// PullSecrets reads the Secrets that trusts name. It is safe for concurrent use.
type PullSecrets struct {
	// Reader reads from the API server.
	Reader client.Reader
	// Namespace of the Secrets; empty where the operator does not know its own, so that no Secret can be read.
	Namespace string
	// Clock measures the age of what was read.
	Clock clock.PassiveClock

	mu    sync.Mutex
	known map[string]readSecret
}

// readSecret is what was read of a Secret.
type readSecret struct {
	secret *corev1.Secret
	// problem says why there is none, in the words of the status; empty otherwise.
	problem string
	at      time.Time
}

// Credentials returns the credentials in the named Secrets, nil for no names. Where a Secret cannot be read, it returns
// registry.Unavailable, with which no registry is contacted: a request without credentials would give another answer.
func (p *PullSecrets) Credentials(ctx context.Context, names []string) *registry.Credentials {
	if len(names) == 0 {
		return nil
	}
	secrets := make([]corev1.Secret, 0, len(names))
	versions := make([]string, 0, len(names))
	for _, name := range names {
		read := p.read(ctx, name)
		if read.problem != "" {
			return registry.Unavailable(read.problem)
		}
		secrets = append(secrets, *read.secret)
		versions = append(versions, name+"="+string(read.secret.UID)+"/"+read.secret.ResourceVersion)
	}
	keychain, err := authnkubernetes.NewFromPullSecrets(ctx, secrets)
	if err != nil {
		// The error is not reported, since it may quote the Secret.
		return registry.Unavailable("a pull secret does not hold a Docker configuration: " + strings.Join(names, ", "))
	}
	return &registry.Credentials{ID: strings.Join(versions, ","), Keychain: keychain}
}

func (p *PullSecrets) read(ctx context.Context, name string) readSecret {
	p.mu.Lock()
	known, ok := p.known[name]
	p.mu.Unlock()
	if ok && p.Clock.Since(known.at) < secretAge {
		return known
	}
	fresh := readSecret{at: p.Clock.Now()}
	fresh.secret, fresh.problem = p.get(ctx, name)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil {
		p.known = map[string]readSecret{}
	}
	p.known[name] = fresh
	return fresh
}

// errNoNamespace is the error of every Secret while the operator does not know its own namespace.
var errNoNamespace = errors.New("the operator was started without --pull-secret-namespace")

// get reads a Secret. The problem is in the words of the status, and holds nothing of the Secret.
func (p *PullSecrets) get(ctx context.Context, name string) (secret *corev1.Secret, problem string) {
	secret = &corev1.Secret{}
	err := errNoNamespace
	if p.Namespace != "" {
		err = p.Reader.Get(ctx, types.NamespacedName{Namespace: p.Namespace, Name: name}, secret)
	}
	switch {
	case err == nil && secret.Type != corev1.SecretTypeDockerConfigJson && secret.Type != corev1.SecretTypeDockercfg:
		return nil, fmt.Sprintf("pull secret %s has type %s, not %s", name, secret.Type, corev1.SecretTypeDockerConfigJson)
	case err == nil:
		return secret, ""
	case errors.Is(err, errNoNamespace):
		return nil, fmt.Sprintf("pull secret %s cannot be read: %v", name, err)
	case apierrors.IsNotFound(err):
		return nil, fmt.Sprintf("pull secret %s does not exist in namespace %s", name, p.Namespace)
	case apierrors.IsForbidden(err):
		return nil, fmt.Sprintf("pull secret %s cannot be read: the operator is not allowed to get Secrets in namespace %s", name, p.Namespace)
	default:
		logf.FromContext(ctx).V(2).Info("Reading a pull secret failed", "secret", name, "error", err.Error())
		return nil, fmt.Sprintf("reading pull secret %s failed, and is retried", name)
	}
}
