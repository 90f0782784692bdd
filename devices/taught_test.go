package devices

import (
	"slices"
	"testing"
	"time"

	"offhook/devices/profile"
)

// A phone that reports 01 KK: KK is 02 and 0E for the green and the red key, 03 for
// key 1, and 80 is set while it is muted. Report 7 has its lights.
const taughtTable = `source  this test
device  1234:5678  Some phone
hook    @1.0.7=02  lift
hook    @1.0.7=0E  put-down
key 1   @1.0.7=03
key 2   @1.0.7=04
redial  @1.0.7=05
mute    @1.7.1     level
light   ring       @7.1.1
light   off-hook   @7.8.8=40
fact    output-length 7 5
`

func newTaughtDevice(t *testing.T, table string) *Device {
	t.Helper()
	list, err := profile.Read("test", table)
	if err != nil {
		t.Fatal(err)
	}
	d := newDevice(&quiet{}, newTaught(&list[0]), Options{})
	d.opening = false
	return d
}

func kindsOf(events []Event) []EventKind {
	var list []EventKind
	for _, e := range events {
		list = append(list, e.Kind)
	}
	return list
}

func TestAProfileOfPlacesDrivesADeviceWithoutADescriptor(t *testing.T) {
	d := newTaughtDevice(t, taughtTable)
	if a := d.about; a.kind != KeyedHandset || a.driver != "profile" || !slices.Equal(a.controls, []string{"hook", "mute", "redial", "keypad"}) ||
		!slices.Equal(a.lights, []string{"off-hook", "ring"}) {
		t.Errorf("%+v", a)
	}
	for _, step := range []struct {
		report []byte
		want   []EventKind
	}{
		{[]byte{1, 0x02}, []EventKind{OffHook}},
		{[]byte{1, 0x02}, nil},
		{[]byte{1, 0x03}, []EventKind{KeyDown}},
		{[]byte{1, 0x04}, []EventKind{KeyUp, KeyDown}},
		{[]byte{1, 0x00}, []EventKind{KeyUp}},
		{[]byte{2, 0x02}, nil}, // another report
		{[]byte{1}, nil},       // too short
		{[]byte{1, 0x85}, []EventKind{Redial, MuteOn}},
		{[]byte{1, 0x80}, nil},
		{[]byte{1, 0x00}, []EventKind{MuteOff}},
		{[]byte{1, 0x02}, []EventKind{SendPress}},
		{[]byte{1, 0x0E}, []EventKind{OnHook}},
		{[]byte{1, 0x00}, nil},
		{[]byte{1, 0x0E}, []EventKind{DropPress}},
	} {
		got := kindsOf(d.take(step.report))
		slices.Sort(got)
		want := slices.Sorted(slices.Values(step.want))
		if !slices.Equal(got, want) {
			t.Errorf("% x makes %v, want %v", step.report, got, step.want)
		}
	}
	for _, step := range []struct {
		show Indicators
		want []byte
	}{
		{Indicators{}, []byte{7, 0, 0, 0, 0}},
		{Indicators{Ring: true}, []byte{7, 2, 0, 0, 0}},
		{Indicators{OffHook: true}, []byte{7, 0, 0x40, 0, 0}},
	} {
		m := d.driver.render(step.show)
		if len(m) != 1 || !slices.Equal(m[0].report, step.want) {
			t.Errorf("%+v is written as %+v, want % x", step.show, m, step.want)
		}
	}
}

func TestACradleByPlaceHasABaseline(t *testing.T) {
	d := newTaughtDevice(t, "source t\ndevice 0001:0001 x\nhook @0.3.1 level\n")
	d.opening = true
	if got := d.take([]byte{8}); got != nil {
		t.Errorf("while opening: %v", got)
	}
	if lifted, err := d.driver.opened(); !lifted || err != nil {
		t.Errorf("lifted %t, %v", lifted, err)
	}
	d.opening = false
	if got := kindsOf(d.take([]byte{0})); !slices.Equal(got, []EventKind{OnHook}) {
		t.Errorf("put down: %v", got)
	}
}

