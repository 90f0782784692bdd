// Package menu turns the state of the phone into the menu and the icon of a tray, as data: nothing here knows a desktop.
//
//	control.Status ─► Build ─► Menu{Icon, Title, Items}
//
// Trays cannot move items, and some cannot even remove them. So the menu has a fixed [Layout]: an order of sections, each
// with as many places as it may ever need, of which those in use are shown.
//
//	status   │ In a call                 one line, always there
//	calls    │ Carol                     up to four calls, each a heading and what can be done
//	         │   Hold
//	         │   Hang up
//	mute     │ ☑ Mute                    a check box
//	─────────┼
//	accounts │ desk: registered
//	handsets │ USB Phone: lifted
//	missed   │ 2 missed calls
//	dnd      │ ☐ Do not disturb
//	─────────┼
//	quit     │ Quit Offhook
//
// All functions are pure and may be called from any goroutine.
package menu
