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
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// clusterFlagAnnotation marks the flags that select a cluster.
const clusterFlagAnnotation = "imagetrust_cluster_flag"

// groupFlags lists a command's own flags before those that select a cluster, of which there are many.
func groupFlags(root *cobra.Command) {
	cobra.AddTemplateFunc("ownFlags", func(cmd *cobra.Command) string { return flagUsages(cmd, false) })
	cobra.AddTemplateFunc("clusterFlags", func(cmd *cobra.Command) string { return flagUsages(cmd, true) })
	const flags = "{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}"
	root.SetUsageTemplate(strings.Replace(root.UsageTemplate(), flags, `{{ownFlags . | trimTrailingWhitespaces}}
{{- with clusterFlags .}}

Flags for the cluster, as in kubectl:
{{. | trimTrailingWhitespaces}}{{end}}`, 1))
}

// flagUsages returns the help of the flags that select a cluster, or of all others.
func flagUsages(cmd *cobra.Command, cluster bool) string {
	selected := pflag.NewFlagSet(cmd.Name(), pflag.ContinueOnError)
	cmd.LocalFlags().VisitAll(func(flag *pflag.Flag) {
		if _, ok := flag.Annotations[clusterFlagAnnotation]; ok == cluster {
			selected.AddFlag(flag)
		}
	})
	return selected.FlagUsages()
}
