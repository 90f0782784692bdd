package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"offhook/devices"
	"offhook/devices/learn"
	"offhook/devices/monitor"
	"offhook/devices/profile"
	"offhook/devices/record"
	"offhook/devices/trial"
	"offhook/hid"
	"offhook/phone/config"
	"offhook/phone/control"
)

// which is the device that a verb is about.
type which struct {
	Device string `arg:"" optional:"" help:"Which: VENDOR:PRODUCT, node, port or a part of its name. Default: the only phone that is plugged in."`
}

func (w which) open(a *app, table *profile.Table) (hid.Device, error) {
	info, err := a.choose(w.Device, table)
	if err != nil {
		return nil, err
	}
	dev, err := a.bus.open(info)
	if errors.Is(err, hid.ErrPermission) {
		return nil, fmt.Errorf("%w; run: sudo offhook udev install, then unplug the device and plug it in again", err)
	}
	return dev, err
}

type devicesMonitorCmd struct{ which }

func (c *devicesMonitorCmd) Run(a *app) error { return a.watch(a.ctx, c.which, nil) }

// watch prints what a device reports until ctx ends.
func (a *app) watch(ctx context.Context, w which, begin func(hid.Device) *record.Recording) error {
	table := a.profiles()
	dev, err := w.open(a, table)
	if err != nil {
		return err
	}
	var rec *record.Recording
	if begin != nil {
		rec = begin(dev)
	}
	fmt.Fprintf(a.err, "%s; end with Ctrl-C\n", word(dev.Info().String()))
	encoder := json.NewEncoder(a.out)
	return monitor.Run(ctx, dev, devices.Options{Profiles: table, Models: a.models()}, rec, func(d *devices.Device, err error) {
		switch {
		case err != nil:
			fmt.Fprintf(a.err, "raw reports only: %s\n", word(err.Error()))
		case d.Lifted():
			fmt.Fprintln(a.err, "the handset is off its cradle")
		}
	}, func(l monitor.Line) {
		if a.json {
			_ = encoder.Encode(l) // a reader that has gone ends us by its signal
			return
		}
		if l.Event != nil {
			key := ""
			if l.Event.Key != 0 {
				key = " " + string(rune(l.Event.Key))
			}
			fmt.Fprintf(a.out, "%9.3f  event  %s%s\n", l.At, l.Event.Kind, key)
			return
		}
		text := fmt.Sprintf("%9.3f  %-5s  %s", l.At, l.Dir, l.Report)
		if len(l.Changes) > 0 {
			text += "  (" + strings.Join(l.Changes, ", ") + ")"
		}
		fmt.Fprintln(a.out, text)
	})
}

type devicesExportCmd struct {
	File   string        `arg:"" help:"Where the recording goes; - is standard output."`
	Device string        `arg:"" optional:"" help:"Which: VENDOR:PRODUCT, node, port or a part of its name. Default: the only phone that is plugged in."`
	For    time.Duration `name:"for" default:"1m" help:"How long to record." placeholder:"1m"`
}

func (c *devicesExportCmd) Run(a *app) error {
	if c.For <= 0 {
		return usageError{errors.New("--for wants a time, as 30s")}
	}
	// The recording ends by Ctrl-C as well, and is written all the same.
	ctx, cancel := context.WithTimeout(a.ctx, c.For)
	defer cancel()
	quiet := *a
	if c.File == "-" {
		quiet.out = a.err
	}
	fmt.Fprintf(a.err, "Use every key once, then wait or press Ctrl-C. What you press is in the recording: no PIN codes.\n")
	var rec *record.Recording
	err := quiet.watch(ctx, which{c.Device}, func(dev hid.Device) *record.Recording {
		rec = record.New(dev.Info(), dev.Descriptor())
		return rec
	})
	if rec == nil {
		return err
	}
	if c.File == "-" {
		return errors.Join(err, rec.Write(a.out))
	}
	f, ferr := os.Create(c.File)
	if ferr != nil {
		return errors.Join(err, fmt.Errorf("write the recording: %w", ferr))
	}
	if ferr = errors.Join(rec.Write(f), f.Close()); ferr != nil {
		return errors.Join(err, ferr)
	}
	fmt.Fprintf(a.err, "%d reports are in %s; play them: offhook run --virtual %s\n", len(rec.Entries), c.File, c.File)
	return err
}

