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

package imageglob

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sigstore/policy-controller/pkg/apis/glob"
)

// someGlobs are of all the forms that globs have.
var someGlobs = []string{
	"", "*", "*/*", "**", "***", "index.docker.io/karmada/*", "index.docker.io/karmada/**", "index.docker.io/karmada/***",
	"docker.io/karmada/*", "**/x@*", "**/x:*", "*/x/*", "*/x/**", "*.docker.io/**", "registry.example.com/*/x@*", "a*a*a*a*a",
	"localhost:5000/x", "index.docker.io/library/x@sha256:" + strings.Repeat("a", 64), "x y", "x$", "x#", "**x**", "*x", "x*", "/", "é",
}

// randomText draws a text of a few characters, so that globs and names often share them.
func randomText(random *rand.Rand, characters string, most int) string {
	var b strings.Builder
	for range random.IntN(most) {
		b.WriteByte(characters[random.IntN(len(characters))])
	}
	return b.String()
}

func randomGlob(random *rand.Rand) string {
	if random.IntN(8) == 0 {
		return someGlobs[random.IntN(len(someGlobs))]
	}
	return randomText(random, "ab/.@:**", 9)
}

func randomName(random *rand.Rand) string {
	switch random.IntN(8) {
	case 0:
		return "index.docker.io/karmada/" + randomText(random, "ab/x@", 4)
	case 1:
		return "registry.example.com/" + randomText(random, "ab/x", 4) + "/x@" + randomText(random, "ab", 4)
	default:
		return randomText(random, "ab/.@:\nA", 9)
	}
}

// compareGlob fails if a glob and policy-controller do not agree.
func compareGlob(t *testing.T, pattern, name string) {
	t.Helper()
	ours, err := Compile(pattern)
	theirs, theirErr := glob.Compile(pattern)
	if fmt.Sprint(err) != fmt.Sprint(theirErr) {
		t.Fatalf("%q: got error %v, want %v", pattern, err, theirErr)
	}
	if err == nil && ours.Match(name) != theirs.MatchString(name) {
		t.Fatalf("%q matches %q: got %t, want %t", pattern, name, ours.Match(name), theirs.MatchString(name))
	}
}

func TestMatchesAsPolicyController(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		compareGlob(t, randomGlob(random), randomName(random))
	}
}

func FuzzGlob(f *testing.F) {
	for _, pattern := range someGlobs {
		f.Add(pattern, "index.docker.io/karmada/x@sha256:aa")
	}
	f.Add("a**", "a\n")
	f.Add("a*", "a\xff\n")
	f.Fuzz(func(t *testing.T, pattern, name string) { compareGlob(t, pattern, name) })
}

// TestSetFindsWhatMatches adds and removes random globs, and compares what is found with what matches one by one.
func TestSetFindsWhatMatches(t *testing.T) {
	compared, found := 0, 0
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 5))
		var set Set[int]
		added := map[int][]Glob{}
		for step := range 60 {
			owner := random.IntN(25)
			if added[owner] == nil {
				for range random.IntN(4) {
					if g, err := Compile(randomGlob(random)); err == nil {
						added[owner] = append(added[owner], g)
					}
				}
				set.Add(owner, added[owner]...)
			} else {
				set.Remove(owner)
				delete(added, owner)
			}
			for range 5 {
				name := randomName(random)
				var want, got []int
				for owner, globs := range added {
					if slices.ContainsFunc(globs, func(g Glob) bool { return g.Match(name) }) {
						want = append(want, owner)
					}
				}
				set.Match(name, func(owner int) { got = append(got, owner) })
				slices.Sort(want)
				slices.Sort(got)
				if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
					t.Fatalf("seed %d, step %d: %q (-one by one +set):\n%s", seed, step, name, diff)
				}
				compared++
				found += len(want)
			}
		}
		for owner := range added {
			set.Remove(owner)
		}
		if !set.beginnings.empty() || !set.insides.empty() || len(set.rest) > 0 || set.Len() > 0 {
			t.Fatalf("seed %d: the set is not empty after all removals: %+v", seed, set)
		}
	}
	if found < compared/10 {
		t.Errorf("only %d matches in %d comparisons", found, compared)
	}
	fmt.Printf("figure: combined_matching_agreement %d/%d\n", compared, compared)
}

// TestSetTriesFew counts how many globs are tried for a name among those of a thousand owners.
func TestSetTriesFew(t *testing.T) {
	const owners, most = 1000, 4
	for _, form := range []string{
		"index.docker.io/karmada/app-%d@*", "registry.example.com/team-%d/**", "**/app-%d@*", "*/app-%d/*", "registry.example.com/*/app-%d@*",
		"registry.example.com/**/app-%d/**", "registry.example.com/team/app-%d*",
	} {
		var set Set[int]
		for i := range owners {
			g, err := Compile(fmt.Sprintf(form, i+owners))
			if err != nil {
				t.Fatal(err)
			}
			set.Add(i, g)
		}
		name := strings.NewReplacer("%d", "1777", "**", "x", "*", "x").Replace(form)
		tried := 0
		count := func(globs []filed[int]) { tried += len(globs) }
		set.beginnings.walk(name, count)
		for at := range len(name) {
			set.insides.walk(name[at:], count)
		}
		var found []int
		set.Match(name, func(owner int) { found = append(found, owner) })
		if !slices.Contains(found, 777) || tried > most {
			t.Errorf("%s: %v found, %d globs tried of %d", form, found, tried, owners)
		}
	}
}

func TestNamesOf(t *testing.T) {
	digest := "@sha256:" + strings.Repeat("a", 64)
	for written, want := range map[string]Names{
		"karmada/x:v1":             {Whole: []string{"index.docker.io/karmada/x:v1"}},
		"GHCR.io:443/x/y" + digest: {Whole: []string{"GHCR.io:443/x/y" + digest, "ghcr.io/x/y" + digest}},
		"registry-1.docker.io/xx":  {Whole: []string{"registry-1.docker.io/xx:latest", "index.docker.io/library/xx:latest"}},
		"Not/Valid:${TAG}":         {Repositories: []string{"index.docker.io/not/valid:${tag}", "not/valid:${tag}", "index.docker.io/not/valid", "not/valid"}},
		"":                         {},
	} {
		if diff := cmp.Diff(want, NamesOf(written)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", written, diff)
		}
	}
}
