package sound

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"offhook/media/sound/engine"
)

// Devices lists the sound devices there are, by asking offhook-sound (see
// DeviceConfig.Helper for path). None at all is ErrNoDevice.
func Devices(ctx context.Context, path string) ([]engine.Device, error) {
	path, err := findHelper(path)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, openLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "--list", "--json")
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	var exit *exec.ExitError
	const exitNone = 3
	if errors.As(err, &exit) && exit.ExitCode() == exitNone {
		return nil, ErrNoDevice
	}
	if err != nil {
		return nil, fmt.Errorf("list sound devices: %w: %w", ErrNoHelper, err)
	}
	var list []engine.Device
	if err := json.Unmarshal(out, &list); err != nil {
		return nil, fmt.Errorf("list sound devices: %w", err)
	}
	return list, nil
}
