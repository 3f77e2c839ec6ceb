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

// Package evidence makes what a report would be made of: a cluster of some size, whose verdicts are made up and of which everything else
// is made by the code of the operator.
package evidence

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/report"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/pool"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
	"github.com/karmada-io/image-trust/test/gen"
)

// TeamLabel is the label that names the team.
const TeamLabel = "app.kubernetes.io/part-of"

// HostileTexts are names that tenants may choose, or messages that registries may send, to act upon who reads them.
func HostileTexts() []string {
	return []string{
		`</script><script>document.title="owned"</script>`, `"><img src=x onerror=alert(1)>`, "=HYPERLINK(\"https://evil.example\")",
		"+1+1", "@SUM(1)", "-2+3", "ev\u202eil\u2066\u200b", "a|b`c`|d", "[click](javascript:alert(1)) @karmada-io/maintainers #1",
		"line\r\nend\t\x1b[31m", "\u05e9\u05dc\u05d5\u05dd",
	}
}

// Source returns what would be read of a cluster with a number of images: several teams, three trusts, images that are verified,
// untrusted, unknown or covered by no trust, and names that are hostile.
func Source(cluster string, images int) (report.Source, error) {
	e := made{
		source: report.Source{Cluster: cluster, PolicyController: "policy-controller v0.14.0, recognised by its image"},
		cluster: admission.Cluster{
			Policies: admission.NewPolicies(), Config: admission.Config{NoMatch: admission.NoMatchAllow},
			Versions: admission.Versions{admission.V014()},
			Namespace: func(namespace string) (map[string]string, bool) {
				return map[string]string{TeamLabel: teamOf(namespace)}, true
			},
		},
	}
	e.source.NamespaceLabels = e.cluster.Namespace
	e.workloads(images)
	for _, one := range trusts() {
		if err := e.add(one); err != nil {
			return e.source, err
		}
	}
	return e.source, e.plan()
}

type made struct {
	source  report.Source
	cluster admission.Cluster
	trusts  []*policy.Policy
}

func trusts() []*v1alpha1.KarmadaImageTrust {
	trust := func(
		name, glob, repository string, enforcement v1alpha1.Enforcement, enforced metav1.ConditionStatus, reason string,
	) *v1alpha1.KarmadaImageTrust {
		one := gen.Trust(name, gen.WithEnforcement(enforcement))
		one.Spec.Images = []v1alpha1.ImageGlob{v1alpha1.ImageGlob(glob)}
		one.Spec.IdentityRegexp = v1alpha1.Regexp("https://github.com/" + repository + "/.*")
		one.Status.Conditions = []metav1.Condition{
			{Type: v1alpha1.EnforcedCondition, Status: enforced, Reason: reason, Message: "Enforcement is " + string(enforcement) + "."},
		}
		one.Status.LastVerifiedTime = &metav1.Time{Time: signingTime}
		return one
	}
	return []*v1alpha1.KarmadaImageTrust{
		trust("shop", "ghcr.io/shop/*", "shop/[a-z-]+", v1alpha1.EnforcementEnforce, metav1.ConditionTrue, v1alpha1.AdmissionEnforcesReason),
		trust("platform", "ghcr.io/platform/*", "platform/[a-z-]+", v1alpha1.EnforcementWarn, metav1.ConditionFalse, v1alpha1.WarnModeReason),
		trust("karmada", "docker.io/karmada/*", "karmada-io/karmada", v1alpha1.EnforcementAudit, metav1.ConditionFalse, v1alpha1.AuditModeReason),
	}
}

// signingTime is when everything happened.
var signingTime = time.Date(2026, 11, 26, 9, 30, 0, 0, time.UTC)

func teamOf(namespace string) string {
	switch namespace {
	case "checkout", "cart", "search":
		return "storefront"
	case "payments", "ledger":
		return "finance"
	case "monitoring", "karmada-system":
		return "platform"
	default:
		return ""
	}
}

// workloads adds Deployments, each with one image of its own, and a few whose names are hostile.
func (e *made) workloads(images int) {
	namespaces := []string{"checkout", "cart", "search", "payments", "ledger", "monitoring", "karmada-system", "sandbox"}
	services := []string{"api", "worker", "frontend", "gateway", "scheduler", "exporter", "migrations", "cache"}
	for i := range images {
		namespace, service := namespaces[i%len(namespaces)], services[i/len(namespaces)%len(services)]
		repository := "ghcr.io/shop/" + namespace + "-" + service
		switch namespace {
		case "karmada-system":
			repository = "docker.io/karmada/karmada-" + service
		case "monitoring":
			repository = "ghcr.io/platform/" + service
		case "sandbox":
			repository = "docker.io/library/" + service
		}
		reference := fmt.Sprintf("%s:v1.%d.%d", repository, i/64, i%7)
		container := inventory.Container{Field: "containers", Name: service, Image: reference}
		e.source.Workloads = append(e.source.Workloads, inventory.Workload{
			Group: "apps", Version: "v1", Kind: "Deployment", Namespace: namespace, Name: fmt.Sprintf("%s-%d", service, i),
			Template: []inventory.Container{container},
			Running:  []inventory.Running{{Container: container, Digest: digestOf(reference), Started: true}},
		})
	}
	for i, text := range HostileTexts() {
		e.source.Workloads = append(e.source.Workloads, inventory.Workload{
			Group: "example.com", Version: "v1", Kind: "Widget", Namespace: "sandbox", Name: fmt.Sprintf("hostile-%d", i),
			Labels:   map[string]string{TeamLabel: text},
			Template: []inventory.Container{{Field: "containers", Name: text, Image: "ghcr.io/shop/" + text}},
		})
	}
}

