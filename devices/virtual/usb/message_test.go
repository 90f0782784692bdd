package usb

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// GET_DESCRIPTOR of the device, 18 bytes, in the layout of the kernel's
// usbip_protocol.rst.
const submitControl = `
	00000001 0000000d 00010002 00000001 00000000
	00000200 00000012 00000000 ffffffff 00000000
	80 06 00 01 00 00 12 00`

const submitSound = `
	00000001 0000000e 00010002 00000000 00000001
	00000002 00000004 00000000 00000002 00000001
	0000000000000000
	aa bb cc dd
	00000000 00000002 00000000 00000000
	00000002 00000002 00000000 00000000`

const unlinkOf13 = `
	00000002 0000000f 00010002 00000000 00000000
	0000000d 00000000 00000000 00000000 00000000 00000000 00000000`

func TestMessagesOfTheKernelAreRead(t *testing.T) {
	for _, tt := range []struct {
		name, raw string
		want      any
	}{
		{"control", submitControl, &transfer{seq: 13, in: true, length: 18, setup: setup{0x80, 6, 0x0100, 0, 18}}},
		{"isochronous", submitSound, &transfer{
			seq: 14, endpoint: 1, length: 4, data: []byte{0xAA, 0xBB, 0xCC, 0xDD},
			packets: []packet{{offset: 0, length: 2}, {offset: 2, length: 2}},
		}},
		{"unlink", unlinkOf13, unlink{seq: 15, victim: 13}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := bytes.NewReader(unhex(t, tt.raw))
			got, err := readMessage(r)
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, %v", got, err)
			}
			if r.Len() != 0 {
				t.Errorf("%d bytes were left", r.Len())
			}
		})
	}
}

func TestMessagesOutOfBoundsAreRefused(t *testing.T) {
	patch := func(s string, at int, b ...byte) []byte {
		raw := unhex(t, s)
		copy(raw[at:], b)
		return raw
	}
	for name, raw := range map[string][]byte{
		"command":             patch(submitControl, 3, 9),
		"direction":           patch(submitControl, 15, 2),
		"endpoint":            patch(submitControl, 19, 16),
		"length":              patch(submitControl, 24, 1),
		"packets":             patch(submitSound, 34, 5),
		"packet past the end": patch(submitSound, headerSize+4+packetSize+7, 3),
		"packet offset":       patch(submitSound, headerSize+4, 0xFF, 0xFF, 0xFF, 0xFF),
		"cut header":          unhex(t, submitControl)[:47],
		"cut data":            unhex(t, submitSound)[:50],
		"cut packets":         unhex(t, submitSound)[:70],
	} {
		if m, err := readMessage(bytes.NewReader(raw)); err == nil {
			t.Errorf("%s: read %+v", name, m)
		}
	}
}

func TestResultsAreAsTheKernelReadsThem(t *testing.T) {
	sound := &transfer{seq: 14, in: true, length: 8, packets: []packet{{0, 4, 2}, {4, 4, 2}}}
	for _, tt := range []struct {
		name string
		got  []byte
		want string
	}{
		{"control IN", (&transfer{seq: 13, in: true, length: 18}).result(statusOK, []byte{1, 2}, 0), `
			00000003 0000000d 00000000 00000000 00000000
			00000000 00000002 00000000 00000000 00000000 0000000000000000 0102`},
		{"stall", (&transfer{seq: 13, in: true, length: 18}).result(statusStall, nil, 0), `
			00000003 0000000d 00000000 00000000 00000000
			ffffffe0 00000000 00000000 00000000 00000000 0000000000000000`},
		{"control OUT", (&transfer{seq: 13, length: 3}).result(statusOK, nil, 0), `
			00000003 0000000d 00000000 00000000 00000000
			00000000 00000003 00000000 00000000 00000000 0000000000000000`},
		{"isochronous IN", sound.result(statusOK, []byte{1, 2, 3, 4}, 7), `
			00000003 0000000e 00000000 00000000 00000000
			00000000 00000004 00000007 00000002 00000000 0000000000000000 01020304
			00000000 00000004 00000002 00000000
			00000004 00000004 00000002 00000000`},
		{"unlink in time", unlink{15, 13}.result(true), `
			00000004 0000000f 00000000 00000000 00000000
			ffffff98 00000000 00000000 00000000 00000000 0000000000000000`},
		{"unlink too late", unlink{15, 13}.result(false), `
			00000004 0000000f 00000000 00000000 00000000
			00000000 00000000 00000000 00000000 00000000 0000000000000000`},
	} {
		if want := unhex(t, tt.want); !bytes.Equal(tt.got, want) {
			t.Errorf("%s:\n got %x\nwant %x", tt.name, tt.got, want)
		}
	}
}

// What was read stays in its bounds, and says in a result what it said itself.
func FuzzReadMessage(f *testing.F) {
	for _, s := range []string{submitControl, submitSound, unlinkOf13} {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := readMessage(bytes.NewReader(raw))
		if err != nil {
			return
		}
		tr, ok := m.(*transfer)
		if !ok {
			return
		}
		if tr.length > maxTransfer || len(tr.packets) > maxPackets || tr.endpoint > 15 || !tr.in && len(tr.data) != tr.length {
			t.Fatalf("out of bounds: %+v", tr)
		}
		for _, p := range tr.packets {
			if uint64(p.offset)+uint64(p.length) > uint64(tr.length) {
				t.Fatalf("packet %+v of %d bytes", p, tr.length)
			}
		}
		again, err := readMessage(bytes.NewReader(encode(tr)))
		if err != nil || !reflect.DeepEqual(again, m) {
			t.Fatalf("read again: %+v, %v", again, err)
		}
	})
}
