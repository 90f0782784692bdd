package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/getlantern/systray"

	"offhook/phone/control"
	"offhook/phone/menu"
)

// tray joins the phone and the icon. After ready, its loop owns the view.
type tray struct {
	client  *control.Client
	sockets []string
}

// outcome is how an order of the menu ended.
type outcome struct {
	item menu.Item
	err  error
}

// ready builds the menu and keeps it up to date; systray calls it once, on a goroutine of its own.
func (t *tray) ready(ctx context.Context) {
	defer systray.Quit()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	clicks := make(chan int)
	v := newView(newIcon(ctx, clicks))
	updates := make(chan update)
	go follow(ctx, t.client, t.sockets, func(u update) {
		select {
		case updates <- u:
		case <-ctx.Done():
		}
	})
	t.loop(ctx, v, updates, clicks)
}

// loop shows updates and carries out clicks until the context or the user ends it.
func (t *tray) loop(ctx context.Context, v *view, updates <-chan update, clicks <-chan int) {
	outcomes := make(chan outcome)
	current := menu.NotRunning()
	v.render(current)
	for {
		select {
		case u := <-updates:
			current = menu.NotRunning()
			if u.running {
				current = menu.Build(u.status)
			}
			v.render(current)
		case n := <-clicks:
			item, ok := v.clicked(n)
			if !ok {
				break
			}
			if item.Action == nil {
				return // only the menu without a phone has such an item: close this icon
			}
			go func() {
				_, err := t.client.Do(ctx, *item.Action)
				select {
				case outcomes <- outcome{item, err}:
				case <-ctx.Done():
				}
			}()
		case o := <-outcomes:
			if o.item.Section == menu.Quit && (o.err == nil || errors.Is(o.err, control.ErrNotRunning)) {
				return
			}
			if o.err != nil {
				fmt.Fprintf(os.Stderr, "offhook-tray: %s: %v\n", o.item.Label, o.err)
				current = withFailure(current, o)
			}
			v.render(current) // also puts right the mark of a check box that was refused
		case <-ctx.Done():
			return
		}
	}
}

// withFailure says in the first line of the menu what was refused; it stands there until the status next changes.
func withFailure(m menu.Menu, o outcome) menu.Menu {
	items := append([]menu.Item{}, m.Items...)
	for i := range items {
		if items[i].Section == menu.Status {
			items[i].Label = o.item.Label + ": " + o.err.Error()
		}
	}
	m.Items = items
	return m
}

// icon is the real surface.
type icon struct{ items []*systray.MenuItem }

// newIcon makes all places, hidden until used.
func newIcon(ctx context.Context, clicks chan<- int) *icon {
	ic := &icon{}
	for _, l := range menu.Layout() {
		if l.Rule {
			systray.AddSeparator()
		}
		for range l.Count {
			add := systray.AddMenuItem
			if l.Checkable {
				add = func(title, tip string) *systray.MenuItem { return systray.AddMenuItemCheckbox(title, tip, false) }
			}
			item := add("-", "")
			n := len(ic.items)
			ic.items = append(ic.items, item)
			go func() {
				for {
					select {
					case <-item.ClickedCh:
						select {
						case clicks <- n:
						case <-ctx.Done():
							return
						}
					case <-ctx.Done():
						return
					}
				}
			}()
		}
	}
	return ic
}

func (ic *icon) setIcon(i menu.Icon) { systray.SetIcon(iconFiles[i]) }

// put sets label, mark and state. Each of systray's setters shows the item as well.
func (ic *icon) put(n int, item menu.Item) {
	m := ic.items[n]
	if item.Checkable {
		if item.Checked {
			m.Check()
		} else {
			m.Uncheck()
		}
	}
	if item.Enabled {
		m.Enable()
	} else {
		m.Disable()
	}
	m.SetTitle(item.Label)
}

func (ic *icon) hide(n int) { ic.items[n].Hide() }
