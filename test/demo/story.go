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
	"errors"
	"fmt"
	"strings"
	"time"
)

// step is one command of the demo, and how it must end.
type step struct {
	// say is printed before the command.
	say  string
	args []string
	// hidden commands only wait for something. Repeated ones are run until they end as they must,
	// which is for commands that cannot wait themselves.
	hidden, repeated bool
	// denied commands must fail, others succeed.
	denied bool
	// want lists what the output must contain.
	want []string
}

// repeatTimeout bounds the wait of a repeated command.
const repeatTimeout = time.Minute

const deniedByWebhook = `admission webhook "policy.sigstore.dev" denied the request`

// story returns all steps, for a signed image with this digest.
func story(digest string) []step {
	runImage := func(name, image string) []string {
		return []string{"run", name, "-n", "demo", "--image=" + image}
	}
	const (
		identities = ".spec.authorities[*].keyless.identities[*]"
		timeout    = "--timeout=60s"
	)
	deploy := func(name, image string) []string {
		return []string{"create", "deployment", name, "-n", "demo", "--image=" + image}
	}
	return []step{
		{
			say:  "a cluster with running workloads, none of which has been verified",
			args: []string{"create", "namespace", "demo"},
		},
		{args: []string{"wait", "serviceaccount", "default", "-n", "demo", "--for=create", timeout}, hidden: true},
		{args: deploy("scheduler", signedImage)},
		{args: deploy("dashboard", unsignedImage)},
		{args: []string{"wait", "pod", "-n", "demo", "-l", "app=scheduler", "--for=create", timeout}, hidden: true},
		{args: []string{"wait", "pod", "-n", "demo", "-l", "app=dashboard", "--for=create", timeout}, hidden: true},
		{
			say:  "the namespace opts in to admission, and the trust only audits for now: what would be denied?",
			args: []string{"label", "namespace", "demo", "policy.sigstore.dev/include=true"},
		},
		{
			args: []string{"apply", "-f", "test/demo/audit.yaml"},
			want: []string{"karmadaimagetrust.trust.karmada.io/karmada created"},
		},
		{args: []string{"wait", "kit", "karmada", "--for=jsonpath={.status.summary.wouldDeny}=1", timeout}, hidden: true},
		{args: []string{"get", "kit"}, want: []string{"Audit", "1/2"}},
		{
			args: []string{"get", "kit", "karmada", "-o", "jsonpath={range .status.violations[*]}" +
				`{.kind} {.namespace}/{.name}, container {.container}: {.image}: {.reason}{"\n"}{end}`},
			want: []string{"Deployment demo/dashboard, container ", unsignedImage + ": Unsigned"},
		},
		{
			say:  "now the trust enforces: Karmada's own workflows may sign, as Karmada's documentation says",
			args: []string{"apply", "-f", "config/samples/karmada.yaml"},
			want: []string{"karmadaimagetrust.trust.karmada.io/karmada configured"},
		},
		{
			args: []string{"wait", "kit", "karmada", "--for=condition=Ready", timeout},
			want: []string{"condition met"},
		},
		{
			say: "it is rendered as a ClusterImagePolicy, with names and identities as admission matches them",
			args: []string{"get", "clusterimagepolicy", "karmada", "-o", "custom-columns=" +
				"MODE:.spec.mode,IMAGES:.spec.images[*].glob," +
				"ISSUER:" + identities + ".issuer,IDENTITY:" + identities + ".subjectRegExp"},
			want: []string{"enforce", "index.docker.io/karmada/*", "^(?:^https://github.com/karmada-io/karmada/.*$)$"},
		},
		{args: []string{"wait", "kit", "karmada", "--for=condition=Enforced", timeout}, hidden: true},
		{
			// The webhook applies a policy a moment after it reports it Ready, and the API server a label.
			args:     append(runImage("unsigned", unsignedImage), "--dry-run=server"),
			hidden:   true,
			repeated: true,
			denied:   true,
			want:     []string{deniedByWebhook, "failed policy: karmada"},
		},
		{
			say:  "signed by Karmada's release workflow: allowed, and pinned to its digest",
			args: runImage("scheduler", signedImage),
			want: []string{"pod/scheduler created"},
		},
		{
			args: []string{"get", "pod", "scheduler", "-n", "demo", "-o", "jsonpath={.spec.containers[0].image}"},
			want: []string{"karmada-scheduler:v1.16.0@" + digest},
		},
		{
			say:    "not signed: denied",
			args:   runImage("unsigned", unsignedImage),
			denied: true,
			want:   []string{deniedByWebhook, "no signatures found"},
		},
		{
			say:    "as predicted, the Deployment that runs it can no longer be rolled out",
			args:   []string{"rollout", "restart", "deployment", "dashboard", "-n", "demo"},
			denied: true,
			want:   []string{deniedByWebhook, "no signatures found"},
		},
		{
			say:    "signed, but by the workflow of another repository: denied",
			args:   runImage("intruder", intruderImage),
			denied: true,
			want:   []string{deniedByWebhook, "none of the expected identities matched", intruderRepository},
		},
		{
			say:  "the same verdicts without running anything: list the other two images as references",
			args: []string{"patch", "kit", "karmada", "--type=merge", "--patch-file=test/demo/references.yaml"},
			want: []string{"karmadaimagetrust.trust.karmada.io/karmada patched"},
		},
		{args: []string{"wait", "kit", "karmada", "--for=jsonpath={.status.summary.untrusted}=2", timeout}, hidden: true},
		{
			args: []string{"get", "kit"},
			want: []string{"1/3"},
		},
		{
			args: []string{"describe", "kit", "karmada"},
			want: []string{"UntrustedImages", "Unsigned", "IdentityMismatch", intruderRepository, digest},
		},
	}
}

// runSteps runs the steps, and stops at the first one that does not end as it must.
func runSteps(ctx context.Context, k *kubectl, steps []step) error {
	for _, s := range steps {
		if s.say != "" {
			_, _ = fmt.Fprintf(k.out, "\n▸ %s\n", s.say)
		}
		if err := s.run(ctx, k); err != nil {
			return fmt.Errorf("the demo failed at kubectl %s: %w", commandLine(s.args), err)
		}
	}
	return nil
}

func (s step) run(ctx context.Context, k *kubectl) error {
	if !s.hidden {
		output, ok, err := k.show(ctx, s.args)
		if err != nil {
			return err
		}
		return s.check(output, ok)
	}
	for begin := time.Now(); ; {
		output, ok, err := k.run(ctx, s.args)
		if err != nil {
			return err
		}
		err = s.check(output, ok)
		if err == nil {
			return nil
		}
		if !s.repeated || time.Since(begin) > repeatTimeout {
			return fmt.Errorf("%w:\n%s", err, output)
		}
	}
}

func (s step) check(output string, ok bool) error {
	switch {
	case ok && s.denied:
		return errors.New("it succeeded, but should be denied")
	case !ok && !s.denied:
		return errors.New("it failed, but should succeed")
	}
	for _, want := range s.want {
		if !strings.Contains(output, want) {
			return fmt.Errorf("the output does not contain %q", want)
		}
	}
	return nil
}
