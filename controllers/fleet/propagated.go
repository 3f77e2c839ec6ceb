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

package fleet

import (
	"fmt"
	"slices"
	"strings"
	"time"

	clusterv1alpha1 "github.com/karmada-io/karmada/pkg/apis/cluster/v1alpha1"
	workv1alpha2 "github.com/karmada-io/karmada/pkg/apis/work/v1alpha2"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	members "github.com/karmada-io/image-trust/internal/fleet"
	"github.com/karmada-io/image-trust/internal/text"
)

const (
	// maxMessage bounds the message of the condition, in bytes.
	maxMessage = 1024
	// maxNamed is how many clusters a message names for one cause.
	maxNamed = 5
	// maxQuoted bounds what is quoted of a message of Karmada's or of a cluster's, in bytes, so that other causes have room.
	maxQuoted = 200
)

// observed is what the condition Propagated is made from.
type observed struct {
	trust *v1alpha1.KarmadaImageTrust
	// binding of the trust; nil if Karmada has made none.
	binding *workv1alpha2.ClusterResourceBinding
	// clusters are the members of the fleet.
	clusters []*clusterv1alpha1.Cluster
	// unreadable says why the members cannot be read. It is empty if they can.
	unreadable string
}

// cause is one thing that the condition says.
type cause struct {
	status          metav1.ConditionStatus
	reason, message string
}

// propagated returns the condition Propagated of a trust, without the time of its last transition. The first cause gives the
// reason, and every cause is in the message.
func propagated(o observed) metav1.Condition {
	causes := o.causes()
	messages := make([]string, len(causes))
	for i, c := range causes {
		messages[i] = c.message
	}
	return metav1.Condition{
		Type: v1alpha1.PropagatedCondition, ObservedGeneration: o.trust.Generation,
		Status: causes[0].status, Reason: causes[0].reason, Message: printable(strings.Join(messages, " "), maxMessage),
	}
}

// causes returns what is to be said about the trust, the most severe first.
func (o *observed) causes() []cause {
	if o.binding == nil {
		return []cause{o.withoutBinding()}
	}
	s := o.sorted()
	var causes []cause
	add := func(status metav1.ConditionStatus, reason, format string, args ...any) {
		causes = append(causes, cause{status: status, reason: reason, message: fmt.Sprintf(format, args...)})
	}
	if status, message := notScheduled(o.binding); message != "" {
		add(status, v1alpha1.NotScheduledReason, "%s", message)
	}
	if n := len(s.notApplied); n > 0 {
		add(metav1.ConditionFalse, v1alpha1.NotAppliedReason, "Karmada has not applied the trust in %s: %s.",
			text.Count(n, "cluster"), text.List(s.notApplied, maxNamed))
	}
	if n := len(s.notServed); n > 0 {
		add(metav1.ConditionFalse, v1alpha1.APINotServedReason,
			"The policy selects %s without %s, which Karmada leaves out: %s. Install the operator there, or exclude %s in the placement.",
			text.Count(n, "cluster"), v1alpha1.GroupVersion, text.List(s.notServed, maxNamed), them(n))
	}
	if o.unreadable != "" {
		add(metav1.ConditionUnknown, v1alpha1.ClustersUnreadableReason,
			"Which clusters answer is not known, because the Clusters (%s) cannot be read: %s.",
			clusterv1alpha1.GroupVersion, quoted(o.unreadable))
	}
	if n := len(s.silent); n > 0 {
		add(metav1.ConditionUnknown, v1alpha1.ClusterNotAnsweringReason,
			"Karmada does not reach %s, of which the status has the last report at most: %s.",
			text.Count(n, "cluster"), text.List(s.silent, maxNamed))
	}
	if n := len(s.suspended); n > 0 {
		add(metav1.ConditionUnknown, v1alpha1.SuspendedReason, "Propagation is suspended for %s: %s.",
			text.Count(n, "cluster"), text.List(s.suspended, maxNamed))
	}
	if len(causes) > 0 {
		return causes
	}
	n := len(o.binding.Spec.Clusters)
	answering := "all of them answer"
	if n == 1 {
		answering = "the cluster answers"
	}
	add(metav1.ConditionTrue, v1alpha1.PropagatedReason, "Karmada has applied the trust in %s, and %s.", text.Count(n, "cluster"), answering)
	return causes
}

// withoutBinding is the cause where no binding says which clusters the trust goes to.
func (o *observed) withoutBinding() cause {
	if claimed(o.trust) {
		return cause{
			status: metav1.ConditionUnknown, reason: v1alpha1.NotScheduledReason,
			message: "A ClusterPropagationPolicy selects the trust. Karmada has not made a ClusterResourceBinding for it yet.",
		}
	}
	return cause{
		status: metav1.ConditionFalse, reason: v1alpha1.NotPropagatedReason,
		message: fmt.Sprintf("No ClusterPropagationPolicy selects the trust, so that no cluster gets it from here. "+
			"Create one with spec.resourceSelectors: [{apiVersion: %s, kind: KarmadaImageTrust, name: %s}].",
			v1alpha1.GroupVersion, o.trust.Name),
	}
}

