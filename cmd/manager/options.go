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
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"sigs.k8s.io/controller-runtime/pkg/client/config"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/installed"
	"github.com/karmada-io/image-trust/internal/tracing/otlp"
	"github.com/karmada-io/image-trust/internal/verify/options"
	"github.com/karmada-io/image-trust/internal/verify/pool"
)

// namespaceFile holds the namespace of the pod that a process runs in.
const namespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// managerOptions are the command-line options of the manager.
type managerOptions struct {
	metricsAddress string
	probeAddress   string

	leaderElect     bool
	leaderNamespace string

	policyWebhook string
	// policyControllerVersion is empty if the version is to be recognised.
	policyControllerVersion string

	policyReports bool

	// controlPlane is whether the API server is a Karmada control plane: one of the values of --karmada-control-plane.
	controlPlane string

	root       options.RootOfTrust
	registries options.Registries
	// pullSecretNamespace is empty for the manager's own namespace.
	pullSecretNamespace string

	tracing otlp.Options

	workers int
	log     zap.Options
	version bool
}

// parseOptions parses a command line. Its error is pflag.ErrHelp if --help was given, and the help has been printed.
func parseOptions(program string, args []string) (managerOptions, error) {
	var o managerOptions
	flags := pflag.NewFlagSet(program, pflag.ContinueOnError)
	flags.StringVar(&o.metricsAddress, "metrics-bind-address", ":8080",
		"address of the metrics endpoint; 0 disables it")
	flags.StringVar(&o.probeAddress, "health-probe-bind-address", ":8081",
		"address of the /healthz and /readyz endpoints; 0 disables them")
	flags.BoolVar(&o.leaderElect, "leader-elect", false,
		"elect a leader, so that only one of several replicas reconciles")
	flags.StringVar(&o.leaderNamespace, "leader-election-namespace", "",
		"namespace of the leader election lease; the manager's own if empty")
	flags.StringVar(&o.policyWebhook, "policy-webhook-name", admission.DefaultWebhookName,
		"name of policy-controller's webhooks for workloads")
	flags.StringVar(&o.policyControllerVersion, installed.Flag, "",
		"version of policy-controller ("+admission.Supported().String()+"), where it cannot be recognised by its image or its Deployment")
	flags.BoolVar(&o.policyReports, "policy-reports", false,
		"also write results as policy reports (openreports.io or wgpolicyk8s.io, whichever is installed); "+
			"needs the RBAC rules in config/reports")
	flags.StringVar(&o.controlPlane, controlPlaneFlag, controlPlaneAuto,
		"whether the API server is a Karmada control plane, where trusts are not reconciled: auto (found out by the API groups "+
			"that it serves), true or false")
	o.root.AddFlags(flags)
	o.registries.AddFlags(flags)
	flags.StringVar(&o.pullSecretNamespace, "pull-secret-namespace", "",
		"namespace of the pull secrets that trusts name; the manager's own if empty")
	flags.IntVar(&o.workers, "verify-workers", pool.DefaultWorkers,
		"number of images that are verified concurrently")
	o.tracing.AddFlags(flags)
	flags.BoolVar(&o.version, "version", false, "print the version and exit")

	// These packages only know the standard library's flags: --kubeconfig and the logging flags --zap-*.
	others := flag.NewFlagSet(program, flag.ContinueOnError)
	config.RegisterFlags(others)
	o.log.BindFlags(others)
	flags.AddGoFlagSet(others)

	if err := flags.Parse(args); err != nil {
		return managerOptions{}, err
	}
	return o, o.validate(flags.Args())
}

func (o managerOptions) validate(arguments []string) error {
	switch {
	case len(arguments) > 0:
		return fmt.Errorf("unexpected argument %q: the manager takes flags only", arguments[0])
	case o.root.File != "" && (o.root.Mirror != "" || o.root.InitialRoot != ""):
		return errors.New("--trusted-root and --tuf-mirror name two default roots of trust: drop one")
	case o.policyWebhook == "":
		return errors.New("--policy-webhook-name must not be empty: the default is " + admission.DefaultWebhookName)
	case !slices.Contains([]string{controlPlaneAuto, controlPlaneTrue, controlPlaneFalse}, o.controlPlane):
		return fmt.Errorf("--%s must be auto, true or false, not %q", controlPlaneFlag, o.controlPlane)
	case o.workers < 1:
		return fmt.Errorf("--verify-workers must be at least 1, not %d", o.workers)
	}
	if err := o.registries.Providers.Validate(); err != nil {
		return err
	}
	if _, err := installed.ParseFlag(o.policyControllerVersion); err != nil {
		return err
	}
	if err := o.tracing.Validate(); err != nil {
		return err
	}
	return o.root.Validate()
}

// secretNamespace returns the namespace of pull secrets. It is empty outside of a cluster, unless an option names one.
func (o managerOptions) secretNamespace() string {
	if o.pullSecretNamespace != "" {
		return o.pullSecretNamespace
	}
	content, err := os.ReadFile(namespaceFile)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(content))
}
