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

// Command release builds and publishes the artefacts of a release. The targets of hack/release/release.mk are its documentation.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// command is a subcommand: it declares its flags, and returns what to do once they are read.
type command struct {
	name, help string
	declare    func(flags *flag.FlagSet) func(ctx context.Context, out, progress io.Writer) error
}

func commands() []command {
	return []command{
		{"image", "build the image of the manager, into an OCI image layout", declareImage},
		{"digest", "print the digest of the image in an OCI image layout", declareDigest},
		{"push", "push the image in an OCI image layout, and print its reference", declarePush},
		{"archives", "build the archives of the plugin, and its manifest for Krew", declareArchives},
		{"chart-sbom", "write the bill of materials of the chart", declareChartSBOM},
		{"checksums", "write the checksums of the artefacts", declareChecksums},
		{"publish", "push the image and the chart, and sign and attest all artefacts", declarePublish},
	}
}

func run(ctx context.Context, args []string, out, progress io.Writer) error {
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
		if len(args) == 0 || args[0] != c.name {
			continue
		}
		flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
		flags.SetOutput(progress)
		do := c.declare(flags)
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		if flags.NArg() > 0 {
			return fmt.Errorf("unexpected argument %q", flags.Arg(0))
		}
		return do(ctx, out, progress)
	}
	return fmt.Errorf("name a command: %s", strings.Join(names, ", "))
}

// facts are what all artefacts say about the release.
type facts struct {
	version, revision, source string
	epoch                     int64
	platforms                 string
}

func (f *facts) declare(flags *flag.FlagSet) {
	flags.StringVar(&f.version, "version", "", "version of the release, such as v1.2.3")
	flags.StringVar(&f.revision, "revision", "", "commit that is built")
	flags.StringVar(&f.source, "source", "https://github.com/karmada-io/image-trust", "address of the project")
	flags.Int64Var(&f.epoch, "epoch", 0, "time of everything in the artefacts, in seconds since 1970: that of the commit")
	flags.StringVar(&f.platforms, "platforms", "linux/amd64", "platforms, separated by commas")
}

func (f *facts) created() time.Time { return time.Unix(f.epoch, 0).UTC() }

func (f *facts) parse() ([]v1.Platform, error) {
	if f.version == "" {
		return nil, errors.New("name the version")
	}
	var out []v1.Platform
	for one := range strings.SplitSeq(f.platforms, ",") {
		platform, err := v1.ParsePlatform(one)
		if err != nil {
			return nil, fmt.Errorf("platform %q: %w", one, err)
		}
		if platform.OS == "" || platform.Architecture == "" {
			return nil, fmt.Errorf("platform %q: want an operating system and an architecture, such as linux/amd64", one)
		}
		out = append(out, *platform)
	}
	return out, nil
}
