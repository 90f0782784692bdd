package ua

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// timer is the session timer of a call (RFC 4028): a side that has gone
// without a word is noticed, since one of the two must confirm the call in
// time, by UPDATE or by a re-INVITE that changes nothing.
type timer struct {
	interval   time.Duration // 0: no timer is agreed on
	ours       bool          // the refreshing is ours to do
	updates    bool          // the peer takes UPDATE
	smallest   int           // Min-SE that a 422 asked for, seconds
	tries      int           // 422s met so far
	refreshing *time.Timer
	lapsing    *time.Timer
}

// What we ask for and the least we take, seconds (RFC 4028 sections 4, 7.1).
const (
	wishedInterval   = 1800
	shortestInterval = 90
)

// sessionExpires reads Session-Expires; 0: there is none.
func sessionExpires(m sip.Message) (secs int, refresher string) {
	v := headerValue(m, "Session-Expires")
	if v == "" {
		v = headerValue(m, "x")
	}
	number, params, _ := strings.Cut(v, ";")
	if secs = seconds(strings.TrimSpace(number)); secs < 1 {
		return 0, ""
	}
	for p := range strings.SplitSeq(params, ";") {
		if k, v, _ := strings.Cut(strings.TrimSpace(p), "="); strings.EqualFold(k, "refresher") {
			refresher = strings.ToLower(strings.TrimSpace(v))
		}
	}
	return secs, refresher
}

// lists says whether a header that is a list of words has the word.
func lists(m sip.Message, name, word string) bool {
	for _, h := range m.GetHeaders(name) {
		if slices.ContainsFunc(strings.Split(h.Value(), ","), func(w string) bool { return strings.EqualFold(strings.TrimSpace(w), word) }) {
			return true
		}
	}
	return false
}

// supports says whether the sender of m knows an extension.
func supports(m sip.Message, option string) bool {
	return lists(m, "Supported", option) || lists(m, "k", option) || lists(m, "Require", option)
}

// askTimer puts the wish for a session timer into a request of ours.
func (c *call) askTimer(req *sip.Request) {
	secs := wishedInterval
	if c.interval > 0 {
		secs = int(c.interval / time.Second)
	}
	secs = max(secs, c.smallest)
	v := strconv.Itoa(secs)
	if c.interval > 0 {
		if c.ours {
			v += ";refresher=uac"
		} else {
			v += ";refresher=uas"
		}
	}
	req.AppendHeader(sip.NewHeader("Session-Expires", v))
	if c.smallest > 0 {
		req.AppendHeader(sip.NewHeader("Min-SE", strconv.Itoa(c.smallest)))
	}
}

// tooShort refuses a session that would have to be confirmed too often; the
// sender must know how to ask again.
func tooShort(req *sip.Request) (v verdict, refused bool) {
	if secs, _ := sessionExpires(req); secs != 0 && secs < shortestInterval && supports(req, "timer") {
		return verdict{422, [][2]string{{"Min-SE", strconv.Itoa(shortestInterval)}}}, true
	}
	return verdict{}, false
}

// grantTimer answers the wish of req for a timer in our 2xx and starts it.
func (c *call) grantTimer(req *sip.Request, res *sip.Response) {
	c.updates = c.updates || lists(req, "Allow", "UPDATE")
	secs, refresher := sessionExpires(req)
	if secs == 0 {
		c.runTimer(0, false)
		return
	}
	secs = max(secs, shortestInterval)
	switch {
	case !supports(req, "timer"): // a proxy asks for it: nobody but us can refresh
		refresher = "uas"
	case refresher != "uas":
		refresher = "uac"
	}
	res.AppendHeader(sip.NewHeader("Session-Expires", strconv.Itoa(secs)+";refresher="+refresher))
	if refresher == "uac" {
		res.AppendHeader(sip.NewHeader("Require", "timer"))
	}
	c.runTimer(time.Duration(secs)*time.Second, refresher == "uas")
}

// timed takes the timer out of a 2xx to a request of ours.
func (c *call) timed(res *sip.Response) {
	c.updates = c.updates || lists(res, "Allow", "UPDATE")
	secs, refresher := sessionExpires(res)
	if secs == 0 {
		c.runTimer(0, false)
		return
	}
	c.runTimer(time.Duration(max(secs, shortestInterval))*time.Second, refresher != "uas")
}

// runTimer starts the timer anew; 0 ends it.
func (c *call) runTimer(interval time.Duration, ours bool) {
	stop(&c.refreshing)
	stop(&c.lapsing)
	c.interval, c.ours = interval, ours
	if interval == 0 {
		return
	}
	if ours {
		c.refreshing = c.after(interval/2, c.refreshSession)
	}
	// RFC 4028 section 10: a little before the end.
	c.lapsing = c.after(interval-min(32*time.Second, interval/3), func() {
		c.fail(408, "the other side has not confirmed the call in time")
	})
}

// refreshSession confirms the call.
func (c *call) refreshSession() {
	if !c.is(up) {
		return
	}
	if !c.updates {
		c.wantRefresh = true
		c.pursue()
		return
	}
	req := c.d.request(sip.UPDATE, 0)
	req.AppendHeader(&sip.ContactHeader{Address: c.contactURI(c.back(nil))})
	c.askTimer(req)
	c.transact(c.d, req, func(res *sip.Response, err error) {
		switch {
		case c.is(over):
		case err != nil:
			code, reason := unreachable(err)
			c.fail(code, reason)
		case res.IsSuccess():
			c.d.refresh(res.Contact())
			c.way = flow{}
			c.timed(res)
		case res.StatusCode == 422:
			c.smallest = max(c.smallest, seconds(strings.TrimSpace(headerValue(res, "Min-SE"))))
			if c.tries++; c.tries < 4 {
				c.interval = time.Duration(c.smallest) * time.Second
				c.refreshSession()
			}
		case res.StatusCode == 481 || res.StatusCode == 408:
			c.fail(res.StatusCode, "the other side does not know the call any more")
		case res.StatusCode == 405 || res.StatusCode == 501:
			c.updates = false
			c.refreshSession()
		default: // glare, or something odd: once more before it lapses
			c.refreshing = c.after(5*time.Second, c.refreshSession)
		}
	})
}

// again422 sends the INVITE again with the interval that the refusal asks for;
// false: it makes no sense.
func (c *call) again422(res *sip.Response) bool {
	least := seconds(strings.TrimSpace(headerValue(res, "Min-SE")))
	if c.tries++; least <= c.smallest || c.tries > 3 {
		return false
	}
	c.smallest = least
	next := repeat(c.sent)
	for next.RemoveHeader("Session-Expires") {
	}
	for next.RemoveHeader("Min-SE") {
	}
	c.askTimer(next)
	c.transmit(next)
	return true
}
