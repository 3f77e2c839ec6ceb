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

package labtest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	coordinationv1 "k8s.io/api/coordination/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// MustStartOperator starts the operator again after it was stopped or killed.
func (l *Lab) MustStartOperator(t *testing.T) {
	t.Helper()
	if err := l.StartOperator(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// MustStopOperator stops the operator as Kubernetes would.
func (l *Lab) MustStopOperator(t *testing.T) {
	t.Helper()
	if err := l.StopOperator(); err != nil {
		t.Fatal(err)
	}
}

// MustKillOperator kills the operator as a failing node would. It keeps its lease: see DeleteLease.
func (l *Lab) MustKillOperator(t *testing.T) {
	t.Helper()
	if err := l.KillOperator(); err != nil {
		t.Fatal(err)
	}
}

// DeleteLease deletes the lease of a killed operator, so that the next one does not wait for it to expire.
func (l *Lab) DeleteLease(t *testing.T) {
	t.Helper()
	err := l.Client.DeleteAllOf(t.Context(), &coordinationv1.Lease{}, client.InNamespace(l.OperatorAccount().Namespace))
	if err != nil {
		t.Fatal(err)
	}
}

// RestartOperator restarts the operator with further arguments. After the test the operator runs
// without them again.
func (l *Lab) RestartOperator(t *testing.T, args ...string) {
	t.Helper()
	l.MustStopOperator(t)
	// Whatever the test does, the next one finds the operator with its usual arguments.
	t.Cleanup(func() {
		if err := l.StopOperator(); err != nil {
			t.Error(err)
		}
		if err := l.StartOperator(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	if err := l.StartOperator(t.Context(), args...); err != nil {
		t.Fatal(err)
	}
}

// RestartOperatorWithTUF restarts the operator with another TUF repository for the default root of trust
// and an empty TUF cache, until the test ends. The directory holds root.json; serve answers for the mirror.
func (l *Lab) RestartOperatorWithTUF(t *testing.T, dir string, serve http.Handler) {
	t.Helper()
	server := httptest.NewServer(serve)
	t.Cleanup(server.Close)
	l.RestartOperator(t, "--tuf-mirror="+server.URL, "--tuf-root="+filepath.Join(dir, "root.json"), "--tuf-cache=")
}
