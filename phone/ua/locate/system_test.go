package locate

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// nameServer answers on net.Pipe connections from a zone.
type nameServer struct {
	t    *testing.T
	zone zone
	// alias answers name with a CNAME and the records of its target.
	alias map[string]string

	mu      sync.Mutex // guards the rest
	asked   []string   // "udp NAME TYPE"
	cut     bool       // UDP answers are truncated
	silent  map[string]bool
	strange bool // first a forged answer, then the true one
}

func (n *nameServer) dial(_ context.Context, network, address string) (net.Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	client, server := net.Pipe()
	if !n.silent[address] {
		go n.serve(network, server)
	} else {
		go io.Copy(io.Discard, server)
	}
	return client, nil
}

func (n *nameServer) serve(network string, c net.Conn) {
	defer c.Close()
	buf := make([]byte, 4096)
	k, err := c.Read(buf)
	if err != nil {
		return
	}
	msg := buf[:k]
	if network == "tcp" {
		msg = msg[2:]
	}
	var p dnsmessage.Parser
	h, err := p.Start(msg)
	if err != nil {
		n.t.Errorf("question: %v", err)
		return
	}
	q, err := p.Question()
	if err != nil || !h.RecursionDesired {
		n.t.Errorf("question %v, %+v", err, h)
		return
	}
	n.mu.Lock()
	n.asked = append(n.asked, network+" "+nameOf(q.Name)+" "+Type(q.Type).String())
	cut, strange := n.cut && network == "udp", n.strange
	n.mu.Unlock()
	out := n.answer(h.ID, q, cut)
	if strange {
		forged := append([]byte{}, out...)
		binary.BigEndian.PutUint16(forged, h.ID+1)
		c.Write(forged)
		c.Write([]byte("x"))
	}
	if network == "tcp" {
		out = append(binary.BigEndian.AppendUint16(nil, uint16(len(out))), out...)
	}
	c.Write(out)
}

func (n *nameServer) answer(id uint16, q dnsmessage.Question, cut bool) []byte {
	h := dnsmessage.Header{ID: id, Response: true, Truncated: cut}
	name := nameOf(q.Name)
	target := name
	if to, ok := n.alias[name]; ok {
		target = to
	}
	records, ok := n.zone[question{target, Type(q.Type)}]
	if !ok {
		h.RCode = dnsmessage.RCodeNameError
	}
	b := dnsmessage.NewBuilder(nil, h)
	b.StartQuestions()
	b.Question(q)
	b.StartAnswers()
	owner := q.Name
	if target != name {
		to := dnsmessage.MustNewName(target + ".")
		b.CNAMEResource(dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: 300}, dnsmessage.CNAMEResource{CNAME: to})
		owner = to
	}
	for _, r := range records {
		rh := dnsmessage.ResourceHeader{Name: owner, Class: dnsmessage.ClassINET, TTL: uint32(r.TTL / time.Second)}
		switch Type(q.Type) {
		case A:
			b.AResource(rh, dnsmessage.AResource{A: r.Addr.As4()})
		case AAAA:
			b.AAAAResource(rh, dnsmessage.AAAAResource{AAAA: r.Addr.As16()})
		case SRV:
			b.SRVResource(rh, dnsmessage.SRVResource{Priority: r.Priority, Weight: r.Weight, Port: r.Port, Target: dnsmessage.MustNewName(r.Target + ".")})
		case NAPTR:
			rh.Type = dnsmessage.Type(NAPTR)
			b.UnknownResource(rh, dnsmessage.UnknownResource{Type: dnsmessage.Type(NAPTR), Data: naptrData(r)})
		}
	}
	if !ok {
		b.StartAuthorities()
		root := dnsmessage.MustNewName("test.")
		b.SOAResource(dnsmessage.ResourceHeader{Name: root, Class: dnsmessage.ClassINET, TTL: 10}, dnsmessage.SOAResource{NS: root, MBox: root, MinTTL: 3600})
	}
	out, err := b.Finish()
	if err != nil {
		n.t.Errorf("answer: %v", err)
	}
	return out
}

