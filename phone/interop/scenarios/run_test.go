//go:build peers && linux

package scenarios

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"offhook/phone/ua"
)

func TestMain(m *testing.M) {
	if _, err := exec.LookPath("sipp"); err != nil {
		if os.Getenv("CI") != "" {
			fmt.Fprintln(os.Stderr, "scenarios: FAILED: the program sipp is missing (package sip-tester)")
			os.Exit(1)
		}
		fmt.Fprintln(os.Stderr, "scenarios: *** SKIPPED, nothing was tested: the program sipp is missing (package sip-tester) ***")
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// patience guards against hanging; nothing is judged by it.
const patience = 40 * time.Second

// scenario is one row of the table.
type scenario struct {
	name   string
	habits personality
	role   string // SIPp's: "caller" or "callee"
	sipp   string // its script, see compiler
	phone  string // the telephone's, see telephone.step
	tcp    bool
	// account changes the telephone's account.
	account func(*ua.Account)
}

// telephone is the user agent under test.
type telephone struct {
	t      *testing.T
	agent  *ua.Agent
	events chan ua.Event
	peer   string // SIPp's host:port
	call   string
	media  ua.Media
	dead   chan struct{} // closed when SIPp has ended

	mu    sync.Mutex // guards trace
	trace strings.Builder
}

func (s scenario) run(t *testing.T) {
	ours, theirs := freePort(t), freePort(t)
	p := &telephone{t: t, events: make(chan ua.Event, 1000), peer: "127.0.0.1:" + strconv.Itoa(theirs)}
	transport := "udp"
	if s.tcp {
		transport = "tcp"
	}
	acc := ua.Account{Name: "desk", URI: "sip:me@127.0.0.1", Registrar: p.peer, Transport: transport,
		Password: func() (string, error) { return "secret", nil }, Codecs: []string{"PCMA", "PCMU", "G729"}}
	if s.account != nil {
		s.account(&acc)
	}
	agent, err := ua.New(ua.Config{Accounts: []ua.Account{acc}, DirectCalls: true, Listen: []string{fmt.Sprintf("%s:127.0.0.1:%d", transport, ours)},
		Handler: func(e ua.Event) { p.events <- e },
		Trace: func(m ua.TraceMessage) {
			p.mu.Lock()
			defer p.mu.Unlock()
			fmt.Fprintf(&p.trace, "--- %v %v\n%s\n", m.Time.Format("05.000"), m.Direction, m.Text)
		}})
	if err != nil {
		t.Fatal(err)
	}
	p.agent = agent
	dir := t.TempDir()
	file := filepath.Join(dir, "scenario.xml")
	if err := os.WriteFile(file, []byte(compile(s.role, s.sipp, s.habits)), 0o600); err != nil {
		t.Fatal(err)
	}
	mode := "u1"
	if s.tcp {
		mode = "t1"
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	args := []string{"-sf", file, "-m", "1", "-r", "100", "-i", "127.0.0.1", "-p", strconv.Itoa(theirs), "-t", mode, "-nostdin",
		"-trace_err", "-error_file", filepath.Join(dir, "errors"), "-deadcall_wait", "0"}
	if s.role == "caller" {
		args = append(args, fmt.Sprintf("127.0.0.1:%d", ours))
	}
	cmd := exec.CommandContext(ctx, "sipp", args...)
	cmd.Dir = dir
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.Env = append(os.Environ(), "TERM=dumb")
	start := func() {
		if err := agent.Start(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if s.role == "caller" {
		start() // who is called must be there first
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.dead = make(chan struct{})
	go func() {
		err = cmd.Wait()
		close(p.dead)
	}()
	if s.role == "callee" && p.listening(ctx, transport, theirs) {
		start()
	}
	for line := range strings.Lines(s.phone) {
		if line = strings.TrimSpace(line); line != "" && !t.Failed() {
			p.step(line)
		}
	}
	if t.Failed() {
		cancel()
	}
	<-p.dead
	// Nobody is there any more to be told that we unregister.
	end, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	agent.Close(end)
	if err == nil && !t.Failed() {
		return
	}
	errs, _ := os.ReadFile(filepath.Join(dir, "errors"))
	p.mu.Lock()
	defer p.mu.Unlock()
	t.Errorf("sipp: %v\n%s\n%s", err, errs, p.trace.String())
}

// freePort is a port that was free a moment ago, for UDP and TCP.
func freePort(t *testing.T) int {
	t.Helper()
	for range 50 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		u, err := net.ListenPacket("udp", l.Addr().String())
		l.Close()
		if err == nil {
			u.Close()
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

// listening waits until SIPp has its socket: before that our first message
// would be lost, or refused.
func (p *telephone) listening(ctx context.Context, transport string, port int) bool {
	for ctx.Err() == nil {
		select {
		case <-p.dead:
			p.t.Error("sipp ended before it began")
			return false
		default:
		}
		var err error
		if transport == "tcp" {
			var l net.Listener
			if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
				l.Close()
			}
		} else {
			var u net.PacketConn
			if u, err = net.ListenPacket("udp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
				u.Close()
			}
		}
		if err != nil {
			return true
		}
		time.Sleep(5 * time.Millisecond)
	}
	p.t.Error("sipp does not listen")
	return false
}

// step does one thing, or waits for one event:
//
//	dial | dial USER        call SIPp
//	incoming NAME           a call comes, from a display name (or URI) with NAME in it
//	ring, answer, reject CODE, hang-up, hold, resume, key K, transfer USER
//	progress CODE | media   a provisional response; one with sound
//	answered | answered CODEC
//	held, unheld            by the other side
//	holding, talking        our hold, or its end, was agreed to; refused: it was not
//	moved PORT              the other side's sound comes to another port
//	transfer-failed CODE, referred CODE, replaced
//	got K                   a key by INFO
//	ended CODE [TEXT]
//	registered
func (p *telephone) step(line string) {
	word, arg, _ := strings.Cut(line, " ")
	if !p.order(word, arg) {
		p.await(line, word, arg)
	}
}

// order does what the user of a telephone does; false: it is no order.
func (p *telephone) order(word, arg string) bool {
	lm := ua.LocalMedia{Port: 30000}
	var err error
	switch word {
	case "dial":
		if arg == "" {
			arg = "them"
		}
		p.call = "c1"
		err = p.agent.Dial(p.call, "desk", "sip:"+arg+"@"+p.peer, lm)
	case "ring":
		err = p.agent.Ring(p.call, lm)
	case "answer":
		err = p.agent.Answer(p.call, lm)
	case "reject":
		code, _ := strconv.Atoi(arg)
		err = p.agent.Reject(p.call, code)
	case "hang-up":
		err = p.agent.HangUp(p.call)
	case "hold":
		err = p.agent.Hold(p.call)
	case "resume":
		err = p.agent.Resume(p.call)
	case "key":
		err = p.agent.SendInfo(p.call, arg[0])
	case "transfer":
		err = p.agent.Transfer(p.call, "sip:"+arg+"@"+p.peer)
	default:
		return false
	}
	if err != nil {
		p.t.Errorf("%s %s: %v", word, arg, err)
	}
	return true
}

// await waits for the event of a step, passing over others.
func (p *telephone) await(line, word, arg string) {
	guard, dead := time.After(patience), p.dead
	var passed []string
	for {
		select {
		case e := <-p.events:
			switch e := e.(type) {
			case ua.Incoming:
				p.call = e.Call
			case ua.Answered:
				p.media = e.Media
			}
			if p.is(word, arg, e) {
				return
			}
			passed = append(passed, fmt.Sprintf("%T%+v", e, e))
			if _, over := e.(ua.Ended); over {
				p.t.Errorf("step %q did not come; instead\n%s", line, strings.Join(passed, "\n"))
				return
			}
		case <-dead: // what it said last is on its way
			dead, guard = nil, time.After(5*time.Second)
		case <-guard:
			p.t.Errorf("step %q did not come; instead\n%s", line, strings.Join(passed, "\n"))
			return
		}
	}
}

// is says whether an event is the one a step waits for.
func (p *telephone) is(word, arg string, e ua.Event) bool {
	code, text, _ := strings.Cut(arg, " ")
	n, _ := strconv.Atoi(code)
	switch e := e.(type) {
	case ua.Incoming:
		return word == "incoming" && strings.Contains(e.FromName+" "+e.From+" "+e.Caller.Asserted+" "+e.Caller.Ring, arg)
	case ua.Progress:
		return word == "progress" && (e.Code == n || arg == "media" && e.Media != nil)
	case ua.Answered:
		return word == "answered" && (arg == "" || e.Media.Codec == arg)
	case ua.MediaChanged:
		p.media = e.Media
		switch word {
		case "held":
			return e.RemoteHold && !e.Media.Send
		case "unheld":
			return !e.RemoteHold && e.Media.Send
		case "holding":
			return e.LocalHold && e.Refused == ""
		case "talking":
			return !e.LocalHold && e.Media.Send && e.Media.Receive
		case "refused":
			return e.Refused != ""
		case "moved":
			return int(e.Media.Remote.Port()) == n
		}
	case ua.Transfer:
		return word == "transfer-failed" && e.Failed && e.Code == n
	case ua.Referred:
		return word == "referred" && e.Code == n
	case ua.Replaced:
		return word == "replaced"
	case ua.KeyReceived:
		return word == "got" && string(rune(e.Key)) == arg
	case ua.Registration:
		return word == "registered" && e.State == ua.Registered
	case ua.Ended:
		return word == "ended" && (e.Code == n || arg == "") && strings.Contains(e.Reason, text)
	}
	return false
}
