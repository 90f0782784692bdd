package main

import (
	"slices"
	"testing"

	"offhook/devices"
)

func TestHandsetsAreOpenedDirectlyAndHeadsetsThroughTheServer(t *testing.T) {
	for _, tt := range []struct {
		kind   devices.Kind
		hidden bool
		want   []string
	}{
		{devices.Handset, true, []string{"hw:2,0"}},
		{devices.Phone, true, []string{"hw:2,0"}},
		{devices.Handset, false, []string{"hw:2,0", "server:hw:2"}}, // the rules are not installed, or share it
		{devices.Headset, false, []string{"server:hw:2", "hw:2,0"}}, // the second where no server runs
		{devices.Headset, true, []string{"hw:2,0"}},
	} {
		if got := soundDevices(tt.kind, 2, tt.hidden); !slices.Equal(got, tt.want) {
			t.Errorf("%v, hidden from sound servers: %v: %v, want %v", tt.kind, tt.hidden, got, tt.want)
		}
	}
}
