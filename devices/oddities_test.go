package devices_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"offhook/devices"
	"offhook/hid/report"
)

// Items of report descriptors, for those below.
const (
	telephonyPage = "05 0b "
	ledPage       = "05 08 "
	buttonPage    = "05 09 "
	consumerPage  = "05 0c "
	bits          = "15 00 25 01 75 01 "
)

// An oddity of real devices, each in a descriptor of its own that has nothing else odd about it. The devices
// in which it was seen are named.
var oddities = []struct {
	name       string
	descriptor string
	controls   string
	lights     string
	reports    []string // what the device sends
	events     []string // what that is
	show       devices.Indicators
	writes     []string // what is written to show that
}{
	{
		name: "nested applications (EPOS IMPACT D, DW, D1)",
		descriptor: telephonyPage + "09 05 a1 01 85 02 " + bits + "09 20 95 01 81 22 " +
			telephonyPage + "09 05 a1 01 09 2f 81 06 09 21 81 06 95 05 81 03 c0 " + // an application in an application
			"85 03 " + ledPage + "09 17 95 01 91 22 95 07 91 03 c0",
		controls: "hook mute flash", lights: "off-hook",
		reports: []string{"02 01", "02 03", "02 01", "02 05", "02 01", "02 00"},
		events:  []string{"off-hook", "mute-press", "flash", "on-hook"},
		show:    devices.Indicators{OffHook: true}, writes: []string{"03 01"},
	},
	{
		name: "an empty telephony collection beside that of the keys (Razer Kraken Kitty)",
		descriptor: telephonyPage + "09 05 a1 01 c0 " +
			telephonyPage + "09 05 a1 01 " + bits + "09 20 95 01 81 22 95 07 81 03 c0",
		controls: "hook", reports: []string{"01", "00"}, events: []string{"off-hook", "on-hook"},
	},
	{
		name: "inputs that claim to be constant and carry data (Anker PowerConf, BOYA, Razer microphone)",
		descriptor: telephonyPage + "09 05 a1 01 85 02 " + bits + "09 20 95 01 81 23 09 2f 81 07 09 21 81 07 95 05 81 03 " +
			ledPage + "09 17 09 09 95 02 91 22 95 06 91 03 c0",
		controls: "hook mute flash", lights: "off-hook mute",
		reports: []string{"02 01", "02 03", "02 01", "02 05", "02 01", "02 00"},
		events:  []string{"off-hook", "mute-press", "flash", "on-hook"},
		show:    devices.Indicators{OffHook: true, Mute: true}, writes: []string{"02 03"},
	},
	{
		name: "a keypad nibble across two bytes (Jabra Link, Yealink WH66)",
		descriptor: telephonyPage + "09 01 a1 01 85 02 " + bits + "09 20 95 01 81 22 95 06 81 03 " +
			"09 06 a1 02 19 b0 29 bb 15 01 25 0c 75 04 95 01 81 00 c0 75 05 81 03 c0",
		controls: "hook keypad",
		reports:  []string{"02 01 00", "02 81 00", "02 01 00", "02 01 01", "02 01 00", "02 01 06", "02 01 00"},
		// Values 1, 2 and 12: the lowest bit is the last of the first byte.
		events: []string{"off-hook", "key-down 0", "key-up 0", "key-down 1", "key-up 1", "key-down #", "key-up #"},
	},
	{
		name: "the telephony collection is the last of several (Poly BT700, SC660, Blackwire 5220)",
		descriptor: consumerPage + "09 01 a1 01 85 01 " + bits + "09 e9 09 ea 95 02 81 02 95 06 81 03 c0 " +
			"06 a0 ff 09 03 a1 01 85 05 75 08 95 04 09 01 81 02 c0 " +
			"05 01 09 80 a1 01 85 07 75 01 95 01 09 82 81 02 95 07 81 03 c0 " +
			telephonyPage + "09 05 a1 01 85 08 " + bits + "09 20 95 01 81 22 95 07 81 03 c0",
		controls: "hook volume",
		reports:  []string{"05 01 02 03 04", "01 01", "01 00", "08 01", "01 02", "01 00", "08 00"},
		events:   []string{"volume-up", "off-hook", "volume-down", "on-hook"},
	},
	{
		name: "reports without IDs (TigerJet, C-Media)",
		descriptor: telephonyPage + "09 04 a1 01 " + bits + "09 20 95 01 81 22 95 07 81 03 " +
			ledPage + "09 18 95 01 91 22 95 07 91 03 c0",
		controls: "hook", lights: "ring", reports: []string{"01", "00"}, events: []string{"off-hook", "on-hook"},
		show: devices.Indicators{Ring: true}, writes: []string{"00 01"},
	},
	{
		name: "a report for each light (Plantronics)",
		descriptor: telephonyPage + "09 05 a1 01 85 08 " + bits + "09 20 95 01 81 22 95 07 81 03 " + ledPage +
			"85 09 09 09 95 01 91 22 95 07 91 03 85 17 09 17 95 01 91 22 95 07 91 03 85 18 09 18 95 01 91 22 95 07 91 03 c0",
		controls: "hook", lights: "off-hook ring mute", reports: []string{"08 01"}, events: []string{"off-hook"},
		show: devices.Indicators{OffHook: true}, writes: []string{"09 00", "17 01", "18 00"},
	},
	{
		name: "telephony keys in a consumer collection (C-Media HS-100B)",
		descriptor: consumerPage + "09 01 a1 01 " + bits + "09 e9 09 ea 95 02 81 02 " +
			telephonyPage + "09 2f 95 01 81 06 09 20 81 06 95 04 81 03 c0",
		controls: "hook mute volume",
		reports:  []string{"08", "00", "04", "00", "01", "00", "08", "00"},
		events:   []string{"off-hook", "mute-press", "volume-up", "on-hook"},
	},
	{
		name:       "the key that declines as Programmable Button and Button 1 in one (Plantronics, CX300, Dell)",
		descriptor: telephonyPage + "09 05 a1 01 " + bits + "09 20 95 01 81 22 09 07 " + buttonPage + "09 01 81 02 95 06 81 03 c0",
		controls:   "hook reject", reports: []string{"02", "00"}, events: []string{"reject"},
	},
	{
		name:       "the page changes after the usage (Jabra, PowerConf, BOYA)",
		descriptor: telephonyPage + "09 05 a1 01 " + bits + "09 20 95 01 81 22 09 07 " + buttonPage + "81 02 95 06 81 03 c0",
		controls:   "hook reject", reports: []string{"02", "00"}, events: []string{"reject"},
	},
	{
		name:       "a key in an array of one bit with a null state (EPOS IMPACT)",
		descriptor: telephonyPage + "09 05 a1 01 " + bits + "09 20 95 01 81 22 09 07 " + buttonPage + "09 01 81 40 95 06 81 03 c0",
		controls:   "hook reject", reports: []string{"02", "00"}, events: []string{"reject"},
	},
	{
		name: "the vendor repeats the controls on a page of his own (Jabra FF00, FF30)",
		descriptor: telephonyPage + "09 05 a1 01 85 02 " + bits + "09 20 95 01 81 22 09 2f 81 06 95 06 81 03 c0 " +
			"06 00 ff 09 05 a1 01 85 04 " + telephonyPage + "09 20 95 01 81 22 09 2f 81 06 95 06 81 03 c0",
		controls: "hook mute",
		reports:  []string{"02 01", "04 01", "02 03", "04 03", "02 01", "04 01", "02 00", "04 00"},
		events:   []string{"off-hook", "mute-press", "on-hook"},
	},
	{
		name: "usages of four bytes, which have their page in them",
		descriptor: consumerPage + "0b 05 00 0b 00 a1 01 " + bits + "0b 20 00 0b 00 95 01 81 22 0b 2f 00 0b 00 81 06 95 06 81 03 " +
			"0b 17 00 08 00 95 01 91 22 95 07 91 03 c0",
		controls: "hook mute", lights: "off-hook", reports: []string{"01", "03", "01", "00"}, events: []string{"off-hook", "mute-press", "on-hook"},
	},
	{
		name:       "more usages than controls, and a logical maximum of FF that is -1",
		descriptor: telephonyPage + "09 05 a1 01 15 00 25 ff 75 01 09 20 09 97 95 01 81 22 15 00 25 01 09 2f 81 06 95 06 81 03 c0",
		controls:   "hook mute", reports: []string{"01", "03", "01", "00"}, events: []string{"off-hook", "mute-press", "on-hook"},
	},
	{
		name: "outputs padded to 16 bits (Jabra), whose other bits stay 0",
		descriptor: telephonyPage + "09 05 a1 01 85 02 " + bits + "09 20 95 01 81 22 95 0f 81 03 " +
			ledPage + "09 17 09 09 09 18 09 20 95 04 91 22 95 0c 91 03 c0",
		controls: "hook", lights: "off-hook ring mute hold", reports: []string{"02 01 00"}, events: []string{"off-hook"},
		show: devices.Indicators{OffHook: true, Hold: true}, writes: []string{"02 09 00"},
	},
	{
		name: "push and pop, units, and a long item",
		descriptor: telephonyPage + "09 05 a1 01 " + bits + "95 01 a4 75 08 15 01 65 14 55 0e b4 fe 03 f0 01 02 03 " +
			"09 20 81 22 09 2f 81 06 95 06 81 03 c0",
		controls: "hook mute", reports: []string{"01", "03", "01", "00"}, events: []string{"off-hook", "mute-press", "on-hook"},
	},
	{
		name: "a ringer and the busy line as outputs and inputs of the telephony page",
		descriptor: telephonyPage + "09 05 a1 01 85 02 " + bits + "09 20 09 97 95 02 81 22 95 06 81 03 " +
			"09 9e 95 01 91 22 95 07 91 03 c0",
		controls: "hook", lights: "ringer", reports: []string{"02 02", "02 03", "02 00"}, events: []string{"off-hook", "on-hook"},
		show: devices.Indicators{Ring: true}, writes: []string{"02 01"},
	},
}

