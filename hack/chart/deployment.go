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
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// flagKind says how a value becomes flags.
type flagKind int

const (
	// single is one flag, if the value is neither empty nor zero.
	single flagKind = iota
	// count is one flag, if the value is not zero.
	count
	// truth is a flag without a value, if the value is true.
	truth
	// repeated is a flag for each element of a list.
	repeated
	// file is a flag with the path of a key in a ConfigMap, which is mounted. The values are PATH.configMap and PATH.key.
	file
)

// flagOf is a flag of the manager that a value of the chart sets.
type flagOf struct {
	flag string
	path string
	kind flagKind
}

func flags() []flagOf {
	return []flagOf{
		{"policy-controller-version", "policyControllerVersion", single},
		{"policy-webhook-name", "policyWebhookName", single},
		{"policy-reports", "policyReports", truth},
		{"verify-workers", "verifyWorkers", count},
		{"insecure-registry", "registries.insecure", repeated},
		{"private-registry", "registries.private", repeated},
		{"registry-ca", "registries.ca", file},
		{"tuf-mirror", "tuf.mirror", single},
		{"tuf-root", "tuf.root", file},
		{"trusted-root", "trustedRoot", file},
	}
}

const mountDir = "/etc/karmada-image-trust/"

// arguments is the list of the manager's arguments: those in config/, those of credential providers, and the flags of the values
// that are set.
func arguments(fixed, ofProviders []any) string {
	var out strings.Builder
	out.WriteString("args:\n")
	for _, one := range fixed {
		fmt.Fprintf(&out, "- %v\n", one)
	}
	var conditional strings.Builder
	for _, one := range ofProviders {
		fmt.Fprintf(&conditional, "- %v\n", one)
	}
	out.WriteString(when(providersCondition, conditional.String()))
	for _, f := range flags() {
		switch f.kind {
		case single:
			fmt.Fprintf(&out, "{{- with .Values.%s }}\n- {{ printf \"--%s=%%s\" . | quote }}\n{{- end }}\n", f.path, f.flag)
		case count:
			fmt.Fprintf(&out, "{{- with .Values.%s }}\n- {{ printf \"--%s=%%d\" (int .) | quote }}\n{{- end }}\n", f.path, f.flag)
		case truth:
			fmt.Fprintf(&out, "{{- if .Values.%s }}\n- --%s\n{{- end }}\n", f.path, f.flag)
		case repeated:
			fmt.Fprintf(&out, "{{- range .Values.%s }}\n- {{ printf \"--%s=%%s\" . | quote }}\n{{- end }}\n", f.path, f.flag)
		case file:
			argument := fmt.Sprintf("- {{ printf \"--%[1]s=%[2]s%[1]s/%%s\" .Values.%[3]s.key | quote }}\n", f.flag, mountDir, f.path)
			out.WriteString(when(fmt.Sprintf(".Values.%s.configMap", f.path), argument))
		}
	}
	out.WriteString("{{- range .Values.extraArgs }}\n- {{ quote . }}\n{{- end }}\n")
	return out.String()
}

// providersCondition holds if credential providers are used.
const providersCondition = ".Values.credentialProviders.image"

// listWith is a field that is a list with fixed elements, those of credential providers, what is added for each flag that names a
// file, and those of a value.
func listWith(key string, fixed, ofProviders []any, ofFile func(flagOf) string, value string) (string, error) {
	encoded, err := yaml.Marshal(fixed)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%s:\n%s", key, encoded)
	if len(ofProviders) > 0 {
		encoded, err := yaml.Marshal(ofProviders)
		if err != nil {
			return "", err
		}
		out.WriteString(when(providersCondition, string(encoded)))
	}
	for _, f := range flags() {
		if f.kind == file && ofFile != nil {
			out.WriteString(when(fmt.Sprintf(".Values.%s.configMap", f.path), ofFile(f)))
		}
	}
	fmt.Fprintf(&out, "{{- with .Values.%s }}\n{{- toYaml . | nindent LEVEL }}\n{{- end }}\n", value)
	return out.String(), nil
}

func volume(f flagOf) string {
	return fmt.Sprintf("- name: %s\n  configMap:\n    name: {{ quote .Values.%s.configMap }}\n", f.flag, f.path)
}

func mount(f flagOf) string {
	return fmt.Sprintf("- name: %[1]s\n  mountPath: %[2]s%[1]s\n  readOnly: true\n", f.flag, mountDir)
}

// further returns the elements of a list that another one does not have.
func further(list, than any) []any {
	all, _ := list.([]any)
	known, _ := than.([]any)
	return slices.DeleteFunc(slices.Clone(all), func(one any) bool {
		return slices.ContainsFunc(known, func(other any) bool { return reflect.DeepEqual(one, other) })
	})
}

