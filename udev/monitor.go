package udev

import "errors"

// ErrUnsupported is wrapped by errors of what only Linux has.
var ErrUnsupported = errors.New("not supported on this system")

// ErrClosed is what Receive and Next end with after Close.
var ErrClosed = errors.New("closed")
