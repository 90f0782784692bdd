package main

// #cgo pkg-config: gtk+-3.0
// #include <gtk/gtk.h>
import "C"

import (
	"fmt"
	"os"
)

// openDisplay opens the desktop for GTK, and says what is wrong when it can't. systray itself calls gtk_init, which
// ends the process instead; after this one it has nothing left to do. Call it on the main thread.
func openDisplay() error {
	display, wayland := os.Getenv("DISPLAY"), os.Getenv("WAYLAND_DISPLAY")
	if display == "" && wayland == "" {
		return errNoDesktop
	}
	// We open no window that a screen reader could read: the panel draws our menu, and makes it accessible.
	if err := os.Setenv("NO_AT_BRIDGE", "1"); err != nil {
		return err
	}
	if C.gtk_init_check(nil, nil) == 0 {
		return fmt.Errorf("the desktop cannot be opened (DISPLAY=%q, WAYLAND_DISPLAY=%q): is it running, and is it yours?", display, wayland)
	}
	return nil
}
