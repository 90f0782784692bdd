package engine

import (
	"fmt"
	"time"
)

// maxLine bounds a line of the protocol, either way.
const maxLine = 256 << 10

// Descriptors that the sound process inherits.
const (
	RingFD = 3 // shared memory
	WakeFD = 4 // eventfd(2), counted up after each callback
)

// Commands of the protocol.
const (
	CmdList  = "list"
	CmdOpen  = "open"
	CmdStart = "start"
	CmdStop  = "stop"
	CmdState = "state"
	CmdMix   = "mix" // change the mixer, and tell how it is
)

// EventCapture says that the microphone was opened, or why it could not be.
const EventCapture = "capture"

// EventMix tells how the mixer is after somebody has changed it.
const EventMix = "mix"

// Request is a line to the sound process.
type Request struct {
	ID      int    `json:"id"`
	Cmd     string `json:"cmd"`
	Output  string `json:"output,omitempty"`  // open: see Find
	Input   string `json:"input,omitempty"`   // open: "-" opens no microphone
	Refresh bool   `json:"refresh,omitempty"` // list, open: look for devices anew
	Rate    int    `json:"rate,omitempty"`    // start: Hz
	// Running: open: the microphone was in use. One that is muted then stays so.
	Running bool       `json:"running,omitempty"`
	Change  *MixChange `json:"change,omitempty"` // mix
}

// NoInput is the name of the microphone that is not opened.
const NoInput = "-"

// Reply is a line from the sound process: the answer to a request, or an event.
type Reply struct {
	ID      int      `json:"id,omitempty"`
	Event   string   `json:"event,omitempty"`
	Error   *Failure `json:"error,omitempty"`
	Devices []Device `json:"devices,omitempty"`
	Open    *Opened  `json:"open,omitempty"`
	State   *State   `json:"state,omitempty"`
	Mix     *Mix     `json:"mix,omitempty"`
}

// Device is a sound device as the library lists it.
type Device struct {
	Index   int     `json:"index"`
	Name    string  `json:"name"`
	HW      string  `json:"hw,omitempty"`   // ALSA's name of a card's device, "hw:1,0"
	Node    string  `json:"node,omitempty"` // a sound server's name of a sink or source
	Card    string  `json:"card,omitempty"` // number of the ALSA card behind a node; "": none
	API     string  `json:"api,omitempty"`
	Inputs  int     `json:"inputs"`  // channels
	Outputs int     `json:"outputs"` // channels
	Rate    float64 `json:"rate,omitempty"`
	Default bool    `json:"default,omitempty"`
}

// Opened tells what an open has chosen.
type Opened struct {
	Output Device  `json:"output"`
	Input  *Device `json:"input,omitempty"`

	Mix     *Mix     `json:"mix,omitempty"`     // nil: there is no mixer
	Mended  []string `json:"mended,omitempty"`  // what could not be heard and now can, in words
	Trouble string   `json:"trouble,omitempty"` // why there is no mixer, in words
}

// State tells what the process is doing.
type State struct {
	Running       bool   `json:"running"`
	Capture       bool   `json:"capture"`
	Rate          int    `json:"rate,omitempty"`
	OutputLatency int64  `json:"output_latency_us,omitempty"`
	InputLatency  int64  `json:"input_latency_us,omitempty"`
	Callbacks     uint64 `json:"callbacks,omitempty"`
	Realtime      bool   `json:"realtime"`
}

// Latency is the sum of the device's buffers both ways.
func (s *State) Latency() time.Duration {
	return time.Duration(s.OutputLatency+s.InputLatency) * time.Microsecond
}

// Code says what kind of failure it is.
type Code string

// The codes.
const (
	NoDevice Code = "no-device" // not there, or none at all
	NoServer Code = "no-server" // no sound server answers
	Busy     Code = "busy"      // another program has it
	NoMixer  Code = "no-mixer"  // it has none
	Format   Code = "format"    // not at this rate
	Failed   Code = "failed"    // the library said no
	Protocol Code = "protocol"  // the request makes no sense
)

// Failure is an error that crosses the process boundary.
type Failure struct {
	Code Code   `json:"code"`
	Text string `json:"text"`
}

// Error returns the text, which is meant for users.
func (f *Failure) Error() string { return f.Text }

func failf(code Code, format string, args ...any) *Failure {
	return &Failure{code, fmt.Sprintf(format, args...)}
}
