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
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/types"
)

// value is a leaf of the chart's values: values.yaml, its schema and the table in the README are made of these.
type value struct {
	// path is that in .Values, with dots.
	path string
	// description ends without a full stop, as the others in the table do.
	description string
	// standard is what values.yaml has.
	standard any
	// schema is the JSON schema of the value.
	schema schema
}

type schema = map[string]any

func boolean() schema { return schema{"type": "boolean"} }
func object() schema  { return schema{"type": "object"} }

func matching(pattern string) schema { return schema{"type": "string", "pattern": pattern} }

func oneOf(options ...any) schema { return schema{"enum": options} }

func atLeast(minimum int) schema { return schema{"type": "integer", "minimum": minimum} }

func listOf(items schema) schema { return schema{"type": "array", "items": items} }

func port() schema { return schema{"type": "integer", "minimum": 1, "maximum": 65535} }

func stringMap() schema {
	return schema{"type": "object", "additionalProperties": schema{"type": "string"}}
}

// Patterns of values that the manager would refuse, or that would be something else in a command line.
const (
	digestPattern     = `^(sha256:[0-9a-f]{64})?$`
	repositoryPattern = `^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)*$`
	tagPattern        = `^([A-Za-z0-9_][A-Za-z0-9._-]{0,127})?$`
	versionPattern    = `^(v?[0-9]+\.[0-9]+(\.[0-9]+)?)?$`
	urlPattern        = `^(https?://\S+)?$`
	hostPattern       = `^[A-Za-z0-9.-]+(:[0-9]+)?$|^\[[0-9a-fA-F:]+\](:[0-9]+)?$`
	namePattern       = `^([a-z0-9]([a-z0-9.-]*[a-z0-9])?)?$`
	requiredName      = `^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$`
	keyPattern        = `^[A-Za-z0-9._-]+$`
	flagPattern       = `^--?[a-z]`
)

