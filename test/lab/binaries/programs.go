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

// Package binaries builds the programs of the test environment from source and
// finds them. Their versions are pinned by the tool modules in hack/controlplane.
package binaries

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
)

// The programs' names.
const (
	Etcd                  = "etcd"
	KubeAPIServer         = "kube-apiserver"
	KubeControllerManager = "kube-controller-manager"
	Kubectl               = "kubectl"
	PolicyController      = "policy-controller"
	PolicyTester          = "policy-tester"
	Registry              = "registry"
	Cosign                = "cosign"
	CosignV3              = "cosign-v3"
	Helm                  = "helm"

	KarmadaAggregatedAPIServer = "karmada-aggregated-apiserver"
	KarmadaControllerManager   = "karmada-controller-manager"
	KarmadaScheduler           = "karmada-scheduler"
	KarmadaWebhook             = "karmada-webhook"
	Karmadactl                 = "karmadactl"

	Prometheus = "prometheus"
	Promtool   = "promtool"
)

// policyControllerModule is the module of the programs that a PolicyControllerRelease names.
const policyControllerModule = "github.com/sigstore/policy-controller"

// PolicyControllerRelease names the programs of one release of policy-controller.
type PolicyControllerRelease struct {
	// Version is the release's, v1.2.3, as its tool module pins it.
	Version string
	// Webhook and Tester are the names of the programs.
	Webhook, Tester string
	// toolModule is the directory below hack/controlplane.
	toolModule string
}

// PolicyControllerReleases are the releases that are built, in the order of
// their versions. Adding one here, with its tool module, is all that it takes.
func PolicyControllerReleases() []PolicyControllerRelease {
	return []PolicyControllerRelease{
		{Version: "v0.13.1", Webhook: PolicyController + "-v0.13", Tester: PolicyTester + "-v0.13", toolModule: "policy-controller/v0.13"},
		{Version: "v0.14.0", Webhook: PolicyController, Tester: PolicyTester, toolModule: "policy-controller"},
		{Version: "v0.15.1", Webhook: PolicyController + "-v0.15", Tester: PolicyTester + "-v0.15", toolModule: "policy-controller/v0.15"},
	}
}

// program is a main package of a module that a tool module pins.
type program struct {
	name string
	// toolModule is the directory below hack/controlplane.
	toolModule string
	// module is the path of the module that has the main package.
	module string
	// mainPackage is relative to module.
	mainPackage string
	// tags of the build, separated by commas.
	tags string
	// ldflags follow -s -w; they may depend on the module's version.
	ldflags func(version string) []string
}

func programs() []program {
	list := []program{
		{name: Etcd, toolModule: "kubernetes", module: "go.etcd.io/etcd/server/v3"},
		kubernetes(KubeAPIServer),
		kubernetes(KubeControllerManager),
		kubernetes(Kubectl),
		{name: Registry, toolModule: "registry", module: "github.com/distribution/distribution/v3", mainPackage: "cmd/registry"},
		{name: Cosign, toolModule: "cosign", module: "github.com/sigstore/cosign/v2", mainPackage: "cmd/cosign"},
		{name: CosignV3, toolModule: "cosign/v3", module: "github.com/sigstore/cosign/v3", mainPackage: "cmd/cosign"},
		{name: Helm, toolModule: "helm", module: "helm.sh/helm/v3", mainPackage: "cmd/helm", ldflags: helmVersion},
		karmada(KarmadaAggregatedAPIServer, "aggregated-apiserver"),
		karmada(KarmadaControllerManager, "controller-manager"),
		karmada(KarmadaScheduler, "scheduler"),
		karmada(KarmadaWebhook, "webhook"),
		karmada(Karmadactl, "karmadactl"),
		prometheus(Prometheus),
		prometheus(Promtool),
	}
	for _, release := range PolicyControllerReleases() {
		list = append(list,
			program{name: release.Webhook, toolModule: release.toolModule, module: policyControllerModule, mainPackage: "cmd/webhook"},
			program{name: release.Tester, toolModule: release.toolModule, module: policyControllerModule, mainPackage: "cmd/tester"})
	}
	return list
}

