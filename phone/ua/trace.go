package ua

import (
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// What is remembered of the messages on the wire, so that a call that went
// wrong can be looked at afterwards.
const (
	maxTraced     = 640 << 10 // octets of text, all messages together
	maxTracedSize = 16 << 10  // octets of one message
	maxTracedIDs  = 256       // calls whose ids are known
)

// tracer remembers the latest SIP messages, in the order they were on the
// wire. It is called from all goroutines that send and receive.
type tracer struct {
	also func(TraceMessage) // Config.Trace

	mu    sync.Mutex // guards the rest
	ring  []TraceMessage
	size  int
	calls []tracedCall // the latest last
}

// tracedCall is which dialogs a call of ours has.
type tracedCall struct{ id, callID string }

// add takes a message whose secrets are out already.
func (t *tracer) add(m TraceMessage) {
	if strings.TrimSpace(m.Text) == "" {
		return // what keeps a connection open
	}
	m.CallID = callIDOf(m.Text)
	t.mu.Lock()
	kept := m
	kept.Text = plainText(m.Text)
	t.ring = append(t.ring, kept)
	for i := len(t.ring) - 1; i > 0 && t.ring[i].Time.Before(t.ring[i-1].Time); i-- {
		t.ring[i], t.ring[i-1] = t.ring[i-1], t.ring[i]
	}
	t.size += len(kept.Text)
	drop := 0
	for t.size > maxTraced {
		t.size -= len(t.ring[drop].Text)
		t.ring[drop] = TraceMessage{}
		drop++
	}
	t.ring = t.ring[drop:]
	m.Call = t.callOf(m.CallID)
	t.mu.Unlock()
	if t.also != nil {
		t.also(m)
	}
}

// belongs notes that a call of ours speaks in a dialog.
func (t *tracer) belongs(id, callID string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := (tracedCall{id, callID}); !slices.Contains(t.calls, c) {
		if len(t.calls) >= maxTracedIDs {
			t.calls = t.calls[1:]
		}
		t.calls = append(t.calls, c)
	}
}

// callOf requires t.mu.
func (t *tracer) callOf(callID string) string {
	for _, c := range slices.Backward(t.calls) {
		if c.callID == callID {
			return c.id
		}
	}
	return ""
}

// Trace returns the SIP messages that are remembered, oldest first: those of
// one call of ours, which may be over, or with "" all. Secrets are out of them.
func (a *Agent) Trace(call string) []TraceMessage {
	t := &a.tracer
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []TraceMessage
	for _, m := range t.ring {
		m.Call = t.callOf(m.CallID)
		if call == "" || slices.Contains(t.calls, tracedCall{call, m.CallID}) {
			out = append(out, m)
		}
	}
	return out
}

// callIDOf finds the Call-ID in a message, "" when it has none.
func callIDOf(text string) string {
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(line, ":")
		if strings.TrimRight(line, "\r\n") == "" {
			return ""
		}
		if name = strings.TrimSpace(name); ok && (strings.EqualFold(name, "Call-ID") || strings.EqualFold(name, "i")) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// plainText makes a message fit to be shown: at most maxTracedSize octets, all
// of them letters or white space.
func plainText(s string) string {
	if len(s) > maxTracedSize {
		s = s[:maxTracedSize]
	}
	return strings.Map(func(r rune) rune {
		if r == '\r' || r == '\n' || r == '\t' || r != utf8.RuneError && unicode.IsPrint(r) {
			return r
		}
		return '·'
	}, s)
}
