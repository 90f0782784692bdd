package monitor_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"offhook/devices"
	"offhook/devices/monitor"
	"offhook/devices/record"
	"offhook/devices/virtual"
)

// watch watches a phone while do is done, and gives what was seen.
func watch(t *testing.T, phone *virtual.Phone, rec *record.Recording, do func()) (lines []string, opened error) {
	t.Helper()
	dev, err := phone.Plug()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		ended <- monitor.Run(ctx, dev, devices.Options{}, rec, func(_ *devices.Device, err error) { opened = err }, func(l monitor.Line) {
			text := l.Dir + " " + l.Report + " " + strings.Join(l.Changes, ",")
			if l.Event != nil {
				text = "event " + l.Event.Kind.String()
			}
			lines = append(lines, strings.TrimSpace(text))
		})
	}()
	synctest.Wait()
	do()
	synctest.Wait()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	return lines, opened
}

func TestReportsAndEventsAreSeenAndNothingIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		made, err := virtual.ByName("headset-ack")
		if err != nil {
			t.Fatal(err)
		}
		phone := virtual.New(made)
		driver, err := phone.Plug() // the program that uses it
		if err != nil {
			t.Fatal(err)
		}
		d, err := devices.Open(driver, devices.Options{})
		if err != nil {
			t.Fatal(err)
		}
		d.Show(devices.Indicators{Mute: true})
		synctest.Wait()
		before := phone.State().Reports
		rec := record.New(phone.Info(), made.Descriptor)
		lines, opened := watch(t, phone, rec, func() {
			if err := phone.PressMute(); err != nil {
				t.Fatal(err)
			}
		})
		want := []string{"get 08 00", "in 08 08 0B:2F Phone Mute 1", "event mute-press", "in 08 00 0B:2F Phone Mute 0"}
		slices.Sort(lines)
		slices.Sort(want)
		if !slices.Equal(lines, want) || opened != nil {
			t.Errorf("%q, want %q; %v", lines, want, opened)
		}
		if got := phone.State(); got.Reports != before || !got.Lights["mute"] {
			t.Errorf("%d reports written to the device, mute light %t", got.Reports-before, got.Lights["mute"])
		}
		if len(rec.Entries) != 3 {
			t.Errorf("%d reports recorded", len(rec.Entries))
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestADeviceThatIsNoTelephoneIsWatchedRaw(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		made, err := virtual.Synthesize(virtual.Spec{Name: "pad", Inputs: []virtual.SpecField{{Page: 9, ID: 3}}})
		if err != nil {
			t.Fatal(err)
		}
		phone := virtual.New(made)
		lines, opened := watch(t, phone, nil, func() { _ = phone.Hold("09:03", true) })
		if len(lines) != 1 || !strings.HasPrefix(lines[0], "in 01 01 09:03") || !errors.Is(opened, devices.ErrNotTelephony) {
			t.Errorf("%q, %v", lines, opened)
		}
	})
}
