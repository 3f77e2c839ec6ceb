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

package dockerconfig

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/docker/cli/cli/config/types"
	"github.com/docker/docker-credential-helpers/client"
	"github.com/docker/docker-credential-helpers/credentials"

	"github.com/karmada-io/image-trust/internal/verify/program"
)

const (
	// helperTimeout bounds a run of a helper, which may ask the user to unlock something.
	helperTimeout = 20 * time.Second
	// maxHelperOutput bounds the output of a helper, in bytes.
	maxHelperOutput = 1 << 20
	// identityToken is the user that a helper returns with an identity token instead of a password.
	identityToken = "<token>"
)

// ask returns the credentials that a helper has. Written are those in the file, which may have a token that helpers do not know. A
// helper that is missing or hangs is not asked again.
func (k *Keychain) ask(ctx context.Context, helper, key string, written types.AuthConfig) (types.AuthConfig, error) {
	found, problem := k.run(ctx, helper, key)
	if problem != "" {
		return types.AuthConfig{}, k.fail("the credential helper "+quote("docker-credential-"+helper)+" "+problem, "registries are asked")
	}
	written.Username, written.Password, written.IdentityToken = found.Username, found.Secret, ""
	if found.Username == identityToken {
		written.Username, written.Password, written.IdentityToken = "", "", found.Secret
	}
	return written, nil
}

// run runs a helper. The problem is a predicate of it; empty if it answers.
func (k *Keychain) run(ctx context.Context, helper, key string) (credentials.Credentials, string) {
	k.running.Lock()
	defer k.running.Unlock()
	if known := k.helpers[helper]; known != "" {
		return credentials.Credentials{}, known
	}
	one := &helperRun{ctx: ctx, command: program.Command{
		Path: "docker-credential-" + helper, Env: os.Environ(), Timeout: k.timeout, MaxOutput: maxHelperOutput,
	}}
	found, err := client.Get(func(args ...string) client.Program { one.command.Args = args; return one }, key)
	var failure *program.Error
	problem := ""
	switch {
	case err == nil:
		return *found, ""
	case credentials.IsErrCredentialsNotFound(err):
		return credentials.Credentials{}, ""
	case !errors.As(one.err, &failure):
		problem = "answers " + quote(key) + " with something that is not credentials"
	case failure.Kind == program.Exited:
		problem = fmt.Sprintf("fails for %s with exit code %d", quote(key), failure.Code)
	case failure.Kind == program.NotFound:
		problem = "is not installed, or not in PATH"
		k.helpers[helper] = problem
	default:
		problem = failure.Error()
		k.helpers[helper] = problem
	}
	return credentials.Credentials{}, problem
}

// helperRun is a run of a helper that ends with its context. It has the environment of the user, whose program it is. What it says
// is not shown: it may be a secret.
type helperRun struct {
	ctx     context.Context //nolint:containedctx // the interface of the library has no context
	command program.Command
	err     error
}

// Input implements client.Program.
func (r *helperRun) Input(in io.Reader) { r.command.Input = in }

// Output implements client.Program.
func (r *helperRun) Output() ([]byte, error) {
	var output []byte
	output, r.err = program.Run(r.ctx, r.command)
	return output, r.err
}
