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

package trustroot

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
	"github.com/theupdateframework/go-tuf/v2/metadata/fetcher"

	"github.com/karmada-io/image-trust/internal/bounds"
)

// Limits of what is downloaded from a TUF repository. The lengths that its metadata names are not limits: whoever signs it
// chooses them.
const (
	// maxMetadata bounds a file of metadata, in bytes; it is the largest of go-tuf's own limits (metadata/config).
	maxMetadata = 5_000_000
	// maxDownloads bounds the number of files of one fetch: go-tuf follows at most 256 new roots and 32 delegations.
	maxDownloads = 300
	// maxDownloaded bounds the size of all files of one fetch, in bytes.
	maxDownloaded = 64 << 20
)

// ErrRollback is in the chain of the error if a TUF repository has older metadata than it had before.
var ErrRollback = errors.New("it has older metadata than before")

// downloads fetches the files of a TUF repository within limits, and records its metadata. go-tuf verifies the metadata: after
// an error, nothing of the record may be used.
type downloads struct {
	next fetcher.Fetcher
	// targets is the URL of the targets, which are no metadata.
	targets string

	count, size int
	roles       tufState
}

// tufState is the metadata of a TUF repository that was read last, by the name of its role, such as root or timestamp.
type tufState map[string]tufRole

// tufRole is what is remembered of the metadata of a role.
type tufRole struct {
	version int64
	expires time.Time
	// keys are the keys of the timestamp and the snapshot in the metadata of a root.
	keys string
}

// DownloadFile implements fetcher.Fetcher.
func (d *downloads) DownloadFile(url string, limit int64, timeout time.Duration) ([]byte, error) {
	isTarget := strings.HasPrefix(url, d.targets)
	most := int64(maxMetadata)
	if isTarget {
		most = maxSize
	}
	if d.count++; d.count > maxDownloads || d.size > maxDownloaded {
		return nil, fmt.Errorf("the repository has more than %d files or %d MiB of metadata, the limit", maxDownloads, maxDownloaded>>20)
	}
	content, err := d.next.DownloadFile(url, min(limit, most), timeout)
	if err != nil {
		return nil, err
	}
	d.size += len(content)
	if isTarget {
		return content, nil
	}
	return content, d.record(strings.TrimSuffix(path.Base(url), ".json"), content)
}

// record remembers the metadata of a role. Its file name may begin with its version.
func (d *downloads) record(file string, content []byte) error {
	if version, role, ok := strings.Cut(file, "."); ok {
		if _, err := strconv.ParseUint(version, 10, 64); err == nil {
			file = role
		}
	}
	var document struct {
		Signed struct {
			Version int64     `json:"version"`
			Expires time.Time `json:"expires"`
			Roles   map[string]struct {
				KeyIDs []string `json:"keyids"`
			} `json:"roles"`
		} `json:"signed"`
	}
	if err := bounds.Unmarshal(content, bounds.TrustRoot(), &document); err != nil {
		return fmt.Errorf("reading the metadata of %s: %w", file, err)
	}
	signed := document.Signed
	role := tufRole{version: signed.Version, expires: signed.Expires}
	for _, name := range []string{metadata.TIMESTAMP, metadata.SNAPSHOT} {
		keys := signed.Roles[name].KeyIDs
		slices.Sort(keys)
		role.keys += name + "=" + strings.Join(keys, ",") + ";"
	}
	if d.roles == nil {
		d.roles = tufState{}
	}
	d.roles[file] = role
	return nil
}

// expires returns when the first metadata expires; zero if none was read.
func (s tufState) expires() time.Time {
	if len(s) == 0 {
		return time.Time{}
	}
	return slices.MinFunc(slices.Collect(maps.Values(s)), func(a, b tufRole) int { return a.expires.Compare(b.expires) }).expires
}

// since returns the state after other metadata was read. It is an error if a role has an older version than before (The Update
// Framework, version 1.0.34, sections 5.3.5, 5.4.3, 5.5.5 and 5.6.4). As section 5.3.11 says, other roles may start again once the keys of
// the timestamp or the snapshot are replaced, which takes the keys of the root.
func (s tufState) since(before tufState) (tufState, error) {
	root, rootBefore := s[metadata.ROOT], before[metadata.ROOT]
	replaced := root.version > rootBefore.version && root.keys != rootBefore.keys
	after := maps.Clone(before)
	if after == nil || replaced {
		after = tufState{}
	}
	for _, role := range slices.Sorted(maps.Keys(s)) {
		if replaced && role != metadata.ROOT {
			continue
		}
		if now, then := s[role].version, before[role].version; now < then {
			return nil, fmt.Errorf("%w: version %d of %s.json, where version %d was seen", ErrRollback, now, role, then)
		}
	}
	maps.Copy(after, s)
	return after, nil
}
