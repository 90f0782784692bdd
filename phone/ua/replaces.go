package ua

import (
	"strings"

	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/sdp"
)

// replacing is a Replaces header (RFC 3891): the dialog whose place an INVITE
// is to take, as we know it.
type replacing struct {
	callID, localTag, remoteTag string
	earlyOnly                   bool
}

func parseReplaces(v string) (r replacing, ok bool) {
	if len(v) > 1024 {
		return r, false
	}
	id, params, _ := strings.Cut(v, ";")
	r.callID = strings.TrimSpace(id)
	for p := range strings.SplitSeq(params, ";") {
		k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
		switch v = strings.TrimSpace(v); strings.ToLower(strings.TrimSpace(k)) {
		case "to-tag":
			r.localTag = v
		case "from-tag":
			r.remoteTag = v
		case "early-only":
			r.earlyOnly = true
		}
	}
	return r, r.callID != "" && r.localTag != "" && r.remoteTag != ""
}

// replaces takes an INVITE that is to replace a dialog of ours. It knows the
// tags of that dialog, which nobody can guess; so it may come from anywhere. It
// is false when the INVITE names no dialog, or none of ours.
func (a *Agent) replaces(req *sip.Request, tx *sip.ServerTx) bool {
	headers := req.GetHeaders("Replaces")
	if len(headers) == 0 {
		return false
	}
	r, ok := parseReplaces(headers[0].Value())
	if !ok || len(headers) > 1 {
		a.turnAway(req, tx, verdict{code: 400})
		return true
	}
	a.mu.Lock()
	c := a.dialogs[dialogKey{r.callID, r.localTag}]
	a.mu.Unlock()
	if c == nil {
		if _, ok := a.addressee(req); !ok {
			return false // to a stranger it is a stranger's INVITE
		}
		a.turnAway(req, tx, verdict{code: 481})
		return true
	}
	if !c.serial.offer(func() { c.replacedBy(req, tx, r) }) {
		a.turnAway(req, tx, verdict{code: 503})
	}
	return true
}

// replacedBy judges an INVITE that is to take this call's place, and answers
// it: the user has a conversation already, or is waiting for one.
func (c *call) replacedBy(req *sip.Request, tx *sip.ServerTx, r replacing) {
	refuse := func(v verdict) { c.a.turnAway(req, tx, v) }
	leg := c.legs[r.remoteTag]
	switch {
	case c.is(over):
		refuse(verdict{code: 603})
		return
	case c.is(up) && c.d.remoteTag == r.remoteTag && r.earlyOnly:
		refuse(verdict{code: 486})
		return
	case c.is(up) && c.d.remoteTag == r.remoteTag, c.is(calling) && leg != nil && !leg.lost:
	default:
		refuse(verdict{code: 481})
		return
	}
	if c.heir != nil {
		refuse(verdict{code: 491})
		return
	}
	if v := insecure(req, c.acc); v.code != 0 || c.sips && !isSIPS(&req.Recipient) {
		refuse(verdict{code: 480})
		return
	}
	n := newCall(c.a, c.id, c.acc)
	codecs := c.a.codecs(c.acc, nil)
	if raw := sdpOf(req); raw != nil {
		var err error
		if n.offer, err = sdp.Parse(raw); err != nil {
			refuse(verdict{code: 400})
			return
		}
		if len(n.offer.Codecs(codecs, c.acc.encryption())) == 0 {
			refuse(unacceptable(n.offer, c.acc.encryption()))
			return
		}
	}
	d, err := dialogIn(req, req.To().Params.GetOr("tag", ""), strings.ToLower(req.Transport()))
	if err != nil {
		refuse(verdict{code: 400})
		return
	}
	n.d, n.sips, n.invite, n.serverTx, n.peerName = d, d.sips, req, tx, displayName(req.From().DisplayName)
	n.setPhase(ringing)
	c.adopt(n)
	c.a.tracer.belongs(n.id, d.callID)
	c.a.mu.Lock()
	c.a.dialogs[dialogKey{d.callID, d.localTag}] = n
	c.a.mu.Unlock()
	go n.watch(tx)
	if !tx.OnCancel(func(r *sip.Request) { n.serial.post(func() { n.cancelled(r, true) }) }) {
		n.cancelled(nil, true)
		return
	}
	n.answer(c.lm)
}
