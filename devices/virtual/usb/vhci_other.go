//go:build !linux

package usb

import (
	"fmt"
	"io"
	"net"
	"runtime"
)

func none() error {
	return fmt.Errorf("%w: %s cannot be given emulated USB devices", ErrNoBus, runtime.GOOS)
}

func readStatus() (string, error) { return "", none() }

type link struct {
	ours   net.Conn
	theirs io.Closer
}

func connect(int) (*link, error) { return nil, none() }
func (*link) attach(int) error   { return none() }
func detachPort(int) error       { return none() }
