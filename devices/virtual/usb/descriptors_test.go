package usb

import (
	"bytes"
	"testing"
	"testing/synctest"

	"offhook/devices/virtual"
)

func TestDescriptorsAreByteForByteAsTheStandardsSay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := power(t, "headset", Config{VendorID: 0x0B0E, ProductID: 0x0412, Release: 0x0234, NoSerial: true, Rates: []int{16000}, InterruptOut: true, Interval: 4})
		report := byte(len(h.phone.Profile().Descriptor))
		for _, tt := range []struct {
			name  string
			value uint16
			want  string
		}{
			{"device", 0x0100, "12 01 1001 00 00 00 40 0e0b 1204 3402 01 02 00 01"},
			{"language", 0x0300, "04 03 0904"},
			{"manufacturer", 0x0301, "10 03 4f00 6600 6600 6800 6f00 6f00 6b00"},
		} {
			r := h.control(ofDevice, getDescriptor, tt.value, 0, nil, 255)
			if want := unhex(t, tt.want); r.status != 0 || !bytes.Equal(r.data, want) {
				t.Errorf("%s: %d %x, want %x", tt.name, r.status, r.data, want)
			}
		}
		got := h.control(ofDevice, getDescriptor, 0x0200, 0, nil, 1024).data
		want := unhex(t, `
			09 02 d200 04 01 00 80 32
			09 04 00 00 00 01 01 00 00
			0a 24 01 0001 4600 02 01 02
			0c 24 02 01 0101 00 01 0000 00 00
			09 24 06 02 01 01 03 00 00
			09 24 03 03 0204 04 02 00
			0c 24 02 04 0204 03 01 0000 00 00
			09 24 06 05 04 01 03 00 00
			09 24 03 06 0101 00 05 00
			09 04 01 00 00 01 02 00 00
			09 04 01 01 01 01 02 00 00
			07 24 01 01 01 0100
			0b 24 02 01 01 02 10 01 803e00
			09 05 01 09 2400 01 00 00
			07 25 01 01 00 0000
			09 04 02 00 00 01 02 00 00
			09 04 02 01 01 01 02 00 00
			07 24 01 06 01 0100
			0b 24 02 01 01 02 10 01 803e00
			09 05 82 05 2400 01 00 00
			07 25 01 01 00 0000
			09 04 03 00 02 03 00 00 00
			09 21 1101 00 01 22 ff00
			07 05 83 03 0800 04
			07 05 04 03 0800 04`)
		at := bytes.Index(want, []byte{0x22, 0xFF, 0x00})
		want[at+1] = report
		want[2], want[3] = byte(len(want)), byte(len(want)>>8)
		if !bytes.Equal(got, want) {
			t.Errorf("configuration:\n got %x\nwant %x", got, want)
		}
		r := h.control(ofInterface, getDescriptor, 0x2200, 3, nil, 255)
		if !bytes.Equal(r.data, h.phone.Profile().Descriptor) {
			t.Errorf("report descriptor %x", r.data)
		}
	})
}

// walk checks the lengths of descriptors and gives them by type.
func walk(t *testing.T, raw []byte) map[byte]int {
	t.Helper()
	count := map[byte]int{}
	for len(raw) > 0 {
		if raw[0] < 2 || int(raw[0]) > len(raw) {
			t.Fatalf("descriptor of %d bytes with %d left", raw[0], len(raw))
		}
		count[raw[1]]++
		raw = raw[raw[0]:]
	}
	return count
}

func TestEveryProfileHasAWholeConfiguration(t *testing.T) {
	for _, p := range virtual.Profiles() {
		for _, cfg := range []Config{{}, {NoSound: true}, {Channels: 2, InterruptOut: true}} {
			m, err := cfg.model(virtual.New(p))
			if err != nil {
				t.Fatal(err)
			}
			c := m.configuration()
			if int(c[2])|int(c[3])<<8 != len(c) {
				t.Errorf("%s: total length %x of %d bytes", p.Name, c[2:4], len(c))
			}
			interfaces, endpoints := 6, 3
			if cfg.NoSound {
				interfaces, endpoints = 1, 1
			}
			if cfg.InterruptOut {
				endpoints++
			}
			if n := walk(t, c); n[4] != interfaces || n[5] != endpoints {
				t.Errorf("%s: %d interface and %d endpoint descriptors, want %d and %d", p.Name, n[4], n[5], interfaces, endpoints)
			}
		}
	}
}

func TestImpossibleDevicesAreRefused(t *testing.T) {
	p, err := virtual.ByName("handset")
	if err != nil {
		t.Fatal(err)
	}
	for name, cfg := range map[string]Config{
		"rate":     {Rates: []int{1000}},
		"no rates": {Rates: []int{}},
		"channels": {Channels: 3},
		"interval": {Interval: 256},
		"string":   {Product: string(make([]byte, 200))},
	} {
		if _, err := cfg.model(virtual.New(p)); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
