package exchange

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"
)

// rtp builds a packet.
func rtp(pt byte, marker bool, seq uint16, ts, ssrc uint32, payload ...byte) []byte {
	p := make([]byte, 12, 12+len(payload))
	p[0], p[1] = 0x80, pt
	if marker {
		p[1] |= 0x80
	}
	binary.BigEndian.PutUint16(p[2:], seq)
	binary.BigEndian.PutUint32(p[4:], ts)
	binary.BigEndian.PutUint32(p[8:], ssrc)
	return append(p, payload...)
}

// dialled is a test phone in a call with a service.
type dialled struct {
	*testPhone
	rtp  *memConn
	peer netip.AddrPort // the exchange's RTP
	ok   *sip.Response
}

// call dials a service and acknowledges.
func (r *rig) call(p *testPhone, ext string, rtpPort uint16, formats, rest string) *dialled {
	r.t.Helper()
	conn := r.net.mustOpen(r.t, fmt.Sprintf("127.0.0.1:%d", rtpPort))
	r.t.Cleanup(func() { conn.Close() })
	p.invite(ext, sdpFor(int(rtpPort), formats, rest))
	ok := p.expect(200)
	p.ack(ok, exchangeAddr, ok.Contact().Address.String())
	p.toTag = toTag(ok)
	return &dialled{testPhone: p, rtp: conn, peer: mediaOf(r.t, ok.Body()), ok: ok}
}

func mediaOf(t *testing.T, body []byte) netip.AddrPort {
	t.Helper()
	var port int
	_, after, _ := bytes.Cut(body, []byte("m=audio "))
	if _, err := fmt.Sscanf(string(after), "%d", &port); err != nil {
		t.Fatalf("no audio port in\n%s", body)
	}
	return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(port))
}

func (d *dialled) sendRTP(p []byte) {
	d.rtp.WriteTo(p, net.UDPAddrFromAddrPort(d.peer))
	synctest.Wait()
}

func (d *dialled) gotRTP() []byte {
	synctest.Wait()
	select {
	case p := <-d.rtp.in:
		return p.data
	default:
		return nil
	}
}

func TestEchoAnswersAtOnceWithOneCodecAndEvents(t *testing.T) {
	for _, c := range []struct {
		name, formats, rest string
		want                []string // lines of the answer
		not                 []string
	}{
		{"PCMU first", "0 8 101", "a=rtpmap:101 telephone-event/8000\na=fmtp:101 0-16\na=ptime:30\n",
			[]string{"RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-16", "a=ptime:30", "a=sendrecv"}, []string{"PCMA"}},
		{"static PCMA without rtpmap", "8", "", []string{"RTP/AVP 8\r", "a=sendrecv"}, nil},
		{"what we do not know comes first", "96 18 8", "a=rtpmap:96 speex/16000\na=rtpmap:18 G729/8000\na=fmtp:18 annexb=no\n",
			[]string{"RTP/AVP 18\r", "a=fmtp:18 annexb=no"}, []string{"speex"}},
		{"Opus, with digits at both clocks", "111 9 101 102 13", "a=rtpmap:111 opus/48000/2\na=fmtp:111 useinbandfec=1\na=rtpmap:101 telephone-event/8000\na=rtpmap:102 telephone-event/48000\n",
			[]string{"RTP/AVP 111 101 102 13\r", "a=rtpmap:111 opus/48000/2", "a=fmtp:111 useinbandfec=1"}, []string{"G722"}},
		{"G.722, not with digits of another clock", "9 101 102", "a=rtpmap:101 telephone-event/48000\na=rtpmap:102 telephone-event/8000\n", []string{"RTP/AVP 9 102\r"}, nil},
		{"comfort noise beside G.711", "0 13", "", []string{"RTP/AVP 0 13\r"}, nil},
		{"GSM", "3", "", []string{"RTP/AVP 3\r"}, nil},
		{"L16", "97", "a=rtpmap:97 L16/16000\n", []string{"RTP/AVP 97\r", "a=rtpmap:97 L16/16000"}, nil},
		{"L16 at a rate that our phones do not speak", "97 0", "a=rtpmap:97 L16/44100\n", []string{"RTP/AVP 0\r"}, nil},
		{"dynamic number, small letters", "97", "a=rtpmap:97 pcma/8000/1\n", []string{"RTP/AVP 97\r", "a=rtpmap:97 pcma/8000/1"}, nil},
		{"video refused", "0", "m=video 7002 RTP/AVP 34\n", []string{"RTP/AVP 0\r", "m=video 0 RTP/AVP 34"}, nil},
		{"held from the start", "0", "a=sendonly\n", []string{"a=recvonly"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, Config{}, func(r *rig) {
				start := time.Now()
				d := r.call(r.phone("100", 6000), Echo, 7000, c.formats, c.rest)
				if time.Since(start) != 0 {
					t.Error("the answer took time")
				}
				body := string(d.ok.Body())
				for _, w := range c.want {
					if !strings.Contains(body, w) {
						t.Errorf("no %q in the answer:\n%s", w, body)
					}
				}
				for _, w := range c.not {
					if strings.Contains(body, w) {
						t.Errorf("%q in the answer:\n%s", w, body)
					}
				}
			})
		})
	}
}

