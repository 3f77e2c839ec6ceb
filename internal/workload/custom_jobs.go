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

// jobKinds are kinds that run until they have ended, and pipelines of such.
func jobKinds() []Custom {
	const jobSet FieldPath = "spec/replicatedJobs[]/template/spec/template/spec"
	return []Custom{
		// Argo Workflows 3.7.
		{Group: "argoproj.io", Kind: "Workflow", Images: workflow("spec")},
		{Group: "argoproj.io", Kind: "WorkflowTemplate", Images: workflow("spec")},
		{Group: "argoproj.io", Kind: "ClusterWorkflowTemplate", Images: workflow("spec")},
		{Group: "argoproj.io", Kind: "CronWorkflow", Images: workflow("spec/workflowSpec")},
		{Group: "argoproj.io", Kind: "WorkflowTaskSet", Images: step("spec/tasks/*")},
		// Tekton 1.6.
		{Group: "tekton.dev", Kind: "Task", Images: task("spec")},
		{Group: "tekton.dev", Kind: "ClusterTask", Images: task("spec")},
		{Group: "tekton.dev", Kind: "TaskRun", Images: task("spec/taskSpec")},
		{Group: "tekton.dev", Kind: "StepAction", Images: []FieldPath{"spec/image"}},
		{Group: "tekton.dev", Kind: "Pipeline", Images: pipeline("spec")},
		{Group: "tekton.dev", Kind: "PipelineRun", Images: pipeline("spec/pipelineSpec")},
		// JobSet 0.10 and LeaderWorkerSet 0.7.
		{Group: "jobset.x-k8s.io", Kind: "JobSet", Pods: []FieldPath{jobSet}},
		{Group: "leaderworkerset.x-k8s.io", Kind: "LeaderWorkerSet", Pods: []FieldPath{
			"spec/leaderWorkerTemplate/leaderTemplate/spec", "spec/leaderWorkerTemplate/workerTemplate/spec",
		}},
		// Kubeflow: Training Operator 1.9, Trainer 2.1, notebooks. Without an image, a TrainJob has the one of its runtime.
		{Group: "kubeflow.org", Kind: "TFJob", Pods: []FieldPath{"spec/tfReplicaSpecs/*/template/spec"}},
		{Group: "kubeflow.org", Kind: "PyTorchJob", Pods: []FieldPath{"spec/pytorchReplicaSpecs/*/template/spec"}},
		{Group: "kubeflow.org", Kind: "MPIJob", Pods: []FieldPath{"spec/mpiReplicaSpecs/*/template/spec"}},
		{Group: "kubeflow.org", Kind: "XGBoostJob", Pods: []FieldPath{"spec/xgbReplicaSpecs/*/template/spec"}},
		{Group: "kubeflow.org", Kind: "PaddleJob", Pods: []FieldPath{"spec/paddleReplicaSpecs/*/template/spec"}},
		{Group: "kubeflow.org", Kind: "JAXJob", Pods: []FieldPath{"spec/jaxReplicaSpecs/*/template/spec"}},
		{Group: "kubeflow.org", Kind: "Notebook", Pods: []FieldPath{"spec/template/spec"}},
		{Group: "trainer.kubeflow.org", Kind: "TrainingRuntime", Pods: []FieldPath{"spec/template/" + jobSet}},
		{Group: "trainer.kubeflow.org", Kind: "ClusterTrainingRuntime", Pods: []FieldPath{"spec/template/" + jobSet}},
		{Group: "trainer.kubeflow.org", Kind: "TrainJob", Chosen: []FieldPath{"spec/trainer/image"}},
		// Volcano and KEDA.
		{Group: "batch.volcano.sh", Kind: "Job", Pods: []FieldPath{"spec/tasks[]/template/spec"}},
		{Group: "batch.volcano.sh", Kind: "CronJob", Pods: []FieldPath{"spec/jobTemplate/spec/tasks[]/template/spec"}},
		{Group: "keda.sh", Kind: "ScaledJob", Pods: []FieldPath{"spec/jobTargetRef/template/spec"}},
		// Spark Operator 2.3.
		{Group: "sparkoperator.k8s.io", Kind: "SparkApplication", Pods: sparkPods("spec"), Images: spark("spec")},
		{
			Group: "sparkoperator.k8s.io", Kind: "ScheduledSparkApplication",
			Pods: sparkPods("spec/template"), Images: spark("spec/template"),
		},
		{
			Group: "sparkoperator.k8s.io", Kind: "SparkConnect", Images: []FieldPath{"spec/image"},
			Pods: []FieldPath{"spec/server/template/spec", "spec/executor/template/spec"},
		},
	}
}

// workflow returns the fields of the steps of a workflow.
func workflow(spec FieldPath) []FieldPath {
	var all []FieldPath
	for _, template := range []FieldPath{
		"/templates[]", "/templateDefaults", "/templates[]/steps[][]/inline", "/templates[]/dag/tasks[]/inline",
	} {
		all = append(all, step(spec+template)...)
	}
	return all
}

func step(template FieldPath) []FieldPath {
	return []FieldPath{
		template + "/initContainers[]/image", template + "/container/image", template + "/script/image",
		template + "/containerSet/containers[]/image", template + "/sidecars[]/image",
	}
}

// task returns the fields of a task, and of the templates for its steps.
func task(spec FieldPath) []FieldPath {
	return []FieldPath{spec + "/steps[]/image", spec + "/sidecars[]/image", spec + "/stepTemplate/image"}
}

// pipeline returns the fields of the tasks that are written in a pipeline.
func pipeline(spec FieldPath) []FieldPath {
	return append(task(spec+"/tasks[]/taskSpec"), task(spec+"/finally[]/taskSpec")...)
}

func spark(application FieldPath) []FieldPath {
	images := []FieldPath{application + "/image"}
	for _, role := range []FieldPath{"/driver", "/executor"} {
		images = append(images, application+role+"/image",
			application+role+"/initContainers[]/image", application+role+"/sidecars[]/image")
	}
	return images
}

func sparkPods(application FieldPath) []FieldPath {
	return []FieldPath{application + "/driver/template/spec", application + "/executor/template/spec"}
}
