package ua

import (
	"fmt"
	"net/netip"
	"slices"

	"offhook/phone/ua/sdp"
)

// CheckTarget says what is wrong with an address before it is dialled, as Dial
// would. The account may be empty.
func (a *Agent) CheckTarget(account, target string) error {
	_, err := a.account(account).dialled(target)
	return err
}

// Dial calls target, which is a sip: or sips: URI, user@host, or a number or name in
// the account's domain. call is an id the caller chooses. Without an account
// ("" and none configured) only URIs can be called. Events follow: Progress,
// then Answered or Ended. Errors: ErrBadTarget, ErrUnknownAccount, ErrState
// when the id is in use, ErrClosed.
func (a *Agent) Dial(id, account, target string, lm LocalMedia) error {
	acc := a.account(account)
	if acc == nil && account != "" {
		return fmt.Errorf("account %q: %w", account, ErrUnknownAccount)
	}
	uri, err := acc.dialled(target)
	if err != nil {
		return err
	}
	if lm.Codecs = a.codecs(acc, lm.Codecs); len(lm.Codecs) == 0 {
		return fmt.Errorf("call %s: no codec is allowed: %w", cut(target), sdp.ErrNoCodec)
	}
	c := newCall(a, id, acc)
	c.out, c.lm = true, lm
	if err := a.add(c); err != nil {
		return err
	}
	c.serial.post(func() { c.dial(uri) })
	return nil
}

// codecs is what may be offered: the wish (or everything) within what the
// account allows.
func (a *Agent) codecs(acc *account, wish []string) []string {
	allowed := a.cfg.Codecs
	if acc != nil && len(acc.cfg.Codecs) > 0 {
		allowed = nil
		for _, n := range acc.cfg.Codecs {
			if slices.Contains(a.cfg.Codecs, n) {
				allowed = append(allowed, n)
			}
		}
	}
	if len(wish) == 0 {
		wish = allowed
	}
	var out []string
	for _, w := range wish {
		for _, n := range allowed {
			if n == w && sdp.Known(w) {
				out = append(out, w)
			}
		}
	}
	return out
}

func (a *Agent) add(c *call) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed || !a.started {
		return ErrClosed
	}
	if a.calls[c.id] != nil {
		return fmt.Errorf("call %q is under way already: %w", c.id, ErrState)
	}
	a.calls[c.id], a.busy[c] = c, true
	return nil
}

func (a *Agent) call(id string) (*call, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c := a.calls[id]; c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("call %q: %w", id, ErrUnknownCall)
}

// in runs f in the call's serial when the call is in phase now.
func (a *Agent) in(id string, f func(*call), phases ...phase) error {
	c, err := a.call(id)
	if err != nil {
		return err
	}
	now := phase(c.phase.Load())
	for _, p := range phases {
		if p == now {
			c.serial.post(func() { f(c) })
			return nil
		}
	}
	return fmt.Errorf("call %q is %v: %w", id, now, ErrState)
}

// Ring sends 180 Ringing for an incoming call. lm is our end of the sound: a
// caller who makes no offer and insists on a 180 that arrives for certain gets
// the offer in it (RFC 3262 section 5). Without a port there is none to make.
func (a *Agent) Ring(id string, lm LocalMedia) error {
	return a.in(id, func(c *call) {
		if !c.offering {
			lm.Codecs = a.codecs(c.acc, lm.Codecs)
			c.lm = lm
		}
		c.ring()
	}, ringing)
}

// Answer sends 200 OK for an incoming call. It returns at once; Answered
// follows, or Ended when the caller gave up meanwhile.
func (a *Agent) Answer(id string, lm LocalMedia) error {
	return a.in(id, func(c *call) { c.answer(lm) }, ringing)
}

// Reject refuses an incoming call with code (300–699; anything else is 603).
func (a *Agent) Reject(id string, code int) error {
	if code < 300 || code > 699 {
		code = 603
	}
	return a.in(id, func(c *call) { c.reject(code) }, ringing)
}

// HangUp ends a call: CANCEL, BYE or a refusal, as its state asks. Ended
// follows at once; what the peer still has to be told is done behind it.
func (a *Agent) HangUp(id string) error {
	return a.in(id, (*call).hangUp, calling, ringing, up)
}

// Hold puts the other side on hold by a re-INVITE; MediaChanged follows.
func (a *Agent) Hold(id string) error {
	return a.in(id, func(c *call) { c.setHold(true) }, up)
}

// Resume takes a held call up again; MediaChanged follows.
func (a *Agent) Resume(id string) error {
	return a.in(id, func(c *call) { c.setHold(false) }, up)
}

// Refresh registers account anew at once: after a network change, a wake from
// sleep or a new password. The empty name refreshes all. Events tell what comes
// of it, also when nothing is different after.
func (a *Agent) Refresh(account string) error {
	found := false
	for _, acc := range a.accounts {
		if account == "" || acc.cfg.Name == account {
			found = true
			acc.serial.post(acc.refresh)
		}
	}
	if !found && account != "" {
		return fmt.Errorf("account %q: %w", account, ErrUnknownAccount)
	}
	return nil
}

// LocalAddr is the address that reaches the registrar (or proxy) of account.
func (a *Agent) LocalAddr(account string) (netip.Addr, error) {
	acc := a.account(account)
	if acc == nil {
		return netip.Addr{}, fmt.Errorf("account %q: %w", account, ErrUnknownAccount)
	}
	f, ok := acc.live()
	if !ok {
		return netip.Addr{}, fmt.Errorf("account %q: its server has not been found yet", acc.cfg.Name)
	}
	return f.media(), nil
}
