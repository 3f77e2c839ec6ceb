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

package karmada

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"k8s.io/client-go/rest"

	"github.com/karmada-io/image-trust/test/lab"
	"github.com/karmada-io/image-trust/test/lab/controlplane"
	"github.com/karmada-io/image-trust/test/lab/process"
)

// MemberOptions describe a member.
type MemberOptions struct {
	// Name is that of the Cluster on the control plane.
	Name string
	// Labels of the Cluster, which policies select members by.
	Labels map[string]string
	// PolicyController runs policy-controller in the member, for which there is room
	// once on a machine. The other members have the definitions of its policies alone.
	PolicyController bool
	// Apart starts the cluster without joining it.
	Apart bool
}

// FleetOptions describe a fleet.
type FleetOptions struct {
	Members []MemberOptions
	// LongRunning is for demos, see harness.Options.
	LongRunning bool
	// Progress receives lines for people; nil: none.
	Progress io.Writer
}

// Fleet is a Karmada control plane with members. All members share a registry and a
// local Sigstore.
type Fleet struct {
	*ControlPlane
	// Members are in the order of their start.
	Members []*Member
	// InstanceMetrics is the address of the metrics of the operator on the control plane, host:port.
	InstanceMetrics string

	dir      string
	options  FleetOptions
	instance *process.Process // the operator on the control plane
	keepLogs bool
}

// Member is a cluster with everything that package lab offers, the operator included,
// that is or can be a member of the fleet.
type Member struct {
	*lab.Lab
	// Name is that of the Cluster on the control plane, and Labels are those it joins with.
	Name   string
	Labels map[string]string

	fleet      *Fleet
	link       *link
	kubeconfig string // leads through the link
}

// StartFleet starts the control plane and the members, and returns when all members
// that are to join have joined. No operator runs yet. The context bounds the start only:
// what runs is ended by Stop.
func StartFleet(ctx context.Context, options FleetOptions) (*Fleet, error) {
	if options.Progress == nil {
		options.Progress = io.Discard
	}
	f := &Fleet{options: options}
	if err := f.start(ctx); err != nil {
		// The logs of a start that was cancelled are not needed.
		if !errors.Is(ctx.Err(), context.Canceled) {
			f.KeepLogs()
		}
		return nil, errors.Join(err, f.Stop())
	}
	return f, nil
}

func (f *Fleet) start(ctx context.Context) (err error) {
	if f.dir, err = os.MkdirTemp("", "image-trust-karmada-"); err != nil {
		return fmt.Errorf("start the fleet: %w", err)
	}
	if len(f.options.Members) == 0 {
		return errors.New("start the fleet: no members")
	}
	// Starts are mostly waits. The first member comes before the others, which share its registry.
	var controlPlane, members error
	var both sync.WaitGroup
	both.Go(func() {
		begin := time.Now()
		dir := filepath.Join(f.dir, "control-plane")
		if controlPlane = os.Mkdir(dir, 0o700); controlPlane != nil {
			return
		}
		if f.ControlPlane, controlPlane = Start(ctx, dir); controlPlane == nil {
			f.say("▸ up: Karmada  %3.0f s", time.Since(begin).Seconds())
		}
	})
	both.Go(func() {
		for _, member := range f.options.Members {
			if _, members = f.startMember(ctx, member); members != nil {
				return
			}
		}
	})
	both.Wait()
	if err := errors.Join(controlPlane, members); err != nil {
		return err
	}
	for i, member := range f.Members {
		if f.options.Members[i].Apart {
			continue
		}
		if err := member.Join(ctx); err != nil {
			return err
		}
	}
	return nil
}

// AddMember starts another cluster, and joins it unless it is to stay apart.
func (f *Fleet) AddMember(ctx context.Context, options MemberOptions) (*Member, error) {
	member, err := f.startMember(ctx, options)
	if err != nil || options.Apart {
		return member, err
	}
	if err := member.Join(ctx); err != nil {
		return nil, err
	}
	return member, nil
}

func (f *Fleet) startMember(ctx context.Context, options MemberOptions) (*Member, error) {
	labOptions := lab.Options{
		LongRunning:             f.options.LongRunning,
		Progress:                f.options.Progress,
		WithoutPolicyController: !options.PolicyController,
	}
	if len(f.Members) > 0 {
		labOptions.Shared = f.Members[0].Lab
	}
	m := &Member{Name: options.Name, Labels: options.Labels, fleet: f}
	var err error
	if m.Lab, err = lab.Start(ctx, labOptions); err != nil {
		return nil, fmt.Errorf("start member %s: %w", options.Name, err)
	}
	f.Members = append(f.Members, m)
	server, err := url.Parse(m.Config().Host)
	if err != nil {
		return nil, fmt.Errorf("start member %s: %w", options.Name, err)
	}
	if m.link, err = newLink(ctx, server.Host); err != nil {
		return nil, err
	}
	config := rest.CopyConfig(m.Config())
	config.Host = "https://" + m.link.address()
	m.kubeconfig = filepath.Join(f.dir, options.Name+".kubeconfig")
	return m, controlplane.WriteKubeconfig(m.kubeconfig, config)
}

// Member returns the member of a name, or nil.
func (f *Fleet) Member(name string) *Member {
	i := slices.IndexFunc(f.Members, func(m *Member) bool { return m.Name == name })
	if i < 0 {
		return nil
	}
	return f.Members[i]
}

// Join makes the cluster a member, see ControlPlane.Join.
func (m *Member) Join(ctx context.Context) error {
	return m.fleet.Join(ctx, m.Name, m.kubeconfig, m.Labels)
}

// Unjoin ends the membership, and returns when the control plane has removed what it put there. The
// cluster runs on.
func (m *Member) Unjoin(ctx context.Context) error {
	return m.fleet.Unjoin(ctx, m.Name, m.kubeconfig)
}

// CutOff cuts the network between the control plane and the member, and ends all
// connections through it. The member itself runs on, and Config and Client still reach it.
func (m *Member) CutOff() { m.link.cut() }

// Reconnect undoes CutOff.
func (m *Member) Reconnect(ctx context.Context) error { return m.link.open(ctx) }

// Dir is the directory of the control plane's logs and data. Each member has its own.
func (f *Fleet) Dir() string { return f.dir }

// KeepLogs makes Stop leave all directories with logs behind, and say where.
func (f *Fleet) KeepLogs() {
	f.keepLogs = true
	for _, member := range f.Members {
		member.KeepLogs()
	}
}

// Err returns which parts have ended by themselves, and why; nil while all run.
func (f *Fleet) Err() error {
	var errs []error
	for _, p := range f.Processes() {
		errs = append(errs, p.Err())
	}
	for _, member := range f.Members {
		errs = append(errs, member.Err())
	}
	return errors.Join(errs...)
}

// Stop ends everything and returns when it is gone. The error reports what had ended
// by itself before.
func (f *Fleet) Stop() error {
	errs := []error{f.StopInstance()}
	if f.ControlPlane != nil {
		errs = append(errs, f.ControlPlane.Stop())
	}
	// In reverse: the others use the registry of the first.
	for _, member := range slices.Backward(f.Members) {
		if member.link != nil {
			errs = append(errs, member.link.close())
		}
		errs = append(errs, member.Stop())
	}
	err := errors.Join(errs...)
	if f.keepLogs || err != nil {
		f.say("▸ the logs of the control plane are kept in %s", f.dir)
		return err
	}
	return os.RemoveAll(f.dir)
}

func (f *Fleet) say(format string, args ...any) {
	_, _ = fmt.Fprintf(f.options.Progress, format+"\n", args...)
}
