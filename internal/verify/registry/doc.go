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

// Package registry reads manifests and blobs from OCI registries that are slow, down or
// hostile: every answer is bounded in size and time, every failure says exactly what it was, and
// what one image taught about a repository (its protocol and its token) serves the next one.
//
// It never repeats a request. Who asks decides when to ask again.
package registry
