package main

import "offhook/phone/menu"

// surface is a tray with a fixed row of places, numbered from the top as menu.Layout has them.
type surface interface {
	setIcon(menu.Icon)
	put(place int, item menu.Item) // shows the place
	hide(place int)
}

// view brings menus onto a surface, touching only what differs from what is there: every touch is a message to the
// panel. One goroutine owns it.
type view struct {
	on     surface
	drawn  bool
	icon   menu.Icon
	places []place
	first  map[menu.Section]int
}

type place struct {
	section menu.Section
	item    menu.Item
	shown   bool
	stale   bool // the tray has changed its mark by itself
}

func newView(on surface) *view {
	v := &view{on: on, first: map[menu.Section]int{}}
	for _, l := range menu.Layout() {
		v.first[l.Section] = len(v.places)
		for range l.Count {
			v.places = append(v.places, place{section: l.Section, shown: true}) // a new place is visible until hidden
		}
	}
	return v
}

// render shows a menu.
func (v *view) render(m menu.Menu) {
	if !v.drawn || v.icon != m.Icon {
		v.on.setIcon(m.Icon)
	}
	next := map[menu.Section]int{}
	used := make([]bool, len(v.places))
	for _, item := range m.Items {
		n := v.first[item.Section] + next[item.Section]
		next[item.Section]++
		used[n] = true
		if p := &v.places[n]; !v.drawn || !p.shown || p.stale || !p.item.Equal(item) {
			v.on.put(n, item)
			*p = place{section: p.section, item: item, shown: true}
		}
	}
	for n := range v.places {
		if p := &v.places[n]; !used[n] && p.shown {
			v.on.hide(n)
			*p = place{section: p.section}
		}
	}
	v.drawn, v.icon = true, m.Icon
}

// clicked returns the item at a place, or false when none is shown there any more. A check box has then turned its mark
// by itself, whether or not the phone will follow; the next render puts it right.
func (v *view) clicked(n int) (menu.Item, bool) {
	p := &v.places[n]
	if p.shown && p.item.Checkable {
		p.stale = true
	}
	return p.item, p.shown && p.item.Enabled
}
