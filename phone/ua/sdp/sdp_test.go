package sdp

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

var local = Local{Addr: netip.MustParseAddr("192.0.2.1"), Port: 4000, Codecs: []string{"PCMU", "PCMA", "G729"}}

// crlf writes a description as it goes over the wire.
func crlf(s string) []byte { return []byte(strings.ReplaceAll(s, "\n", "\r\n")) }

const head = "v=0\no=- 5 5 IN IP4 198.51.100.7\ns=-\nc=IN IP4 198.51.100.7\nt=0 0\n"

func offerOf(t *testing.T, body string) *Description {
	t.Helper()
	d, err := Parse(crlf(body))
	if err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	return d
}

func TestOfferIsWrittenExactlySo(t *testing.T) {
	s := NewSession(local, 77)
	got, err := s.Offer()
	if err != nil {
		t.Fatal(err)
	}
	want := crlf(`v=0
o=- 77 1 IN IP4 192.0.2.1
s=-
c=IN IP4 192.0.2.1
t=0 0
m=audio 4000 RTP/AVP 0 8 18 101
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:18 G729/8000
a=fmtp:18 annexb=no
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
a=ptime:20
a=sendrecv
`)
	if string(got) != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestSilenceSuppressionIsOfferedAndAgreedOn(t *testing.T) {
	l := local
	l.SilenceSuppression, l.Codecs = true, []string{"OPUS", "PCMU", "G729"}
	s := NewSession(l, 77)
	got, err := s.Offer()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"m=audio 4000 RTP/AVP 96 0 18 13 101 102\r\n", "a=fmtp:96 useinbandfec=1;usedtx=1\r\n", "a=rtpmap:13 CN/8000\r\n"} {
		if !strings.Contains(string(got), want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(string(got), "annexb") {
		t.Errorf("Annex B is refused in\n%s", got)
	}
	for answer, want := range map[string]string{
		"m=audio 6000 RTP/AVP 0 13\n": "198.51.100.7:6000 PCMU 0/0 ev 0/0 20ms sr cn 13",
		"m=audio 6000 RTP/AVP 0\n":    "198.51.100.7:6000 PCMU 0/0 ev 0/0 20ms sr",
		"m=audio 6000 RTP/AVP 96\na=rtpmap:96 opus/48000/2\na=fmtp:96 usedtx=1\n": "198.51.100.7:6000 OPUS 96/96 ev 0/0 20ms sr dtx",
	} {
		r, err := s.Clone().SetAnswer(offerOf(t, head+answer))
		if err != nil || words(r) != want {
			t.Errorf("%q: agreed %s, %v; want %s", answer, words(r), err, want)
		}
	}
	l.Codecs = []string{"OPUS", "G729"}
	if got, _ := NewSession(l, 1).Offer(); strings.Contains(string(got), "CN/") {
		t.Errorf("comfort noise is offered to codecs that have their own:\n%s", got)
	}
}

// TestAnswers is the table of offers: what is answered and what is agreed.
func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name, offer string
		codecs      string // ours; empty: all
		silence     bool   // our account leaves silence out
		media       string // our m= lines, joined by "|"
		result      string
	}{
		{"the first codec we know, in the caller's order",
			"m=audio 6000 RTP/AVP 97 8 0\na=rtpmap:97 opus/48000/2\n", "", false,
			"m=audio 4000 RTP/AVP 8", "198.51.100.7:6000 PCMA 8/8 ev 0/0 20ms sr"},
		{"names without rtpmap by static number", "m=audio 6000 RTP/AVP 18\n", "", false,
			"m=audio 4000 RTP/AVP 18", "198.51.100.7:6000 G729 18/18 ev 0/0 20ms sr"},
		{"G.729 annexb absent is yes", "m=audio 6000 RTP/AVP 18\n", "", true,
			"m=audio 4000 RTP/AVP 18", "198.51.100.7:6000 G729 18/18 ev 0/0 20ms sr dtx"},
		{"G.729 annexb=no", "m=audio 6000 RTP/AVP 18\na=fmtp:18 annexb=no\n", "", true,
			"m=audio 4000 RTP/AVP 18", "198.51.100.7:6000 G729 18/18 ev 0/0 20ms sr"},
		{"comfort noise between packets of G.711", "m=audio 6000 RTP/AVP 0 13 101\na=rtpmap:101 telephone-event/8000\n", "", true,
			"m=audio 4000 RTP/AVP 0 13 101", "198.51.100.7:6000 PCMU 0/0 ev 101/101 20ms sr cn 13"},
		{"comfort noise at a dynamic number", "m=audio 6000 RTP/AVP 8 98\na=rtpmap:98 cn/8000\n", "", true,
			"m=audio 4000 RTP/AVP 8 98", "198.51.100.7:6000 PCMA 8/8 ev 0/0 20ms sr cn 98"},
		{"comfort noise of another clock is none", "m=audio 6000 RTP/AVP 8 98\na=rtpmap:98 CN/16000\n", "", true,
			"m=audio 4000 RTP/AVP 8", "198.51.100.7:6000 PCMA 8/8 ev 0/0 20ms sr"},
		{"comfort noise that our account does not want", "m=audio 6000 RTP/AVP 0 13\n", "", false,
			"m=audio 4000 RTP/AVP 0", "198.51.100.7:6000 PCMU 0/0 ev 0/0 20ms sr"},
		{"comfort noise beside G.729, which has its own", "m=audio 6000 RTP/AVP 18 13\n", "", true,
			"m=audio 4000 RTP/AVP 18", "198.51.100.7:6000 G729 18/18 ev 0/0 20ms sr dtx"},
		{"Opus with silence left out", "m=audio 6000 RTP/AVP 111\na=rtpmap:111 opus/48000/2\na=fmtp:111 minptime=10; usedtx=1\n", "OPUS", true,
			"m=audio 4000 RTP/AVP 111", "198.51.100.7:6000 OPUS 111/111 ev 0/0 20ms sr dtx"},
		{"Opus whose peer does not prefer it", "m=audio 6000 RTP/AVP 111\na=rtpmap:111 opus/48000/2\n", "OPUS", true,
			"m=audio 4000 RTP/AVP 111", "198.51.100.7:6000 OPUS 111/111 ev 0/0 20ms sr"},
		{"codecs at dynamic numbers, events at any",
			"m=audio 6000 RTP/AVP 96 97\na=rtpmap:96 pcmu/8000/1\na=rtpmap:97 telephone-event/8000\na=fmtp:97 0-15\n", "", false,
			"m=audio 4000 RTP/AVP 96 97", "198.51.100.7:6000 PCMU 96/96 ev 97/97 20ms sr"},
		{"only what the account allows", "m=audio 6000 RTP/AVP 0 8\n", "PCMA", false,
			"m=audio 4000 RTP/AVP 8", "198.51.100.7:6000 PCMA 8/8 ev 0/0 20ms sr"},
		{"events at another rate are none", "m=audio 6000 RTP/AVP 0 97\na=rtpmap:97 telephone-event/48000\n", "", false,
			"m=audio 4000 RTP/AVP 0", "198.51.100.7:6000 PCMU 0/0 ev 0/0 20ms sr"},
		{"ptime and maxptime", "m=audio 6000 RTP/AVP 0\na=ptime:40\na=maxptime:30\n", "", false,
			"m=audio 4000 RTP/AVP 0", "198.51.100.7:6000 PCMU 0/0 ev 0/0 30ms sr"},
		{"silly ptime", "m=audio 6000 RTP/AVP 0\na=ptime:0\n", "", false,
			"m=audio 4000 RTP/AVP 0", "198.51.100.7:6000 PCMU 0/0 ev 0/0 20ms sr"},
		{"video and fax are refused in their places",
			"m=video 5002 RTP/AVP 31\nm=image 5004 udptl t38\nm=audio 6000 RTP/AVP 0\nm=audio 6002 RTP/AVP 8\n", "", false,
			"m=video 0 RTP/AVP 31|m=image 0 udptl t38|m=audio 4000 RTP/AVP 0|m=audio 0 RTP/AVP 8",
			"198.51.100.7:6000 PCMU 0/0 ev 0/0 20ms sr"},
		{"encrypted sound beside plain", "m=audio 6000 RTP/SAVP 0\nm=audio 6002 RTP/AVP 0\n", "", false,
			"m=audio 0 RTP/SAVP 0|m=audio 4000 RTP/AVP 0", "198.51.100.7:6002 PCMU 0/0 ev 0/0 20ms sr"},
		{"sendonly", "m=audio 6000 RTP/AVP 0\na=sendonly\n", "", false,
			"m=audio 4000 RTP/AVP 0", "198.51.100.7:6000 PCMU 0/0 ev 0/0 20ms -r hold"},
		{"recvonly", "m=audio 6000 RTP/AVP 0\na=recvonly\n", "", false,
			"m=audio 4000 RTP/AVP 0", "198.51.100.7:6000 PCMU 0/0 ev 0/0 20ms s-"},
		{"inactive of the session", "a=inactive\nm=audio 6000 RTP/AVP 0\n", "", false,
			"m=audio 4000 RTP/AVP 0", "198.51.100.7:6000 PCMU 0/0 ev 0/0 20ms -- hold"},
		{"the media's direction beats the session's", "a=inactive\nm=audio 6000 RTP/AVP 0\na=sendrecv\n", "", false,
			"m=audio 4000 RTP/AVP 0", "198.51.100.7:6000 PCMU 0/0 ev 0/0 20ms sr"},
		{"hold by address", "m=audio 6000 RTP/AVP 0\nc=IN IP4 0.0.0.0\n", "", false,
			"m=audio 4000 RTP/AVP 0", "0.0.0.0:6000 PCMU 0/0 ev 0/0 20ms -r hold"},
		{"IPv6", "m=audio 6000 RTP/AVP 0\nc=IN IP6 2001:db8::9\n", "", false,
			"m=audio 4000 RTP/AVP 0", "[2001:db8::9]:6000 PCMU 0/0 ev 0/0 20ms sr"},
		{"rtcp and strange attributes and lines are let be",
			"i=x\nb=XX:1\nk=clear:1\nm=audio 6000 RTP/AVP 0\na=rtcp:6001\na=ssrc:1 cname:x\nz=0 0\na=x-y\n", "", false,
			"m=audio 4000 RTP/AVP 0", "198.51.100.7:6000 PCMU 0/0 ev 0/0 20ms sr"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := local
			l.SilenceSuppression = c.silence
			if c.codecs != "" {
				l.Codecs = strings.Fields(c.codecs)
			}
			s := NewSession(l, 1)
			body, r, err := s.Answer(offerOf(t, head+c.offer))
			if err != nil {
				t.Fatal(err)
			}
			if got := mediaLines(body); got != c.media {
				t.Errorf("answer %s\nwant   %s", got, c.media)
			}
			if got := words(r); got != c.result {
				t.Errorf("agreed %s\nwant   %s", got, c.result)
			}
			if _, err := Parse(body); err != nil {
				t.Errorf("our own answer: %v", err)
			}
		})
	}
}

