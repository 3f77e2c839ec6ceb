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

package registry

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
)

func TestChallenges(t *testing.T) {
	//nolint:gosec // no credentials
	for value, want := range map[string]string{
		`Bearer realm="https://a/b",service="c d",scope="x,y"`: `bearer map[realm:https://a/b scope:x,y service:c d]`,
		`bearer  Realm = https://a/b , service = c`:            `bearer map[realm:https://a/b service:c]`,
		`Negotiate abc==, Basic realm="\"x\""`:                 `basic map[realm:"x"]`,
		`Basic`:                                                `basic map[]`,
		`Digest a="b", Bearer realm="c"`:                       `bearer map[realm:c]`,
		`Bearer realm="a", realm="b"`:                          `bearer map[realm:a]`,
		`Basic realm="a", Bearer realm="b"`:                    `basic map[realm:a]`,
		`Digest a="b"`:                                         ` map[]`,
		``:                                                     ` map[]`,
		`Bearer realm="a`:                                      `error`,
		`"Bearer"`:                                             `error`,
		strings.Repeat("Digest, ", 17):                         `error`,
		`Bearer ` + strings.Repeat("a=b,", 40):                 `error`,
		`Bearer a="` + strings.Repeat("b", maxChallenge) + `"`: `error`,
	} {
		wanted, err := challengeOf(http.Header{"Www-Authenticate": {value}})
		got := fmt.Sprint(wanted.scheme, " ", wanted.parameters)
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%.60s: got %s, want %s", value, got, want)
		}
	}
	several := http.Header{"Www-Authenticate": {"Negotiate", `Basic realm="x"`}}
	if wanted, err := challengeOf(several); err != nil || wanted.scheme != "basic" {
		t.Errorf("several headers: got %v, %v", wanted, err)
	}
}

func TestNextPage(t *testing.T) {
	for value, want := range map[string]bool{
		`</v2/x?last=y>; rel="next"`:                    true,
		`</v2/x?last=y>; rel=next`:                      true,
		`</v2/x?last=y>;rel=Next`:                       true,
		`</v2/x?last=y>; title="a, b"; REL="prev next"`: true,
		`</a>; rel=prev, </b>; rel=next`:                true,
		`</a>; flag; rel=next`:                          true,
		`</a>; rel="next`:                               true,
		`nonsense`:                                      true,
		`</a>; rel=prev`:                                false,
		`</a>; rel="prev"; title="rel=next"`:            false,
		`</next>; rel=nextpage`:                         false,
		`</a>`:                                          false,
		``:                                              false,
		`, ,`:                                           false,
	} {
		if got := hasNext(http.Header{"Link": {value}}); got != want {
			t.Errorf("%s: got %t, want %t", value, got, want)
		}
	}
	if !hasNext(http.Header{"Link": {`</a>; rel=prev`, `</b>; rel=next`}}) {
		t.Error("the second header is not read")
	}
}

// FuzzChallenges feeds the headers with challenges and links.
func FuzzChallenges(f *testing.F) {
	for _, value := range []string{`Bearer realm="https://a/b",service="c"`, `Negotiate abc==, Basic realm="\"`, `</a>; rel=next, <b>;x`} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		_ = hasNext(http.Header{"Link": {value}})
		wanted, err := challengeOf(http.Header{"Www-Authenticate": {value}})
		if err != nil {
			return
		}
		size := 0
		for name, parameter := range wanted.parameters {
			size += len(name) + len(parameter)
		}
		if size > len(value) || len(wanted.parameters) > maxParameters {
			t.Errorf("%d bytes in %d parameters from %d bytes", size, len(wanted.parameters), len(value))
		}
	})
}

// TestSessionBytes: what registries write does not make all sessions together larger than their limit.
func TestSessionBytes(t *testing.T) {
	kept := newSessions()
	repository, err := name.NewRepository("registry.example/karmada/app")
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", maxChallenge)
	for i := range 2 * maxSessions {
		one := &session{repository: repository, key: fmt.Sprint(i)}
		if i%2 == 0 {
			one.tokens = &tokenSource{realm: &url.URL{Scheme: "https", Host: "a", Path: long}, service: long}
		}
		kept.put(one)
		kept.put(one)
		if kept.get(one.key) != one {
			t.Fatal("the latest session is not kept")
		}
	}
	total := 0
	for i := range 2 * maxSessions {
		if one := kept.get(fmt.Sprint(i)); one != nil {
			total += one.size()
		}
	}
	fmt.Printf("figure: session_bytes_limit %d\n", maxSessionBytes)
	if kept.bytes > maxSessionBytes || kept.bytes != total || total < maxSessionBytes/2 {
		t.Errorf("%d bytes are counted, %d kept, limit %d", kept.bytes, total, maxSessionBytes)
	}
	old := &session{key: "x"}
	kept.put(old)
	replaced := &session{key: "x"}
	kept.put(replaced)
	kept.remove(old)
	if kept.get("x") != replaced {
		t.Error("a session that took the place of another one was removed with it")
	}
	kept.remove(replaced)
	if diff := cmp.Diff((*session)(nil), kept.get("x"), cmp.Comparer(func(a, b *session) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
}
