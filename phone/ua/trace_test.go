package ua

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestTheTraceIsBoundedAndClean(t *testing.T) {
	a, tr := &Agent{}, &tracer{}
	for i := range 5000 {
		a.tracer.add(TraceMessage{Text: fmt.Sprintf("OPTIONS sip:x SIP/2.0\r\ni : id-%d\r\nX: %s\r\n\r\n\x1b[31m\xff", i, strings.Repeat("y", i%2000))})
		if i == 4000 {
			a.tracer.belongs("out-1", "id-4999")
		}
	}
	a.tracer.add(TraceMessage{Text: "\r\n\r\n"})
	a.tracer.add(TraceMessage{Text: "INVITE sip:x SIP/2.0\r\nCall-ID: long\r\n\r\n" + strings.Repeat("z", maxTraced)})
	size := 0
	for _, m := range a.Trace("") {
		size += len(m.Text)
		if strings.Contains(m.Text, "\x1b") || !utf8.ValidString(m.Text) {
			t.Fatalf("%q", m.Text)
		}
	}
	if size > maxTraced || size < maxTraced/2 {
		t.Errorf("%d octets are remembered", size)
	}
	if got := a.Trace("out-1"); len(got) != 1 || got[0].CallID != "id-4999" || got[0].Call != "out-1" {
		t.Errorf("%d messages of the call", len(got))
	}
	now := time.Now()
	for _, after := range []time.Duration{0, 2, 1, 3} {
		tr.add(TraceMessage{Time: now.Add(after), Text: fmt.Sprint(int(after))})
	}
	if got := tr.ring[0].Text + tr.ring[1].Text + tr.ring[2].Text + tr.ring[3].Text; got != "0123" {
		t.Errorf("messages are in the order %s", got)
	}
	for i := range 2 * maxTracedIDs {
		tr.belongs("out-2", fmt.Sprint(i))
	}
	if len(tr.calls) != maxTracedIDs {
		t.Errorf("%d calls are remembered", len(tr.calls))
	}
}
