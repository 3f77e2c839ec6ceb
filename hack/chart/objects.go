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
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/resmap"

	"github.com/karmada-io/image-trust/hack/render"
)

// component is a kustomize Component of config/ whose objects are in the chart under a condition.
type component struct {
	name string
	// file is the template that has them.
	file string
	// condition of all its objects, or of those of a kind.
	condition string
	ofKind    map[string]string
}

func components() []component {
	return []component{
		{name: "reports", file: "reports.yaml", condition: ".Values.policyReports"},
		{name: "pullsecrets", file: "pullsecrets.yaml", condition: ".Values.pullSecrets"},
		ofCloud("acr"), ofCloud("artifact-registry"), ofCloud("ecr"),
		{name: "prometheus", file: "prometheus.yaml", ofKind: map[string]string{
			"Service":        "or .Values.monitoring.service .Values.monitoring.serviceMonitor.enabled",
			"ServiceMonitor": ".Values.monitoring.serviceMonitor.enabled",
			"PrometheusRule": ".Values.monitoring.rules.enabled",
			"ConfigMap":      ".Values.monitoring.dashboard.enabled",
		}},
	}
}

// elsewhere is the condition of objects that the chart has in another template.
const elsewhere = "elsewhere"

// ofCloud is the component with the credential provider of a cloud.
func ofCloud(name string) component {
	return component{name: "credentialproviders/" + name, file: "networkpolicy.yaml", ofKind: map[string]string{
		"NetworkPolicy": fmt.Sprintf("and .Values.networkPolicy.enabled (eq .Values.credentialProviders.cloud %q)", name),
		"ConfigMap":     elsewhere, // files/templates/credentialproviders.yaml
	}}
}

func (c component) conditionOf(o *unstructured.Unstructured) (string, error) {
	if c.condition != "" {
		return c.condition, nil
	}
	condition, ok := c.ofKind[o.GetKind()]
	if !ok {
		return "", fmt.Errorf("%s %s of config/%s has no condition: add its kind to the table in hack/chart", o.GetKind(), o.GetName(), c.name)
	}
	return condition, nil
}

// kinds says what is particular about objects of a kind.
type kind struct {
	// file is the template that has them.
	file string
	// condition of their being installed; empty for always.
	condition string
}

func kinds() map[string]kind {
	return map[string]kind{
		"ClusterRole":                      {file: "rbac.yaml"},
		"ClusterRoleBinding":               {file: "rbac.yaml"},
		"CustomResourceDefinition":         {"crds.yaml", ".Values.crds.enabled"},
		"Deployment":                       {file: "deployment.yaml"},
		"NetworkPolicy":                    {"networkpolicy.yaml", ".Values.networkPolicy.enabled"},
		"PodDisruptionBudget":              {"poddisruptionbudget.yaml", ".Values.podDisruptionBudget.enabled"},
		"PriorityClass":                    {"priorityclass.yaml", "and .Values.priorityClass.create .Values.priorityClass.name"},
		"Role":                             {file: "rbac.yaml"},
		"RoleBinding":                      {file: "rbac.yaml"},
		"ServiceAccount":                   {file: "serviceaccount.yaml"},
		"ValidatingAdmissionPolicy":        {file: "admission.yaml"},
		"ValidatingAdmissionPolicyBinding": {file: "admission.yaml"},
	}
}

// notInChart are the kinds that Helm itself installs, or not at all.
func notInChart(kind string) bool { return kind == "Namespace" }

// templates returns the contents of the templates by their files' names, and the objects of config/default that they are made of.
func templates(root string) (files map[string]string, defaults []*unstructured.Unstructured, err error) {
	files = map[string]string{}
	built, err := render.Installation(root, render.Options{})
	if err != nil {
		return nil, nil, err
	}
	if defaults, err = render.Objects(built); err != nil {
		return nil, nil, err
	}
	namespace, err := find(defaults, "Namespace")
	if err != nil {
		return nil, nil, err
	}
	withProviders, err := deploymentWith(root, "credentialproviders/base")
	if err != nil {
		return nil, nil, err
	}
	for _, o := range defaults {
		if notInChart(o.GetKind()) {
			continue
		}
		k, ok := kinds()[o.GetKind()]
		if !ok {
			return nil, nil, fmt.Errorf("%s %s has no template: add its kind to the table in hack/chart", o.GetKind(), o.GetName())
		}
		if err := add(files, k.file, k.condition, o, namespace.GetName(), withProviders); err != nil {
			return nil, nil, err
		}
	}
	for _, c := range components() {
		objects, err := added(root, c.name, built)
		if err != nil {
			return nil, nil, err
		}
		for _, o := range objects {
			condition, err := c.conditionOf(o)
			if err != nil {
				return nil, nil, err
			}
			if condition == elsewhere {
				continue
			}
			if err := add(files, c.file, condition, o, namespace.GetName(), nil); err != nil {
				return nil, nil, err
			}
		}
	}
	return files, defaults, nil
}

// added returns the objects that a component adds to config/default.
func added(root, component string, defaults resmap.ResMap) ([]*unstructured.Unstructured, error) {
	built, err := render.Installation(root, render.Options{Components: []string{component}})
	if err != nil {
		return nil, err
	}
	for _, resource := range defaults.Resources() {
		if err := built.Remove(resource.CurId()); err != nil {
			return nil, err
		}
	}
	return render.Objects(built)
}

