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

package evasion

import (
	"fmt"
	"strings"
)

// ignoredFields are about fields that the API server sets anew or ignores when it creates an object.
func ignoredFields() []Evasion {
	const owner = `  ownerReferences:
  - {apiVersion: apps/v1, kind: ReplicaSet, name: web, uid: 11111111-1111-1111-1111-111111111111, controller: true}
`
	plain := pod("hidden", Unsigned)
	return []Evasion{
		{Name: "nothing is hidden", Manifest: plain},
		{Name: "pod that has succeeded", Manifest: plain + "status: {phase: Succeeded}\n"},
		{Name: "pod that has failed", Manifest: plain + "status: {phase: Failed, reason: Evicted}\n"},
		{Name: "pod that runs the signed digest", Manifest: plain + `status:
  phase: Running
  containerStatuses:
  - {name: main, image: "` + Signed + `", imageID: "docker.io/evasions/signed@SIGNED_DIGEST", ready: true, restartCount: 0}
`},
		{Name: "job that is complete", Manifest: job("hidden", "", "") + `status:
  succeeded: 1
  completionTime: "2026-01-01T00:00:00Z"
  conditions:
  - {type: Complete, status: "True"}
`},
		{Name: "job that has failed", Manifest: job("hidden", "", "") + `status: {conditions: [{type: Failed, status: "True"}]}
`},
		{Name: "replica set that is scaled down", Manifest: workload("apps/v1", "ReplicaSet", "hidden", owner, "  replicas: 0\n", Unsigned) +
			"status: {replicas: 0}\n"},
		{Name: "pod with an owner",
			Manifest: podWith("hidden", "  uid: 22222222-2222-2222-2222-222222222222\n"+owner, "    image: "+Unsigned+"\n")},
		{Name: "replica set with a signed owner", Manifest: stream(
			workload("apps/v1", "Deployment", "web", "  uid: 11111111-1111-1111-1111-111111111111\n", "", Signed),
			workload("apps/v1", "ReplicaSet", "web-1", strings.ReplaceAll(owner, "ReplicaSet", "Deployment"), "", Unsigned))},
		{Name: "job with a signed owner", Manifest: stream(
			cronJob("nightly", "  uid: 11111111-1111-1111-1111-111111111111\n", "", Signed),
			job("nightly-1", strings.NewReplacer("apps/v1", "batch/v1", "ReplicaSet", "CronJob", "web", "nightly").Replace(owner), ""))},
		{Name: "mirror pod", Answer: Rejected, Manifest: podWith("hidden", `  annotations:
    kubernetes.io/config.mirror: 0123456789abcdef
    kubernetes.io/config.source: file
`, "    image: "+Unsigned+"\n")},
		{Name: "deletion timestamp", Manifest: podWith("hidden",
			"  deletionTimestamp: \"2026-01-01T00:00:00Z\"\n  deletionGracePeriodSeconds: 0\n", "    image: "+Unsigned+"\n")},
		{Name: "deletion timestamp and finalizer", Manifest: workload("apps/v1", "Deployment", "hidden",
			"  deletionTimestamp: \"2026-01-01T00:00:00Z\"\n  finalizers: [example.com/hold]\n", "", Unsigned)},
		{Name: "generation and creation", Manifest: workload("apps/v1", "Deployment", "hidden",
			"  generation: 7\n  creationTimestamp: \"2026-01-01T00:00:00Z\"\n  selfLink: /apis\n", "", Unsigned) +
			"status: {observedGeneration: 7, replicas: 0}\n"},
		{Name: "resource version", Manifest: podWith("hidden", "  resourceVersion: \"1\"\n", "    image: "+Unsigned+"\n")},
		{Name: "managed fields", Manifest: podWith("hidden", `  managedFields:
  - {manager: kubectl, operation: Apply, apiVersion: v1, fieldsType: FieldsV1, fieldsV1: {"f:status": {}}, subresource: status}
`, "    image: "+Unsigned+"\n")},
		{Name: "last applied configuration", Manifest: podWith("hidden", `  annotations:
    kubectl.kubernetes.io/last-applied-configuration: |
      {"apiVersion":"v1","kind":"Pod","metadata":{"name":"hidden"},"spec":{"containers":[{"name":"main","image":"`+Signed+`"}]}}
`, "    image: "+Unsigned+"\n")},
		{Name: "excluding label", Manifest: podWith("hidden", `  labels:
    policy.sigstore.dev/include: "false"
    admission.example.com/ignore: "true"
    control-plane: "true"
`, "    image: "+Unsigned+"\n")},
		{Name: "large annotation", Manifest: podWith("hidden",
			"  annotations:\n    note: "+strings.Repeat("a", 200_000)+"\n", "    image: "+Unsigned+"\n")},
		{Name: "many labels", Manifest: podWith("hidden", "  labels:\n"+manyLabels(2000), "    image: "+Unsigned+"\n")},
		{Name: "no replicas", Manifest: workload("apps/v1", "Deployment", "hidden", "", "  replicas: 0\n  paused: true\n", Unsigned)},
		{Name: "no replicas of a stateful set",
			Manifest: workload("apps/v1", "StatefulSet", "hidden", "", "  replicas: 0\n  serviceName: a\n", Unsigned)},
		{Name: "daemon set for no node", Manifest: strings.Replace(workload("apps/v1", "DaemonSet", "hidden", "", "", Unsigned),
			"    spec:\n", "    spec:\n      nodeSelector: {no: node}\n", 1)},
		{Name: "suspended job", Manifest: job("hidden", "", "  suspend: true\n  completions: 0\n  parallelism: 0\n")},
		{Name: "job with a time to live", Manifest: job("hidden", "", "  ttlSecondsAfterFinished: 0\n  activeDeadlineSeconds: 1\n")},
		{Name: "suspended cron job", Manifest: cronJob("hidden", "", "  suspend: true\n", Unsigned)},
		{Name: "scheduling gate", Manifest: pod("hidden", Unsigned) + "  schedulingGates: [{name: example.com/never}]\n"},
		{Name: "node of its own", Manifest: pod("hidden", Unsigned) + "  nodeName: node-1\n  schedulerName: none\n"},
		{Name: "fields that nobody knows", Manifest: "skip: true\nimagetrust: {ignore: true}\n" + plain},
	}
}

