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
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/internal/verify/registry"
)

// secret must not be in any message.
const secret = "hunter2"

func encode(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// environment has no configuration. It returns the home directory.
func environment(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	t.Setenv("HOME", home)
	for _, variable := range []string{"DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "DOCKER_AUTH_CONFIG"} {
		t.Setenv(variable, "")
	}
	return home
}

func write(t *testing.T, mode os.FileMode, content string, path ...string) string {
	t.Helper()
	file := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	return file
}

// ask returns the user and the password for a repository, the message of the error, and the warnings.
func ask(t *testing.T, k *Keychain, repository string) (user, problem string) {
	t.Helper()
	target, err := name.NewRepository(repository)
	if err != nil {
		t.Fatal(err)
	}
	found, err := authn.Resolve(t.Context(), k, target)
	if unreadable, ok := errors.AsType[*registry.UnreadableError](err); ok {
		return "", unreadable.Message
	}
	if err != nil {
		t.Fatalf("%s: got %v, want an error that says that the credentials cannot be read", repository, err)
	}
	config, err := authn.Authorization(t.Context(), found)
	if err != nil {
		t.Fatal(err)
	}
	return config.Username + ":" + config.Password + config.IdentityToken, ""
}

func TestBrokenFiles(t *testing.T) {
	const (
		good  = `"good.example": {"auth": "dXNlcjpodW50ZXIy"}`
		other = "bad.example/app"
	)
	for what, tc := range map[string]struct {
		content string
		// good is what good.example is asked with: its credentials, or the problem.
		good, bad string
	}{
		"fine":             {`{"auths": {` + good + `}}`, "user:hunter2", ":"},
		"empty":            {"", ":", ":"},
		"empty object":     {"{}", ":", ":"},
		"no colon":         {`{"auths": {` + good + `, "bad.example": {"auth": "` + encode(secret) + `"}}}`, "user:hunter2", `the auth of "bad.example" is not USER:PASSWORD in base64`},
		"no user":          {`{"auths": {` + good + `, "bad.example": {"auth": "` + encode(":"+secret) + `"}}}`, "user:hunter2", `the auth of "bad.example" is not USER:PASSWORD in base64`},
		"no base64":        {`{"auths": {` + good + `, "bad.example": {"auth": "user:` + secret + `"}}}`, "user:hunter2", `the auth of "bad.example" is not USER:PASSWORD in base64`},
		"address":          {`{"auths": {` + good + `, "https://bad.example/v2/": {"auth": "!"}}}`, "user:hunter2", `the auth of "https://bad.example/v2/" is not`},
		"a text":           {`{"auths": {` + good + `, "bad.example": "` + secret + `"}}`, "user:hunter2", `the auth of "bad.example" is not`},
		"no JSON":          {"{\n  \"auths\": {\n    " + secret + "\n", "it is not a Docker configuration in JSON (line 3)", "it is not a Docker configuration in JSON (line 3)"},
		"cut":              {`{"auths": {` + good, "it is not a Docker configuration in JSON", "it is not a Docker configuration in JSON"},
		"a list":           {`[]`, "it is not a Docker configuration in JSON", "it is not a Docker configuration in JSON"},
		"auths is a list":  {`{"auths": []}`, `its field "auths" does not have the form`, `its field "auths" does not have the form`},
		"store is a list":  {`{"credsStore": ["` + secret + `"]}`, `its field "credsStore" does not have the form`, `its field "credsStore"`},
		"byte order mark":  {"\ufeff{}", "it is not a Docker configuration in JSON (line 1)", "it is not a Docker configuration in JSON (line 1)"},
		"too large":        {strings.Repeat(" ", maxFile+1), "it is larger than 4 MiB", "it is larger than 4 MiB"},
		"no helper":        {`{"credsStore": "nowhere"}`, `the credential helper "docker-credential-nowhere" is not installed`, `the credential helper "docker-credential-nowhere" is not installed`},
		"helper for one":   {`{"auths": {` + good + `}, "credHelpers": {"bad.example": "nowhere"}}`, "user:hunter2", `the credential helper "docker-credential-nowhere" is not installed`},
		"helper elsewhere": {`{"credHelpers": {"bad.example": "../x"}}`, ":", `the credential helper "docker-credential-../x" `},
	} {
		t.Run(what, func(t *testing.T) {
			path := write(t, 0o600, tc.content, environment(t), ".docker", "config.json")
			var warnings []string
			k := New(func(warning string) { warnings = append(warnings, warning) })
			var problems []string
			for repository, want := range map[string]string{"good.example/app": tc.good, other: tc.bad} {
				for range 2 {
					user, problem := ask(t, k, repository)
					switch {
					case strings.Contains(want, ":") && !strings.HasPrefix(want, "the auth"):
						if user != want || problem != "" {
							t.Errorf("%s: got %q, %q, want %q", repository, user, problem, want)
						}
					case !strings.HasPrefix(problem, path+": "+want):
						t.Errorf("%s: got %q, %q, want %q of the file", repository, user, problem, want)
					case !slices.Contains(problems, problem):
						problems = append(problems, problem)
					}
				}
			}
			if len(warnings) != len(problems) {
				t.Errorf("got warnings %q, want one for each of %q", warnings, problems)
			}
			for _, warning := range warnings {
				if !strings.HasPrefix(warning, path+": ") || !strings.HasSuffix(warning, " without credentials") || strings.Contains(warning, secret) {
					t.Errorf("warning %q", warning)
				}
			}
		})
	}
}

func TestHelpers(t *testing.T) {
	const answer = `{"ServerURL": "x", "Username": "user", "Secret": "` + secret + `"}`
	for what, tc := range map[string]struct{ script, user, problem string }{
		"answers":          {`read host; [ "$host" = good.example ] || { echo credentials not found in native keychain; exit 1; }; echo '` + answer + `'`, "user:" + secret, ""},
		"identity token":   {`echo '{"Username": "<token>", "Secret": "` + secret + `"}'`, ":" + secret, ""},
		"not found":        {`echo credentials not found in native keychain; exit 1`, ":", ""},
		"fails":            {`echo ` + secret + `; echo ` + secret + ` >&2; exit 3`, "", "fails for \"good.example/app\" with exit code 3"},
		"garbage":          {`echo ` + secret, "", `answers "good.example/app" with something that is not credentials`},
		"nothing":          {`exit 0`, "", `answers "good.example/app" with something that is not credentials`},
		"endless":          {`while :; do echo ` + secret + strings.Repeat("x", 1000) + `; done`, "", "writes more than 1 MiB"},
		"hangs":            {`sleep 60`, "", "does not answer within 100ms"},
		"hangs in a child": {`sleep 60 & wait`, "", "does not answer within 100ms"},
	} {
		t.Run(what, func(t *testing.T) {
			home := environment(t)
			path := write(t, 0o600, `{"credsStore": "test"}`, home, ".docker", "config.json")
			count := filepath.Join(home, "count")
			write(t, 0o755, "#!/bin/sh\necho run >>"+count+"\n"+tc.script+"\n", home, "bin", "docker-credential-test")
			t.Setenv("PATH", filepath.Join(home, "bin")+":"+os.Getenv("PATH"))
			var warnings []string
			k := New(func(warning string) { warnings = append(warnings, warning) })
			if strings.HasPrefix(tc.script, "sleep") {
				k.timeout = 100 * time.Millisecond
			}
			user, problem := ask(t, k, "good.example/app")
			if tc.problem != "" {
				if want := path + `: the credential helper "docker-credential-test" ` + tc.problem; problem != want {
					t.Errorf("got %q, want %q", problem, want)
				}
				if want := []string{problem + "; registries are asked without credentials"}; !slices.Equal(warnings, want) {
					t.Errorf("got warnings %q, want %q", warnings, want)
				}
			} else if user != tc.user || problem != "" || len(warnings) > 0 {
				t.Errorf("got %q, %q, want %q", user, problem, tc.user)
			}
			if strings.HasPrefix(what, "hangs") {
				ask(t, k, "other.example/app")
				if runs, _ := os.ReadFile(count); strings.Count(string(runs), "run") != 1 {
					t.Errorf("the helper was run %d times, want once", strings.Count(string(runs), "run"))
				}
			}
		})
	}
}

// TestHelperIsInterrupted: a helper ends with the context of the request.
func TestHelperIsInterrupted(t *testing.T) {
	home := environment(t)
	write(t, 0o600, `{"credsStore": "test"}`, home, ".docker", "config.json")
	write(t, 0o755, "#!/bin/sh\nexec sleep 600\n", home, "bin", "docker-credential-test")
	t.Setenv("PATH", filepath.Join(home, "bin")+":"+os.Getenv("PATH"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	target, _ := name.NewRepository("good.example/app")
	if _, err := New(func(string) {}).ResolveContext(ctx, target); err == nil {
		t.Error("got credentials of a helper that was interrupted")
	}
}

func TestPlaces(t *testing.T) {
	config := func(user string) string { return `{"auths": {"good.example": {"auth": "` + encode(user+":x") + `"}}}` }
	type values map[string]string
	for what, tc := range map[string]struct {
		// files below the home directory, and variables of the environment; HOME stands for the home directory.
		files, environment values
		user, problem      string
	}{
		"nothing": {nil, nil, ":", ""},
		"docker": {
			values{".docker/config.json": config("docker"), "auth.json": config("podman")},
			values{"REGISTRY_AUTH_FILE": "HOME/auth.json"}, "docker:x", "",
		},
		"DOCKER_CONFIG": {
			values{".docker/config.json": config("home"), "other/config.json": config("other")},
			values{"DOCKER_CONFIG": "HOME/other"}, "other:x", "",
		},
		"DOCKER_CONFIG without file": {nil, values{"DOCKER_CONFIG": "HOME"}, ":", ""},
		"DOCKER_CONFIG nowhere": {
			nil, values{"DOCKER_CONFIG": "HOME/nowhere"}, "", `DOCKER_CONFIG names "HOME/nowhere", which does not exist`,
		},
		"DOCKER_CONFIG nowhere, and another": {
			values{".docker/config.json": config("home")}, values{"DOCKER_CONFIG": "HOME/nowhere"},
			"", `DOCKER_CONFIG names "HOME/nowhere", which does not exist`,
		},
		"podman": {values{"auth.json": config("podman")}, values{"REGISTRY_AUTH_FILE": "HOME/auth.json"}, "podman:x", ""},
		"podman nowhere": {
			nil, values{"REGISTRY_AUTH_FILE": "HOME/auth.json"}, "", `REGISTRY_AUTH_FILE names "HOME/auth.json", which does not exist`,
		},
		"podman of the session": {values{"containers/auth.json": config("session")}, values{"XDG_RUNTIME_DIR": "HOME"}, "session:x", ""},
		"a directory":           {values{".docker/config.json/file": ""}, nil, ":", ""},
		"podman's is broken": {
			values{"auth.json": "x"}, values{"REGISTRY_AUTH_FILE": "HOME/auth.json"},
			"", "HOME/auth.json: it is not a Docker configuration in JSON (line 1)",
		},
		"the environment": {
			values{".docker/config.json": `{"credsStore": "nowhere"}`}, values{"DOCKER_AUTH_CONFIG": config("environment")}, "environment:x", "",
		},
	} {
		t.Run(what, func(t *testing.T) {
			home := environment(t)
			for path, content := range tc.files {
				write(t, 0o600, content, home, path)
			}
			for variable, value := range tc.environment {
				t.Setenv(variable, strings.ReplaceAll(value, "HOME", home))
			}
			user, problem := ask(t, New(func(string) {}), "good.example/app")
			if diff := cmp.Diff([]string{tc.user, strings.ReplaceAll(tc.problem, "HOME", home)}, []string{user, problem}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestSameAsDefaultKeychain compares the credentials with those of crane and cosign.
func TestSameAsDefaultKeychain(t *testing.T) {
	path := write(t, 0o600, `{"auths": {
		"good.example": {"auth": "`+encode("host:x")+`"},
		"good.example/org/app": {"auth": "`+encode("repository:x")+`"},
		"https://address.example/v2/": {"auth": "`+encode("address:x")+`"},
		"https://index.docker.io/v1/": {"auth": "`+encode("hub:x")+`"},
		"plain.example": {"username": "plain", "password": "x"},
		"token.example": {"identitytoken": "identity"},
		"nothing.example": {}
	}}`, environment(t), ".docker", "config.json")
	for _, repository := range []string{
		"good.example/other", "good.example/org/app", "address.example/app", "nginx", "docker.io/org/app", "plain.example/app", "token.example/app",
		"nothing.example/app", "else.example/app",
	} {
		target, err := name.NewRepository(repository)
		if err != nil {
			t.Fatal(err)
		}
		got, err := authn.Resolve(t.Context(), New(func(string) {}), target)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		want, err := authn.Resolve(t.Context(), authn.DefaultKeychain, target)
		if err != nil {
			t.Fatal(err)
		}
		gotConfig, _ := authn.Authorization(t.Context(), got)
		wantConfig, _ := authn.Authorization(t.Context(), want)
		if diff := cmp.Diff(wantConfig, gotConfig); diff != "" {
			t.Errorf("%s (-default keychain +got):\n%s", repository, diff)
		}
	}
}
