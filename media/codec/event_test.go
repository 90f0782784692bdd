package codec

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"
)

func TestEventPayloads(t *testing.T) {
	for _, tt := range []struct {
		event Event
		want  []byte
	}{
		{Event{Code: 5, Volume: 10, Duration: 160}, []byte{5, 10, 0, 160}},
		{Event{Code: 11, End: true, Volume: 10, Duration: 800}, []byte{11, 0x8a, 3, 0x20}},
		{Event{Code: 15, Volume: 63, Duration: 0xffff}, []byte{15, 63, 0xff, 0xff}},
	} {
		got := tt.event.Append(nil)
		if !bytes.Equal(got, tt.want) {
			t.Errorf("%+v: % x, want % x", tt.event, got, tt.want)
		}
		if back, err := ParseEvent(got); err != nil || back != tt.event {
			t.Errorf("% x reads as %+v, %v", got, back, err)
		}
	}
	if e, err := ParseEvent([]byte{1, 0x40, 0, 160}); err != nil || e.End || e.Volume != 0 {
		t.Errorf("the reserved bit was not ignored: %+v, %v", e, err)
	}
	for n := range EventBytes {
		if _, err := ParseEvent(make([]byte, n)); err == nil {
			t.Errorf("%d bytes were accepted", n)
		}
	}
}

func TestDigitsAndCodesAreEachOthersInverse(t *testing.T) {
	for code := range uint8(16) {
		d, ok := Digit(code)
		if back, ok2 := EventCode(d); !ok || !ok2 || back != code {
			t.Errorf("code %d is %q is code %d", code, d, back)
		}
	}
	if _, ok := Digit(16); ok {
		t.Error("flash passes for a digit")
	}
	for _, d := range []byte("E x\x00!") {
		if _, ok := EventCode(d); ok {
			t.Errorf("%q passes for a digit", d)
		}
	}
	if c, ok := EventCode('d'); !ok || c != 15 {
		t.Errorf("d: %d, %v", c, ok)
	}
}

// spell lists the packets of an event with the tick each goes out at.
func spell(t *testing.T, digit byte, ts uint32, d time.Duration) (packets []EventPacket, ticks []int) {
	t.Helper()
	var s EventSender
	if err := s.Start(digit, ts, 8000, d); err != nil {
		t.Fatal(err)
	}
	for tick := 1; s.Active(); tick++ {
		if p, send := s.Tick(); send {
			packets, ticks = append(packets, p), append(ticks, tick)
		}
	}
	return packets, ticks
}

func TestADigitOf100msIsFiveUpdatesAndThreeEnds(t *testing.T) {
	packets, ticks := spell(t, '5', 1000, 100*time.Millisecond)
	want := []struct {
		ms       int
		marker   bool
		end      bool
		duration uint16
	}{
		{20, true, false, 160}, {40, false, false, 320}, {60, false, false, 480}, {80, false, false, 640},
		{100, false, true, 800}, {120, false, true, 800}, {140, false, true, 800},
	}
	if len(packets) != len(want) {
		t.Fatalf("%d packets: %+v", len(packets), packets)
	}
	for i, w := range want {
		p := packets[i]
		if ticks[i]*10 != w.ms || p.Marker != w.marker || p.Event.End != w.end || p.Event.Duration != w.duration || p.Timestamp != 1000 || p.Event.Code != 5 || p.Event.Volume != 10 {
			t.Errorf("packet %d at %d ms: %+v, want %+v", i, ticks[i]*10, p, w)
		}
	}
}

func TestAnEventLongerThanADurationCanSayGoesOnInSegments(t *testing.T) {
	packets, _ := spell(t, '1', 0xffff0000, 20*time.Second)
	var r EventReceiver
	now := time.Unix(0, 0)
	reports, segments, total := 0, map[uint32]uint16{}, 0
	for i, p := range packets {
		if p.Marker != (i == 0) {
			t.Errorf("packet %d: marker %v", i, p.Marker)
		}
		if p.Event.Duration < segments[p.Timestamp] {
			t.Errorf("packet %d: the duration shrinks from %d to %d", i, segments[p.Timestamp], p.Event.Duration)
		}
		segments[p.Timestamp] = p.Event.Duration
		now = now.Add(20 * time.Millisecond)
		if _, ok := r.Receive(p.Timestamp, p.Marker, p.Event, now); ok {
			reports++
		}
	}
	for _, d := range segments {
		total += int(d)
	}
	if len(segments) != 3 || total != 20*8000 {
		t.Errorf("%d segments of together %d samples, want 3 of 160000", len(segments), total)
	}
	if reports != 1 {
		t.Errorf("reported %d times", reports)
	}
}

func TestAUnknownOrSecondDigitIsRefused(t *testing.T) {
	var s EventSender
	if err := s.Start('x', 0, 8000, time.Second); err == nil {
		t.Error("x was taken for a key")
	}
	if err := s.Start('1', 0, 8000, time.Second); err != nil {
		t.Error(err)
	}
	if err := s.Start('2', 0, 8000, time.Second); err == nil {
		t.Error("a second digit was started within the first")
	}
}

