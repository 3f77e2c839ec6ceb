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

package controllers

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/inventory"
)

// passes plays the passes of one trust, and records events as the recorder does: of one kind, reason, action and related
// object it keeps the first note.
type passes struct {
	r     *KarmadaImageTrustReconciler
	trust *v1alpha1.KarmadaImageTrust
	at    time.Time
	notes map[string]string
}

func newPasses(t *testing.T) *passes {
	t.Helper()
	r, _ := newTestReconciler(t)
	trust, _ := compiledTrust(t)
	return &passes{r: r, trust: trust, at: now, notes: map[string]string{}}
}

// next plays a pass, ten seconds after the one before.
func (p *passes) next(t *testing.T) {
	t.Helper()
	p.at = p.at.Add(10 * time.Second)
	f, _ := p.decide(t)
	before := p.trust.Status
	p.trust.Status = f.conclude(p.trust)
	about, told := verdictEvents(&before, f)
	f.records.record(told)
	for _, e := range about {
		key := fmt.Sprint(e.kind, e.reason, e.action, e.related)
		if !e.series {
			key += e.note
		}
		if _, series := p.notes[key]; !series {
			p.notes[key] = e.note
		}
	}
}

// decide is a pass up to what it found out.
func (p *passes) decide(tb testing.TB) (*findings, *scope) {
	tb.Helper()
	s := newScope(tb, p.r)
	s.trust, s.now = p.trust, p.at
	d := p.r.decide(tb.Context(), s)
	return &findings{
		now: p.at, policy: applied(), records: d.records, forecast: d.forecast, overBudget: d.overBudget,
		cycle: currentCycle(p.trust, time.Hour, p.at), interval: time.Hour,
	}, s
}

// restart forgets what is in memory. The recorder's series end with the process, too.
func (p *passes) restart() { p.r.works, p.notes = works{}, map[string]string{} }

const (
	intruder          = "docker.io/karmada/bad-scheduler:intruder"
	intruderNamespace = "production"
)

// hidden names the places in which the intruder is missing.
func (p *passes) hidden() []string {
	var missing []string
	if !slices.ContainsFunc(p.trust.Status.Images, func(i v1alpha1.ImageStatus) bool {
		return i.Reference == intruder && i.Digest == hex("b") && i.Verdict == v1alpha1.VerdictUntrusted && i.Usage == v1alpha1.UsageRunning
	}) {
		missing = append(missing, "status.images")
	}
	if !slices.ContainsFunc(p.trust.Status.Violations, func(v v1alpha1.Violation) bool {
		return v.Namespace == intruderNamespace && v.Name == "intruder"
	}) {
		missing = append(missing, "status.violations")
	}
	named := false
	for _, note := range p.notes {
		named = named || strings.Contains(note, intruder)
	}
	if !named {
		missing = append(missing, "events")
	}
	return missing
}

// apply adds a workload that asks for images, and with a digest a pod that runs them. All namespaces opt in but that of the
// intruder.
func (p *passes) apply(namespace, name, digest string, images ...string) {
	labels := map[string]string{"include": "true"}
	if namespace == intruderNamespace {
		labels = nil
	}
	p.r.Admission.SetNamespace(namespace, labels)
	o := &inventory.Object{Group: "apps", Version: "v1", Kind: "Deployment", Namespace: namespace, Name: name, UID: types.UID(namespace + "/" + name)}
	if digest != "" {
		o.Group, o.Kind = "", "Pod"
	}
	for i, image := range images {
		c := inventory.Container{Field: "containers", Name: fmt.Sprint("c", i), Image: image}
		o.Template = append(o.Template, c)
		if digest != "" {
			o.Running = append(o.Running, inventory.Running{Container: c, Digest: digest})
		}
	}
	p.r.Inventory.Apply(o)
}

func (p *passes) applyIntruder() { p.apply(intruderNamespace, "intruder", hex("b"), intruder) }

// tags are unsigned images.
func tags(repository string, n int) []string {
	var images []string
	for i := range n {
		images = append(images, fmt.Sprintf("docker.io/karmada/%s:v%04d", repository, i))
	}
	return images
}

