package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"offhook/devices"
	"offhook/devices/profile"
	"offhook/hid"
	"offhook/hid/report"
	"offhook/phone/config"
	"offhook/phone/control"
	"offhook/udev"
)

type devicesCmd struct {
	List     devicesListCmd     `cmd:"" default:"1" help:"List phones and headsets: the running phone's, else what is plugged in."`
	Describe devicesDescribeCmd `cmd:"" help:"Explain a HID report descriptor, and what is used of it."`
	Monitor  devicesMonitorCmd  `cmd:"" help:"Show what a device reports, as it comes."`
	Test     devicesTestCmd     `cmd:"" help:"Try every key and light of a device."`
	Learn    devicesLearnCmd    `cmd:"" help:"Teach an unknown device: writes a profile for it."`
	Export   devicesExportCmd   `cmd:"" help:"Record a device for a bug report."`
}

type devicesListCmd struct{}

func (c *devicesListCmd) Run(a *app) error {
	result, err := a.do(control.VerbDevices, nil)
	if errors.Is(err, control.ErrNotRunning) {
		return a.listPlugged()
	}
	if err != nil {
		return err
	}
	infos, err := a.bus.list()
	if err != nil {
		fmt.Fprintf(a.err, "offhook: %s\n", clean(err.Error()))
	}
	shut := a.bus.permissions().unusable(infos)
	if a.json {
		data, err := beside(result.Data, shut)
		if err != nil {
			return err
		}
		return a.writeJSON(a.out, data)
	}
	var handsets []control.Handset
	if err := json.Unmarshal(result.Data, &handsets); err != nil {
		return fmt.Errorf("the phone's answer makes no sense (another version?): %w", err)
	}
	if len(handsets) == 0 && len(shut) == 0 {
		fmt.Fprintln(a.out, "no phones or headsets")
		return nil
	}
	if err := handsetRows(newTable(a.out), handsets, ""); err != nil {
		return err
	}
	a.writeUnusable(shut)
	return a.abilities(handsets)
}

// abilities says of each device where it is and what it has.
func (a *app) abilities(handsets []control.Handset) error {
	for _, h := range handsets {
		t := newTable(a.out)
		for _, row := range [][2]string{
			{"port", h.Path}, {"driver", h.Driver}, {"controls", strings.Join(h.Controls, " ")},
			{"lights", strings.Join(lightNames(h.Lights), " ")}, {"sound", h.Sound},
		} {
			if row[1] == "" {
				continue
			}
			if t.rows == 0 {
				fmt.Fprintf(a.out, "\n%s\n", word(h.ID))
			}
			t.row("  "+row[0], row[1])
		}
		if err := t.flush(); err != nil {
			return err
		}
	}
	return nil
}

// listPlugged lists what is plugged in without opening anything, in the same form as a running phone does.
func (a *app) listPlugged() error {
	infos, err := a.bus.list()
	if err != nil {
		// Part of the list may be there all the same.
		fmt.Fprintf(a.err, "offhook: %s\n", clean(err.Error()))
	}
	table := a.profiles()
	list := []control.Handset{}
	for _, info := range infos {
		if h, ok := plugged(info, table); ok {
			list = append(list, h)
		}
	}
	shut := a.bus.permissions().unusable(infos)
	if a.json {
		for i := range list {
			for _, p := range shut {
				if list[i].Path == devices.Port(p.info) && list[i].Error == "" {
					list[i].Error = p.failure()
				}
			}
		}
		return a.writeJSON(a.out, list)
	}
	if len(list) == 0 && len(shut) == 0 {
		fmt.Fprintln(a.out, "no phones or headsets are plugged in")
		return nil
	}
	t := newTable(a.out)
	for _, h := range list {
		t.row(h.ID, h.Kind, h.Name, h.Path, h.Error)
	}
	if err := t.flush(); err != nil {
		return err
	}
	a.writeUnusable(shut)
	return a.abilities(list)
}

