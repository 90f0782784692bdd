//go:build peers && linux

package interop

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"
)

// baresip is a person with a baresip, operated through its control port.
type baresip struct {
	*process
	l          *lab
	user, addr string
	dir        string
	conn       net.Conn

	mu     sync.Mutex
	events []baresipEvent
	more   chan struct{}
}

// baresipEvent is something baresip said on its output. (Its control port has
// events too, but in one process of four, of 1.0.0, none come.)
type baresipEvent struct{ kind, text string }

const (
	bareIncoming    = "incoming"
	bareRinging     = "ringing" // the far end
	bareEstablished = "established"
	bareClosed      = "closed"
	bareKey         = "key" // text: the key
)

var baresipSays = []struct{ kind, text string }{
	{bareIncoming, "Incoming call from"},
	{bareIncoming, "answering call on line"}, // automatically
	{bareRinging, "SIP Progress: 180 Ringing"},
	{bareEstablished, "Call established:"},
	{bareClosed, "session closed:"},
	{bareClosed, "terminate call '"}, // by itself
}

var baresipKey = regexp.MustCompile(`received event: '(.)' \(end=0\)`)

// line takes what baresip prints.
func (b *baresip) line(text string) {
	var found []baresipEvent
	for _, s := range baresipSays {
		if at := strings.Index(text, s.text); at >= 0 {
			found = append(found, baresipEvent{s.kind, text[at:]})
		}
	}
	for _, m := range baresipKey.FindAllStringSubmatch(text, -1) {
		found = append(found, baresipEvent{bareKey, m[1]})
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, found...)
	close(b.more)
	b.more = make(chan struct{})
}

type baresipOptions struct {
	transport string // default udp
	codecs    string // default pcma,pcmu
	answer    string // auto, manual; default manual
	say       string // WAV, 8 kHz
	mediaenc  string // srtp, srtp-mand (RTP/SAVP), dtls_srtp; default none
}

// baresip starts one registered at k as user.
func (l *lab) baresip(k *kamailio, user, password string, o baresipOptions) *baresip {
	l.t.Helper()
	h := l.host()
	iface, addr := h.iface, h.addr
	dir := l.sub("baresip-" + user)
	if o.transport == "" {
		o.transport = "udp"
	}
	if o.codecs == "" {
		o.codecs = "pcma,pcmu"
	}
	if o.answer == "" {
		o.answer = "manual"
	}
	if o.say == "" { // it does not answer without
		o.say = l.say("baresip", "en+f3", textTwo, 8000)
	}
	srtp, mediaenc := "", ""
	if o.mediaenc != "" {
		srtp, mediaenc = "module srtp.so\nmodule dtls_srtp.so\n", ";mediaenc="+o.mediaenc
	}
	l.write(filepath.Join(dir, "config"), `poll_method epoll
sip_listen `+addr+`:5060
net_interface `+iface+`
call_local_timeout 120
call_max_calls 4
audio_source aufile,`+o.say+`
audio_player aubridge,sink
audio_alert aubridge,alert
ausrc_srate 8000
auplay_srate 8000
audio_level no
rtp_ports 20000-20100
jitter_buffer_delay 5-10
module_path /usr/lib/baresip/modules
module g711.so
module g722.so
module gsm.so
`+srtp+`module aufile.so
module aubridge.so
module sndfile.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
snd_path `+dir+`
ctrl_tcp_listen `+addr+`:4444
`)
	l.write(filepath.Join(dir, "accounts"), fmt.Sprintf("<sip:%s@%s;transport=%s>;auth_user=%s;auth_pass=%s;regint=600;answermode=%s;audio_codecs=%s%s\n",
		user, k.addr, o.transport, user, password, o.answer, o.codecs, mediaenc))
	b := &baresip{l: l, user: user, addr: addr, dir: dir, more: make(chan struct{})}
	b.process = l.start("baresip "+user, h.command("baresip", "-f", dir, "-v"), b.line)
	b.process.await("200 OK", 15*time.Second)
	b.conn = waitTCP(l, addr+":4444")
	go io.Copy(io.Discard, b.conn)
	return b
}

// do sends a command, as typed at baresip's prompt.
func (b *baresip) do(command, params string) {
	b.l.t.Helper()
	raw, _ := json.Marshal(map[string]string{"command": command, "params": params})
	if _, err := fmt.Fprintf(b.conn, "%d:%s,", len(raw), raw); err != nil {
		b.l.t.Fatalf("baresip %s: %s: %v", b.user, command, err)
	}
}

// await waits for an event of a kind.
func (b *baresip) await(kind string, within time.Duration) baresipEvent {
	b.l.t.Helper()
	deadline := time.After(patience * within)
	for {
		b.mu.Lock()
		for _, e := range b.events {
			if e.kind == kind {
				b.mu.Unlock()
				return e
			}
		}
		more := b.more
		b.mu.Unlock()
		select {
		case <-more:
		case <-deadline:
			b.l.t.Fatalf("baresip %s: no %s in %v; events: %s", b.user, kind, patience*within, b.history())
		}
	}
}

// all returns the texts of the events of a kind.
func (b *baresip) all(kind string) (texts []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.events {
		if e.kind == kind {
			texts = append(texts, e.text)
		}
	}
	return texts
}

func (b *baresip) history() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
	for _, e := range b.events {
		out = append(out, e.text)
	}
	return strings.Join(out, "; ")
}

// heard is the recording of what came in during the last call, which has ended. baresip says that before it closes the
// file.
func (b *baresip) heard() string {
	b.l.t.Helper()
	deadline := time.Now().Add(patience * 5 * time.Second)
	for {
		files, _ := filepath.Glob(filepath.Join(b.dir, "dump-*-dec.wav"))
		sort.Strings(files)
		if n := len(files); n > 0 && !b.open(files[n-1]) {
			return files[n-1]
		}
		if time.Now().After(deadline) {
			b.l.t.Fatalf("baresip %s recorded nothing in %s (%v)", b.user, b.dir, files)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// open tells whether the process still has a file open.
func (p *process) open(path string) bool {
	links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", p.cmd.Process.Pid))
	return slices.ContainsFunc(links, func(link string) bool {
		to, err := os.Readlink(link)
		return err == nil && to == path
	})
}
