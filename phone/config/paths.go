package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// SocketName is the file name of the control socket in its folder.
const SocketName = "control.sock"

// SystemSocket is where the system service listens.
const SystemSocket = "/run/offhook/" + SocketName

// Paths are the places of a phone's files, all absolute. Nothing is made and nothing need exist.
type Paths struct {
	Config  string // the TOML file
	State   string // folder of what outlives a run: history, contacts
	Runtime string // folder of the control socket
}

// Socket is the path of the control socket.
func (p Paths) Socket() string { return filepath.Join(p.Runtime, SocketName) }

// Profiles is the folder of the user's device profiles: "devices" beside the TOML file.
func (p Paths) Profiles() string { return filepath.Join(filepath.Dir(p.Config), "devices") }

// Environment is what FindPaths asks; the zero value asks the process it runs in.
type Environment struct {
	Getenv func(string) string
	Home   func() (string, error)
	UID    int // 0 when Getenv is nil: the process's own
	Exists func(path string) bool
}

// FindPaths says where the files are: with --state-dir (stateDir) state and socket are in that folder; else as the
// service manager says (STATE_DIRECTORY, RUNTIME_DIRECTORY, CONFIGURATION_DIRECTORY; systemd.exec(5)); else as the XDG
// Base Directory Specification says. Where there is no runtime folder, the socket is with the state.
func FindPaths(stateDir string, env Environment) (Paths, error) {
	if env.Getenv == nil {
		env = Environment{Getenv: os.Getenv, Home: os.UserHomeDir, UID: os.Getuid(), Exists: pathExists}
	}
	var p Paths
	var err error
	if p.Config, err = env.place("CONFIGURATION_DIRECTORY", "XDG_CONFIG_HOME", ".config"); err != nil {
		return p, err
	}
	p.Config = filepath.Join(p.Config, "config.toml")
	if stateDir != "" {
		if p.State, err = filepath.Abs(stateDir); err != nil {
			return p, fmt.Errorf("state folder %q: %w", stateDir, err)
		}
		p.Runtime = p.State
		return p, nil
	}
	if p.State, err = env.place("STATE_DIRECTORY", "XDG_STATE_HOME", ".local/state"); err != nil {
		return p, err
	}
	run := "/run/user/" + strconv.Itoa(env.UID)
	switch {
	case env.service("RUNTIME_DIRECTORY") != "":
		p.Runtime = env.service("RUNTIME_DIRECTORY")
	case filepath.IsAbs(env.Getenv("XDG_RUNTIME_DIR")):
		p.Runtime = filepath.Join(env.Getenv("XDG_RUNTIME_DIR"), "offhook")
	case env.UID >= 0 && env.Exists(run): // su and cron leave XDG_RUNTIME_DIR out
		p.Runtime = filepath.Join(run, "offhook")
	default:
		p.Runtime = p.State
	}
	return p, nil
}

// place finds a folder: the service manager's, the user's, or the one under home. A relative path in the environment
// is ignored, as the specification asks.
func (env Environment) place(service, xdg, underHome string) (string, error) {
	if dir := env.service(service); dir != "" {
		return dir, nil
	}
	if dir := env.Getenv(xdg); filepath.IsAbs(dir) {
		return filepath.Join(dir, "offhook"), nil
	}
	home, err := env.Home()
	if err != nil || !filepath.IsAbs(home) {
		return "", fmt.Errorf("no home folder is known: set HOME, or %s", xdg)
	}
	return filepath.Join(home, underHome, "offhook"), nil
}

// service returns the first folder of a list the service manager gave, or "".
func (env Environment) service(name string) string {
	dir, _, _ := strings.Cut(env.Getenv(name), ":")
	if !filepath.IsAbs(dir) {
		return ""
	}
	return dir
}

func pathExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