// plugged tells whether an interface is a phone's. One whose descriptor cannot be read without opening is listed as it
// is, since enumeration leaves out what is certainly none.
func plugged(info hid.Info, table *profile.Table) (control.Handset, bool) {
	h := control.Handset{
		ID: fmt.Sprintf("%04x:%04x", info.VendorID, info.ProductID), Name: info.Name, Path: devices.Port(info),
		State: control.HandsetIdle, Kind: "unknown",
	}
	raw, err := hid.Descriptor(info)
	if err != nil && !errors.Is(err, hid.ErrUnsupported) {
		h.Error = err.Error()
		return h, true
	}
	id, ierr := devices.Recognise(info, raw, table)
	switch {
	case ierr != nil:
		return h, err != nil // else not a phone we could use
	case info.Sysfs != "":
		if cards := udev.System.SoundCards(info.Sysfs); len(cards) > 0 {
			h.Sound = fmt.Sprintf("hw:%d,0", cards[0])
		}
	}
	h.Name, h.Kind, h.Driver, h.Controls = id.Name, id.Kind.String(), id.Driver, id.Controls
	if len(id.Lights) > 0 {
		h.Lights = map[string]bool{}
	}
	for _, l := range id.Lights {
		h.Lights[l] = false
	}
	return h, true
}

// profiles are the device profiles of this program and the user.
func (a *app) profiles() *profile.Table {
	paths, err := config.FindPaths(a.stateDir, config.Environment{})
	if err != nil {
		return nil // no home: what the program knows is left
	}
	table, err := profile.Load(profile.SystemFolder, paths.Profiles())
	if err != nil {
		fmt.Fprintf(a.err, "offhook: %s\n", clean(err.Error()))
	}
	return table
}

// models is what the configuration says of devices that their numbers do not tell.
func (a *app) models() []devices.Model {
	paths, err := config.FindPaths(a.stateDir, config.Environment{})
	if err != nil {
		return nil
	}
	cfg, _, err := config.LoadDefault(paths.Config)
	if err != nil {
		fmt.Fprintf(a.err, "offhook: %s\n", clean(err.Error()))
		return nil
	}
	return cfg.Devices
}

type devicesDescribeCmd struct {
	Device     string `arg:"" optional:"" help:"Which: VENDOR:PRODUCT, node, port or a part of its name. Default: the one that is plugged in."`
	Descriptor string `help:"File with a report descriptor instead: raw bytes, or hexadecimal text with # comments. - is standard input." placeholder:"FILE"`
}

// maxDescriptorFile bounds what is read, in bytes: 4 kB of descriptor as commented text.
const maxDescriptorFile = 256 << 10

func (c *devicesDescribeCmd) Run(a *app) error {
	if c.Descriptor == "" {
		return c.describePlugged(a)
	}
	if c.Device != "" {
		return usageError{errors.New("give a device or --descriptor, not both")}
	}
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
	return a.description(d)
}

func (c *devicesDescribeCmd) describePlugged(a *app) error {
	table := a.profiles()
	info, err := a.choose(c.Device, table)
	if err != nil {
		return err
	}
	known := table.Find(info.VendorID, info.ProductID)
	raw, err := a.bus.descriptor(info)
	if err != nil {
		return fmt.Errorf("%s: %w", info, err)
	}
	d, err := devices.DescribeAs(raw, &known)
	if err != nil {
		return fmt.Errorf("%s: %w", info, err)
	}
	if !a.json {
		fmt.Fprintf(a.out, "%s, %s\n", word(info.String()), devices.Port(info))
		if id, err := devices.Recognise(info, raw, table); err == nil {
			fmt.Fprintf(a.out, "driver %s: %s; lights: %s\n", id.Driver, orDash(strings.Join(id.Controls, " ")), orDash(strings.Join(id.Lights, " ")))
		}
		for _, s := range known.Sources() {
			fmt.Fprintf(a.out, "known from: %s\n", word(s))
		}
		fmt.Fprintln(a.out)
	}
	return a.description(d)
}

func (a *app) description(d *devices.Description) error {
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
