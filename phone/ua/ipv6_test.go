package ua

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"offhook/phone/ua/uatest"
)

// TestRegistersAndIsCalledOverIPv6, over UDP and TCP.
func TestRegistersAndIsCalledOverIPv6(t *testing.T) {
	for _, transport := range []string{"udp", "tcp", "tls"} {
		t.Run(transport, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				n := uatest.NewNetwork(uatest.Faults{})
				server := netip.MustParseAddr("2001:db8::50")
				n.SetName(domain, server)
				settings := &TLS{}
				if transport == "udp" {
					registrarAt6(t, n, server)
				} else if transport == "tcp" {
					newStreamServer(t, n, "[2001:db8::50]:5060", nil)
				} else {
					a := newAuthority(t)
					settings.Authorities = a.pool()
					newStreamServer(t, n, "[2001:db8::50]:5061", serverConfig(a.issue(domain, 1<<40)))
				}
				p := newPhone(t, n.Host("2001:db8::1"), Config{Accounts: []Account{{Name: "alice", URI: "sip:alice@" + domain, Transport: transport, TLS: settings, Register: true,
					Password: func() (string, error) { return "secret-a", nil }}}})
				registered(p)
				reg := p.last("> REGISTER")
				for _, want := range []string{"Via: SIP/2.0/" + strings.ToUpper(transport) + " [2001:db8::1]:", "@[2001:db8::1]:"} {
					if !strings.Contains(reg, want) {
						t.Errorf("no %q in\n%s", want, reg)
					}
				}
				p.Close(t.Context())
			})
		})
	}
}

func registrarAt6(t *testing.T, n *uatest.Network, addr netip.Addr) *registrar {
	c, err := n.Host(addr.String()).ListenPacket(t.Context(), netip.AddrPortFrom(addr, 5060).String())
	if err != nil {
		t.Fatal(err)
	}
	return newRegistrarOn(t, c)
}

// TestDirectCallOverIPv6, with sound described in IPv6.
func TestDirectCallOverIPv6(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		at := func(i int) *phone {
			addr := fmt.Sprintf("2001:db8::%d", i)
			return newPhone(t, n.Host(addr), Config{DirectCalls: true, Listen: []string{fmt.Sprintf("udp:[%s]:5060", addr)}})
		}
		a, b := at(1), at(2)
		out, in := connect(t, a, b, "sip:b@[2001:db8::2]")
		if inv := a.last("> INVITE"); !strings.Contains(inv, "c=IN IP6 2001:db8::1\r\n") {
			t.Errorf("INVITE\n%s", inv)
		}
		b.Hold(in)
		expect[MediaChanged](b)
		expect[MediaChanged](a)
		a.HangUp(out)
		expect[Ended](a)
		expect[Ended](b)
	})
}