type devicesTestCmd struct{ which }

// errTest is the end of a test in which something did not work.
var errTest = errors.New("not everything works")

func (c *devicesTestCmd) Run(a *app) error {
	if _, err := a.do(control.VerbDevices, nil); !errors.Is(err, control.ErrNotRunning) {
		return errors.New("the running phone would act on every key: end it first with: offhook quit")
	}
	table := a.profiles()
	dev, err := c.open(a, table)
	if err != nil {
		return err
	}
	d, err := devices.Open(dev, devices.Options{Profiles: table, Models: a.models()})
	if err != nil {
		return err
	}
	defer d.Close()
	fmt.Fprintf(a.err, "%s: %s, driver %s. Enter: there is no such thing. q and Enter: that is all.\n", word(d.Name()), d.Kind(), d.Driver())
	results, err := trial.Run(a.ctx, d, a.bus.lines(), a.err)
	if err != nil {
		return err
	}
	bad := 0
	t := newTable(a.out)
	for _, r := range results {
		mark := "ok"
		if !r.OK {
			mark, bad = "NOT ok", bad+1
		}
		t.row(r.What, mark, r.Note)
	}
	switch {
	case a.json:
		err = a.writeJSON(a.out, results)
	default:
		err = t.flush()
	}
	if err == nil && bad > 0 {
		return fmt.Errorf("%w: %d of %d; for a bug report run: offhook devices export FILE", errTest, bad, len(results))
	}
	return err
}

type devicesLearnCmd struct {
	which
	Output string `short:"o" help:"Where the profile goes. Default: devices/VENDOR-PRODUCT.txt beside the configuration, where it is used." placeholder:"FILE"`
	Kind   string `help:"phone, handset, headset or keyed-handset (no cradle, but a green and a red key). Default: as declared, else by what was learned." placeholder:"KIND" enum:",phone,handset,headset,keyed-handset" default:""`
	Force  bool   `help:"Write over a profile that is there."`
}

func (c *devicesLearnCmd) Run(a *app) error {
	paths, err := config.FindPaths(a.stateDir, config.Environment{})
	if err != nil {
		return err
	}
	table := a.profiles()
	dev, err := c.open(a, table)
	if errors.Is(err, hid.ErrPermission) {
		info, _ := a.choose(c.Device, table) // it was found before
		return fmt.Errorf("%w; or, for a device that no rule knows: sudo offhook devices learn %04x:%04x --output %s/%04x-%04x.txt, "+
			"then plug it in again", err, info.VendorID, info.ProductID, profile.SystemFolder, info.VendorID, info.ProductID)
	}
	if err != nil {
		return err
	}
	defer dev.Close()
	info := dev.Info()
	file := c.Output
	if file == "" {
		file = filepath.Join(paths.Profiles(), fmt.Sprintf("%04x-%04x.txt", info.VendorID, info.ProductID))
	}
	if _, err := os.Stat(file); err == nil && !c.Force {
		return fmt.Errorf("%s is there already; --force writes over it", file)
	}
	fmt.Fprintf(a.err, "%s\n", word(info.String()))
	session := learn.New(dev.Descriptor())
	if err := learn.Guide(a.ctx, dev, session, a.bus.lines(), a.err); err != nil {
		return err
	}
	p, unclear, err := session.Profile(profile.ID{Vendor: info.VendorID, Product: info.ProductID}, info.Name)
	for _, u := range unclear {
		fmt.Fprintf(a.err, "left out: %s\n", clean(u.Error()))
	}
	if err != nil {
		return err
	}
	if c.Kind != "" {
		p.Kind = c.Kind
	}
	text := p.Write("taught with offhook devices learn, " + a.now().Format(time.DateOnly))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("write the profile: %w", err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return fmt.Errorf("write the profile: %w", err)
	}
	fmt.Fprint(a.out, clean(text))
	fmt.Fprintf(a.err, "written to %s; plug the device in again to use it. Please send the file in, so that others need not teach it.\n", file)
	return nil
}
