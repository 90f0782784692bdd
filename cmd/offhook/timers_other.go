//go:build !linux

package main

// coarseTimers is for Linux alone.
func coarseTimers() {}
