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

// Package reportcrds reads the definitions of policy reports, and of the kinds of the Prometheus operator, from the Go modules that hold
// them, which are too large to be requirements of this one.
package reportcrds

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/test/lab/manifest"
)

// Definition is where the definition of a kind stands.
type Definition struct {
	module, sum, path string
}

// PolicyReport is that of the Kubernetes policy working group.
func PolicyReport() Definition {
	return Definition{
		module: "github.com/kyverno/kyverno@v1.19.1", sum: "h1:/MkgFii3/VlQfKR1JpC9tVwNNVNQTt2S4U6qCsafsTU=",
		path: "config/crds/policyreport/wgpolicyk8s.io_policyreports.yaml",
	}
}

// Report is that of OpenReports.
func Report() Definition {
	return Definition{
		module: "github.com/openreports/reports-api@v0.2.1", sum: "h1:g9KS3yle9Y1elmww4TK9EkD1rl6inIaiIJPX6e+u680=",
		path: "config/crd/openreports.io_reports.yaml",
	}
}

// Monitoring are the definitions of the kinds of the Prometheus operator that config/prometheus uses.
func Monitoring() []Definition {
	var all []Definition
	for _, kind := range []string{"servicemonitors", "podmonitors", "prometheusrules"} {
		all = append(all, Definition{
			module: "github.com/prometheus-operator/prometheus-operator@v0.92.1", sum: "h1:rHWuFo6SVya4FBSCNg2DCzyc4xAv54zk3eDTzp5mQZc=",
			path: "example/prometheus-operator-crd/monitoring.coreos.com_" + kind + ".yaml",
		})
	}
	return all
}

// Read returns the CustomResourceDefinition. The module's content is checked against its sum.
func (d Definition) Read(ctx context.Context) (*unstructured.Unstructured, error) {
	out, err := exec.CommandContext(ctx, "go", "mod", "download", "-json", d.module).Output()
	if err != nil {
		return nil, fmt.Errorf("fetching %s: %w: %s", d.module, err, out)
	}
	var fetched struct{ Dir, Sum string }
	if err := json.Unmarshal(out, &fetched); err != nil {
		return nil, fmt.Errorf("fetching %s: %w", d.module, err)
	}
	if fetched.Sum != d.sum {
		return nil, fmt.Errorf("%s has the sum %s, want %s", d.module, fetched.Sum, d.sum)
	}
	objects, err := manifest.Read(filepath.Join(fetched.Dir, d.path))
	if err != nil {
		return nil, err
	}
	if len(objects) != 1 {
		return nil, fmt.Errorf("%s of %s holds %d objects, want one", d.path, d.module, len(objects))
	}
	return objects[0], nil
}
