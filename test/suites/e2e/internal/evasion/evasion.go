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

// Package evasion has manifests whose author tries to hide an unsigned image from kubectl imagetrust plan.
package evasion

import (
	"fmt"
	"slices"
	"strings"
)

// The images of the manifests, which the suite pushes. The trust is about all images of Organisation.
const (
	Organisation = "evasions"
	Signed       = "docker.io/evasions/signed:v1"
	Unsigned     = "docker.io/evasions/unsigned:v1"
	// Namespace has opted in to policy-controller.
	Namespace = "evasions"
)

// The manifests have these words for the digests of the images.
const (
	signedDigest   = "SIGNED_DIGEST"
	unsignedDigest = "UNSIGNED_DIGEST"
)

// Answer is what the API server answers to a manifest, with the webhook of policy-controller in force.
type Answer string

const (
	// Denied means that the webhook denies an object, or the pods that the controller of an object creates.
	Denied Answer = "Denied"
	// Rejected means that kubectl or the API server do not take the objects, whatever their images are.
	Rejected Answer = "Rejected"
	// Accepted means that the objects and their pods are created.
	Accepted Answer = "Accepted"
)

// Evasion is a manifest, or a directory of manifests.
type Evasion struct {
	Name string
	// Manifest is a stream. If it is empty, Files are the files of a directory by their names, and Links the symbolic links
	// in it by the names of their targets.
	Manifest     string
	Files, Links map[string]string
	// Pods are those that a controller creates of the objects, as a stream.
	Pods string
	// OwnNamespace means that the objects name their namespace, so that the command line does not.
	OwnNamespace bool
	// Answer is that of the API server; empty means Denied.
	Answer Answer
	// Told are words of what plan prints if it may allow what admission denies: the reason for which it skipped a part, or that
	// no policy covers the image.
	Told string
}

// All returns the evasions for the digests of Signed and Unsigned.
func All(signed, unsigned string) []Evasion {
	digests := strings.NewReplacer(unsignedDigest, unsigned, signedDigest, signed)
	all := slices.Concat(
		ignoredFields(), identities(), containers(), names(), yamlText(), yamlStreams(), jsonText(), lists(), kinds(), trees())
	for i := range all {
		all[i] = all[i].replace(digests)
		if all[i].Answer == "" {
			all[i].Answer = Denied
		}
	}
	return all
}

// Twin returns the same with Signed in place of Unsigned. It reports false if the text does not have that name.
func (e Evasion) Twin(signed, unsigned string) (Evasion, bool) {
	twin := e.replace(strings.NewReplacer(Organisation+"/unsigned", Organisation+"/signed", unsigned, signed))
	return twin, fmt.Sprint(twin.Manifest, twin.Files, twin.Pods) != fmt.Sprint(e.Manifest, e.Files, e.Pods)
}

// answered returns the evasion with the answer of the API server.
func (e Evasion) answered(answer Answer) Evasion {
	e.Answer = answer
	return e
}

// told returns the evasion with words that plan prints.
func (e Evasion) told(words string) Evasion {
	e.Told = words
	return e
}

func (e Evasion) replace(words *strings.Replacer) Evasion {
	e.Manifest, e.Pods = words.Replace(e.Manifest), words.Replace(e.Pods)
	if e.Files != nil {
		files := map[string]string{}
		for name, content := range e.Files {
			files[name] = words.Replace(content)
		}
		e.Files = files
	}
	return e
}

// pod returns a Pod with an image, which is quoted as it is.
func pod(name, image string) string { return podWith(name, "", "    image: "+image+"\n") }

// podWith returns a Pod with lines for its metadata, and lines for its only container.
func podWith(name, metadata, container string) string {
	return "apiVersion: v1\nkind: Pod\nmetadata:\n  name: " + name + "\n" + metadata +
		"spec:\n  containers:\n  - name: main\n" + container
}

// workload returns an object of a kind with a pod template in spec.template. The lines are added to its metadata and its spec.
func workload(version, kind, name, metadata, spec, image string) string {
	return "apiVersion: " + version + "\nkind: " + kind + "\nmetadata:\n  name: " + name + "\n" + metadata +
		"spec:\n  selector:\n    matchLabels: {app: " + name + "}\n" + spec + template("  ", name, "", image)
}

// job is like workload for a Job of Unsigned.
func job(name, metadata, spec string) string {
	return "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: " + name + "\n" + metadata +
		"spec:\n" + spec + template("  ", name, "restartPolicy: Never", Unsigned)
}

// template returns a field with a pod template.
func template(indent, name, field, image string) string {
	lines := []string{
		"template:", "  metadata:", "    labels: {app: " + name + "}", "  spec:", "    containers:", "    - name: main", "      image: " + image,
	}
	if field != "" {
		lines = append(lines, "    "+field)
	}
	return indent + strings.Join(lines, "\n"+indent) + "\n"
}

// stream joins documents.
func stream(documents ...string) string { return strings.Join(documents, "---\n") }
