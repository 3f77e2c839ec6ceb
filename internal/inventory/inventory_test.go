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

package inventory

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/karmada-io/image-trust/test/memory"
)

const karmada = "docker.io/karmada/karmada-scheduler:v1.16.0"

var digest = "sha256:" + strings.Repeat("a", 64)

var all = MatchFunc(func(string) bool { return true })

func template(image string) []Container {
	return []Container{{Field: "containers", Name: "main", Image: image}}
}

func deployment(name, image string) *Object {
	return &Object{
		Group: "apps", Version: "v1", Kind: "Deployment", Namespace: "ns", Name: name, UID: types.UID(name), Template: template(image),
	}
}

// replicaSet returns a ReplicaSet of a Deployment, with replicas.
func replicaSet(name string, of *Object, image string) *Object {
	return &Object{
		Group: "apps", Version: "v1", Kind: "ReplicaSet", Namespace: of.Namespace, Name: name, UID: types.UID(name),
		Owner: ownedBy(of), Template: template(image),
	}
}

func podOf(name string, owner *Owner, image, digest string) *Object {
	return &Object{
		Version: "v1", Kind: "Pod", Namespace: "ns", Name: name, UID: types.UID(name), Owner: owner, Template: template(image),
		Running: []Running{{Container: template(image)[0], Digest: digest}},
	}
}

// unreported returns a pod whose container runs while its node reports no digest.
func unreported(name string, owner *Owner, image string) *Object {
	pod := podOf(name, owner, image, "")
	pod.Running[0].Started = true
	return pod
}

func ownedBy(o *Object) *Owner {
	return &Owner{Group: o.Group, Version: o.Version, Kind: o.Kind, Name: o.Name, UID: o.UID}
}

// summarize formats each workload as KIND NAME, the images of its template, and the images and digests that it runs.
func summarize(workloads []Workload) []string {
	var out []string
	for _, w := range workloads {
		line := w.Kind + " " + w.Name
		for _, c := range w.Template {
			line += " " + c.Image
		}
		for _, r := range w.Running {
			line += " runs " + r.Image + " " + strings.TrimPrefix(r.Digest, "sha256:")
			if r.Started && r.Digest == "" {
				line += "unreported"
			}
		}
		if w.Idle {
			line += " idle"
		}
		out = append(out, line)
	}
	return out
}

