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

// Package krew makes the manifest of a release for Krew (https://krew.sigs.k8s.io), from the one in this repository.
package krew

import (
	"fmt"
	"strings"
)

// What a release replaces.
const (
	version  = "v0.0.0"
	checksum = "0000000000000000000000000000000000000000000000000000000000000000"
	platform = "  - selector:"
)

// Fill returns the manifest of a release. The archives are the SHA-256 checksums of its files by their names. Platforms of the
// template without an archive are left out; an archive that the template does not name is an error.
func Fill(template, release string, archives map[string]string) (string, error) {
	head, rest, found := strings.Cut(template, platform)
	if !found {
		return "", fmt.Errorf("the template has no platforms")
	}
	filled := head
	missing := map[string]bool{}
	for name := range archives {
		missing[name] = true
	}
	for block := range strings.SplitSeq(rest, platform) {
		name := archiveOf(block)
		if archives[name] == "" {
			continue
		}
		delete(missing, name)
		filled += platform + strings.Replace(block, checksum, archives[name], 1)
	}
	for name := range missing {
		return "", fmt.Errorf("the template does not name %s", name)
	}
	// The comment at the beginning is about the template.
	_, filled, _ = strings.Cut(filled, "\n")
	return strings.ReplaceAll(filled, version, release), nil
}

// archiveOf returns the file that the uri of a platform names.
func archiveOf(block string) string {
	for line := range strings.Lines(block) {
		if uri, ok := strings.CutPrefix(strings.TrimSpace(line), "uri: "); ok {
			return uri[strings.LastIndex(uri, "/")+1:]
		}
	}
	return ""
}
