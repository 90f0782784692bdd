package ua

import (
	"context"
	"errors"
	"net/netip"
)

// Errors that callers decide on.
var (
	ErrClosed         = errors.New("the SIP agent is closed")
	ErrUnknownCall    = errors.New("no such call")
	ErrUnknownAccount = errors.New("no such account")
	ErrState          = errors.New("the call is not in a state for that")
	ErrBadTarget      = errors.New("this is no address that can be called")
)

// Agent is a SIP user agent. Its methods may be called from any goroutine,
// the event handler included, and never wait for the network.
type Agent struct{ cfg Config }

// New checks cfg. Nothing is opened before Start.
func New(cfg Config) (*Agent, error) { return &Agent{cfg: cfg}, nil }

// Start opens the sockets and begins to register. ctx bounds only Start.
func (a *Agent) Start(ctx context.Context) error { return nil }

// Close ends every call, unregisters and closes the sockets; it waits for the
// other sides no longer than ctx allows and never more than 4 s.
func (a *Agent) Close(ctx context.Context) error { return nil }

// Dial calls target; call is an id the caller chooses. Events follow.
func (a *Agent) Dial(call, account, target string, lm LocalMedia) error { return ErrClosed }

// Ring sends 180 Ringing for an incoming call.
func (a *Agent) Ring(call string) error { return ErrUnknownCall }

// Answer sends 200 OK for an incoming call.
func (a *Agent) Answer(call string, lm LocalMedia) error { return ErrUnknownCall }

// Reject refuses an incoming call with code (300–699).
func (a *Agent) Reject(call string, code int) error { return ErrUnknownCall }

// HangUp ends a call: CANCEL, BYE or a refusal, as its state asks.
func (a *Agent) HangUp(call string) error { return ErrUnknownCall }

// Hold puts the other side on hold by a re-INVITE.
func (a *Agent) Hold(call string) error { return ErrUnknownCall }

// Resume takes a held call up again.
func (a *Agent) Resume(call string) error { return ErrUnknownCall }

// LocalAddr is the address that reaches the registrar (or proxy) of account.
func (a *Agent) LocalAddr(account string) (netip.Addr, error) {
	return netip.Addr{}, ErrUnknownAccount
}
