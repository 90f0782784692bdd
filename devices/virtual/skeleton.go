package virtual

import (
	"context"
	"errors"
	"time"

	"offhook/devices"
	"offhook/hid"
)

type Profile struct {
	Name, Description string
	Kind              devices.Kind
	Descriptor        []byte
}

func Profiles() []Profile                 { return nil }
func ByName(name string) (Profile, error) { return Profile{}, errors.New("no such profile") }

type Phone struct{}
type Option func(*Phone)

func WithClock(now func() time.Time) Option { return func(*Phone) {} }
func WithSerial(serial string) Option       { return func(*Phone) {} }

func New(p Profile, opts ...Option) *Phone { return &Phone{} }
func (p *Phone) Plug() (hid.Device, error) { return nil, hid.ErrGone }
func (p *Phone) Lift() error               { return nil }
func (p *Phone) HangUp() error             { return nil }
func (p *Phone) Press(keys string) error   { return nil }
func (p *Phone) PressMute() error          { return nil }
func (p *Phone) PressFlash() error         { return nil }
func (p *Phone) PressRedial() error        { return nil }
func (p *Phone) PressReject() error        { return nil }
func (p *Phone) PressHook() error          { return nil }
func (p *Phone) PressVolume(up bool) error { return nil }
func (p *Phone) Unplug()                   {}
func (p *Phone) Replug()                   {}

type Report struct {
	At    time.Time `json:"at"`
	Out   bool      `json:"out"`
	Bytes string    `json:"bytes"`
}

type State struct {
	Profile string          `json:"profile"`
	Plugged bool            `json:"plugged"`
	Lifted  bool            `json:"lifted"`
	Lights  map[string]bool `json:"lights"`
	Ringing bool            `json:"ringing"`
	Display []string        `json:"display"`
	Reports int             `json:"reports"`
	History []Report        `json:"history"`
}

func (p *Phone) State() State                                                  { return State{} }
func (p *Phone) Changed() <-chan struct{}                                      { return nil }
func (p *Phone) Await(ctx context.Context, ok func(State) bool) (State, error) { return State{}, nil }
