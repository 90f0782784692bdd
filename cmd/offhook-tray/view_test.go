package main

import (
	"fmt"
	"reflect"
	"testing"

	"offhook/phone/control"
	"offhook/phone/menu"
)

// paper is a surface that remembers what it shows and how often it was touched.
type paper struct {
	icon    menu.Icon
	labels  map[int]string
	touches []string
}

func newPaper() *paper { return &paper{labels: map[int]string{}} }

func (p *paper) setIcon(i menu.Icon) { p.icon, p.touches = i, append(p.touches, "icon "+i.String()) }

func (p *paper) put(n int, i menu.Item) {
	p.labels[n] = i.Label
	p.touches = append(p.touches, fmt.Sprintf("put %s %s %v", i.Section, i.Label, i.Checked))
}

func (p *paper) hide(n int) {
	delete(p.labels, n)
	p.touches = append(p.touches, "hide")
}

// visible lists the labels from the top.
func (p *paper) visible() []string {
	var out []string
	for n := range 100 {
		if l, ok := p.labels[n]; ok {
			out = append(out, l)
		}
	}
	return out
}

func TestMenusCoverWhatWasThereBefore(t *testing.T) {
	p := newPaper()
	v := newView(p)
	ringing := control.Status{State: "ringing", Calls: []control.Call{{ID: "a", State: "incoming", PeerName: "Bob"}}, Accounts: []control.Account{{Name: "desk", State: "registered"}}}
	for _, step := range []struct {
		menu menu.Menu
		want []string
	}{
		{menu.NotRunning(), []string{"Offhook is not running", "Close this icon"}},
		{menu.Build(ringing), []string{"Ringing", "Call from Bob", "Answer", "Decline", "desk: registered", "Do not disturb", "Quit Offhook"}},
		{menu.Build(control.Status{State: "idle"}), []string{"Ready", "Do not disturb", "Quit Offhook"}},
		{menu.NotRunning(), []string{"Offhook is not running", "Close this icon"}},
	} {
		v.render(step.menu)
		if got := p.visible(); !reflect.DeepEqual(got, step.want) || p.icon != step.menu.Icon {
			t.Errorf("icon %s, %q\nwant %s, %q", p.icon, got, step.menu.Icon, step.want)
		}
	}
}

func TestOnlyWhatChangedIsTouched(t *testing.T) {
	p := newPaper()
	v := newView(p)
	s := control.Status{State: "idle", Accounts: []control.Account{{Name: "desk", State: "registered"}}}
	v.render(menu.Build(s))
	p.touches = nil
	v.render(menu.Build(s))
	if len(p.touches) > 0 {
		t.Errorf("the same menu again: %q", p.touches)
	}
	s.Accounts[0].State = "registering"
	v.render(menu.Build(s))
	if want := []string{"put accounts desk: registering false"}; !reflect.DeepEqual(p.touches, want) {
		t.Errorf("touched %q, want %q", p.touches, want)
	}
}

func TestAClickedCheckBoxIsDrawnAnew(t *testing.T) {
	p := newPaper()
	v := newView(p)
	m := menu.Build(control.Status{State: "idle"})
	v.render(m)
	item, ok := v.clicked(v.first[menu.DND])
	if !ok || item.Action.Verb != "dnd" || item.Action.Args["on"] != "true" {
		t.Fatalf("%+v, %v", item, ok)
	}
	p.touches = nil
	v.render(m) // the phone refused: nothing has changed, but the tray shows a mark
	if want := []string{"put dnd Do not disturb false"}; !reflect.DeepEqual(p.touches, want) {
		t.Errorf("touched %q, want %q", p.touches, want)
	}
}

func TestHeadingsAndHiddenPlacesCannotBeClicked(t *testing.T) {
	v := newView(newPaper())
	v.render(menu.Build(control.Status{State: "idle"}))
	for _, s := range []menu.Section{menu.Status, menu.Calls, menu.Mute} {
		if item, ok := v.clicked(v.first[s]); ok {
			t.Errorf("%s: %+v", s, item)
		}
	}
}
