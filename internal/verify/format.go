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

package verify

import (
	"context"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// storage is a way in which signatures and attestations are stored in a registry. Its methods list is called once for
// each claim, read and parse once for each entry of the list.
//
// A problem that a method returns is the finding that ends its task; nil if there is none.
type storage interface {
	// list returns what is stored, in the order in which it is examined.
	list(ctx context.Context, v *verification, c *claim) (listed entryList, problem *finding)
	// read fetches the content of one entry.
	read(ctx context.Context, v *verification, c *claim, entry v1.Descriptor) (content []byte, problem *finding)
	// parse parses the content. It sends no requests, since the content may be hostile.
	parse(v *verification, c *claim, entry v1.Descriptor, content []byte) (parsed candidate, problem *finding)
	// missing says what the image lacks if the list is empty.
	missing(v *verification, c *claim) string
}

// entryList is what is stored in one way.
type entryList struct {
	entries []v1.Descriptor
	// candidates is the number of entries that may fulfil the claim, which come first. The others cannot, whatever their content
	// is; they are examined to say why not.
	candidates int
	// more reports whether the registry has more.
	more bool
	// hidden is the finding if nothing on the list is accepted, because there may be more; nil if there is no more than that.
	hidden *finding
}

// storageOf returns the storage that the API calls by a name.
func storageOf(name v1alpha1.SignatureFormat) storage {
	switch name {
	case v1alpha1.SignatureFormatSimpleSigning:
		return simpleSigningStorage{}
	case v1alpha1.SignatureFormatBundle:
		return bundleStorage{}
	default:
		return nil
	}
}

// storages returns those of the claim's formats, in the order of the formats.
func (c *claim) storages() []storage {
	var out []storage
	for _, format := range c.formats {
		if s := storageOf(format.Storage()); s != nil && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