// decoys are the ways in which somebody tries to fill the lists with something else than the intruder.
func decoys() map[string]func(*passes) {
	long := strings.Repeat("x", 180)
	return map[string]func(*passes){
		"1,000 tags of a repository in one workload": func(p *passes) {
			p.apply("aaa-tenant", "a", "", tags("bad-agent", 1000)...)
		},
		"1,000 workloads": func(p *passes) {
			for i, image := range tags("bad-agent", 1000) {
				p.apply("aaa-tenant", fmt.Sprint("a", i), "", image)
			}
		},
		"1,000 namespaces": func(p *passes) {
			for i, image := range tags("bad-agent", 1000) {
				p.apply(fmt.Sprint("aaa-", i), "a", "", image)
			}
		},
		"20 tenants with 50 workloads each": func(p *passes) {
			for i, image := range tags("bad-agent", 1000) {
				p.apply(fmt.Sprint("aaa-", i%20), fmt.Sprint("a", i), "", image)
			}
		},
		"1,000 tags in the namespace itself": func(p *passes) {
			p.apply(intruderNamespace, "a", "", tags("bad-agent", 1000)...)
		},
		"long names": func(p *passes) {
			for i := range 100 {
				p.apply(fmt.Sprint("aaa-", i), long, "", tags("bad-"+long+fmt.Sprint(i), 2)...)
			}
		},
		"300 pods that run": func(p *passes) {
			for i := range 300 {
				p.apply("aaa-tenant", fmt.Sprint("a", i), hex("c"), fmt.Sprintf("docker.io/karmada/bad-agent:v%d", i))
			}
		},
		"300 containers that run in the namespace itself": func(p *passes) {
			p.apply(intruderNamespace, "a", hex("c"), tags("bad-agent", 300)...)
		},
		"30 tenants that run 10 pods each": func(p *passes) {
			for i := range 300 {
				p.apply(fmt.Sprint("aaa-", i%30), fmt.Sprint("a", i), hex("c"), fmt.Sprintf("docker.io/karmada/bad-agent:v%d", i))
			}
		},
		"long names that run": func(p *passes) {
			for i := range 10 {
				p.apply(fmt.Sprint("aaa-", i), long, hex("c"), tags("bad-"+long+fmt.Sprint(i), 10)...)
			}
		},
		"images that cannot be verified": func(p *passes) {
			for i := range 300 {
				p.apply(fmt.Sprint("aaa-", i), "a", hex("c"), fmt.Sprintf("docker.io/karmada/unreachable:v%d", i))
			}
		},
	}
}

// TestNobodyHidesAnIntruder has an unsigned image run in a cluster in which somebody else's workloads ask for, or run, more
// unsigned images than the lists have room for. The image has to be in each list, and named by an event.
func TestNobodyHidesAnIntruder(t *testing.T) {
	hidden, shapes := 0, 0
	for name, decoy := range decoys() {
		for order, play := range map[string]func(*testing.T, *passes){
			"decoys first": func(t *testing.T, p *passes) {
				t.Helper()
				decoy(p)
				p.next(t)
				p.applyIntruder()
				p.next(t)
			},
			"together": func(t *testing.T, p *passes) {
				t.Helper()
				decoy(p)
				p.applyIntruder()
				p.next(t)
			},
			"while the operator does not run": func(t *testing.T, p *passes) {
				t.Helper()
				decoy(p)
				p.next(t)
				p.restart()
				p.applyIntruder()
				p.next(t)
			},
			"intruder first": func(t *testing.T, p *passes) {
				t.Helper()
				p.applyIntruder()
				p.next(t)
				decoy(p)
				p.next(t)
			},
		} {
			shapes++
			t.Run(name+"/"+order, func(t *testing.T) {
				p := newPasses(t)
				play(t, p)
				if missing := p.hidden(); len(missing) > 0 {
					hidden++
					t.Errorf("the intruder is missing from %s; %d images and %d violations are listed", strings.Join(missing, ", "),
						len(p.trust.Status.Images), len(p.trust.Status.Violations))
				}
				status := p.trust.Status.DeepCopy()
				if p.next(t); !statusEqual(status, &p.trust.Status) {
					t.Error("a pass that observes the same changes the status")
				}
			})
		}
	}
	fmt.Printf("figure: hidden_intruders %d\n", hidden)
	if shapes < 40 {
		t.Errorf("only %d shapes were played", shapes)
	}
}

// TestNewestIntruderIsListed has more namespaces run untrusted images than the list has room for: what began last is listed.
func TestNewestIntruderIsListed(t *testing.T) {
	p := newPasses(t)
	for i := range 80 {
		p.apply(fmt.Sprint("aaa-", i), "a", hex("c"), fmt.Sprintf("docker.io/karmada/bad-agent:v%d", i))
	}
	p.next(t)
	p.applyIntruder()
	p.next(t)
	if missing := p.hidden(); len(missing) > 0 {
		t.Errorf("the newest image is missing from %s", strings.Join(missing, ", "))
	}
}

// TestStatusCountsWhatItDoesNotList has the status say how many images and violations it has no room for, and where they are.
func TestStatusCountsWhatItDoesNotList(t *testing.T) {
	p := newPasses(t)
	p.apply("in", "a", "", tags("bad-agent", 60)...)
	p.next(t)
	summary, images := p.trust.Status.Summary, len(p.trust.Status.Images)
	if int(summary.ImagesNotListed)+images != 60 || images == 0 {
		t.Errorf("%d images are listed, and %v are not; want 60 in all", images, summary.ImagesNotListed)
	}
	violations := len(p.trust.Status.Violations)
	if int(summary.ViolationsNotListed)+violations != 60 || violations == 0 {
		t.Errorf("%d violations are listed, and %v are not; want 60 in all", violations, summary.ViolationsNotListed)
	}
	want := fmt.Sprintf("status.images has %d of 60 images: policy reports have the results of all workloads.", images)
	for _, c := range p.trust.Status.Conditions {
		if c.Type == v1alpha1.ImagesVerifiedCondition && !strings.HasSuffix(c.Message, want) {
			t.Errorf("message %q, want it to end with %q", c.Message, want)
		}
	}
}