func TestEchoSendsTheSamePayloadUnderItsOwnNumbers(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		d := r.call(r.phone("100", 6000), Echo, 7000, "18 101", "a=rtpmap:101 telephone-event/8000\n")
		var first []byte
		for i, p := range [][]byte{
			rtp(18, true, 65534, 1000, 7, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
			rtp(18, false, 65535, 1160, 7, 11),
			rtp(101, true, 0, 1320, 7, 5, 0x8a, 0, 160), // digit 5
			rtp(18, false, 3, 1800, 7, 12),              // two lost on the way here
			rtp(18, false, 2, 1640, 7, 13),              // out of order
		} {
			d.sendRTP(p)
			got := d.gotRTP()
			if got == nil {
				t.Fatalf("packet %d did not come back", i)
			}
			if first == nil {
				first = got
			}
			if got[1] != p[1] || !bytes.Equal(got[12:], p[12:]) {
				t.Errorf("packet %d: sent % x, got % x", i, p, got)
			}
			seqIn, seqOut := binary.BigEndian.Uint16(p[2:])-65534, binary.BigEndian.Uint16(got[2:])-binary.BigEndian.Uint16(first[2:])
			tsIn, tsOut := binary.BigEndian.Uint32(p[4:])-1000, binary.BigEndian.Uint32(got[4:])-binary.BigEndian.Uint32(first[4:])
			if seqIn != seqOut || tsIn != tsOut {
				t.Errorf("packet %d: sequence +%d for +%d, time +%d for +%d", i, seqOut, seqIn, tsOut, tsIn)
			}
			if !bytes.Equal(got[8:12], first[8:12]) || binary.BigEndian.Uint32(got[8:]) == 7 {
				t.Errorf("packet %d: SSRC % x", i, got[8:12])
			}
		}
		for _, p := range [][]byte{rtp(0, false, 1, 1, 7, 1), rtp(18, false, 1, 1, 7)[:11], {0x40, 18, 0}, rtp(13, false, 1, 1, 7, 1)} {
			d.sendRTP(p)
			if got := d.gotRTP(); got != nil {
				t.Errorf("% x was echoed", p)
			}
		}
	})
}

func TestANewStreamContinuesOurNumbering(t *testing.T) {
	var r renumber
	a := rtp(0, false, 100, 5000, 1)
	r.apply(a)
	b := rtp(0, true, 9000, 77, 2)
	r.apply(b)
	if s1, s2 := binary.BigEndian.Uint16(a[2:]), binary.BigEndian.Uint16(b[2:]); s2 != s1+1 {
		t.Errorf("sequence %d after %d", s2, s1)
	}
	if t1, t2 := binary.BigEndian.Uint32(a[4:]), binary.BigEndian.Uint32(b[4:]); t2 != t1+160 {
		t.Errorf("timestamp %d after %d", t2, t1)
	}
}

func TestHoldStopsTheEchoAndResumeStartsIt(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		d := r.call(r.phone("100", 6000), Echo, 7000, "8", "")
		reinvite := func(rest, want string) {
			d.request("INVITE", d.ok.Contact().Address.String(), "<sip:600@"+exchangeAddr+">", sdpFor(7000, "8", rest))
			ok := d.expect(200)
			if toTag(ok) != d.toTag {
				t.Error("a re-INVITE's answer has another To tag")
			}
			if !strings.Contains(string(ok.Body()), "a="+want+"\r\n") {
				t.Errorf("want %s:\n%s", want, ok.Body())
			}
			if string(ok.Body()[:40]) == string(d.ok.Body()[:40]) {
				t.Error("o= line has the same version")
			}
			d.ack(ok, exchangeAddr, ok.Contact().Address.String())
			d.ok = ok
		}
		echoes := func(want bool) {
			t.Helper()
			d.sendRTP(rtp(8, false, 1, 1, 9, 0xd5))
			if got := d.gotRTP() != nil; got != want {
				t.Errorf("echoed: %v", got)
			}
		}
		echoes(true)
		reinvite("a=sendonly\n", "recvonly")
		echoes(false)
		reinvite("a=inactive\n", "inactive")
		echoes(false)
		time.Sleep(10 * time.Minute) // a held call may be silent
		d.silent(0)
		reinvite("", "sendrecv")
		echoes(true)
		d.request("BYE", d.ok.Contact().Address.String(), "<sip:600@"+exchangeAddr+">", "")
		d.expect(200)
		echoes(false)
		d.request("BYE", d.ok.Contact().Address.String(), "<sip:600@"+exchangeAddr+">", "")
		d.expect(481)
	})
}