// initContainers is the field with the container that has the programs of credential providers.
func initContainers(withProviders *unstructured.Unstructured) (string, error) {
	list, _, err := unstructured.NestedSlice(withProviders.Object, "spec", "template", "spec", "initContainers")
	if err != nil {
		return "", err
	}
	if err := set(list, []any{0, "image"}, "PROVIDERS"); err != nil {
		return "", err
	}
	encoded, err := yaml.Marshal(list)
	if err != nil {
		return "", err
	}
	image := "image: {{ quote " + providersCondition + " }}\n"
	return when(providersCondition, "initContainers:\n"+strings.Replace(string(encoded), "image: PROVIDERS\n", image, 1)), nil
}

// podAnnotations are the fixed ones, one that changes with the configuration of credential providers, so that pods read it anew, and
// those of a value.
func podAnnotations(fixed map[string]string) string {
	return block("annotations", fixed,
		"{{- if "+providersCondition+" }}",
		chartName+"/credential-providers: {{ toJson .Values.credentialProviders | sha256sum }}",
		"{{- end }}",
		"{{- with .Values.podAnnotations }}", "{{- toYaml . | nindent INDENT }}", "{{- end }}")
}

// deploymentEdits are what values change in the Deployment.
func deploymentEdits(o, withProviders *unstructured.Unstructured) ([]edit, error) {
	container, err := manager(o)
	if err != nil {
		return nil, err
	}
	providers, err := manager(withProviders)
	if err != nil {
		return nil, err
	}
	init, err := initContainers(withProviders)
	if err != nil {
		return nil, err
	}
	pod := []any{"spec", "template", "spec"}
	in := func(path ...any) []any { return append(append([]any{}, pod...), path...) }
	first := func(key string) []any { return in("containers", 0, key) }
	fixedLabels, _, err := unstructured.NestedStringMap(o.Object, "spec", "template", "metadata", "labels")
	if err != nil {
		return nil, err
	}
	fixedAnnotations, _, err := unstructured.NestedStringMap(o.Object, "spec", "template", "metadata", "annotations")
	if err != nil {
		return nil, err
	}
	fixedArgs, _ := container["args"].([]any)
	volumes, _, err := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "volumes")
	if err != nil {
		return nil, err
	}
	providerVolumes, _, err := unstructured.NestedSlice(withProviders.Object, "spec", "template", "spec", "volumes")
	if err != nil {
		return nil, err
	}
	volumesSnippet, err := listWith("volumes", volumes, further(providerVolumes, volumes), volume, "extraVolumes")
	if err != nil {
		return nil, err
	}
	mounts, _ := container["volumeMounts"].([]any)
	mountsSnippet, err := listWith("volumeMounts", mounts, further(providers["volumeMounts"], mounts), mount, "extraVolumeMounts")
	if err != nil {
		return nil, err
	}
	env, _ := container["env"].([]any)
	if err := set(env, []any{0, "value"}, "GOMEMLIMIT"); err != nil {
		return nil, err
	}
	envSnippet, err := listWith("env", env, nil, nil, "extraEnv")
	if err != nil {
		return nil, err
	}
	envSnippet = strings.Replace(envSnippet, "value: GOMEMLIMIT", "value: {{ quote .Values.goMemoryLimit }}", 1)
	return []edit{
		{[]any{"spec", "replicas"}, "{{ .Values.replicas }}"},
		{[]any{"spec", "template", "metadata", "labels"}, merged("labels", fixedLabels, "podLabels")},
		{[]any{"spec", "template", "metadata", "annotations"}, podAnnotations(fixedAnnotations)},
		{in("initContainers"), init},
		{in("imagePullSecrets"), with("imagePullSecrets", "imagePullSecrets")},
		{in("priorityClassName"), "{{- with .Values.priorityClass.name }}\npriorityClassName: {{ . }}\n{{- end }}\n"},
		{in("topologySpreadConstraints"), with("topologySpreadConstraints", "topologySpreadConstraints")},
		{in("nodeSelector"), with("nodeSelector", "nodeSelector")},
		{in("tolerations"), with("tolerations", "tolerations")},
		{in("affinity"), with("affinity", "affinity")},
		{in("volumes"), volumesSnippet},
		{first("image"), fmt.Sprintf("{{ include %q . }}", chartName+".image")},
		{first("imagePullPolicy"), "{{- with .Values.image.pullPolicy }}\nimagePullPolicy: {{ . }}\n{{- end }}\n"},
		{first("args"), arguments(fixedArgs, further(providers["args"], container["args"]))},
		{first("env"), envSnippet},
		{first("resources"), with("resources", "resources")},
		{first("volumeMounts"), mountsSnippet},
	}, nil
}