func TestFolding(t *testing.T) {
	d := deployment("web", "xx:2")
	current, old := replicaSet("web-2", d, "xx:2"), replicaSet("web-1", d, "xx:1")
	idle := replicaSet("web-0", d, "xx:0")
	idle.Idle = true
	cron := &Object{Group: "batch", Version: "v1", Kind: "CronJob", Namespace: "ns", Name: "cron", UID: "cron", Template: template("xx:2")}
	job := &Object{
		Group: "batch", Version: "v1", Kind: "Job", Namespace: "ns", Name: "job", UID: "job", Template: template("xx:2"), Owner: ownedBy(cron),
	}
	rc := &Object{Version: "v1", Kind: "ReplicationController", Namespace: "ns", Name: "rc", UID: "rc", Template: template("xx:2")}
	finished := *job
	finished.Finished = true
	robot := &Owner{Group: "example.com", Version: "v1", Kind: "Robot", Name: "robot", UID: "robot"}
	ofRollout := replicaSet("web-1", d, "xx:2")
	ofRollout.Owner = &Owner{Group: "argoproj.io", Version: "v1alpha1", Kind: "Rollout", Name: "web", UID: "rollout"}
	cloneSet := &Owner{Group: "apps.kruise.io", Version: "v1alpha1", Kind: "CloneSet", Name: "web", UID: "cloneset"}
	node := &Owner{Version: "v1", Kind: "Node", Name: "node", UID: "node"}
	finishedPod := podOf("finished", nil, "xx:2", "sha256:1")
	finishedPod.Finished = true

	for name, tc := range map[string]struct {
		objects []*Object
		want    []string
	}{
		"the pods of a Deployment": {
			[]*Object{d, current, podOf("p1", ownedBy(current), "xx:2", "sha256:1"), podOf("p2", ownedBy(current), "xx:2", "sha256:1")},
			[]string{"Deployment web xx:2 runs xx:2 1"},
		},
		"two nodes report different digests": {
			[]*Object{d, current, podOf("p1", ownedBy(current), "xx:2", "sha256:1"), podOf("p2", ownedBy(current), "xx:2", "sha256:2")},
			[]string{"Deployment web xx:2 runs xx:2 1 runs xx:2 2"},
		},
		"a rollout in progress": {
			[]*Object{d, current, old, podOf("p1", ownedBy(old), "xx:1", "sha256:1")},
			[]string{"Deployment web xx:2", "ReplicaSet web-1 xx:1 runs xx:1 1"},
		},
		"an old ReplicaSet without replicas": {
			[]*Object{d, current, idle},
			[]string{"Deployment web xx:2", "ReplicaSet web-0 xx:0 idle"},
		},
		"a pod that is not running yet": {
			[]*Object{d, current, podOf("p1", ownedBy(current), "xx:2", "")},
			[]string{"Deployment web xx:2"},
		},
		"a pod that runs without a digest": {
			[]*Object{d, current, unreported("p1", ownedBy(current), "xx:2"), podOf("p2", ownedBy(current), "xx:2", "sha256:1")},
			[]string{"Deployment web xx:2 runs xx:2 unreported runs xx:2 1"},
		},
		"a standalone pod that runs without a digest": {
			[]*Object{unreported("p1", nil, "xx:2")},
			[]string{"Pod p1 xx:2 runs xx:2 unreported"},
		},
		"a name that cannot be read": {
			[]*Object{podOf("p1", nil, "registry.example.com/x:v1", "sha256:1")},
			[]string{"Pod p1 registry.example.com/x:v1 runs registry.example.com/x:v1 1"},
		},
		"a template without an image": {[]*Object{deployment("patch", "")}, nil},
		"a Job of a CronJob": {
			[]*Object{cron, job, podOf("p1", ownedBy(job), "xx:2", "sha256:1")},
			[]string{"CronJob cron xx:2 runs xx:2 1"},
		},
		"a finished Job":              {[]*Object{cron, &finished}, []string{"CronJob cron xx:2"}},
		"a standalone pod":            {[]*Object{podOf("p1", nil, "xx:2", "sha256:1")}, []string{"Pod p1 xx:2 runs xx:2 1"}},
		"a finished pod":              {[]*Object{finishedPod}, nil},
		"a ReplicationController":     {[]*Object{rc, podOf("p1", ownedBy(rc), "xx:2", "sha256:1")}, []string{"ReplicationController rc xx:2 runs xx:2 1"}},
		"the mirror of a static pod":  {[]*Object{podOf("p1", node, "xx:2", "")}, []string{"Pod p1 xx:2 runs xx:2 "}},
		"an owner of an unknown kind": {[]*Object{podOf("p1", robot, "xx:2", "sha256:1"), podOf("p2", robot, "xx:2", "sha256:1")}, []string{"Robot robot runs xx:2 1"}},
		"the ReplicaSet of a Rollout, which stands for it": {
			[]*Object{ofRollout, podOf("p1", ownedBy(ofRollout), "xx:2", "sha256:1"), podOf("p2", ownedBy(ofRollout), "xx:2", "sha256:1")},
			[]string{"ReplicaSet web-1 xx:2 runs xx:2 1"},
		},
		"the pods of a CloneSet": {
			[]*Object{podOf("p1", cloneSet, "xx:2", "sha256:1"), podOf("p2", cloneSet, "xx:2", "sha256:1"), podOf("p3", cloneSet, "xx:1", "sha256:2")},
			[]string{"CloneSet web runs xx:1 2 runs xx:2 1"},
		},
		"an owner that is missing": {[]*Object{podOf("p1", ownedBy(current), "xx:2", "sha256:1")}, []string{"ReplicaSet web-2 runs xx:2 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, order := range permutations(len(tc.objects)) {
				x := New(func(string) {})
				for _, i := range order {
					x.Apply(tc.objects[i])
				}
				if diff := cmp.Diff(tc.want, summarize(x.Select("me", "", all))); diff != "" {
					t.Fatalf("in order %v (-want +got):\n%s", order, diff)
				}
			}
		})
	}
}

func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var out [][]int
	for _, rest := range permutations(n - 1) {
		for at := range n {
			order := append(append(append([]int{}, rest[:at]...), n-1), rest[at:]...)
			out = append(out, order)
		}
	}
	return out
}

// TestIdenticalPodsDoNotNotify scales a Deployment up and down.
func TestIdenticalPodsDoNotNotify(t *testing.T) {
	const pods = 1000
	notifications := 0
	x := New(func(string) { notifications++ })
	d := deployment("web", karmada)
	rs := replicaSet("web-1", d, karmada)
	x.Apply(d)
	x.Apply(rs)
	x.Apply(podOf("first", ownedBy(rs), karmada, digest))
	x.Select("me", "", all)
	for i := range pods {
		name := fmt.Sprintf("pod-%d", i)
		x.Apply(podOf(name, ownedBy(rs), karmada, "")) // scheduled
		x.Apply(podOf(name, ownedBy(rs), karmada, digest))
		x.Apply(podOf(name, ownedBy(rs), karmada, digest)) // a heartbeat
	}
	for i := range pods {
		x.Delete(types.UID(fmt.Sprintf("pod-%d", i)))
	}
	fmt.Printf("figure: inventory_wakeups_per_identical_pod %d\n", notifications/pods)
	if notifications != 0 {
		t.Errorf("%d notifications for %d identical pods", notifications, pods)
	}
	x.Delete("first")
	if notifications != 1 {
		t.Errorf("%d notifications when the last pod was deleted, want 1", notifications)
	}
}

