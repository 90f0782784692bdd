package sound

import (
	"errors"
	"log/slog"
)

// DeviceConfig describes a port on a sound device.
type DeviceConfig struct {
	Helper string
	Device string
	Logger *slog.Logger
}

// OpenDevice opens a port on a sound device.
func OpenDevice(cfg DeviceConfig) (Port, error) { return nil, errors.ErrUnsupported }
