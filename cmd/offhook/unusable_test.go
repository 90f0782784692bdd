package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"strings"
	"testing"
	"time"

	"offhook/devices"
	"offhook/devices/virtual"
	"offhook/hid"
	"offhook/phone/control"
	"offhook/udev"
)

// forbidding is a system in which a handset's node is root's.
func forbidding(t *testing.T, rules udev.Installed) system {
	p, err := virtual.ByName("handset")
	if err != nil {
		t.Fatal(err)
	}
	return system{
		udev: true, rules: rules, helper: true, user: "alice", inPlugdev: true,
		descriptor: func(hid.Info) ([]byte, error) { return p.Descriptor, nil },
		access:     func(path string) error { return &fs.PathError{Op: "access", Path: path, Err: fs.ErrPermission} },
		record:     func(string) (udev.Record, bool) { return udev.Record{}, false },
	}
}

func twoPhones() ([]hid.Info, error) {
	return []hid.Info{
		{Path: "/dev/hidraw1", VendorID: 0x1209, ProductID: 0x7E1E, Name: "Desk Phone", Backend: hid.BackendHidraw},
		{Path: "/dev/hidraw2", VendorID: 0x1209, ProductID: 0x7E1E, Name: "Desk Phone", Backend: hid.BackendHidraw},
	}, nil
}

func TestAPhoneThatMayNotBeOpenedIsListedWithTheRuleThatIsMissing(t *testing.T) {
	var out, errs bytes.Buffer
	a := &app{ctx: t.Context(), out: &out, err: &errs, now: time.Now}
	a.bus.enumerate = twoPhones
	a.bus.system = func() system { return forbidding(t, udev.InstalledNot) }
	if err := a.listPlugged(); err != nil || errs.Len() > 0 {
		t.Fatal(err, errs.String())
	}
	const want = `1209:7e1e Desk Phone at /dev/hidraw1 may not be opened: the rule /etc/udev/rules.d/70-offhook.rules is missing
1209:7e1e Desk Phone at /dev/hidraw2 may not be opened: the rule /etc/udev/rules.d/70-offhook.rules is missing
  run: sudo offhook udev install
`
	if !strings.Contains(out.String(), want) {
		t.Errorf("%s\nwant in it\n%s", out.String(), want)
	}

	out.Reset()
	a.bus.system = func() system { return forbidding(t, udev.InstalledFull) }
	if err := a.listPlugged(); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); !strings.Contains(got, "the rule has not been applied to it") || !strings.Contains(got, "unplug it and plug it in again") {
		t.Errorf("the rule is there:\n%s", got)
	}
}

func TestAPhoneThatMayNotBeOpenedIsListedBesideThoseOfARunningOne(t *testing.T) {
	infos, _ := twoPhones()
	shut := forbidding(t, udev.InstalledNot).unusable(infos[:1])
	data, err := beside(json.RawMessage(`[{"id":"virtual","state":"idle","extra":1}]`), shut)
	if err != nil {
		t.Fatal(err)
	}
	var list []control.Handset
	if err := json.Unmarshal(data, &list); err != nil || len(list) != 2 || !strings.Contains(string(data), `"extra":1`) {
		t.Fatalf("%v in %s", err, data)
	}
	if e := list[1].Error; list[1].Path != devices.Port(infos[0]) || !strings.Contains(e, udev.RulesPath) || !strings.Contains(e, "sudo offhook udev install") {
		t.Errorf("%+v", list[1])
	}
	if same, err := beside(json.RawMessage(`[]`), nil); err != nil || string(same) != "[]" {
		t.Errorf("%s, %v", same, err)
	}
}