// TestMemory measures the memory that the index needs for a pod of a Deployment, and for one that nothing owns.
func TestMemory(t *testing.T) {
	const deployments, replicas, barePods = 400, 50, 20_000
	const limit, bareLimit = 512, 1536
	var x *Index
	per := memory.Kept(func() any { x = fill(deployments, replicas); return x }) / (deployments * replicas)
	fmt.Printf("figure: inventory_bytes_per_pod %d bytes\n", per)
	if got := len(x.Select("me", "", all)); got != deployments {
		t.Errorf("%d workloads, want %d", got, deployments)
	}
	if per > limit {
		t.Errorf("%d bytes for a pod, want at most %d", per, limit)
	}
	bare := memory.Kept(func() any { return fillBare(barePods) }) / barePods
	fmt.Printf("figure: inventory_bytes_per_bare_pod %d bytes\n", bare)
	if bare > bareLimit {
		t.Errorf("%d bytes for a pod that nothing owns, want at most %d", bare, bareLimit)
	}
	runtime.KeepAlive(x)
}

// fillBare returns an index with pods that nothing owns, 20 for each image.
func fillBare(pods int) *Index {
	const perImage = 20
	x := New(func(string) {})
	image := ""
	for i := range pods {
		if i%perImage == 0 {
			image = fmt.Sprintf("docker.io/karmada/image-%d:v1", i/perImage)
		}
		x.Apply(podOf(fmt.Sprintf("%08d-0000-0000-0000-%012d", i, i), nil, image, digest))
	}
	return x
}

// fill returns an index with Deployments that have a number of replicas each.
func fill(deployments, replicas int) *Index {
	x := New(func(string) {})
	for i := range deployments {
		image := fmt.Sprintf("docker.io/karmada/image-%d:v1", i)
		d := deployment(fmt.Sprintf("deployment-%d", i), image)
		rs := replicaSet(d.Name+"-1", d, image)
		x.Apply(d)
		x.Apply(rs)
		for j := range replicas {
			x.Apply(podOf(fmt.Sprintf("%08d-0000-0000-0000-%012d", i, j), ownedBy(rs), image, digest))
		}
	}
	return x
}

// BenchmarkPodEvent adds and deletes one pod in a cluster of 150,000.
func BenchmarkPodEvent(b *testing.B) {
	x := fill(3000, 50)
	x.Select("me", "", all)
	rs := x.nodes["deployment-7-1"].object
	for b.Loop() {
		x.Apply(podOf("new", ownedBy(rs), rs.Template[0].Image, digest))
		x.Delete("new")
	}
}

func TestRunningDigest(t *testing.T) {
	for imageID, want := range map[string]string{
		"docker.io/karmada/x@" + digest:          digest,
		"docker-pullable://karmada/x@" + digest:  digest,
		"registry:5000/x@" + digest:              digest,
		digest:                                   "",
		"docker://" + digest:                     "",
		"":                                       "",
		"x@sha256:123":                           "",
		"x@" + strings.ToUpper(digest):           "",
		"x@sha512:" + strings.Repeat("a", 128):   "",
		"x y@" + digest:                          "",
		strings.Repeat("x", 2000) + "@" + digest: "",
		"x@sha256:" + strings.Repeat("b", 64) + "@" + digest:   "",
		"docker.io/karmada/x@" + digest + "\n" + "x@" + digest: "",
	} {
		if got := RunningDigest(imageID); got != want {
			t.Errorf("%q: got %q, want %q", imageID, got, want)
		}
	}
}

func TestSelectMatchesImagesOncePerKey(t *testing.T) {
	x := fill(3, 1)
	calls := 0
	matches := MatchFunc(func(string) bool { calls++; return true })
	x.Select("me", "1", matches)
	x.Select("me", "1", matches)
	if calls != 3 {
		t.Errorf("matches was called %d times, want once for each of 3 images", calls)
	}
	x.Apply(deployment("new", "docker.io/karmada/new:v1"))
	if got := x.Select("me", "1", matches); calls != 4 || len(got) != 4 {
		t.Errorf("%d calls and %d workloads after a new image, want 4 and 4", calls, len(got))
	}
	if got := x.Select("me", "2", MatchFunc(func(string) bool { return false })); len(got) != 0 {
		t.Errorf("another key: got %v, want no workload", summarize(got))
	}
}
