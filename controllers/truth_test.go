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
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/policyreport"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/pool"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// TestIncrementalEqualsFull has a trust follow random events in small clusters. After each event, all that the pass says is compared
// with what a reconciler says that starts from nothing with the same history. With -short only a part of the clusters is played.
func TestIncrementalEqualsFull(t *testing.T) {
	const all, some, events = 46, 3, 220
	clusters := all
	if testing.Short() {
		clusters = some
	}
	seed := uint64(1795783873829198575) // the same in each run, so that a failure is of what changed
	if again := os.Getenv("SEED"); again != "" {
		var err error
		if seed, err = strconv.ParseUint(again, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("seed %d: the variable SEED sets another one, and CLUSTER plays one cluster only", seed)
	equal := 0
	for cluster := range clusters {
		if one := os.Getenv("CLUSTER"); one != "" && one != strconv.Itoa(cluster) {
			continue
		}
		w := newWorld(t, rand.New(rand.NewPCG(seed, uint64(cluster))))
		for event := range events {
			what := w.change()
			if diff := w.compare(t); diff != "" {
				t.Fatalf("seed %d, cluster %d, event %d: after %s the pass differs from one that starts from nothing (-full +incremental):\n%s",
					seed, cluster, event, strings.Join(append(w.log, what), ", "), diff)
			}
			w.log = append(w.log, what)
			equal++
		}
	}
	if clusters == all {
		fmt.Printf("figure: incremental_equals_full %d/%d\n", equal, all*events)
	}
}

// world is a cluster, the registries, and the clock.
type world struct {
	random  *rand.Rand
	log     []string
	r       *KarmadaImageTrustReconciler
	trust   *v1alpha1.KarmadaImageTrust
	now     time.Time
	objects map[types.UID]*inventory.Object
	root    string
	// tags are the digests that references name, bad the digests that are not signed, landed the repositories with verdicts and when
	// these were reached, and failing those that do not respond now.
	tags    map[string]string
	bad     map[string]bool
	landed  map[string]time.Time
	failing map[string]bool
	// reported are the results of the namespaces when they were last written.
	reported map[string][]policyreport.Result
}

func newWorld(t *testing.T, random *rand.Rand) *world {
	t.Helper()
	w := &world{
		random: random, now: now, objects: map[types.UID]*inventory.Object{}, root: "one", tags: map[string]string{},
		bad: map[string]bool{hex("b"): true}, landed: map[string]time.Time{}, failing: map[string]bool{},
		reported: map[string][]policyreport.Result{},
	}
	w.r, _ = newTestReconciler(t)
	w.r.Verdicts, w.r.Roots = &worldPool{world: w, told: map[pool.Key]worldAnswer{}}, worldRoots{w}
	w.trust, _ = compiledTrust(t)
	return w
}

type worldRoots struct{ *world }

func (w worldRoots) Current() (*trustroot.Root, error) {
	if w.root == "" {
		return nil, trustroot.ErrNotFetched
	}
	return &trustroot.Root{Fingerprint: w.root}, nil
}

// worldPool answers by what is in the registries.
type worldPool struct {
	*world

	told map[pool.Key]worldAnswer
}

type worldAnswer struct {
	request pool.Request
	since   time.Time
	answer  pool.Answer
}

func (w *world) answer(request *pool.Request, since time.Time) pool.Answer {
	repository := request.Ref.Context().Name()
	at, landed := w.landed[repository]
	if !landed {
		return pool.Pending()
	}
	digest := request.Ref.Identifier()
	if !strings.HasPrefix(digest, "sha256:") {
		digest = w.tags[request.Ref.Name()]
		if digest == "" {
			digest = hex("a")
		}
	}
	answer := pool.Answer{Digest: digest, Known: true, Fresh: !at.Before(since)}
	if request.Tag != nil {
		answer.TagDigest = w.tags[request.Tag.Name()]
	}
	if request.ResolveOnly {
		return answer
	}
	answer.Result = verifiedResult
	if w.bad[digest] || subjectOf(request.Rule) == "else" && digest == hex("c") {
		answer.Result = unsignedResult
	}
	if w.failing[repository] {
		last := answer.Result
		answer.Result, answer.Last, answer.LastTime = limitedResult, &last, at
	}
	if request.Root == nil {
		answer.Result, answer.Last = verify.Result{
			Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.TrustRootUnavailableReason, Message: "no root",
		}, nil
	}
	return answer
}

func (p *worldPool) Answers(_ string, requests []pool.Request, since time.Time) []pool.Answer {
	answers := make([]pool.Answer, 0, len(requests))
	for i := range requests {
		answer := p.answer(&requests[i], since)
		p.told[requests[i].Key()] = worldAnswer{requests[i], since, answer}
		answers = append(answers, answer)
	}
	return answers
}

func (p *worldPool) Changes(string) []pool.Answered {
	var changes []pool.Answered
	for key, told := range p.told {
		if answer := p.answer(&told.request, told.since); !reflect.DeepEqual(answer, told.answer) {
			told.answer = answer
			p.told[key] = told
			changes = append(changes, pool.Answered{Key: key, Answer: answer})
		}
	}
	return changes
}

func (p *worldPool) Release(_ string, keys []pool.Key) {
	for _, key := range keys {
		delete(p.told, key)
	}
}

func (p *worldPool) Retain(_ string, requests []pool.Request) {
	retained := map[pool.Key]worldAnswer{}
	for i := range requests {
		if told, ok := p.told[requests[i].Key()]; ok {
			retained[requests[i].Key()] = told
		}
	}
	p.told = retained
}

func (p *worldPool) Forget(string) { clear(p.told) }

// pick returns one of some texts.
func (w *world) pick(of ...string) string { return of[w.random.IntN(len(of))] }

func (w *world) repository() string {
	return w.pick("docker.io/karmada/app", "docker.io/karmada/db", "docker.io/karmada/web", "docker.io/library/nginx")
}

func (w *world) image() string {
	image := w.repository()
	switch w.random.IntN(8) {
	case 0:
		return image + "@" + w.digest()
	case 1:
		return image + ":v1@" + w.digest()
	case 2:
		return "docker.io/karmada/not an image"
	default:
		return image + ":" + w.pick("v1", "v1", "v2")
	}
}

func (w *world) digest() string { return hex(w.pick("a", "b", "c")) }

func (w *world) namespace() string { return w.pick("in", "out", "tenant") }

// change lets one thing happen, and says what.
func (w *world) change() string {
	events := []func() string{
		w.pod, w.pod, w.pod, w.deployment, w.deployment, w.remove, w.namespaceLabel, w.policy, w.policy, w.removePolicy,
		w.land, w.land, w.land, w.fail, w.verdict, w.moveTag, w.later, w.cycle, w.config, w.spec, w.rootChanges, w.restart, w.webhook,
	}
	return events[w.random.IntN(len(events))]()
}

func (w *world) apply(o *inventory.Object) {
	w.objects[o.UID] = o
	w.r.Inventory.Apply(o)
}

func (w *world) containers() []inventory.Container {
	containers := make([]inventory.Container, 0, 3)
	for i := range 1 + w.random.IntN(3) {
		field := w.pick("containers", "containers", "initContainers", "volumes")
		containers = append(containers, inventory.Container{Field: field, Name: fmt.Sprint("c", i), Image: w.image()})
	}
	return containers
}

func (w *world) pod() string {
	namespace, name := w.namespace(), w.pick("a", "b", "c")
	o := &inventory.Object{
		Version: "v1", Kind: "Pod", Namespace: namespace, Name: name, UID: types.UID("pod/" + namespace + name),
		Labels: map[string]string{"tier": w.pick("x", "y")}, Template: w.containers(),
	}
	o.PodLabels = o.Labels
	for _, c := range o.Template {
		running := inventory.Running{Container: c}
		switch w.random.IntN(4) {
		case 0: // it only waits
		case 1:
			running.Started = true
		default:
			running.Digest, running.Started = w.digest(), true
		}
		o.Running = append(o.Running, running)
	}
	w.apply(o)
	return "pod " + namespace + "/" + name
}

func (w *world) deployment() string {
	namespace, name := w.namespace(), w.pick("d", "e")
	w.apply(&inventory.Object{
		Group: "apps", Version: "v1", Kind: "Deployment", Namespace: namespace, Name: name, UID: types.UID("deployment/" + namespace + name),
		Labels: map[string]string{"tier": w.pick("x", "y")}, Template: w.containers(),
	})
	return "deployment " + namespace + "/" + name
}

func (w *world) remove() string {
	uids := slices.Sorted(maps.Keys(w.objects))
	if len(uids) == 0 {
		return "nothing"
	}
	uid := uids[w.random.IntN(len(uids))]
	delete(w.objects, uid)
	w.r.Inventory.Delete(uid)
	return "removal of " + string(uid)
}

func (w *world) namespaceLabel() string {
	namespace, include := w.namespace(), w.pick("true", "false")
	w.r.Admission.SetNamespace(namespace, map[string]string{"include": include})
	return "label of " + namespace
}

func (w *world) policy() string {
	name := w.pick("p", "q", "karmada")
	cip := foreignCIP(name)
	spec := cip.Object["spec"].(map[string]any)
	spec["images"] = []any{map[string]any{"glob": w.pick(
		"index.docker.io/karmada/*", "index.docker.io/karmada/app*", "**", "index.docker.io/library/**", "index.docker.io/karmada/db@"+hex("a"))}}
	if w.random.IntN(3) == 0 {
		spec["mode"] = "warn"
	}
	if w.random.IntN(4) == 0 {
		spec["match"] = []any{map[string]any{
			"version": "v1", "resource": "pods", "selector": map[string]any{"matchLabels": map[string]any{"tier": "x"}},
		}}
	}
	w.r.Admission.SetPolicy(cip)
	return "policy " + name
}

func (w *world) removePolicy() string {
	name := w.pick("p", "q", "karmada")
	w.r.Admission.RemovePolicy(name)
	return "removal of policy " + name
}

func (w *world) land() string {
	repository := strings.Replace(w.repository(), "docker.io", "index.docker.io", 1)
	w.landed[repository] = w.now
	delete(w.failing, repository)
	return "verdicts on " + repository
}

func (w *world) fail() string {
	repository := strings.Replace(w.repository(), "docker.io", "index.docker.io", 1)
	w.failing[repository] = true
	return "failure of " + repository
}

func (w *world) verdict() string {
	digest := w.digest()
	w.bad[digest] = !w.bad[digest]
	return "other verdict on " + digest[:8]
}

func (w *world) moveTag() string {
	tag := strings.Replace(w.repository(), "docker.io", "index.docker.io", 1) + ":" + w.pick("v1", "v2")
	w.tags[tag] = w.digest()
	return "move of " + tag
}

func (w *world) later() string {
	w.now = w.now.Add(10 * time.Second)
	return "ten seconds"
}

func (w *world) cycle() string {
	w.now = w.now.Add(2 * time.Hour)
	return "a cycle"
}

func (w *world) config() string {
	value := w.pick("allow", "deny", "warn", "invalid")
	w.r.Admission.SetConfig(&corev1.ConfigMap{Data: map[string]string{"no-match-policy": value}})
	return "no-match-policy " + value
}

func (w *world) spec() string {
	w.trust.Generation++
	w.trust.Spec.Images = []v1alpha1.ImageGlob{v1alpha1.ImageGlob(w.pick("docker.io/karmada/*", "docker.io/karmada/app", "docker.io/library/*"))}
	w.trust.Spec.Images = append(w.trust.Spec.Images, "docker.io/karmada/web")
	return fmt.Sprint("spec ", w.trust.Spec.Images)
}

func (w *world) rootChanges() string {
	w.root = w.pick("one", "two", "")
	return "root " + w.root
}

func (w *world) restart() string {
	w.r.works = works{}
	w.r.Inventory.Forget(w.trust.Name)
	w.r.Verdicts.Forget(w.trust.Name)
	return "restart"
}

func (w *world) webhook() string {
	if w.random.IntN(2) == 0 {
		w.r.Admission.RemoveMutating("")
		return "no mutating webhook"
	}
	w.r.Admission.SetMutating(&admissionregistrationv1.MutatingWebhookConfiguration{
		Webhooks: []admissionregistrationv1.MutatingWebhook{{Name: "w", Rules: []admissionregistrationv1.RuleWithOperations{{
			Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.OperationAll},
			Rule:       admissionregistrationv1.Rule{APIGroups: []string{"*"}, APIVersions: []string{"*"}, Resources: []string{"*"}},
		}}}},
	})
	return "mutating webhook"
}

// said is all that a pass says.
type said struct {
	Status    v1alpha1.KarmadaImageTrustStatus
	Images    []v1alpha1.ImageStatus
	Seen      map[string]time.Time
	Forecasts []forecast.Forecast
	Gaps      []forecast.Gap
	Others    []v1alpha1.OtherPolicy
	Pending   bool
	Events    []string
	Told      map[string][]time.Time
	Metrics   string
	Reports   map[string][]policyreport.Result
}

// pass is a pass of a reconciler up to what is written.
func (w *world) pass(t *testing.T, r *KarmadaImageTrustReconciler, trust *v1alpha1.KarmadaImageTrust) (said, *findings) {
	t.Helper()
	compiled, err := policy.Compile(trust.Spec)
	if err != nil {
		t.Fatal(err)
	}
	s := &scope{
		trust: trust, compiled: compiled, now: w.now, cycle: currentCycle(trust, time.Hour, w.now), roots: map[string]rootOfTrust{},
		versions: r.Admission.Versions(), listed: true,
	}
	r.rootOfTrust(t.Context(), s, "")
	if cluster, err := r.Admission.Cluster(); err == nil {
		s.cluster = &cluster
	} else {
		s.clusterProblem = err.Error()
	}
	d := r.decide(t.Context(), s)
	f := &findings{
		now: w.now, policy: applied(), records: d.records, forecast: d.forecast, cycle: s.cycle, interval: time.Hour, overBudget: d.overBudget,
	}
	out := said{
		Status: f.conclude(trust), Gaps: d.forecast.gaps, Others: d.forecast.otherPolicies, Pending: d.forecast.pending,
		Seen: maps.Clone(f.records.images.since), Reports: map[string][]policyreport.Result{},
	}
	var about []event
	about, out.Told = verdictEvents(&trust.Status, f)
	for _, e := range about {
		out.Events = append(out.Events, fmt.Sprint(e.kind, e.reason, e.note, e.series, e.related))
	}
	out.Metrics = fmt.Sprint(measurements(trust, f, &out.Status))
	for _, records := range f.records.images.byReference {
		for _, record := range records {
			out.Images = append(out.Images, record.status)
		}
	}
	slices.SortFunc(out.Images, func(a, b v1alpha1.ImageStatus) int {
		return cmp.Or(
			strings.Compare(a.Reference, b.Reference), strings.Compare(a.Digest, b.Digest), strings.Compare(a.Reason, b.Reason),
			strings.Compare(string(a.Usage), string(b.Usage)), cmp.Compare(*a.Workloads, *b.Workloads),
		)
	})
	if d.forecast.tally != nil {
		for _, workload := range d.records.source.Workloads() {
			out.Forecasts = append(out.Forecasts, workload.Forecast)
		}
		for _, namespace := range f.records.results().Namespaces() {
			out.Reports[namespace] = f.records.results().In(namespace)
		}
	}
	return out, f
}

// compare compares the next pass with one of a reconciler that starts from nothing, and keeps what it says.
func (w *world) compare(t *testing.T) string {
	t.Helper()
	fresh, _ := newTestReconciler(t)
	fresh.Admission, fresh.Roots, fresh.Verdicts = w.r.Admission, w.r.Roots, &worldPool{world: w, told: map[pool.Key]worldAnswer{}}
	for _, o := range w.objects {
		fresh.Inventory.Apply(o)
	}
	if known := w.r.works.trusts[w.trust.Name]; known != nil {
		fresh.works.trusts = map[string]*work{w.trust.Name: {uid: known.uid, records: historyOf(&known.records)}}
	}
	want, _ := w.pass(t, fresh, w.trust.DeepCopy())
	got, f := w.pass(t, w.r, w.trust)
	if want, got := inJSON(t, want), inJSON(t, got); want != got {
		return gocmp.Diff(strings.Split(want, ","), strings.Split(got, ","))
	}
	if f.forecast.tally != nil {
		for namespace := range f.records.reported {
			w.reported[namespace] = got.Reports[namespace]
		}
		clear(f.records.reported)
		for namespace, results := range got.Reports {
			if !slices.Equal(w.reported[namespace], results) {
				return "the policy report of namespace " + namespace + " is not written"
			}
		}
	}
	if w.random.IntN(10) > 0 { // otherwise, the status cannot be written
		w.trust.Status = got.Status
		f.records.record(got.Told)
	}
	return ""
}

// inJSON returns what is said, without when a condition became what it is.
func inJSON(t *testing.T, what said) string {
	t.Helper()
	what.Status = *what.Status.DeepCopy()
	for i := range what.Status.Conditions {
		what.Status.Conditions[i].LastTransitionTime = metav1.Time{}
	}
	encoded, err := json.Marshal(what)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

// historyOf returns what a reconciler that starts from nothing knows of earlier passes.
func historyOf(r *records) records {
	denials := map[types.UID][]*denialRecord{}
	maps.Copy(denials, r.denials.before)
	maps.Copy(denials, r.denials.byWorkload)
	return records{
		images:    imageRecords{since: maps.Clone(r.images.since)},
		denials:   denialRecords{byWorkload: denials, known: r.denials.known},
		untrusted: maps.Clone(r.untrusted), told: maps.Clone(r.told),
	}
}

var _ known = (*assess.Tracker)(nil)
