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

// Package config embeds installed manifests, for code that evaluates them without a cluster.
package config

import _ "embed" // for the manifests

//go:embed crd/bases/trust.karmada.io_karmadaimagetrusts.yaml
var customResourceDefinition string

//go:embed admission/warnings.yaml
var warnings string

// CustomResourceDefinition returns the manifest of the CRD of KarmadaImageTrust, one YAML document.
func CustomResourceDefinition() string { return customResourceDefinition }

// Warnings returns the manifest of the ValidatingAdmissionPolicy that warns about specs and of its binding, two YAML
// documents.
func Warnings() string { return warnings }
