//go:build peers && linux

package interop

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"sort"
	"strconv"
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

type baresipEvent struct {
	Event     bool   `json:"event"`
	Type      string `json:"type"`
	Class     string `json:"class"`
	Param     string `json:"param"`
	PeerURI   string `json:"peeruri"`
	Direction string `json:"direction"`
	Response  bool   `json:"response"`
	OK        bool   `json:"ok"`
	Data      string `json:"data"`
}

type baresipOptions struct {
	transport string // default udp
	codecs    string // default pcma,pcmu
	answer    string // auto, manual; default manual
	say       string // WAV, 8 kHz
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
module aufile.so
module aubridge.so
module sndfile.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
snd_path `+dir+`
ctrl_tcp_listen `+addr+`:4444
`)
	l.write(filepath.Join(dir, "accounts"), fmt.Sprintf("<sip:%s@%s;transport=%s>;auth_user=%s;auth_pass=%s;regint=600;answermode=%s;audio_codecs=%s\n",
		user, k.addr, o.transport, user, password, o.answer, o.codecs))
	b := &baresip{l: l, user: user, addr: addr, dir: dir, more: make(chan struct{})}
	b.process = l.start("baresip "+user, h.command("baresip", "-f", dir, "-v"))
	b.conn = waitTCP(l, addr+":4444")
	go b.read()
	b.process.await("200 OK", 15*time.Second)
	return b
}

// read takes netstrings of JSON off the control connection.
func (b *baresip) read() {
	r := bufio.NewReader(b.conn)
	for {
		size, err := r.ReadString(':')
		if err != nil {
			return
		}
		n, err := strconv.Atoi(strings.TrimSuffix(size, ":"))
		if err != nil || n > 1<<20 {
			return
		}
		raw := make([]byte, n+1) // and the comma
		if _, err := io.ReadFull(r, raw); err != nil {
			return
		}
		var e baresipEvent
		if json.Unmarshal(raw[:n], &e) != nil {
			continue
		}
		b.mu.Lock()
		b.events = append(b.events, e)
		close(b.more)
		b.more = make(chan struct{})
		b.mu.Unlock()
	}
}

// do sends a command, as typed at baresip's prompt.
func (b *baresip) do(command, params string) {
	b.l.t.Helper()
	raw, _ := json.Marshal(map[string]string{"command": command, "params": params})
	if _, err := fmt.Fprintf(b.conn, "%d:%s,", len(raw), raw); err != nil {
		b.l.t.Fatalf("baresip %s: %s: %v", b.user, command, err)
	}
}

// mark is a place in the stream of events.
func (b *baresip) mark() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.events)
}

// await waits for an event of a type ("CALL_INCOMING", "CALL_ESTABLISHED",
// "CALL_CLOSED", "CALL_DTMF_START"…) after mark.
func (b *baresip) await(from int, typ string, within time.Duration) baresipEvent {
	b.l.t.Helper()
	deadline := time.After(within)
	for {
		b.mu.Lock()
		for _, e := range b.events[from:] {
			if e.Event && e.Type == typ {
				b.mu.Unlock()
				return e
			}
		}
		more := b.more
		b.mu.Unlock()
		select {
		case <-more:
		case <-deadline:
			b.l.t.Fatalf("baresip %s: no %s in %v; events: %s", b.user, typ, within, b.history())
		}
	}
}

// all returns the parameters of the events of a type.
func (b *baresip) all(typ string) (params []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.events {
		if e.Event && e.Type == typ {
			params = append(params, e.Param)
		}
	}
	return params
}

func (b *baresip) history() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
	for _, e := range b.events {
		if e.Event {
			out = append(out, e.Type+" "+e.Param)
		}
	}
	return strings.Join(out, "; ")
}

// heard is the recording of what came in; complete after the call.
func (b *baresip) heard() string {
	b.l.t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for {
		files, _ := filepath.Glob(filepath.Join(b.dir, "dump-*-dec.wav"))
		sort.Strings(files)
		if len(files) > 0 {
			return files[len(files)-1]
		}
		if time.Now().After(deadline) {
			b.l.t.Fatalf("baresip %s recorded nothing in %s", b.user, b.dir)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
