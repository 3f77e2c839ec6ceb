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

// Package registry runs a real OCI registry (CNCF Distribution) on loopback and
// lets clients reach it under every public registry's name: a proxy of the
// test's own ends the TLS for whichever host they ask for. Nothing goes outside.
package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/freeport"
	"github.com/karmada-io/image-trust/test/lab/process"
)

// configuration keeps images in memory. Relative URLs work under any name, plain
// or behind the proxy.
const configuration = `version: 0.1
log:
  level: warn
storage:
  inmemory: {}
  delete:
    enabled: true
  maintenance:
    uploadpurging:
      enabled: false
http:
  addr: %s
  relativeurls: true
`

// Registry is a running registry with its proxy.
type Registry struct {
	*Proxy

	port    *freeport.Port
	process *process.Process
}

// Start runs the registry and the proxy. Dir is an existing directory, the
// registry's own, for logs and certificates. The context bounds the start only.
func Start(ctx context.Context, dir string) (*Registry, error) {
	return StartWith(ctx, dir, "")
}

// StartWith is Start with more configuration of the registry, YAML: what it
// asks of clients, such as auth.
func StartWith(ctx context.Context, dir, more string) (*Registry, error) {
	r := &Registry{}
	if err := r.start(ctx, dir, more); err != nil {
		return nil, errors.Join(err, r.Stop())
	}
	return r, nil
}

func (r *Registry) start(ctx context.Context, dir, more string) error {
	path, err := binaries.Find(binaries.Registry)
	if err != nil {
		return err
	}
	if r.port, err = freeport.Reserve(); err != nil {
		return err
	}
	config := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(config, append(fmt.Appendf(nil, configuration, r.port.Address()), more...), 0o600); err != nil {
		return fmt.Errorf("write the registry's configuration: %w", err)
	}
	r.process, err = process.Start(ctx, process.Command{
		Name:    binaries.Registry,
		Path:    path,
		Args:    []string{"serve", config},
		Env:     []string{"HOME=" + dir, "OTEL_TRACES_EXPORTER=none"},
		LogFile: filepath.Join(dir, "registry.log"),
		Ready:   process.Answers(http.DefaultClient, "http://"+r.port.Address()+"/"),
	})
	if err != nil {
		return err
	}
	r.Proxy, err = startProxy(ctx, r.Address(), dir)
	return err
}

// Address is the registry's own host and port, which speaks plain HTTP. An
// image pushed here is found under the same repository of every host name, and
// the other way round.
func (r *Registry) Address() string { return r.port.Address() }

// Process is the running registry program.
func (r *Registry) Process() *process.Process { return r.process }

// Stop ends the proxy and the registry, whose images are lost. The error reports
// that the registry had ended by itself before.
func (r *Registry) Stop() error {
	var errs []error
	if r.Proxy != nil {
		errs = append(errs, r.close())
	}
	if r.process != nil {
		errs = append(errs, r.process.Stop())
	}
	if r.port != nil {
		errs = append(errs, r.port.Release())
	}
	r.Proxy, r.process, r.port = nil, nil, nil
	return errors.Join(errs...)
}
