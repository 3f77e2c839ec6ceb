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
	"net/http"
	"path/filepath"

	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/process"
)

// startEtcd runs a single etcd and returns its URL.
func (c *Cluster) startEtcd(ctx context.Context) (string, error) {
	path, err := binaries.Find(binaries.Etcd)
	if err != nil {
		return "", err
	}
	clients, err := c.ReservePort()
	if err != nil {
		return "", err
	}
	peers, err := c.ReservePort()
	if err != nil {
		return "", err
	}
	clientURL, peerURL := "http://"+clients.Address(), "http://"+peers.Address()
	return clientURL, c.Run(ctx, process.Command{
		Name: binaries.Etcd,
		Path: path,
		Args: []string{
			"--data-dir=" + filepath.Join(c.dir, "etcd"),
			"--listen-client-urls=" + clientURL,
			"--advertise-client-urls=" + clientURL,
			"--listen-peer-urls=" + peerURL,
			"--initial-advertise-peer-urls=" + peerURL,
			"--initial-cluster=default=" + peerURL,
			// The data need not survive the machine, only be fast.
			"--unsafe-no-fsync",
			"--log-level=warn",
		},
		Ready: process.Answers(http.DefaultClient, clientURL+"/readyz"),
	})
}
