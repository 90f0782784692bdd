// Command offhook is a desk phone: `offhook run` is the phone, `offhook demo` shows it at work, and every other verb
// speaks to a phone that runs, over its control socket.
//
// Exit status: 0 done; 1 failed; 2 the command line makes no sense; 3 no phone is running; 4 the phone refused;
// 130 interrupted.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"offhook/phone/config"
	"offhook/phone/control"
)

// version is set when a release is built: -ldflags "-X main.version=…".
var version = "0.1-dev"

// cli is the whole command line. Its fields are in the order of the help text.
type cli struct {
	StateDir string `help:"Folder of the phone's state and control socket. Default: as XDG says." placeholder:"DIR"`
	JSON     bool   `name:"json" help:"Print JSON, for scripts."`

	Run  RunCmd  `cmd:"" group:"phone" help:"Be the phone, until ended by a signal or by 'offhook quit'."`
	Demo DemoCmd `cmd:"" group:"phone" help:"Show an emulated handset making and taking calls, and check what it does."`
	Quit quitCmd `cmd:"" group:"phone" help:"End the running phone."`

	Dial       dialCmd       `cmd:"" group:"calls" help:"Call a number or a sip: address."`
	Answer     answerCmd     `cmd:"" group:"calls" help:"Answer the call that rings."`
	Decline    declineCmd    `cmd:"" group:"calls" help:"Turn down the call that rings."`
	HangUp     hangUpCmd     `cmd:"" group:"calls" help:"End the call."`
	Hold       holdCmd       `cmd:"" group:"calls" help:"Put the call on hold."`
	Resume     resumeCmd     `cmd:"" group:"calls" help:"Take the call off hold."`
	Swap       swapCmd       `cmd:"" group:"calls" help:"Hold the call and resume the one that was held."`
	Conference conferenceCmd `cmd:"" group:"calls" help:"Join the call and all calls on hold on its handset."`
	Transfer   transferCmd   `cmd:"" group:"calls" help:"Hand the call to somebody else."`
	Mute       muteCmd       `cmd:"" group:"calls" help:"Mute the microphone, or unmute it."`
	DTMF       dtmfCmd       `cmd:"" name:"dtmf" group:"calls" help:"Send key tones in the call."`
	Record     recordCmd     `cmd:"" group:"calls" help:"Record the call to a file."`
	Play       playCmd       `cmd:"" group:"calls" help:"Play a file into the call."`
	DND        dndCmd        `cmd:"" name:"dnd" group:"calls" help:"Switch do not disturb on or off."`

	Status  statusCmd  `cmd:"" group:"look" help:"Show accounts, calls and handsets."`
	Events  eventsCmd  `cmd:"" group:"look" help:"Print what happens, as it happens."`
	Trace   traceCmd   `cmd:"" group:"look" help:"Show the SIP messages of calls, their secrets taken out."`
	Account accountCmd `cmd:"" group:"look" help:"List SIP accounts, or test one."`
	Devices devicesCmd `cmd:"" group:"look" help:"List USB phones and headsets, or explain one."`
	Udev    udevCmd    `cmd:"" group:"look" help:"Let users open USB phones and headsets, or check that they may."`

	Handset handsetCmd `cmd:"" group:"emulated" help:"Operate an emulated handset ('offhook run --virtual handset')."`
	Version versionCmd `cmd:"" group:"look" help:"Print the version."`
}

const description = `A desk phone for USB handsets and headsets: lift, dial, talk.

With no account configured, the phone is extension 100 of an exchange of its own; 600 is an echo.`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	a := &app{ctx: ctx, out: os.Stdout, err: os.Stderr, now: time.Now, coarseTimers: coarseTimers}
	code := a.main(os.Args[1:])
	stop()
	os.Exit(code)
}

// app is what every command's Run method gets.
type app struct {
	ctx      context.Context // ends at SIGINT and SIGTERM
	out, err io.Writer
	stateDir string // as given with --state-dir; may be empty
	json     bool
	now      func() time.Time
	bus      bus

	coarseTimers func() // may start the program again; nil: not a program of its own
}

// Main runs one command line and returns the exit status.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return (&app{ctx: ctx, out: stdout, err: stderr, now: time.Now}).main(args)
}

func (a *app) main(args []string) (code int) {
	// Kong's --help ends the program from deep inside; a panic with this type is its way back here.
	type exit int
	defer func() {
		switch e := recover().(type) {
		case nil:
		case exit:
			code = int(e)
		default:
			panic(e)
		}
	}()
	var c cli
	parser, err := kong.New(&c,
		kong.Name("offhook"), kong.Description(description), kong.Writers(a.out, a.err),
		kong.Exit(func(code int) { panic(exit(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 100}),
		kong.ExplicitGroups([]kong.Group{
			{Key: "phone", Title: "The phone:"},
			{Key: "calls", Title: "Calls of the running phone:"},
			{Key: "look", Title: "Look at it:"},
			{Key: "emulated", Title: "Emulated handset:"},
		}),
		kong.Bind(a),
	)
	if err != nil {
		return a.fail(err)
	}
	a.json = slices.Contains(args, "--json") // for errors before the flags are known
	selected, err := parser.Parse(args)
	if err != nil {
		return a.fail(usageError{err})
	}
	a.stateDir, a.json = c.StateDir, c.JSON
	return a.fail(selected.Run())
}

// usageError is a command line that makes no sense.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// Exit statuses.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitNotRunning  = 3
	exitRefused     = 4
	exitInterrupted = 130
)

// fail tells what went wrong, if anything did, and returns the exit status for it.
func (a *app) fail(err error) int {
	if err == nil {
		return exitOK
	}
	code, word := exitFailed, "failed"
	var refusal *control.Error
	var usage usageError
	switch {
	case errors.As(err, &usage):
		code, word = exitUsage, "usage"
		err = fmt.Errorf("%w (try: offhook --help)", err)
	case errors.Is(err, control.ErrNotRunning):
		code, word = exitNotRunning, "not-running"
	case errors.As(err, &refusal):
		word = refusal.Code
		switch refusal.Code {
		case control.CodeRefused, control.CodeNotFound:
			code = exitRefused
		case control.CodeBadRequest:
			code = exitUsage
		}
	case errors.Is(err, context.Canceled) && a.ctx.Err() != nil:
		return exitInterrupted
	}
	if a.json {
		_ = a.writeJSON(a.err, map[string]control.Error{"error": {Code: word, Message: err.Error()}})
		return code
	}
	message := clean(err.Error())
	if !strings.HasPrefix(message, "offhook ") {
		message = "offhook: " + message
	}
	fmt.Fprintln(a.err, message)
	return code
}

// client is a connection to the running phone: the one of --state-dir, or of the user's session, or of the system.
func (a *app) client() (*control.Client, error) {
	paths, err := config.FindPaths(a.stateDir, config.Environment{})
	if err != nil {
		return nil, err
	}
	if a.stateDir != "" {
		return control.NewClient(paths.Socket()), nil
	}
	return control.NewClient(paths.Socket(), config.SystemSocket), nil
}
