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
	"os"

	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/process"
)

const serviceAccountIssuer = "https://kubernetes.default.svc"

// auditPolicy records who did what, without bodies, once a request is over. The
// API server's requests to itself say nothing about its clients.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules:
- level: None
  users: ["system:apiserver"]
- level: Metadata
`

func (c *Cluster) startAPIServer(ctx context.Context, extraArgs []string) error {
	path, err := binaries.Find(binaries.KubeAPIServer)
	if err != nil {
		return err
	}
	port, err := c.ReservePort()
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.file("audit-policy.yaml"), []byte(auditPolicy), 0o600); err != nil {
		return fmt.Errorf("write the audit policy: %w", err)
	}
	c.server = "https://" + port.Address()
	args := []string{
		"--etcd-servers=" + c.etcd,
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		"--secure-port=" + port.String(),
		// The API server does not accept a loopback address as the endpoint of its own Service.
		"--endpoint-reconciler-type=none",
		"--service-cluster-ip-range=10.0.0.0/24",
		"--cert-dir=" + c.dir,
		"--tls-cert-file=" + c.credentials.servingCert,
		"--tls-private-key-file=" + c.credentials.servingKey,
		"--token-auth-file=" + c.credentials.tokenFile,
		"--authorization-mode=RBAC",
		"--service-account-issuer=" + serviceAccountIssuer,
		"--service-account-key-file=" + c.credentials.serviceAccountPublicKey,
		"--service-account-signing-key-file=" + c.credentials.serviceAccountKey,
		"--allow-privileged",
		"--profiling=false",
		"--audit-policy-file=" + c.file("audit-policy.yaml"),
		"--audit-log-path=" + c.auditLog(),
		// Rotation would hide requests from who counts them.
		"--audit-log-maxsize=0",
	}
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: c.credentials.authority.Pool(), MinVersion: tls.VersionTLS12},
	}}
	defer client.CloseIdleConnections()
	return c.Run(ctx, process.Command{
		Name:  binaries.KubeAPIServer,
		Path:  path,
		Args:  append(args, extraArgs...),
		Ready: process.Answers(client, c.server+"/readyz"),
	})
}
