package media

import (
	"bytes"
	"net/netip"
	"testing"
)

func TestRTPHeaders(t *testing.T) {
	plain := []byte{0x80, 0x80, 0x12, 0x34, 0, 0, 0, 160, 0xde, 0xad, 0xbe, 0xef, 1, 2, 3}
	want := header{marker: true, payloadType: 0, sequence: 0x1234, timestamp: 160, ssrc: 0xdeadbeef}
	with := func(first byte, insert []byte, tail ...byte) []byte {
		b := append([]byte(nil), plain[:12]...)
		b[0] = first
		return append(append(append(b, insert...), 1, 2, 3), tail...)
	}
	for _, tt := range []struct {
		name string
		b    []byte
		ok   bool
	}{
		{"plain", plain, true},
		{"two sources", with(0x82, make([]byte, 8)), true},
		{"extension", with(0x90, []byte{0xbe, 0xde, 0, 1, 9, 9, 9, 9}), true},
		{"empty extension", with(0x90, []byte{0xbe, 0xde, 0, 0}), true},
		{"padding", with(0xa0, nil, 0, 0, 3), true},
		{"version 1", with(0x40, nil), false},
		{"short", plain[:11], false},
		{"sources cut off", with(0x8f, nil), false},
		{"extension cut off", with(0x90, []byte{0, 0, 0xff, 0xff}), false},
		{"extension header cut off", []byte{0x90, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, false},
		{"padding of 0", with(0xa0, nil, 0), false},
		{"padding longer than the packet", with(0xa0, nil, 200), false},
		{"padding into the sources", append(with(0xa1, make([]byte, 4))[:16], 13), false},
	} {
		h, payload, err := parseRTP(tt.b)
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		} else if tt.ok && (h != want || !bytes.Equal(payload, []byte{1, 2, 3})) {
			t.Errorf("%s: %+v with % x", tt.name, h, payload)
		}
	}
	if got := append(appendRTP(nil, want), 1, 2, 3); !bytes.Equal(got, plain) {
		t.Errorf("written as % x", got)
	}
}

// Any datagram is read or refused; what is read can be written again.
func FuzzRTP(f *testing.F) {
	f.Add([]byte{0x80, 0x80, 0x12, 0x34, 0, 0, 0, 160, 0xde, 0xad, 0xbe, 0xef, 1, 2, 3})
	f.Add([]byte{0x90, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xbe, 0xde, 0, 1, 9, 9, 9, 9, 1})
	f.Add([]byte{0xa1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		h, payload, err := parseRTP(b)
		if err != nil {
			return
		}
		again, same, err := parseRTP(append(appendRTP(nil, h), payload...))
		if err != nil || again != h || !bytes.Equal(same, payload) {
			t.Errorf("% x: %+v, written and read again %+v, %v", b, h, again, err)
		}
	})
}

func TestSourceLock(t *testing.T) {
	var (
		agreed   = netip.MustParseAddrPort("192.0.2.1:4000")
		nat      = netip.MustParseAddrPort("198.51.100.7:1025")
		stranger = netip.MustParseAddrPort("203.0.113.9:666")
	)
	type packet struct {
		from  netip.AddrPort
		seq   uint16
		ssrc  uint32
		ok    bool
		moved bool
	}
	for _, tt := range []struct {
		name    string
		keyed   bool // the call is encrypted: who has no key does not come this far
		packets []packet
		to      netip.AddrPort
	}{
		{"agreed address at once", false, []packet{{agreed, 5, 1, true, false}, {stranger, 6, 1, false, false}, {stranger, 7, 1, false, false}}, agreed},
		{"latches onto the second in a row", false, []packet{{nat, 5, 1, false, false}, {nat, 6, 1, true, true}, {nat, 7, 1, true, false}}, nat},
		{"strangers cannot take over", false, []packet{{nat, 5, 1, false, false}, {nat, 6, 1, true, true}, {stranger, 7, 1, false, false}, {stranger, 8, 1, false, false}, {nat, 7, 1, true, false}}, nat},
		{"not two alike", false, []packet{{nat, 5, 1, false, false}, {nat, 9, 1, false, false}, {nat, 10, 2, false, false}, {stranger, 11, 2, false, false}}, agreed},
		{"the agreed address wins", false, []packet{{stranger, 5, 1, false, false}, {stranger, 6, 1, true, true}, {agreed, 5, 2, true, true}, {stranger, 7, 1, false, false}}, agreed},
		{"a router gives another port in an encrypted call", true, []packet{{agreed, 5, 1, true, false}, {nat, 6, 1, false, false}, {nat, 7, 1, true, true}, {nat, 8, 1, true, false}}, nat},
		{"and back again", true, []packet{{nat, 5, 1, false, false}, {nat, 6, 1, true, true}, {agreed, 7, 1, true, true}, {agreed, 8, 1, true, false}}, agreed},
		{"one packet alone moves nothing", true, []packet{{agreed, 5, 1, true, false}, {nat, 6, 1, false, false}, {agreed, 7, 1, true, false}, {nat, 8, 1, false, false}}, agreed},
	} {
		var l sourceLock
		l.agree(agreed)
		for i, p := range tt.packets {
			ok, moved := l.accept(p.from, header{sequence: p.seq, ssrc: p.ssrc}, tt.keyed)
			if ok != p.ok || moved != p.moved {
				t.Errorf("%s, packet %d: %v, %v", tt.name, i, ok, moved)
			}
		}
		if got := l.destination(); got != tt.to {
			t.Errorf("%s: sends to %v, want %v", tt.name, got, tt.to)
		}
	}
}

func TestSourceLockSurvivesARenewedAgreementButNotANewAddress(t *testing.T) {
	a, b := netip.MustParseAddrPort("192.0.2.1:4000"), netip.MustParseAddrPort("192.0.2.1:4002")
	nat := netip.MustParseAddrPort("198.51.100.7:1025")
	var l sourceLock
	if ok, _ := l.accept(nat, header{}, false); ok {
		t.Error("accepted before anything was agreed")
	}
	l.agree(a)
	l.accept(nat, header{sequence: 1}, false)
	l.accept(nat, header{sequence: 2}, false)
	l.agree(a)
	if ok, _ := l.accept(nat, header{sequence: 9}, false); !ok || l.destination() != nat {
		t.Error("a renewed agreement forgot the source")
	}
	l.agree(b)
	if ok, _ := l.accept(nat, header{sequence: 10}, false); ok || l.destination() != b {
		t.Error("a new address kept the old source")
	}
	mapped := netip.AddrPortFrom(netip.AddrFrom16(b.Addr().As16()), b.Port())
	l.agree(mapped)
	if ok, _ := l.accept(b, header{}, false); !ok {
		t.Error("an IPv4 address written as IPv6 is not known again")
	}
}