// values lists all values in the order of values.yaml. Their defaults are those of config/default, and this image.
func values(defaults []*unstructured.Unstructured, image types.Image) ([]value, error) {
	deployment, err := find(defaults, "Deployment")
	if err != nil {
		return nil, err
	}
	container, err := manager(deployment)
	if err != nil {
		return nil, err
	}
	budget, err := find(defaults, "PodDisruptionBudget")
	if err != nil {
		return nil, err
	}
	class, err := find(defaults, "PriorityClass")
	if err != nil {
		return nil, err
	}
	ports, metricsFrom, err := network(defaults)
	if err != nil {
		return nil, err
	}
	spread, _, err := unstructured.NestedSlice(deployment.Object, "spec", "template", "spec", "topologySpreadConstraints")
	if err != nil {
		return nil, err
	}
	return slices.Concat([]value{
		{"image.repository", "Repository of the manager's image", image.NewName, matching(repositoryPattern)},
		{"image.tag", "Tag of the image; if it is empty and there is no digest, the chart's `appVersion`", image.NewTag, matching(tagPattern)},
		{"image.digest", "Digest of the image, `sha256:` and 64 hexadecimal digits", image.Digest, matching(digestPattern)},
		{"image.pullPolicy", "When the image is pulled; if it is empty, Kubernetes decides by the tag", "",
			oneOf("", "Always", "IfNotPresent", "Never")},
		{"imagePullSecrets", "Secrets in the release's namespace with which the manager's own image is pulled, as `{name: NAME}`", []any{},
			listOf(schema{"type": "object", "required": []any{"name"}, "properties": schema{"name": matching(requiredName)},
				"additionalProperties": false})},
		{"replicas", "Number of pods; one of them works, the others wait to take over", number(deployment, "spec", "replicas"), atLeast(1)},
		{"resources",
			"Requests and limits of the manager; there is no CPU limit on purpose, because throttling cannot be told from a slow registry",
			container["resources"], schema{"type": "object", "additionalProperties": false,
				"properties": schema{"limits": object(), "requests": object(), "claims": listOf(object())}}},
		{"goMemoryLimit", "Limit for the garbage collector (`GOMEMLIMIT`); keep 288 MiB below `resources.limits.memory`",
			environment(container, "GOMEMLIMIT"), matching(`^[0-9]+([KMGT]i?)?B$|^off$`)},
	}, flagValues(), []value{
		{"credentialProviders.image", "Image with credential providers in /providers, and cp; empty for none. Raise" +
			" `resources.limits.memory` by 256 MiB with it",
			"", matching(`^\S*$`)},
		{"credentialProviders.providers", "Credential providers, as the field of that name in kubelet's CredentialProviderConfig", []any{},
			listOf(object())},
		{"credentialProviders.files", "Further files in /etc/karmada-image-trust/credential-providers, which providers read", map[string]any{},
			stringMap()},
		{"credentialProviders.cloud", "Registry of the cloud whose address for identities the NetworkPolicy allows: `acr`," +
			" `artifact-registry` or `ecr`; empty for none", "", oneOf("", "acr", "artifact-registry", "ecr")},
		{"extraArgs", "Further flags of the manager, such as `--zap-log-level=2`", []any{}, listOf(matching(flagPattern))},
		{"extraEnv", "Further environment variables of the manager, such as `HTTPS_PROXY`", []any{}, listOf(object())},
		{"extraVolumes", "Further volumes of the pod", []any{}, listOf(object())},
		{"extraVolumeMounts", "Where the manager mounts them", []any{}, listOf(object())},

		{"crds.enabled", "Install the CustomResourceDefinition; it is upgraded with the release", true, boolean()},
		{"crds.keep", "Keep the CustomResourceDefinition when the release is uninstalled; without it all trusts are deleted, and with them" +
			" the policies that admission enforces", true, boolean()},

		{"networkPolicy.enabled", "Install the NetworkPolicy", true, boolean()},
		{"networkPolicy.egressPorts", "Ports that the manager may connect to at any address but link-local and metadata ones: the API server," +
			" registries, Sigstore's TUF repository or your mirror, your proxy", ports, listOf(port())},
		{"networkPolicy.metricsFrom", "Peers that may fetch metrics", metricsFrom, listOf(object())},
		{"networkPolicy.extraEgress", "Further egress rules", []any{}, listOf(object())},

		{"monitoring.service", "Install the Service of the metrics without a ServiceMonitor", false, boolean()},
		{"monitoring.serviceMonitor.enabled",
			"Install a ServiceMonitor, and its Service; the CRDs of the Prometheus operator are installed separately",
			false, boolean()},
		{"monitoring.serviceMonitor.interval", "How often the metrics are scraped", "30s", matching(`^([0-9]+(ms|s|m|h))+$`)},
		{"monitoring.serviceMonitor.labels", "Further labels of the ServiceMonitor", map[string]any{}, stringMap()},
		{"monitoring.rules.enabled", "Install a PrometheusRule with alerts", false, boolean()},
		{"monitoring.rules.labels", "Further labels of the PrometheusRule", map[string]any{}, stringMap()},
		{"monitoring.dashboard.enabled", "Install a ConfigMap with a dashboard for Grafana", false, boolean()},
		{"monitoring.dashboard.labels", "Further labels of that ConfigMap", map[string]any{}, stringMap()},

		{"podDisruptionBudget.enabled", "Install the PodDisruptionBudget", true, boolean()},
		{"podDisruptionBudget.maxUnavailable", "Number or percentage of pods that may be evicted at a time",
			number(budget, "spec", "maxUnavailable"),
			schema{"anyOf": []any{atLeast(1), matching(`^[1-9][0-9]*%$`)}}},

		{"priorityClass.create", "Install the PriorityClass", true, boolean()},
		{"priorityClass.name", "PriorityClass of the pod; empty for none", class.GetName(), matching(namePattern)},
		{"priorityClass.value", "Value of the PriorityClass", number(class, "value"),
			schema{"type": "integer", "minimum": -2147483648, "maximum": 1000000000}},
		{"topologySpreadConstraints", "How pods are spread", spread, listOf(object())},
		{"nodeSelector", "Labels of the nodes that the pod may run on", map[string]any{}, stringMap()},
		{"tolerations", "Taints that the pod tolerates", []any{}, listOf(object())},
		{"affinity", "Affinity of the pod", map[string]any{}, object()},

		{"podAnnotations", "Annotations of the pod", map[string]any{}, stringMap()},
		{"podLabels", "Further labels of the pod", map[string]any{}, stringMap()},
		{"serviceAccount.annotations",
			"Annotations of the ServiceAccount, such as the role of a workload identity", map[string]any{}, stringMap()},
		{"serviceAccount.labels", "Further labels of the ServiceAccount", map[string]any{}, stringMap()},
	}), nil
}

