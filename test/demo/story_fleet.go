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

// fleetStory returns all steps of the demo of a fleet. Commands without a context are for the control plane.
func fleetStory() []step {
	const timeout = "--timeout=60s"
	in := func(member string, args ...string) []string { return append([]string{"--context=" + member}, args...) }
	deploy := func(member, name, image string) []string {
		return in(member, "create", "deployment", name, "-n", "demo", "--image="+image)
	}
	running := func(member, name string) step {
		return step{args: in(member, "wait", "pod", "-n", "demo", "-l", "app="+name, "--for=create", timeout), hidden: true}
	}
	namespace := func(member string) []step {
		return []step{
			{args: in(member, "create", "namespace", "demo"), hidden: true},
			{args: in(member, "wait", "serviceaccount", "default", "-n", "demo", "--for=create", timeout), hidden: true},
		}
	}
	readyToEnforce := []string{"imagetrust", "status", "karmada", "--cluster-selector=rollout=canary", "--ready-to-enforce"}
	steps := append(namespace(canary), namespace(production)...)
	return append(steps,
		step{
			say:  "a Karmada control plane, and two member clusters with the operator",
			args: []string{"get", "clusters", "-L", "rollout"},
			want: []string{canary, production},
		},
		step{say: "both run a signed image, and one runs an image that nobody signed", args: deploy(production, "scheduler", signedImage)},
		step{args: deploy(canary, "scheduler", signedImage)},
		step{args: deploy(canary, "dashboard", unsignedImage)},
		running(production, "scheduler"), running(canary, "scheduler"), running(canary, "dashboard"),
		step{args: in(canary, "label", "namespace", "demo", "policy.sigstore.dev/include=true"), hidden: true},
		step{
			say:  "the trust is applied once, on the control plane, and only audits for now",
			args: []string{"apply", "-f", "test/demo/audit.yaml"},
			want: []string{"karmadaimagetrust.trust.karmada.io/karmada created"},
		},
		step{args: []string{"wait", "kit", "karmada", "--for=jsonpath={.status.fleet.reportingRatio}=2/2", timeout}, hidden: true},
		step{args: []string{"wait", "kit", "karmada", "--for=jsonpath={.status.summary.wouldDeny}=1", timeout}, hidden: true},
		step{
			say:  "each member verified its own images, and the status on the control plane is what they report",
			args: []string{"get", "kit"},
			want: []string{"2/2", "Audit"},
		},
		step{
			say:    "what is untrusted, and where?",
			args:   []string{"imagetrust", "status", "karmada"},
			denied: true,
			want:   []string{canary, production, "karmada-dashboard-web"},
		},
		step{
			say:    "may the first group enforce, the members with the label rollout=canary? A workload would be denied there",
			args:   readyToEnforce,
			denied: true,
			want:   []string{canary, "karmada-dashboard-web"},
		},
		step{
			say:  "once that workload is gone, an override enforces in this group",
			args: in(canary, "delete", "deployment", "dashboard", "-n", "demo"),
		},
		step{args: readyToEnforce, hidden: true, repeated: true},
		step{args: readyToEnforce, want: []string{canary}},
		step{
			args: []string{"apply", "-f", "test/demo/canary.yaml"},
			want: []string{"clusteroverridepolicy.policy.karmada.io/karmada-canary created"},
		},
		step{args: in(canary, "wait", "kit", "karmada", "--for=jsonpath={.spec.enforcement}=Enforce", timeout), hidden: true},
		step{args: in(canary, "wait", "kit", "karmada", "--for=condition=Enforced", timeout), hidden: true},
		step{
			args:   in(canary, "run", "unsigned", "-n", "demo", "--image="+unsignedImage, "--dry-run=server"),
			hidden: true, repeated: true, denied: true,
			want: []string{deniedByWebhook, "failed policy: karmada"},
		},
		step{
			say:  "signed: allowed there",
			args: in(canary, "run", "scheduler", "-n", "demo", "--image="+signedImage),
			want: []string{"pod/scheduler created"},
		},
		step{
			say:    "not signed: denied there",
			args:   in(canary, "run", "unsigned", "-n", "demo", "--image="+unsignedImage),
			denied: true,
			want:   []string{deniedByWebhook, "no signatures found"},
		},
		step{
			say:  "the other group still audits",
			args: in(production, "get", "kit"),
			want: []string{"Audit"},
		},
		step{
			say:  "then the trust itself enforces, in all members",
			args: []string{"patch", "kit", "karmada", "--type=merge", "-p", `{"spec":{"enforcement":"Enforce"}}`},
			want: []string{"karmadaimagetrust.trust.karmada.io/karmada patched"},
		},
		step{args: in(production, "wait", "kit", "karmada", "--for=jsonpath={.status.policy.mode}=enforce", timeout), hidden: true},
		step{args: []string{"delete", "-f", "test/demo/canary.yaml"}},
		step{args: []string{"wait", "kit", "karmada", "--for=jsonpath={.status.fleet.reportingRatio}=2/2", timeout}, hidden: true},
		step{args: []string{"get", "kit"}, want: []string{"Enforce", "2/2"}},
		step{
			say:  "no policy-controller runs in " + production + ", so that nothing is denied there yet: its own status says so",
			args: in(production, "get", "kit", "karmada", "-o", `jsonpath={.status.conditions[?(@.type=="Enforced")].message}`),
		},
	)
}
