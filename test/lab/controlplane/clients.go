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
	"fmt"
	"path/filepath"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// tokenLifetime outlives a demo that is left running.
const tokenLifetime = 30 * 24 * time.Hour

// Context is the name of the one context of a kubeconfig of WriteKubeconfig.
const Context = "image-trust"

// ServiceAccountConfig is a configuration of a client that acts as an existing
// ServiceAccount, by a token that the API server issues for it. In audit logs
// its user is system:serviceaccount:NAMESPACE:NAME.
func (c *Cluster) ServiceAccountConfig(ctx context.Context, namespace, name string) (*rest.Config, error) {
	seconds := int64(tokenLifetime / time.Second)
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds}}
	answer, err := c.client.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, name, request, metav1.CreateOptions{})
	if err != nil {
		return nil, fmt.Errorf("request a token of ServiceAccount %s/%s: %w", namespace, name, err)
	}
	return c.configFor(answer.Status.Token), nil
}

func (c *Cluster) configFor(token string) *rest.Config {
	return &rest.Config{
		Host:            c.server,
		BearerToken:     token,
		TLSClientConfig: rest.TLSClientConfig{CAData: c.credentials.authority.PEM()},
	}
}

func (c *Cluster) file(name string) string { return filepath.Join(c.dir, name) }

// WriteKubeconfig writes the server, its authority and the bearer token of a
// client's configuration as a kubeconfig file.
func WriteKubeconfig(path string, config *rest.Config) error {
	return WriteContexts(path, Context, map[string]*rest.Config{Context: config})
}

// WriteContexts writes a kubeconfig file with a context for each configuration, of
// which one is the current one. See WriteKubeconfig.
func WriteContexts(path, current string, configs map[string]*rest.Config) error {
	kubeconfig := clientcmdapi.NewConfig()
	kubeconfig.CurrentContext = current
	for name, config := range configs {
		kubeconfig.Clusters[name] = &clientcmdapi.Cluster{Server: config.Host, CertificateAuthorityData: config.CAData}
		kubeconfig.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: config.BearerToken}
		kubeconfig.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	}
	if err := clientcmd.WriteToFile(*kubeconfig, path); err != nil {
		return fmt.Errorf("write the kubeconfig %s: %w", path, err)
	}
	return nil
}
