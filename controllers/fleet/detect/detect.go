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

// Package detect tells a Karmada control plane from a cluster.
package detect

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
)

const (
	// checkInterval is how often it is checked that the API server is still what it was: three small requests.
	checkInterval = time.Minute
	// requestTimeout bounds the time for one of these requests.
	requestTimeout = 15 * time.Second
)

// ErrChanged means that the API server has become, or is no longer, a Karmada control plane.
var ErrChanged = errors.New("the operator has to start again")

// groups are the API groups that a Karmada control plane serves, and that no member of a fleet does.
func groups() []string { return []string{"work.karmada.io", "policy.karmada.io", "cluster.karmada.io"} }

// Server is an API server that is asked which groups it serves.
type Server struct {
	Client rest.Interface
}

// ControlPlane returns the first of Karmada's API groups that the API server serves, or nothing if it serves none. It asks for
// each group alone, which the API server answers itself: discovery of everything fails in part while any aggregated API server is
// down, such as Karmada's own. Only the answer that a group does not exist counts as such, so that a failure is never taken for
// an ordinary cluster.
func (s Server) ControlPlane(ctx context.Context) (string, error) {
	var failed error
	for _, group := range groups() {
		err := s.Client.Get().AbsPath("/apis/" + group).Timeout(requestTimeout).Do(ctx).Error()
		switch {
		case err == nil:
			return group, nil
		case !apierrors.IsNotFound(err):
			failed = errors.Join(failed, fmt.Errorf("asking for the API group %s: %w", group, err))
		}
	}
	return "", failed
}

// Watcher ends the operator when the API server has become, or is no longer, a Karmada control plane: what runs differs too
// much to be exchanged in a running process.
type Watcher struct {
	Server
	// WasControlPlane is what was found when the operator started.
	WasControlPlane bool
	Log             logr.Logger
	// Interval between checks; a minute if it is zero.
	Interval time.Duration
}

// Start checks until the context ends. It returns ErrChanged after two equal findings in a row, since one of several API
// servers may know of a new API later than the others.
func (w Watcher) Start(ctx context.Context) error {
	interval := w.Interval
	if interval == 0 {
		interval = checkInterval
	}
	different := 0
	err := wait.PollUntilContextCancel(ctx, interval, false, func(ctx context.Context) (bool, error) {
		group, err := w.ControlPlane(ctx)
		switch {
		case err != nil:
			w.Log.V(1).Info("It is not known whether the API server still is what it was", "error", err.Error())
		case (group != "") == w.WasControlPlane:
			different = 0
		default:
			different++
		}
		if different < 2 {
			return false, nil
		}
		if w.WasControlPlane {
			return false, fmt.Errorf("the API server serves none of %s any more: %w", strings.Join(groups(), ", "), ErrChanged)
		}
		return false, fmt.Errorf("the API server now serves %s, as a Karmada control plane does: %w", group, ErrChanged)
	})
	if ctx.Err() != nil {
		return nil //nolint:nilerr // the operator was stopped
	}
	return err
}

// NeedLeaderElection implements manager.LeaderElectionRunnable: every replica must run what the API server needs.
func (Watcher) NeedLeaderElection() bool { return false }
