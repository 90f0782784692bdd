package ua

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// aliveness keeps the way from the registrar to us open, and notices when it
// is not: a NAT forgets a UDP binding after half a minute of silence, and a
// TCP connection after some minutes. Owned by the account's serial.
type aliveness struct {
	timer *time.Timer
	every time.Duration // between packets to a UDP server; 0: udpAlive
	// seen is what the server's STUN has said of us since we registered. It may
	// be another address than the registrar has seen; it must not change.
	seen netip.AddrPort
}

func (k *aliveness) stop() { stop(&k.timer) }

// Intervals of keep-alive; each is shortened by up to a fifth, at random (RFC
// 5626 section 4.4).
const (
	udpAlive     = 25 * time.Second
	udpLeast     = 10 * time.Second
	streamAlive  = 120 * time.Second
	pongPatience = 10 * time.Second
)

// keepAlive begins to keep f alive, as the registrar's answer asks. A UDP flow
// with no NAT on it needs nothing: an idle phone is silent.
func (acc *account) keepAlive(res *sip.Response, f flow) {
	acc.alive.stop()
	acc.alive.seen = netip.AddrPort{}
	timer := time.Duration(seconds(headerValue(res, "Flow-Timer"))) * time.Second
	outbound := timer > 0 || hasOption(res, "Require", "outbound")
	attempt := acc.attempt
	var every time.Duration
	var ping func()
	switch {
	case f.transport != "udp":
		every, ping = streamAlive, func() { acc.pingStream(f) }
	case outbound:
		// The server promises to answer STUN (RFC 5626 section 3.5.2).
		every, ping = udpAlive, func() { acc.pingSTUN(attempt, f) }
	case natted(f):
		every, ping = udpAlive, func() { acc.pingPacket(f) }
		if acc.alive.every > 0 {
			every = acc.alive.every
		}
	default:
		return
	}
	if timer > 0 {
		every = min(max(timer, udpLeast), time.Hour)
	}
	var next func()
	next = func() {
		acc.alive.timer = time.AfterFunc(every-time.Duration(rand.Int64N(int64(every/5))), func() {
			acc.serial.post(func() {
				if attempt == acc.attempt && !acc.closing && acc.state.State == Registered {
					ping()
					next()
				}
			})
		})
	}
	next()
}

// shorten has packets sent more often: a binding was gone in spite of them.
func (k *aliveness) shorten() {
	if k.every == 0 {
		k.every = udpAlive
	}
	k.every = max(k.every*2/3, udpLeast)
}

// natted says whether the peer of f sees us elsewhere than we are, or must.
func natted(f flow) bool {
	if f.seen.IsValid() && f.seen != f.local {
		return true
	}
	l, r := f.local.Addr(), f.remote.Addr()
	return private(l) && !private(r)
}

// private says whether an address means something in one network only.
func private(a netip.Addr) bool {
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || netip.MustParsePrefix("100.64.0.0/10").Contains(a)
}

// hasOption says whether a header of option tags has one.
func hasOption(m sip.Message, header, option string) bool {
	return slices.ContainsFunc(m.GetHeaders(header), func(h sip.Header) bool {
		for o := range strings.SplitSeq(h.Value(), ",") {
			if strings.EqualFold(strings.TrimSpace(o), option) {
				return true
			}
		}
		return false
	})
}

// crlf is what goes between messages; two of them are a ping (RFC 5626
// section 3.5.1). Over UDP every server ignores it.
var crlf = []byte("\r\n\r\n")

func (acc *account) pingPacket(f flow) {
	if c := acc.a.stack.packetConn(f); c != nil {
		c.WriteTo(crlf, net.UDPAddrFromAddrPort(f.remote))
	}
}

// pingSTUN asks the server's STUN for our address: silence, or another answer
// than before, means that the flow has failed.
func (acc *account) pingSTUN(attempt int, f flow) {
	conn := acc.a.stack.packetConn(f)
	if conn == nil {
		return
	}
	go func() {
		seen, err := acc.a.stack.stun.bind(acc.a.ctx, conn, f.remote)
		acc.serial.post(func() {
			switch {
			case attempt != acc.attempt:
			case errors.Is(err, errSTUNSilent):
				acc.servers.failed(acc.target, time.Now())
				acc.renew("the registrar does not answer keep-alives any more")
			case err != nil:
			case acc.alive.seen.IsValid() && acc.alive.seen != seen:
				acc.renew("a NAT has given this phone another address")
			default:
				acc.alive.seen = seen
			}
		})
	}()
}

// pingStream sends a ping on a connection. A server that has ponged before and
// does not now is gone.
func (acc *account) pingStream(f flow) {
	c := acc.a.stack.stream(f.transport, f.remote)
	if c == nil {
		return
	}
	pongs := c.pongs.Load()
	go c.Write(crlf) // it may block, and closes the connection when it fails
	if pongs == 0 {
		return
	}
	time.AfterFunc(pongPatience, func() {
		if c.pongs.Load() == pongs {
			acc.a.log.Warn("a server does not answer keep-alives any more; its connection is closed", "account", acc.cfg.Name, "server", f.remote)
			c.Close()
		}
	})
}
