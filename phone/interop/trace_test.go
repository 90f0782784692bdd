//go:build peers && linux

package interop

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"offhook/phone/control"
)

// packets has tshark, which was written by others, read a capture: a line per packet that the filter lets through, of the
// given fields. Checksums are looked at in a trace; on the wire they are left to a network card that there is none of.
func (l *lab) packets(file, filter string, fields ...string) [][]string {
	l.t.Helper()
	args := []string{"-r", file, "-Y", filter, "-T", "fields"}
	for _, p := range []string{"ip", "udp", "tcp"} {
		args = append(args, "-o", fmt.Sprintf("%s.check_checksum:%v", p, filepath.Base(file) == "trace.pcap"))
	}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	cmd := exec.Command("tshark", args...)
	cmd.Env = append(cmd.Environ(), "HOME="+l.dir)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		l.t.Fatalf("tshark: %v: %s", err, errs.String())
	}
	var lines [][]string
	for line := range strings.Lines(string(out)) {
		lines = append(lines, strings.Split(strings.TrimRight(line, "\n"), "\t"))
	}
	return lines
}

// bad is what tshark finds wrong with a packet.
const bad = "_ws.malformed || _ws.short || ip.checksum.status == Bad || udp.checksum.status == Bad || tcp.checksum.status == Bad || tcp.analysis.lost_segment || tcp.analysis.out_of_order"

// TestTraceIsReadByTshark: what "offhook trace --pcap" writes of a call is SIP to tshark, whole and in order, with the call
// in it; and so is what the phone puts on the wire, SIP and RTP.
func TestTraceIsReadByTshark(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		newLab(t).cannot("the program tshark is missing (package tshark)")
	}
	for _, transport := range []string{"udp", "tcp"} {
		t.Run(transport, func(t *testing.T) {
			l := newLab(t)
			w := l.two(offhookOptions{transport: transport}, baresipOptions{answer: "auto", transport: transport})
			wire := filepath.Join(l.sub("wire"), "wire.pcap")
			capture := l.start("tshark", w.off.host.command("tshark", "-i", w.off.host.iface, "-w", wire, "-F", "pcap"))
			capture.await("Capture started", 30*time.Second)
			from := w.off.mark()
			w.off.do("handset", "lift")
			w.off.do("dial", "bob")
			w.off.awaitCall(from, control.CallActive, 10*time.Second)
			w.bare.await(bareEstablished, 10*time.Second)
			w.off.flows()
			w.off.do("handset", "hang-up")
			w.off.awaitCall(from, control.CallEnded, 10*time.Second)
			w.bare.await(bareClosed, 10*time.Second)

			trace := filepath.Join(l.dir, "trace.pcap")
			w.off.do("trace", "--pcap", trace)
			for _, p := range l.packets(trace, bad, "frame.number", "_ws.col.Info") {
				t.Errorf("the trace has a bad packet: %q", p)
			}
			var methods []string
			calls := map[string]bool{}
			for _, p := range l.packets(trace, "sip.Method", "sip.Method", "sip.Call-ID", "sip.auth.digest.response") {
				methods = append(methods, p[0])
				if p[0] == "INVITE" || p[0] == "BYE" {
					calls[p[1]] = true
				}
				if p[2] != "" {
					t.Errorf("the trace has the digest %q", p[2])
				}
			}
			for _, m := range []string{"REGISTER", "INVITE", "ACK", "BYE"} {
				if !slices.Contains(methods, m) {
					t.Errorf("tshark finds no %s in the trace, but %q", m, methods)
				}
			}
			if len(calls) != 1 {
				t.Errorf("tshark finds the calls %v in the trace, want one", calls)
			}
			if len(l.packets(trace, "sip.Status-Code == 200 && sip.CSeq.method == INVITE && sdp.media", "frame.number")) == 0 {
				t.Error("tshark finds no answer with SDP in the trace")
			}
			if other := l.packets(trace, "!sip && !tcp", "_ws.col.Protocol"); len(other) > 0 {
				t.Errorf("the trace has packets that are no SIP: %q", other)
			}

			capture.stop()
			theirs := fmt.Sprintf("ip.src == %s && ", w.off.addr)
			for _, p := range l.packets(wire, theirs+"(_ws.malformed || _ws.short)", "frame.number", "_ws.col.Info") {
				t.Errorf("the phone sends a bad packet: %q", p)
			}
			if n := len(l.packets(wire, theirs+"rtp.version == 2 && rtp.p_type == 8", "rtp.seq")); n < 100 {
				t.Errorf("tshark finds %d packets of RTP from the phone, want a hundred", n)
			}
			if n := len(l.packets(wire, theirs+"rtcp", "rtcp.pt")); n == 0 {
				t.Error("tshark finds no RTCP from the phone")
			}
		})
	}
}
