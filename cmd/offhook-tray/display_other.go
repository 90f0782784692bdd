//go:build !linux

package main

// openDisplay has nothing to open: these systems have one desktop.
func openDisplay() error { return nil }
