package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"offhook/devices"
	"offhook/hid"
	"offhook/hid/report"
	"offhook/phone/control"
)

type devicesCmd struct {
	List     devicesListCmd     `cmd:"" default:"1" help:"List phones and headsets: the running phone's, else what is plugged in."`
	Describe devicesDescribeCmd `cmd:"" help:"Explain a HID report descriptor. Needs no device and no running phone."`
}

type devicesListCmd struct{}

func (c *devicesListCmd) Run(a *app) error {
	result, err := a.do(control.VerbDevices, nil)
	if errors.Is(err, control.ErrNotRunning) {
		return a.listPlugged(hid.Enumerate)
	}
	if err != nil {
		return err
	}
	if a.json {
		return a.writeJSON(a.out, result.Data)
	}
	var handsets []control.Handset
	if err := json.Unmarshal(result.Data, &handsets); err != nil {
		return fmt.Errorf("the phone's answer makes no sense (another version?): %w", err)
	}
	if len(handsets) == 0 {
		fmt.Fprintln(a.out, "no phones or headsets")
		return nil
	}
	t := newTable(a.out)
	return handsetRows(t, handsets, "")
}

// listPlugged lists what is plugged in without opening anything, in the same form as a running phone does.
func (a *app) listPlugged(enumerate func() ([]hid.Info, error)) error {
	infos, err := enumerate()
	if err != nil {
		// Part of the list may be there all the same.
		fmt.Fprintf(a.err, "offhook: %s\n", clean(err.Error()))
	}
	list := []control.Handset{}
	for _, info := range infos {
		if h, ok := plugged(info); ok {
			list = append(list, h)
		}
	}
	if a.json {
		return a.writeJSON(a.out, list)
	}
	if len(list) == 0 {
		fmt.Fprintln(a.out, "no phones or headsets are plugged in")
		return nil
	}
	t := newTable(a.out)
	for _, h := range list {
		t.row(h.ID, h.Kind, h.Name, h.Path, h.Error)
	}
	return t.flush()
}

// plugged tells whether an interface is a phone's. One whose descriptor cannot be read without opening is listed as it
// is, since enumeration leaves out what is certainly none.
func plugged(info hid.Info) (control.Handset, bool) {
	h := control.Handset{
		ID: fmt.Sprintf("%04x:%04x", info.VendorID, info.ProductID), Name: info.Name, Path: info.Path,
		State: control.HandsetIdle, Driver: info.Backend, Kind: "unknown",
	}
	raw, err := hid.Descriptor(info)
	if errors.Is(err, hid.ErrUnsupported) {
		return h, true
	}
	if err != nil {
		h.Error = err.Error()
		return h, true
	}
	d, err := devices.Describe(raw)
	if err != nil {
		return h, false // not a phone we could use
	}
	kind, ok := d.Telephony()
	h.Kind, h.Controls = kind.String(), d.Controls
	return h, ok
}

type devicesDescribeCmd struct {
	Descriptor string `required:"" help:"File with the report descriptor: raw bytes, or hexadecimal text with # comments. - is standard input." placeholder:"FILE"`
}

// maxDescriptorFile bounds what is read, in bytes: 4 kB of descriptor as commented text.
const maxDescriptorFile = 256 << 10

func (c *devicesDescribeCmd) Run(a *app) error {
	data, err := readInterruptibly(a.ctx, c.Descriptor)
	if err != nil {
		return fmt.Errorf("read the descriptor: %w", err)
	}
	raw, err := report.ReadDescriptor(data)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Descriptor, err)
	}
	d, err := devices.Describe(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Descriptor, err)
	}
	if a.json {
		return a.writeJSON(a.out, d)
	}
	return d.WriteText(a.out)
}

// readInterruptibly is readFile for a terminal or pipe that may never say anything.
func readInterruptibly(ctx context.Context, name string) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	read := make(chan result, 1)
	stdin := os.Stdin // before the goroutine, which may outlive the command
	go func() {
		data, err := readFile(name, stdin)
		read <- result{data, err}
	}()
	select {
	case r := <-read:
		return r.data, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func readFile(name string, stdin *os.File) ([]byte, error) {
	in := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, maxDescriptorFile+1))
	if err == nil && len(data) > maxDescriptorFile {
		err = fmt.Errorf("%s is larger than %d kB: this is no report descriptor", name, maxDescriptorFile>>10)
	}
	return data, err
}
