package devices

import "time"

// driver is the protocol of one family of phones: input reports to events, the
// wanted state to what is to be written. It does no I/O and has no goroutine, clock
// or lock of its own; [Device] has them, and calls it with Device.mu held. Only
// render is called without, by the writer alone: it may touch nothing that the
// other methods do.
type driver interface {
	about() about

	// longest is the length in bytes of the longest input report as read, a
	// report ID included.
	longest() int
	// questions are what to ask at opening, in order; at most a few.
	questions() []question
	// answer takes what the device answered, within the time for a baseline.
	answer(q question, raw []byte, now time.Time) error
	// opened ends the time for a baseline: whether the handset is off its
	// cradle, or why the device is not to be used after all.
	opened() (lifted bool, err error)

	// take takes an input report and gives what a person did; the errors are of
	// reports that make no sense, which are dropped. While opening, a report may
	// be the baseline.
	take(raw []byte, now time.Time, opening bool) ([]Event, error)

	// show is told what the program wants shown. shown tells whether showing i,
	// which is wanted already, would change nothing.
	show(i Indicators, now time.Time)
	shown(i Indicators) bool
	// astray tells, once, that the device may have gone another way than
	// wanted, so that the state has to be written again.
	astray() bool

	// render gives what has to be written so that i is shown, whatever was
	// shown before. Only the writer calls it.
	render(i Indicators) []message
	// writing is called before each message, wrote after it.
	writing(m message, i Indicators, now time.Time)
	wrote(now time.Time)
}

// about is what a driver knows of its device from the start.
type about struct {
	driver   string
	name     string // for a device that does not tell its own
	kind     Kind
	controls []string
	lights   []string
	// streams: it sends its state all the time, so the first report is worth
	// waiting for.
	streams bool
}

// question is a report to ask for.
type question struct {
	node    int  // number of the interface, of a phone that has several
	feature bool // else an input report
	id      uint8
	size    int // in bytes, a report ID included
}

// message is one report to be written, its first byte the report ID, 0 where the
// device does not number its reports.
type message struct {
	node    int  // number of the interface, of a phone that has several
	feature bool // else an output report
	report  []byte
	// read, not 0: the feature report with that ID is read instead, so many bytes
	// of it, for a hearer.
	read int
	// pause is how long the device needs to be left alone before and after.
	pause time.Duration
}