func TestWhatAProfileSaysOfVolumeKeysIsKept(t *testing.T) {
	raw := controlDescriptor(0x20, 0x22, 0, 1, 0x17)
	l := newLayout(parsed(t, raw), &profile.Profile{Facts: map[string]profile.Fact{
		"same-key-ms": {Numbers: []uint32{5}}, "opposite-key-ms": {Numbers: []uint32{220}},
	}})
	d := newTelephony(l)
	begin := time.Unix(1000, 0)
	for _, step := range []struct {
		kind    EventKind
		after   time.Duration
		doubled bool
	}{
		{VolumeUp, 0, false}, {VolumeUp, 5, true}, {VolumeUp, 20, false}, {VolumeDown, 200, true},
		{VolumeDown, 300, false}, {MutePress, 301, false}, {VolumeDown, 306, false},
	} {
		if got := d.doubled(step.kind, begin.Add(step.after*time.Millisecond)); got != step.doubled {
			t.Errorf("%v after %d ms: doubled %t", step.kind, step.after, got)
		}
	}
}

func TestMuteIsShownOnlyOffHookWhereNothingElseWorks(t *testing.T) {
	raw := []byte{
		0x05, 0x0B, 0x09, 0x05, 0xA1, 0x01, 0x85, 1, 0x15, 0, 0x25, 1, 0x75, 1, 0x95, 1, 0x09, 0x20, 0x81, 0x22,
		0x05, 0x08, 0x85, 2, 0x09, 0x09, 0x91, 0x22, 0x85, 3, 0x09, 0x17, 0x91, 0x22, 0xC0,
	}
	l := newLayout(parsed(t, raw), &profile.Profile{Facts: map[string]profile.Fact{
		"mute-needs-off-hook": {}, "output-length": {Numbers: []uint32{2, 3}},
	}})
	d := newTelephony(l)
	for _, step := range []struct {
		show Indicators
		want [][]byte
	}{
		{Indicators{Mute: true}, [][]byte{{3, 0}, {2, 0, 0}}},
		{Indicators{Mute: true, OffHook: true}, [][]byte{{3, 1}, {2, 1, 0}}},
	} {
		var got [][]byte
		for _, m := range d.render(step.show) {
			got = append(got, m.report)
		}
		if !slices.EqualFunc(got, step.want, slices.Equal) {
			t.Errorf("%+v: % x, want % x", step.show, got, step.want)
		}
	}
}

func TestTheFirstReportIsNoNewsWhereAProfileSaysSo(t *testing.T) {
	raw := controlDescriptor(0x20, 0x22, 0, 1, 0x17)
	d := newDevice(&quiet{}, newTelephony(newLayout(parsed(t, raw), &profile.Profile{
		Facts: map[string]profile.Fact{"first-report-is-baseline": {}},
	})), Options{})
	d.opening = false
	if got := d.take([]byte{1}); got != nil {
		t.Errorf("the first report makes %v", got)
	}
	if got := kindsOf(d.take([]byte{0})); len(got) > 1 {
		t.Errorf("then %v", got)
	}
	if got := kindsOf(d.take([]byte{1})); !slices.Equal(got, []EventKind{OffHook}) {
		t.Errorf("a lift makes %v", got)
	}
}

// FuzzTaught gives a driver by places a profile and reports of somebody who means harm.
func FuzzTaught(f *testing.F) {
	f.Add(taughtTable, []byte{2, 1, 2, 2, 1, 0, 3, 1, 0x85, 0})
	f.Add("source s\ndevice 0001:0001 x\nhook @0.3.1=00 level\nlight mute @0.100.32=FFFFFFFF\nfact output-length 0 2\n", []byte{1, 8, 1, 0})
	f.Fuzz(func(t *testing.T, table string, script []byte) {
		list, err := profile.Read("f", table)
		if err != nil || len(list) == 0 || len(script) > 256 {
			return
		}
		p := list[0]
		d := newDevice(&quiet{}, newTaught(&p), Options{})
		for len(script) > 0 {
			n := min(int(script[0]%16), len(script)-1)
			d.take(script[1 : 1+n])
			d.mu.Lock()
			d.opening = script[0]&0x10 != 0
			i := Indicators{OffHook: script[0]&0x20 != 0, Mute: script[0]&0x40 != 0, Ring: script[0]&0x80 != 0}
			d.driver.show(i, time.Time{})
			d.mu.Unlock()
			for _, m := range d.driver.render(i) {
				if len(m.report) == 0 || len(m.report) > maxTaughtOutput {
					t.Errorf("a report of %d bytes", len(m.report))
				}
				d.driver.writing(m, i, time.Time{})
			}
			d.driver.wrote(time.Time{})
			script = script[1+n:]
		}
	})
}

// maxTaughtOutput is the longest output report that a table can ask for, in bytes.
const maxTaughtOutput = 1 + 4096
