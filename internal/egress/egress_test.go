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

package egress_test

import (
	"errors"
	"net"
	"net/netip"
	"testing"

	"github.com/karmada-io/image-trust/internal/egress"
)

func TestOf(t *testing.T) {
	for class, addresses := range map[egress.Class][]string{
		egress.Reserved: {
			"0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192", "224.0.0.1",
			"255.255.255.255", "240.0.0.1", "::", "::7f00:1", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "fd20:ce::254", "ff02::1",
			"::ffff:169.254.169.254", "64:ff9b::169.254.169.254", "64:ff9b:1::1", "2002:a9fe:a9fe::1", "100::1", "2001::1",
		},
		egress.Loopback: {
			"127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1", "64:ff9b::127.0.0.1", "2002:7f00:1::",
		},
		egress.Private: {
			"10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.127.255.255", "198.18.0.1", "fd12::1",
			"fc00::1", "fec0::1", "::ffff:10.0.0.1", "64:ff9b::192.168.0.1",
		},
		egress.Public: {
			"1.1.1.1", "9.255.255.255", "11.0.0.0", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1", "192.0.2.1", "223.255.255.255",
			"2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1",
		},
	} {
		for _, address := range addresses {
			if got := egress.Of(netip.MustParseAddr(address)); got != class {
				t.Errorf("%s is %s, want %s", address, got, class)
			}
		}
	}
	if got := egress.Of(netip.Addr{}); got != egress.Reserved {
		t.Errorf("no address is %s", got)
	}
}

func TestOfHost(t *testing.T) {
	for host, want := range map[string]egress.Class{
		"localhost": egress.Loopback, "LOCALHOST.": egress.Loopback, "a.localhost:5000": egress.Loopback, "127.0.0.1:5000": egress.Loopback,
		"[::1]:5000": egress.Loopback, "[::1]": egress.Loopback, "127.1": egress.Reserved, "2130706433": egress.Reserved,
		"0x7f000001:80": egress.Reserved, "a.0x7f": egress.Reserved, "0177.0.0.1": egress.Reserved, "[fe80::1%25eth0]:80": egress.Reserved,
		"metadata.google.internal": egress.Reserved, "": egress.Reserved, ":80": egress.Reserved, "10.1.2.3.": egress.Private, "8.8.8.8": egress.Public,
	} {
		if got, known := egress.OfHost(host); !known || got != want {
			t.Errorf("%q is %s, known %t, want %s", host, got, known, want)
		}
	}
	for _, name := range []string{"ghcr.io", "registry.example:5000", "localhost.example", "10.1.2.3.example", "internal"} {
		if got, known := egress.OfHost(name); known {
			t.Errorf("%s is %s, want it to be unknown", name, got)
		}
	}
}

// TestControl checks that nothing is connected to without the permission.
func TestControl(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	for permission, allowed := range map[egress.Permission]bool{egress.OnlyPublic: false, egress.AlsoPrivate: false, egress.AlsoLoopback: true} {
		dialer := net.Dialer{ControlContext: permission.ControlContext}
		connection, err := dialer.DialContext(t.Context(), "tcp", listener.Addr().String())
		if err == nil {
			_ = connection.Close()
		}
		var refused *egress.Error
		if (err == nil) != allowed || !allowed && (!errors.As(err, &refused) || refused.Class != egress.Loopback) {
			t.Errorf("permission %d: %v", permission, err)
		}
	}
	if err := egress.AlsoLoopback.ControlContext(t.Context(), "tcp", "169.254.169.254:80", nil); err == nil {
		t.Error("the address of a metadata service is allowed")
	}
	if err := egress.AlsoLoopback.ControlContext(t.Context(), "tcp", "nonsense", nil); err == nil {
		t.Error("an address that cannot be read is allowed")
	}
}
