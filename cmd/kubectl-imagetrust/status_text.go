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
	"fmt"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/text"
)

// printTrusts writes trusts as text: what is not verified or not enforced, and with all set everything else too.
func printTrusts(p *text.Printer, s style, trusts []v1alpha1.KarmadaImageTrust, all bool) {
	for i := range trusts {
		if i > 0 {
			p.Printf("\n")
		}
		printTrust(p, s, &trusts[i], all)
	}
	if len(trusts) == 0 {
		p.Printf("No KarmadaImageTrusts found.\n")
	}
}

func printTrust(p *text.Printer, s style, trust *v1alpha1.KarmadaImageTrust, all bool) {
	verified := apimeta.FindStatusCondition(trust.Status.Conditions, v1alpha1.ImagesVerifiedCondition)
	p.Printf("%s %s  %s", conditionMark(s, verified), trust.Name, trust.Spec.Enforcement)
	if summary := trust.Status.Summary; summary != nil {
		p.Printf(" · %s verified", summary.VerifiedRatio)
		if summary.WouldDeny != nil && *summary.WouldDeny > 0 {
			p.Printf(" · %s", s.failure(fmt.Sprintf("%d would be denied", *summary.WouldDeny)))
		}
	}
	switch {
	case trust.Status.ObservedGeneration <= 0:
		p.Printf(" · %s", s.warning("not reconciled yet"))
	case trust.Status.ObservedGeneration != trust.Generation:
		p.Printf(" · %s", s.warning("the status is of an earlier spec"))
	}
	p.Printf("\n")
	for _, condition := range trust.Status.Conditions {
		// The images that are not verified follow, so the condition would only repeat them.
		if all || condition.Status != metav1.ConditionTrue && condition.Type != v1alpha1.ImagesVerifiedCondition {
			p.Printf("    %s %s, %s: %s\n", conditionMark(s, &condition), condition.Type, condition.Reason, condition.Message)
		}
	}
	if line := policyControllerLine(trust.Status.PolicyController, all); line != "" {
		p.Printf("    %s\n", line)
	}
	for i := range trust.Status.Images {
		image := &trust.Status.Images[i]
		if all || image.Verdict != v1alpha1.VerdictVerified {
			p.Printf("    %s %s  %s: %s%s\n", mark(s, image.Verdict), image.Reference, image.Reason, image.Message, bySigner(image))
		}
	}
	for _, v := range trust.Status.Violations {
		p.Printf("    %s %s %s/%s, container %s: %s: %s (%s)\n",
			s.failure("✗"), v.Kind, v.Namespace, v.Name, v.Container, v.Image, v.Reason, v.Effect)
	}
	printNotListed(p, s, trust.Status.Summary)
}

// bySigner names the signer of an image, if its trust lists signers.
func bySigner(image *v1alpha1.ImageStatus) string {
	if image.Signer == nil || image.Signer.Name == "" {
		return ""
	}
	return " (signer " + image.Signer.Name + ")"
}

// policyControllerLine says which policy-controller is installed: always if it is not known or contradicted, and with all set
// otherwise too.
func policyControllerLine(found *v1alpha1.PolicyControllerStatus, all bool) string {
	switch {
	case found == nil || found.Message == "" && !all:
		return ""
	case found.Version == "":
		return "policy-controller, of a version that is not known: " + found.Message
	case found.Message != "":
		return fmt.Sprintf("policy-controller %s (%s): %s", found.Version, found.Source, found.Message)
	default:
		return fmt.Sprintf("policy-controller %s (%s)", found.Version, found.Source)
	}
}

// printNotListed says how much the status has no room for.
func printNotListed(p *text.Printer, s style, summary *v1alpha1.Summary) {
	if summary == nil {
		return
	}
	for _, list := range []struct {
		missing int32
		noun    string
	}{{summary.ImagesNotListed, "further image"}, {summary.ViolationsNotListed, "further violation"}} {
		if list.missing > 0 {
			p.Printf("    %s %s not in the status: see the policy reports\n", s.warning("?"), text.Count(int(list.missing), list.noun))
		}
	}
}

func conditionMark(s style, condition *metav1.Condition) text.Coloured {
	switch {
	case condition == nil || condition.Status == metav1.ConditionUnknown:
		return s.warning("?")
	case condition.Status == metav1.ConditionTrue:
		return s.success("✓")
	default:
		return s.failure("✗")
	}
}
