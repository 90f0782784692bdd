package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"offhook/devices/virtual"
	"offhook/phone"
	"offhook/phone/config"
	"offhook/phone/control"
)

// RunCmd is the phone itself.
type RunCmd struct {
	Config   string   `help:"Configuration file. Default: as XDG says; there, it may be missing." placeholder:"FILE"`
	Headless bool     `help:"Start no tray icon."`
	Virtual  []string `help:"Plug in an emulated handset of this profile (handset, phone, headset…; a wrong name lists all), or play the recording in a file. May be repeated." placeholder:"PROFILE"`
	Verbose  bool     `short:"v" help:"Log what happens, not only what is wrong."`
}

// Run is the phone, until the app's context ends or a client says quit.
func (c *RunCmd) Run(a *app) error {
	if a.coarseTimers != nil {
		a.coarseTimers()
	}
	level := slog.LevelWarn
	if c.Verbose {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: level}))

	paths, err := config.FindPaths(a.stateDir, config.Environment{})
	if err != nil {
		return err
	}
	cfg, err := c.load(paths, log)
	if err != nil {
		return err
	}
	profiles := c.profiles(paths)
	settings := phoneConfig(cfg, log)
	settings.Speakerphones = cfg.Audio.Speakerphone == "auto"
	if settings.Endpoint, err = endpoint(cfg.Audio); err != nil {
		return err
	}
	settings.Profiles = loadProfiles(profiles, log)
	if settings.Instance, err = config.Instance(paths.State); err != nil {
		log.Warn(err.Error())
	}
	p, err := phone.New(settings)
	if err != nil {
		return err
	}
	socket, err := control.Listen(paths.Socket())
	if err != nil {
		return err
	}
	defer socket.Close()
	server := control.NewServer(p, log)

	ctx, cancel := context.WithCancelCause(a.ctx)
	defer cancel(nil)
	ran := make(chan error, 1)
	go func() { ran <- p.Run(ctx) }()
	// Commands wait in the socket until the handsets are there that they may be for.
	if err := c.plugIn(ctx, p, cfg, profiles, log); err != nil {
		cancel(nil)
		return errors.Join(err, <-ran)
	}
	go func() {
		if err := server.Serve(socket); err != nil {
			cancel(fmt.Errorf("the control socket: %w", err))
		}
	}()
	if !c.Headless {
		go tray(ctx, a.stateDir, log)
	}
	fmt.Fprintf(a.err, "offhook %s is running; control socket %s\n", version, paths.Socket())
	tell := func(state string) {
		if err := notify(os.Getenv, state); err != nil {
			log.Warn(err.Error())
		}
	}
	tell(notifyReady)
	onSignal := context.AfterFunc(ctx, func() { tell(notifyStopping) })

	err = <-ran
	if onSignal() { // a client said quit
		tell(notifyStopping)
	}
	down, stop := context.WithTimeout(context.Background(), time.Second)
	defer stop()
	if serr := server.Shutdown(down); serr != nil {
		log.Debug("ending the control server", "error", serr)
	}
	if cause := context.Cause(ctx); err == nil && a.ctx.Err() == nil && cause != nil {
		err = cause
	}
	return err
}

// profiles is the folder of the user's device profiles: beside the configuration in use.
func (c *RunCmd) profiles(paths config.Paths) string {
	if c.Config != "" {
		paths.Config = c.Config
	}
	return paths.Profiles()
}

// load reads the configuration, and passes its warnings on.
func (c *RunCmd) load(paths config.Paths, log *slog.Logger) (*config.Config, error) {
	read := func() (*config.Config, []config.Warning, error) { return config.LoadDefault(paths.Config) }
	if c.Config != "" {
		read = func() (*config.Config, []config.Warning, error) { return config.Load(c.Config) }
	}
	cfg, warnings, err := read()
	for _, w := range warnings {
		log.Warn(w.String())
	}
	return cfg, err
}

// plugIn hands the phone its devices: the emulated ones asked for, or else the real ones as they come and go.
func (c *RunCmd) plugIn(ctx context.Context, p *phone.Phone, cfg *config.Config, profiles string, log *slog.Logger) error {
	sounds := sounds{audio: cfg.Audio, handsets: cfg.Handsets, log: log}
	for i, name := range c.Virtual {
		profile, err := virtual.Find(name)
		if err != nil {
			return usageError{err}
		}
		v := virtual.New(profile, virtual.WithSerial(fmt.Sprintf("%d", i+1)))
		if err := p.AttachVirtual(v, sounds.open(nil)); err != nil {
			return err
		}
	}
	if len(c.Virtual) > 0 {
		return nil
	}
	go hotplug(ctx, p, &sounds, profiles, cfg.Devices, log)
	return nil
}

// tray keeps the tray icon up while there is a desktop to show it on.
func tray(ctx context.Context, stateDir string, log *slog.Logger) {
	if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return
	}
	program, err := sibling("offhook-tray")
	if err != nil {
		log.Warn("no tray icon", "error", err)
		return
	}
	var args []string
	if stateDir != "" {
		args = append(args, "--state-dir", stateDir)
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 2 * time.Second
	if out, err := cmd.CombinedOutput(); err != nil && ctx.Err() == nil {
		log.Warn("the tray icon has ended", "error", err, "output", string(out[max(0, len(out)-500):]))
	}
}

// sibling finds another program of ours: beside this one, or on the PATH.
func sibling(name string) (string, error) {
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), name)
		if _, err := os.Stat(beside); err == nil {
			return beside, nil
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%s is neither beside this program nor on the PATH; install it with `make install`", name)
	}
	return path, nil
}
