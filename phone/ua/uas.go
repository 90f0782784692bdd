package ua

import (
	"slices"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/sdp"
)

// verdict is a refusal: a status and headers that explain it. The zero value
// is no refusal.
type verdict struct {
	code    int
	headers [][2]string
}

// vet checks what sipgo's parser lets through and RFC 3261 section 8.2 does
// not.
func vet(req *sip.Request) verdict {
	cseq := req.CSeq()
	switch {
	case req.SipVersion != "SIP/2.0":
		return verdict{code: 505}
	case req.From() == nil, req.To() == nil, req.CallID() == nil, cseq == nil, req.Via() == nil:
		return verdict{code: 400}
	case !strings.EqualFold(string(cseq.MethodName), string(req.Method)):
		return verdict{code: 400}
	case len(*req.CallID()) > 512 || len(req.From().Params.GetOr("tag", "")) > 512:
		return verdict{code: 400}
	}
	switch strings.ToLower(req.Recipient.Scheme) {
	case "sip", "sips":
	default:
		return verdict{code: 416}
	}
	if req.Method == sip.CANCEL || req.Method == sip.ACK {
		return verdict{} // Require means nothing there
	}
	var unknown []string
	for _, h := range req.GetHeaders("Require") {
		for o := range strings.SplitSeq(h.Value(), ",") {
			if o = strings.TrimSpace(o); o != "" && !slices.Contains(extensions, strings.ToLower(o)) && len(unknown) < 8 {
				unknown = append(unknown, cut(o))
			}
		}
	}
	if unknown != nil {
		return verdict{420, [][2]string{{"Unsupported", strings.Join(unknown, ", ")}}}
	}
	if len(req.Body()) > 0 && (req.Method == sip.INVITE || req.Method == sip.UPDATE) {
		if e := strings.TrimSpace(headerValue(req, "Content-Encoding")); e != "" && !strings.EqualFold(e, "identity") {
			return verdict{415, [][2]string{{"Accept-Encoding", "identity"}}}
		}
		if t := req.ContentType(); t != nil && !isSDP(string(*t)) {
			return verdict{415, [][2]string{{"Accept", "application/sdp"}}}
		}
	}
	if (req.Method == sip.INVITE || req.Method == sip.UPDATE) && !takesSDP(req) {
		return verdict{406, [][2]string{{"Accept", "application/sdp"}}}
	}
	return verdict{}
}

// takesSDP says whether the sender of req takes the only kind of body that we
// would answer with (RFC 3261 section 20.1).
func takesSDP(req *sip.Request) bool {
	accept := req.GetHeaders("Accept")
	for _, h := range accept {
		for v := range strings.SplitSeq(h.Value(), ",") {
			v, _, _ = strings.Cut(v, ";")
			switch strings.ToLower(strings.TrimSpace(v)) {
			case "application/sdp", "application/*", "*/*":
				return true
			}
		}
	}
	return len(accept) == 0
}

// route takes a request to whoever it is for.
func (a *Agent) route(req *sip.Request, tx *sip.ServerTx) {
	if req.IsAck() {
		if v := vet(req); v.code == 0 {
			if c := a.find(req); c != nil {
				c.serial.offer(func() { c.acked(req) })
			}
		}
		return
	}
	if v := vet(req); v.code != 0 {
		a.turnAway(req, tx, v)
		return
	}
	if req.Method == sip.INVITE || req.Method == sip.UPDATE {
		if v, refused := tooShort(req); refused {
			a.turnAway(req, tx, v)
			return
		}
	}
	a.mu.Lock()
	closed := a.closed
	a.mu.Unlock()
	c := a.find(req)
	switch {
	case req.IsCancel():
		// sipgo answers the CANCELs that match a transaction. This one came so
		// close behind its INVITE that it overtook it, or matches nothing.
		if c != nil && c.matches(req) {
			a.respond(tx, a.response(req, 200))
			c.serial.offer(func() { c.cancelled(req, false) })
			return
		}
		a.turnAway(req, tx, verdict{code: 481})
	case !initial(req):
		if c == nil {
			a.turnAway(req, tx, verdict{code: 481})
		} else if !c.serial.offer(func() { c.request(req, tx) }) {
			a.refuse(req, tx, verdict{503, [][2]string{{"Retry-After", "5"}}})
		}
	case c != nil:
		a.turnAway(req, tx, verdict{code: 482}) // the same request by another way (section 8.2.2.2)
	case closed:
		a.turnAway(req, tx, verdict{code: 480})
	case req.Method == sip.INVITE:
		if !a.replaces(req, tx) {
			a.invited(req, tx)
		}
	case req.Method == sip.OPTIONS:
		if _, ok := a.addressee(req); !ok {
			a.turnAway(req, tx, verdict{code: 404})
			return
		}
		a.respond(tx, a.capabilities(req))
	case req.Method == sip.REFER:
		a.turnAway(req, tx, verdict{code: 403}) // whom we talk to may, nobody else
	case req.Method == sip.BYE, req.Method == sip.NOTIFY, req.Method == sip.INFO, req.Method == sip.UPDATE, req.Method == sip.PRACK:
		a.turnAway(req, tx, verdict{code: 481}) // they exist in dialogs only
	default:
		a.turnAway(req, tx, verdict{code: 405})
	}
}

