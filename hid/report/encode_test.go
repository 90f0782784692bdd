package report

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
)

func TestOutputReportsAreWholeAndKeepTheOtherBits(t *testing.T) {
	d := parseOwn(t, "desk-handset")
	e := NewEncoder(d)
	const offHook, ring, mute, ringer, text = 5, 6, 7, 8, 9
	for _, s := range []struct {
		field int
		v     int32
		id    uint8
		want  string
	}{
		{offHook, 1, 2, "02 01 00"},
		{ringer, 1, 2, "02 09 00"},
		{mute, 1, 2, "02 0d 00"},
		{offHook, 0, 2, "02 0c 00"},
		{text + 1, 'A', 3, "03 00 41 00 00"},
		{text + 3, 255, 3, "03 00 41 00 ff"},
		{ring, 1, 2, "02 0e 00"},
	} {
		if err := e.Set(s.field, s.v); err != nil {
			t.Fatal(err)
		}
		if got := e.Report(s.id); !bytes.Equal(got, hexBytes(t, s.want)) {
			t.Errorf("after field %d = %d: % x, want %s", s.field, s.v, got, s.want)
		}
	}
	if rep := e.Report(1); rep != nil {
		t.Errorf("there is no output report 1: % x", rep)
	}
	e.Report(2)[1] = 0xFF // the caller's own
	if got := e.Report(2); got[1] != 0x0E {
		t.Errorf("changed from outside: % x", got)
	}
}

func TestUnnumberedOutputBeginsWithZero(t *testing.T) {
	d := parse(t, "05 08 09 17 15 00 25 01 75 01 95 01 91 02 95 07 91 01")
	e := NewEncoder(d)
	if err := e.Set(0, 1); err != nil {
		t.Fatal(err)
	}
	if got := e.Report(0); !bytes.Equal(got, []byte{0, 1}) {
		t.Errorf("% x", got)
	}
}

func TestInputEncoderWritesWhatIsRead(t *testing.T) {
	numbered, plain := parseOwn(t, "desk-handset"), parse(t, "05 0b 09 20 15 00 25 01 75 01 95 01 81 02 95 07 81 01")
	for _, tt := range []struct {
		d    *Descriptor
		id   uint8
		want []byte
	}{{numbered, 1, []byte{1, 1, 0}}, {plain, 0, []byte{1}}} {
		e := NewInputEncoder(tt.d)
		if err := e.Set(0, 1); err != nil {
			t.Fatal(err)
		}
		got := e.Report(tt.id)
		if !bytes.Equal(got, tt.want) {
			t.Errorf("% x, want % x", got, tt.want)
		}
		if changes, err := NewDecoder(tt.d).Decode(got); err != nil || len(changes) != 1 {
			t.Errorf("read back: %v, %v", changes, err)
		}
	}
}

func TestSetChecksFieldAndRange(t *testing.T) {
	const light = "05 08 09 17 15 00 25 01 75 01 95 01 91 02 "
	for _, tt := range []struct {
		name, descriptor string
		field            int
		v                int32
		says             string // "" = accepted
	}{
		{"on", light, 0, 1, ""},
		{"above", light, 0, 2, "2 is not within 0 to 1"},
		{"below", light, 0, -1, "-1 is not within 0 to 1"},
		{"no such field", light, 1, 0, "the descriptor has 1"},
		{"negative field", light, -1, 0, "the descriptor has 1"},
		{"an input", "05 0b 09 20 75 01 95 01 81 02", 0, 0, "not an output but an input"},
		{"signed", "05 0c 09 e0 15 ff 25 01 75 02 95 01 91 26", 0, -1, ""},
		{"array index", "05 09 19 01 29 0a 15 01 25 0a 75 04 95 01 91 00", 0, 10, ""},
		{"array index past the end", "05 09 19 01 29 0a 15 01 25 0a 75 04 95 01 91 00", 0, 11, "11 is not within 1 to 10"},
		{"nothing in an array", "05 09 19 01 29 0a 15 01 25 0a 75 04 95 01 91 00", 0, 0, ""},
		{"0 where only 1 is in range", "05 08 09 17 15 01 25 01 75 01 95 01 91 02", 0, 0, ""},
		{"Null", "05 09 19 01 29 0a 15 01 25 0a 75 04 95 01 91 40", 0, 15, ""},
		{"Null without bits for it", "05 09 19 01 29 0a 15 01 25 0a 75 04 95 01 91 40", 0, 16, "in 4 bits"},
		{"a range wider than the field", "05 08 09 17 15 00 26 ff 00 75 04 95 01 91 02", 0, 16, "in 4 bits"},
		{"a signed range wider than the field", "05 0c 09 e0 15 81 25 7f 75 04 95 01 91 02", 0, -9, "in 4 bits"},
		{"32 bits", "05 0c 09 e0 15 00 27 ff ff ff ff 75 20 95 01 91 02", 0, 1<<31 - 1, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := parse(t, tt.descriptor)
			e := NewEncoder(d)
			err := e.Set(tt.field, tt.v)
			if tt.says != "" {
				if err == nil || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("error %v, want %q", err, tt.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			_, values, err := DecodeOutput(d, e.Report(0))
			if err != nil || values[tt.field] != tt.v {
				t.Errorf("the device reads %v, %v", values, err)
			}
		})
	}
}

func TestDecodeOutput(t *testing.T) {
	d := parseOwn(t, "desk-handset")
	id, values, err := DecodeOutput(d, []byte{2, 0x0A, 0})
	if want := map[int]int32{5: 0, 6: 1, 7: 0, 8: 1}; err != nil || id != 2 || !maps.Equal(values, want) {
		t.Errorf("%d, %v, %v", id, values, err)
	}
	for _, tt := range []struct{ raw, says string }{
		{"", "empty"},
		{"02 01", "1 bytes, not 2"},
		{"02 01 00 07", "3 bytes, not 2"},
		{"01 00 00", "no output report 1"},
		{"00 01 00", "no output report 0"},
	} {
		if _, values, err := DecodeOutput(d, hexBytes(t, tt.raw)); !errors.Is(err, ErrReport) || values != nil || !strings.Contains(fmt.Sprint(err), tt.says) {
			t.Errorf("%s: %v, %v", tt.raw, values, err)
		}
	}
}

// FuzzDecodeOutput checks that what a device reads from a report writes the
// same report again, except for padding.
func FuzzDecodeOutput(f *testing.F) {
	for _, text := range ownDescriptors(f) {
		raw, err := ReadDescriptor([]byte(text))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, []byte{2, 0x0A, 0})
		f.Add(raw, []byte{0, 0xFF})
	}
	f.Fuzz(func(t *testing.T, descriptor, raw []byte) {
		d, err := Parse(descriptor)
		if err != nil {
			return
		}
		id, values, err := DecodeOutput(d, raw)
		if err != nil {
			if !errors.Is(err, ErrReport) || values != nil {
				t.Fatal(values, err)
			}
			return
		}
		e := NewEncoder(d)
		for i, v := range values {
			if err := e.Set(i, v); err != nil {
				return // the report has values out of range
			}
		}
		_, again, err := DecodeOutput(d, e.Report(id))
		if err != nil || !maps.Equal(values, again) {
			t.Fatalf("% x: %v, then %v, %v", raw, values, again, err)
		}
	})
}
