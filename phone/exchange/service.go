package exchange

import (
	"math/rand/v2"
	"net/netip"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

const (
	rtpTimeout  = 60 * time.Second // a peer that should send and does not is lost
	holdTimeout = 2 * time.Hour    // nobody holds an echo longer
)

// call is one dialog of the exchange's own with a phone. Owned by the loop.
type call struct {
	key       string
	service   string // Echo or RingMe
	ringsBack bool   // ending it makes the exchange ring the caller
	callID    string
	local     sip.FromHeader // as in our requests, with tag
	remote    sip.ToHeader
	target    sip.Uri        // their Contact
	dest      netip.AddrPort // where it is reached
	seq       uint32         // of our requests
	theirSeq  uint32
	tx        *serverTx // the INVITE we answered last, until its ACK
	ackWait   *timer
	silence   *timer
	offered   bool // our 200 carried an offer: the ACK brings the answer
	echo      *echo
	sdpID     uint64
	sdpVer    int
	lastACK   []byte // of a call we made, for repeated 200s
}

func callKey(callID, localTag, remoteTag string) string {
	return callID + "\x00" + localTag + "\x00" + remoteTag
}

// callOf finds the call a request from the peer belongs to.
func (e *Exchange) callOf(req *sip.Request) *call {
	local, _ := req.To().Params.Get("tag")
	remote, _ := req.From().Params.Get("tag")
	return e.calls[callKey(req.CallID().Value(), local, remote)]
}

// service answers a request to the exchange's own extensions or dialogs.
func (e *Exchange) service(tx *serverTx, from netip.AddrPort) {
	req := tx.req
	c := e.callOf(req)
	need := headerValues(req, "Require")
	switch {
	case c == nil && req.To().Params.Has("tag"):
		e.respond(tx, sip.StatusCallTransactionDoesNotExists, "Call/Transaction Does Not Exist")
		return
	case len(need) > 0 && req.Method != sip.BYE:
		e.respond(tx, sip.StatusBadExtension, "Bad Extension", sip.NewHeader("Unsupported", strings.Join(need, ", ")))
		return
	case c != nil:
		e.inDialog(c, tx, from)
		return
	}
	switch req.Method {
	case sip.INVITE:
		if no := e.guard.check(req, req.From().Address.User, sip.StatusProxyAuthRequired, time.Now()); no != nil {
			e.respond(tx, no.code, no.reason, no.extra...)
			return
		}
		e.newCall(tx, from)
	case sip.OPTIONS:
		e.respond(tx, sip.StatusOK, "OK", sip.NewHeader("Allow", allowed), sip.NewHeader("Accept", "application/sdp"))
	default:
		e.respond(tx, sip.StatusMethodNotAllowed, "Method Not Allowed", sip.NewHeader("Allow", allowed))
	}
}

func (e *Exchange) newCall(tx *serverTx, from netip.AddrPort) {
	req := tx.req
	if len(e.calls) >= maxCalls {
		e.respond(tx, sip.StatusBusyHere, "All Lines Busy")
		return
	}
	contact := req.Contact()
	if contact == nil || len(req.GetHeaders("Contact")) != 1 || contact.Address.Wildcard || contact.Address.Scheme != "sip" {
		e.respond(tx, sip.StatusBadRequest, "Need One Contact")
		return
	}
	remoteTag, _ := req.From().Params.Get("tag")
	c := &call{
		key:     callKey(req.CallID().Value(), tx.tag, remoteTag),
		service: req.Recipient.User, ringsBack: req.Recipient.User == RingMe,
		callID: req.CallID().Value(), remote: req.From().AsTo(), theirSeq: req.CSeq().SeqNo,
		sdpID: rand.Uint64() >> 12, seq: rand.Uint32N(1 << 16),
	}
	to := sip.HeaderClone(req.To()).(*sip.ToHeader)
	to.Params.Add("tag", tx.tag)
	c.local = to.AsFrom()
	e.retarget(c, contact, from)
	var err error
	if c.echo, err = e.openEcho(); err != nil {
		e.log.Warn("exchange: no port for RTP", "err", err)
		e.respond(tx, sip.StatusInternalServerError, "No Port for Sound")
		return
	}
	e.calls[c.key] = c
	if !e.answer(c, tx) {
		e.endCall(c, false, "not acceptable")
		return
	}
	e.log.Info("exchange: answered", "extension", c.service, "from", req.From().Address.User)
	e.watch(c)
}

// retarget takes the peer's Contact as the dialog's remote target.
func (e *Exchange) retarget(c *call, contact *sip.ContactHeader, from netip.AddrPort) {
	if contact == nil || contact.Address.Wildcard || contact.Address.Scheme != "sip" {
		return
	}
	if b, no := newBinding(contact, from); no == nil {
		c.target, c.dest = b.uri, b.addr
	}
}

// answer responds to an INVITE or re-INVITE of c with 200 and the sound
// agreed on; false: it responded with an error and nothing has changed.
func (e *Exchange) answer(c *call, tx *serverTx) bool {
	body := tx.req.Body()
	var lines []string
	if len(body) > 0 {
		ct := tx.req.ContentType()
		if ct == nil || !strings.HasPrefix(strings.ToLower(ct.Value()), "application/sdp") {
			e.respond(tx, sip.StatusUnsupportedMediaType, "Unsupported Media Type", sip.NewHeader("Accept", "application/sdp"))
			return false
		}
		st, answer, err := parseSDP(body, c.echo.port)
		if err != nil {
			e.respond(tx, sip.StatusNotAcceptableHere, "Not Acceptable Here", sip.NewHeader("Warning", `305 offhook "Opus, G722, PCMA, PCMU, G729, GSM or L16 over RTP/AVP only"`))
			return false
		}
		c.echo.set(st)
		lines, c.offered = answer, false
	} else {
		lines, c.offered = offer(c.echo.port), true
	}
	c.sdpVer++
	res := reply(tx.req, sip.StatusOK, "OK", tx.tag,
		e.contact(c.service), sip.NewHeader("Allow", allowed), sip.NewHeader("Content-Type", "application/sdp"))
	res.SetBody(description(e.addr.Addr(), c.sdpID, c.sdpVer, lines))
	c.tx = tx
	e.respondWith(tx, res)
	e.timers.stop(c.ackWait)
	c.ackWait = e.timers.after(lifetime, func() { e.endCall(c, true, "200 was never acknowledged") })
	return true
}

func (e *Exchange) contact(user string) *sip.ContactHeader {
	return &sip.ContactHeader{Address: e.uri(user)}
}

func (e *Exchange) uri(user string) sip.Uri {
	return sip.Uri{Scheme: "sip", User: user, Host: e.addr.Addr().String(), Port: int(e.addr.Port())}
}

func (e *Exchange) inDialog(c *call, tx *serverTx, from netip.AddrPort) {
	req := tx.req
	if req.CSeq().SeqNo <= c.theirSeq {
		e.respond(tx, sip.StatusInternalServerError, "Out of Order")
		return
	}
	c.theirSeq = req.CSeq().SeqNo
	switch req.Method {
	case sip.BYE:
		e.endCall(c, false, "peer hung up") // first: after the answer nothing is echoed
		e.respond(tx, sip.StatusOK, "OK")
		if c.ringsBack {
			e.ringLater(c)
		}
	case sip.INVITE:
		if c.tx != nil {
			e.respond(tx, sip.StatusInternalServerError, "Still Busy with the Last INVITE", sip.NewHeader("Retry-After", "1"))
			return
		}
		if e.answer(c, tx) {
			e.retarget(c, req.Contact(), from)
		}
	case sip.OPTIONS, sip.INFO:
		e.respond(tx, sip.StatusOK, "OK", sip.NewHeader("Allow", allowed))
	default:
		e.respond(tx, sip.StatusMethodNotAllowed, "Method Not Allowed", sip.NewHeader("Allow", allowed))
	}
}

func (e *Exchange) callAck(c *call, ack *sip.Request) {
	if c.tx == nil || ack.CSeq().SeqNo != c.tx.req.CSeq().SeqNo {
		return
	}
	e.confirm(c.tx)
	c.tx = nil
	e.timers.stop(c.ackWait)
	if !c.offered {
		return
	}
	st, _, err := parseSDP(ack.Body(), c.echo.port)
	if err != nil {
		e.endCall(c, true, "ACK brought no usable answer")
		return
	}
	c.echo.set(st)
}

// watch ends c when its peer is lost.
func (e *Exchange) watch(c *call) {
	deadline := time.Now().Add(holdTimeout)
	var look func()
	look = func() {
		now := time.Now()
		quiet := c.echo.quiet(now)
		switch {
		case quiet >= rtpTimeout:
			e.endCall(c, true, "no RTP")
			return
		case now.After(deadline):
			e.endCall(c, true, "too long")
			return
		}
		c.silence = e.timers.after(rtpTimeout-quiet, look)
	}
	c.silence = e.timers.after(rtpTimeout, look)
}

// endCall forgets c, with a BYE when the peer does not know yet.
func (e *Exchange) endCall(c *call, bye bool, why string) {
	if e.calls[c.key] != c {
		return
	}
	delete(e.calls, c.key)
	e.timers.stop(c.ackWait)
	e.timers.stop(c.silence)
	if c.tx != nil {
		e.confirm(c.tx) // no more 200s
	}
	c.echo.close()
	e.log.Info("exchange: call ended", "extension", c.service, "why", why)
	if bye {
		e.sendBye(c)
	}
}

func (e *Exchange) sendBye(c *call) {
	e.request(e.dialogRequest(c, sip.BYE, c.seq+1), c.dest, func(*sip.Response) {}, func() {})
	c.seq++
}

// dialogRequest builds a request of ours within c, without Via.
func (e *Exchange) dialogRequest(c *call, method sip.RequestMethod, seq uint32) *sip.Request {
	req := sip.NewRequest(method, c.target)
	hops := sip.MaxForwardsHeader(70)
	callID := sip.CallIDHeader(c.callID)
	req.AppendHeader(&hops)
	req.AppendHeader(sip.HeaderClone(&c.local))
	req.AppendHeader(sip.HeaderClone(&c.remote))
	req.AppendHeader(&callID)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: seq, MethodName: method})
	req.SetBody(nil)
	return req
}