// manyLabels returns lines of labels.
func manyLabels(count int) string {
	var lines strings.Builder
	for i := range count {
		fmt.Fprintf(&lines, "    label-%d: \"\"\n", i)
	}
	return lines.String()
}

func cronJob(name, metadata, spec, image string) string {
	return "apiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: " + name + "\n" + metadata +
		"spec:\n  schedule: 0 0 1 1 *\n" + spec + "  jobTemplate:\n    spec:\n" + template("      ", name, "restartPolicy: Never", image)
}

// identities are about objects that share what others could take for an identity.
func identities() []Evasion {
	const uid = "  uid: 11111111-1111-1111-1111-111111111111\n"
	bad, good := pod("web", Unsigned), pod("web", Signed)
	configMap := "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: other\n" + uid
	generated := strings.Replace(bad, "name: web", "generateName: web-", 1)
	return []Evasion{
		{Name: "same name, signed last", Manifest: stream(bad, good)},
		{Name: "same name, signed first", Manifest: stream(good, bad)},
		{Name: "same name, thrice", Manifest: stream(good, bad, good)},
		{Name: "same uid of two deployments", Manifest: stream(
			workload("apps/v1", "Deployment", "bad", uid, "", Unsigned), workload("apps/v1", "Deployment", "good", uid, "", Signed))},
		{Name: "same uid of another kind", Manifest: stream(workload("apps/v1", "Deployment", "bad", uid, "", Unsigned), configMap)},
		{Name: "uid of a job's pods", Manifest: stream(job("bad", uid, ""), podWith("good", uid, "    image: "+Signed+"\n"))},
		{Name: "generated name", Manifest: generated},
		{Name: "generated names", Manifest: stream(generated, strings.Replace(good, "name: web", "generateName: web-", 1))},
		{Name: "name and generated name", Manifest: podWith("web", "  generateName: other-\n", "    image: "+Unsigned+"\n")},
		{Name: "no name", Answer: Rejected, Manifest: strings.Replace(bad, "  name: web\n", "  labels: {}\n", 1)},
		{Name: "namespace given for one of two", Manifest: stream(podWith("web", "  namespace: evasions\n", "    image: "+Unsigned+"\n"), good)},
		{Name: "namespace of its own", OwnNamespace: true,
			Manifest: podWith("web", "  namespace: evasions\n", "    image: "+Unsigned+"\n")},
		{Name: "namespace of the system", OwnNamespace: true, Answer: Accepted,
			Manifest: podWith("web", "  namespace: kube-system\n", "    image: "+Unsigned+"\n")},
		{Name: "namespace that has not opted in", OwnNamespace: true, Answer: Accepted,
			Manifest: podWith("web", "  namespace: default\n", "    image: "+Unsigned+"\n")},
		{Name: "another namespace than the command line's", Answer: Rejected,
			Manifest: podWith("web", "  namespace: elsewhere\n", "    image: "+Unsigned+"\n")},
		{Name: "opted out in the same file", Manifest: stream(
			"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: evasions\n  labels: {policy.sigstore.dev/include: \"false\"}\n", bad)},
		{Name: "a trust that allows all", Manifest: stream(`apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata:
  name: allow
spec:
  images: [{glob: "**"}]
  authorities: [{static: {action: pass}}]
`, bad)},
	}
}
