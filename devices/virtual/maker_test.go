package virtual

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"offhook/hid"
)

func TestVendorPhonesSendTheBytesOfTheirSources(t *testing.T) {
	key := func(name string) func(*Phone) error {
		return func(p *Phone) error { return p.PressControl(name) }
	}
	tests := []struct {
		profile string
		do      func(*Phone) error
		want    []string
	}{
		// arkygeek/voipHandset: 1 is 07 lifted; on the cradle 06, and 04 when let go.
		{"hp-handset", (*Phone).Lift, []string{"00 01"}},
		{"hp-handset", func(p *Phone) error { return p.Press("1") }, []string{"00 06", "00 04"}},
		{"hp-handset", func(p *Phone) error { return errors.Join(p.Lift(), p.Press("1#"), p.HangUp()) },
			[]string{"00 01", "00 07", "00 05", "00 33", "00 31", "00 30"}},
		{"hp-handset", key("red"), []string{"00 42", "00 40"}},
		{"cypress-phone", key("green"), []string{"01 02 00 01 01 01 01 01", "01 00 00 01 01 01 01 01"}},
		{"cypress-phone", key("red"), []string{"01 0e 00 01 01 01 01 01"}},
		{"cypress-phone", func(p *Phone) error { return p.Press("#") }, []string{"01 12 00 01 01 01 01 01"}},
		{"cypress-phone", key("volume-down"), []string{"01 1c 00 01 01 01 01 01"}},
		{"goodcom", func(p *Phone) error { p.take([]byte{2, 0, 0, 0, 0, 0, 0, 0}); return p.Press("#") },
			[]string{"02 61 90 2f 00 00 00 00", "02 60 00 25 00 00 00 00", "02 61 90 0f 00 00 00 00"}},
		{"webtalker", key("green"), []string{"40 08 00 00", "40 88 00 00"}},
		{"webtalker", key("up"), []string{"40 00 00 00", "40 80 00 00"}},
		{"webtalker", func(p *Phone) error { return p.Press("0") }, []string{"40 15 00 00", "40 95 00 00"}},
	}
	for _, tt := range tests {
		t.Run(tt.profile+" "+tt.want[0], func(t *testing.T) {
			p := New(model(t, tt.profile))
			d := plug(t, p)
			if err := tt.do(p); err != nil {
				t.Fatal(err)
			}
			if got := reports(t, d, len(tt.want)); !slices.Equal(got, tt.want) {
				t.Errorf("sent %q, want %q", got, tt.want)
			}
		})
	}
}

func TestTheEX03SendsNoiseBehindKeyAndHook(t *testing.T) {
	p := New(model(t, "ex-03"))
	d := plug(t, p)
	idle := reports(t, d, 2)
	if !strings.HasPrefix(idle[0], "01 00 ff fe ") || len(idle[0]) != 17*3-1 || idle[0] == idle[1] {
		t.Errorf("idle %q", idle)
	}
	if err := errors.Join(p.Lift(), p.Press("0")); err != nil {
		t.Fatal(err)
	}
	got := reports(t, d, 6)
	if !strings.HasPrefix(got[0], "01 00 00 fe ") || !strings.HasPrefix(got[2], "01 15 00 fe ") || !strings.HasPrefix(got[4], "01 00 00 fe ") {
		t.Errorf("lifted, and 0 pressed: %q", got)
	}
}

