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

package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"k8s.io/client-go/rest"

	"github.com/karmada-io/image-trust/test/lab"
	"github.com/karmada-io/image-trust/test/lab/controlplane"
	"github.com/karmada-io/image-trust/test/lab/harness"
	"github.com/karmada-io/image-trust/test/lab/karmada"
)

// The contexts of the fleet's kubeconfig: the control plane, and its members.
const (
	karmadaContext = "karmada"
	// canary is the member that enforces first. It has the policy-controller, for which there is
	// room once on a machine.
	canary     = "member1"
	production = "member2"
)

func fleetStage() stage {
	return stage{
		programs: append(lab.Programs(), karmada.Programs()...),
		parts:    "a Karmada control plane with two member clusters",
		start:    startFleet,
	}
}

func startFleet(ctx context.Context, o options, progress io.Writer) (harness.Parts, prepare, error) {
	fleet, err := karmada.StartFleet(ctx, karmada.FleetOptions{
		Members: []karmada.MemberOptions{
			{Name: canary, Labels: map[string]string{"rollout": "canary"}, PolicyController: true},
			{Name: production, Labels: map[string]string{"rollout": "production"}},
		},
		LongRunning: !o.shortLived,
		Progress:    progress,
	})
	if err != nil {
		return nil, nil, err
	}
	return fleet, func(ctx context.Context) (installation, error) { return prepareFleet(ctx, o, fleet, progress) }, nil
}

func prepareFleet(ctx context.Context, o options, fleet *karmada.Fleet, progress io.Writer) (installation, error) {
	_, _ = fmt.Fprintln(progress, "▸ installing the operator in both members, and config/karmada on the control plane")
	configs := map[string]*rest.Config{karmadaContext: fleet.Config()}
	for _, member := range fleet.Members {
		configs[member.Name] = member.Config()
		if err := member.StartOperator(ctx); err != nil {
			return installation{}, err
		}
	}
	if err := fleet.Install(ctx); err != nil {
		return installation{}, err
	}
	if err := fleet.StartInstance(ctx); err != nil {
		return installation{}, err
	}
	first := fleet.Members[0]
	plugin, err := first.Build(ctx, "kubectl-imagetrust")
	if err != nil {
		return installation{}, err
	}
	scheduler, err := pushImages(ctx, first.Lab, progress)
	if err != nil {
		return installation{}, err
	}
	if err := controlplane.WriteContexts(kubeconfig(o.dir), karmadaContext, configs); err != nil {
		return installation{}, err
	}
	return installation{
		Kubeconfig: kubeconfig(o.dir), Logs: fleet.Dir(), Plugins: filepath.Dir(plugin), SchedulerDigest: scheduler.DigestStr(),
	}, nil
}
