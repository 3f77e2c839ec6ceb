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

package documents

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
)

// chart is a chart of a name and a version with one template. The real ones can't be had here: what they install is in the cluster already, and
// what they render is an example.
type chart struct{ name, version, template string }

const (
	emptyTemplate     = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n"
	schedulerTemplate = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-scheduler
spec:
  selector:
    matchLabels: {app: scheduler}
  template:
    metadata:
      labels: {app: scheduler}
    spec:
      containers:
      - name: scheduler
        image: docker.io/karmada/karmada-scheduler:v{{ .Chart.Version }}
`
)

// newChartRepository serves charts below a path.
func newChartRepository(at string, charts ...chart) (http.Handler, error) {
	served := map[string][]byte{}
	index := "apiVersion: v1\nentries:\n"
	for _, c := range charts {
		archive, err := c.archive()
		if err != nil {
			return nil, err
		}
		file := c.name + "-" + c.version + ".tgz"
		index += fmt.Sprintf("  %s:\n  - {apiVersion: v2, name: %s, version: %s, digest: %x, created: %q, urls: [%s]}\n",
			c.name, c.name, c.version, sha256.Sum256(archive), time.Now().UTC().Format(time.RFC3339), file)
		served[at+file] = archive
	}
	served[at+"index.yaml"] = []byte(index)
	return files(served), nil
}

// archive is the packed chart.
func (c chart) archive() ([]byte, error) {
	content := map[string]string{
		"Chart.yaml":             fmt.Sprintf("apiVersion: v2\nname: %s\nversion: %s\n", c.name, c.version),
		"templates/example.yaml": c.template,
	}
	var out bytes.Buffer
	compressed := gzip.NewWriter(&out)
	archive := tar.NewWriter(compressed)
	for _, path := range slices.Sorted(maps.Keys(content)) {
		header := &tar.Header{Name: c.name + "/" + path, Mode: 0o644, Size: int64(len(content[path]))}
		if err := archive.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := archive.Write([]byte(content[path])); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	if err := compressed.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
