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

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"

	clusterv1alpha1 "github.com/karmada-io/karmada/pkg/apis/cluster/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"

	"github.com/karmada-io/image-trust/internal/text"
)

const (
	// maxMemberBytes bounds what is read of one member of a fleet: about 80,000 pods.
	maxMemberBytes = 512 << 20
	// maxMessageBytes bounds the message of an error of a member.
	maxMessageBytes = 1024
)

// memberConfig returns the configuration of a client for a member of a fleet, which the API server of the control plane reaches
// for its user: https://karmada.io/docs/userguide/globalview/aggregated-api-endpoint.
func memberConfig(controlPlane *rest.Config, cluster string) (*rest.Config, error) {
	if problems := validation.IsDNS1123Subdomain(cluster); len(problems) > 0 {
		return nil, fmt.Errorf("%q cannot be the name of a cluster: %s", cluster, problems[0])
	}
	base, _, err := rest.DefaultServerUrlFor(controlPlane)
	if err != nil {
		return nil, err
	}
	config := rest.CopyConfig(controlPlane)
	config.Host = base.JoinPath(
		"apis", clusterv1alpha1.GroupName, clusterv1alpha1.GroupVersion.Version, clusterv1alpha1.ResourcePluralCluster, cluster, "proxy",
	).String()
	return config, nil
}

// guarded makes the clients of a configuration give up for good, by a call of giveUp, once what they read exceeds a number of
// bytes, when they may not read something, or when they are sent elsewhere. The watches of an inventory would repeat such a request
// until their time is over.
func guarded(config *rest.Config, limit int64, giveUp context.CancelCauseFunc) *rest.Config {
	config = rest.CopyConfig(config)
	g := &guard{giveUp: giveUp, limit: limit}
	g.left.Store(limit)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			response, err := next.RoundTrip(r)
			if err != nil {
				return nil, err
			}
			if response.Header.Get("Location") != "" && response.StatusCode >= 300 && response.StatusCode < 400 {
				// A member answers through the control plane. Following it would send the user's credentials where it wants.
				_ = response.Body.Close()
				err := fmt.Errorf("it redirects (%s), which is not followed", response.Status)
				giveUp(err)
				return nil, err
			}
			response.Body = &guardedBody{ReadCloser: response.Body, guard: g}
			if code := response.StatusCode; code == http.StatusForbidden || code == http.StatusUnauthorized {
				g.forbidden(response)
			}
			return response, nil
		})
	})
	return config
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// guard counts what several clients read.
type guard struct {
	giveUp context.CancelCauseFunc
	limit  int64
	left   atomic.Int64
}

// forbidden gives up because of a response that denies access. The reader of the response gets the same bytes.
func (g *guard) forbidden(response *http.Response) {
	body := response.Body
	start, _ := io.ReadAll(io.LimitReader(body, maxMessageBytes)) // what there is of a message
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(start), body), body}
	message := response.Status
	decoded, _, err := scheme.Codecs.UniversalDeserializer().Decode(start, nil, nil) // JSON or Protobuf
	if status, ok := decoded.(*metav1.Status); err == nil && ok && status.Message != "" {
		message = status.Message
	}
	g.giveUp(errors.New(text.Truncate(message, maxMessageBytes)))
}

// guardedBody is a body of which no more is read than all bodies of the guard may have.
type guardedBody struct {
	io.ReadCloser

	guard *guard
}

func (b *guardedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.guard.left.Add(-int64(n)) < 0 {
		err = fmt.Errorf("its answers exceed %d MiB", b.guard.limit>>20)
		b.guard.giveUp(err)
		return 0, err
	}
	return n, err
}
