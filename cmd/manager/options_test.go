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
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/pflag"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/text"
	"github.com/karmada-io/image-trust/internal/tracing/otlp"
	"github.com/karmada-io/image-trust/internal/verify/options"
	"github.com/karmada-io/image-trust/internal/verify/pool"
)

// defaults are the options without flags.
func defaults() managerOptions {
	return managerOptions{
		metricsAddress: ":8080", probeAddress: ":8081", policyWebhook: admission.DefaultWebhookName, workers: pool.DefaultWorkers,
		controlPlane: "auto", tracing: otlp.Options{SamplingRatePerMillion: 1_000_000},
	}
}

func TestParseOptions(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		want func(*managerOptions)
	}{
		"none": {want: func(*managerOptions) {}},
		"as in config/manager": {
			args: []string{"--leader-elect", "--tuf-cache=/var/cache/karmada-image-trust"},
			want: func(o *managerOptions) { o.leaderElect, o.root.CacheDir = true, "/var/cache/karmada-image-trust" },
		},
		"addresses": {
			args: []string{"--metrics-bind-address=0", "--health-probe-bind-address=127.0.0.1:0"},
			want: func(o *managerOptions) { o.metricsAddress, o.probeAddress = "0", "127.0.0.1:0" },
		},
		"namespaces": {
			args: []string{"--leader-election-namespace=a", "--pull-secret-namespace=b"},
			want: func(o *managerOptions) { o.leaderNamespace, o.pullSecretNamespace = "a", "b" },
		},
		"policy-controller": {
			args: []string{"--policy-webhook-name=policy.example.com", "--policy-reports"},
			want: func(o *managerOptions) { o.policyWebhook, o.policyReports = "policy.example.com", true },
		},
		"root of trust in a file": {
			args: []string{"--trusted-root=root.json"},
			want: func(o *managerOptions) { o.root = options.RootOfTrust{File: "root.json"} },
		},
		"TUF repository": {
			args: []string{"--tuf-mirror=https://tuf.example", "--tuf-root=root.json"},
			want: func(o *managerOptions) {
				o.root = options.RootOfTrust{Mirror: "https://tuf.example", InitialRoot: "root.json"}
			},
		},
		"registries": {
			args: []string{"--registry-ca=ca.pem", "--insecure-registry=a", "--insecure-registry=b:5000", "--verify-workers=1"},
			want: func(o *managerOptions) {
				o.registries, o.workers = options.Registries{CAFile: "ca.pem", Insecure: []string{"a", "b:5000"}}, 1
			},
		},
		"Karmada control plane": {
			args: []string{"--karmada-control-plane=true"}, want: func(o *managerOptions) { o.controlPlane = "true" },
		},
		"traces": {
			args: []string{"--tracing-endpoint=http://collector.observability:4318", "--tracing-sampling-rate-per-million=100"},
			want: func(o *managerOptions) {
				o.tracing = otlp.Options{Endpoint: "http://collector.observability:4318", SamplingRatePerMillion: 100}
			},
		},
		"version": {args: []string{"--version"}, want: func(o *managerOptions) { o.version = true }},
		"kubeconfig": {
			// controller-runtime keeps it.
			args: []string{"--kubeconfig="}, want: func(*managerOptions) {},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseOptions("manager", tc.args)
			if err != nil {
				t.Fatal(err)
			}
			want := defaults()
			tc.want(&want)
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(managerOptions{}), cmpopts.IgnoreTypes(zap.Options{})); diff != "" {
				t.Errorf("options (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseOptionsErrors(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"argument":            {args: []string{"x"}, want: `unexpected argument "x"`},
		"unknown flag":        {args: []string{"--frobnicate"}, want: "unknown flag: --frobnicate"},
		"two roots of trust":  {args: []string{"--trusted-root=a", "--tuf-mirror=b", "--tuf-root=c"}, want: "drop one"},
		"file and tuf-root":   {args: []string{"--trusted-root=a", "--tuf-root=c"}, want: "drop one"},
		"mirror alone":        {args: []string{"--tuf-mirror=a"}, want: "belong together"},
		"no workers":          {args: []string{"--verify-workers=0"}, want: "at least 1, not 0"},
		"workers in words":    {args: []string{"--verify-workers=many"}, want: "--verify-workers"},
		"unknown server":      {args: []string{"--karmada-control-plane=maybe"}, want: `auto, true or false, not "maybe"`},
		"no webhook":          {args: []string{"--policy-webhook-name="}, want: "must not be empty"},
		"no collector":        {args: []string{"--tracing-endpoint=collector:4317"}, want: "begins with http://"},
		"unknown log level":   {args: []string{"--zap-log-level=loud"}, want: "loud"},
		"unknown log encoder": {args: []string{"--zap-encoder=xml"}, want: "xml"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parseOptions("manager", tc.args); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	if _, err := parseOptions("manager", []string{"--help"}); !errors.Is(err, pflag.ErrHelp) {
		t.Errorf("error %v, want ErrHelp", err)
	}
}

// TestLogLevels covers the levels that the documentation names: 0 by default, 2 for decisions, 4 for requests.
func TestLogLevels(t *testing.T) {
	for name, tc := range map[string]struct {
		args                []string
		requests, decisions bool
		info, development   bool
	}{
		"default":     {info: true},
		"decisions":   {args: []string{"--zap-log-level=2"}, info: true, decisions: true},
		"requests":    {args: []string{"--zap-log-level=4"}, info: true, decisions: true, requests: true},
		"errors only": {args: []string{"--zap-log-level=error"}},
		"development": {args: []string{"--zap-devel"}, info: true, development: true},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := parseOptions("manager", tc.args)
			if err != nil {
				t.Fatal(err)
			}
			if o.log.Development != tc.development {
				t.Errorf("development mode %t, want %t", o.log.Development, tc.development)
			}
			logger := newLogger(&o, io.Discard)
			for level, want := range map[int]bool{0: tc.info, 2: tc.decisions, 4: tc.requests} {
				if got := logger.V(level).Enabled(); got != want {
					t.Errorf("level %d enabled: %t, want %t", level, got, want)
				}
			}
		})
	}
}

// TestLogText: a log acts upon no terminal, in any format.
func TestLogText(t *testing.T) {
	const hostile = "x\x1b[2J\u009b2J\u202ey\u2028\x7f\n"
	for _, encoder := range []string{"json", "console"} {
		o, err := parseOptions("manager", []string{"--zap-encoder=" + encoder})
		if err != nil {
			t.Fatal(err)
		}
		var log strings.Builder
		newLogger(&o, &log).WithValues(hostile, hostile).Error(errors.New(hostile), "Failed", "image", hostile)
		if !text.Harmless(log.String()) || !strings.Contains(log.String(), "Failed") {
			t.Errorf("%s: %q", encoder, log.String())
		}
	}
}

func TestSecretNamespace(t *testing.T) {
	if got := (managerOptions{pullSecretNamespace: "a"}).secretNamespace(); got != "a" {
		t.Errorf("namespace %q, want a", got)
	}
}
