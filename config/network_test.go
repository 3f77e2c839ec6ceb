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

package config_test

import (
	"encoding/json"
	"net/netip"
	"os"
	"slices"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/internal/egress"
)

// TestNetworkPolicy asks the NetworkPolicy, as a network plugin would, whether the operator may connect to an address.
func TestNetworkPolicy(t *testing.T) {
	content, err := os.ReadFile("network/network_policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	policy := &networkingv1.NetworkPolicy{}
	if err := yaml.UnmarshalStrict(content, policy); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(policy.Spec.PolicyTypes, networkingv1.PolicyTypeEgress) || !slices.Contains(policy.Spec.PolicyTypes, networkingv1.PolicyTypeIngress) {
		t.Fatalf("it is about %v", policy.Spec.PolicyTypes)
	}
	for address, allowed := range map[string]bool{
		"10.96.0.1:443":            true,  // the Service of the API server
		"192.168.1.10:6443":        true,  // the API server itself
		"140.82.121.34:443":        true,  // a registry
		"[2606:50c0:8000::1]:443":  true,  // a registry with IPv6
		"10.96.0.10:53":            true,  // DNS
		"169.254.20.10:53":         true,  // the cache for DNS on a node
		"140.82.121.34:80":         false, // nothing is fetched without TLS
		"10.0.0.5:2379":            false, // etcd
		"10.0.0.5:10250":           false, // kubelet
		"169.254.169.254:80":       false,
		"169.254.169.254:443":      false,
		"168.63.129.16:443":        false,
		"100.100.100.200:443":      false,
		"192.0.0.192:443":          false,
		"[fd00:ec2::254]:443":      false,
		"[fd20:ce::254]:443":       false,
		"[fe80::a9fe:a9fe]:443":    false,
		"[fd12:3456:789a::1]:6443": true, // a private network
	} {
		target := netip.MustParseAddrPort(address)
		if got := allows(t, policy, target); got != allowed {
			t.Errorf("%s is allowed: %t, want %t", address, got, allowed)
		}
		// What nobody should ask, the operator refuses by itself. Only DNS has such an address.
		if allowed && target.Port() != 53 && egress.Of(target.Addr()) == egress.Reserved {
			t.Errorf("%s is allowed, and the operator would refuse it", address)
		}
	}
	var ports []string
	for _, rule := range policy.Spec.Ingress {
		for _, port := range rule.Ports {
			ports = append(ports, port.Port.String())
		}
	}
	if want := []string{"metrics", "health"}; !slices.Equal(ports, want) {
		t.Errorf("ports %v are open, want %v", ports, want)
	}
}

// allows evaluates the rules of egress: peers are blocks of addresses here, or none.
func allows(t *testing.T, policy *networkingv1.NetworkPolicy, target netip.AddrPort) bool {
	t.Helper()
	for _, rule := range policy.Spec.Egress {
		if !slices.ContainsFunc(rule.Ports, func(port networkingv1.NetworkPolicyPort) bool {
			return *port.Port == intstr.FromInt32(int32(target.Port()))
		}) {
			continue
		}
		if len(rule.To) == 0 {
			return true
		}
		for _, peer := range rule.To {
			if peer.IPBlock == nil {
				encoded, _ := json.Marshal(peer)
				t.Fatalf("the peer %s is no block of addresses", encoded)
			}
			inside := func(block string) bool { return netip.MustParsePrefix(block).Contains(target.Addr()) }
			if inside(peer.IPBlock.CIDR) && !slices.ContainsFunc(peer.IPBlock.Except, inside) {
				return true
			}
		}
	}
	return false
}
