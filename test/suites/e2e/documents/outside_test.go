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
	"bytes"
	"context"
	"net/http"
	"path"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/test/lab/binaries"
)

// outside is what the commands find in the place of the Internet. They name real hosts, and reach these through the proxy of the lab's registry:
// every host that is not in the table is that registry, whatever it is called.
type outside map[string]http.Handler

func newOutside(ctx context.Context) (outside, error) {
	// A process of this machine stands for the webhook's pods, so a page can only install the release that the cluster has: whichever of the
	// supported ones it asks for, it gets the manifest of that one.
	installed, err := cluster.PolicyController.Manifests(ctx)
	if err != nil {
		return nil, err
	}
	var manifest []byte
	for _, object := range installed {
		encoded, err := yaml.Marshal(object)
		if err != nil {
			return nil, err
		}
		manifest = append(append(manifest, "---\n"...), encoded...)
	}
	releases := map[string][]byte{}
	for _, release := range binaries.PolicyControllerReleases() {
		path := "/sigstore/policy-controller/releases/download/" + release.Version + "/policy-controller-" + release.Version + ".yaml"
		releases[path] = manifest
	}
	sigstoreCharts, err := newChartRepository("/helm-charts/", chart{"policy-controller", "0.10.6", emptyTemplate})
	if err != nil {
		return nil, err
	}
	karmadaCharts, err := newChartRepository("/karmada-io/karmada/master/charts/", chart{"karmada", "1.16.0", schedulerTemplate})
	if err != nil {
		return nil, err
	}
	return outside{
		"github.com":                files(releases),
		"sigstore.github.io":        sigstoreCharts,
		"raw.githubusercontent.com": karmadaCharts,
		// The public good instance is the lab's Sigstore, and a mirror of its repository is what a reader has copied.
		"tuf-repo-cdn.sigstore.dev": http.FileServer(http.Dir(filepath.Dir(cluster.TUFRoot()))),
		"tuf.corp.example.com":      http.FileServer(http.Dir(filepath.Join(tree.root, "tuf"))),
	}, nil
}

func (o outside) wrap(registry http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := strings.Cut(r.Host, ":")
		if handler, ok := o[host]; ok {
			handler.ServeHTTP(w, r)
			return
		}
		registry.ServeHTTP(w, r)
	})
}

// files serves files by their paths.
func files(content map[string][]byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file, ok := content[path.Clean(r.URL.Path)]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = bytes.NewReader(file).WriteTo(w)
	})
}

// environment is what a reader's environment has in the lab: the proxy that leads to the table above, and the lab's Sigstore instead of the public
// good instance.
func environment() []string {
	return append(cluster.Registry.Env(),
		managerLog+"="+filepath.Join(cluster.Dir(), "manager.log"), "CURL_CA_BUNDLE="+cluster.Registry.AuthorityFile(),
		"TUF_MIRROR="+cluster.TUFURL(), "TUF_ROOT_JSON="+cluster.TUFRoot(), "TUF_ROOT="+path.Join(tree.dir, "tuf"),
	)
}
