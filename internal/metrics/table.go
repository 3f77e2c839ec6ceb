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

// Package metrics has the metrics of the operator: the table of them, and the collector that serves them. Metrics about trusts are
// those of the last reconciliation, which reports what it found out anyway, so that a scrape computes nothing. Labels are
// bounded: a trust has series as long as it exists, a registry as long as images of it are asked for, and reasons are those of
// the API.
package metrics

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// Type of a metric.
type Type string

// The types.
const (
	Gauge     Type = "gauge"
	Counter   Type = "counter"
	Histogram Type = "histogram"
)

// Subject is what a metric is about.
type Subject string

// The subjects, in the order of the reference.
const (
	Trusts       Subject = "Trusts"
	Verification Subject = "Verification"
	Registries   Subject = "Registries"
	Roots        Subject = "Roots of trust"
	Operator     Subject = "Operator"
	Fleet        Subject = "On a Karmada control plane"
)

// The labels.
const (
	trustLabel       = "trust"
	trustRootLabel   = "trust_root"
	registryLabel    = "registry"
	verdictLabel     = "verdict"
	reasonLabel      = "reason"
	usageLabel       = "usage"
	outcomeLabel     = "outcome"
	conditionLabel   = "type"
	statusLabel      = "status"
	enforcementLabel = "enforcement"
	modeLabel        = "mode"
	codeLabel        = "code"
	stateLabel       = "state"
	providerLabel    = "provider"
	versionLabel     = "version"
	goVersionLabel   = "go_version"
)

// prefix of the names of all metrics.
const prefix = "karmada_image_trust_"

// The names of the metrics.
const (
	condition           = prefix + "condition"
	images              = prefix + "images"
	forecastWorkloads   = prefix + "forecast_workloads"
	forecastContainers  = prefix + "forecast_containers"
	enforcementInfo     = prefix + "enforcement_info"
	enforcementGap      = prefix + "enforcement_gap"
	lastVerdict         = prefix + "last_verdict_timestamp_seconds"
	lastPass            = prefix + "last_pass_timestamp_seconds"
	interval            = prefix + "verification_interval_seconds"
	policyRepairs       = prefix + "policy_repairs_total"
	reportRejections    = prefix + "policy_report_rejections_total"
	verifications       = prefix + "verification_duration_seconds"
	queueLength         = prefix + "verification_queue_length"
	workers             = prefix + "verification_workers"
	workersBusy         = prefix + "verification_workers_busy"
	registryRequests    = prefix + "registry_requests_total"
	registryDuration    = prefix + "registry_request_duration_seconds"
	registryWithheld    = prefix + "registry_withheld_requests_total"
	registryBackoff     = prefix + "registry_backoff_until_timestamp_seconds"
	registryOpen        = prefix + "registry_not_answering"
	providerDuration    = prefix + "credential_provider_duration_seconds"
	defaultConfirmed    = prefix + "default_root_confirmed_timestamp_seconds"
	rootConfirmed       = prefix + "root_confirmed_timestamp_seconds"
	defaultAuthorities  = prefix + "default_root_certificate_authority_expiry_timestamp_seconds"
	rootAuthorities     = prefix + "root_certificate_authority_expiry_timestamp_seconds"
	rootMetadataExpires = prefix + "root_metadata_expiry_timestamp_seconds"
	fleetClusters       = prefix + "fleet_clusters"
	buildInfo           = prefix + "build_info"
)

// Definition of a metric.
type Definition struct {
	Name    string
	Subject Subject
	Type    Type
	Labels  []string
	Help    string
}

