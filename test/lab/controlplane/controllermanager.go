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

package controlplane

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/process"
)

const serviceAccountController = "serviceaccount-controller"

// controllers are those that work without nodes. pod-garbage-collector is left
// out on purpose: it would remove pods that a test binds to invented nodes.
func controllers() []string {
	return []string{
		"namespace-controller",
		"garbage-collector-controller",
		serviceAccountController,
		"serviceaccount-token-controller",
		"root-ca-certificate-publisher-controller",
		"clusterrole-aggregation-controller",
		"deployment-controller",
		"replicaset-controller",
		"statefulset-controller",
		"daemonset-controller",
		"job-controller",
		"cronjob-controller",
		"ttl-after-finished-controller",
	}
}

func (c *Cluster) startControllerManager(ctx context.Context, names []string) error {
	if names == nil {
		names = controllers()
	}
	path, err := binaries.Find(binaries.KubeControllerManager)
	if err != nil {
		return err
	}
	port, err := c.ReservePort()
	if err != nil {
		return err
	}
	kubeconfig := c.file("controller-manager.kubeconfig")
	if err := WriteKubeconfig(kubeconfig, c.configFor(c.credentials.controllerManagerToken)); err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{
		// Its certificate is self-signed; nothing secret is exchanged.
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // see above
	}}
	defer client.CloseIdleConnections()
	healthy := process.Answers(client, "https://"+port.Address()+"/healthz")
	return c.Run(ctx, process.Command{
		Name: binaries.KubeControllerManager,
		Path: path,
		Args: []string{
			"--kubeconfig=" + kubeconfig,
			"--bind-address=127.0.0.1",
			"--secure-port=" + port.String(),
			"--cert-dir=" + c.dir,
			"--leader-elect=false",
			"--controllers=" + strings.Join(names, ","),
			// Each controller acts as its own ServiceAccount, as in real clusters:
			// the audit log distinguishes them.
			"--use-service-account-credentials",
			"--service-account-private-key-file=" + c.credentials.serviceAccountKey,
			"--root-ca-file=" + c.credentials.authorityFile,
		},
		Ready: func(ctx context.Context) error {
			if err := healthy(ctx); err != nil {
				return err
			}
			if !slices.Contains(names, serviceAccountController) {
				return nil
			}
			// Pods need this ServiceAccount, and it proves that controllers run.
			if _, err := c.client.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{}); err != nil {
				return fmt.Errorf("no controller at work yet: %w", err)
			}
			return nil
		},
	})
}
