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

package manifests

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/karmada-io/image-trust/test/lab/process"
)

// downloadTimeout bounds the download of the modules, of which there are 80 MB.
const downloadTimeout = 10 * time.Minute

// module is a Go module whose manifests are read.
type module struct {
	// path and version as go mod download takes them, joined with @.
	name string
	// sum is the checksum of its content, as a go.sum file has it.
	sum string
}

// modules are Kubernetes, and projects with workloads of their own kinds. They are downloaded through the Go module proxy, but no
// part of the module graph is: none of their code is built. So the checksums are here and not in a go.sum.
func modules() []module {
	return []module{
		{"github.com/argoproj/argo-rollouts@v1.8.3", "h1:blbtQva4IK9r6gFh+dWkCrLnFdPOWiv9ubQYu36qeaA="},
		{"github.com/argoproj/argo-workflows/v3@v3.7.4", "h1:oA/DxaSsjb6fMYaygf7JVQgnsF+ZzlfUPy5kIfLsCic="},
		{"github.com/cert-manager/cert-manager@v1.19.1", "h1:Txh8L/nLWTDcb7ZnXuXbTe15BxQnLbLirXmbNk0fGgY="},
		{"github.com/fluxcd/flux2/v2@v2.7.3", "h1:0CnUCLwTUwxu44UxYL6BjvkMb9Br9X26eLTpKm7MhEA="},
		{"github.com/karmada-io/karmada@v1.16.0", "h1:RD58HD7xp0+FKDWkJRygBsN/ht3k7gbBZa0xBzWSio4="},
		{"github.com/kubeflow/training-operator@v1.9.3", "h1:aaSHqskOtCY8Dn8sVd+l9p5XAczW6O0nYMPjVLAw/lc="},
		{"github.com/openkruise/kruise@v1.8.0", "h1:cU5XG9tur17j/CuY+iCTlxOtJ0GNTtJjMLurhh+25YQ="},
		{"github.com/tektoncd/pipeline@v1.6.0", "h1:A+D+jzOVl2QNl/yiNT7csVgBUy2wpz6K6+/D4q5lfss="},
		{"k8s.io/kubernetes@v1.37.2", "h1:A2VDEiObzkYqFTKhSsn0ZEb0RlLEXpHWj93gi2HqEwE="},
		{"knative.dev/serving@v0.46.0", "h1:OF4Jt+6xY4nw0lFb9G3rEEJPZcNx1k2Kf1IhhJp/Rg4="},
		{"sigs.k8s.io/jobset@v0.10.1", "h1:u8QKifNsrWVrlRFe6w2ofYTqFT9ma2DRHxfeB2m9xyU="},
		{"sigs.k8s.io/lws@v0.7.0", "h1:qWfzX8+UBak+Hq0+m/PuE3uO0mp/3dmm5q/h/7z31A8="},
	}
}

// corpus is what was downloaded.
type corpus struct {
	// directories of the modules by name.
	directories map[string]string
	// readings of their *.yaml, *.yml and *.json files, whatever these hold, sorted by name.
	readings []*reading
}

var download = sync.OnceValues(func() (*corpus, error) {
	dir, err := os.MkdirTemp("", "image-trust-modules-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	args := []string{"mod", "download", "-json"}
	want := map[string]string{}
	for _, m := range modules() {
		args = append(args, m.name)
		want[m.name] = m.sum
	}
	ctx, cancel := context.WithTimeout(context.Background(), downloadTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", args...)
	// Outside of any module. The checksums are compared here, so the database of checksums, which not everybody reaches, is not asked.
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOSUMDB=off", "GOFLAGS=", "GOWORK=off")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	ran := process.Run(cmd)
	c := &corpus{directories: map[string]string{}}
	for decoder := json.NewDecoder(&stdout); ; {
		var got struct{ Path, Version, Dir, Sum, Error string }
		if err := decoder.Decode(&got); err != nil {
			if errors.Is(err, io.EOF) {
				break
			}
			return nil, err
		}
		name := got.Path + "@" + got.Version
		switch {
		case got.Error != "":
			return nil, errors.New(name + ": " + got.Error)
		case got.Sum != want[name]:
			return nil, errors.New(name + " has the checksum " + got.Sum + ", want " + want[name])
		}
		c.directories[name] = got.Dir
	}
	if ran != nil || len(c.directories) != len(want) {
		return nil, fmt.Errorf("go mod download: %w: %d of %d modules: %s", ran, len(c.directories), len(want), stderr.String())
	}
	return c, c.read()
})

func (c *corpus) read() error {
	var files []string
	for _, directory := range c.directories {
		found, err := list(directory)
		if err != nil {
			return err
		}
		files = append(files, found...)
	}
	slices.Sort(files)
	c.readings = make([]*reading, len(files))
	errs := inParallel(files, func(i int, file string) (err error) {
		c.readings[i], err = read(file)
		return err
	})
	if errs != nil {
		return errs
	}
	crds := definitions{}
	for _, r := range c.readings {
		crds.define(r.documents)
	}
	for _, r := range c.readings {
		r.find(crds)
	}
	return nil
}

// inParallel calls a function for each item, a few at a time.
func inParallel[T any](items []T, do func(int, T) error) error {
	errs := make([]error, len(items))
	next := make(chan int)
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for i := range next {
				errs[i] = do(i, items[i])
			}
		})
	}
	for i := range items {
		next <- i
	}
	close(next)
	group.Wait()
	return errors.Join(errs...)
}

func list(directory string) (files []string, err error) {
	err = filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		switch strings.ToLower(filepath.Ext(path)) {
		case ".yaml", ".yml", ".json":
			files = append(files, path)
		}
		return nil
	})
	return files, err
}

// downloaded returns the corpus. The modules are downloaded if they are not in the module cache.
func downloaded(t *testing.T) *corpus {
	t.Helper()
	if testing.Short() {
		t.Skip("it may have to download 80 MB of Go modules")
	}
	c, err := download()
	if err != nil {
		t.Fatal(err)
	}
	return c
}
