// Package record keeps what crosses the cable of a device in a file: its numbers,
// its report descriptor, and every report with its time. Such a file is what a bug
// report needs; package virtual plays it.
//
//	offhook recording 1
//	# Comments and empty lines mean nothing.
//	device 6993:b02b  WH66
//	interface 3
//	descriptor 05 0B 09 05 …      hexadecimal, over as many lines as it takes
//	get 2  02 01                  what input report 2 was when asked for
//	+0.000 in   02 01             seconds since the beginning
//	+0.531 out  02 01 00          first byte the report ID, 0 where there is none
//
// Serial numbers are left out. The keys that were pressed are in it.
package record

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"offhook/hid"
)

// Direction is which way a report went.
type Direction uint8

// The directions. Get is an input report that was asked for.
const (
	In Direction = iota
	Out
	Get
	Feature // a feature report written
)

var words = [...]string{In: "in", Out: "out", Get: "get", Feature: "feature"}

// String is the word of the file.
func (d Direction) String() string { return words[min(d, Feature)] }

// Entry is one report. Of Get, ID is what was asked for.
type Entry struct {
	At     time.Duration // since the beginning
	Dir    Direction
	ID     uint8
	Report []byte
}

// Recording is a device and what it said.
type Recording struct {
	Vendor, Product uint16
	Name            string
	Interface       int // of the USB device, -1 when not known
	Descriptor      []byte
	Entries         []Entry
}

// Bounds of a recording.
const (
	maxText       = 8 << 20 // bytes of a file
	maxEntries    = 100_000
	maxReport     = 4096
	maxDescriptor = 4096
	maxName       = 256
	maxTime       = 24 * time.Hour
	header        = "offhook recording 1"
	bytesPerLine  = 24
)

// New begins a recording of a device.
func New(info hid.Info, descriptor []byte) *Recording {
	name := info.Name
	if len(name) > maxName {
		name = strings.ToValidUTF8(name[:maxName], "")
	}
	return &Recording{
		Vendor: info.VendorID, Product: info.ProductID, Name: strings.Join(strings.Fields(name), " "),
		Interface: info.Interface, Descriptor: bytes.Clone(descriptor),
	}
}

// Add adds a report, unless there are 100 000 already, and tells whether it did.
func (r *Recording) Add(e Entry) bool {
	if len(r.Entries) >= maxEntries || len(e.Report) > maxReport {
		return false
	}
	r.Entries = append(r.Entries, e)
	return true
}

// Write writes the file.
func (r *Recording) Write(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\ndevice %04x:%04x  %s\n", header, r.Vendor, r.Product, r.Name)
	if r.Interface >= 0 {
		fmt.Fprintf(&b, "interface %d\n", r.Interface)
	}
	for part := range slices.Chunk(r.Descriptor, bytesPerLine) {
		fmt.Fprintf(&b, "descriptor % X\n", part)
	}
	for _, e := range r.Entries {
		if e.Dir == Get {
			fmt.Fprintf(&b, "get %d  % X\n", e.ID, e.Report)
			continue
		}
		fmt.Fprintf(&b, "+%.3f %-4s % X\n", e.At.Seconds(), e.Dir, e.Report)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write the recording: %w", err)
	}
	return nil
}

// Is tells whether data begins as a recording does.
func Is(data []byte) bool { return bytes.HasPrefix(data, []byte(header)) }

// Read reads a file. Errors name the line.
func Read(in io.Reader) (*Recording, error) {
	data, err := io.ReadAll(io.LimitReader(in, maxText+1))
	if err != nil {
		return nil, fmt.Errorf("read the recording: %w", err)
	}
	if len(data) > maxText {
		return nil, fmt.Errorf("larger than %d MB: this is no recording of a device", maxText>>20)
	}
	r := &Recording{Interface: -1}
	for n, line := range strings.Split(string(data), "\n") {
		if n == 0 {
			if strings.TrimSpace(line) != header {
				return nil, fmt.Errorf("line 1: want %q: this is no recording of a device", header)
			}
			continue
		}
		if err := r.line(strings.TrimSpace(line)); err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}
	}
	if r.Vendor == 0 && r.Product == 0 && r.Name == "" {
		return nil, fmt.Errorf("the line \"device VENDOR:PRODUCT NAME\" is missing")
	}
	return r, nil
}

func (r *Recording) line(line string) error {
	word, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	switch {
	case line == "" || line[0] == '#':
		return nil
	case word == "device":
		id, name, _ := strings.Cut(rest, " ")
		v, p, _ := strings.Cut(id, ":")
		vendor, verr := strconv.ParseUint(v, 16, 16)
		product, perr := strconv.ParseUint(p, 16, 16)
		if verr != nil || perr != nil || len(name) > maxName+8 {
			return fmt.Errorf("want device, VENDOR:PRODUCT in hexadecimal and the name")
		}
		r.Vendor, r.Product, r.Name = uint16(vendor), uint16(product), strings.TrimSpace(name)
		return nil
	case word == "interface":
		n, err := strconv.ParseUint(rest, 10, 8)
		if err != nil {
			return fmt.Errorf("%q is no number of an interface", rest)
		}
		r.Interface = int(n)
		return nil
	case word == "descriptor":
		raw, err := readBytes(rest)
		if err != nil {
			return err
		}
		if r.Descriptor = append(r.Descriptor, raw...); len(r.Descriptor) > maxDescriptor {
			return fmt.Errorf("a report descriptor of more than %d bytes", maxDescriptor)
		}
		return nil
	}
	e, err := readEntry(word, rest)
	if err != nil {
		return err
	}
	if n := len(r.Entries); n > 0 && e.At < r.Entries[n-1].At && e.Dir != Get {
		return fmt.Errorf("time goes back from %v to %v", r.Entries[n-1].At, e.At)
	}
	if e.Dir == Get && len(r.Entries) > 0 {
		e.At = r.Entries[len(r.Entries)-1].At
	}
	if !r.Add(e) {
		return fmt.Errorf("more than %d reports, or one of more than %d bytes", maxEntries, maxReport)
	}
	return nil
}

func readEntry(word, rest string) (Entry, error) {
	what, hexes, _ := strings.Cut(rest, " ")
	raw, err := readBytes(hexes)
	if word == "get" {
		id, ierr := strconv.ParseUint(what, 10, 8)
		if err != nil || ierr != nil {
			return Entry{}, fmt.Errorf("want get, the ID of a report and its bytes")
		}
		return Entry{Dir: Get, ID: uint8(id), Report: raw}, nil
	}
	seconds, ok := strings.CutPrefix(word, "+")
	at, ferr := strconv.ParseFloat(seconds, 64)
	dir := slices.Index(words[:], what)
	if !ok || ferr != nil || !(at >= 0 && at <= maxTime.Seconds()) || dir < 0 || Direction(dir) == Get {
		return Entry{}, fmt.Errorf("want +SECONDS, in, out or feature, and the bytes of a report")
	}
	if err != nil {
		return Entry{}, err
	}
	return Entry{At: time.Duration(at*1000+0.5) * time.Millisecond, Dir: Direction(dir), Report: raw}, nil
}

func readBytes(text string) ([]byte, error) {
	raw, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return nil, fmt.Errorf("%q is not hexadecimal", text)
	}
	return raw, nil
}