func naptrData(r Record) []byte {
	b := binary.BigEndian.AppendUint16(nil, r.Order)
	b = binary.BigEndian.AppendUint16(b, r.Preference)
	for _, s := range append([]string{r.Flags, r.Service, ""}, strings.Split(r.Target, ".")...) {
		b = append(append(b, byte(len(s))), s...)
	}
	return append(b, 0)
}

func (n *nameServer) questions() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := n.asked
	n.asked = nil
	return out
}

// system is a System of files in a folder and of n.
func system(t *testing.T, n *nameServer, hosts, resolv string) *System {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"hosts": hosts, "resolv.conf": resolv} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return &System{Hosts: filepath.Join(dir, "hosts"), Resolv: filepath.Join(dir, "resolv.conf"), Dial: n.dial,
		Fallback: func(_ context.Context, host string) ([]netip.Addr, error) {
			if host == "pbx" || host == "pbx.local" {
				return []netip.Addr{netip.MustParseAddr("10.0.0.5"), netip.MustParseAddr("fe80::1")}, nil
			}
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}}
}

const twoServers = "# comment\nsearch lan\nnameserver 192.0.2.53\nnameserver 2001:db8::53 ; second\nnameserver nonsense\n"

func addrs(rs []Record) string {
	var out []string
	for _, r := range rs {
		out = append(out, r.Addr.String())
	}
	return strings.Join(out, " ")
}

func TestSystemAsksAndRemembersAsLongAsToldTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &nameServer{t: t, zone: parseZone(t, "sip.test A 192.0.2.1\nsip.test A 192.0.2.2\nreal.test A 192.0.2.3\nsip.test NAPTR 10 20 s SIP+D2U _sip._udp.sip.test\n_sip._udp.sip.test SRV 1 2 5070 real.test"),
			alias: map[string]string{"www.test": "real.test"}}
		s := system(t, n, "127.0.0.1 localhost\n192.0.2.77 Listed.test other # sip.test\n", twoServers)
		ask := func(name string, typ Type, want string) []Record {
			t.Helper()
			rs, err := s.Query(t.Context(), name, typ)
			got := addrs(rs)
			if err != nil {
				got = "error"
				if !errors.Is(err, ErrNotFound) {
					t.Errorf("%s: %v", name, err)
				}
			}
			if got != want {
				t.Errorf("%s %v: %q, want %q", name, typ, got, want)
			}
			return rs
		}
		asked := func(want ...string) {
			t.Helper()
			if got := strings.Join(n.questions(), ", "); got != strings.Join(want, ", ") {
				t.Errorf("asked %q, want %q", got, want)
			}
		}
		ask("SIP.test.", A, "192.0.2.1 192.0.2.2")
		asked("udp sip.test A")
		time.Sleep(50 * time.Second)
		if rs := ask("sip.test", A, "192.0.2.1 192.0.2.2"); rs[0].TTL != 10*time.Second {
			t.Errorf("%v are left of a minute after 50 s", rs[0].TTL)
		}
		asked()
		time.Sleep(11 * time.Second)
		ask("sip.test", A, "192.0.2.1 192.0.2.2")
		asked("udp sip.test A")
		// Names that don't exist are remembered as well, for a shorter time.
		ask("nowhere.test", A, "error")
		ask("nowhere.test", A, "error")
		asked("udp nowhere.test A")
		time.Sleep(11 * time.Second)
		ask("nowhere.test", A, "error")
		asked("udp nowhere.test A")
		ask("www.test", A, "192.0.2.3")
		asked("udp www.test A")
		// The hosts file comes first, names without a dot go to the system.
		ask("listed.TEST", A, "192.0.2.77")
		ask("listed.test", AAAA, "error")
		ask("pbx", A, "10.0.0.5")
		ask("pbx.local", AAAA, "fe80::1")
		ask("pbx", SRV, "error")
		asked("udp pbx SRV")
		rs, err := s.Query(t.Context(), "sip.test", NAPTR)
		if err != nil || len(rs) != 1 || rs[0].Service != "SIP+D2U" || rs[0].Target != "_sip._udp.sip.test" || rs[0].Order != 10 || rs[0].Preference != 20 {
			t.Errorf("NAPTR %+v, %v", rs, err)
		}
		rs, err = s.Query(t.Context(), "_sip._udp.sip.test", SRV)
		if err != nil || len(rs) != 1 || rs[0].Target != "real.test" || rs[0].Port != 5070 || rs[0].Weight != 2 {
			t.Errorf("SRV %+v, %v", rs, err)
		}
		asked("udp sip.test NAPTR", "udp _sip._udp.sip.test SRV")
		s.Forget()
		ask("sip.test", A, "192.0.2.1 192.0.2.2")
		asked("udp sip.test A")
	})
}

