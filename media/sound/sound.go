package sound

import (
	"errors"
	"log/slog"
)

// Rate is the sample rate at a port, in Hz, whatever the device runs at.
const Rate = 48000

// Period is the number of samples in one period: 10 ms.
const Period = 480

// Process is called once per period by the port's own goroutine, with Period
// samples each. It must not block. It fills ear completely.
type Process func(mic, ear []int16)

// Port is one earpiece and one microphone.
type Port interface {
	Start(Process) error
	Stop() error
	Close() error
	Info() Info
	Err() <-chan error
}

// Info describes a port and how it has been doing.
type Info struct {
	Backend string
	Device  string
	Running bool
}

// FileConfig describes a port made of files.
type FileConfig struct {
	Play   string
	Record string
	Loop   bool
	Logger *slog.Logger
}

// DeviceConfig describes a port on a sound device.
type DeviceConfig struct {
	Helper string
	Device string
	Logger *slog.Logger
}

// OpenFile opens a port made of files.
func OpenFile(cfg FileConfig) (Port, error) { return nil, errors.ErrUnsupported }

// OpenDevice opens a port on a sound device.
func OpenDevice(cfg DeviceConfig) (Port, error) { return nil, errors.ErrUnsupported }
