package exchange

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"
)

const (
	ringDelay    = 3 * time.Second  // from the caller's BYE
	ringFor      = 30 * time.Second // then the exchange gives up
	maxRingBacks = 32
)

// ringBack is a call of 601 to someone who called it. Owned by the loop.
type ringBack struct {
	user   string
	callID string
	tag    string
	echo   *echo
	fork   *fork
	limit  *timer
	sdpID  uint64
	won    bool // one phone has answered and has the echo
}

// ringLater calls the peer of a finished call after ringDelay; a caller has
// one such call at a time.
func (e *Exchange) ringLater(c *call) {
	user := c.remote.Address.User
	if e.ringBacks[user] != nil || len(e.ringBacks) >= maxRingBacks {
		return
	}
	r := &ringBack{user: user, callID: token(), tag: token(), sdpID: rand.Uint64() >> 12}
	e.ringBacks[user] = r
	fallback := binding{uri: c.target, addr: c.dest, key: c.target.Endpoint()}
	e.timers.after(ringDelay, func() { e.ring(r, fallback) })
}

// ring sends the INVITE, to wherever the caller is registered, else to where
// it called from.
func (e *Exchange) ring(r *ringBack, fallback binding) {
	bindings := e.registrar.lookup(r.user, time.Now())
	if len(bindings) == 0 {
		bindings = []binding{fallback}
	}
	var err error
	if r.echo, err = e.openEcho(); err != nil {
		e.log.Warn("exchange: no port for RTP", "err", err)
		delete(e.ringBacks, r.user)
		return
	}
	invite := sip.NewRequest(sip.INVITE, e.uri(r.user))
	hops := sip.MaxForwardsHeader(70)
	callID := sip.CallIDHeader(r.callID)
	invite.AppendHeader(&hops)
	invite.AppendHeader(&sip.FromHeader{DisplayName: "Ring me", Address: e.uri(RingMe), Params: sip.HeaderParams{{K: "tag", V: r.tag}}})
	invite.AppendHeader(&sip.ToHeader{Address: e.uri(r.user)})
	invite.AppendHeader(&callID)
	invite.AppendHeader(&sip.CSeqHeader{SeqNo: 1, MethodName: sip.INVITE})
	invite.AppendHeader(e.contact(RingMe))
	invite.AppendHeader(sip.NewHeader("Allow", allowed))
	invite.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	invite.SetBody(description(e.addr.Addr(), r.sdpID, 1, offer(r.echo.port)))
	e.log.Info("exchange: rings back", "extension", r.user)
	r.limit = e.timers.after(ringFor, func() { r.fork.cancel() })
	r.fork = e.fork(r.user, invite, bindings, func(res *sip.Response) {
		switch {
		case res.StatusCode >= 300:
			e.endRing(r)
		case res.StatusCode >= 200:
			e.ringAnswered(r, res)
		}
	}, func(int, string) { e.endRing(r) })
}

// endRing is for a ring-back that nobody answered.
func (e *Exchange) endRing(r *ringBack) {
	e.timers.stop(r.limit)
	if e.ringBacks[r.user] == r {
		delete(e.ringBacks, r.user)
	}
	if !r.won {
		r.echo.close()
	}
}

// ringAnswered acknowledges a 200 to our INVITE. The first phone gets the
// echo; any other is hung up.
func (e *Exchange) ringAnswered(r *ringBack, res *sip.Response) {
	remoteTag, _ := res.To().Params.Get("tag")
	key := callKey(r.callID, r.tag, remoteTag)
	if c := e.calls[key]; c != nil {
		e.send(c.lastACK, c.dest) // repeated 200: our ACK was lost
		return
	}
	source, err := netip.ParseAddrPort(res.Source())
	contact := res.Contact()
	if err != nil || contact == nil {
		return
	}
	c := &call{
		key: key, service: RingMe, callID: r.callID, seq: 1, echo: r.echo, sdpID: r.sdpID, sdpVer: 1,
		local:  sip.FromHeader{DisplayName: "Ring me", Address: e.uri(RingMe), Params: sip.HeaderParams{{K: "tag", V: r.tag}}},
		remote: *sip.HeaderClone(res.To()).(*sip.ToHeader),
	}
	e.retarget(c, contact, source)
	if !c.dest.IsValid() {
		return
	}
	ack := e.dialogRequest(c, sip.ACK, 1)
	ack.PrependHeader(e.via(sip.RFC3261BranchMagicCookie + token()))
	c.lastACK = []byte(ack.String())
	e.send(c.lastACK, c.dest)
	if r.won {
		e.sendBye(c)
		return
	}
	st, _, err := parseSDP(res.Body(), r.echo.port)
	if err != nil || len(e.calls) >= maxCalls {
		e.sendBye(c)
		e.endRing(r)
		return
	}
	r.won = true
	e.endRing(r)
	c.echo.set(st)
	e.calls[c.key] = c
	e.watch(c)
}
