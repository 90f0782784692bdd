package media

import (
	"log/slog"
	"time"

	"offhook/media/sound"
	"offhook/media/tone"
)

// Plan is what one handset should hear and send now. It is comparable; the
// zero value is a handset on hook: silence, and no captured sample leaves.
type Plan struct {
	Session *Session  // the call, nil for none
	Play    bool      // the call is heard
	Capture bool      // the microphone (or, muted, silence) goes to the call
	MuteMic bool      // the call gets true silence in place of the microphone
	Tone    tone.Tone // mixed into the ear: dial tone, ringback, busy, call waiting
	Ring    tone.Tone // mixed into the ear as well: the ringer
}

// EndpointConfig configures an Endpoint.
type EndpointConfig struct {
	Logger       *slog.Logger
	OnFirstSound func(at time.Time, plan Plan) // first period that is not silent after a Set
	OnState      func(State)
}

// State tells how the port of an endpoint is.
type State struct {
	Status PortStatus
	Err    error // why the port failed, while Status is Failed
}

// PortStatus is the state of a port.
type PortStatus uint8

const (
	Closed PortStatus = iota
	Opening
	Open
	Failed
)

type Endpoint struct{}

func NewEndpoint(port sound.Port, cfg EndpointConfig) *Endpoint { return &Endpoint{} }

func (e *Endpoint) Set(p Plan)                        {}
func (e *Endpoint) Beep(t tone.Tone, d time.Duration) {}
func (e *Endpoint) Levels() (mic, ear float64)        { return -96, -96 }
func (e *Endpoint) State() State                      { return State{} }
func (e *Endpoint) Close() error                      { return nil }
