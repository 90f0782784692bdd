package devices_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"offhook/devices"
	"offhook/devices/virtual"
	"offhook/hid"
)

// box is a USB phone of several HID interfaces: an emulated phone behind some of
// them, nothing telephonic behind others.
type box struct {
	phones map[string]*virtual.Phone // by path
	infos  []hid.Info
	others []*node
}

func (b *box) add(t *testing.T, number int, profile string) *virtual.Phone {
	path := "/dev/hidraw" + string(rune('0'+number))
	b.infos = append(b.infos, hid.Info{Path: path, Interface: number, VendorID: 0x1209, ProductID: 0x7E1E, Name: "Box", Serial: "B1"})
	if profile == "" {
		return nil
	}
	p, err := virtual.ByName(profile)
	if err != nil {
		t.Fatal(err)
	}
	if b.phones == nil {
		b.phones = map[string]*virtual.Phone{}
	}
	b.phones[path] = virtual.New(p, virtual.WithSerial(path))
	return b.phones[path]
}

func (b *box) open(info hid.Info) (hid.Device, error) {
	if p := b.phones[info.Path]; p != nil {
		return p.Plug()
	}
	n := newNode([]byte{0x05, 0x01, 0x09, 0x06, 0xA1, 0x01, 0xC0})
	n.info = info
	b.others = append(b.others, n)
	return n, nil
}

func TestAPhoneOfSeveralInterfacesIsOnePhone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b box
		headset := b.add(t, 4, "headset")
		b.add(t, 2, "") // a keyboard
		handset := b.add(t, 3, "handset")
		d, err := devices.OpenPhoneWith(b.infos, b.open, devices.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if d.Info().Path != handset.Info().Path || d.Kind() != devices.Handset {
			t.Errorf("it is the %v %v, not that of its first interface", d.Kind(), d.Info())
		}
		if slices.Index(d.Controls(), "keypad") < 0 || slices.Index(d.Lights(), "display") < 0 {
			t.Errorf("controls %v, lights %v", d.Controls(), d.Lights())
		}
		if len(b.others) != 1 {
			t.Fatalf("%d other interfaces opened", len(b.others))
		}
		<-b.others[0].closed // and closed

		synctest.Wait()
		for _, do := range []func() error{handset.Lift, headset.PressMute, func() error { return handset.Press("5") }, handset.HangUp} {
			if err := do(); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		var words []string
		for len(d.Events()) > 0 {
			words = append(words, (<-d.Events()).Kind.String())
		}
		if got := strings.Join(words, " "); got != "off-hook mute-press key-down key-up on-hook" {
			t.Errorf("events: %s", got)
		}
		d.Show(devices.Indicators{Ring: true, Line1: "Alice"})
		synctest.Wait()
		if !handset.State().Ringing || handset.State().Display[0] != "Alice" || !headset.State().Lights["ring"] {
			t.Errorf("shown: %+v and %+v", handset.State(), headset.State())
		}

		headset.Unplug() // the plug is pulled: whichever interface is first to know
		for range d.Events() {
		}
		if !errors.Is(d.Err(), hid.ErrGone) {
			t.Errorf("the end: %v", d.Err())
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestTheStateAtOpeningIsAskedOfEachInterface(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b box
		b.add(t, 1, "headset")
		if err := b.add(t, 2, "handset").Lift(); err != nil {
			t.Fatal(err)
		}
		d, err := devices.OpenPhoneWith(b.infos, b.open, devices.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if !d.Lifted() {
			t.Error("the handset lies beside the phone, and is said to be down")
		}
	})
}

func TestOneInterfaceThatIsNotPermittedKeepsThePhoneClosed(t *testing.T) {
	var b box
	b.add(t, 1, "handset")
	b.add(t, 2, "headset")
	_, err := devices.OpenPhoneWith(b.infos, func(info hid.Info) (hid.Device, error) {
		if info.Interface == 2 {
			return nil, hid.ErrPermission
		}
		return b.open(info)
	}, devices.Options{})
	if !errors.Is(err, hid.ErrPermission) {
		t.Errorf("%v", err)
	}
	if _, err := b.phones["/dev/hidraw1"].Plug(); err != nil {
		t.Errorf("the other interface is still held: %v", err)
	}
}

func TestInterfacesWithoutTelephonyAreNoPhone(t *testing.T) {
	var b box
	b.add(t, 0, "")
	b.add(t, 1, "")
	if _, err := devices.OpenPhoneWith(b.infos, b.open, devices.Options{}); !errors.Is(err, devices.ErrNotTelephony) {
		t.Errorf("%v", err)
	}
	for _, n := range b.others {
		<-n.closed
	}
}

func TestReleaseSaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b box
		b.add(t, 1, "handset")
		d, err := devices.OpenPhoneWith(b.infos, b.open, devices.Options{})
		if err != nil {
			t.Fatal(err)
		}
		reason := errors.New("someone else sits here")
		if err := d.Release(reason); err != nil {
			t.Error(err)
		}
		for range d.Events() {
		}
		if !errors.Is(d.Err(), reason) {
			t.Errorf("Err() = %v", d.Err())
		}
	})
}

func TestTwoDevicesWithOneSerialNumberAreToldApartByTheirPorts(t *testing.T) {
	info := hid.Info{VendorID: 0x1209, ProductID: 0x7E1E, Serial: "ABCDEF0123", Phys: "usb-0000:00:14.0-2/input3"}
	if got := devices.Identify(info, false); got != "1209:7e1e:ABCDEF0123" {
		t.Error(got)
	}
	if got := devices.Identify(info, true); got != "1209:7e1e:usb-0000:00:14.0-2/input3" {
		t.Error(got)
	}
}
