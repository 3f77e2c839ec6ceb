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

// Package feed tells an inventory what the API server says, and keeps nothing of its own: of each object only what the
// inventory needs survives its arrival.
package feed

import (
	"context"
	"fmt"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"github.com/karmada-io/image-trust/internal/inventory"
)

// Feed of an inventory.
type Feed struct {
	client kubernetes.Interface
	index  *inventory.Index
}

// New returns a Feed that works once Start is called.
func New(config *rest.Config, index *inventory.Index) (*Feed, error) {
	config = rest.CopyConfig(config)
	config.ContentType = runtime.ContentTypeProtobuf
	config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("creating the client that watches workloads: %w", err)
	}
	return &Feed{client: client, index: index}, nil
}

// Start lists and watches until the context ends. What cannot be listed is tried again, and logged as reflectors do.
func (f *Feed) Start(ctx context.Context) error {
	apps, batch := f.client.AppsV1().RESTClient(), f.client.BatchV1().RESTClient()
	var reflectors sync.WaitGroup
	for _, source := range []struct {
		client   cache.Getter
		resource string
		object   runtime.Object
		kind     string
	}{
		{f.client.CoreV1().RESTClient(), "pods", &corev1.Pod{}, "Pod"},
		{apps, "deployments", &appsv1.Deployment{}, "Deployment"},
		{apps, "replicasets", &appsv1.ReplicaSet{}, "ReplicaSet"},
		{apps, "statefulsets", &appsv1.StatefulSet{}, "StatefulSet"},
		{apps, "daemonsets", &appsv1.DaemonSet{}, "DaemonSet"},
		{batch, "jobs", &batchv1.Job{}, "Job"},
		{batch, "cronjobs", &batchv1.CronJob{}, "CronJob"},
	} {
		reflector := cache.NewReflectorWithOptions(
			cache.NewListWatchFromClient(source.client, source.resource, metav1.NamespaceAll, fields.Everything()),
			source.object, &store{kind: source.kind, index: f.index},
			cache.ReflectorOptions{Name: "inventory/" + source.resource},
		)
		reflectors.Go(func() { reflector.RunWithContext(ctx) })
	}
	reflectors.Wait()
	return nil
}
