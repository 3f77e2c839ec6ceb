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

package fleet

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"

	clusterv1alpha1 "github.com/karmada-io/karmada/pkg/apis/cluster/v1alpha1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

const clustersResource = "clusters"

// Clusters are the members of a fleet, and whether they can be read. An aggregated API server serves them: while it is down,
// the operator must neither fail nor take the last state for today's, so that this is no informer of the manager's cache.
type Clusters struct {
	informer toolscache.SharedIndexInformer

	mu sync.Mutex
	// asked is true once a request was answered, or failed.
	asked bool
	// failed is why the last request failed; empty after one that succeeded.
	failed string
	// changed is called after each change. It is nil until the controller starts.
	changed func()
}

// NewClusters returns the members that an API server has. It sends no request before Start.
func NewClusters(config *rest.Config) (*Clusters, error) {
	scheme := runtime.NewScheme()
	if err := clusterv1alpha1.Install(scheme); err != nil {
		return nil, err
	}
	metav1.AddToGroupVersion(scheme, clusterv1alpha1.SchemeGroupVersion)
	config = rest.CopyConfig(config)
	config.GroupVersion, config.APIPath = &clusterv1alpha1.SchemeGroupVersion, "/apis"
	config.ContentType, config.AcceptContentTypes = runtime.ContentTypeJSON, runtime.ContentTypeJSON
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	requests, err := rest.RESTClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("creating the client that watches Clusters: %w", err)
	}
	c := &Clusters{}
	c.informer = toolscache.NewSharedIndexInformerWithOptions(
		&listWatch{requests: requests, parameters: runtime.NewParameterCodec(scheme), done: c.record},
		&clusterv1alpha1.Cluster{}, toolscache.SharedIndexInformerOptions{ObjectDescription: "clusters of the fleet"},
	)
	if err := c.informer.SetTransform(trimCluster); err != nil {
		return nil, fmt.Errorf("watching Clusters: %w", err)
	}
	_, err = c.informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { c.notify() },
		UpdateFunc: func(before, after any) {
			if differs(before, after) {
				c.notify()
			}
		},
		DeleteFunc: func(any) { c.notify() },
	})
	if err != nil {
		return nil, fmt.Errorf("watching Clusters: %w", err)
	}
	return c, nil
}

// Start lists and watches until the context ends. It returns nil: requests that fail are repeated with backoff.
func (c *Clusters) Start(ctx context.Context) error {
	c.informer.RunWithContext(ctx)
	return nil
}

// List returns the members, which the caller must not change, and why they cannot be read, if that is so; then the members are those
// that were read last. It returns false as long as neither is known.
func (c *Clusters) List() (clusters []*clusterv1alpha1.Cluster, unreadable string, known bool) {
	c.mu.Lock()
	unreadable, known = c.failed, c.failed != "" || c.asked && c.informer.HasSynced()
	c.mu.Unlock()
	for _, object := range c.informer.GetStore().List() {
		if cluster, ok := object.(*clusterv1alpha1.Cluster); ok {
			clusters = append(clusters, cluster)
		}
	}
	return clusters, unreadable, known
}

// source enqueues what affected returns whenever the members, or whether they can be read, have changed.
func (c *Clusters) source(affected func(context.Context) []reconcile.Request) source.Source {
	return source.Func(func(ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
		// One element is enough: whoever takes it looks at everything.
		signal := make(chan struct{}, 1)
		c.mu.Lock()
		c.changed = func() {
			select {
			case signal <- struct{}{}:
			default:
			}
		}
		c.mu.Unlock()
		go func() {
			// Events are delivered after the store has them, and HasSynced follows the first list.
			if toolscache.WaitForCacheSync(ctx.Done(), c.informer.HasSynced) {
				c.notify()
			}
		}()
		go func() {
			for {
				select {
				case <-ctx.Done():
					return
				case <-signal:
					for _, request := range affected(ctx) {
						queue.Add(request)
					}
				}
			}
		}()
		return nil
	})
}

func (c *Clusters) notify() {
	c.mu.Lock()
	changed := c.changed
	c.mu.Unlock()
	if changed != nil {
		changed()
	}
}

// record notes how a request ended.
func (c *Clusters) record(err error) {
	failed := ""
	switch {
	case err == nil:
	case errors.Is(err, context.Canceled), apierrors.IsResourceExpired(err), apierrors.IsGone(err):
		return // says nothing about the API server: the list follows
	default:
		failed = err.Error()
	}
	c.mu.Lock()
	// Only whether there is an error counts: the words of one may differ each time, and each write of a status costs.
	same := c.asked && (failed == "") == (c.failed == "")
	if !same {
		c.asked, c.failed = true, failed
	}
	c.mu.Unlock()
	if !same {
		c.notify()
	}
}

// differs reports whether a change of a Cluster can change a condition. Karmada updates Clusters for their resources too, which are
// dropped before.
func differs(before, after any) bool {
	a, ok := before.(*clusterv1alpha1.Cluster)
	b, ok2 := after.(*clusterv1alpha1.Cluster)
	if !ok || !ok2 {
		return true
	}
	return !reflect.DeepEqual(a.Labels, b.Labels) || !reflect.DeepEqual(a.DeletionTimestamp, b.DeletionTimestamp) ||
		!reflect.DeepEqual(a.Spec, b.Spec) || !reflect.DeepEqual(a.Status, b.Status)
}

// listWatch asks for Clusters, and tells how each request ended.
type listWatch struct {
	requests   rest.Interface
	parameters runtime.ParameterCodec
	done       func(error)
}

// List implements cache.Lister.
func (l *listWatch) List(options metav1.ListOptions) (runtime.Object, error) {
	return l.ListWithContext(context.Background(), options)
}

// ListWithContext implements cache.ListerWithContext.
func (l *listWatch) ListWithContext(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
	list := &clusterv1alpha1.ClusterList{}
	err := l.requests.Get().Resource(clustersResource).VersionedParams(&options, l.parameters).Do(ctx).Into(list)
	l.done(err)
	if err != nil {
		return nil, err
	}
	return list, nil
}

// Watch implements cache.Watcher.
func (l *listWatch) Watch(options metav1.ListOptions) (watch.Interface, error) {
	return l.WatchWithContext(context.Background(), options)
}

// WatchWithContext implements cache.WatcherWithContext.
func (l *listWatch) WatchWithContext(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
	options.Watch = true
	events, err := l.requests.Get().Resource(clustersResource).VersionedParams(&options, l.parameters).Watch(ctx)
	l.done(err)
	return events, err
}

// IsWatchListSemanticsUnSupported keeps reflectors from asking for a list by a watch, which aggregated API servers may not know:
// such an answer would look like a failure.
func (l *listWatch) IsWatchListSemanticsUnSupported() bool { return true }
