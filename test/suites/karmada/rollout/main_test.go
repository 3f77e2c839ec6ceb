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

// Package rollout tests what docs/fleet.md says about a Karmada control plane step by step: the installation, the staged rollout,
// and members that join before the operator is installed in them.
package rollout

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/go-logr/logr"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/karmada-io/image-trust/internal/condition/child"
	"github.com/karmada-io/image-trust/test/lab/harness"
	"github.com/karmada-io/image-trust/test/lab/karmada"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

const (
	// startTimeout includes the wait for another suite's policy-controller to end.
	startTimeout = 30 * time.Minute
	// There is one policy-controller. The other members only have the kinds of its policies, and are told its version.
	assumedVersion = "--policy-controller-version=v0.14"
)

var (
	fleet *karmada.Fleet
	// canary has policy-controller, production has not, and late is a member without the operator.
	canary, production *labtest.Lab
)

func TestMain(m *testing.M) {
	if child.Requested(os.Args) {
		os.Exit(child.Serve(os.Stdin, os.Stdout))
	}
	logf.SetLogger(logr.Discard())
	os.Exit(run(m))
}

func run(m *testing.M) int {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	var err error
	fleet, err = karmada.StartFleet(ctx, karmada.FleetOptions{
		Progress: os.Stderr,
		Members: []karmada.MemberOptions{
			{Name: "one", Labels: map[string]string{"rollout": "canary"}, PolicyController: true},
			{Name: "two", Labels: map[string]string{"rollout": "production"}},
			{Name: "late", Apart: true},
		},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return harness.RunOn(fleet, func() int {
		canary, production = labtest.New(fleet.Member("one").Lab), labtest.New(fleet.Member("two").Lab)
		err := canary.Prepare(ctx)
		if err == nil {
			err = production.StartOperator(ctx, assumedVersion)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	})
}
