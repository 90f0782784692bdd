package main

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// alsaConfig names ALSA's configuration instead of /usr/share/alsa/alsa.conf.
const alsaConfig = "ALSA_CONFIG_PATH"

// alsaUser is what the user has set.
var alsaUser, alsaUserSet = os.LookupEnv(alsaConfig)

// configure has ALSA read a configuration when the library is initialised next;
// "": that of the user or of the system. The file, if any, must stay open until
// the library is initialised anew with another one.
func configure(text string) (*os.File, error) {
	if text == "" {
		if alsaUserSet {
			return nil, os.Setenv(alsaConfig, alsaUser)
		}
		return nil, os.Unsetenv(alsaConfig)
	}
	fd, err := unix.MemfdCreate("alsa.conf", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("configuration for ALSA: %w", err)
	}
	f := os.NewFile(uintptr(fd), "alsa.conf")
	if _, err = f.WriteString(text); err == nil {
		err = os.Setenv(alsaConfig, fmt.Sprintf("/proc/self/fd/%d", fd))
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("configuration for ALSA: %w", err)
	}
	return f, nil
}
