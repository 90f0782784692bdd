package devices

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"offhook/devices/profile"
	"offhook/hid/report"
)

// captures is a folder beside the repository with report descriptors of real
// devices; it is not part of a clone.
const captures = "../../shared/data/hid-descriptors"

// realDevices is what is known of them: kind, controls and lights, as measured
// with another parser or read by hand.
var realDevices = map[string]struct {
	kind     Kind
	controls string
	lights   string
}{
	"0000_0000_gonnect_synthetic_telephony_headset":      {Headset, "hook mute", "off-hook ring mute"},
	"045e_003b_ms_sidewinder_game_voice":                 {0, "", ""},
	"046d_0944_logitech_mx_brio":                         {Headset, "hook mute", "mute on-line"},
	"046d_0a37_logitech_h540_tlc_consumer":               {0, "", ""},
	"047f_c053_plantronics_blackwire_c5220":              {Headset, "hook mute flash redial reject volume", "off-hook ring mute hold speaker on-line"},
	"047f_c056_plantronics_blackwire_3220_tlc_ffa0":      {0, "", ""},
	"047f_c056_plantronics_blackwire_3220_tlc_telephony": {Headset, "hook mute flash", "off-hook ring mute hold speaker on-line"},
	"05ac_0000_apple_lightning_earpods":                  {Headset, "flash volume", ""},
	"06e6_c200_tigerjet_magicjack":                       {Phone, "hook mute flash redial hold transfer drop send keypad volume", ""},
	"095d_9201_polycom_cx300":                            {Phone, "hook mute flash redial speed-dial reject keypad", "off-hook"},
	"0b0e_2453_jabra_biz_2400_ii":                        {Headset, "hook mute flash redial voicemail speed-dial reject keypad volume", "off-hook ring mute hold microphone ringer"},
	"0d8c_0014_cmedia_hs100b_kernel_fixed":               {Headset, "hook mute volume", ""},
	"1395_009c_epos_impact_d1":                           {Headset, "hook mute flash redial drop reject volume", "off-hook ring mute hold microphone on-line"},
	"1532_0000_razer_kraken_kitty_v2":                    {0, "", ""},
	"1532_0000_razer_mic":                                {Headset, "hook volume", ""},
	"1532_0565_razer_blackshark_v2_hyperspeed_if3":       {Headset, "hook mute flash redial line speed-dial reject volume", "off-hook ring mute hold microphone on-line"},
	"291a_3301_anker_powerconf":                          {Headset, "hook mute flash voicemail speed-dial reject keypad volume", "off-hook ring mute hold microphone ringer"},
	"2f05_003b_boya_mini_2":                              {Phone, "hook mute flash speed-dial reject keypad volume", "off-hook ring mute hold message-waiting speaker microphone"},
	"6993_b02b_yealink_wh66":                             {Headset, "hook mute flash redial speed-dial reject keypad volume", "off-hook ring mute hold microphone ringer"},
	"6993_ffff_yealink_usb_phone_adapter_freebsd":        {0, "", ""},
}

func TestRealDescriptorsGiveTheControlsAndLightsThatAreKnown(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(captures, "*.hex"))
	if len(files) == 0 {
		t.Skip("no captured descriptors beside this repository; the emulated phones cover the same rules")
	}
	for _, file := range files {
		stem := strings.TrimSuffix(filepath.Base(file), ".hex")
		t.Run(stem, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := report.ReadDescriptor(text)
			if err != nil {
				t.Fatal(err)
			}
			d, err := Describe(raw)
			if err != nil {
				t.Fatal(err)
			}
			want, ok := realDevices[stem]
			if !ok {
				t.Fatalf("a descriptor that the table does not have: kind %v, controls %q, lights %q", d.kind, d.Controls, d.Indicators)
			}
			if d.kind != want.kind {
				t.Errorf("kind %v, want %v", d.kind, want.kind)
			}
			if got := strings.Join(d.Controls, " "); got != want.controls {
				t.Errorf("controls %q, want %q", got, want.controls)
			}
			if got := strings.Join(d.Indicators, " "); got != want.lights {
				t.Errorf("indicators %q, want %q", got, want.lights)
			}
		})
	}
}

// captured parses one of the files, or skips the test.
func captured(t *testing.T, stem string) *report.Descriptor {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(captures, stem+".hex"))
	if err != nil {
		t.Skip("no captured descriptors beside this repository")
	}
	raw, err := report.ReadDescriptor(text)
	if err != nil {
		t.Fatal(err)
	}
	d, err := report.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestRealReportsGiveTheirEvents(t *testing.T) {
	tests := []struct {
		name, stem string
		reports    [][]byte
		want       []EventKind
		keys       string
	}{
		{"CX300 lifted, dials 1 and #, put down", "095d_9201_polycom_cx300", [][]byte{
			{1, 1, 0, 0, 0, 0, 0, 0}, {1, 1, 2, 0, 0, 0, 0, 0}, {1, 1, 0, 0, 0, 0, 0, 0},
			{1, 1, 12, 0, 0, 0, 0, 0}, {1, 1, 0, 0, 0, 0, 0, 0}, {1, 0, 0, 0, 0, 0, 0, 0},
		}, []EventKind{OffHook, KeyDown, KeyUp, KeyDown, KeyUp, OnHook}, "11##"},
		{"TigerJet array keys", "06e6_c200_tigerjet_magicjack", [][]byte{
			{0, 0x80}, {1, 0x80}, {0, 0x80}, {0x40, 0x80}, {0, 0x80}, {0x60, 0x80}, {0x10, 0x80}, {0, 0x80}, {0, 0x8C}, {0, 0x84}, {0, 0},
		}, []EventKind{OffHook, KeyDown, KeyUp, DropPress, MutePress, TransferPress, VolumeDown, VolumeUp, OnHook}, "00"},
		{"HS-100B relative hook and mute level", "0d8c_0014_cmedia_hs100b_kernel_fixed", [][]byte{
			{0x10, 0, 0, 0}, {0, 0, 0, 0}, {0x10, 0, 0, 0}, {0, 0, 0, 0}, {8, 0, 0, 0}, {0, 0, 0, 0}, {1, 0, 0, 0},
		}, []EventKind{OffHook, OnHook, MuteOn, MuteOff, VolumeUp}, ""},
		{"PowerConf, whose inputs claim to be constant", "291a_3301_anker_powerconf", [][]byte{
			{2, 1, 0}, {2, 5, 0}, {2, 1, 0}, {2, 0, 4},
		}, []EventKind{OffHook, MutePress, Reject, OnHook}, ""},
		{"EPOS reject in an array of one bit", "1395_009c_epos_impact_d1", [][]byte{
			{2, 0x20}, {2, 0}, {2, 0x20}, {2, 0}, {4, 0x20}, {4, 0},
		}, []EventKind{Reject, Reject}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dev := newDevice(&quiet{}, newTelephony(newLayout(captured(t, tt.stem), &profile.Profile{})), Options{})
			dev.opening = false
			var got []EventKind
			var keys string
			for _, rep := range tt.reports {
				for _, e := range dev.take(rep) {
					got = append(got, e.Kind)
					if e.Key >= ' ' {
						keys += string(rune(e.Key))
					}
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("events %v, want %v", got, tt.want)
			}
			if keys != tt.keys {
				t.Errorf("keys %q, want %q", keys, tt.keys)
			}
		})
	}
}
