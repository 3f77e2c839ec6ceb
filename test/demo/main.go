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

// Command demo shows on one machine what image trust does, and keeps everything running to be tried out. Its commands are:
//
//   - build, which builds the control plane of the tests and of the demo;
//   - run, which starts everything and shows the features;
//   - fleet, which does so with a Karmada control plane and its member clusters;
//   - down, which stops everything that is still running.
//
// A supervisor starts everything. It ends with the foreground process, unless that asks it to keep
// running (see lifeline.go).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/karmada-io/image-trust/test/lab/binaries"
)

// exitInterrupted is the exit code that shells report for a command that was ended by Ctrl-C.
const exitInterrupted = 130

// parentPollInterval is how often the foreground checks whether its parent still runs.
const parentPollInterval = 500 * time.Millisecond

// options are the options of the command line.
type options struct {
	command    string
	dir        string
	shortLived bool
}

func main() {
	o, err := parse(os.Args[1:])
	if err == nil {
		err = run(o)
	}
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.Is(err, context.Canceled):
		os.Exit(exitInterrupted)
	default:
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.StringVar(&o.dir, "dir", "", "directory of the demo's own files (default: bin/demo of the repository)")
	flags.BoolVar(&o.shortLived, "short-lived", false, "make tests that need the same ports wait for the end of the demo instead of failing")
	flags.Usage = func() {
		_, _ = fmt.Fprintln(flags.Output(), "usage: demo [flags] build|run|fleet|down")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if flags.NArg() != 1 {
		flags.Usage()
		return options{}, errors.New("want one command")
	}
	o.command = flags.Arg(0)
	if o.dir == "" {
		root, err := binaries.Root()
		if err != nil {
			return options{}, err
		}
		o.dir = filepath.Join(root, "bin", "demo")
	}
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return options{}, fmt.Errorf("make the demo's directory: %w", err)
	}
	return o, nil
}

// run runs a command. The error is context.Canceled when the user ended it.
func run(o options) error {
	switch o.command {
	case superviseBuild, superviseInstallation, superviseFleet:
		return supervise(o)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	go watchParent(cancel)
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	// A second signal ends the process at once.
	context.AfterFunc(ctx, stop)

	switch o.command {
	case "build":
		return build(ctx, o, os.Stdout)
	case "run":
		return present(ctx, o, superviseInstallation, os.Stdout)
	case "fleet":
		return present(ctx, o, superviseFleet, os.Stdout)
	case "down":
		return down(ctx, o.dir, os.Stdout)
	default:
		return fmt.Errorf("unknown command %q", o.command)
	}
}

// watchParent cancels when the parent has ended: killing make or a shell does not end its children.
func watchParent(cancel context.CancelCauseFunc) {
	parent := os.Getppid()
	for os.Getppid() == parent {
		time.Sleep(parentPollInterval)
	}
	cancel(errors.New("the process that started the demo has ended"))
}
