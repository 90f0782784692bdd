//go:build !linux

package udev

import "fmt"

// NodeWatch tells when the permissions of nodes change; only Linux has it.
type NodeWatch struct{}

// WatchNodes says that it is not supported.
func WatchNodes() (*NodeWatch, error) {
	return nil, fmt.Errorf("watch permissions of devices: %w", ErrUnsupported)
}

// Add fails.
func (w *NodeWatch) Add(string) error { return ErrUnsupported }

// Remove does nothing.
func (w *NodeWatch) Remove(string) {}

// Next ends at once.
func (w *NodeWatch) Next() (string, error) { return "", ErrUnsupported }

// Close does nothing.
func (w *NodeWatch) Close() error { return nil }
