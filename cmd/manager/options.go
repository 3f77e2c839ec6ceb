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

package main

import (
	"errors"
	"flag"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client/config"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/karmada-io/image-trust/internal/verify/pool"
)

// options of the manager, as its flags give them.
type options struct {
	metricsAddress string
	probeAddress   string

	leaderElect     bool
	leaderNamespace string

	trustedRoot string
	tufMirror   string
	tufRoot     string
	tufCache    string

	policyWebhook string
	policyReports bool

	registryCA       string
	insecure         []string
	secretsNamespace string

	workers int
	log     zap.Options
	version bool
}

func parseOptions(program string, args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet(program, flag.ContinueOnError)
	config.RegisterFlags(flags) // --kubeconfig
	flags.StringVar(&o.metricsAddress, "metrics-bind-address", ":8080",
		"address of the metrics endpoint; 0 serves none")
	flags.StringVar(&o.probeAddress, "health-probe-bind-address", ":8081",
		"address of /healthz and /readyz")
	flags.BoolVar(&o.leaderElect, "leader-elect", false,
		"let one of several replicas work at a time")
	flags.StringVar(&o.leaderNamespace, "leader-election-namespace", "",
		"namespace of the leader's lease; the manager's own when empty")
	flags.StringVar(&o.trustedRoot, "trusted-root", "",
		"file with the default root of trust (a Sigstore trusted_root.json), instead of a TUF repository")
	flags.StringVar(&o.tufMirror, "tuf-mirror", "",
		"URL of the TUF repository with the default root of trust; the Sigstore public good instance when empty")
	flags.StringVar(&o.tufRoot, "tuf-root", "",
		"file with the root.json that trust in --tuf-mirror starts from; needed with --tuf-mirror")
	flags.StringVar(&o.tufCache, "tuf-cache", "",
		"directory to keep the TUF metadata in over a restart; none is kept when empty")
	flags.StringVar(&o.policyWebhook, "policy-webhook-name", "policy.sigstore.dev",
		"name of policy-controller's webhooks for workloads, as they are registered")
	flags.BoolVar(&o.policyReports, "policy-reports", false,
		"write results as policy reports too, where their kind is installed (openreports.io or wgpolicyk8s.io); "+
			"needs the rights in config/reports")
	flags.StringVar(&o.registryCA, "registry-ca", "",
		"file with certificate authorities (PEM) that registries may have their certificates from, beside the system's")
	flags.Func("insecure-registry",
		"registry, as host or host:port, that may be spoken to over plain HTTP or with a certificate that cannot be verified; "+
			"may be repeated", func(registry string) error {
			o.insecure = append(o.insecure, registry)
			return nil
		})
	flags.StringVar(&o.secretsNamespace, "pull-secret-namespace", "",
		"namespace of the pull secrets that trusts name; the manager's own when empty")
	flags.IntVar(&o.workers, "verify-workers", pool.DefaultWorkers,
		"how many images are verified at a time")
	flags.BoolVar(&o.version, "version", false, "print the version and exit")
	o.log.BindFlags(flags)
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	return o, o.validate(flags.Args())
}

func (o options) validate(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q: the manager takes flags only", rest[0])
	case o.trustedRoot != "" && (o.tufMirror != "" || o.tufRoot != ""):
		return errors.New("--trusted-root and --tuf-mirror name two default roots of trust: drop one")
	case (o.tufMirror == "") != (o.tufRoot == ""):
		return errors.New("--tuf-mirror and --tuf-root belong together: set both or none")
	case o.workers < 1:
		return errors.New("--verify-workers must be at least 1")
	}
	return nil
}
