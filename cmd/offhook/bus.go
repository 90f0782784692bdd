package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"offhook/devices"
	"offhook/devices/profile"
	"offhook/hid"
	"offhook/hid/ident"
)

// bus is where devices are; the zero value is this machine's. Tests have their own.
type bus struct {
	enumerate func() ([]hid.Info, error)
	system    func() system // who may open what
	opener    func(hid.Info) (hid.Device, error)
	stdin     io.Reader
}

func (b bus) list() ([]hid.Info, error) {
	if b.enumerate != nil {
		return b.enumerate()
	}
	return hid.Enumerate()
}

func (b bus) open(info hid.Info) (hid.Device, error) {
	if b.opener != nil {
		return b.opener(info)
	}
	return hid.Open(info)
}

// descriptor is the report descriptor of an interface, asked of the device where the system does not know it.
func (b bus) descriptor(info hid.Info) ([]byte, error) {
	raw, err := hid.Descriptor(info)
	if !errors.Is(err, hid.ErrUnsupported) {
		return raw, err
	}
	dev, err := b.open(info)
	if err != nil {
		return nil, err
	}
	defer dev.Close()
	if raw = dev.Descriptor(); raw == nil {
		return nil, errors.New("the system does not give its report descriptor")
	}
	return raw, nil
}

// lines gives what is typed, a line at a time, until it ends.
func (b bus) lines() <-chan string {
	in := b.stdin
	if in == nil {
		in = os.Stdin
	}
	lines := make(chan string)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(in); s.Scan(); {
			lines <- strings.TrimSpace(s.Text())
		}
	}()
	return lines
}

// choose finds the interface that words name; without words, the only telephone. Nodes from which one could read what
// is typed on a keyboard are not given away.
func (a *app) choose(words string, table *profile.Table) (hid.Info, error) {
	infos, err := a.bus.list()
	if err != nil && len(infos) == 0 {
		return hid.Info{}, fmt.Errorf("look for devices: %w", err)
	}
	var found, phones []hid.Info
	for _, info := range infos {
		raw, _ := hid.Descriptor(info) // not readable: it may be one all the same
		if words != "" && !devices.Match(info, words) {
			continue
		}
		if id, err := ident.Identify(raw); err == nil && id.Keyboard {
			continue
		}
		found = append(found, info)
		if _, err := devices.Recognise(info, raw, table); err == nil || raw == nil {
			phones = append(phones, info)
		}
	}
	if words == "" || len(phones) == 1 {
		found = phones
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) == 0 && words == "":
		return hid.Info{}, errors.New("no phone or headset is plugged in; name another device by VENDOR:PRODUCT, as lsusb shows it")
	case len(found) == 0:
		return hid.Info{}, fmt.Errorf("no device is called %q, or it is a keyboard; `lsusb` shows what is plugged in", words)
	}
	var names []string
	for _, info := range found {
		names = append(names, info.String())
	}
	return hid.Info{}, fmt.Errorf("there are several; say which by its node: %s", strings.Join(names, ", "))
}

// lightNames lists lights in order.
func lightNames(lights map[string]bool) []string { return slices.Sorted(maps.Keys(lights)) }

func (b bus) permissions() system {
	if b.system != nil {
		return b.system()
	}
	return thisSystem()
}
