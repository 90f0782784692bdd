package main

import (
	"errors"
	"testing"

	"offhook/media/sound"
	"offhook/media/sound/engine"
)

func TestWithoutASoundServerItIsSaid(t *testing.T) {
	for _, device := range []string{"server", "server:hw:1"} {
		_, err := sound.OpenDevice(sound.DeviceConfig{Helper: program, Device: device, Env: nowhere(t)})
		if !errors.Is(err, sound.ErrNoServer) {
			t.Errorf("%q: %v, want ErrNoServer", device, err)
		}
		t.Log(err)
	}
}

func TestTheServersListIsCompleteWithSinkAndSourceOfEachCard(t *testing.T) {
	sink := engine.Device{Node: "out", Card: "1", Outputs: 2}
	source := engine.Device{Node: "in", Card: "1", Inputs: 1}
	for _, tt := range []struct {
		list []engine.Device
		name string
		want bool
	}{
		{nil, "server", true},
		{nil, "server:hw:1", false},
		{[]engine.Device{sink}, "server:hw:1", false},
		{[]engine.Device{source, sink}, "server:hw:1", true},
		{[]engine.Device{source, sink}, "server:hw:2", false},
		{nil, "server:hw:CARD=NoSuchCard", true}, // no use waiting
	} {
		if got := complete(tt.list, []string{tt.name}); got != tt.want {
			t.Errorf("%s in %v: %v", tt.name, tt.list, got)
		}
	}
}

// What the server sends comes in pieces of its own choosing.
func TestWhatIsRecordedIsCutIntoPeriods(t *testing.T) {
	type call struct {
		first int16
		gap   bool
	}
	var got []call
	st := &serverStream{period: 4, heard: make(chan []int16, 2), stop: make(chan struct{}), done: make(chan struct{})}
	calls := make(chan struct{}, 8)
	st.cycle = func(pcm []int16, channels int, gap bool) {
		got = append(got, call{pcm[0], gap})
		calls <- struct{}{}
	}
	bytes := func(from, n int) (b []byte) {
		for i := from; i < from+n; i++ {
			b = append(b, byte(i), 0)
		}
		return b
	}
	st.recorded(bytes(0, 3))
	st.recorded(bytes(3, 10)) // makes 3 periods and a bit: one too many for the queue
	go st.capture()
	<-calls
	<-calls
	st.recorded(bytes(13, 3)) // the bit and the rest of a period
	<-calls
	close(st.stop)
	<-st.done
	want := []call{{0, false}, {4, false}, {12, true}}
	if len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("%v, want %v", got, want)
	}
}
