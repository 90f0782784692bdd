package virtual

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"offhook/hid"
	"offhook/hid/report"
)

func model(t *testing.T, name string) Profile {
	t.Helper()
	p, err := ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func plug(t *testing.T, p *Phone) hid.Device {
	t.Helper()
	d, err := p.Plug()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// reports reads n input reports.
func reports(t *testing.T, d hid.Device, n int) []string {
	t.Helper()
	var got []string
	buf := make([]byte, 64)
	for range n {
		n, err := d.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("% x", buf[:n]))
	}
	return got
}

func TestKeysSendTheReportsOfTheLayout(t *testing.T) {
	tests := []struct {
		profile string
		do      func(*Phone) error
		want    []string
	}{
		{"handset", (*Phone).Lift, []string{"01 01 00"}},
		{"handset", func(p *Phone) error { return p.Press("0") }, []string{"01 20 00", "01 00 00"}},
		{"handset", func(p *Phone) error { return p.Press("#") }, []string{"01 80 01", "01 00 00"}}, // 12 across the byte border
		{"handset", (*Phone).PressMute, []string{"01 02 00", "01 00 00"}},
		{"handset", func(p *Phone) error { return p.PressVolume(true) }, []string{"06 01", "06 00"}},
		{"phone", (*Phone).Lift, []string{"10 00 40"}},
		{"phone", func(p *Phone) error { return p.Press("1") }, []string{"10 00 01", "10 00 00"}}, // 2 at bit 7
		{"headset", (*Phone).PressHook, []string{"02 01"}},
		{"headset", (*Phone).PressReject, []string{"02 20", "02 00"}},
		{"headset-relative", (*Phone).PressHook, []string{"03 02", "03 00"}},
		{"handset-unnumbered", (*Phone).Lift, []string{"00 10 00"}},
		{"handset-unnumbered", func(p *Phone) error { return p.Press("9*") }, []string{"00 02 00", "00 00 00", "00 04 00", "00 00 00"}},
		{"headset-mute-switch", (*Phone).PressMute, []string{"01 02"}},
		{"headset-consumer", (*Phone).PressHook, []string{"10 00 00 00", "00 00 00 00"}},
	}
	for _, tt := range tests {
		t.Run(tt.profile+" "+tt.want[0], func(t *testing.T) {
			p := New(model(t, tt.profile))
			d := plug(t, p)
			if err := tt.do(p); err != nil {
				t.Fatal(err)
			}
			if got := reports(t, d, len(tt.want)); !slices.Equal(got, tt.want) {
				t.Fatalf("reports %q, want %q", got, tt.want)
			}
		})
	}
}

func TestOutputReportsSetTheLightsAndNothingElseDoes(t *testing.T) {
	tests := []struct {
		profile string
		write   []byte
		lit     []string
	}{
		{"handset", []byte{2, 0x21}, []string{"ring", "ringer"}},
		{"handset", []byte{2, 0x02}, []string{"off-hook"}},
		{"handset", []byte{2, 0x01, 0}, nil}, // too long: ignored
		{"handset", []byte{2}, nil},          // too short
		{"handset", []byte{7, 0xFF}, nil},    // no such report
		{"headset", []byte{2, 0x05, 0}, []string{"off-hook", "ring"}},
		{"headset", []byte{2, 0x05}, nil}, // the report has two bytes
		{"handset-unnumbered", []byte{0, 0x0A}, []string{"hold", "ring"}},
		{"headset-report-per-light", []byte{0x18, 1}, []string{"ring"}},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s % x", tt.profile, tt.write), func(t *testing.T) {
			p := New(model(t, tt.profile))
			d := plug(t, p)
			if err := d.Write(tt.write); err != nil {
				t.Fatal(err)
			}
			if got := p.State().Lit(); !slices.Equal(got, append([]string{}, tt.lit...)) {
				t.Fatalf("lit %q, want %q", got, tt.lit)
			}
			if n := p.State().Reports; n != 1 {
				t.Fatalf("%d reports counted", n)
			}
		})
	}
}

func TestDisplayTakesCharactersAtTheCursor(t *testing.T) {
	p := New(model(t, "handset"))
	d := plug(t, p)
	write := func(row, col byte, text string) {
		t.Helper()
		rep := append([]byte{5, row, col}, fmt.Sprintf("%-20.20s", text)...)
		if err := d.Write(rep); err != nil {
			t.Fatal(err)
		}
	}
	want := func(lines ...string) {
		t.Helper()
		if got := p.State().Display; !slices.Equal(got, lines) {
			t.Fatalf("display %q, want %q", got, lines)
		}
	}
	want("", "")
	write(0, 0, "hello")
	write(1, 3, "world that is too long for it")
	want("hello", "   world that is too")
	write(2, 0, "no such row")
	write(0, 20, "no such column")
	want("hello", "   world that is too")
	if err := d.Write([]byte{4, 1}); err != nil {
		t.Fatal(err)
	}
	want("", "")
}