// notScheduled says why the scheduler has not selected clusters, or nothing if it has.
func notScheduled(binding *workv1alpha2.ClusterResourceBinding) (metav1.ConditionStatus, string) {
	scheduled := apimeta.FindStatusCondition(binding.Status.Conditions, workv1alpha2.Scheduled)
	switch {
	case scheduled != nil && scheduled.Status == metav1.ConditionFalse:
		return metav1.ConditionFalse, fmt.Sprintf("Karmada's scheduler reports %s: %s.", scheduled.Reason, quoted(scheduled.Message))
	case len(binding.Spec.Clusters) > 0:
		return "", ""
	case scheduled == nil || scheduled.Status != metav1.ConditionTrue:
		return metav1.ConditionUnknown, "Karmada's scheduler has not selected clusters yet."
	default:
		return metav1.ConditionFalse, "Karmada's scheduler has selected no cluster."
	}
}

// sortedClusters are the clusters that something is to be said about, as a message names them: each one once.
type sortedClusters struct {
	notApplied, notServed, silent, suspended []string
}

func (o *observed) sorted() sortedClusters {
	var s sortedClusters
	binding := o.binding
	registered := make(map[string]*clusterv1alpha1.Cluster, len(o.clusters))
	for _, object := range o.clusters {
		registered[object.Name] = object
	}
	items := make(map[string]*workv1alpha2.AggregatedStatusItem, len(binding.Status.AggregatedStatus))
	for i := range binding.Status.AggregatedStatus {
		item := &binding.Status.AggregatedStatus[i]
		items[item.ClusterName] = item
	}
	suspended := suspendedClusters(binding)
	targets := sets.New[string]()
	for _, target := range binding.Spec.Clusters {
		name, item := target.Name, items[target.Name]
		targets.Insert(name)
		switch silence := o.silence(registered[name]); {
		case silence != "":
			s.silent = append(s.silent, name+" ("+silence+")")
		case suspended(name):
			s.suspended = append(s.suspended, name)
		case item == nil:
			s.notApplied = append(s.notApplied, name)
		case !item.Applied:
			s.notApplied = append(s.notApplied, name+why(item.AppliedMessage))
		}
	}
	if o.unreadable == "" {
		s.addLeftOut(binding, o.clusters, targets)
	}
	slices.Sort(s.notApplied)
	slices.Sort(s.notServed)
	slices.Sort(s.silent)
	slices.Sort(s.suspended)
	return s
}

// addLeftOut adds the clusters that the policy selects and that the scheduler has not taken, where it is known why. Constraints
// on the spread leave clusters out on purpose.
func (s *sortedClusters) addLeftOut(
	binding *workv1alpha2.ClusterResourceBinding, clusters []*clusterv1alpha1.Cluster, targets sets.Set[string],
) {
	placement := binding.Spec.Placement
	if placement == nil || len(placement.SpreadConstraints) > 0 {
		return
	}
	for _, object := range clusters {
		if targets.Has(object.Name) || object.DeletionTimestamp != nil ||
			!members.Selects(placement, binding.Status.SchedulerObservedAffinityName, object) {
			continue
		}
		switch cluster := members.ParseCluster(object); {
		case !cluster.Answers():
			s.silent = append(s.silent, cluster.Name+" (left out, "+since(cluster)+")")
		case cluster.Serves != metav1.ConditionTrue:
			s.notServed = append(s.notServed, cluster.Name)
		}
	}
}

// silence says why nothing is heard of a cluster, or nothing if it answers or if that cannot be known.
func (o *observed) silence(object *clusterv1alpha1.Cluster) string {
	switch {
	case o.unreadable != "":
		return ""
	case object == nil:
		return "no member of the fleet"
	}
	if cluster := members.ParseCluster(object); !cluster.Answers() {
		return since(cluster)
	}
	return ""
}

// since says how long Karmada has not reached a cluster.
func since(cluster members.Cluster) string {
	if cluster.Since.IsZero() {
		return "never reached"
	}
	return "since " + cluster.Since.UTC().Format(time.RFC3339)
}

// suspendedClusters returns whether a policy suspends the propagation to a cluster.
func suspendedClusters(binding *workv1alpha2.ClusterResourceBinding) func(string) bool {
	suspension := binding.Spec.Suspension
	if suspension == nil {
		return func(string) bool { return false }
	}
	all := suspension.Dispatching != nil && *suspension.Dispatching
	var some []string
	if suspension.DispatchingOnClusters != nil {
		some = suspension.DispatchingOnClusters.ClusterNames
	}
	return func(name string) bool { return all || slices.Contains(some, name) }
}

func them(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

// why returns a message of Karmada's in brackets, or nothing if there is none.
func why(message string) string {
	if message == "" {
		return ""
	}
	return " (" + quoted(message) + ")"
}

// quoted returns what others wrote as a part of a sentence.
func quoted(s string) string { return strings.TrimRight(printable(s, maxQuoted), ". ") }

// printable returns a text on one line, without what is not printable, and of at most limit bytes.
func printable(s string, limit int) string {
	return text.Truncate(text.Printable(strings.Join(strings.Fields(s), " ")), limit)
}
