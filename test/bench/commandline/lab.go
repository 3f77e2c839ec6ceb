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

package commandline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/karmada-io/image-trust/test/bench/measure"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/images"
	"github.com/karmada-io/image-trust/test/lab/process"
	"github.com/karmada-io/image-trust/test/lab/registry"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/memory"
)

// lab is a registry, a Sigstore and the programs.
type lab struct {
	dir      string
	registry *registry.Registry
	front    *front
	sigstore *sigstore.Sigstore
	// root is the file of the root of trust, and trust that of a KarmadaImageTrust.
	root, trust string
	plugin      string
	peak        string
	env         []string
}

// release signs all images.
func release() sigstore.Identity {
	return sigstore.GitHubWorkflow("karmada-io/karmada", "dockerhub-released-image.yml", "refs/tags/v1.16.0",
		"0123456789abcdef0123456789abcdef01234567")
}

func start(ctx context.Context) (*lab, error) {
	dir, err := os.MkdirTemp("", "image-trust-commandline-")
	if err != nil {
		return nil, err
	}
	l := &lab{
		dir: dir, root: filepath.Join(dir, "trusted_root.json"), plugin: filepath.Join(dir, "kubectl-imagetrust"),
		peak: filepath.Join(dir, "peak"),
	}
	if err := l.start(ctx); err != nil {
		return nil, errors.Join(err, l.stop())
	}
	return l, nil
}

func (l *lab) start(ctx context.Context) (err error) {
	if err := binaries.BuildStripped(ctx, l.dir, "./cmd/kubectl-imagetrust", "./test/tools/peak"); err != nil {
		return err
	}
	repository, err := binaries.Root()
	if err != nil {
		return err
	}
	l.trust = filepath.Join(repository, "config", "samples", "karmada-release.yaml")
	// No proxy, no credentials and no configuration of the one who measures.
	l.env = []string{"HOME=" + l.dir, "DOCKER_CONFIG=" + l.dir, "PATH=" + os.Getenv("PATH")}
	if l.sigstore, err = sigstore.New(); err != nil {
		return err
	}
	root, err := l.sigstore.TrustedRoot()
	if err != nil {
		return err
	}
	if err := os.WriteFile(l.root, root, 0o600); err != nil {
		return err
	}
	if l.registry, err = registry.Start(ctx, l.dir); err != nil {
		return err
	}
	l.front, err = serveFront(ctx, l.registry.Address())
	return err
}

func (l *lab) stop() error {
	var errs []error
	if l.front != nil {
		errs = append(errs, l.front.close())
	}
	if l.registry != nil {
		errs = append(errs, l.registry.Stop())
	}
	return errors.Join(append(errs, os.RemoveAll(l.dir))...)
}

// pushImages pushes signed images, each to a repository of its own, and returns their names by digest.
func (l *lab) pushImages(ctx context.Context) ([]string, error) {
	pushed := make([]string, manyImages)
	group, ctx := errgroup.WithContext(ctx)
	const atOnce = 4
	group.SetLimit(atOnce)
	for i := range pushed {
		group.Go(func() error {
			digest, err := images.Push(ctx, fmt.Sprintf("%s/library/app-%d:v1", l.front.host, i), fmt.Sprint(i))
			if err != nil {
				return err
			}
			pushed[i] = digest.String()
			return l.sigstore.Sign(ctx, digest, release())
		})
	}
	return pushed, group.Wait()
}

// verifier is a program that verifies images that are added to its arguments.
type verifier struct {
	program string
	args    []string
}

func (l *lab) kit() verifier {
	id := release()
	return verifier{l.plugin, []string{"verify", "--trusted-root", l.root, "--issuer", id.Issuer, "--identity", id.Subject}}
}

// cosign returns a version of cosign.
func (l *lab) cosign(name string) (verifier, error) {
	program, err := binaries.Find(name)
	id := release()
	return verifier{program, []string{
		"verify", "--trusted-root", l.root, "--certificate-oidc-issuer", id.Issuer, "--certificate-identity", id.Subject,
	}}, err
}

// run runs a program, which must end with one of the exit codes.
func (l *lab) run(ctx context.Context, env []string, codes []int, program string, args ...string) (memory.Usage, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = slices.Concat(l.env, env)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	usage, err := memory.Under(l.peak, cmd, process.Run)
	if err == nil && !slices.Contains(codes, usage.Exit) {
		err = errors.New(usage.End)
	}
	if err != nil {
		const most = 2000
		return usage, fmt.Errorf("%s %s: %w: %s", filepath.Base(program), args[0], err, output.Bytes()[max(0, output.Len()-most):])
	}
	return usage, nil
}

// timed returns the time of a run of the plugin, which must succeed.
func (l *lab) timed(ctx context.Context, args ...string) measure.Sample {
	return func() (float64, error) {
		usage, err := l.run(ctx, nil, []int{0}, l.plugin, args...)
		return usage.Seconds, err
	}
}

// taken is what the runs of a program took.
type taken struct{ milliseconds, requests, mebibytes []float64 }

func (t taken) String() string {
	return fmt.Sprintf("%s ms, %s requests, %s MiB", measure.Number(measure.Median(t.milliseconds)),
		measure.Number(measure.Median(t.requests)), measure.Number(measure.Median(t.mebibytes)))
}

// ratios compare the plugin with a peer.
type ratios struct {
	wall, requests, memory float64
	own, peer              taken
}

func (r ratios) String() string {
	return fmt.Sprintf("%s; the plugin: %s; time %s, requests %s, memory %s of it",
		r.peer, r.own, measure.Number(r.wall), measure.Number(r.requests), measure.Number(r.memory))
}

// pairs has both programs verify images, in turns.
func (l *lab) pairs(ctx context.Context, peer verifier, images []string, pairs int) (ratios, error) {
	of := func(v verifier, into *taken) measure.Sample {
		return func() (float64, error) {
			before := l.front.requests.Load()
			usage, err := l.run(ctx, nil, []int{0}, v.program, slices.Concat(v.args, images)...)
			into.milliseconds = append(into.milliseconds, usage.Seconds*1000)
			into.requests = append(into.requests, float64(l.front.requests.Load()-before))
			into.mebibytes = append(into.mebibytes, float64(usage.PeakKiB)/1024)
			return usage.Seconds, err
		}
	}
	var r ratios
	var err error
	if r.wall, err = measure.Ratio(pairs, of(l.kit(), &r.own), of(peer, &r.peer)); err != nil {
		return ratios{}, err
	}
	r.requests = measure.Median(r.own.requests) / measure.Median(r.peer.requests)
	r.memory = measure.Median(r.own.mebibytes) / measure.Median(r.peer.mebibytes)
	return r, nil
}
