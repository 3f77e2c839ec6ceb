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

// Package programs measures the programs themselves: their sizes, what is linked into them, and how long the manager takes until it is
// ready.
package programs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/karmada-io/image-trust/test/bench/measure"
	"github.com/karmada-io/image-trust/test/lab"
	"github.com/karmada-io/image-trust/test/lab/binaries"
)

// starts is how often the manager is started.
const starts = 15

// commands are the programs by what their figures call them.
func commands() map[string]string {
	return map[string]string{"manager": "manager", "plugin": "kubectl-imagetrust"}
}

// Group measures what make build builds.
func Group() measure.Group {
	return measure.Group{
		Name: "programs",
		Method: fmt.Sprintf("The programs as `make build` builds them, stripped. The manager starts %d times with the arguments, the account "+
			"and the leader election of its Deployment, on a real API server and a local mirror of TUF, until its probes say that it is "+
			"ready and leads; the median.",
			starts),
		Figures: []measure.Figure{
			measure.Published("binary_size_manager", "MiB", "size of the manager"),
			measure.Published("binary_size_plugin", "MiB", "size of the kubectl plugin"),
			measure.Published("packages_manager", "", "Go packages that are linked into the manager, none of them of a cloud's SDK"),
			measure.Published("packages_plugin", "", "Go packages that are linked into the kubectl plugin, none of them of a cloud's SDK"),
			measure.Published("start_to_ready", "ms", "time from the start of the manager until it is ready"),
		},
		Run: run,
	}
}

func run(r *measure.Run) (err error) {
	dir, err := os.MkdirTemp("", "image-trust-programs-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	r.Step("building the programs")
	if err := binaries.BuildStripped(r, dir, "./cmd/manager", "./cmd/kubectl-imagetrust"); err != nil {
		return err
	}
	for name, command := range commands() {
		info, err := os.Stat(filepath.Join(dir, command))
		if err != nil {
			return err
		}
		const mebibyte = 1 << 20
		r.Figure("binary_size_"+name, float64(info.Size())/mebibyte)
		linked, err := packages(r, command)
		if err != nil {
			return err
		}
		if found := cloudSDKs(linked); len(found) > 0 {
			return fmt.Errorf("the SDK of a cloud is linked into the %s: %s", name, strings.Join(found, ", "))
		}
		r.Figure("packages_"+name, float64(len(linked)))
	}
	return startToReady(r, filepath.Join(dir, "manager"))
}

// startToReady starts and stops the manager again and again.
func startToReady(r *measure.Run, manager string) (err error) {
	r.Step("starting an API server")
	l, err := lab.Start(r, lab.Options{WithoutPolicyController: true, Progress: r.Progress()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Stop()) }()
	l.UseProgram("manager", manager)
	// The first start installs what the manager needs.
	if err := errors.Join(l.StartOperator(r), l.StopOperator()); err != nil {
		return err
	}
	r.Step("starting the manager %d times", starts)
	taken := make([]float64, 0, starts)
	for range starts {
		began := time.Now()
		if err := l.StartOperator(r); err != nil {
			return err
		}
		taken = append(taken, float64(time.Since(began).Microseconds())/1000)
		if err := l.StopOperator(); err != nil {
			return err
		}
	}
	r.Figure("start_to_ready", measure.Median(taken))
	return nil
}

// packages returns the packages that are linked into a command.
func packages(ctx context.Context, command string) ([]string, error) {
	root, err := binaries.Root()
	if err != nil {
		return nil, err
	}
	list := exec.CommandContext(ctx, "go", "list", "-deps", "./cmd/"+command)
	list.Dir = root
	output, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("listing the packages of %s: %w", command, err)
	}
	return strings.Fields(string(output)), nil
}

// cloudSDKs returns the packages that are of the SDK of a cloud, or of a client of one. Credentials for the registries of clouds come
// from credential providers, which are programs of their own.
func cloudSDKs(packages []string) []string {
	sdks := []string{
		"cloud.google.com/go/", "google.golang.org/api/", "github.com/GoogleCloudPlatform/",
		"github.com/aws/", "github.com/awslabs/", "github.com/Azure/", "github.com/AzureAD/", "github.com/aliyun/", "github.com/alibabacloud-go/",
		"github.com/AliyunContainerService/", "github.com/huaweicloud/", "github.com/tencentcloud/", "github.com/volcengine/",
		"github.com/oracle/", "github.com/IBM/", "github.com/digitalocean/", "github.com/hashicorp/vault/", "k8s.io/cloud-provider",
		"github.com/chrismellard/docker-credential-acr-env/",
	}
	var found []string
	for _, one := range packages {
		for _, sdk := range sdks {
			if strings.HasPrefix(one+"/", sdk) {
				found = append(found, one)
			}
		}
	}
	return found
}
