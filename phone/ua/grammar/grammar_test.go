package grammar

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

// options is a request without fault; lines replace those of the same name, "X:" alone takes one out.
func options(lines ...string) []byte {
	head := []string{"OPTIONS sip:p@b.test SIP/2.0", "Via: SIP/2.0/UDP b.test:5070;branch=z9hG4bK1", "From: <sip:a@b.test>;tag=1", "To: <sip:p@b.test>",
		"Call-ID: c", "CSeq: 1 OPTIONS", "Max-Forwards: 70", "Content-Length: 0"}
	for _, l := range lines {
		name, value, _ := strings.Cut(l, ":")
		found := false
		for i, h := range head {
			if n, _, _ := strings.Cut(h, ":"); n == name && i > 0 {
				head[i], found = l, true
				if value == "" {
					head = append(head[:i], head[i+1:]...)
				}
				break
			}
		}
		if !found && strings.HasSuffix(l, "SIP/2.0") {
			head[0] = l
		} else if !found {
			head = append(head, l)
		}
	}
	return []byte(strings.Join(head, "\r\n") + "\r\n\r\n")
}

func TestFaultsAreNamed(t *testing.T) {
	for _, c := range []struct {
		lines []string
		want  string // "status why"; empty: no fault
	}{
		{nil, ""},
		{[]string{"From:"}, "400 Missing From"},
		{[]string{"Via:"}, "400 Missing Via"},
		{[]string{"Call-ID: a b"}, "400 Malformed Call-ID"},
		{[]string{"CSeq: 1 INVITE"}, "400 CSeq names another method"},
		{[]string{"CSeq: 4294967296 OPTIONS"}, "400 CSeq out of range"},
		{[]string{"CSeq: one OPTIONS"}, "400 CSeq out of range"},
		{[]string{"CSeq: 1"}, "400 Malformed CSeq"},
		{[]string{"Max-Forwards: many"}, "400 Max-Forwards is no number"},
		{[]string{"Content-Length: 1"}, "400 Content-Length larger than the message"},
		{[]string{"i: d"}, "400 More than one Call-ID"},
		{[]string{"no colon"}, "400 A header line that is none"},
		{[]string{"To: <sip:p@b.test"}, "400 To: an angle bracket is not closed"},
		{[]string{"To: <sip:p@b.test> and more"}, "400 To: something between the parameters"},
		{[]string{"To: <sip:p@b.test>, <sip:q@b.test>"}, "400 To: something after the address"},
		{[]string{"To: nobody"}, "400 To: no address"},
		{[]string{"To: <sip:p%zz@b.test>"}, "400 To: an escape that is none"},
		{[]string{"Contact: <sip:p@[1::2::3]>"}, "400 Contact: no IPv6 address in brackets"},
		{[]string{"Contact: <sip:p@b:99999>"}, "400 Contact: no port number"},
		{[]string{"Contact: *"}, ""},
		{[]string{"Contact: <sip:a@b>;q=0.5, \"B\" <sip:b@[::1]:5060;lr?x=y>;expires=3"}, ""},
		{[]string{"Via: HTTP"}, "400 Via: no protocol"},
		{[]string{"Via: SIP/2.0/UDP b.test;branch=z9hG4bK"}, "400 Via: a branch that is none"},
		{[]string{"Via: SIP / 2.0 / UDP b.test : 5060 ; branch = z9hG4bK1 , SIP/2.0/TCP [::1] ;x"}, ""},
		{[]string{"OPTIONS sip:p@b.test;x=<y> SIP/2.0"}, "400 Malformed Request-URI"},
		{[]string{"OPTIONS nothing SIP/2.0"}, "400 Malformed Request-URI"},
		{[]string{"OPTIONS tel:+1 SIP/2.0"}, "416 Unsupported URI Scheme"},
		{[]string{"OPTIONS sip:p@b.test?x=y SIP/2.0"}, "400 Request-URI: it has headers: x=y"},
	} {
		m := Check(options(c.lines...), true)
		got := ""
		if m.Status != 0 {
			got = fmt.Sprint(m.Status, " ", m.Why)
		}
		if got != c.want {
			t.Errorf("%q: %q, want %q", c.lines, got, c.want)
		}
	}
}

func TestAnswerIsMadeOfTheRequestsLines(t *testing.T) {
	data := options("CSeq: 1 INVITE", "Via: SIP/2.0/UDP b.test:5070;branch=z9hG4bK1;rport", "Via: SIP/2.0/UDP c.test;branch=z9hG4bK2")
	data = bytes.Replace(data, []byte("From:"), []byte("Via: SIP/2.0/UDP d.test;branch=z9hG4bK2\r\nf:"), 1)
	m := Check(data, true)
	src := netip.MustParseAddrPort("192.0.2.1:999")
	const want = "SIP/2.0 400 CSeq names another method\r\nVia: SIP/2.0/UDP c.test;branch=z9hG4bK2;received=192.0.2.1\r\nVia: SIP/2.0/UDP d.test;branch=z9hG4bK2\r\n" +
		"From: <sip:a@b.test>;tag=1\r\nTo: <sip:p@b.test>;tag=ours\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nX: y\r\nContent-Length: 0\r\n\r\n"
	if got := string(m.Answer(src, "ours", [2]string{"X", "y"})); !m.Answerable() || got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for via, to := range map[string]string{"b.test": "192.0.2.1:5060", "b.test:77": "192.0.2.1:77", "[::1]:78": "192.0.2.1:78", "[::1]": "192.0.2.1:5060", "b.test:77;rport": "192.0.2.1:999"} {
		m := Check(options("CSeq: 1", "Via: SIP/2.0/UDP "+via), true)
		if got := m.ReplyTo(src).String(); got != to {
			t.Errorf("an answer to %s goes to %s, want %s", via, got, to)
		}
	}
}

