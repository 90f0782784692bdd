package phone

import (
	"errors"

	"offhook/media"
	"offhook/media/keying"
	"offhook/phone/control"
	"offhook/phone/desk"
	"offhook/phone/ua"
)

// certify makes the certificate that calls show by DTLS, for this run of the program, where an account encrypts.
func certify(accounts []ua.Account) (*keying.Identity, error) {
	for _, a := range accounts {
		if a.SRTP == "sdes" || a.SRTP == "dtls" {
			return keying.NewIdentity()
		}
	}
	return nil, nil
}

// fingerprint is what descriptions name the certificate by.
func (p *Phone) fingerprint() string {
	if p.identity == nil {
		return ""
	}
	return p.identity.Fingerprint()
}

// keyed takes the end of a DTLS handshake. Without keys the call has no sound, and is ended: at once when somebody showed
// a certificate that was not announced. Another failure before the answer is none yet: the handshake begins again then.
func (p *Phone) keyed(c *call, err error) {
	if err == nil || p.calls[c.id] != c || p.ending {
		return
	}
	if c.answered.IsZero() && !errors.Is(err, keying.ErrFingerprint) {
		p.log.Debug("no early media", "call", c.id, "error", err)
		return
	}
	p.endWithout(c, err)
}

// endWithout ends a call whose sound can't be encrypted as agreed.
func (p *Phone) endWithout(c *call, err error) {
	if c.failure != "" {
		return
	}
	c.failure = err.Error()
	p.log.Error("a call is ended", "call", c.id, "peer", c.peer, "error", err)
	p.send(control.Event{Type: control.EventError, Call: string(c.id), Peer: c.peer, Reason: c.failure})
	p.later(desk.CmdHangUp{Call: c.id})
}

// encryption is how a call's sound is encrypted: how its keys were agreed on, and the suite; both empty when it goes
// plainly or, with DTLS, when there are no keys yet.
func (c *call) encryption() (way, suite string) {
	if c.session == nil || c.codec == "" {
		return "", ""
	}
	params := c.session.Params()
	switch {
	case params.SRTP == (media.SRTP{}):
		return "", ""
	case params.DTLS == (keying.Association{}):
		way = control.KeyingSDES
	default:
		way = control.KeyingDTLS
	}
	return way, params.SRTP.Suite
}
