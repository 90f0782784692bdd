//go:build peers && linux

package interop

import (
	"net"
	"path/filepath"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// names starts a name server for programs in the tests' own namespace. records are lines of "NAME A ADDRESS" and
// "NAME SRV PRIORITY PORT TARGET", all good for five seconds; there are no other names.
func (l *lab) names(records ...string) { l.nameServer("127.0.0.1", records...) }

// ownNames is names for the hosts that are made from now on; other tests may run meanwhile.
func (l *lab) ownNames(records ...string) {
	l.t.Helper()
	l.wire()
	l.resolv = filepath.Join(l.dir, "resolv.conf")
	l.write(l.resolv, "nameserver "+l.gateway()+"\n")
	l.nameServer(l.gateway(), records...)
}

func (l *lab) nameServer(addr string, records ...string) {
	l.t.Helper()
	c, err := net.ListenPacket("udp", addr+":53")
	if err != nil {
		l.t.Fatal(err)
	}
	l.cleanup(func() { c.Close() })
	go func() {
		buf := make([]byte, 2048)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			if out := answer(buf[:n], records); out != nil {
				c.WriteTo(out, from)
			}
		}
	}()
}

// answer is the answer to one question; nil when it is none.
func answer(msg []byte, records []string) []byte {
	var p dnsmessage.Parser
	h, err := p.Start(msg)
	if err != nil {
		return nil
	}
	q, err := p.Question()
	if err != nil {
		return nil
	}
	var answers []dnsmessage.Resource
	known := false
	for _, r := range records {
		f := strings.Fields(r)
		if !strings.EqualFold(f[0]+".", q.Name.String()) {
			continue
		}
		known = true
		rh := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: dnsmessage.ClassINET, TTL: 5}
		switch {
		case f[1] == "A" && q.Type == dnsmessage.TypeA:
			answers = append(answers, dnsmessage.Resource{Header: rh, Body: &dnsmessage.AResource{A: [4]byte(net.ParseIP(f[2]).To4())}})
		case f[1] == "SRV" && q.Type == dnsmessage.TypeSRV:
			answers = append(answers, dnsmessage.Resource{Header: rh, Body: &dnsmessage.SRVResource{Priority: number(f[2]), Port: number(f[3]), Target: dnsmessage.MustNewName(f[4] + ".")}})
		}
	}
	m := dnsmessage.Message{Header: dnsmessage.Header{ID: h.ID, Response: true, RecursionAvailable: true}, Questions: []dnsmessage.Question{q}, Answers: answers}
	if !known {
		m.RCode = dnsmessage.RCodeNameError
	}
	out, err := m.Pack()
	if err != nil {
		return nil
	}
	return out
}

func number(s string) (n uint16) {
	for _, c := range s {
		n = n*10 + uint16(c-'0')
	}
	return n
}