func TestSystemBearsBadNameServers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &nameServer{t: t, zone: parseZone(t, "sip.test A 192.0.2.1"), silent: map[string]bool{"192.0.2.53:53": true}, strange: true}
		s := system(t, n, "", twoServers)
		start := time.Now()
		if rs, err := s.Query(t.Context(), "sip.test", A); err != nil || addrs(rs) != "192.0.2.1" || time.Since(start) != serverPatience {
			t.Errorf("the first is silent, the second talks: %v, %v after %v", addrs(rs), err, time.Since(start))
		}
		n.strange, n.cut = false, true
		s.Forget()
		if rs, err := s.Query(t.Context(), "sip.test", A); err != nil || addrs(rs) != "192.0.2.1" {
			t.Errorf("cut short: %v, %v", addrs(rs), err)
		}
		if got := n.questions(); got[len(got)-1] != "tcp sip.test A" {
			t.Errorf("asked %q", got)
		}
		n.silent["[2001:db8::53]:53"] = true
		s.Forget()
		start = time.Now()
		if _, err := s.Query(t.Context(), "sip.test", A); !errors.Is(err, ErrNoAnswer) || time.Since(start) != 4*serverPatience {
			t.Errorf("all are silent: %v after %v", err, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start = time.Now()
		if _, err := s.Query(ctx, "sip.test", A); !errors.Is(err, ErrNoAnswer) || time.Since(start) != time.Second {
			t.Errorf("cancelled: %v after %v", err, time.Since(start))
		}
		time.Sleep(time.Minute) // what was written to silent servers is let go
	})
}

func TestSystemWithoutNameServersAsksTheSystem(t *testing.T) {
	s := system(t, &nameServer{t: t}, "", "# none\n")
	if rs, err := s.Query(t.Context(), "pbx.local", A); err != nil || addrs(rs) != "10.0.0.5" {
		t.Errorf("%v, %v", addrs(rs), err)
	}
	for _, q := range []question{{"sip.test", SRV}, {"sip.test", A}, {"", A}, {strings.Repeat("a.", 200), A}} {
		if _, err := s.Query(t.Context(), q.name, q.t); !errors.Is(err, ErrNotFound) {
			t.Errorf("%v: %v", q, err)
		}
	}
}

func TestRememberedAnswersAreBounded(t *testing.T) {
	s := &System{}
	for i := range 10 * maxCached {
		s.keep(question{strings.Repeat("x", i%200) + string(rune('a'+i%26)) + string(rune('a'+i/26%26)), A}, answer{until: time.Now().Add(time.Hour)})
	}
	if len(s.cached) > maxCached {
		t.Errorf("%d answers are kept", len(s.cached))
	}
}

func FuzzUnpack(f *testing.F) {
	n := &nameServer{zone: zone{
		{"sip.test", A}:     {{TTL: time.Minute, Addr: netip.MustParseAddr("192.0.2.1")}},
		{"sip.test", SRV}:   {{TTL: time.Minute, Target: "a.test", Port: 5060}},
		{"sip.test", NAPTR}: {{TTL: time.Minute, Flags: "s", Service: "SIP+D2U", Target: "_sip._udp.test"}},
	}}
	for _, t := range []Type{A, AAAA, SRV, NAPTR} {
		f.Add(n.answer(1, dnsmessage.Question{Name: dnsmessage.MustNewName("sip.test."), Type: dnsmessage.Type(t), Class: dnsmessage.ClassINET}, false), uint16(t))
	}
	f.Fuzz(func(t *testing.T, msg []byte, typ uint16) {
		a, ours, err := unpack(msg, 1, question{"sip.test", Type(typ)}, time.Unix(1, 0))
		if len(a.records) > maxAnswers || len(a.records) > 0 && (!ours || err != nil) {
			t.Errorf("%+v %v %v", a, ours, err)
		}
	})
}
