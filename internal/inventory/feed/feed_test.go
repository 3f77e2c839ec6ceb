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

package feed

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"

	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/workload"
)

// fakeServer is an API server with lists by path, which sends the same events to every watch of pods.
type fakeServer struct {
	lists  map[string]any
	events chan watch.Event

	mu     sync.Mutex
	listed map[string]string // the Accept header by path
}

func (f *fakeServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	query := r.URL.Query()
	switch {
	case query.Get("sendInitialEvents") == "true":
		w.WriteHeader(http.StatusUnprocessableEntity) // like a server that cannot stream lists
		_ = json.NewEncoder(w).Encode(metav1.Status{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure,
			Reason: metav1.StatusReasonInvalid, Code: http.StatusUnprocessableEntity,
		})
	case query.Get("watch") != "":
		f.watch(w, r)
	default:
		f.mu.Lock()
		f.listed[r.URL.Path] = r.Header.Get("Accept")
		f.mu.Unlock()
		list := f.lists[r.URL.Path]
		if list == nil {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_ = json.NewEncoder(w).Encode(list)
	}
}

func (f *fakeServer) watch(w http.ResponseWriter, r *http.Request) {
	w.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(w).Flush()
	if !strings.HasSuffix(r.URL.Path, "/pods") {
		<-r.Context().Done()
		return
	}
	for {
		select {
		case event := <-f.events:
			_ = json.NewEncoder(w).Encode(map[string]any{"type": event.Type, "object": event.Object})
			_ = http.NewResponseController(w).Flush()
		case <-r.Context().Done():
			return
		}
	}
}

func pathOf(k *workload.Kind) string {
	if k.Group == "" {
		return "/api/" + k.Version + "/" + k.Resource
	}
	return "/apis/" + k.Group + "/" + k.Version + "/" + k.Resource
}

func listOf(kind *workload.Kind, items ...any) any {
	return map[string]any{
		"apiVersion": kind.GroupVersion().String(), "kind": kind.Kind + "List",
		"metadata": map[string]any{"resourceVersion": "1"}, "items": items,
	}
}

// newPod returns a pod of a ReplicaSet that runs an image.
func newPod(digest string) *corev1.Pod {
	replicaSet := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Name: "rs", UID: "rs"}}
	return &corev1.Pod{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "ns", Name: "new", UID: "pod-uid", ResourceVersion: "2",
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(replicaSet, appsv1.SchemeGroupVersion.WithKind("ReplicaSet"))},
		},
		Spec:   corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "web:1"}}},
		Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{Name: "main", ImageID: "docker.io/x@" + digest}}},
	}
}

// runFeed starts a feed from a server, and stops both when the test ends. The channel receives a value after changes.
func runFeed(t *testing.T, server *fakeServer) (*inventory.Index, <-chan struct{}) {
	t.Helper()
	server.listed = map[string]string{}
	api := httptest.NewServer(server)
	t.Cleanup(api.Close)
	changes := make(chan struct{}, 1)
	index := inventory.New(func(string) {
		select {
		case changes <- struct{}{}:
		default:
		}
	})
	f, err := New(&rest.Config{Host: api.URL}, index)
	if err != nil {
		t.Fatal(err)
	}
	index.Select("test", "", inventory.MatchFunc(func(string) bool { return true }))
	var running sync.WaitGroup
	running.Go(func() {
		if err := f.Start(t.Context()); err != nil {
			t.Errorf("Start: %v", err)
		}
	})
	t.Cleanup(running.Wait) // the context ends before
	return index, changes
}

// waitFor waits until the index is synced and holds the workloads: KIND NAME and the digests that they run.
func waitFor(t *testing.T, index *inventory.Index, changes <-chan struct{}, want ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		var got []string
		for _, w := range index.Select("test", "", inventory.MatchFunc(func(string) bool { return true })) {
			line := w.Kind + " " + w.Name
			for _, r := range w.Running {
				line += " " + r.Digest
			}
			got = append(got, line)
		}
		if index.Synced() && cmp.Equal(want, got) {
			return
		}
		select {
		case <-changes:
		case <-ctx.Done():
			t.Fatalf("synced: %v, workloads (-want +got):\n%s", index.Synced(), cmp.Diff(want, got))
		}
	}
}

