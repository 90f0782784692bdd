//go:build !linux

package sound

import (
	"errors"
	"fmt"
	"os"
	"time"
)

type memory struct {
	bytes      []byte
	file, wake *os.File
}

func newMemory() (*memory, error) {
	return nil, fmt.Errorf("sound devices are not supported on this system yet; use the file backend: %w", errors.ErrUnsupported)
}

func (m *memory) await(func(uintptr) bool, time.Duration) {}
func (m *memory) awaitUrgently(time.Duration)             {}
func (m *memory) interrupt()                              {}
func (m *memory) free()                                   {}
