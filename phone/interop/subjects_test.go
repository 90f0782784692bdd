//go:build peers && linux

package interop

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"offhook/phone/control"
)

// subject is a phone that is measured: a copy of a program, with a sound server and a machine of its own, which answers
// every call.
type subject struct {
	kind    string // offhook, baresip, linphone
	target  string // where it is called
	server  *soundServer
	process *process
	ear     *tape           // what its earpiece plays
	control *control.Client // Offhook's
	codecs  []string        // it has, as in SDP
}

// mostCalls is how many calls at once each phone is told to take, where it can be told.
const mostCalls = 60

// kinds are the phones that are compared, ours first.
var kinds = []string{"offhook", "baresip", "linphone"}

// subject starts the nth copy of a phone and begins to listen to it.
func (l *lab) subject(kind string, n int) *subject {
	l.t.Helper()
	s := &subject{kind: kind, server: l.soundServer()}
	name := fmt.Sprintf("s%d", n)
	switch kind {
	case "offhook":
		codecs := []string{"pcma", "pcmu", "g722", "opus", "gsm", "g729"}
		off := l.offhook(nil, name, offhookOptions{password: "none", codecs: codecs, server: s.server, calls: mostCalls})
		s.process, s.target = off.process, "sip:"+name+"@"+off.addr+":5060"
		s.control = control.NewClient(filepath.Join(off.state, "control.sock"))
		s.codecs = []string{"PCMA", "G722", "OPUS", "GSM", "G729"}
		l.cleanup(s.answers(l))
	case "baresip":
		s.process, s.target = l.ownBaresip(name, s.server)
		s.codecs = []string{"PCMA", "G722", "OPUS", "GSM"}
	case "linphone":
		s.process, s.target = l.ownLinphone(name, s.server)
		s.codecs = []string{"PCMA", "G722", "OPUS", "GSM", "G729"}
	}
	var err error
	if s.ear, err = s.server.record("phone.monitor"); err != nil {
		l.t.Fatal(err)
	}
	l.cleanup(func() { s.ear.conn.Close() })
	return s
}

// answers lifts the handset when it rings, takes further calls into the lifted hand, one after the other, each when the
// last is answered, and puts it down after the last call; as long as the phone runs.
func (s *subject) answers(l *lab) (stop func()) {
	l.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	events, err := s.control.Events(ctx)
	if err != nil {
		l.t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		calls := map[string]bool{} // that there are
		var ringing []string
		answering := ""
		answer := func() {
			if answering != "" || len(ringing) == 0 {
				return
			}
			answering, ringing = ringing[0], ringing[1:]
			if len(calls) == 1 {
				s.handset(ctx, "lift")
			} else {
				s.control.Do(ctx, control.Command{Verb: control.VerbAnswer, Args: map[string]string{"call": answering}})
			}
		}
		for {
			e, err := events.Next()
			if err != nil {
				return
			}
			if e.Type != control.EventCall {
				continue
			}
			switch e.State {
			case control.CallIncoming:
				calls[e.Call], ringing = true, append(ringing, e.Call)
				answer()
			case control.CallActive:
				if e.Call == answering {
					answering = ""
					answer()
				}
			case control.CallEnded:
				if e.Call == answering {
					answering = ""
				}
				if delete(calls, e.Call); len(calls) == 0 {
					s.handset(ctx, "hang-up")
				}
				answer()
			}
		}
	}()
	return func() {
		cancel()
		<-done
		s.control.Close()
	}
}

// handset operates Offhook's emulated handset.
func (s *subject) handset(ctx context.Context, action string) error {
	_, err := s.control.Do(ctx, control.Command{Verb: control.VerbHandset, Args: map[string]string{"action": action}})
	return err
}

// ownBaresip starts a baresip that nobody registers: ALSA's default at the rate of the card, concealment by plc.so.
func (l *lab) ownBaresip(name string, server *soundServer) (*process, string) {
	l.t.Helper()
	h := l.host()
	dir := l.sub("baresip-" + name)
	l.write(filepath.Join(dir, "config"), `poll_method epoll
sip_listen `+h.addr+`:5060
net_interface `+h.iface+`
call_local_timeout 120
call_max_calls `+fmt.Sprint(mostCalls)+`
audio_source alsa,default
audio_player alsa,default
audio_alert aubridge,alert
ausrc_srate 48000
auplay_srate 48000
audio_level no
rtp_ports 20000-20400
jitter_buffer_delay 5-10
module_path /usr/lib/baresip/modules
module g711.so
module g722.so
module gsm.so
module opus.so
module plc.so
module alsa.so
module aubridge.so
module_app account.so
module_app menu.so
`)
	l.write(filepath.Join(dir, "accounts"), fmt.Sprintf("<sip:%s@%s>;regint=0;answermode=auto\n", name, h.addr))
	cmd := h.command("baresip", "-f", dir)
	cmd.Env = server.env()
	p := l.start("baresip "+name, cmd)
	p.await("baresip is ready", 15*time.Second)
	return p, "sip:" + name + "@" + h.addr + ":5060"
}

// ownLinphone starts a linphonec that nobody registers, on ALSA's default: by its own PulseAudio it plays nearly a
// second late at first.
func (l *lab) ownLinphone(name string, server *soundServer) (*process, string) {
	l.t.Helper()
	h := l.host()
	dir := l.sub("linphone-" + name)
	var codecs strings.Builder
	for i, c := range []string{"opus/48000/2", "G722/8000/1", "GSM/8000/1", "PCMU/8000/1", "PCMA/8000/1", "G729/8000/1"} {
		f := strings.Split(c, "/")
		fmt.Fprintf(&codecs, "[audio_codec_%d]\nmime=%s\nrate=%s\nchannels=%s\nenabled=1\n", i, f[0], f[1], f[2])
	}
	rc := filepath.Join(dir, "linphonerc")
	l.write(rc, fmt.Sprintf(`[sip]
sip_port=5060
sip_tcp_port=0
sip_tls_port=0
bind_address=%[1]s
guess_hostname=0
contact=sip:%[2]s@%[1]s
use_info=0
auto_net_state_mon=1
[net]
mtu=1300
[rtp]
audio_rtp_port=7000-7400
[misc]
max_calls=%[4]d
[sound]
echocancellation=0
%[3]s`, h.addr, name, codecs.String(), mostCalls))
	for _, d := range []string{".config/linphone", ".local/share/linphone", "linphone"} {
		if err := os.MkdirAll(filepath.Join(server.dir, d), 0o700); err != nil {
			l.t.Fatal(err)
		}
	}
	cmd := h.command("linphonec", "-c", rc, "-l", filepath.Join(dir, "log"), "-d", "4", "-a")
	cmd.Env = server.env()
	p := l.start("linphone "+name, cmd)
	fmt.Fprintln(p.stdin, "soundcard list")
	p.await("ALSA Unknown: default", 20*time.Second)
	p.mu.Lock()
	card := ""
	for _, line := range p.lines {
		if before, _, ok := strings.Cut(line, ": ALSA Unknown: default"); ok {
			card = before[strings.LastIndexAny(before, " >")+1:]
		}
	}
	p.mu.Unlock()
	fmt.Fprintln(p.stdin, "soundcard use "+card)
	p.await("Using sound device", 10*time.Second)
	return p, "sip:" + name + "@" + h.addr + ":5060"
}
