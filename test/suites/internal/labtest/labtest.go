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

// Package labtest is the shared set-up of the suites that use whole labs: one lab for each suite, or for
// each member of a fleet, with the operator running in it, and helpers that fail the test instead of
// returning an error.
package labtest

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/karmada-io/image-trust/internal/condition/child"
	"github.com/karmada-io/image-trust/test/lab"
	"github.com/karmada-io/image-trust/test/lab/harness"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
)

const (
	// startTimeout includes the wait for another suite's policy-controller to end.
	startTimeout = 30 * time.Minute
	// Namespace is a namespace that has opted in to policy-controller; WaitUntilAllowed and its
	// siblings create pods in it.
	Namespace = "workloads"
	// OptInLabel is the label by which a namespace opts in, with the value "true".
	OptInLabel = "policy.sigstore.dev/include"
)

// Lab is a running lab.Lab with the operator in it.
type Lab struct {
	*lab.Lab

	middlewares middlewares
	plugin      func() (string, error)
}

// Main is a suite's TestMain: it starts a lab, hands it to use, runs the tests, and ends the process
// with their result. The options say what differs from the default lab.
func Main(m *testing.M, use func(*Lab), options ...func(*lab.Options)) {
	if child.Requested(os.Args) {
		os.Exit(child.Serve(os.Stdin, os.Stdout))
	}
	logf.SetLogger(logr.Discard())
	o := lab.Options{Progress: os.Stderr}
	for _, option := range options {
		option(&o)
	}
	os.Exit(run(m, use, o))
}

func run(m *testing.M, use func(*Lab), options lab.Options) int {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	started, err := lab.Start(ctx, options)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return harness.RunOn(started, func() int {
		l := New(started)
		l.Registry.SetHandler(l.middlewares.wrap)
		if err := l.Prepare(ctx); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		use(l)
		return m.Run()
	})
}

// New adds what tests need to a lab that runs. Intercept works with labs that Main started only.
func New(started *lab.Lab) *Lab {
	return &Lab{
		Lab:    started,
		plugin: sync.OnceValues(func() (string, error) { return started.Build(context.Background(), "kubectl-imagetrust") }),
	}
}

// Prepare starts the operator and creates Namespace.
func (l *Lab) Prepare(ctx context.Context) error {
	if err := l.StartOperator(ctx); err != nil {
		return err
	}
	optedIn := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: Namespace, Labels: map[string]string{OptInLabel: "true"}}}
	if err := l.Client.Create(ctx, optedIn); err != nil {
		return err
	}
	return l.waitForServiceAccount(ctx, Namespace)
}

// CreateNamespace creates a namespace with these labels for as long as the test lasts, waits until pods
// can be created in it, and returns its name.
func (l *Lab) CreateNamespace(t *testing.T, name string, labels map[string]string) string {
	t.Helper()
	l.Create(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}})
	waitfor.NoError(t, func(ctx context.Context) error { return l.getServiceAccount(ctx, name) })
	return name
}

// waitForServiceAccount waits for the ServiceAccount that pods need: it is created a moment after the namespace.
func (l *Lab) waitForServiceAccount(ctx context.Context, namespace string) error {
	ctx, cancel := context.WithTimeout(ctx, waitfor.Timeout)
	defer cancel()
	return waitfor.Success(ctx, func(ctx context.Context) error { return l.getServiceAccount(ctx, namespace) })
}

func (l *Lab) getServiceAccount(ctx context.Context, namespace string) error {
	return l.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "default"}, &corev1.ServiceAccount{})
}

// Intercept puts a middleware between all clients and one repository of the registry, until the test
// ends or remove is called.
func (l *Lab) Intercept(t *testing.T, repository string, middleware Middleware) (remove func()) {
	t.Helper()
	remove = func() { l.middlewares.byRepository.Delete(repository) }
	l.middlewares.byRepository.Store(repository, middleware)
	t.Cleanup(remove)
	return remove
}

// InterceptHost puts a middleware between all clients and the registry by the name of a host, until the test ends.
func (l *Lab) InterceptHost(t *testing.T, host string, middleware Middleware) {
	t.Helper()
	l.middlewares.byHost.Store(host, middleware)
	t.Cleanup(func() { l.middlewares.byHost.Delete(host) })
}

// RespondWith is the middleware of a registry that answers every request with this HTTP status.
func RespondWith(status int) Middleware {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
	}
}
