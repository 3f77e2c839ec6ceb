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

// Package feed keeps an inventory up to date with an API server. It lists and watches every watched kind of workload,
// and drops all of an object but what the inventory needs as soon as it arrives.
package feed

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/workload"
)

// Feed keeps an inventory up to date.
type Feed struct {
	clients map[schema.GroupVersion]cache.Getter
	index   *inventory.Index
}

// New returns a Feed of the index. It sends no request before Start.
func New(config *rest.Config, index *inventory.Index) (*Feed, error) {
	config = rest.CopyConfig(config)
	config.ContentType = runtime.ContentTypeProtobuf
	config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	if config.UserAgent == "" {
		config.UserAgent = rest.DefaultKubernetesUserAgent()
	}
	transport, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("creating the client that watches workloads: %w", err)
	}
	f := &Feed{clients: map[schema.GroupVersion]cache.Getter{}, index: index}
	for _, kind := range workload.Watched() {
		version := kind.GroupVersion()
		if f.clients[version] != nil {
			continue
		}
		if f.clients[version], err = newClient(*config, version, transport); err != nil {
			return nil, fmt.Errorf("creating the client that watches workloads of %s: %w", version, err)
		}
	}
	return f, nil
}

func newClient(config rest.Config, version schema.GroupVersion, transport *http.Client) (cache.Getter, error) {
	config.GroupVersion = &version
	config.APIPath = "/apis"
	if version.Group == "" {
		config.APIPath = "/api"
	}
	config.NegotiatedSerializer = rest.CodecFactoryForGeneratedClient(scheme.Scheme, scheme.Codecs).WithoutConversion()
	return rest.RESTClientForConfigAndClient(&config, transport)
}

// Start lists and watches until the context ends. It returns nil. Requests that fail are repeated with backoff, and
// logged by client-go's reflectors.
func (f *Feed) Start(ctx context.Context) error {
	var reflectors sync.WaitGroup
	for _, kind := range workload.Watched() {
		store := &store{kind: kind.GroupKind(), index: f.index}
		requests := cache.NewListWatchFromClient(f.clients[kind.GroupVersion()], kind.Resource, metav1.NamespaceAll, fields.Everything())
		requests.ListWithContextFunc = store.inPages(requests.ListWithContextFunc)
		reflector := cache.NewReflectorWithOptions(requests, kind.New(), store, cache.ReflectorOptions{Name: "inventory/" + kind.Resource})
		reflectors.Go(func() { reflector.RunWithContext(ctx) })
	}
	reflectors.Wait()
	return nil
}