func kubernetes(name string) program {
	return program{
		name: name, toolModule: "kubernetes", module: "k8s.io/kubernetes",
		mainPackage: "cmd/" + name, ldflags: kubernetesVersion,
	}
}

func karmada(name, command string) program {
	return program{
		name: name, toolModule: "karmada", module: "github.com/karmada-io/karmada",
		mainPackage: "cmd/" + command, ldflags: karmadaVersion,
	}
}

// prometheus builds without service discovery other than static, which takes the SDKs of all clouds.
func prometheus(name string) program {
	return program{
		name: name, toolModule: "prometheus", module: "github.com/prometheus/prometheus", mainPackage: "cmd/" + name,
		tags: "remove_all_sd",
	}
}

// karmadaVersion stamps the version that Karmada's programs report.
func karmadaVersion(version string) []string {
	const variable = "github.com/karmada-io/karmada/pkg/version."
	return []string{"-X", variable + "gitVersion=" + version, "-X", variable + "gitTreeState=clean"}
}

// helmVersion stamps the version that Helm reports, and that of Kubernetes which it assumes without a cluster: that of its
// libraries, as Helm's own Makefile does. Without it charts for newer versions than 1.20 are not rendered.
func helmVersion(version string) []string {
	list := []string{"-X", "helm.sh/helm/v3/internal/version.version=" + version}
	for _, variable := range []string{"helm.sh/helm/v3/pkg/lint/rules.k8sVersion", "helm.sh/helm/v3/pkg/chartutil.k8sVersion"} {
		list = append(list, "-X", variable+"Major=1", "-X", variable+"Minor=37")
	}
	return list
}

// kubernetesVersion stamps the version that Kubernetes programs report. Without
// it they say v0.0.0-master, which kubectl and policy-controller reject.
func kubernetesVersion(version string) []string {
	const variable = "k8s.io/component-base/version."
	major, minor, _ := strings.Cut(strings.TrimPrefix(semver.MajorMinor(version), "v"), ".")
	return []string{
		"-X", variable + "gitVersion=" + version,
		"-X", variable + "gitMajor=" + major,
		"-X", variable + "gitMinor=" + minor,
		"-X", variable + "gitTreeState=clean",
	}
}

func lookup(name string) (program, error) {
	for _, p := range programs() {
		if p.name == name {
			return p, nil
		}
	}
	return program{}, fmt.Errorf("no program %q in the list of programs to build", name)
}

// packagePath is what go build is given.
func (p program) packagePath() string {
	if p.mainPackage == "" {
		return p.module
	}
	return p.module + "/" + p.mainPackage
}

func (p program) moduleDir(root string) string {
	return filepath.Join(root, "hack", "controlplane", filepath.FromSlash(p.toolModule))
}

// version reads the required version of the program's module.
func (p program) version(root string) (string, error) {
	path := filepath.Join(p.moduleDir(root), "go.mod")
	content, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the version of %s: %w", p.name, err)
	}
	file, err := modfile.ParseLax(path, content, nil)
	if err != nil {
		return "", fmt.Errorf("read the version of %s: %w", p.name, err)
	}
	for _, require := range file.Require {
		if require.Mod.Path == p.module {
			return require.Mod.Version, nil
		}
	}
	return "", fmt.Errorf("%s does not require %s", path, p.module)
}

// Version is the version, v1.2.3, of the module from which the program is built.
func Version(name string) (string, error) {
	p, err := lookup(name)
	if err != nil {
		return "", err
	}
	root, err := Root()
	if err != nil {
		return "", err
	}
	return p.version(root)
}

// SourceDir is the read-only directory of the module from which the program is
// built, in Go's module cache.
func SourceDir(ctx context.Context, name string) (string, error) {
	p, err := lookup(name)
	if err != nil {
		return "", err
	}
	root, err := Root()
	if err != nil {
		return "", err
	}
	// Unlike go list, go mod download also fills an empty cache.
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", p.module)
	cmd.Dir = p.moduleDir(root)
	cmd.Env = append(os.Environ(), "GOWORK=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("find the sources of %s: %w: %s", name, err, stderr.Bytes())
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(output, &module); err != nil {
		return "", fmt.Errorf("find the sources of %s: %w", name, err)
	}
	return module.Dir, nil
}