// find gives the call a request belongs to.
func (a *Agent) find(req *sip.Request) *call {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.dialogs[dialogKey{string(*req.CallID()), req.To().Params.GetOr("tag", "")}]
}

func (a *Agent) refuse(req *sip.Request, tx *sip.ServerTx, v verdict) {
	res := a.response(req, v.code)
	for _, h := range v.headers {
		res.AppendHeader(sip.NewHeader(h[0], h[1]))
	}
	a.respond(tx, res)
}

// turnAway refuses what belongs to no call, and forgets it: a stranger gets one
// answer for each time he asks (RFC 3261 section 8.2.7). Repeating a refusal
// until its ACK comes would remember each stranger for half a minute, and send
// ten packets to whomever he pretends to be.
func (a *Agent) turnAway(req *sip.Request, tx *sip.ServerTx, v verdict) {
	a.refuse(req, tx, v)
	tx.Terminate()
}

func (a *Agent) respond(tx *sip.ServerTx, res *sip.Response) error {
	err := tx.Respond(res)
	if err != nil {
		a.log.Debug("a SIP response could not be sent", "status", res.StatusCode, "error", err)
	}
	return err
}

// capabilities answers OPTIONS (RFC 3261 section 11.2).
func (a *Agent) capabilities(req *sip.Request) *sip.Response {
	res := a.response(req, 200)
	res.AppendHeader(sip.NewHeader("Accept", "application/sdp"))
	res.AppendHeader(sip.NewHeader("Accept-Encoding", "identity"))
	res.AppendHeader(sip.NewHeader("Accept-Language", "en"))
	res.AppendHeader(sip.NewHeader("Supported", strings.Join(extensions, ", ")))
	return res
}

// addressee says whether a request that begins something is for us: it names
// the secret Contact of an account and comes from that account's server.
// Everybody else gets 404, unless direct calls are wanted.
func (a *Agent) addressee(req *sip.Request) (acc *account, ok bool) {
	user := req.Recipient.User
	for _, acc := range a.accounts {
		if user != acc.contact {
			continue
		}
		if from := source(req).Addr(); acc.trusts(from) {
			return acc, true
		} else if req.Method == sip.INVITE {
			a.log.Warn("a call to our registration came from elsewhere than its server and was refused; if that is a gateway of the provider, add it to trusted_servers",
				"account", acc.cfg.Name, "from", from)
		}
	}
	if !a.cfg.DirectCalls {
		return nil, false
	}
	for _, acc := range a.accounts {
		if user == acc.uri.User {
			return acc, true
		}
	}
	return nil, user == "" || len(a.accounts) == 0
}

// invited takes an INVITE that begins a call.
func (a *Agent) invited(req *sip.Request, tx *sip.ServerTx) {
	acc, ok := a.addressee(req)
	if !ok {
		a.log.Info("a call that is not for us was refused", "from", req.Source())
		a.turnAway(req, tx, verdict{code: 404})
		return
	}
	if v := insecure(req, acc); v.code != 0 {
		a.log.Info("a call was refused for want of TLS", "from", req.Source(), "uri", cut(req.Recipient.String()))
		a.turnAway(req, tx, v)
		return
	}
	codecs := a.codecs(acc, nil)
	var offer *sdp.Description
	if raw := sdpOf(req); raw != nil {
		var err error
		if offer, err = sdp.Parse(raw); err != nil {
			a.log.Info("a call with a broken session description was refused", "from", req.Source(), "error", err)
			a.turnAway(req, tx, verdict{code: 400})
			return
		}
		if codecs = offer.Codecs(codecs, acc.encryption()); len(codecs) == 0 {
			a.turnAway(req, tx, unacceptable(offer, acc.encryption()))
			return
		}
	}
	c := newCall(a, "in-"+token(), acc)
	c.offer, c.invite, c.serverTx = offer, req, tx
	d, err := dialogIn(req, req.To().Params.GetOr("tag", ""), strings.ToLower(req.Transport()))
	if err != nil {
		a.turnAway(req, tx, verdict{code: 400})
		return
	}
	c.d, c.sips = d, d.sips
	c.setPhase(ringing)
	key := dialogKey{d.callID, d.localTag}
	a.mu.Lock()
	waiting := 0
	for _, o := range a.calls {
		if !o.out && phase(o.phase.Load()) == ringing {
			waiting++
		}
	}
	full := waiting >= maxRinging || a.closed
	if !full {
		a.calls[c.id], a.dialogs[key], a.busy[c] = c, c, true
	}
	a.mu.Unlock()
	if full {
		a.turnAway(req, tx, verdict{486, [][2]string{{"Retry-After", "10"}}})
		return
	}
	a.tracer.belongs(c.id, d.callID)
	ev := Incoming{Call: c.id, From: d.remote.String(), FromName: displayName(req.From().DisplayName),
		To: req.To().Address.String(), Codecs: codecs, At: time.Now(),
		Caller: callerOf(req, acc != nil && req.Recipient.User == acc.contact && acc.trusts(source(req).Addr()))}
	if acc != nil {
		ev.Account = acc.cfg.Name
	}
	c.asserted = ev.Caller.Asserted
	c.serial.post(func() {
		a.emit(ev)
		c.limit()
	})
	go c.watch(tx)
	if !tx.OnCancel(func(r *sip.Request) { c.serial.post(func() { c.cancelled(r, true) }) }) {
		c.serial.post(func() { c.cancelled(nil, true) })
	}
}
