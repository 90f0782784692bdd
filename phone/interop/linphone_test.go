//go:build peers && linux

package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"offhook/phone/control"
)

// linphone is a person with linphonec, operated by its prompt. It is the one
// telephone in Debian with G.729 (libmediastreamer12 links libbcg729).
type linphone struct {
	*process
	l      *lab
	record string
}

// linphone starts one registered at k as user, with one codec ("G729",
// "PCMA"), speaking say when in a call. sip are more lines of [sip] in its
// configuration.
func (l *lab) linphone(k *kamailio, user, password, codec, say string, autoAnswer bool, sip ...string) *linphone {
	l.t.Helper()
	var h host
	if k.process != nil {
		h = l.host()
	} else { // the local exchange, whose loopback is ours
		h = l.here()
	}
	addr := h.addr
	dir := l.sub("linphone-" + user)
	for _, d := range []string{".config/linphone", ".local/share/linphone"} {
		l.sub("linphone-" + user + "/" + d)
	}
	var codecs strings.Builder
	for i, c := range []string{"opus/48000/2", "speex/16000/1", "speex/8000/1", "PCMU/8000/1", "PCMA/8000/1", "G729/8000/1"} {
		f := strings.Split(c, "/")
		enabled := 0
		if f[0] == codec {
			enabled = 1
		}
		fmt.Fprintf(&codecs, "[audio_codec_%d]\nmime=%s\nrate=%s\nchannels=%s\nenabled=%d\n", i, f[0], f[1], f[2], enabled)
	}
	rc := filepath.Join(dir, "linphonerc")
	l.write(rc, fmt.Sprintf(`[sip]
sip_port=5060
sip_tcp_port=0
sip_tls_port=0
bind_address=%[1]s
guess_hostname=0
contact=sip:%[2]s@%[1]s
default_proxy=0
use_info=0
auto_net_state_mon=1
%[7]s
[net]
mtu=1300
[rtp]
audio_rtp_port=%[6]d
[proxy_0]
reg_proxy=<sip:%[3]s;transport=udp>
reg_identity=<sip:%[2]s@%[3]s>
reg_expires=600
reg_sendregister=1
publish=0
[auth_info_0]
username=%[2]s
passwd=%[4]s
realm=%[3]s
domain=%[3]s
[sound]
echocancellation=0
%[5]s`, addr, user, k.addr, password, codecs.String(), 7000+10*l.n, strings.Join(sip, "\n")))
	args := []string{"-c", rc, "-l", filepath.Join(dir, "log"), "-d", "4"}
	if autoAnswer {
		args = append(args, "-a")
	}
	cmd := h.command("linphonec", args...)
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir+"/.config", "XDG_DATA_HOME="+dir+"/.local/share")
	p := &linphone{l.start("linphone "+user, cmd), l, filepath.Join(dir, "heard.wav")}
	p.do("soundcard use files")
	p.do("record " + p.record)
	p.do("play " + say)
	registered := false
	for range 40 {
		p.do("status register")
		if registered = p.saw("registered, identity=", 250*time.Millisecond); registered {
			break
		}
	}
	if !registered {
		l.t.Fatal("linphone did not register in a minute")
	}
	return p
}

// do types a line.
func (p *linphone) do(line string) {
	p.l.t.Helper()
	if _, err := fmt.Fprintln(p.stdin, line); err != nil {
		p.l.t.Fatalf("linphone: %v", err)
	}
}

// heard ends linphone and returns its recording.
func (p *linphone) heard() string {
	p.l.t.Helper()
	p.do("quit")
	select {
	case <-p.ended:
	case <-time.After(patience * 10 * time.Second):
		p.l.t.Error("linphone did not end in a minute after quit")
	}
	return p.record
}

func TestHarnessCarriesG729BetweenTwoLinphones(t *testing.T) {
	speaking(t, twoLinphones)
}

func twoLinphones(l *lab) {
	k := l.kamailio(map[string]string{"carol": "one", "dave": "two"})
	saysCarol, saysDave := l.say("carol", "en", textOne, 8000), l.say("dave", "en+f3", textTwo, 8000)
	dave := l.linphone(k, "dave", "two", "G729", saysDave, true)
	carol := l.linphone(k, "carol", "one", "G729", saysCarol, false)
	carol.do("call sip:dave@" + k.addr)
	carol.await("Media streams established", 10*time.Second)
	l.talk(talk)
	carol.do("terminate")
	dave.await("ended", 5*time.Second)
	l.carried("carol to dave", saysCarol, dave.heard(), saysDave)
	l.carried("dave to carol", saysDave, carol.heard(), saysCarol)
}

func TestG729WithLinphone(t *testing.T) { withLinphone(t, "G729") }

func TestOpusWithLinphone(t *testing.T) { withLinphone(t, "opus") }

// withLinphone makes a call each way with a codec as linphone writes it.
func withLinphone(t *testing.T, codec string) {
	for _, incoming := range []bool{false, true} {
		t.Run(map[bool]string{false: "offhook calls", true: "linphone calls"}[incoming], func(t *testing.T) {
			speaking(t, func(l *lab) {
				k := l.kamailio(map[string]string{"alice": "one", "carol": "two"})
				says, oneSays := l.say("linphone", "en+f3", textTwo, 8000), l.say("offhook", "en", textOne, 48000)
				lin := l.linphone(k, "carol", "two", codec, says, !incoming)
				off := l.offhook(k, "alice", offhookOptions{password: "one", say: oneSays, codecs: []string{strings.ToLower(codec), "pcma"}})
				from := off.mark()
				if incoming {
					lin.do("call sip:alice@" + k.addr)
					off.awaitCall(from, control.CallIncoming, 10*time.Second)
					off.do("handset", "lift")
				} else {
					off.do("handset", "lift")
					off.do("dial", "carol")
				}
				off.awaitCall(from, control.CallActive, 10*time.Second)
				lin.await("Media streams established", 10*time.Second)
				l.talk(talk)
				s := off.status()
				if len(s.Calls) != 1 || s.Calls[0].Codec != strings.ToUpper(codec) {
					t.Errorf("calls %+v, want one in %s", s.Calls, codec)
				}
				lin.do("terminate")
				off.awaitCall(from, control.CallEnded, 5*time.Second)
				off.do("handset", "hang-up")
				off.quit()
				l.carried("offhook to linphone", oneSays, lin.heard(), says)
				l.carried("linphone to offhook", says, off.record, oneSays)
			})
		})
	}
}
