package config

import (
	"errors"
	"testing"
)

func TestPaths(t *testing.T) {
	tests := []struct {
		name     string
		stateDir string
		env      map[string]string
		exists   string
		want     Paths
	}{
		{
			"a desktop session", "", map[string]string{"XDG_RUNTIME_DIR": "/run/user/7"}, "",
			Paths{"/home/u/.config/offhook/config.toml", "/home/u/.local/state/offhook", "/run/user/7/offhook"},
		},
		{
			"all places moved", "",
			map[string]string{"XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "/s", "XDG_RUNTIME_DIR": "/r"}, "",
			Paths{"/c/offhook/config.toml", "/s/offhook", "/r/offhook"},
		},
		{
			"relative places are ignored", "",
			map[string]string{"XDG_CONFIG_HOME": "c", "XDG_STATE_HOME": "s", "XDG_RUNTIME_DIR": "r"}, "",
			Paths{"/home/u/.config/offhook/config.toml", "/home/u/.local/state/offhook", "/home/u/.local/state/offhook"},
		},
		{
			"a state folder holds the socket too", "/tmp/x", map[string]string{"XDG_RUNTIME_DIR": "/run/user/7"}, "",
			Paths{"/home/u/.config/offhook/config.toml", "/tmp/x", "/tmp/x"},
		},
		{
			"a session that was not told its runtime folder", "", nil, "/run/user/7",
			Paths{"/home/u/.config/offhook/config.toml", "/home/u/.local/state/offhook", "/run/user/7/offhook"},
		},
		{
			"the system service", "", map[string]string{
				"RUNTIME_DIRECTORY": "/run/offhook:/run/other", "STATE_DIRECTORY": "/var/lib/offhook",
				"CONFIGURATION_DIRECTORY": "/etc/offhook",
			}, "",
			Paths{"/etc/offhook/config.toml", "/var/lib/offhook", "/run/offhook"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := FindPaths(test.stateDir, Environment{
				Getenv: func(k string) string { return test.env[k] },
				Home:   func() (string, error) { return "/home/u", nil },
				UID:    7,
				Exists: func(p string) bool { return p == test.exists },
			})
			if err != nil || got != test.want {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, test.want)
			}
			if got.Socket() != test.want.Runtime+"/control.sock" {
				t.Errorf("socket %s", got.Socket())
			}
		})
	}
}

func TestWithoutAHomeTheRemedyIsSaid(t *testing.T) {
	_, err := FindPaths("", Environment{
		Getenv: func(string) string { return "" },
		Home:   func() (string, error) { return "", errors.New("none") },
		Exists: func(string) bool { return false },
	})
	if err == nil || err.Error() != "no home folder is known: set HOME, or XDG_CONFIG_HOME" {
		t.Error(err)
	}
}
