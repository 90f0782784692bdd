package ua

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Keys by INFO, the way of Cisco and others from before RFC 4733. Two bodies
// are in use:
//
//	application/dtmf-relay   Signal=5 CRLF Duration=160
//	application/dtmf         5
//
// We send the first, one key at a time, and the second to a peer that refuses
// the first (415). Both are understood.

// infoKeys is what keys wait to be sent in a call by INFO.
type infoKeys struct {
	typed     []byte
	keyOut    bool // an INFO waits for its response
	plainKeys bool // the peer wants application/dtmf
}

// maxInfoKeys bounds the keys that wait.
const maxInfoKeys = 64

// infoDuration is what is said of a key's length.
const infoDuration = 160 * time.Millisecond

// isKey: a key of a telephone.
func isKey(k byte) bool {
	return k >= '0' && k <= '9' || k == '*' || k == '#' || k >= 'A' && k <= 'D'
}

// SendInfo sends a key (0-9, *, #, A-D) in a call by INFO. KeyRefused follows
// when the peer does not take it.
func (a *Agent) SendInfo(id string, key byte) error {
	if !isKey(key) {
		return fmt.Errorf("send key %q: it is none of a telephone (0-9, *, #, A-D): %w", key, ErrState)
	}
	return a.in(id, func(c *call) {
		if len(c.typed) >= maxInfoKeys {
			c.emit(KeyRefused{Call: c.id, Key: key, Reason: "too many keys wait"})
			return
		}
		c.typed = append(c.typed, key)
		c.sendKey()
	}, up)
}

func (c *call) sendKey() {
	if c.keyOut || len(c.typed) == 0 {
		return
	}
	key := c.typed[0]
	c.keyOut = true
	req := c.d.request(sip.INFO, 0)
	if c.plainKeys {
		req.AppendHeader(sip.NewHeader("Content-Type", "application/dtmf"))
		req.SetBody([]byte{key})
	} else {
		req.AppendHeader(sip.NewHeader("Content-Type", "application/dtmf-relay"))
		req.SetBody(fmt.Appendf(nil, "Signal=%c\r\nDuration=%d\r\n", key, infoDuration.Milliseconds()))
	}
	c.transact(c.d, req, func(res *sip.Response, err error) {
		c.keyOut = false
		if c.is(over) || len(c.typed) == 0 {
			return
		}
		if err == nil && res.StatusCode == 415 && !c.plainKeys {
			c.plainKeys = true
			c.sendKey()
			return
		}
		c.typed = c.typed[1:]
		switch {
		case err != nil:
			_, reason := unreachable(err)
			c.emit(KeyRefused{Call: c.id, Key: key, Reason: reason})
		case !res.IsSuccess():
			c.emit(KeyRefused{Call: c.id, Key: key, Reason: strconv.Itoa(res.StatusCode) + " " + displayName(res.Reason)})
		}
		c.sendKey()
	})
}

// informed takes an INFO.
func (c *call) informed(req *sip.Request, tx *sip.ServerTx) {
	if c.is(over) {
		c.a.refuse(req, tx, verdict{code: 481})
		return
	}
	kind := ""
	if t := req.ContentType(); t != nil {
		kind, _, _ = strings.Cut(strings.ToLower(string(*t)), ";")
		kind = strings.TrimSpace(kind)
	}
	switch {
	case len(req.Body()) == 0: // a question whether we are there
		c.a.respond(tx, c.a.response(req, 200))
	case kind == "application/dtmf-relay", kind == "application/dtmf":
		key, ok := infoKey(kind, req.Body())
		if !ok {
			c.a.refuse(req, tx, verdict{code: 400})
			return
		}
		c.a.respond(tx, c.a.response(req, 200))
		c.emit(KeyReceived{Call: c.id, Key: key})
	default:
		c.a.refuse(req, tx, verdict{415, [][2]string{{"Accept", "application/dtmf-relay, application/dtmf"}}})
	}
}

// infoKey reads a key out of an INFO. Some write 10 and 11 for * and #, as the
// events of RFC 4733 are numbered.
func infoKey(kind string, body []byte) (byte, bool) {
	text := strings.TrimSpace(string(body[:min(len(body), 256)]))
	if kind == "application/dtmf-relay" {
		signal := ""
		for l := range strings.Lines(text) {
			if k, v, ok := strings.Cut(l, "="); ok && strings.EqualFold(strings.TrimSpace(k), "Signal") {
				signal = strings.TrimSpace(v)
			}
		}
		text = signal
	}
	switch text = strings.ToUpper(text); text {
	case "10":
		return '*', true
	case "11":
		return '#', true
	}
	if len(text) == 1 && isKey(text[0]) {
		return text[0], true
	}
	return 0, false
}