func TestOldStyleHoldIsSilent(t *testing.T) {
	st, lines, err := parseSDP([]byte("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\nm=audio 7000 RTP/AVP 0\r\na=inactive\r\n"), 9000)
	if err != nil || st.remote.IsValid() || st.peer != inactive || !strings.Contains(lines[0], "a=inactive") {
		t.Errorf("%+v %q %v", st, lines, err)
	}
}

func TestPhoneBoundToItsNetworkAddressIsServed(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		p := &testPhone{r: r, user: "100", conn: r.net.mustOpen(t, "192.0.2.7:6000")}
		rtpConn := r.net.mustOpen(t, "192.0.2.7:7000")
		p.newCall()
		if res := p.register(); res.StatusCode != 200 {
			t.Fatalf("register: %d", res.StatusCode)
		}
		p.invite(Echo, strings.Replace(sdpFor(7000, "0", ""), "c=IN IP4 127.0.0.1", "c=IN IP4 192.0.2.7", 1))
		ok := p.expect(200)
		p.ack(ok, exchangeAddr, ok.Contact().Address.String())
		d := &dialled{testPhone: p, rtp: rtpConn, peer: mediaOf(t, ok.Body()), ok: ok}
		d.sendRTP(rtp(0, false, 1, 1, 1, 0xff))
		if d.gotRTP() == nil {
			t.Error("no echo")
		}
		// It is called where it sent from, too.
		other := r.phone("101", 6002)
		other.invite("100", "")
		p.expectRequest(sip.INVITE, time.Second)
	})
}

func TestLostPeerIsHungUpAfterAMinuteWithoutRTP(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		d := r.call(r.phone("100", 6000), Echo, 7000, "8", "")
		start := time.Now()
		for i := range 30 {
			time.Sleep(time.Second)
			d.sendRTP(rtp(8, false, uint16(i), 1, 9, 0xd5))
		}
		bye := d.expectRequest(sip.BYE, 5*time.Minute)
		if took := time.Since(start); took < 90*time.Second || took > 121*time.Second {
			t.Errorf("hung up after %v", took)
		}
		if toTag(bye) != d.tag || bye.From().Params.GetOr("tag", "") != d.toTag || bye.Recipient.String() != d.contact() {
			t.Errorf("BYE of another dialog:\n%s", bye)
		}
		d.answer(bye, 200, "", "")
		d.silent(time.Minute)
		if r.net.open() != 3 { // exchange, phone, its RTP
			t.Errorf("%d sockets are open", r.net.open())
		}
	})
}

func TestUnacknowledgedAnswerIsRepeatedThenHungUp(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		p := r.phone("100", 6000)
		start := time.Now()
		p.invite(Echo, sdpFor(7000, "8", ""))
		tag := toTag(p.expect(200))
		repeats := 0
		for {
			m := p.next(time.Minute)
			if res, ok := m.(*sip.Response); ok {
				if toTag(res) != tag {
					t.Fatal("a repeated 200 has another tag")
				}
				repeats++
				continue
			}
			if m.(*sip.Request).Method != sip.BYE {
				t.Fatalf("got\n%s", m)
			}
			break
		}
		if repeats < 8 || repeats > 11 || time.Since(start) != lifetime {
			t.Errorf("%d repeats, BYE after %v", repeats, time.Since(start))
		}
	})
}

func TestInviteWithoutOfferGetsOneAndTheAckAnswersIt(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		p := r.phone("100", 6000)
		rtpConn := r.net.mustOpen(t, "127.0.0.1:7000")
		p.invite(Echo, "")
		ok := p.expect(200)
		for _, w := range []string{"RTP/AVP 96 9 8 0 18 3 97 101\r", "a=rtpmap:96 opus/48000/2", "telephone-event/8000"} {
			if !strings.Contains(string(ok.Body()), w) {
				t.Errorf("no %s in our offer:\n%s", w, ok.Body())
			}
		}
		d := &dialled{testPhone: p, rtp: rtpConn, peer: mediaOf(t, ok.Body()), ok: ok}
		p.toTag = toTag(ok)
		p.raw(exchangeAddr, p.build("ACK", ok.Contact().Address.String(), "<sip:600@x>", sdpFor(7000, "0", ""), 99, p.seq))
		synctest.Wait()
		d.sendRTP(rtp(0, false, 1, 1, 1, 0xff))
		if d.gotRTP() == nil {
			t.Error("no echo")
		}
	})
}

