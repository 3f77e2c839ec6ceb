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

// Package karmada tests what a fleet shows of a trust: a real Karmada control plane with members, an operator in
// each member, and the operator's instance on the control plane.
package karmada

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/karmada-io/image-trust/internal/condition/child"
	"github.com/karmada-io/image-trust/test/lab/harness"
	"github.com/karmada-io/image-trust/test/lab/karmada"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// startTimeout includes the wait for another suite's policy-controller to end.
const startTimeout = 30 * time.Minute

// The members. Each runs the operator.
const (
	// east alone runs policy-controller. The others have the definitions of its policies.
	east  = "east"
	west  = "west"
	north = "north"
	// late runs from the start and joins the fleet in a test.
	late = "late"
)

// fleet is shared by all tests of the suite, which therefore do not run in parallel. Each has trusts, policies and
// labels of clusters of its own.
var fleet *testFleet

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
	started, err := karmada.StartFleet(ctx, karmada.FleetOptions{
		Progress: os.Stderr,
		Members: []karmada.MemberOptions{
			{Name: east, Labels: map[string]string{"rollout": "canary"}, PolicyController: true},
			{Name: west, Labels: map[string]string{"rollout": "production"}},
			{Name: north, Labels: map[string]string{"registry": "mirror"}},
			{Name: late, Apart: true},
		},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return harness.RunOn(started, func() int {
		fleet = newTestFleet(started)
		if err := fleet.prepare(ctx); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	})
}

func newTestFleet(started *karmada.Fleet) *testFleet {
	f := &testFleet{Fleet: started, members: map[string]*member{}}
	for _, one := range started.Members {
		f.members[one.Name] = &member{Lab: labtest.New(one.Lab), Name: one.Name, Membership: one}
	}
	return f
}

// prepare installs everything as a user would: the operator in the members, and config/karmada and the operator's
// instance on the control plane.
func (f *testFleet) prepare(ctx context.Context) error {
	errs := make([]error, len(f.Members))
	var all sync.WaitGroup
	for i, one := range f.Members {
		all.Go(func() { errs[i] = f.members[one.Name].Prepare(ctx) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if err := f.Install(ctx); err != nil {
		return err
	}
	return f.StartInstance(ctx)
}
