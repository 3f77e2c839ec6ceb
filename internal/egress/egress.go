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

// Package egress tells which addresses a program may be made to send requests to by somebody who is not its administrator:
// by who names an image, by a registry that redirects, or by who answers for a name in DNS. It opens no connection.
package egress

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"syscall"
)

// Class of an address.
type Class int

const (
	// Reserved is every address that nobody else should make a program ask: link-local addresses and those of the metadata
	// services of cloud providers, unspecified addresses, multicast, and what is reserved.
	Reserved Class = iota
	// Loopback is an address of the machine itself.
	Loopback
	// Private is an address in a private network.
	Private
	// Public is any other address.
	Public
)

// String returns the adjective for the class in messages.
func (c Class) String() string {
	switch c {
	case Loopback:
		return "loopback"
	case Private:
		return "private"
	case Public:
		return "public"
	default:
		return "reserved"
	}
}

// classified is a range of addresses.
type classified struct {
	prefix string
	class  Class
}

// ranges of addresses, the most specific one first. They are those of IANA's registries of special-purpose addresses (RFC
// 6890), and the fixed addresses of metadata services.
func ranges() []classified {
	return []classified{
		// Metadata services outside of the link-local addresses: Alibaba Cloud, Azure, AWS, and Google Cloud.
		{"100.100.100.200/32", Reserved},
		{"168.63.129.16/32", Reserved},
		{"fd00:ec2::/32", Reserved},
		{"fd20:ce::254/128", Reserved},

		{"127.0.0.0/8", Loopback},
		{"::1/128", Loopback},

		{"10.0.0.0/8", Private},
		{"172.16.0.0/12", Private},
		{"192.168.0.0/16", Private},
		{"100.64.0.0/10", Private}, // between a provider and its customers (RFC 6598)
		{"198.18.0.0/15", Private}, // between network devices under test (RFC 2544)
		{"fc00::/7", Private},
		{"fec0::/10", Private}, // site-local, which is deprecated but may still be routed

		{"0.0.0.0/8", Reserved}, // Linux takes 0.0.0.0 for the machine itself
		{"169.254.0.0/16", Reserved},
		{"192.0.0.0/24", Reserved}, // IETF protocol assignments; Oracle Cloud's metadata service
		{"224.0.0.0/3", Reserved},  // multicast, class E, broadcast
		{"0.0.0.0/0", Public},

		{"2001::/32", Reserved}, // Teredo
		{"2000::/3", Public},
		{"::/0", Reserved},
	}
}

// Of returns the class of an address. The class of an IPv6 address that stands for an IPv4 address is that of the latter.
func Of(addr netip.Addr) Class {
	addr = embedded(addr)
	for _, r := range ranges() {
		if prefix, err := netip.ParsePrefix(r.prefix); err == nil && prefix.Contains(addr) {
			return r.class
		}
	}
	return Reserved
}

// embedded returns the IPv4 address that an IPv6 address leads to: by mapping, by NAT64 (RFC 6052) or by 6to4 (RFC 3056).
func embedded(addr netip.Addr) netip.Addr {
	addr = addr.Unmap().WithZone("")
	if !addr.Is6() {
		return addr
	}
	bytes := addr.As16()
	switch {
	case strings.HasPrefix(string(bytes[:]), "\x00\x64\xff\x9b\x00\x00\x00\x00\x00\x00\x00\x00"):
		return netip.AddrFrom4([4]byte(bytes[12:]))
	case bytes[0] == 0x20 && bytes[1] == 0x02:
		return netip.AddrFrom4([4]byte(bytes[2:]))
	default:
		return addr
	}
}

// OfHost returns the class of a host, or of a host and port, in a URL, if its text alone tells it. It is false for a name that
// only DNS can tell the addresses of. A host that resolvers may take for an address although it is not written as one, such as
// 127.1 or 0x7f000001, is Reserved.
func OfHost(hostport string) (Class, bool) {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if addr, err := netip.ParseAddr(host); err == nil {
		return Of(addr), true
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	switch {
	case last == "localhost":
		return Loopback, true
	case host == "metadata.google.internal", host == "", isNumber(last):
		return Reserved, true
	default:
		return Public, false
	}
}

// isNumber reports whether a label makes a host an IPv4 address for the URL Standard of the WHATWG ("ends in a number").
func isNumber(label string) bool {
	hex, isHex := strings.CutPrefix(label, "0x")
	if isHex {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return label != "" && strings.Trim(label, "0123456789") == ""
}

// Permission is the set of addresses that a request may go to. Nothing may go to a Reserved one.
type Permission int

const (
	// OnlyPublic allows public addresses.
	OnlyPublic Permission = iota
	// AlsoPrivate allows private addresses too.
	AlsoPrivate
	// AlsoLoopback allows private and loopback addresses too.
	AlsoLoopback
)

// Allows reports whether requests may go to addresses of a class.
func (p Permission) Allows(class Class) bool {
	switch class {
	case Public:
		return true
	case Private:
		return p >= AlsoPrivate
	case Loopback:
		return p >= AlsoLoopback
	default:
		return false
	}
}

// Error reports that a connection is not allowed.
type Error struct {
	// Class of the address.
	Class Class
}

// Error returns a clause that contains no address.
func (e *Error) Error() string {
	return "connections to a " + e.Class.String() + " address are not allowed"
}

// ControlContext is for the field of that name of a net.Dialer, which calls it when the address is known that a connection is
// about to be made to: a name in DNS cannot lead around it. The error is an *Error.
func (p Permission) ControlContext(_ context.Context, _, address string, _ syscall.RawConn) error {
	class := Reserved
	if to, err := netip.ParseAddrPort(address); err == nil {
		class = Of(to.Addr())
	}
	if !p.Allows(class) {
		return &Error{Class: class}
	}
	return nil
}