// TestEventsAreBounded counts the events of many passes in which somebody causes as many as possible.
func TestEventsAreBounded(t *testing.T) {
	p := newPasses(t)
	p.next(t)
	for pass := range 20 {
		for i := range 200 {
			p.apply("aaa-tenant", fmt.Sprint("a", pass, "-", i), hex("c"), fmt.Sprintf("docker.io/karmada/bad-agent:v%d-%d", pass, i))
		}
		p.next(t)
	}
	if len(p.notes) > maxWorkloadEvents+1 {
		t.Errorf("one namespace caused %d events within %s, want at most %d", len(p.notes), eventWindow, maxWorkloadEvents+1)
	}
	p.applyIntruder()
	if p.next(t); len(p.hidden()) > 0 {
		t.Errorf("after many events of somebody else, the intruder is missing from %v", p.hidden())
	}
}

// TestHostileNamesInTheStatus has names of images, as Kubernetes accepts them, with what a terminal obeys.
func TestHostileNamesInTheStatus(t *testing.T) {
	const hostile = "evil\x1b[2J\x1b]0;owned\a\n✓ karmada  Enforce · 9/9 verified\u202e"
	p := newPasses(t)
	p.apply("in", "a", "", "docker.io/karmada/good:v1", hostile)
	p.next(t)
	obs := observationOf(applied(), image(hostile, unsignedResult))
	obs.forecast.gaps = []forecast.Gap{{Reason: v1alpha1.UncoveredImagesAllowedReason, Message: "No policy covers " + hostile}}
	obs.now = now
	direct := conclude(makeTrust(1), obs)
	about, _ := verdictEvents(&v1alpha1.KarmadaImageTrustStatus{}, direct.findings)
	texts := []string{}
	for _, e := range about {
		texts = append(texts, e.note)
	}
	for _, status := range []v1alpha1.KarmadaImageTrustStatus{p.trust.Status, direct.status} {
		for _, v := range status.Violations {
			texts = append(texts, v.Image, v.Message, v.Container, v.Name)
		}
		for _, i := range status.Images {
			texts = append(texts, i.Reference, i.Message)
		}
		for _, c := range status.Conditions {
			texts = append(texts, c.Message)
		}
	}
	seen := 0
	for _, s := range texts {
		if strings.Contains(s, "owned") {
			seen++
		}
		if strings.ContainsAny(s, "\x1b\a\n\u202e") {
			t.Errorf("%q is not printable, or has several lines", s)
		}
	}
	if seen < 4 {
		t.Errorf("the name is in %d texts only, so nothing was shown: %q", seen, texts)
	}
}

// TestLongNamesDisplaceNoGap has the message of one gap name an image with a very long name.
func TestLongNamesDisplaceNoGap(t *testing.T) {
	obs := observationOf(applied())
	obs.forecast.gaps = []forecast.Gap{
		{Reason: v1alpha1.WebhookLimitedReason, Message: "The webhook excludes " + strings.Repeat("x", 5000)},
		{Reason: v1alpha1.UncoveredImagesAllowedReason, Message: "No policy covers intruder."},
	}
	if c := enforced(obs.findings(makeTrust(1))); !strings.Contains(c.Message, "No policy covers intruder.") {
		t.Errorf("the message of %d bytes lacks the second gap", len(c.Message))
	}
}

// TestBudgetInTheStatus has a namespace name more images than are verified for one.
func TestBudgetInTheStatus(t *testing.T) {
	p := newPasses(t)
	p.apply("in", "a", "", tags("good-agent", assess.MaxImagesOfNamespace+20)...)
	p.apply("other", "a", "", "docker.io/karmada/good-app:v1")
	p.next(t)
	summary := p.trust.Status.Summary
	if *summary.Unknown != 20 || *summary.Verified != assess.MaxImagesOfNamespace+1 {
		t.Errorf("%d images are unknown and %d verified, want 20 and the rest", *summary.Unknown, *summary.Verified)
	}
	want := fmt.Sprintf("More than %d images are named, and not all of them verified, in 1 namespace: in.", assess.MaxImagesOfNamespace)
	for _, c := range p.trust.Status.Conditions {
		if c.Type == v1alpha1.ImagesVerifiedCondition && (c.Status == "True" || !strings.Contains(c.Message, want)) {
			t.Errorf("%s with message %q, want it not True and to contain %q", c.Status, c.Message, want)
		}
	}
	if p.trust.Status.Images[0].Reason != v1alpha1.TooManyImagesReason {
		t.Errorf("the first image is %+v", p.trust.Status.Images[0])
	}
}
