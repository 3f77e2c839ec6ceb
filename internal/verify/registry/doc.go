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

// Package registry reads from registries that may be slow, unavailable or hostile. Every response is bounded in size and
// time, and every failure has a precise message. The greeting of a registry serves all its repositories, and the token for a
// repository all its images; whoever asks the same at the same time gets the same answer.
//
// One function sends all requests (Client.follow), and one rule says what they may reach, where credentials go, and when TLS is
// needed (reach). Nothing that a registry answers makes what is kept about it grow.
//
// It does not retry, except with a new token or as a registry asks for it. Callers decide when to try again.
package registry
