package menu

import (
	"bytes"
	"fmt"
	"image/png"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"offhook/phone/control"
)

// text draws a menu as a person would describe it.
func text(m Menu) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<%s> %s\n", m.Icon, m.Title)
	for _, i := range m.Items {
		mark := ""
		if i.Checkable {
			mark = map[bool]string{true: "[x] ", false: "[ ] "}[i.Checked]
		}
		fmt.Fprintf(&b, "%s%s", mark, i.Label)
		if i.Enabled {
			b.WriteString(" !")
		}
		if i.Action != nil {
			fmt.Fprintf(&b, " %s", i.Action.Verb)
			for _, k := range []string{"call", "on"} {
				if v, ok := i.Action.Args[k]; ok {
					fmt.Fprintf(&b, " %s=%s", k, v)
				}
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestMenus(t *testing.T) {
	desk := []control.Account{{Name: "desk", State: "registered"}}
	phone := []control.Handset{{ID: "1:2", Name: "USB Phone", State: "idle"}}
	bob := control.Call{ID: "in-1", Direction: "in", State: "incoming", Peer: "sip:bob@example.org", PeerName: "Bob"}
	carol := control.Call{ID: "out-1", Direction: "out", State: "active", Peer: "sip:carol@example.org"}
	held := carol
	held.ID, held.Held = "out-2", true
	tests := []struct {
		name   string
		status control.Status
		want   string
	}{
		{
			"at rest", control.Status{State: "idle", Accounts: desk, Handsets: phone}, `
<registered> Ready
Ready
desk: registered
USB Phone: ready
[ ] Do not disturb ! dnd on=true
Quit Offhook ! quit
`,
		},
		{
			"do not disturb", control.Status{State: "idle", DND: true, Accounts: desk, Missed: 2}, `
<dnd> Do not disturb is on
Do not disturb is on
desk: registered
2 missed calls
[x] Do not disturb ! dnd on=false
Quit Offhook ! quit
`,
		},
		{
			"ringing", control.Status{State: "ringing", DND: true, Calls: []control.Call{bob}, Missed: 1}, `
<ringing> Ringing
Ringing
Call from Bob
Answer ! answer call=in-1
Decline ! decline call=in-1
1 missed call
[x] Do not disturb ! dnd on=false
Quit Offhook ! quit
`,
		},
		{
			"calling", control.Status{State: "dialing", Calls: []control.Call{{ID: "out-1", State: "alerting", Peer: "600"}}}, `
<in-call> Calling
Calling
Calling 600
Hang up ! hang-up call=out-1
[ ] Mute ! mute on=true
[ ] Do not disturb ! dnd on=true
Quit Offhook ! quit
`,
		},
		{
			"talking, muted", control.Status{
				State: "talking", Muted: true, Calls: []control.Call{carol},
				Handsets: []control.Handset{{Name: "USB Phone", State: "connected", Lifted: true}},
			}, `
<muted> In a call, muted
In a call, muted
Talking to carol
Hold ! hold call=out-1
Hang up ! hang-up call=out-1
[x] Mute ! mute on=false
USB Phone: in a call
[ ] Do not disturb ! dnd on=true
Quit Offhook ! quit
`,
		},
		{
			"one held, one talking, one ringing", control.Status{State: "ringing", Calls: []control.Call{held, carol, bob}}, `
<ringing> Ringing
Ringing
Call from Bob
Answer ! answer call=in-1
Decline ! decline call=in-1
carol, on hold
Resume ! resume call=out-2
Hang up carol ! hang-up call=out-2
Talking to carol
Hold ! hold call=out-1
Hang up carol ! hang-up call=out-1
[ ] Mute ! mute on=true
[ ] Do not disturb ! dnd on=true
Quit Offhook ! quit
`,
		},
		{
			"held by the other side", control.Status{State: "talking", Calls: []control.Call{{ID: "x", State: "active", RemoteHeld: true}}}, `
<in-call> In a call
In a call
unknown, holds us
Hold ! hold call=x
Hang up ! hang-up call=x
[ ] Mute ! mute on=true
[ ] Do not disturb ! dnd on=true
Quit Offhook ! quit
`,
		},
		{
			"an ending call is gone", control.Status{State: "idle", Calls: []control.Call{{ID: "x", State: "ending"}}}, `
<registered> Ready
Ready
[ ] Do not disturb ! dnd on=true
Quit Offhook ! quit
`,
		},
		{
			"one account failed", control.Status{State: "idle", Accounts: append(desk, control.Account{Name: "work", State: "failed", Reason: "Forbidden"})}, `
<problem> Account work is not registered
Account work is not registered
desk: registered
work: failed (Forbidden)
[ ] Do not disturb ! dnd on=true
Quit Offhook ! quit
`,
		},
		{
			"all failed", control.Status{State: "offline", Accounts: []control.Account{{Name: "work", State: "failed", Reason: "Forbidden"}}}, `
<offline> Account work is not registered
Account work is not registered
work: failed (Forbidden)
[ ] Do not disturb ! dnd on=true
Quit Offhook ! quit
`,
		},
		{
			"no handset", control.Status{State: "no-handset", Handsets: []control.Handset{{ID: "1:2", State: "unplugged"}}}, `
<idle> No handset is plugged in
No handset is plugged in
1:2: unplugged
[ ] Do not disturb ! dnd on=true
Quit Offhook ! quit
`,
		},
		{
			"a handset that cannot be used", control.Status{State: "no-handset", Handsets: []control.Handset{{Name: "USB Phone", Error: "no permission"}}}, `
<problem> USB Phone: no permission
USB Phone: no permission
USB Phone: no permission
[ ] Do not disturb ! dnd on=true
Quit Offhook ! quit
`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := "\n" + text(Build(test.status)); got != test.want {
				t.Errorf("got%s\nwant%s", got, test.want)
			}
		})
	}
}

func TestHandsetLines(t *testing.T) {
	for state, want := range map[string]string{
		"idle": "ready", "dial-tone": "lifted", "collecting": "lifted", "tone": "lifted", "connected": "in a call",
		"calling-back": "rings back", "unplugged": "unplugged",
	} {
		if got := handsetLine(control.Handset{Name: "H", State: state}); got != "H: "+want {
			t.Errorf("%s: %q, want %q", state, got, want)
		}
	}
}

func TestWithoutAPhoneThereIsAMenuToo(t *testing.T) {
	want := "<offline> Offhook is not running\nOffhook is not running\nClose this icon !\n"
	if got := text(NotRunning()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestNoStatusNeedsMoreThanTheLayoutHas(t *testing.T) {
	s := control.Status{State: "talking", Missed: 1}
	for i := range 20 {
		s.Calls = append(s.Calls, control.Call{ID: fmt.Sprint(i), State: "active", Peer: "p"})
		s.Accounts = append(s.Accounts, control.Account{Name: fmt.Sprint(i)})
		s.Handsets = append(s.Handsets, control.Handset{ID: fmt.Sprint(i)})
	}
	m := Build(s)
	var order []Section
	for _, p := range Layout() {
		items := m.In(p.Section)
		if len(items) == 0 || len(items) > p.Count {
			t.Errorf("%s: %d items in %d places", p.Section, len(items), p.Count)
		}
		for _, i := range items {
			if i.Checkable != p.Checkable {
				t.Errorf("%s: item %q is checkable: %v", p.Section, i.Label, i.Checkable)
			}
			order = append(order, i.Section)
		}
	}
	for i, item := range m.Items {
		if item.Section != order[i] {
			t.Fatalf("item %d, %q, is out of the layout's order", i, item.Label)
		}
	}
	if last := m.In(Accounts)[7].Label; last != "… and 13 more" {
		t.Errorf("the last account line is %q", last)
	}
	if last := m.In(Calls)[12].Label; last != "… and 16 calls more" {
		t.Errorf("the last call line is %q", last)
	}
}

func TestEveryActionIsAProperCommand(t *testing.T) {
	s := control.Status{State: "ringing", Calls: []control.Call{
		{ID: "a", State: "incoming"}, {ID: "b", State: "active"}, {ID: "c", State: "active", Held: true},
	}}
	n := 0
	for _, i := range Build(s).Items {
		if (i.Action != nil) != i.Enabled {
			t.Errorf("%q: enabled %v, action %v", i.Label, i.Enabled, i.Action)
		}
		if i.Action != nil {
			n++
			if err := i.Action.Check(); err != nil {
				t.Errorf("%q: %v", i.Label, err)
			}
		}
	}
	if n != 9 {
		t.Errorf("%d actions", n)
	}
}

func TestLabelsAreShortAndPrintable(t *testing.T) {
	s := control.Status{State: "ringing", Calls: []control.Call{{ID: "a", State: "incoming", PeerName: strings.Repeat("x\n\x1b\xff", 100)}}}
	for _, i := range Build(s).Items {
		if len([]rune(i.Label)) > 60 || strings.ContainsAny(i.Label, "\n\x1b") || !utf8.ValidString(i.Label) {
			t.Errorf("%q", i.Label)
		}
	}
}

func TestEqualComparesLooksAndActions(t *testing.T) {
	a := Build(control.Status{DND: true}).In(DND)[0]
	same := Build(control.Status{DND: true}).In(DND)[0]
	if !a.Equal(same) {
		t.Error("equal items differ")
	}
	for _, other := range []Item{Build(control.Status{}).In(DND)[0], {Section: DND}, NotRunning().Items[0]} {
		if a.Equal(other) {
			t.Errorf("%+v equals %+v", a, other)
		}
	}
}

func TestIconsAreFilesOfTheirSize(t *testing.T) {
	for _, i := range Icons() {
		for _, size := range []int{22, 32} {
			img, err := png.Decode(bytes.NewReader(i.PNG(size)))
			if err != nil || img.Bounds().Dx() != size || img.Bounds().Dy() != size {
				t.Errorf("%s: %v, %v", i, img.Bounds(), err)
			}
		}
		if dir := os.Getenv("ICONS"); dir != "" { // to look at them
			if err := os.WriteFile(dir+"/"+i.String()+".png", i.PNG(128), 0o644); err != nil {
				t.Error(err)
			}
		}
	}
}

// Two icons must differ when colours are not seen: in what is ink, edge or nothing.
func TestIconsDifferInShape(t *testing.T) {
	const size = 22
	part := func(i Icon) (p [size * size]int) {
		img := i.Draw(size)
		for n := range p {
			c := img.NRGBAAt(n%size, n/size)
			switch {
			case c.A < 0x80:
			case int(c.R)+int(c.G)+int(c.B) < 3*0x60:
				p[n] = 1
			default:
				p[n] = 2
			}
		}
		return p
	}
	icons := Icons()
	for n, a := range icons {
		for _, b := range icons[:n] {
			pa, pb := part(a), part(b)
			differ := 0
			for k := range pa {
				if pa[k] != pb[k] {
					differ++
				}
			}
			if differ < size*size/20 {
				t.Errorf("%s and %s differ in %d of %d pixels", a, b, differ, size*size)
			}
		}
	}
}
