//go:build !linux

package ua

import "syscall"

// mark does nothing: only Linux lets any program choose the code point of its
// packets (RFC 2474).
func mark(int) func(network, address string, c syscall.RawConn) error { return nil }