func TestWhatIsNotAnswered(t *testing.T) {
	for _, data := range []string{
		string(bytes.ReplaceAll(options("CSeq: 2"), []byte("OPTIONS"), []byte("ACK"))),
		string(options("Via:")), string(options("Via: nonsense")), "SIP/2.0 99 No\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "\x00\x01\x02", "", "\r\n\r\n",
	} {
		if m := Check([]byte(data), true); m.Status == 0 || m.Answerable() {
			t.Errorf("%q: %+v", data, m)
		}
	}
}

func TestNormalForm(t *testing.T) {
	if data := options("X-Odd:  two   blanks ; = ,"); !bytes.Equal(Normal(data), data) {
		t.Error("what needs no change is changed")
	}
	in := "OPTIONS sip:p@b.test SIP/2.0\r\nVia  : SIP  /  2.0\r\n /UDP  b.test : 5070 ; branch = z9hG4bK1\r\nFrom: \"A  \\\" ;  B\"   <sip:a@b.test> ;\r\n\ttag  = 1\r\n" +
		"to:sip:p@b.test\r\nSubject: a\r\n  b\r\nCSeq: 1 \t OPTIONS\r\nCall-ID: c\r\n\r\nbody  ;  x"
	want := "OPTIONS sip:p@b.test SIP/2.0\r\nVia: SIP/2.0/UDP b.test:5070;branch=z9hG4bK1\r\nFrom: \"A  \\\" ;  B\" <sip:a@b.test>;tag=1\r\n" +
		"to: sip:p@b.test\r\nSubject: a b\r\nCSeq: 1 OPTIONS\r\nCall-ID: c\r\n\r\nbody  ;  x"
	if got := string(Normal([]byte(in))); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	// Requests of RFC 2543 get a branch, the same each time and for their ACK.
	old := bytes.ReplaceAll(options("From: <sip:a@b.test>", "Via: SIP/2.0/UDP b.test"), []byte("OPTIONS"), []byte("INVITE"))
	a, b := string(Normal(old)), string(Normal(bytes.ReplaceAll(old, []byte("INVITE"), []byte("ACK"))))
	_, branch, ok := strings.Cut(a, ";branch="+OldBranch)
	if branch, _, _ = strings.Cut(branch, "\r\n"); !ok || len(branch) != 20 || !strings.Contains(b, branch) {
		t.Errorf("%q and %q", a, b)
	}
}

func TestFrames(t *testing.T) {
	msg := options("Content-Length: 4")
	msg = append(msg, "body"...)
	two := append(append([]byte{}, msg...), options()...)
	for n := range msg {
		if k, err := Frame(two[:n]); k != 0 || err != nil {
			t.Fatalf("%d bytes of %d: %d, %v", n, len(msg), k, err)
		}
	}
	if k, err := Frame(two); k != len(msg) || err != nil {
		t.Errorf("%d, %v", k, err)
	}
	for data, want := range map[string]error{
		string(options("Content-Length:")):                          ErrNoLength,
		string(options("Content-Length: x")):                        ErrNoLength,
		string(options("Content-Length: 3", "l: 4")):                ErrNoLength,
		string(options("Content-Length: 70000")):                    ErrTooLong,
		"OPTIONS sip:x SIP/2.0\r\nX: " + strings.Repeat("x", 70000): ErrTooLong,
	} {
		if _, err := Frame([]byte(data)); !errors.Is(err, want) {
			t.Errorf("%.60q: %v, want %v", data, err, want)
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add(options())
	f.Add(options("Via: SIP / 2.0 / UDP b.test : 5060 ; branch = z9hG4bK1 , SIP/2.0/TCP [::1] ;x"))
	f.Add(options("From: <sip:a@b.test>", "Via: SIP/2.0/UDP b.test"))
	f.Add(options("CSeq: 1 INVITE", "To: \"x <sip:p@b.test>"))
	f.Add([]byte("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP b;branch=z9hG4bK1\r\nFrom: <sip:a@b>\r\n ;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: c\r\nCSeq: 1 BYE\r\n\r\n"))
	src := netip.MustParseAddrPort("192.0.2.1:999")
	f.Fuzz(func(t *testing.T, data []byte) {
		m := Check(data, true)
		if m.Answerable() {
			a := m.Answer(src, "t")
			if !bytes.HasPrefix(a, []byte("SIP/2.0 ")) || !bytes.HasSuffix(a, []byte("\r\n\r\n")) || !m.ReplyTo(src).IsValid() {
				t.Errorf("%q", a)
			}
		}
		if n, err := Frame(data); err == nil && (n < 0 || n > len(data)) {
			t.Errorf("a frame of %d in %d bytes", n, len(data))
		}
		if m.Status != 0 {
			return
		}
		normal := Normal(data)
		if again := Check(normal, true); again.Status != 0 {
			t.Errorf("%q became %q, at fault: %s", data, normal, again.Why)
		}
		if twice := Normal(normal); !bytes.Equal(twice, normal) {
			t.Errorf("%q became %q and then %q", data, normal, twice)
		}
	})
}
