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

package release

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/karmada-io/image-trust/hack/release/ociimage"
	labpkg "github.com/karmada-io/image-trust/test/lab"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/images"
	"github.com/karmada-io/image-trust/test/lab/process"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

const (
	version    = "v9.8.7"
	repository = "ghcr.io/karmada-io/karmada-image-trust"
	image      = repository + ":" + version
	// epoch is the time of the commit.
	epoch   = "1795744923"
	program = "kubectl-imagetrust"
	archive = program + "_linux_amd64.tar.gz"
)

// release is what make release-artifacts made, in a directory of its own.
type release struct {
	// dir is a copy of the repository, and again another one, in which the release was made once more.
	dir, again tree
	// manager is the program in the image, and plugin the one in the archive.
	manager, plugin string
}

// tree is a copy of the repository.
type tree string

// artefact returns the path of an artefact of the release that was built in the copy.
func (c tree) artefact(name string) string { return filepath.Join(string(c), "dist", "release", name) }

// build makes a release from copies of the work tree. The base image is one that was pushed to the lab's registry.
func build(ctx context.Context, on *labpkg.Lab) (*release, error) {
	base, _, err := images.PushIndex(ctx, "gcr.io/distroless/static:nonroot", "base", on.RemoteOptions()...)
	if err != nil {
		return nil, err
	}
	r := &release{
		dir: tree(filepath.Join(on.Dir(), "released")), again: tree(filepath.Join(on.Dir(), "elsewhere", "again")),
		manager: filepath.Join(on.Dir(), "manager"), plugin: filepath.Join(on.Dir(), program),
	}
	for _, copied := range []tree{r.dir, r.again} {
		if err := copied.create(ctx); err != nil {
			return nil, err
		}
	}
	for _, copied := range []tree{r.dir, r.again} {
		// One platform: compiling the dependencies for another one takes minutes. Continuous integration does it in a job of its own.
		err := copied.make(ctx, on.Registry.Proxy.Env(), "release-artifacts", "VERSION="+version, "REVISION="+labtest.Commit,
			"SOURCE_DATE_EPOCH="+epoch, "BASE_IMAGE="+base.String(), "PLATFORMS=linux/amd64", "PLUGIN_PLATFORMS=linux/amd64")
		if err != nil {
			return nil, err
		}
	}
	return r, errors.Join(r.extractManager(), r.extractPlugin())
}

// create copies the files that git has or would have.
func (c tree) create(ctx context.Context) error {
	root, err := binaries.Root()
	if err != nil {
		return err
	}
	list := exec.CommandContext(ctx, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	names, err := list.Output()
	if err != nil {
		return fmt.Errorf("listing the files of the repository: %w", err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		content, err := os.ReadFile(filepath.Join(root, name))
		if errors.Is(err, os.ErrNotExist) {
			continue // removed, and not committed yet
		}
		if err != nil {
			return err
		}
		path := filepath.Join(string(c), name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o750), os.WriteFile(path, content, 0o600)); err != nil {
			return err
		}
	}
	return nil
}

// make runs make in the copy.
func (c tree) make(ctx context.Context, env []string, args ...string) error {
	command := exec.CommandContext(ctx, "make", append([]string{"--no-print-directory"}, args...)...)
	command.Dir = string(c)
	// What make hands to what it starts is about this run of the tests.
	own := slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains([]string{"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "IMG"}, name)
	})
	command.Env = slices.Concat(own, env)
	var printed bytes.Buffer
	command.Stdout, command.Stderr = &printed, &printed
	if err := process.Run(command); err != nil {
		return fmt.Errorf("make %s: %w\n%s", strings.Join(args, " "), err, printed.Bytes())
	}
	return nil
}

// image returns the image for a platform that was built in the copy.
func (c tree) image(platform v1.Platform) (v1.Image, error) {
	index, err := ociimage.ReadLayout(filepath.Join(string(c), "dist", "image"))
	if err != nil {
		return nil, err
	}
	found, err := ociimage.Images(index)
	if err != nil {
		return nil, err
	}
	for _, one := range found {
		if one.Platform.Equals(platform) {
			return index.Image(one.Digest)
		}
	}
	return nil, fmt.Errorf("there is no image for %s among %+v", platform, found)
}

func (r *release) extractManager() error {
	found, err := r.dir.image(v1.Platform{OS: "linux", Architecture: "amd64"})
	if err != nil {
		return err
	}
	content := mutate.Extract(found)
	defer func() { _ = content.Close() }()
	return extract(content, "manager", r.manager)
}

func (r *release) extractPlugin() error {
	opened, err := os.Open(r.dir.artefact(archive))
	if err != nil {
		return err
	}
	defer func() { _ = opened.Close() }()
	content, err := gzip.NewReader(opened)
	if err != nil {
		return err
	}
	return extract(content, program, r.plugin)
}

// extract writes a file of an archive.
func extract(content io.Reader, name, path string) (err error) {
	reader := tar.NewReader(content)
	var size int64
	for {
		header, err := reader.Next()
		if err != nil {
			return fmt.Errorf("looking for %s: %w", name, err)
		}
		if header.Name == name {
			size = header.Size
			break
		}
	}
	out, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	_, err = io.CopyN(out, reader, size)
	return errors.Join(err, out.Close())
}
