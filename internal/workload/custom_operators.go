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

// operatorKinds are kinds whose operator runs a program of its own, with images that it chooses if the object names none.
func operatorKinds() []Custom {
	spec := []FieldPath{"spec"}
	image := []FieldPath{"spec/image"}
	rack := []FieldPath{"spec/clientRackInitImage"}
	kinds := []Custom{
		// Prometheus Operator 0.86. The containers in the specification are added to those that the operator writes, or change them.
		{Group: "monitoring.coreos.com", Kind: "Prometheus", Pods: spec, Chosen: []FieldPath{"spec/image", "spec/thanos/image"}},
		{Group: "monitoring.coreos.com", Kind: "PrometheusAgent", Pods: spec, Chosen: image},
		{Group: "monitoring.coreos.com", Kind: "Alertmanager", Pods: spec, Chosen: image},
		{Group: "monitoring.coreos.com", Kind: "ThanosRuler", Pods: spec, Chosen: image},
		// Strimzi 0.47.
		{
			Group: "kafka.strimzi.io", Kind: "Kafka", Images: []FieldPath{"spec/kafka/brokerRackInitImage"},
			Chosen: []FieldPath{
				"spec/kafka/image", "spec/zookeeper/image", "spec/entityOperator/topicOperator/image",
				"spec/entityOperator/userOperator/image", "spec/entityOperator/tlsSidecar/image", "spec/cruiseControl/image",
				"spec/cruiseControl/tlsSidecar/image", "spec/kafkaExporter/image",
			},
		},
		{Group: "kafka.strimzi.io", Kind: "KafkaConnect", Images: rack, Chosen: image},
		{Group: "kafka.strimzi.io", Kind: "KafkaMirrorMaker", Chosen: image},
		{Group: "kafka.strimzi.io", Kind: "KafkaMirrorMaker2", Images: rack, Chosen: image},
		{Group: "kafka.strimzi.io", Kind: "KafkaBridge", Images: rack, Chosen: image},
		{Group: "core.strimzi.io", Kind: "StrimziPodSet", Pods: []FieldPath{"spec/pods[]/spec"}},
		// CloudNativePG 1.27.
		{Group: "postgresql.cnpg.io", Kind: "Cluster", Chosen: []FieldPath{"spec/imageName"}},
		{Group: "postgresql.cnpg.io", Kind: "Pooler", Pods: []FieldPath{"spec/template/spec"}},
		{Group: "postgresql.cnpg.io", Kind: "ImageCatalog", Images: []FieldPath{"spec/images[]/image"}},
		{Group: "postgresql.cnpg.io", Kind: "ClusterImageCatalog", Images: []FieldPath{"spec/images[]/image"}},
	}
	return append(kinds, elastic()...)
}

// elastic returns the kinds of Elastic Cloud on Kubernetes 3.
func elastic() []Custom {
	template := []FieldPath{"spec/podTemplate/spec"}
	image := []FieldPath{"spec/image"}
	either := []FieldPath{"spec/deployment/podTemplate/spec", "spec/daemonSet/podTemplate/spec", "spec/statefulSet/podTemplate/spec"}
	return []Custom{
		{Group: "elasticsearch.k8s.elastic.co", Kind: "Elasticsearch", Pods: []FieldPath{"spec/nodeSets[]/podTemplate/spec"}, Chosen: image},
		{Group: "kibana.k8s.elastic.co", Kind: "Kibana", Pods: template, Chosen: image},
		{Group: "apm.k8s.elastic.co", Kind: "ApmServer", Pods: template, Chosen: image},
		{Group: "enterprisesearch.k8s.elastic.co", Kind: "EnterpriseSearch", Pods: template, Chosen: image},
		{Group: "maps.k8s.elastic.co", Kind: "ElasticMapsServer", Pods: template, Chosen: image},
		{Group: "logstash.k8s.elastic.co", Kind: "Logstash", Pods: template, Chosen: image},
		{Group: "beat.k8s.elastic.co", Kind: "Beat", Pods: either, Chosen: image},
		{Group: "agent.k8s.elastic.co", Kind: "Agent", Pods: either, Chosen: image},
	}
}