func TestFeed(t *testing.T) {
	digestA, digestB := "sha256:"+strings.Repeat("a", 64), "sha256:"+strings.Repeat("b", 64)
	server := &fakeServer{lists: map[string]any{}, events: make(chan watch.Event)}
	for _, kind := range workload.Watched() {
		template := map[string]any{"spec": map[string]any{"containers": []any{map[string]any{"name": "main", "image": "web:1"}}}}
		item := map[string]any{"metadata": map[string]any{"namespace": "ns", "name": "listed", "uid": "listed-" + kind.Resource}}
		if kind.IsPod() {
			item["spec"] = template["spec"]
		} else {
			object := item
			fields := strings.Split(kind.TemplatePath, ".")
			for _, field := range fields[:len(fields)-1] {
				next := map[string]any{}
				object[field] = next
				object = next
			}
			object[fields[len(fields)-1]] = template
		}
		server.lists[pathOf(kind)] = listOf(kind, item)
	}
	index, changes := runFeed(t, server)

	listed := []string{
		"CronJob listed", "DaemonSet listed", "Deployment listed", "Job listed", "Pod listed ", "ReplicaSet listed",
		"ReplicationController listed", "StatefulSet listed",
	}
	waitFor(t, index, changes, listed...)
	server.mu.Lock()
	for _, kind := range workload.Watched() {
		if got := server.listed[pathOf(kind)]; got != "application/vnd.kubernetes.protobuf,application/json" {
			t.Errorf("%s was listed with Accept %q", pathOf(kind), got)
		}
	}
	server.mu.Unlock()

	withPod := func(digest string) []string {
		out := append([]string{}, listed[:6]...)
		return append(append(out, "ReplicaSet rs "+digest), listed[6:]...)
	}
	server.events <- watch.Event{Type: watch.Added, Object: newPod(digestA)}
	waitFor(t, index, changes, withPod(digestA)...)
	server.events <- watch.Event{Type: watch.Modified, Object: newPod(digestB)}
	waitFor(t, index, changes, withPod(digestB)...)
	server.events <- watch.Event{Type: watch.Deleted, Object: newPod(digestB)}
	waitFor(t, index, changes, listed...)
}

func TestStore(t *testing.T) {
	pods := schema.GroupKind{Kind: "Pod"}
	index := inventory.New(func(string) {})
	s := &store{kind: pods, index: index}
	transform := s.Transformer()
	pod := newPod("sha256:" + strings.Repeat("a", 64))
	expect := func(step string, want int) {
		t.Helper()
		if got := len(index.In("ns")); got != want {
			t.Errorf("%s: %d workloads, want %d", step, got, want)
		}
	}
	var once any
	for _, step := range []struct {
		name string
		run  func() error
		want int
	}{
		{"add", func() error { return s.Add(pod) }, 1},
		{"update", func() error { return s.Update(pod) }, 1},
		{"a list without it", func() error { return s.Replace(nil, "") }, 0},
		{"receive", func() (err error) { once, err = transform(pod); return err }, 1},
		{"list what was received", func() error { return s.Replace([]any{once}, "") }, 1},
		{"list", func() error { return s.Replace([]any{pod}, "") }, 1},
		{"resync", s.Resync, 1},
		{"delete", func() error { return s.Delete(pod) }, 0},
	} {
		if err := step.run(); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
		expect(step.name, step.want)
	}
	if again, err := transform(once); err != nil || again != once {
		t.Errorf("transforming twice returns %v, %v", again, err)
	}
	expect("transforming twice", 0)
	node := &corev1.Node{}
	for name, err := range map[string]error{"add": s.Add(node), "replace": s.Replace([]any{node}, "")} {
		if err == nil || !strings.Contains(err.Error(), "*v1.Node") {
			t.Errorf("%s of an object that is not a workload: %v", name, err)
		}
	}
	if err := s.Delete("pod"); err == nil {
		t.Error("something was deleted that is not an object")
	}
}

// TestPages lists from an API server that cannot send lists as streams, and has an object that comes and one that goes between pages.
func TestPages(t *testing.T) {
	const kept, gone, later = "kept", "gone", "later"
	index := inventory.New(func(string) {})
	s := &store{kind: schema.GroupKind{Kind: "Pod"}, index: index}
	named := func(name string) corev1.Pod {
		return corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name, UID: types.UID(name)},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Image: "web:1"}}},
		}
	}
	for _, name := range []string{kept, gone} {
		pod := named(name)
		if err := s.Add(&pod); err != nil {
			t.Fatal(err)
		}
	}
	present := func() (names []string) {
		for _, w := range index.In("ns") {
			names = append(names, w.Name)
		}
		return names
	}
	var requests []string
	list := s.inPages(func(_ context.Context, options metav1.ListOptions) (runtime.Object, error) {
		requests = append(requests, fmt.Sprintf("%q %q %d", options.ResourceVersion, options.Continue, options.Limit))
		out := &corev1.PodList{ListMeta: metav1.ListMeta{ResourceVersion: "7"}, Items: []corev1.Pod{named(later)}}
		if options.Continue == "" {
			out.Continue, out.Items = "more", []corev1.Pod{named(kept)}
		} else if diff := cmp.Diff([]string{gone, kept}, present()); diff != "" {
			t.Errorf("while the second page is requested (-want +got):\n%s", diff)
		}
		return out, nil
	})
	all, err := list(t.Context(), metav1.ListOptions{ResourceVersion: "0", ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{`"" "" 500`, `"" "more" 500`}, requests); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{gone, kept, later}, present()); diff != "" {
		t.Errorf("before the list is complete (-want +got):\n%s", diff)
	}
	items, err := apimeta.ExtractList(all)
	if err != nil {
		t.Fatal(err)
	}
	received, err := apimeta.ListAccessor(all)
	if err != nil || received.GetResourceVersion() != "7" || received.GetContinue() != "" {
		t.Errorf("the list is %+v, %v", received, err)
	}
	objects := make([]any, len(items))
	for i, item := range items {
		objects[i] = item
	}
	if err := s.Replace(objects, "7"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{kept, later}, present()); diff != "" {
		t.Errorf("after the list (-want +got):\n%s", diff)
	}
}
