package trace

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"offhook/phone/control"
)

var at = time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)

// talk is the beginning of a call, with a registration between.
func talk() []control.SIPMessage {
	m := func(ms int, sent bool, call, id, text string) control.SIPMessage {
		return control.SIPMessage{Time: at.Add(time.Duration(ms) * time.Millisecond), Sent: sent, Transport: "udp", Local: "192.0.2.1:5060",
			Remote: "192.0.2.9:5060", CallID: id, Call: call, Text: strings.ReplaceAll(text, "\n", "\r\n")}
	}
	return []control.SIPMessage{
		m(0, true, "out-1", "abc", "INVITE sip:600@example.org SIP/2.0\nCall-ID: abc\nCSeq: 1 INVITE\nContent-Type: application/sdp\n\nv=0\nm=audio 4000 RTP/AVP 0\na=fingerprint:sha-256 00\na=sendonly\n"),
		m(3, true, "", "reg", "REGISTER sip:example.org SIP/2.0\nCSeq: 7 REGISTER\n\n"),
		m(9, false, "out-1", "abc", "SIP/2.0 180 Ringing\nCSeq: 1 INVITE\n\n"),
		m(30, false, "", "reg", "SIP/2.0 200 OK\nCSeq: 7 REGISTER\n\n"),
		m(99, false, "out-1", "abc", "NOTIFY sip:me@192.0.2.1 SIP/2.0\nCSeq: 2 NOTIFY\nc: message/sipfrag\n\nSIP/2.0 486 Busy Here\n"),
	}
}

func TestLadder(t *testing.T) {
	var out strings.Builder
	if err := Ladder(&out, talk(), time.UTC, false); err != nil {
		t.Fatal(err)
	}
	want := `call out-1, Call-ID abc, 192.0.2.9:5060, udp
  03:04:05.678 ──►  INVITE sip:600@example.org  SDP (audio 4000, sendonly, DTLS-SRTP)
  03:04:05.687 ◄──  180 Ringing                 INVITE
  03:04:05.777 ◄──  NOTIFY sip:me@192.0.2.1  [SIP/2.0 486 Busy Here]

no call, Call-ID reg, 192.0.2.9:5060, udp
  03:04:05.681 ──►  REGISTER sip:example.org
  03:04:05.708 ◄──  200 OK                      REGISTER
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	out.Reset()
	if err := Ladder(&out, talk()[2:3], time.UTC, true); err != nil || !strings.Contains(out.String(), "\n      CSeq: 1 INVITE\n") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

// TestCaptureOfADatagram holds a packet to its octets; the checksums were
// computed by hand once, and sum up to nothing as RFC 1071 has it.
func TestCaptureOfADatagram(t *testing.T) {
	var out bytes.Buffer
	m := control.SIPMessage{Time: at, Sent: true, Transport: "udp", Local: "192.0.2.1:5060", Remote: "192.0.2.9:5062", Text: "ABC"}
	if err := Pcap(&out, []control.SIPMessage{m}); err != nil {
		t.Fatal(err)
	}
	b := out.Bytes()
	if got := hex.EncodeToString(b[:24]); got != "4d3cb2a1020004000000000000000000000001"+"0065000000" {
		t.Errorf("file header %s", got)
	}
	p := b[24+16:]
	if n := binary.LittleEndian.Uint32(b[24+8:]); int(n) != len(p) || len(p) != 20+8+3 {
		t.Fatalf("a packet of %d octets, said to be %d", len(p), n)
	}
	if checksum(p[:20]) != 0 {
		t.Error("checksum of the IP header")
	}
	pseudo := append(append([]byte{}, p[12:20]...), 0, 0, 0, 11, 0, 0, 0, 17)
	if checksum(append(pseudo, p[20:]...)) != 0 {
		t.Error("checksum of the datagram")
	}
	if got := hex.EncodeToString(p[20:26]); got != "13c413c6000b" || string(p[28:]) != "ABC" {
		t.Errorf("datagram %s %q", got, p[28:])
	}
}

// TestCaptureOfAConnection: sequence numbers go on, each way, over messages
// longer than a segment.
func TestCaptureOfAConnection(t *testing.T) {
	var out bytes.Buffer
	long := strings.Repeat("x", maxSegment+10)
	m := control.SIPMessage{Time: at, Sent: true, Transport: "tcp", Local: "[2001:db8::1]:5060", Remote: "[2001:db8::2]:5061", Text: long}
	back := m
	back.Sent, back.Text = false, "ok"
	if err := Pcap(&out, []control.SIPMessage{m, back, m}); err != nil {
		t.Fatal(err)
	}
	b := out.Bytes()[24:]
	type seg struct{ port, seq, ack, n int }
	var got []seg
	for len(b) > 0 {
		n := int(binary.LittleEndian.Uint32(b[8:]))
		p := b[16 : 16+n]
		b = b[16+n:]
		tcp := p[40:]
		pseudo := append(append([]byte{}, p[8:40]...), 0, 0, byte(len(tcp)>>8), byte(len(tcp)), 0, 0, 0, 6)
		if p[0]>>4 != 6 || checksum(append(pseudo, tcp...)) != 0 {
			t.Errorf("packet %x", p[:60])
		}
		got = append(got, seg{int(binary.BigEndian.Uint16(tcp)), int(binary.BigEndian.Uint32(tcp[4:])), int(binary.BigEndian.Uint32(tcp[8:])), len(tcp) - 20})
	}
	want := []seg{{5060, 1, 1, 1400}, {5060, 1401, 1, 10}, {5061, 1, 1411, 2}, {5060, 1411, 3, 1400}, {5060, 2811, 3, 10}}
	if len(got) != len(want) {
		t.Fatalf("%v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%v, want %v", got[i], want[i])
		}
	}
}

func FuzzShow(f *testing.F) {
	for _, m := range talk() {
		f.Add(m.Text, m.Local, m.Remote, "udp")
	}
	f.Add("", "0.0.0.0:1", "[::1]:2", "tcp")
	f.Fuzz(func(t *testing.T, text, local, remote, transport string) {
		if len(text) > 60000 {
			return
		}
		m := []control.SIPMessage{{Text: text, Local: local, Remote: remote, Transport: transport}}
		var out bytes.Buffer
		if Ladder(&out, m, time.UTC, true) != nil || Pcap(&out, m) != nil {
			t.Error("a buffer refused")
		}
	})
}
