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
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	configv1 "k8s.io/kubelet/config/v1"
	credentialv1 "k8s.io/kubelet/pkg/apis/credentialprovider/v1"

	"github.com/karmada-io/image-trust/internal/verify/program"
)

const (
	// maxOutput bounds the output of a run, in bytes. A token of a cloud has 1 to 4 KiB.
	maxOutput = 64 << 10
	// failureAge is how long a provider that failed is not asked again about a registry, or at all if it does not answer.
	failureAge = time.Minute
)

// Outcome of a run of a provider.
type Outcome string

const (
	// OutcomeAnswered is a response, with credentials or without.
	OutcomeAnswered Outcome = "answered"
	// OutcomeFailed is a program that ended with an error.
	OutcomeFailed Outcome = "failed"
	// OutcomeTimeout is a program that was ended because it did not answer in time.
	OutcomeTimeout Outcome = "timeout"
	// OutcomeInvalid is something else than a response, or too much.
	OutcomeInvalid Outcome = "invalid"
	// OutcomeNotRun is a program that could not be started.
	OutcomeNotRun Outcome = "not_run"
)

// Run is a run of a provider.
type Run struct {
	// Provider is its name in the configuration.
	Provider string
	// Registry is the host of the image that it was asked about.
	Registry string
	Outcome  Outcome
	Duration time.Duration
	// Problem is a sentence about a run that has failed, without secrets; empty if the provider has answered.
	Problem string
	// Said is the beginning of what a program that has failed wrote to its standard error, printable and on one line. It may hold a
	// secret: it is for logs that are written for debugging.
	Said string
}

// provider is a program of the configuration.
type provider struct {
	name            string
	path            string
	args            []string
	env             []configv1.ExecEnvVar
	images          []pattern
	defaultDuration time.Duration
}

// newProvider returns a provider whose configuration is valid.
func newProvider(config *configv1.CredentialProvider, directory string) *provider {
	p := &provider{
		name: config.Name, path: filepath.Join(directory, config.Name), args: config.Args, env: config.Env,
		defaultDuration: config.DefaultCacheDuration.Duration,
	}
	for _, written := range config.MatchImages {
		if parsed, err := parsePattern(written); err == nil {
			p.images = append(p.images, parsed)
		}
	}
	return p
}

// sentence returns a sentence about a provider.
func (p *provider) sentence(predicate string) string {
	return fmt.Sprintf("the credential provider %q %s", p.name, predicate)
}

// run runs a provider for an image. The answer says why there is none.
func (k *Keychain) run(ctx context.Context, p *provider, image imageName) *answer {
	began := k.now()
	got, outcome, said := k.ask(ctx, p, image)
	run := Run{Provider: p.name, Registry: image.registry, Outcome: outcome, Duration: k.now().Sub(began), Said: said}
	if got.problem != "" {
		run.Problem = p.sentence(got.problem)
	}
	k.observe(run)
	return got
}

func (k *Keychain) ask(ctx context.Context, p *provider, image imageName) (got *answer, outcome Outcome, said string) {
	request, err := json.Marshal(credentialv1.CredentialProviderRequest{
		TypeMeta: metav1.TypeMeta{APIVersion: credentialv1.SchemeGroupVersion.String(), Kind: requestKind},
		Image:    image.String(),
	})
	if err != nil {
		return k.failed("cannot be asked", credentialv1.ImagePluginCacheKeyType), OutcomeNotRun, ""
	}
	output, err := program.Run(ctx, program.Command{
		Path: p.path, Args: p.args, Env: environment(os.Environ(), p.env), Input: bytes.NewReader(request),
		Timeout: k.timeout, MaxOutput: maxOutput,
	})
	if failure, ok := errors.AsType[*program.Error](err); ok {
		outcome, scope := outcomeOf(failure.Kind)
		return k.failed(failure.Error(), scope), outcome, failure.Said
	}
	response, err := parseResponse(output)
	if err != nil {
		return k.failed(err.Error(), credentialv1.RegistryPluginCacheKeyType), OutcomeInvalid, ""
	}
	return newAnswer(response, p.defaultDuration, k.now()), OutcomeAnswered, ""
}

// failed returns the answer of a provider that has failed, and for which images it is kept.
func (k *Keychain) failed(problem string, scope credentialv1.PluginCacheKeyType) *answer {
	return &answer{scope: scope, problem: problem, until: k.now().Add(failureAge)}
}

// outcomeOf returns the outcome of a run that has failed, and for which images its failure holds. A program that ends with an error
// may answer about another registry. One that cannot be run, or does not answer in time, would hold up all that ask.
func outcomeOf(kind program.Kind) (Outcome, credentialv1.PluginCacheKeyType) {
	switch kind {
	case program.Exited:
		return OutcomeFailed, credentialv1.RegistryPluginCacheKeyType
	case program.TooMuch:
		return OutcomeInvalid, credentialv1.RegistryPluginCacheKeyType
	case program.TimedOut, program.Cancelled:
		return OutcomeTimeout, credentialv1.GlobalPluginCacheKeyType
	default:
		return OutcomeNotRun, credentialv1.GlobalPluginCacheKeyType
	}
}

// inherited are the variables of the environment that providers get without being configured to: what a program needs to run and
// to use the network.
func inherited() []string {
	return []string{
		"HOME", "PATH", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR",
		"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
	}
}

// inheritedPrefixes are those of the variables by which clouds give an identity to a Pod, or to the user of a terminal.
func inheritedPrefixes() []string { return []string{"AWS_", "AZURE_", "GOOGLE_"} }

// environment returns the environment of a provider: what it inherits, and what is configured. The last of two equal names holds.
func environment(own []string, configured []configv1.ExecEnvVar) []string {
	var env []string
	for _, variable := range own {
		name, _, _ := strings.Cut(variable, "=")
		if slices.Contains(inherited(), name) ||
			slices.ContainsFunc(inheritedPrefixes(), func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
			env = append(env, variable)
		}
	}
	for _, variable := range configured {
		env = append(env, variable.Name+"="+variable.Value)
	}
	return env
}