// Definitions returns all metrics of the operator, by subject.
func Definitions() []Definition {
	return []Definition{
		{images, Trusts, Gauge, []string{trustLabel, verdictLabel, reasonLabel, usageLabel},
			"Images of a trust, by verdict, reason and usage (Running, Requested or Rollback)."},
		{forecastWorkloads, Trusts, Gauge, []string{trustLabel, outcomeLabel},
			"Workloads with images of a trust, by what admission would do with them once the trust is enforced: Allowed, Denied, " +
				"DeniedOnceOptedIn (once their namespace opts in) or Undetermined."},
		{forecastContainers, Trusts, Gauge, []string{trustLabel, outcomeLabel, reasonLabel},
			"Containers that admission would deny once the trust is enforced, and those for which that is not known, by outcome " +
				"(as for workloads) and reason."},
		{condition, Trusts, Gauge, []string{trustLabel, conditionLabel, statusLabel, reasonLabel},
			"1 for the current status and reason of each condition of a trust."},
		{enforcementInfo, Trusts, Gauge, []string{trustLabel, enforcementLabel, modeLabel},
			"1 for the enforcement that a trust asks for, and the mode of its ClusterImagePolicy (empty if there is none)."},
		{enforcementGap, Trusts, Gauge, []string{trustLabel, reasonLabel},
			"1 for each reason why admission does not enforce a trust, as the condition Enforced lists them."},
		{lastVerdict, Trusts, Gauge, []string{trustLabel},
			"Unix time when a verification cycle of a trust last ended in which every image got a verdict other than Unknown, " +
				"apart from those with usage Rollback; 0 if none has."},
		{interval, Trusts, Gauge, []string{trustLabel},
			"Time between two verification cycles of a trust."},
		{lastPass, Trusts, Gauge, []string{trustLabel},
			"Unix time of the last reconciliation of a trust, which its other metrics are from."},
		{policyRepairs, Trusts, Counter, []string{trustLabel},
			"ClusterImagePolicies that were restored after somebody else had changed or deleted them."},
		{reportRejections, Trusts, Counter, []string{trustLabel},
			"Policy reports that were not written, because something else has their name, or a quota or a webhook denies them."},

		{verifications, Verification, Histogram, []string{verdictLabel, reasonLabel},
			"Duration of verifications of images, and their number, by verdict and reason."},
		{queueLength, Verification, Gauge, nil,
			"Questions about images that wait for a worker."},
		{workers, Verification, Gauge, nil,
			"Workers that verify images."},
		{workersBusy, Verification, Gauge, nil,
			"Workers that verify an image now."},

		{registryRequests, Registries, Counter, []string{registryLabel, codeLabel},
			"Requests to a registry, and to where it redirects or sends for tokens, by HTTP status; other statuses are counted by " +
				"their class (such as 5xx), and requests without an answer as error."},
		{registryDuration, Registries, Histogram, []string{registryLabel},
			"Duration of requests to a registry until the response begins."},
		{registryWithheld, Registries, Counter, []string{registryLabel},
			"Requests that were not sent, because the registry limits the rate of requests (429)."},
		{registryBackoff, Registries, Gauge, []string{registryLabel},
			"Unix time until which no request is sent to a registry that limits the rate of requests, by its Retry-After; 0 if it never did."},
		{registryOpen, Registries, Gauge, []string{registryLabel},
			"1 while a registry has left several attempts in a row unanswered, so that it is asked about one image at a time; otherwise 0."},
		{providerDuration, Registries, Histogram, []string{providerLabel, outcomeLabel},
			"Duration of the runs of credential providers, and their number, by outcome: answered, or why there are no credentials."},

		{defaultConfirmed, Roots, Gauge, nil,
			"Unix time when the TUF repository last confirmed the default root of trust; 0 if it never did."},
		{defaultAuthorities, Roots, Gauge, nil,
			"Unix time when the last certificate authority of the default root of trust expires."},
		{rootConfirmed, Roots, Gauge, []string{trustRootLabel},
			"Unix time when the TUF repository of a TrustRoot last confirmed its root of trust; 0 if it never did."},
		{rootAuthorities, Roots, Gauge, []string{trustRootLabel},
			"Unix time when the last certificate authority of a TrustRoot expires."},
		{rootMetadataExpires, Roots, Gauge, []string{trustRootLabel},
			"Unix time when the metadata of the TUF repository expires that a TrustRoot contains in packed form."},

		{buildInfo, Operator, Gauge, []string{versionLabel, goVersionLabel},
			"1, with the version of the operator and of Go."},

		{fleetClusters, Fleet, Gauge, []string{trustLabel, stateLabel},
			"Member clusters that a trust is propagated to (Selected), and those of them whose operator has reported about its current " +
				"generation (Reporting)."},
	}
}

// definition returns the metric of a name.
func definition(name string) Definition {
	all := Definitions()
	return all[slices.IndexFunc(all, func(d Definition) bool { return d.Name == name })]
}

func (d *Definition) desc() *prometheus.Desc {
	return prometheus.NewDesc(d.Name, d.Help, d.Labels, nil)
}

func newCounter(name string) *prometheus.CounterVec {
	d := definition(name)
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: d.Name, Help: d.Help}, d.Labels)
}

func newHistogram(name string, buckets []float64) *prometheus.HistogramVec {
	d := definition(name)
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: d.Name, Help: d.Help, Buckets: buckets}, d.Labels)
}
