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
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/internal/verify/registry"
)

// secret must not be in any message.
const secret = "hunter2"

// response is what a provider answers.
func response(scope, duration, auth string) string {
	if duration != "" {
		duration = `"cacheDuration": "` + duration + `", `
	}
	return `{"apiVersion": "credentialprovider.kubelet.k8s.io/v1", "kind": "CredentialProviderResponse", "cacheKeyType": "` + scope + `", ` +
		duration + `"auth": ` + auth + `}`
}

// auth has a key for each user: key, user, and so on. The password is secret.
func auth(users ...string) string {
	var entries []string
	for pair := range slices.Chunk(users, 2) {
		entries = append(entries, fmt.Sprintf(`%q: {"username": %q, "password": %q}`, pair[0], pair[1], secret))
	}
	return "{" + strings.Join(entries, ", ") + "}"
}

// fixture is a Keychain with providers that are shell scripts, each of which counts its runs.
type fixture struct {
	*Keychain
	directory string

	mu   sync.Mutex
	time time.Time
	runs []Run
}

// newFixture has providers by their names, in the order of their names. Each is for *.example and docker.io. The lines of a script find the
// request in $request.
func newFixture(t *testing.T, scripts map[string]string, opts ...Option) *fixture {
	t.Helper()
	f := &fixture{directory: t.TempDir(), time: time.Unix(1_800_000_000, 0)}
	config := header + "providers:\n"
	var names []string
	for provider := range scripts {
		names = append(names, provider)
	}
	slices.Sort(names)
	for _, provider := range names {
		config += "- name: " + provider + "\n  apiVersion: credentialprovider.kubelet.k8s.io/v1\n  defaultCacheDuration: 10m\n" +
			"  matchImages: ['*.example', '*.example:5000', docker.io]\n  args: [get-credentials, --x]\n  env: [{name: CONFIGURED, value: configured}]\n"
		write(t, 0o700, "#!/bin/sh\nread -r request\necho \"$request\" >>\"$0.requests\"\n"+scripts[provider]+"\n", f.directory, provider)
	}
	var err error
	f.Keychain, err = New(write(t, 0o600, config, f.directory, "config.yaml"), f.directory, append([]Option{
		WithClock(func() time.Time { f.mu.Lock(); defer f.mu.Unlock(); return f.time }),
		WithObserver(func(run Run) { f.mu.Lock(); defer f.mu.Unlock(); f.runs = append(f.runs, run) }),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// asked returns the requests that the provider "test" got.
func (f *fixture) asked(t *testing.T) []string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(f.directory, "test.requests"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.FieldsFunc(string(content), func(r rune) bool { return r == '\n' })
}

func (f *fixture) pass(duration time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.time = f.time.Add(duration)
}

// user returns the user for a repository, and what is wrong.
func (f *fixture) user(t *testing.T, repository string) (user, problem string) {
	t.Helper()
	target, err := name.NewRepository(repository)
	if err != nil {
		t.Fatal(err)
	}
	found, err := authn.Resolve(t.Context(), f.Keychain, target)
	if err != nil {
		t.Fatal(err)
	}
	config, err := authn.Authorization(t.Context(), found)
	if err != nil {
		if _, ok := errors.AsType[*registry.UnreadableError](err); !ok {
			t.Errorf("%s: the error is a %T, with which the registry would not be asked", repository, err)
		}
		return "", err.Error()
	}
	if config.Username != "" && config.Password != secret {
		t.Errorf("%s: password %q", repository, config.Password)
	}
	return config.Username, ""
}

// TestProviders has providers that answer, and that do whatever they like.
func TestProviders(t *testing.T) {
	answering := func(text string) string { return "echo '" + text + "'" }
	good := response("Registry", "5m", auth("registry.example", "reader"))
	for what, tc := range map[string]struct {
		script, user, problem string
		outcome               Outcome
	}{
		"answers":           {answering(good), "reader", "", OutcomeAnswered},
		"no credentials":    {answering(response("Image", "", "null")), "", "", OutcomeAnswered},
		"other hosts":       {answering(response("Global", "", auth("evil.example", "a", "*.registry.example", "b", "registry.example:5000", "c", "*", "d", "example", "e"))), "", "", OutcomeAnswered},
		"another path":      {answering(response("Global", "", auth("registry.example/other", "a"))), "", "", OutcomeAnswered},
		"the most specific": {answering(response("Global", "", auth("*.example", "glob", "registry.example", "host", "registry.example/team", "path"))), "path", "", OutcomeAnswered},
		"a glob":            {answering(response("Global", "", auth("*.example", "glob", "aa.example", "other"))), "glob", "", OutcomeAnswered},
		"with a scheme":     {answering(response("Global", "", auth("https://registry.example/v2/team", "path"))), "path", "", OutcomeAnswered},
		"broken keys":       {answering(response("Global", "", auth("[", "a", "a:b:c", "b", "registry.example", "host"))), "host", "", OutcomeAnswered},
		"more on stderr":    {"echo " + secret + " >&2; " + answering(good), "reader", "", OutcomeAnswered},
		"fails":             {"echo '" + good + "'; echo " + secret + " >&2; exit 3", "", "fails with exit code 3", OutcomeFailed},
		"nothing":           {"exit 0", "", errResponse.Error(), OutcomeInvalid},
		"garbage":           {"echo " + secret, "", errResponse.Error(), OutcomeInvalid},
		"a list":            {"echo []", "", errResponse.Error(), OutcomeInvalid},
		"two responses":     {answering(good + good), "", errResponse.Error(), OutcomeInvalid},
		"wrong kind":        {answering(strings.Replace(good, "CredentialProviderResponse", "CredentialProviderRequest", 1)), "", errResponse.Error(), OutcomeInvalid},
		"wrong version":     {answering(strings.Replace(good, "k8s.io/v1", "k8s.io/v1beta1", 1)), "", errResponse.Error(), OutcomeInvalid},
		"no version":        {answering(strings.Replace(good, "credentialprovider.kubelet.k8s.io/v1", "", 1)), "", errResponse.Error(), OutcomeInvalid},
		"wrong type":        {answering(response("Registry", "", `["`+secret+`"]`)), "", errResponse.Error(), OutcomeInvalid},
		"no duration":       {answering(response("Registry", "soon", auth("registry.example", "reader"))), "", errResponse.Error(), OutcomeInvalid},
		"no cacheKeyType":   {answering(response("Cluster", "", auth("registry.example", "reader"))), "", "answers without a cacheKeyType of Image, Registry or Global", OutcomeInvalid},
		"elements":          {"printf '{\"auth\": ['; i=0; while [ $i -lt 3000 ]; do printf '1,'; i=$((i+1)); done; echo ']}'", "", errResponse.Error(), OutcomeInvalid},
		"endless":           {"while :; do echo " + strings.Repeat(secret, 200) + "; done", "", "writes more than 64 KiB", OutcomeInvalid},
		"endless on stderr": {"while :; do echo " + strings.Repeat(secret, 200) + " >&2; done", "", "writes more than 64 KiB", OutcomeInvalid},
		"hangs":             {"sleep 600", "", "does not answer within 2s", OutcomeTimeout},
	} {
		t.Run(what, func(t *testing.T) {
			f := newFixture(t, map[string]string{"test": tc.script}, WithTimeout(2*time.Second))
			user, problem := f.user(t, "registry.example/team/app")
			if want := `the credential provider "test" ` + tc.problem; user != tc.user || problem != tc.problem && problem != want {
				t.Errorf("got %q, %q, want %q, %q", user, problem, tc.user, want)
			}
			if strings.Contains(problem, secret) {
				t.Errorf("the secret is in %q", problem)
			}
			if len(f.runs) != 1 || f.runs[0].Provider != "test" || f.runs[0].Outcome != tc.outcome || f.runs[0].Registry != "registry.example" || f.runs[0].Problem != problem {
				t.Errorf("observed %+v, want one run that is %s", f.runs, tc.outcome)
			}
			want := []string{`{"kind":"CredentialProviderRequest","apiVersion":"credentialprovider.kubelet.k8s.io/v1","image":"registry.example/team/app"}`}
			if got := f.asked(t); !slices.Equal(got, want) {
				t.Errorf("asked %q", got)
			}
		})
	}
}

// TestAsked: a provider is asked about the images that it is for, by the names that kubelet uses.
func TestAsked(t *testing.T) {
	f := newFixture(t, map[string]string{"test": "echo '" + response("Image", "0s", auth("docker.io", "hub", "registry.example:5000", "port")) + "'"})
	for repository, want := range map[string]string{
		"nginx": "hub", "index.docker.io/org/app": "hub", "registry.example:5000/app": "port", "registry.example:5001/app": "", "other.io/app": "",
		"a.b.example/app": "", "REGISTRY.example:5000/org/app": "port",
	} {
		if user, problem := f.user(t, repository); user != want || problem != "" {
			t.Errorf("%s: got %q, %q, want %q", repository, user, problem, want)
		}
	}
	var got []string
	for _, request := range f.asked(t) {
		_, image, _ := strings.Cut(request, `"image":"`)
		got = append(got, strings.TrimSuffix(image, `"}`))
	}
	slices.Sort(got)
	want := []string{"docker.io/library/nginx", "docker.io/org/app", "registry.example:5000/app", "registry.example:5000/org/app"}
	if !slices.Equal(got, want) {
		t.Errorf("asked about %q, want %q", got, want)
	}
}

// TestOrder: the first provider that has credentials counts; one that fails keeps none of the others from being asked.
func TestOrder(t *testing.T) {
	const fails = "exit 1"
	none := "echo '" + response("Global", "", "{}") + "'"
	named := func(user string) string { return "echo '" + response("Global", "", auth("*.example", user)) + "'" }
	for what, tc := range map[string]struct{ a, b, user, problem string }{
		"first":          {named("first"), named("second"), "first", ""},
		"second":         {none, named("second"), "second", ""},
		"after failure":  {fails, named("second"), "second", ""},
		"none":           {none, none, "", ""},
		"failure":        {none, fails, "", `the credential provider "b" fails with exit code 1`},
		"both failures":  {fails, fails, "", `the credential provider "a" fails with exit code 1, the credential provider "b" fails with exit code 1`},
		"failure, first": {fails, none, "", `the credential provider "a" fails with exit code 1`},
	} {
		f := newFixture(t, map[string]string{"a": tc.a, "b": tc.b})
		if user, problem := f.user(t, "registry.example/app"); user != tc.user || problem != tc.problem {
			t.Errorf("%s: got %q, %q, want %q, %q", what, user, problem, tc.user, tc.problem)
		}
	}
}

// TestCache counts the runs that requests cause.
func TestCache(t *testing.T) {
	const images = 3
	for what, tc := range map[string]struct {
		scope, duration string
		// runs for three repositories of each of two registries, asked twice; then after some time.
		runs  int
		pass  time.Duration
		again int
	}{
		"Image":               {"Image", "5m", 2 * images, 4 * time.Minute, 0},
		"Image, expired":      {"Image", "5m", 2 * images, 5 * time.Minute, 2 * images},
		"Registry":            {"Registry", "5m", 2, 4 * time.Minute, 0},
		"Registry, expired":   {"Registry", "5m", 2, 5 * time.Minute, 2},
		"Global":              {"Global", "5m", 1, 4 * time.Minute, 0},
		"Global, expired":     {"Global", "5m", 1, 5 * time.Minute, 1},
		"default":             {"Global", "", 1, 9 * time.Minute, 0},
		"default, expired":    {"Global", "", 1, 10 * time.Minute, 1},
		"no caching":          {"Global", "0s", 1, 59 * time.Second, 0},
		"no caching, later":   {"Global", "0s", 1, time.Minute, 1},
		"negative":            {"Global", "-5m", 1, time.Minute, 1},
		"for ever":            {"Global", "99999h", 1, 23 * time.Hour, 0},
		"for ever, a day ago": {"Global", "99999h", 1, 24 * time.Hour, 1},
		"failures":            {"", "", 2, 59 * time.Second, 0},
		"failures, later":     {"", "", 2, time.Minute, 2},
	} {
		t.Run(what, func(t *testing.T) {
			script := "echo '" + response(tc.scope, tc.duration, auth("*.example", "reader")) + "'"
			f := newFixture(t, map[string]string{"test": script})
			ask := func() int {
				before := len(f.asked(t))
				for range 2 {
					for _, registry := range []string{"a.example", "b.example"} {
						for i := range images {
							if user, problem := f.user(t, fmt.Sprintf("%s/app%d", registry, i)); user != "reader" && tc.scope != "" {
								t.Fatalf("got %q, %q", user, problem)
							}
						}
					}
				}
				return len(f.asked(t)) - before
			}
			if got := ask(); got != tc.runs {
				t.Errorf("%d runs, want %d", got, tc.runs)
			}
			f.pass(tc.pass)
			if got := ask(); got != tc.again {
				t.Errorf("%d runs after %s, want %d", got, tc.pass, tc.again)
			}
		})
	}
}

// TestSilentProvider: a provider that does not answer is not asked about every registry, each of which somebody would wait for.
func TestSilentProvider(t *testing.T) {
	f := newFixture(t, map[string]string{"test": "sleep 600"}, WithTimeout(200*time.Millisecond))
	for i := range 20 {
		if _, problem := f.user(t, fmt.Sprintf("registry%d.example/app", i)); !strings.Contains(problem, "does not answer within 200ms") {
			t.Errorf("got %q", problem)
		}
	}
	if len(f.runs) != 1 {
		t.Errorf("%d runs, want one", len(f.runs))
	}
}

// TestOneRunAtATime: those who ask at the same time wait for one run.
func TestOneRunAtATime(t *testing.T) {
	const askers = 50
	for scope, want := range map[string]int{"Registry": 1, "Global": 1, "Image": 5} {
		// A run of a provider while another one runs is an error.
		f := newFixture(t, map[string]string{"test": `mkdir "$0.running" || exit 4; sleep 0.1; rmdir "$0.running"; echo '` +
			response(scope, "", auth("*.example", "reader")) + "'"})
		var waiting sync.WaitGroup
		for i := range askers {
			waiting.Go(func() {
				if user, problem := f.user(t, fmt.Sprintf("registry.example/app%d", i%5)); user != "reader" {
					t.Errorf("%s: got %q, %q", scope, user, problem)
				}
			})
		}
		waiting.Wait()
		got := len(f.asked(t))
		fmt.Printf("figure: credential_provider_runs_for_%d_requests_by_%s %d\n", askers, strings.ToLower(scope), got)
		if got != want {
			t.Errorf("%s: %d runs for %d requests, want %d", scope, got, askers, want)
		}
	}
}

// TestCacheIsBounded: what providers answer about ever other images does not grow for ever.
func TestCacheIsBounded(t *testing.T) {
	c, p := newCache(), &provider{name: "test"}
	now := time.Unix(1_800_000_000, 0)
	for i := range 2 * maxAnswers {
		got := &answer{scope: "Image", until: now.Add(time.Hour), entries: []entry{{password: strings.Repeat("x", 16<<10)}}}
		c.put(p, imageName{"registry.example", fmt.Sprint("app", i)}, got)
		if c.bytes > maxAnswerBytes {
			t.Fatalf("%d bytes are kept", c.bytes)
		}
	}
	if c.get(p, imageName{"registry.example", fmt.Sprint("app", 2*maxAnswers-1)}, now) == nil {
		t.Error("the last answer is not kept")
	}
	c.put(p, imageName{"registry.example", "app"}, &answer{scope: "Image", until: now})
	if c.get(p, imageName{"registry.example", "app"}, now) != nil {
		t.Error("an answer that has expired is used")
	}
	for i := range 2 * maxAnswers {
		c.put(p, imageName{"registry.example", fmt.Sprint("none", i)}, &answer{scope: "Image", until: now.Add(time.Hour)})
	}
	if c.kept.Len() > maxAnswers || c.bytes != 0 {
		t.Errorf("%d answers with %d bytes are kept", c.kept.Len(), c.bytes)
	}
}

// TestEnvironment: a provider gets what is configured, the identity that a cloud gives to a Pod, and what programs need.
func TestEnvironment(t *testing.T) {
	for variable, value := range map[string]string{
		"AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AZURE_CLIENT_ID": "id", "GOOGLE_APPLICATION_CREDENTIALS": "/file", "NO_PROXY": "x.example",
		"GITHUB_TOKEN": secret, "DOCKER_AUTH_CONFIG": secret, "KUBECONFIG": "/kubeconfig", "GOMEMLIMIT": "1GiB", "CONFIGURED": "inherited",
	} {
		t.Setenv(variable, value)
	}
	f := newFixture(t, map[string]string{"test": `env | cut -d= -f1 | sort >"$0.env"; echo "$CONFIGURED $*" >"$0.args"; exit 1`})
	f.user(t, "registry.example/app")
	names, err := os.ReadFile(filepath.Join(f.directory, "test.env"))
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Fields(string(names))
	for _, want := range []string{"AWS_WEB_IDENTITY_TOKEN_FILE", "AZURE_CLIENT_ID", "GOOGLE_APPLICATION_CREDENTIALS", "NO_PROXY", "PATH", "CONFIGURED"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is not in the environment %q", want, got)
		}
	}
	for _, other := range []string{"GITHUB_TOKEN", "DOCKER_AUTH_CONFIG", "KUBECONFIG", "GOMEMLIMIT"} {
		if slices.Contains(got, other) {
			t.Errorf("%s is in the environment", other)
		}
	}
	args, err := os.ReadFile(filepath.Join(f.directory, "test.args"))
	if want := "configured get-credentials --x\n"; err != nil || string(args) != want {
		t.Errorf("configured %q, want %q: %v", args, want, err)
	}
}