func TestVendorPhonesTakeTheirReportsAndNoOthers(t *testing.T) {
	lcd := func(at int, v byte) []byte {
		rep := make([]byte, 33)
		rep[0], rep[1], rep[at] = 0x03, 0x11, v
		return rep
	}
	ring := func(v byte) []byte { return append([]byte{0x01, v, 0x11}, make([]byte, 30)...) }
	tests := []struct {
		profile string
		feature bool
		rep     []byte
		lit     string
		display []string
	}{
		{"hp-handset", true, []byte{0, 0x11}, "off-hook speaker", []string{}},
		{"hp-handset", true, []byte{0, 0x40}, "mute", []string{}},
		{"hp-handset", true, []byte{0, 0xAE}, "", []string{}}, // bits without effect
		{"hp-handset", false, []byte{0, 0xFF}, "", []string{}},
		{"ex-03", false, ring(0xFF), "ring", []string{"", ""}},
		{"ex-03", false, ring(0), "", []string{"", ""}},
		{"ex-03", false, ring(0xFF)[:32], "", []string{"", ""}},
		{"ex-03", false, lcd(17, 1), "off-hook", []string{"", ""}},
		{"ex-03", false, lcd(18, 0x06), "", []string{"1", ""}}, // B and C
		{"ex-03", false, lcd(32, 0x60), "", []string{"", "1"}}, // the same with its nibbles swapped
		{"ex-03", false, lcd(23, 0x70), "", []string{"", "         1"}},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s % x", tt.profile, tt.rep[:2]), func(t *testing.T) {
			p := New(model(t, tt.profile))
			d := plug(t, p)
			var err error
			if tt.feature {
				err = d.(hid.FeatureDevice).SetFeature(tt.rep)
			} else {
				err = d.Write(tt.rep)
			}
			if s := p.State(); err != nil || strings.Join(s.Lit(), " ") != tt.lit || !slices.Equal(s.Display, tt.display) {
				t.Errorf("%v: lit %q, display %q", err, s.Lit(), s.Display)
			}
			p.Unplug()
			if s := p.State(); len(s.Lit()) > 0 || strings.Join(s.Display, "") != "" {
				t.Errorf("without power: lit %q, display %q", s.Lit(), s.Display)
			}
		})
	}
}

func TestWhatAVendorPhoneAnswers(t *testing.T) {
	p := New(model(t, "hp-handset"))
	d := plug(t, p).(hid.FeatureDevice)
	buf := make([]byte, 64)
	for _, lifted := range []bool{false, true} {
		if lifted {
			if err := p.Lift(); err != nil {
				t.Fatal(err)
			}
		}
		n, err := d.GetFeature(0, buf)
		if err != nil || n != 64 || (buf[2]&1 != 0) != lifted {
			t.Errorf("lifted %v: %d bytes, byte 2 is %02x, %v", lifted, n, buf[2], err)
		}
	}
	if _, err := d.GetFeature(1, buf); err == nil {
		t.Error("a report that it has not")
	}
	if err := d.SetFeature([]byte{0, 1, 2}); err == nil {
		t.Error("a report of another length")
	}
	if _, err := d.GetInput(0, buf); err == nil {
		t.Error("it was not known to answer this")
	}
	// A phone without feature reports, and one without its cable.
	if err := plug(t, New(model(t, "handset"))).(hid.FeatureDevice).SetFeature([]byte{0, 1}); err == nil {
		t.Error("a feature report to a phone without any")
	}
	p.Unplug()
	if _, err := d.GetFeature(0, buf); !errors.Is(err, hid.ErrGone) {
		t.Errorf("unplugged: %v", err)
	}
	if err := d.SetFeature([]byte{0, 1}); !errors.Is(err, hid.ErrGone) {
		t.Errorf("unplugged: %v", err)
	}
	if err := p.Press("1"); !errors.Is(err, ErrUnplugged) {
		t.Errorf("unplugged: %v", err)
	}
}

func TestVendorPhonesSayWhatTheyLack(t *testing.T) {
	p := New(model(t, "cypress-phone"))
	plug(t, p)
	for what, err := range map[string]error{
		"hold key": p.PressControl("hold"), "A key": p.Press("A"), "hook button": p.PressHook(), "flash key": p.PressFlash(),
	} {
		if err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := p.Await(context.Background(), func(s State) bool { return s.Opened && s.Reports == 0 && !s.Lifted }); err != nil {
		t.Error(err)
	}
}
