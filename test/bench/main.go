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

// The program bench measures what docs/benchmarks.md publishes. Each group of figures runs in a process of its own, so that
// memory and the work of one do not count for another.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/karmada-io/image-trust/test/bench/cluster"
	"github.com/karmada-io/image-trust/test/bench/commandline"
	"github.com/karmada-io/image-trust/test/bench/functions"
	"github.com/karmada-io/image-trust/test/bench/matching"
	"github.com/karmada-io/image-trust/test/bench/measure"
	"github.com/karmada-io/image-trust/test/bench/passes"
	"github.com/karmada-io/image-trust/test/bench/programs"
	"github.com/karmada-io/image-trust/test/bench/requests"
	"github.com/karmada-io/image-trust/test/bench/scheduling"
	"github.com/karmada-io/image-trust/test/bench/verification"
	"github.com/karmada-io/image-trust/test/bench/webhook"
)

// groups returns the groups in the order in which they run.
func groups() []measure.Group {
	return []measure.Group{
		commandline.Group(),
		functions.Group(),
		cluster.Bare(),
		cluster.Memory(),
		cluster.Policies(),
		cluster.Writes(),
		matching.Group(),
		passes.Group(),
		programs.Group(),
		requests.Group(),
		scheduling.Group(),
		verification.Group(),
		webhook.Group(),
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	only := flag.String("groups", "", "the groups to measure, separated by commas; all by default")
	in := flag.String("in", "", "the group to measure in this process")
	write := flag.Bool("write", false, "write the figures to docs/benchmarks.md; those of groups that are not measured are kept")
	flag.Parse()
	err := run(ctx, *only, *in, *write)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, only, in string, write bool) error {
	if in != "" {
		ctrl.SetLogger(logr.Discard()) // clients would complain that there is none
		selected, err := choose(groups(), in)
		if err != nil {
			return err
		}
		return measure.Measure(ctx, selected[0], os.Stdout, os.Stderr)
	}
	selected, err := choose(groups(), only)
	if err != nil {
		return err
	}
	reports, err := measureAll(ctx, selected)
	fmt.Println()
	measure.Table(os.Stdout, reports)
	if write {
		err = errors.Join(err, document(reports))
	}
	return err
}

// choose returns the groups that are named, all if none is.
func choose(all []measure.Group, only string) ([]measure.Group, error) {
	if only == "" {
		return all, nil
	}
	var chosen []measure.Group
	for name := range strings.SplitSeq(only, ",") {
		at := slices.IndexFunc(all, func(g measure.Group) bool { return g.Name == name })
		if at < 0 {
			var names []string
			for _, g := range all {
				names = append(names, g.Name)
			}
			return nil, fmt.Errorf("there is no group %q; there are %s", name, strings.Join(names, ", "))
		}
		chosen = append(chosen, all[at])
	}
	return chosen, nil
}
