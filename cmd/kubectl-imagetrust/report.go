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
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/report"
	"github.com/karmada-io/image-trust/internal/text"
)

// defaultTeamLabel is the label that Kubernetes recommends for the application that something is part of.
const defaultTeamLabel = "app.kubernetes.io/part-of"

// reportOptions are the flags of report.
type reportOptions struct {
	installed installationFlags
	trustRoot trustRootFlags
	registry  registryFlags
	cluster   clusterFlags
	fleet     fleetFlags
	output    outputFlag
	file      string
	table     string
	teamLabel string
	examine   bool
}

func newReportCommand(s streams) *cobra.Command {
	o := &reportOptions{}
	cmd := &cobra.Command{
		Use:   "report [NAME...]",
		Short: "Write a report for reviewers and auditors",
		Long: `Write a report on the trusts of a cluster: which images are verified and by whom they are signed, which workloads admission would
deny with all trusts enforced, what no trust covers, and what is not known and why. -o html writes one page that needs no network.

The images are examined for the report, with the code of the operator and the trusts of the cluster; the registries are asked from
this machine, with your credentials. What the operator last reported stands beside it. With --examine=false no registry is asked and
no workload is read: the report has what the status of the trusts has, which lists 50 images of each.

On a Karmada control plane, the report is about its member clusters. Each is read through the control plane, with your rights in it
and with the trusts that it has; one that does not answer, or that you may not read, is listed with the reason.

` + retriesHelp + `

Exit codes: 0 all images are verified and no workload would be denied, 1 an image is untrusted or a workload would be denied,
2 usage error, 3 something is not known, or a cluster could not be read. The report is written in all cases but 2.`,
		Example: `  kubectl imagetrust report --output-file report.html
  kubectl imagetrust report karmada -o markdown
  kubectl imagetrust report -o csv --table workloads --team-label example.com/team > workloads.csv
  kubectl imagetrust report --karmada --examine=false -o json`,
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), s, args) },
	}
	flags := cmd.Flags()
	o.output.register(flags, formatHTML, formatMarkdown, formatCSV)
	flags.StringVar(&o.file, "output-file", "", "file to write the report to, instead of standard output")
	flags.StringVar(&o.table, "table", report.ImageTable, "table to write as CSV: "+text.Alternatives(report.Tables()))
	flags.StringVar(&o.teamLabel, "team-label", defaultTeamLabel, "label of workloads, or else of their namespaces, that names the team")
	flags.BoolVar(&o.examine, "examine", true, "examine the images; with =false, report what the status of the trusts has")
	o.installed.registerWebhook(flags)
	o.installed.registerVersion(flags)
	o.trustRoot.register(flags)
	o.registry.register(flags)
	o.cluster.registerNamespaced(flags)
	o.fleet.register(flags)
	namespace := flags.Lookup("namespace")
	namespace.Usage = "only the workloads of this namespace; the counts of the operator are those of all"
	namespace.Annotations = nil // it selects more than the cluster
	return cmd
}

func (o *reportOptions) run(ctx context.Context, s streams, names []string) error {
	if err := o.validate(s); err != nil {
		return err
	}
	selection, err := o.fleet.selection()
	if err != nil {
		return err
	}
	karmada, err := o.fleet.isKarmada(ctx, &o.cluster)
	switch {
	case err != nil:
		return err
	case !karmada && !selection.All():
		return usageErrorf("--clusters and --cluster-selector are for a Karmada control plane, which this API server is not")
	}
	config, err := o.cluster.config()
	if err != nil {
		return err
	}
	r := &reporter{reportOptions: o, streams: s, names: names, config: config}
	if r.client, err = newClient(config); err != nil {
		return err
	}
	makeReport := r.ofCluster
	if karmada {
		makeReport = func(ctx context.Context) (*report.Report, error) { return r.ofFleet(ctx, selection) }
	}
	made, err := makeReport(ctx)
	if err != nil {
		return err
	}
	if err := o.write(s, made); err != nil {
		return err
	}
	return exitWith(reportCode(made))
}

func (o *reportOptions) validate(s streams) error {
	if err := o.output.validate(); err != nil {
		return err
	}
	if !slices.Contains(report.Tables(), o.table) {
		return usageErrorf("--table must be %s, not %q", text.Alternatives(report.Tables()), o.table)
	}
	if o.output.format == formatHTML && o.file == "" && s.Out.terminal {
		return usageErrorf("a page is not for a terminal: name a file with --output-file, or choose -o markdown")
	}
	if !o.examine && *o.cluster.Namespace != "" {
		return usageErrorf("--namespace is about workloads, which are not read with --examine=false: remove one of them")
	}
	return o.trustRoot.validate()
}

// reportCode returns the exit code for what a report says.
func reportCode(r *report.Report) int {
	switch {
	case r.Verdict == v1alpha1.VerdictUntrusted, r.Admission == admission.Denied:
		return exitUntrusted
	case r.Verdict != v1alpha1.VerdictVerified, r.Admission != admission.Allowed:
		return exitUnknown
	default:
		return exitOK
	}
}

// reporter reads what a report is made of.
type reporter struct {
	*reportOptions

	streams streams
	// names of the trusts; empty for all.
	names  []string
	config *rest.Config
	client client.Client
}

// trusts returns the trusts of a cluster that are asked for, by name.
func (r *reporter) trusts(ctx context.Context, c client.Reader) (found []v1alpha1.KarmadaImageTrust, missing []string, err error) {
	list := &v1alpha1.KarmadaImageTrustList{}
	if err := c.List(ctx, list); err != nil {
		return nil, nil, unavailable(fmt.Errorf("listing KarmadaImageTrusts: %w", err))
	}
	if len(r.names) == 0 {
		return list.Items, nil, nil
	}
	for _, name := range r.names {
		at := slices.IndexFunc(list.Items, func(one v1alpha1.KarmadaImageTrust) bool { return one.Name == name })
		if at < 0 {
			missing = append(missing, name)
			continue
		}
		found = append(found, list.Items[at])
	}
	return found, missing, nil
}

// origin says who makes the report, and of what.
func (r *reporter) origin(ctx context.Context) report.Origin {
	o := report.Origin{
		Time: metav1.NewTime(time.Now().UTC().Truncate(time.Second)), Version: version, Server: text.WithoutSecrets(r.config.Host),
		Namespace: *r.cluster.Namespace, Examined: r.examine,
	}
	if r.examine {
		o.TeamLabel = r.teamLabel
	}
	if kubeconfig, err := r.cluster.ToRawKubeConfigLoader().RawConfig(); err == nil {
		o.Context = kubeconfig.CurrentContext
		if named := *r.cluster.Context; named != "" {
			o.Context = named
		}
	}
	// Every user may ask who the API server takes them for, from Kubernetes 1.28 on.
	review := &authenticationv1.SelfSubjectReview{}
	if err := r.client.Create(ctx, review); err == nil {
		o.User = review.Status.UserInfo.Username
	}
	return o
}

// newEngine starts what examines images. The caller must close it.
func (r *reporter) newEngine(ctx context.Context, versions admission.Versions) (*engine, error) {
	return newEngine(ctx, r.streams, engineOptions{&r.trustRoot, &r.registry, &r.cluster, versions}, &inputs{})
}