func mediaLines(body []byte) string {
	var m []string
	for l := range strings.Lines(string(body)) {
		if strings.HasPrefix(l, "m=") {
			m = append(m, strings.TrimSpace(l))
		}
	}
	return strings.Join(m, "|")
}

func words(r Result) string {
	w := fmt.Sprintf("%v %s %d/%d ev %d/%d %v ", r.Remote, r.Codec, r.Payload, r.ReceivePayload, r.Events, r.ReceiveEvents, r.PTime)
	for _, x := range []struct {
		on bool
		c  string
	}{{r.Send, "s"}, {r.Receive, "r"}} {
		if x.on {
			w += x.c
		} else {
			w += "-"
		}
	}
	if r.RemoteHold {
		w += " hold"
	}
	if r.DTX {
		w += " dtx"
	}
	if r.ComfortNoise != 0 {
		w += fmt.Sprintf(" cn %d", r.ComfortNoise)
	}
	return w
}

func TestOffersThatCannotBeAnswered(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want error
	}{
		"no codec":    {head + "m=audio 6000 RTP/AVP 97\na=rtpmap:97 opus/48000/2\n", ErrNoCodec},
		"no media":    {head, ErrNoCodec},
		"port 0":      {head + "m=audio 0 RTP/AVP 0\n", ErrNoCodec},
		"encrypted":   {head + "m=audio 6000 RTP/SAVP 0\n", ErrEncryption},
		"no address":  {"v=0\no=- 5 5 IN IP4 198.51.100.7\ns=-\nt=0 0\nm=audio 6000 RTP/AVP 0\n", ErrAddress},
		"a host name": {head + "m=audio 6000 RTP/AVP 0\nc=IN IP4 host.example\n", ErrAddress},
		"multicast":   {head + "m=audio 6000 RTP/AVP 0\nc=IN IP4 224.2.1.1/127\n", ErrAddress},
		"stereo":      {head + "m=audio 6000 RTP/AVP 96\na=rtpmap:96 PCMU/8000/2\n", ErrNoCodec},
	} {
		if _, _, err := NewSession(local, 1).Answer(offerOf(t, c.body)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, body := range map[string]string{
		"empty": "", "rubbish": "hello\n", "no v": "o=- 1 1 IN IP4 1.2.3.4\n", "port": "v=0\nm=audio 99999 RTP/AVP 0\n",
		"short m": "v=0\nm=audio 1\n", "too long": "v=0\n" + strings.Repeat("a=x\n", 5000),
		"many media": "v=0\n" + strings.Repeat("m=audio 1 RTP/AVP 0\n", 17), "many formats": "v=0\nm=audio 1 RTP/AVP" + strings.Repeat(" 0", 65) + "\n",
	} {
		if _, err := Parse(crlf(body)); !errors.Is(err, ErrSyntax) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDescriptionsOfSloppyPeersAreRead(t *testing.T) {
	for name, body := range map[string]string{
		"bare line feeds":       head + "m=audio 6000 RTP/AVP 0\n",
		"no line end at last":   head + "m=audio 6000 RTP/AVP 0",
		"no s= nor t=":          "v=0\no=- 1 1 IN IP4 198.51.100.7\nc=IN IP4 198.51.100.7\nm=audio 6000 RTP/AVP 0\n",
		"huge session id":       "v=0\no=- 99999999999999999999999 1 IN IP4 x\ns= \nc=IN IP4 198.51.100.7\nt=0 0\nm=audio 6000 RTP/AVP 0\n",
		"c= behind the a=":      "v=0\no=- 1 1 IN IP4 1.1.1.1\ns=-\nt=0 0\nm=audio 6000 RTP/AVP 0\na=sendrecv\nc=IN IP4 198.51.100.7\n",
		"attributes before t=":  "v=0\no=- 1 1 IN IP4 1.1.1.1\ns=-\na=x\nc=IN IP4 198.51.100.7\nt=0 0\nm=audio 6000 RTP/AVP 0\n",
		"several ports":         head + "m=audio 6000/2 RTP/AVP 0\n",
		"strange bandwidth":     head + "b=FOO:x\nm=audio 6000 RTP/AVP 0\n",
		"fraction of ptime":     head + "m=audio 6000 RTP/AVP 0\na=ptime:20.0\n",
		"spaces before the end": strings.ReplaceAll(head, "\n", "  \n") + "m=audio 6000 RTP/AVP 0  \n",
	} {
		d, err := Parse([]byte(body))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, r, err := NewSession(local, 1).Answer(d); err != nil || words(r) != "198.51.100.7:6000 PCMU 0/0 ev 0/0 20ms sr" {
			t.Errorf("%s: %v %v", name, words(r), err)
		}
	}
}

func TestAnswersOfThePeer(t *testing.T) {
	for name, c := range map[string]struct{ media, want string }{
		"one codec, events elsewhere": {"m=audio 6000 RTP/AVP 8 96\na=rtpmap:96 telephone-event/8000\n", "198.51.100.7:6000 PCMA 8/8 ev 96/101 20ms sr"},
		"several codecs":              {"m=audio 6000 RTP/AVP 18 0 8\na=fmtp:18 annexb=no\n", "198.51.100.7:6000 G729 18/18 ev 0/0 20ms sr"},
		"recvonly":                    {"m=audio 6000 RTP/AVP 0\na=recvonly\n", "198.51.100.7:6000 PCMU 0/0 ev 0/0 20ms s-"},
		"sendonly":                    {"m=audio 6000 RTP/AVP 0\na=sendonly\n", "198.51.100.7:6000 PCMU 0/0 ev 0/0 20ms -r hold"},
	} {
		s := NewSession(local, 1)
		if _, err := s.Offer(); err != nil {
			t.Fatal(err)
		}
		r, err := s.SetAnswer(offerOf(t, head+c.media))
		if err != nil || words(r) != c.want {
			t.Errorf("%s: %s %v, want %s", name, words(r), err, c.want)
		}
	}
	for name, media := range map[string]string{
		"refused": "m=audio 0 RTP/AVP 0\n", "not offered": "m=audio 6000 RTP/AVP 9\n", "nothing": "", "video": "m=video 6000 RTP/AVP 0\n",
	} {
		s := NewSession(local, 1)
		s.Offer()
		if _, err := s.SetAnswer(offerOf(t, head+media)); !errors.Is(err, ErrNoCodec) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := s.SetAnswer(offerOf(t, head+"m=audio 6000 RTP/AVP 0\n")); !errors.Is(err, ErrNoOffer) {
			t.Errorf("%s: a second answer: %v", name, err)
		}
	}
}

// TestVersionCountsChangesOnly follows o= through a call.
func TestVersionCountsChangesOnly(t *testing.T) {
	s := NewSession(local, 9)
	version := func(b []byte) string {
		_, rest, _ := strings.Cut(string(b), "o=- 9 ")
		v, _, _ := strings.Cut(rest, " ")
		return v
	}
	answer := offerOf(t, head+"m=audio 6000 RTP/AVP 0\n")
	var got []string
	step := func(hold bool) {
		s.SetHold(hold)
		b, err := s.Offer()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, version(b))
		if _, err := s.SetAnswer(answer); err != nil {
			t.Fatal(err)
		}
	}
	step(false) // 1
	step(false) // 1: a refresh
	step(true)  // 2
	step(true)  // 2
	step(false) // 3
	s.SetHold(true)
	b, _ := s.Offer() // 4, refused
	got = append(got, version(b))
	s.Cancel()
	step(false) // 5: once out, a number is used up
	if r := strings.Join(got, " "); r != "1 1 2 2 3 4 5" {
		t.Errorf("versions %s", r)
	}
}

// TestNumbersAndLinesStayForLife: our offer in a session the peer began uses
// its payload types, repeats its refused lines, and puts the codec in use
// first.
func TestNumbersAndLinesStayForLife(t *testing.T) {
	s := NewSession(local, 9)
	if _, _, err := s.Answer(offerOf(t, head+"m=video 5002 RTP/AVP 31 34\nm=audio 6000 RTP/AVP 8 96\na=rtpmap:96 telephone-event/8000\n")); err != nil {
		t.Fatal(err)
	}
	b, err := s.Offer()
	if err != nil {
		t.Fatal(err)
	}
	if got := mediaLines(b); got != "m=video 0 RTP/AVP 31 34|m=audio 4000 RTP/AVP 8 0 18 96" {
		t.Errorf("offer %s", got)
	}
	r, err := s.SetAnswer(offerOf(t, head+"m=video 0 RTP/AVP 31\nm=audio 6000 RTP/AVP 8 96\na=rtpmap:96 telephone-event/8000\n"))
	if err != nil || words(r) != "198.51.100.7:6000 PCMA 8/8 ev 96/96 20ms sr" {
		t.Errorf("%s %v", words(r), err)
	}
	// The peer takes the stream away and gives it back.
	_, r, err = s.Answer(offerOf(t, head+"m=video 0 RTP/AVP 31\nm=audio 0 RTP/AVP 8\n"))
	if err != nil || r.Send || r.Receive || !r.RemoteHold {
		t.Errorf("%+v %v", r, err)
	}
	_, r, err = s.Answer(offerOf(t, head+"m=video 0 RTP/AVP 31\nm=audio 6000 RTP/AVP 8\n"))
	if err != nil || !r.Send || !r.Receive {
		t.Errorf("%+v %v", r, err)
	}
}

func TestPTimeIsHeldInBounds(t *testing.T) {
	for in, want := range map[string]time.Duration{"5": 10 * time.Millisecond, "25": 20 * time.Millisecond, "1000": 60 * time.Millisecond, "-3": 20 * time.Millisecond, "x": 20 * time.Millisecond} {
		_, r, err := NewSession(local, 1).Answer(offerOf(t, head+"m=audio 6000 RTP/AVP 0\na=ptime:"+in+"\n"))
		if err != nil || r.PTime != want {
			t.Errorf("ptime %s: %v %v", in, r.PTime, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", head, head + "m=audio 6000 RTP/AVP 0 8 18 96\na=rtpmap:96 telephone-event/8000\na=fmtp:18 annexb=no\n",
		"v=0\nm=audio 1/2 RTP/SAVP 0\nm=image 0 udptl t38\n", "v=0\r\nc=IN IP6 ::1\r\na=ptime:20\r\nm=audio 65535 RTP/AVP 127\r\na=rtpmap:127 G729/8000/1",
		head + "a=setup:actpass\nm=audio 6000 UDP/TLS/RTP/SAVPF 0\na=fingerprint:" + print256(1) + "\na=tls-id:aaaaaaaaaaaaaaaaaaaa\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := Parse(raw)
		if err != nil {
			return
		}
		d.Codecs(Names(), Opportunistic)
		NewSession(certified(OpportunisticDTLS), 1).Answer(d)
		s := NewSession(local, 1)
		body, r, err := s.Answer(d)
		if err == nil {
			if r.Codec == "" || r.PTime <= 0 {
				t.Errorf("agreed on %+v", r)
			}
			if _, err := Parse(body); err != nil {
				t.Errorf("our answer %q: %v", body, err)
			}
			if _, err := s.Offer(); err != nil {
				t.Error(err)
			}
			s.SetAnswer(d)
		}
		s = NewSession(local, 1)
		s.Offer()
		s.SetAnswer(d)
	})
}