func TestOdditiesOfRealDevices(t *testing.T) {
	for _, tt := range oddities {
		t.Run(tt.name, func(t *testing.T) {
			raw, err := report.ReadDescriptor([]byte(tt.descriptor))
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				n := newNode(raw)
				var written []string
				n.onWrite = func(rep []byte) { written = append(written, fmt.Sprintf("% x", rep)) }
				d, err := devices.Open(n, devices.Options{})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { d.Close() })
				controls, lights := strings.Join(d.Controls(), " "), strings.Join(d.Lights(), " ")
				if controls != tt.controls || lights != tt.lights {
					t.Errorf("controls %q, lights %q", controls, lights)
				}
				r := &rig{t: t, dev: d}
				for _, text := range tt.reports {
					rep, err := report.ReadDescriptor([]byte(text)) // hexadecimal text
					if err != nil {
						t.Fatal(err)
					}
					n.in <- rep
					synctest.Wait()
				}
				r.wantEvents("the reports", tt.events...)
				if tt.writes == nil {
					return
				}
				written = nil
				d.Show(tt.show)
				synctest.Wait()
				if !slices.Equal(written, tt.writes) {
					t.Errorf("%+v: wrote %q, want %q", tt.show, written, tt.writes)
				}
			})
		})
	}
}

// A device that has nothing but an empty collection is no telephone.
func TestAnEmptyTelephonyCollectionAlone(t *testing.T) {
	raw, err := report.ReadDescriptor([]byte(consumerPage + "09 01 a1 01 " + bits + "09 e9 95 01 81 02 95 07 81 03 c0 " + telephonyPage + "09 05 a1 01 c0"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := devices.Describe(raw)
	if err != nil {
		t.Fatal(err)
	}
	if k, ok := d.Telephony(); ok || len(d.Controls) > 0 {
		t.Errorf("kind %v, controls %q", k, d.Controls)
	}
}
