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

package workload

// The paths follow the CustomResourceDefinitions of the releases that are named. Paths of older versions are kept.

// deliveryKinds are kinds that stand for Deployments and the like, and those that roll them out.
func deliveryKinds() []Custom {
	const template FieldPath = "spec/template/spec"
	const analysis FieldPath = "spec/metrics[]/provider/job/spec/template/spec"
	return []Custom{
		// Argo Rollouts 1.8. A Rollout with a workloadRef has no template: it takes that of a Deployment.
		{Group: "argoproj.io", Kind: "Rollout", Pods: []FieldPath{template}},
		{Group: "argoproj.io", Kind: "Experiment", Pods: []FieldPath{"spec/templates[]/template/spec"}},
		{Group: "argoproj.io", Kind: "AnalysisTemplate", Pods: []FieldPath{analysis}},
		{Group: "argoproj.io", Kind: "ClusterAnalysisTemplate", Pods: []FieldPath{analysis}},
		{Group: "argoproj.io", Kind: "AnalysisRun", Pods: []FieldPath{analysis}},
		// OpenKruise 1.8.
		{Group: "apps.kruise.io", Kind: "CloneSet", Pods: []FieldPath{template}},
		{Group: "apps.kruise.io", Kind: "StatefulSet", Pods: []FieldPath{template}},
		{Group: "apps.kruise.io", Kind: "DaemonSet", Pods: []FieldPath{template}},
		{Group: "apps.kruise.io", Kind: "BroadcastJob", Pods: []FieldPath{template}},
		{
			Group: "apps.kruise.io", Kind: "SidecarSet", Pods: []FieldPath{"spec"}, Images: []FieldPath{
				"spec/containers[]/upgradeStrategy/hotUpgradeEmptyImage", "spec/initContainers[]/upgradeStrategy/hotUpgradeEmptyImage",
			},
		},
		{Group: "apps.kruise.io", Kind: "EphemeralJob", Pods: []FieldPath{"spec/template"}},
		{Group: "apps.kruise.io", Kind: "AdvancedCronJob", Pods: []FieldPath{
			"spec/template/jobTemplate/spec/template/spec", "spec/template/broadcastJobTemplate/spec/template/spec",
		}},
		{Group: "apps.kruise.io", Kind: "UnitedDeployment", Pods: []FieldPath{
			"spec/template/statefulSetTemplate/spec/template/spec", "spec/template/advancedStatefulSetTemplate/spec/template/spec",
			"spec/template/cloneSetTemplate/spec/template/spec", "spec/template/deploymentTemplate/spec/template/spec",
		}},
		// OpenShift.
		{Group: "apps.openshift.io", Kind: "DeploymentConfig", Pods: []FieldPath{template}},
		// Of Kubernetes before 1.16, which wrote these kinds in another group.
		{Group: "extensions", Kind: "Deployment", Pods: []FieldPath{template}},
		{Group: "extensions", Kind: "DaemonSet", Pods: []FieldPath{template}},
		{Group: "extensions", Kind: "ReplicaSet", Pods: []FieldPath{template}},
	}
}

// serviceKinds are kinds that serve requests or models.
func serviceKinds() []Custom {
	const template FieldPath = "spec/template/spec"
	const autoscaler = "/autoscalerOptions/image"
	model := []FieldPath{
		"spec/predictor/model/image", "spec/predictor/sklearn/image", "spec/predictor/xgboost/image", "spec/predictor/tensorflow/image",
		"spec/predictor/pytorch/image", "spec/predictor/triton/image", "spec/predictor/onnx/image", "spec/predictor/huggingface/image",
		"spec/predictor/pmml/image", "spec/predictor/lightgbm/image", "spec/predictor/paddle/image", "spec/explainer/art/image",
	}
	return []Custom{
		// Knative Serving 1.19 and Eventing.
		{Group: "serving.knative.dev", Kind: "Service", Pods: []FieldPath{template}},
		{Group: "serving.knative.dev", Kind: "Configuration", Pods: []FieldPath{template}},
		{Group: "serving.knative.dev", Kind: "Revision", Pods: []FieldPath{"spec"}},
		{Group: "sources.knative.dev", Kind: "ContainerSource", Pods: []FieldPath{template}},
		{Group: "sinks.knative.dev", Kind: "JobSink", Pods: []FieldPath{"spec/job/spec/template/spec"}},
		// KServe 0.15. Without an image, the runtime of a model has the one of a ServingRuntime.
		{Group: "serving.kserve.io", Kind: "ServingRuntime", Pods: []FieldPath{"spec", "spec/workerSpec"}},
		{Group: "serving.kserve.io", Kind: "ClusterServingRuntime", Pods: []FieldPath{"spec", "spec/workerSpec"}},
		{
			Group: "serving.kserve.io", Kind: "InferenceService", Chosen: model,
			Pods: []FieldPath{"spec/predictor", "spec/predictor/workerSpec", "spec/transformer", "spec/explainer"},
		},
		{Group: "serving.kserve.io", Kind: "ClusterStorageContainer", Images: []FieldPath{"spec/container/image"}},
		// KubeRay 1.4.
		{Group: "ray.io", Kind: "RayCluster", Pods: ray("spec"), Images: []FieldPath{"spec" + autoscaler}},
		{Group: "ray.io", Kind: "RayService", Pods: ray("spec/rayClusterConfig"), Images: []FieldPath{"spec/rayClusterConfig" + autoscaler}},
		{
			Group: "ray.io", Kind: "RayJob", Images: []FieldPath{"spec/rayClusterSpec" + autoscaler},
			Pods: append(ray("spec/rayClusterSpec"), "spec/submitterPodTemplate/spec"),
		},
		// KubeVirt: disks that are images are containers of the pods of machines.
		{Group: "kubevirt.io", Kind: "VirtualMachine", Images: machine(template)},
		{Group: "kubevirt.io", Kind: "VirtualMachineInstance", Images: machine("spec")},
		{Group: "kubevirt.io", Kind: "VirtualMachineInstanceReplicaSet", Images: machine(template)},
		{Group: "pool.kubevirt.io", Kind: "VirtualMachinePool", Images: machine("spec/virtualMachineTemplate/spec/template/spec")},
	}
}

// ray returns the templates of a cluster's pods.
func ray(cluster FieldPath) []FieldPath {
	return []FieldPath{cluster + "/headGroupSpec/template/spec", cluster + "/workerGroupSpecs[]/template/spec"}
}

func machine(spec FieldPath) []FieldPath {
	return []FieldPath{spec + "/volumes[]/containerDisk/image", spec + "/domain/firmware/kernelBoot/container/image"}
}