func digestOf(reference string) string {
	return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(reference)))
}

// add examines the images of a trust.
func (e *made) add(trust *v1alpha1.KarmadaImageTrust) error {
	compiled, err := policy.Compile(trust.Spec)
	if err != nil {
		return err
	}
	e.trusts = append(e.trusts, compiled)
	enforced := assess.EnforcedPolicy(trust.Name, compiled, &e.cluster, nil)
	alone := e.cluster
	alone.Policies = admission.NewPolicies(enforced)
	e.cluster.Policies = e.cluster.Policies.Merge(enforced)
	source := report.TrustSource{Object: trust, Compiled: compiled}
	images := assess.CollectImages(compiled, e.source.Workloads)
	result, err := e.run(images.Requests(nil, nil), func(judge admission.Judge) {
		source.Forecasts = source.Forecasts[:0]
		for _, w := range e.source.Workloads {
			if compiled.MatchesName(w.Template[0].Image) {
				source.Forecasts = append(source.Forecasts, forecast.ForWorkload(&alone, w, judge))
			}
		}
	})
	if err != nil {
		return err
	}
	source.Images = images.Observe(result.Answers())
	e.source.Trusts = append(e.source.Trusts, source)
	return nil
}

// plan plans all workloads with all trusts enforced.
func (e *made) plan() error {
	_, err := e.run(nil, func(judge admission.Judge) {
		plan := forecast.NewPlan(&e.cluster, e.source.Workloads, judge)
		e.source.Plan = &plan
	})
	return err
}

func (e *made) run(requests []pool.Request, decide func(admission.Judge)) (*assess.Result, error) {
	engine := assess.Engine{
		Verdicts: madeUp{}, Trusts: e.trusts, Version: "v0.14",
		Root: func(context.Context, string) (*trustroot.Root, error) { return &trustroot.Root{}, nil },
	}
	return engine.Run(context.Background(), requests, decide)
}

// madeUp answers with verdicts that depend on the name or the digest of an image only.
type madeUp struct{}

func (madeUp) Answers(_ context.Context, requests []pool.Request) ([]pool.Answer, error) {
	answers := make([]pool.Answer, 0, len(requests))
	for _, request := range requests {
		digest := request.Ref.Identifier()
		if _, tagged := request.Ref.(name.Tag); tagged {
			digest = digestOf(policy.DisplayName(request.Ref))
		}
		answers = append(answers, pool.Answer{Digest: digest, Known: true, Fresh: true, Result: madeUpResult(request.Ref, digest)})
	}
	return answers, nil
}

func madeUpResult(ref name.Reference, digest string) verify.Result {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(digest)) // it does not fail
	n := hash.Sum32()
	repository := ref.Context().RepositoryStr()
	signer := &v1alpha1.Signer{
		Issuer: gen.Issuer, Identity: "https://github.com/" + repository + "/.github/workflows/release.yaml@refs/tags/v1.4.2",
		SourceRepository: repository, SourceRef: "refs/tags/v1.4.2", SourceCommit: digest[7:47], WorkflowName: "Release", WorkflowTrigger: "push",
	}
	switch {
	case n%23 == 0:
		return verify.Result{
			Verdict: v1alpha1.VerdictUntrusted, Reason: v1alpha1.UnsignedReason, LogIndex: -1,
			Message: "the image has no signature: the tag " + digest[:15] + "….sig does not exist, and no bundle refers to the image",
		}
	case n%31 == 0:
		signer.Identity = "https://github.com/fork/" + repository + "/.github/workflows/ci.yaml@refs/heads/main"
		return verify.Result{
			Verdict: v1alpha1.VerdictUntrusted, Reason: v1alpha1.IdentityMismatchReason, Signer: signer, LogIndex: int64(n),
			Message:        "signed by " + signer.Identity + ", which does not match the identity of the trust",
			IntegratedTime: signingTime, Format: policy.SimpleSigning, Log: "https://rekor.sigstore.dev",
		}
	case n%19 == 0:
		return verify.Result{
			Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.RegistryUnauthorizedReason, LogIndex: -1,
			Message: "the registry " + ref.Context().RegistryStr() + " does not allow to read the repository (401)",
		}
	}
	return verify.Result{
		Verdict: v1alpha1.VerdictVerified, Reason: v1alpha1.SignedReason, Message: "signed by " + signer.Identity, Signer: signer,
		LogIndex: int64(n), Log: "https://rekor.sigstore.dev", IntegratedTime: signingTime.Add(-time.Duration(n%100000) * time.Minute),
		Format: policy.Bundle, Formats: policy.NewFormats(policy.Bundle), AnyOrder: true,
	}
}
