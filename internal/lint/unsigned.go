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

package lint

// unsignedImages are repositories of which no image is signed, as policy.MatchesName wants them.
//
// Read in the workflows of karmada-io/karmada v1.16.0 and karmada-io/dashboard: the former signs its eleven images on
// Docker Hub and nothing else, the latter signs nothing. The chart karmada is pushed to the organisation of the images, and
// is no image; the chart karmada-operator goes to the very repository of the image of that name, which is signed.
func unsignedImages() []string {
	return []string{
		"index.docker.io/karmada/karmada-dashboard-api",
		"index.docker.io/karmada/karmada-dashboard-web",
		"index.docker.io/karmada/kubernetes-dashboard-api",
		"index.docker.io/karmada/karmada",
		// The copies in Huawei's registry are another build (karmada v1.16.0 swr-released-image.yml).
		"swr.ap-southeast-1.myhuaweicloud.com/karmada/karmada-agent",
		"swr.ap-southeast-1.myhuaweicloud.com/karmada/karmada-aggregated-apiserver",
		"swr.ap-southeast-1.myhuaweicloud.com/karmada/karmada-controller-manager",
		"swr.ap-southeast-1.myhuaweicloud.com/karmada/karmada-descheduler",
		"swr.ap-southeast-1.myhuaweicloud.com/karmada/karmada-interpreter-webhook-example",
		"swr.ap-southeast-1.myhuaweicloud.com/karmada/karmada-metrics-adapter",
		"swr.ap-southeast-1.myhuaweicloud.com/karmada/karmada-operator",
		"swr.ap-southeast-1.myhuaweicloud.com/karmada/karmada-scheduler",
		"swr.ap-southeast-1.myhuaweicloud.com/karmada/karmada-scheduler-estimator",
		"swr.ap-southeast-1.myhuaweicloud.com/karmada/karmada-search",
		"swr.ap-southeast-1.myhuaweicloud.com/karmada/karmada-webhook",
	}
}
