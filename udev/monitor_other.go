//go:build !linux

package udev

import (
	"fmt"
	"log/slog"
)

// Running tells whether udev runs on this machine.
func Running() bool { return false }

// Monitor hears events of devices; only Linux has it.
type Monitor struct{}

// Listen says that it is not supported.
func Listen(*slog.Logger) (*Monitor, error) {
	return nil, fmt.Errorf("listen to events of devices: %w", ErrUnsupported)
}

// ListenKernel says that it is not supported.
func ListenKernel(log *slog.Logger) (*Monitor, error) { return Listen(log) }

// Receive ends at once.
func (m *Monitor) Receive() (Event, error) { return Event{}, ErrUnsupported }

// Close does nothing.
func (m *Monitor) Close() error { return nil }