func TestEventsAreReportedOnce(t *testing.T) {
	end := func(code uint8) Event { return Event{Code: code, End: true, Duration: 800} }
	on := func(code uint8, d uint16) Event { return Event{Code: code, Duration: d} }
	type packet struct {
		ms     int
		ts     uint32
		marker bool
		event  Event
		want   byte
	}
	for _, tt := range []struct {
		name    string
		packets []packet
	}{
		{"whole event", []packet{{0, 100, true, on(1, 160), '1'}, {20, 100, false, on(1, 320), 0}, {40, 100, false, end(1), 0}, {60, 100, false, end(1), 0}}},
		{"only ends arrive", []packet{{0, 100, false, end(2), '2'}, {20, 100, false, end(2), 0}}},
		{"start comes after an end", []packet{{0, 100, false, end(2), '2'}, {5, 100, true, on(2, 160), 0}}},
		{"end lost, same key again", []packet{{0, 100, true, on(3, 160), '3'}, {300, 2500, true, on(3, 160), '3'}}},
		{"straggler of the one before", []packet{{0, 100, true, on(3, 160), '3'}, {200, 1700, true, on(4, 160), '4'}, {210, 100, false, end(3), 0}, {220, 1700, false, end(4), 0}}},
		{"peer that never moves its timestamp", []packet{{0, 100, true, on(3, 160), '3'}, {40, 100, false, end(3), 0}, {900, 100, true, on(3, 160), '3'}}},
		{"clock started anew", []packet{{0, 4000000, true, on(3, 160), '3'}, {900, 100, true, on(4, 160), '4'}}},
		{"segment", []packet{{0, 100, true, on(3, 0xffff), '3'}, {20, 100 + 0xffff, false, on(3, 160), 0}, {40, 100 + 0xffff, false, end(3), 0}}},
		{"same distance as a segment but a new key", []packet{{0, 100, true, end(3), '3'}, {8200, 100 + 0xffff, true, on(3, 160), '3'}}},
		{"flash is no digit", []packet{{0, 100, true, Event{Code: 16, Duration: 160}, 0}, {100, 900, true, on(1, 160), '1'}}},
	} {
		var r EventReceiver
		for i, p := range tt.packets {
			got, _ := r.Receive(p.ts, p.marker, p.event, time.Unix(0, 0).Add(time.Duration(p.ms)*time.Millisecond))
			if got != p.want {
				t.Errorf("%s, packet %d: %q, want %q", tt.name, i, got, p.want)
			}
		}
	}
}

func TestAKeyWhoseEndIsLostGoesUpAfterATime(t *testing.T) {
	var r EventReceiver
	start := time.Unix(0, 0)
	r.Receive(100, true, Event{Code: 7, Duration: 160}, start)
	if d, ok := r.Active(start.Add(400 * time.Millisecond)); !ok || d != '7' {
		t.Errorf("after 400 ms: %q, %v", d, ok)
	}
	if _, ok := r.Active(start.Add(600 * time.Millisecond)); ok {
		t.Error("still down after 600 ms")
	}
}

// Digits are sent through a network that loses half of the packets, doubles
// some and swaps neighbours. Each of which any packet arrives is reported once,
// in order.
func TestDigitsThroughABadNetwork(t *testing.T) {
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		var r EventReceiver
		var want, got []byte
		now, ts := time.Unix(0, 0), rnd.Uint32()
		for range 20 {
			digit := digits[rnd.IntN(16)]
			packets, _ := spell(t, digit, ts, 100*time.Millisecond)
			ts += 1600 + uint32(rnd.IntN(8000))
			var arrived []EventPacket
			for _, p := range packets {
				if rnd.IntN(2) == 0 {
					arrived = append(arrived, p)
				}
				if rnd.IntN(5) == 0 {
					arrived = append(arrived, p)
				}
			}
			if len(arrived) > 0 {
				want = append(want, digit)
			}
			for i := 1; i < len(arrived); i++ {
				if rnd.IntN(3) == 0 {
					arrived[i-1], arrived[i] = arrived[i], arrived[i-1]
				}
			}
			for _, p := range arrived {
				now = now.Add(20 * time.Millisecond)
				if d, ok := r.Receive(p.Timestamp, p.Marker, p.Event, now); ok {
					got = append(got, d)
				}
			}
			now = now.Add(100 * time.Millisecond)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("seed %d: got %q, want %q", seed, got, want)
		}
	}
}

func FuzzEvents(f *testing.F) {
	f.Add([]byte{1, 0x8a, 0, 160, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		var r EventReceiver
		now := time.Unix(0, 0)
		for ; len(b) >= 5; b = b[5:] {
			e, err := ParseEvent(b)
			if err != nil {
				t.Fatal(err)
			}
			now = now.Add(time.Duration(b[4]) * time.Millisecond)
			ts := uint32(b[4]) << 12
			r.Receive(ts, b[0]&1 != 0, e, now)
			if d, ok := r.Receive(ts, false, e, now); ok {
				t.Fatalf("%q was reported twice", d)
			}
		}
	})
}