func TestServiceRefusals(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		p := r.phone("100", 6000)
		for _, c := range []struct {
			name, method, body string
			extra              []string
			code               int
		}{
			{"no codec in common", "INVITE", sdpFor(7000, "96", "a=rtpmap:96 speex/16000\n"), nil, 488},
			{"SRTP only", "INVITE", strings.Replace(sdpFor(7000, "0", ""), "RTP/AVP", "RTP/SAVP", 1), nil, 488},
			{"nonsense body", "INVITE", "hello", nil, 488},
			{"required extension", "INVITE", sdpFor(7000, "0", ""), []string{"Require: 100rel"}, 420},
			{"message", "MESSAGE", "", nil, 405},
			{"options", "OPTIONS", "", nil, 200},
		} {
			p.newCall()
			p.request(c.method, "sip:600@"+exchangeAddr, "<sip:600@"+exchangeAddr+">", c.body, c.extra...)
			res := p.response()
			if res.StatusCode != c.code {
				t.Errorf("%s: %d, want %d", c.name, res.StatusCode, c.code)
			}
			if c.method == "INVITE" {
				p.ack(res, exchangeAddr, "sip:600@"+exchangeAddr)
			}
			p.drain()
		}
		p.newCall()
		p.request("INVITE", "sip:600@"+exchangeAddr, "<sip:600@"+exchangeAddr+">", "<x/>", "Content-Type: text/xml")
		p.expect(415)
	})
}

func TestAllLinesBusyWhenTooManyEcho(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		for i := range maxCalls {
			r.call(r.phone(fmt.Sprint(100+i), uint16(6000+2*i)), Echo, uint16(10000+2*i), "0", "")
		}
		p := r.phone("999", 9998)
		p.invite(Echo, sdpFor(7000, "0", ""))
		p.expect(486)
	})
}

func TestRingMeCallsBackThreeSecondsAfterHangUp(t *testing.T) {
	for _, registered := range []bool{true, false} {
		t.Run(fmt.Sprintf("registered %v", registered), func(t *testing.T) {
			bubble(t, Config{}, func(r *rig) {
				p := r.phone("100", 6000)
				if registered {
					p.register()
				}
				d := r.call(p, RingMe, 7000, "8", "")
				d.request("BYE", d.ok.Contact().Address.String(), "<sip:601@"+exchangeAddr+">", "")
				d.expect(200)
				start := time.Now()
				in := p.expectRequest(sip.INVITE, time.Minute)
				if took := time.Since(start); took != ringDelay {
					t.Errorf("rang after %v", took)
				}
				if in.From().Address.User != RingMe || in.Recipient.String() != p.contact() {
					t.Errorf("rang as\n%s", in)
				}
				p.answer(in, 180, "x", "")
				p.silent(5 * time.Second)
				p.answer(in, 200, "x", sdpFor(7000, "8", ""))
				ack := p.expectRequest(sip.ACK, time.Second)
				if ack.CSeq().SeqNo != in.CSeq().SeqNo || toTag(ack) != "x" {
					t.Errorf("ACK:\n%s", ack)
				}
				p.answer(in, 200, "x", sdpFor(7000, "8", "")) // the ACK was lost
				p.expectRequest(sip.ACK, time.Second)
				d.peer = mediaOf(t, in.Body())
				d.sendRTP(rtp(8, false, 1, 1, 1, 0xd5))
				if d.gotRTP() == nil {
					t.Error("no echo in the call back")
				}
				// The phone hangs up; the exchange does not ring for ever.
				p.callID, p.tag, p.toTag = in.CallID().Value(), "x", in.From().Params.GetOr("tag", "")
				p.request("BYE", in.Contact().Address.String(), "<sip:601@"+exchangeAddr+">", "")
				p.expect(200)
				p.silent(time.Minute)
			})
		})
	}
}

func TestRingMeGivesUpWhenNobodyAnswers(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		p := r.phone("100", 6000)
		d := r.call(p, RingMe, 7000, "8", "")
		d.request("BYE", d.ok.Contact().Address.String(), "<sip:601@"+exchangeAddr+">", "")
		d.expect(200)
		in := p.expectRequest(sip.INVITE, time.Minute)
		p.answer(in, 180, "x", "")
		c := p.expectRequest(sip.CANCEL, time.Minute)
		p.answer(c, 200, "x", "")
		p.answer(in, 487, "x", "")
		p.expectRequest(sip.ACK, time.Second)
		p.silent(time.Minute)
		if r.net.open() != 3 {
			t.Errorf("%d sockets are open", r.net.open())
		}
	})
}

func TestCloseHangsUp(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		d := r.call(r.phone("100", 6000), Echo, 7000, "8", "")
		r.ex.Close()
		d.expectRequest(sip.BYE, time.Second)
		if r.net.open() != 2 {
			t.Errorf("%d sockets are open", r.net.open())
		}
	})
}