// TestLayoutsAgreeWithTheirDescriptors compares the table that the firmware
// goes by with what a parser finds in the bytes: two independent readings.
func TestLayoutsAgreeWithTheirDescriptors(t *testing.T) {
	usages := map[report.Usage]string{
		report.U(0x08, 0x17): "off-hook", report.U(0x08, 0x18): "ring", report.U(0x08, 0x09): "mute", report.U(0x08, 0x20): "hold",
		report.U(0x08, 0x19): "message-waiting", report.U(0x08, 0x1E): "speaker", report.U(0x08, 0x21): "microphone",
		report.U(0x08, 0x2A): "on-line", report.U(0x0B, 0x9E): "ringer",
		report.U(0x0B, 0x2F): "mute", report.U(0x0B, 0x21): "flash", report.U(0x0B, 0x24): "redial", report.U(0x0B, 0x23): "hold",
		report.U(0x0B, 0x25): "transfer", report.U(0x0B, 0x26): "drop", report.U(0x0B, 0x31): "send", report.U(0x0B, 0x2B): "speaker",
		report.U(0x0B, 0x2C): "conference", report.U(0x0B, 0x70): "voicemail", report.U(0x0B, 0x72): "dnd",
		report.U(0x0B, 0x07): "reject", report.U(0x09, 0x07): "reject", report.U(0x09, 0x01): "reject",
	}
	for _, p := range Profiles() {
		t.Run(p.Name, func(t *testing.T) {
			d, err := report.Parse(p.Descriptor)
			if err != nil {
				t.Fatal(err)
			}
			l := p.layout
			if d.Numbered != l.numbered {
				t.Errorf("numbered %v, the descriptor says %v", l.numbered, d.Numbered)
			}
			if got := d.Size(report.Input, l.input); got != l.size {
				t.Errorf("input report %d has %d bytes, the descriptor says %d", l.input, l.size, got)
			}
			sizes := l.outputs()
			for _, id := range d.IDs(report.Output) {
				if d.Size(report.Output, id) != sizes[id] {
					t.Errorf("output report %d has %d bytes, the descriptor says %d", id, sizes[id], d.Size(report.Output, id))
				}
				delete(sizes, id)
			}
			if len(sizes) > 0 {
				t.Errorf("output reports %v are not in the descriptor", sizes)
			}
			lights, keys := map[light]bool{}, map[string]int{}
			for i := range d.Fields {
				f := &d.Fields[i]
				name := usages[f.Usage()]
				switch {
				case f.Kind == report.Output && name != "":
					lights[light{name, f.ReportID, f.Bit}] = true
				case f.Kind == report.Input && f.ReportID == l.input && f.Usage() == report.U(0x0B, 0x20):
					if f.Bit != l.hook || (f.Flags&report.Relative != 0) != l.hookRelative {
						t.Errorf("hook at bit %d, flags %x", f.Bit, f.Flags)
					}
				case f.Kind == report.Input && f.ReportID == l.input && name != "" && f.Usage().Page() < 0xFF00:
					if name == "mute" && f.Flags&report.Relative == 0 {
						if f.Bit != l.muteLevel {
							t.Errorf("mute switch at bit %d", f.Bit)
						}
						continue
					}
					keys[name] = f.Bit
				}
			}
			for _, li := range l.lights {
				if !lights[li] {
					t.Errorf("light %+v is not in the descriptor: %v", li, lights)
				}
				delete(lights, li)
			}
			if len(lights) > 0 {
				t.Errorf("the firmware does not know %v", lights)
			}
			if fmt.Sprint(keys) != fmt.Sprint(l.keys) && !(len(keys) == 0 && len(l.keys) == 0) {
				t.Errorf("keys %v, the descriptor says %v", l.keys, keys)
			}
		})
	}
}

func TestMannersOfGetReport(t *testing.T) {
	tests := []struct {
		profile string
		want    string // "" for an error
		takes   time.Duration
	}{
		{"handset", "01 01 00", 0},
		{"handset-unnumbered", "00 10 00", 0},
		{"handset-report-at-opening", "", 0},
		{"handset-stalls-get-report", "", 5 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.profile, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := New(model(t, tt.profile))
				if err := p.Lift(); err != nil {
					t.Fatal(err)
				}
				d := plug(t, p)
				start, buf := time.Now(), make([]byte, 64)
				n, err := d.GetInput(p.layout.input, buf)
				if got := fmt.Sprintf("% x", buf[:n]); got != tt.want || (err == nil) != (tt.want != "") {
					t.Errorf("answer %q, %v; want %q", got, err, tt.want)
				}
				if took := time.Since(start); took != tt.takes {
					t.Errorf("took %v, want %v", took, tt.takes)
				}
			})
		})
	}
}

func TestOpeningReportsTheStateWhereTheProfileSaysSo(t *testing.T) {
	p := New(model(t, "handset-report-at-opening"))
	if err := p.Lift(); err != nil {
		t.Fatal(err)
	}
	if got := reports(t, plug(t, p), 1); got[0] != "01 01 00" {
		t.Fatalf("report %q", got)
	}
}

func TestUnplugWakesEverythingThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(model(t, "handset-stalls-writes"))
		d := plug(t, p)
		results := make(chan error, 2)
		go func() { _, err := d.Read(make([]byte, 8)); results <- err }()
		go func() { results <- d.Write([]byte{2, 1}) }()
		time.Sleep(time.Second)
		p.Unplug()
		for range 2 {
			if err := <-results; !errors.Is(err, hid.ErrGone) {
				t.Errorf("error %v, want ErrGone", err)
			}
		}
		if s := p.State(); s.Plugged || s.Opened || s.Ringing {
			t.Errorf("state %+v", s)
		}
		for what, err := range map[string]error{
			"Press": p.Press("1"), "PressMute": p.PressMute(), "PressVolume": p.PressVolume(true),
		} {
			if !errors.Is(err, ErrUnplugged) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if err := p.Lift(); err != nil {
			t.Error("a handset without its cable can be lifted:", err)
		}
		p.Replug()
		again := plug(t, p)
		if !p.State().Lifted || again.Info() != d.Info() {
			t.Error("the phone that was plugged in again is another one")
		}
	})
}

func TestCloseWakesAReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := plug(t, New(model(t, "handset")))
		got := make(chan error)
		go func() { _, err := d.Read(make([]byte, 8)); got <- err }()
		synctest.Wait()
		if err := errors.Join(d.Close(), d.Close()); err != nil {
			t.Fatal(err)
		}
		if err := <-got; !errors.Is(err, hid.ErrClosed) {
			t.Fatalf("Read: %v", err)
		}
		if err := d.Write([]byte{2, 1}); !errors.Is(err, hid.ErrClosed) {
			t.Fatalf("Write: %v", err)
		}
	})
}

func TestAProfileSaysWhatItLacks(t *testing.T) {
	headset, handset := New(model(t, "headset")), New(model(t, "handset"))
	for name, err := range map[string]error{
		"keypad": headset.Press("1"), "hook button": handset.PressHook(), "hold key": handset.PressControl("hold"),
		"key 'X'": handset.Press("1X"), "volume keys": New(model(t, "phone")).PressVolume(true),
	} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := handset.Press(strings.Repeat("1", 65)); err == nil {
		t.Error("65 keys at once")
	}
	if _, err := ByName("toaster"); err == nil || !strings.Contains(err.Error(), "headset-relative") {
		t.Errorf("an unknown profile: %v", err)
	}
	if p := model(t, ""); p.Name != "handset" || Profiles()[0].Name != "handset" {
		t.Errorf("the default is %q", p.Name)
	}
}

func TestHistoryHasBothDirectionsWithTimesAndIsBounded(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	p := New(model(t, "handset"), WithClock(func() time.Time { now = now.Add(time.Second); return now }), WithSerial("X1"))
	d := plug(t, p)
	if d.Info().Serial != "X1" {
		t.Errorf("serial %q", d.Info().Serial)
	}
	if err := errors.Join(p.Lift(), d.Write([]byte{2, 1})); err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(p.State().History)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"at":"2026-01-02T03:04:06Z","out":false,"bytes":"01 01 00"},{"at":"2026-01-02T03:04:07Z","out":true,"bytes":"02 01"}]`
	if string(got) != want {
		t.Fatalf("history %s\nwant    %s", got, want)
	}
	for range 1000 {
		if err := p.PressMute(); err != nil {
			t.Fatal(err)
		}
	}
	h := p.State().History
	if len(h) != historyLength || h[len(h)-1].Bytes != "01 01 00" {
		t.Fatalf("%d reports, the last %q", len(h), h[len(h)-1].Bytes)
	}
}

func TestAwaitWakesAtEachChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(model(t, "handset"))
		d := plug(t, p)
		go func() {
			time.Sleep(time.Second)
			d.Write([]byte{2, 0x01})
			time.Sleep(time.Second)
			d.Write([]byte{2, 0x02})
		}()
		start := time.Now()
		s, err := p.Await(context.Background(), func(s State) bool { return s.Lights["off-hook"] })
		if err != nil || s.Ringing || time.Since(start) != 2*time.Second {
			t.Fatalf("after %v: %+v, %v", time.Since(start), s, err)
		}
	})
}

func TestEverythingAtOnce(t *testing.T) {
	p := New(model(t, "handset"))
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 50 {
				d, err := p.Plug()
				if err != nil {
					continue
				}
				d.Write([]byte{2, byte(i)})
				p.Press("12")
				p.PressMute()
				p.State()
				if i == 0 {
					p.Unplug()
					p.Replug()
				}
				d.GetInput(1, make([]byte, 8))
				d.Close()
			}
		})
	}
	wg.Wait()
	if p.State().Opened {
		t.Fatal("somebody is left")
	}
}