// flagValues are the values that become flags of the manager: see flags.
func flagValues() []value {
	configMap := func(path, what, key string) []value {
		return []value{
			{path + ".configMap", "ConfigMap with " + what + "; empty for none", "", matching(namePattern)},
			{path + ".key", "Key in that ConfigMap", key, matching(keyPattern)},
		}
	}
	return slices.Concat([]value{
		{"policyControllerVersion", "Version of policy-controller, where it is not recognised (`--policy-controller-version`)", "",
			matching(versionPattern)},
		{"policyWebhookName",
			"Name of policy-controller's webhooks, if it is not the usual one (`--policy-webhook-name`)", "", matching(namePattern)},
		{"policyReports", "Write policy reports, and allow it; the CRD of the reports is installed separately", false, boolean()},
		{"verifyWorkers", "Number of images that are verified at the same time; 0 for the manager's default", 0, atLeast(0)},
		{"pullSecrets",
			"Names of the Secrets in the release's namespace that the manager may read, for `spec.verification.pullSecrets` of trusts",
			[]any{}, listOf(matching(requiredName))},
		{"registries.insecure",
			"Registries, HOST or HOST:PORT, that may use plain HTTP or an unverifiable certificate, and a private address", []any{},
			listOf(matching(hostPattern))},
		{"registries.private", "Registries, HOST or HOST:PORT, that may have a private address although no trust names them", []any{},
			listOf(matching(hostPattern))},
	},
		configMap("registries.ca", "certificate authorities (PEM) for registries, in addition to the system's", "ca.crt"),
		[]value{{"tuf.mirror", "URL of the TUF repository of the default root of trust, instead of Sigstore's", "", matching(urlPattern)}},
		configMap("tuf.root", "the initial root of that repository", "root.json"),
		configMap("trustedRoot", "the default root of trust itself, instead of a TUF repository", "trusted_root.json"),
	)
}

// network returns the ports of the last egress rule, and who may fetch metrics.
func network(defaults []*unstructured.Unstructured) (ports, metricsFrom []any, err error) {
	policy, err := find(defaults, "NetworkPolicy")
	if err != nil {
		return nil, nil, err
	}
	egress, _, err := unstructured.NestedSlice(policy.Object, "spec", "egress")
	if err != nil || len(egress) == 0 {
		return nil, nil, fmt.Errorf("the NetworkPolicy has no egress rules: %w", err)
	}
	rule, _ := egress[len(egress)-1].(map[string]any)
	listed, _, err := unstructured.NestedSlice(rule, "ports")
	if err != nil {
		return nil, nil, err
	}
	for _, one := range listed {
		entry, _ := one.(map[string]any)
		ports = append(ports, entry["port"])
	}
	ingress, _, err := unstructured.NestedSlice(policy.Object, "spec", "ingress")
	if err != nil || len(ingress) == 0 {
		return nil, nil, fmt.Errorf("the NetworkPolicy has no ingress rules: %w", err)
	}
	rule, _ = ingress[0].(map[string]any)
	metricsFrom, _, err = unstructured.NestedSlice(rule, "from")
	return ports, metricsFrom, err
}

func find(objects []*unstructured.Unstructured, kind string) (*unstructured.Unstructured, error) {
	i := slices.IndexFunc(objects, func(o *unstructured.Unstructured) bool { return o.GetKind() == kind })
	if i < 0 {
		return nil, fmt.Errorf("config/default has no %s", kind)
	}
	return objects[i], nil
}

// manager returns the only container of the Deployment.
func manager(deployment *unstructured.Unstructured) (map[string]any, error) {
	containers, _, err := unstructured.NestedSlice(deployment.Object, "spec", "template", "spec", "containers")
	if err != nil || len(containers) != 1 {
		return nil, fmt.Errorf("the Deployment has %d containers: %w", len(containers), err)
	}
	container, ok := containers[0].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the container is a %T", containers[0])
	}
	return container, nil
}

// environment returns a variable of a container.
func environment(container map[string]any, name string) any {
	env, _, _ := unstructured.NestedSlice(container, "env")
	for _, one := range env {
		if entry, ok := one.(map[string]any); ok && entry["name"] == name {
			return entry["value"]
		}
	}
	return nil
}

func number(o *unstructured.Unstructured, path ...string) any {
	got, _, _ := unstructured.NestedFieldNoCopy(o.Object, path...)
	return got
}

// schemaOf returns the schema of all values.
func schemaOf(list []value) schema {
	root := schema{
		"$schema": "http://json-schema.org/draft-07/schema#", "title": "Values of the chart " + chartName,
		"type": "object", "additionalProperties": false,
		// Helm passes it to every chart.
		"properties": schema{"global": object()},
	}
	for _, v := range list {
		at := root
		parts := strings.Split(v.path, ".")
		for _, part := range parts[:len(parts)-1] {
			properties, _ := at["properties"].(schema)
			below, ok := properties[part].(schema)
			if !ok {
				below = schema{"type": "object", "additionalProperties": false, "properties": schema{}}
				properties[part] = below
			}
			at = below
		}
		leaf := maps.Clone(v.schema)
		leaf["description"], leaf["default"] = v.description, v.standard
		properties, _ := at["properties"].(schema)
		properties[parts[len(parts)-1]] = leaf
	}
	return root
}
