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
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"

	"github.com/karmada-io/image-trust/test/lab/privateca"
)

// credentials are the keys and tokens of one control plane, made for it.
type credentials struct {
	authority     *privateca.Authority
	authorityFile string

	servingCert, servingKey string // files

	serviceAccountKey, serviceAccountPublicKey string // files

	tokenFile              string
	adminToken             string
	controllerManagerToken string
}

func newCredentials(dir string) (*credentials, error) {
	authority, err := privateca.New("control plane")
	if err != nil {
		return nil, err
	}
	c := &credentials{
		authority:               authority,
		authorityFile:           filepath.Join(dir, "ca.crt"),
		servingCert:             filepath.Join(dir, "serving.crt"),
		servingKey:              filepath.Join(dir, "serving.key"),
		serviceAccountKey:       filepath.Join(dir, "service-account.key"),
		serviceAccountPublicKey: filepath.Join(dir, "service-account.pub"),
		tokenFile:               filepath.Join(dir, "tokens.csv"),
		adminToken:              rand.Text(),
		controllerManagerToken:  rand.Text(),
	}
	if err := os.WriteFile(c.authorityFile, authority.PEM(), 0o600); err != nil {
		return nil, fmt.Errorf("write the authority's certificate: %w", err)
	}
	if err := authority.WriteKeyPair(c.servingCert, c.servingKey, "localhost", "127.0.0.1", "kubernetes.default.svc"); err != nil {
		return nil, err
	}
	if err := c.writeServiceAccountKeys(); err != nil {
		return nil, err
	}
	// Columns: token, user, user's id, groups.
	tokens := fmt.Sprintf("%s,admin,admin,system:masters\n%s,system:kube-controller-manager,system:kube-controller-manager\n",
		c.adminToken, c.controllerManagerToken)
	if err := os.WriteFile(c.tokenFile, []byte(tokens), 0o600); err != nil {
		return nil, fmt.Errorf("write the tokens: %w", err)
	}
	return c, nil
}

func (c *credentials) writeServiceAccountKeys() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("generate the key for service account tokens: %w", err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return fmt.Errorf("encode the key for service account tokens: %w", err)
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return fmt.Errorf("encode the key for service account tokens: %w", err)
	}
	for path, block := range map[string]*pem.Block{
		c.serviceAccountKey:       {Type: "EC PRIVATE KEY", Bytes: private},
		c.serviceAccountPublicKey: {Type: "PUBLIC KEY", Bytes: public},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			return fmt.Errorf("write the key for service account tokens: %w", err)
		}
	}
	return nil
}

// The front proxy is the API server as the client of aggregated ones: they believe
// what it says about its users, by this certificate.
const (
	frontProxyName = "front-proxy-client"
	frontProxyCA   = "front-proxy-ca.crt"
	frontProxyCert = "front-proxy-client.crt"
	frontProxyKey  = "front-proxy-client.key"
)

func (c *credentials) writeFrontProxy() error {
	// An authority of its own: it must not be trusted to sign for anything else.
	authority, err := privateca.New("front proxy")
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.file(frontProxyCA), authority.PEM(), 0o600); err != nil {
		return fmt.Errorf("write the front proxy's authority: %w", err)
	}
	return authority.WriteClientKeyPair(c.file(frontProxyCert), c.file(frontProxyKey), frontProxyName)
}

// aggregationArgs are those of kube-apiserver, as
// https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/ has them.
func (c *credentials) aggregationArgs() []string {
	return []string{
		// Aggregated API servers look it up, and do not start without it.
		"--client-ca-file=" + c.authorityFile,
		"--proxy-client-cert-file=" + c.file(frontProxyCert),
		"--proxy-client-key-file=" + c.file(frontProxyKey),
		"--requestheader-client-ca-file=" + c.file(frontProxyCA),
		"--requestheader-allowed-names=" + frontProxyName,
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-username-headers=X-Remote-User",
	}
}

// file is in the directory of the other credentials.
func (c *credentials) file(name string) string {
	return filepath.Join(filepath.Dir(c.authorityFile), name)
}
