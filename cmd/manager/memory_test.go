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
	"os"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"
)

// conditionMemory is what the process that evaluates conditions takes at most, in addition to the manager in the same container.
const conditionMemory = 256 << 20

// TestMemoryLimit: the garbage collector of the manager works harder before the container reaches its limit.
func TestMemoryLimit(t *testing.T) {
	written, err := os.ReadFile(filepath.Join("..", "..", "config", "manager", "manager.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var deployment appsv1.Deployment
	if err := yaml.UnmarshalStrict(written, &deployment); err != nil {
		t.Fatal(err)
	}
	container := deployment.Spec.Template.Spec.Containers[0]
	limit := container.Resources.Limits.Memory().Value()
	for _, env := range container.Env {
		if env.Name != "GOMEMLIMIT" {
			continue
		}
		soft, err := resource.ParseQuantity(strings.TrimSuffix(env.Value, "B"))
		if err != nil || !strings.HasSuffix(env.Value, "MiB") {
			t.Fatalf("GOMEMLIMIT is %q, which is not a number of MiB: %v", env.Value, err)
		}
		// A tenth is for what the collector does not count, such as the program itself.
		if soft.Value()+conditionMemory > limit || soft.Value() > limit*9/10 {
			t.Errorf("GOMEMLIMIT=%s and a limit of %d bytes leave too little for conditions, which take %d", env.Value, limit, conditionMemory)
		}
		if soft.Value() < 300<<20 {
			t.Errorf("GOMEMLIMIT=%s leaves too little for the manager", env.Value)
		}
		return
	}
	t.Error("the Deployment does not set GOMEMLIMIT")
}
