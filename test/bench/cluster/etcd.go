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

package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/client-go/kubernetes/scheme"
)

// batch is the number of objects of one transaction. etcd accepts up to 128.
const batch = 100

// storage writes workloads where the API server keeps them, as it would: 150,000 pods by requests to the API server take longer than
// everything that is measured. The API server lists and watches them as all others.
type storage struct {
	client http.Client
	url    string
	// rate is the number of objects that are written in a second; 0: as many as possible.
	rate int

	pending []operation
	began   time.Time
	written int
}

type operation struct {
	Put    *put    `json:"requestPut,omitempty"`
	Delete *remove `json:"requestDeleteRange,omitempty"`
}

type put struct {
	Key   []byte `json:"key"`
	Value []byte `json:"value"`
}

type remove struct {
	Key []byte `json:"key"`
}

// object is one of those that storage can write.
type object interface {
	runtime.Object
	GetNamespace() string
	GetName() string
}

// key returns where the API server keeps an object.
func key(o object) []byte {
	kind := "pods"
	switch o.(type) {
	case *appsv1.Deployment:
		kind = "deployments"
	case *appsv1.ReplicaSet:
		kind = "replicasets"
	}
	return []byte("/registry/" + kind + "/" + o.GetNamespace() + "/" + o.GetName())
}

// put writes an object, or replaces it.
func (s *storage) put(ctx context.Context, o object) error {
	version := schema.GroupVersion{Version: "v1"}
	if _, pod := o.(*corev1.Pod); !pod {
		version = appsv1.SchemeGroupVersion
	}
	var value bytes.Buffer
	serializer := protobuf.NewSerializer(scheme.Scheme, scheme.Scheme)
	if err := scheme.Codecs.EncoderForVersion(serializer, version).Encode(o, &value); err != nil {
		return fmt.Errorf("encoding %s: %w", o.GetName(), err)
	}
	return s.add(ctx, operation{Put: &put{Key: key(o), Value: value.Bytes()}})
}

// remove removes an object.
func (s *storage) remove(ctx context.Context, o object) error {
	return s.add(ctx, operation{Delete: &remove{Key: key(o)}})
}

func (s *storage) add(ctx context.Context, o operation) error {
	s.pending = append(s.pending, o)
	if len(s.pending) < batch {
		return nil
	}
	return s.flush(ctx)
}

// flush writes what has not been written yet.
func (s *storage) flush(ctx context.Context) error {
	if len(s.pending) == 0 {
		return nil
	}
	if s.written == 0 {
		s.began = time.Now()
	}
	body, err := json.Marshal(map[string]any{"success": s.pending})
	if err != nil {
		return err
	}
	s.written += len(s.pending)
	s.pending = s.pending[:0]
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/v3/kv/txn", bytes.NewReader(body))
	if err != nil {
		return err
	}
	response, err := s.client.Do(request)
	if err != nil {
		return fmt.Errorf("writing to etcd: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return fmt.Errorf("writing to etcd: %s: %s: %w", response.Status, answer, err)
	}
	if s.rate > 0 {
		return pause(ctx, time.Until(s.began.Add(time.Duration(s.written)*time.Second/time.Duration(s.rate))))
	}
	return nil
}

// pause waits for a time.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