// deploymentWith returns the Deployment with a component.
func deploymentWith(root, component string) (*unstructured.Unstructured, error) {
	built, err := render.Installation(root, render.Options{Components: []string{component}})
	if err != nil {
		return nil, err
	}
	objects, err := render.Objects(built)
	if err != nil {
		return nil, err
	}
	return find(objects, "Deployment")
}

// add appends the template of an object to a file. withProviders is the Deployment with credential providers.
func add(
	files map[string]string, file, condition string, o *unstructured.Unstructured, namespace string, withProviders *unstructured.Unstructured,
) error {
	edits, err := editsOf(o, namespace, withProviders)
	if err != nil {
		return err
	}
	content, err := template(o, edits)
	if err != nil {
		return err
	}
	if files[file] == "" {
		files[file] = "{{- /* " + generated + " */ -}}\n"
		if o.GetKind() == "Deployment" {
			files[file] += fmt.Sprintf("{{- include %q . -}}\n", chartName+".validate")
		}
	}
	files[file] += when(condition, "---\n"+content)
	return nil
}

// editsOf returns what is replaced in an object of a kind.
func editsOf(o *unstructured.Unstructured, namespace string, withProviders *unstructured.Unstructured) ([]edit, error) {
	var edits []edit
	if o.GetNamespace() == namespace {
		edits = append(edits, edit{[]any{"metadata", "namespace"}, release})
	}
	switch o.GetKind() {
	case "Deployment":
		more, err := deploymentEdits(o, withProviders)
		if err != nil {
			return nil, err
		}
		edits = append(edits, more...)
	case "ClusterRoleBinding", "RoleBinding":
		edits = append(edits, edit{[]any{"subjects", 0, "namespace"}, release})
	case "CustomResourceDefinition":
		edits = append(edits, edit{[]any{"metadata", "annotations"}, crdAnnotations(o.GetAnnotations())})
	case "NetworkPolicy":
		if o.GetName() != chartName {
			break
		}
		more, err := networkPolicyEdits(o)
		if err != nil {
			return nil, err
		}
		edits = append(edits, more...)
	case "PodDisruptionBudget":
		edits = append(edits, edit{[]any{"spec", "maxUnavailable"}, "{{ .Values.podDisruptionBudget.maxUnavailable }}"})
	case "PriorityClass":
		edits = append(edits,
			edit{[]any{"metadata", "name"}, "{{ .Values.priorityClass.name }}"},
			edit{[]any{"value"}, "{{ .Values.priorityClass.value | int }}"})
	case "ServiceAccount":
		edits = append(edits, edit{[]any{"metadata", "annotations"}, merged("annotations", o.GetAnnotations(), "serviceAccount.annotations")})
	case "ServiceMonitor":
		edits = append(edits, edit{[]any{"spec", "endpoints", 0, "interval"}, "{{ .Values.monitoring.serviceMonitor.interval }}"})
	case "Role":
		if strings.HasSuffix(o.GetName(), "-pullsecrets") {
			edits = append(edits, edit{[]any{"rules", 0, "resourceNames"}, with("resourceNames", "pullSecrets")})
		}
	}
	return append(edits, edit{[]any{"metadata", "labels"}, labels(o.GetLabels(), labelsValue(o.GetKind()))}), nil
}

// labelsValue is the value with more labels for objects of a kind, or empty.
func labelsValue(kind string) string {
	switch kind {
	case "ServiceAccount":
		return "serviceAccount.labels"
	case "ServiceMonitor":
		return "monitoring.serviceMonitor.labels"
	case "PrometheusRule":
		return "monitoring.rules.labels"
	case "ConfigMap":
		return "monitoring.dashboard.labels"
	default:
		return ""
	}
}

const release = "{{ .Release.Namespace }}"

// crdAnnotations are the fixed ones, and the one by which Helm leaves the definition behind.
func crdAnnotations(fixed map[string]string) string {
	return block("annotations", fixed, "{{- if .Values.crds.keep }}", "helm.sh/resource-policy: keep", "{{- end }}")
}

// networkPolicyEdits replace the peers of the metrics and the ports of the last egress rule, and add rules.
func networkPolicyEdits(o *unstructured.Unstructured) ([]edit, error) {
	egress, _, err := unstructured.NestedSlice(o.Object, "spec", "egress")
	if err != nil {
		return nil, err
	}
	last := len(egress) - 1
	if err := set(egress, []any{last, "ports"}, "PORTS"); err != nil {
		return nil, err
	}
	snippet, err := listWith("egress", egress, nil, nil, "networkPolicy.extraEgress")
	if err != nil {
		return nil, err
	}
	ports := "ports:\n  {{- range .Values.networkPolicy.egressPorts }}\n  - port: {{ . | int }}\n    protocol: TCP\n  {{- end }}\n"
	snippet = strings.Replace(snippet, "ports: PORTS\n", ports, 1)
	return []edit{
		{[]any{"spec", "egress"}, snippet},
		{[]any{"spec", "ingress", 0, "from"}, "from:\n  {{- toYaml .Values.networkPolicy.metricsFrom | nindent INDENT }}\n"},
	}, nil
}
