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

// Package webhook measures whether the requests that policy-controller sends to registries are predicted.
package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/forecast/requests"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/test/bench/measure"
	"github.com/karmada-io/image-trust/test/gen"
	"github.com/karmada-io/image-trust/test/lab"
	"github.com/karmada-io/image-trust/test/lab/rollout"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
)

const (
	predicted    = "webhook_requests_predicted"
	counted      = "webhook_requests_50_pods"
	manifestGets = "webhook_manifest_gets_50_pods"

	pods      = 50
	host      = "bench.example"
	namespace = "rollout"
	name      = "bench"
)

// Group measures the prediction of plan against the real policy-controller.
func Group() measure.Group {
	return measure.Group{
		Name: "webhook",
		Method: "A Deployment of two containers by tag and 50 replicas, under a trust that accepts both formats of signatures, is rolled out " +
			"by kube-controller-manager past the real policy-controller, which asks a registry that wants tokens. The registry counts.",
		Figures: []measure.Figure{
			measure.AtMost(0, predicted, "",
				"requests that plan -o json predicts for a rollout of 50 pods: their deviation from those that the registry counts, relative to these"),
			measure.Published(counted, "requests", "requests of policy-controller to the registry for the rollout"),
			measure.Published(manifestGets, "requests", "GETs of manifests among them, which registries limit"),
		},
		Run: run,
	}
}

func run(r *measure.Run) error {
	r.Step("start a control plane with policy-controller")
	l, err := lab.Start(r, lab.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = l.Stop() }()
	b := &bench{Lab: l, meter: rollout.NewMeter(host), workload: workload()}
	l.Registry.SetHandler(b.meter.Wrap)
	if err := b.prepare(r); err != nil {
		return err
	}
	r.Step("predict the requests")
	expected, err := b.plan(r)
	if err != nil {
		return err
	}
	r.Step("roll out %d pods", pods)
	b.meter.Reset()
	if err := b.rollOut(r); err != nil {
		return err
	}
	got, others := b.meter.Counted(host)
	if got.Total == 0 || len(others) > 0 {
		return fmt.Errorf("the registry counted %d requests, and of another kind: %v", got.Total, others)
	}
	r.Figure(predicted, math.Abs(float64(expected.Total-got.Total))/float64(got.Total))
	r.Figure(counted, float64(got.Total))
	r.Figure(manifestGets, float64(got.ManifestGets))
	return nil
}

type bench struct {
	*lab.Lab

	meter    *rollout.Meter
	workload *unstructured.Unstructured
	trust    *v1alpha1.KarmadaImageTrust
}

// workload is what is rolled out.
func workload() *unstructured.Unstructured {
	labels := map[string]any{"app": name}
	containers := []any{}
	for _, container := range []string{"first", "second"} {
		containers = append(containers, map[string]any{"name": container, "image": host + "/team/" + container + ":v1"})
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": name, "namespace": namespace},
		"spec": map[string]any{
			"replicas": int64(pods), "selector": map[string]any{"matchLabels": labels},
			"template": map[string]any{"metadata": map[string]any{"labels": labels}, "spec": map[string]any{"containers": containers}},
		},
	}}
}

// prepare pushes the images, and enforces the policy of the trust.
func (b *bench) prepare(ctx context.Context) error {
	signer := sigstore.GitHubWorkflow("example/team", "release.yml", "refs/tags/v1", strings.Repeat("0", 40))
	for _, container := range []string{"first", "second"} {
		if _, err := b.PushSigned(ctx, host+"/team/"+container+":v1", container, signer); err != nil {
			return err
		}
	}
	unsigned, err := b.Push(ctx, host+"/team/unsigned:v1", "unsigned")
	if err != nil {
		return err
	}
	b.trust = gen.Trust(name, gen.WithImages(host+"/team/*"), gen.WithIssuer(signer.Issuer), gen.WithIdentity(signer.Subject))
	b.trust.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("KarmadaImageTrust"))
	compiled, err := policy.Compile(b.trust.Spec)
	if err != nil {
		return err
	}
	enforced := compiled.ClusterImagePolicy(name, admission.Supported().Target(admission.Config{}))
	optedIn := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: namespace, Labels: map[string]string{"policy.sigstore.dev/include": "true"},
	}}
	for _, object := range []client.Object{enforced, optedIn} {
		if err := b.Client.Create(ctx, object); err != nil {
			return err
		}
	}
	ctx, stop := context.WithTimeout(ctx, waitfor.Timeout)
	defer stop()
	return waitfor.Success(ctx, func(ctx context.Context) error {
		return rollout.Enforced(ctx, b.Client, namespace, unsigned.String(), name)
	})
}

// plan returns what the plugin predicts, run as its users run it.
func (b *bench) plan(ctx context.Context) (requests.Count, error) {
	plugin, err := b.Build(ctx, "kubectl-imagetrust")
	if err != nil {
		return requests.Count{}, err
	}
	trust, err := yaml.Marshal(b.trust)
	if err != nil {
		return requests.Count{}, err
	}
	manifest, err := yaml.Marshal(b.workload)
	if err != nil {
		return requests.Count{}, err
	}
	file := filepath.Join(b.Dir(), "trust.yaml")
	if err := os.WriteFile(file, trust, 0o600); err != nil {
		return requests.Count{}, err
	}
	cmd := exec.CommandContext(ctx, plugin, "plan", "-o", "json", "-f", file, "--manifests", "-",
		"--tuf-mirror", b.TUFURL(), "--tuf-root", b.TUFRoot())
	cmd.Env = append(slices.Clone(b.Registry.Env()), "HOME="+b.Dir(), "TMPDIR="+os.TempDir())
	cmd.Stdin = bytes.NewReader(manifest)
	var said bytes.Buffer
	cmd.Stderr = &said
	printed, err := cmd.Output()
	if err != nil {
		return requests.Count{}, fmt.Errorf("plan: %w\n%s%s", err, printed, &said)
	}
	var out struct {
		Summary struct{ RegistryRequests requests.Prediction }
	}
	if err := json.Unmarshal(printed, &out); err != nil {
		return requests.Count{}, fmt.Errorf("plan: %w", err)
	}
	known, all := out.Summary.RegistryRequests.Known()
	if !all {
		return requests.Count{}, fmt.Errorf("plan does not know all requests: %v", out.Summary.RegistryRequests.Unknown)
	}
	return known, nil
}

// rollOut creates the workload, and waits until its controllers have created everything.
func (b *bench) rollOut(ctx context.Context) error {
	if err := b.Client.Create(ctx, b.workload); err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(ctx, waitfor.Timeout)
	defer stop()
	return waitfor.Success(ctx, func(ctx context.Context) error {
		return rollout.Created(ctx, b.Client, namespace, map[string]string{"app": name}, pods)
	})
}
