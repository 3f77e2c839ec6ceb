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
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/controlplane"
	"github.com/karmada-io/image-trust/test/lab/process"
)

// managerAgent begins the user agents of the manager: the name of its program.
const managerAgent = "manager/"

// writes counts what the manager has written since a time, by resource, besides the lease and the event that says who has it. It
// includes other events, and what was refused.
func (w *world) writes(since time.Time) (map[string]int, error) {
	requests, err := w.Requests(since)
	if err != nil {
		return nil, err
	}
	writes := map[string]int{}
	for i := range requests {
		r := &requests[i]
		if r.IsWrite() && strings.HasPrefix(r.UserAgent, managerAgent) && !aboutLease(r) {
			writes[resourceOf(r)]++
		}
	}
	return writes, nil
}

func aboutLease(r *controlplane.Request) bool {
	return r.Resource == "leases" || r.Resource == "events" && strings.HasPrefix(r.Name, v1alpha1.OperatorName+".")
}

func resourceOf(r *controlplane.Request) string {
	if r.Subresource == "" {
		return r.Resource
	}
	return r.Resource + "/" + r.Subresource
}

func sum(writes map[string]int) int {
	total := 0
	for _, n := range writes {
		total += n
	}
	return total
}

// settledWrites counts what the manager has written since a time, once it has written nothing for a while.
func (w *world) settledWrites(since time.Time) (map[string]int, error) {
	var counted map[string]int
	last := time.Now()
	err := w.await("nothing is written any more", func(context.Context) error {
		now, err := w.writes(since)
		if err != nil {
			return err
		}
		if sum(now) != sum(counted) {
			counted, last = now, time.Now()
		}
		if time.Since(last) < quiet {
			return errors.New("the manager writes")
		}
		return nil
	})
	w.run.Step("the manager wrote %v", counted)
	return counted, err
}

// awaitReady waits until a manager leads, and is ready.
func (w *world) awaitReady(m *manager) error {
	return w.await("the manager is ready", func(ctx context.Context) error {
		if err := process.Answers(http.DefaultClient, m.url+"/readyz?exclude=trust-root")(ctx); err != nil {
			return fmt.Errorf("it is not ready: %w", err)
		}
		return nil
	})
}
