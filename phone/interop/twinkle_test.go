//go:build peers && linux

package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// twinkle is a person with twinkle-console, operated by its prompt. It plays
// and records through an ALSA plugin (testdata/card.c).
type twinkle struct {
	*process
	l      *lab
	user   string
	record string
}

// card gives a peer with this home a sound card at hz whose microphone says a
// WAV file, and returns where it writes what the earpiece plays.
func (l *lab) card(home, say string, hz int) (record string) {
	l.t.Helper()
	lib := filepath.Join(home, "card.so")
	if err := run("cc", "-shared", "-fPIC", "-DPIC", "-O1", "-o", lib, "testdata/card.c", "-lasound"); err != nil {
		l.t.Fatalf("the sound card is not built (packages gcc, libasound2-dev): %v", err)
	}
	record = filepath.Join(home, "heard.raw")
	// Behind the 44 bytes of its header a WAV file is raw.
	raw := filepath.Join(home, "says.raw")
	wav, err := os.ReadFile(say)
	if err != nil {
		l.t.Fatal(err)
	}
	l.write(raw, string(wav[44:]))
	l.write(filepath.Join(home, ".asoundrc"), fmt.Sprintf(`pcm_type.files { lib %q }
pcm.!default { type files rate %[2]d play %[3]q record %[4]q }
pcm.quiet { type files rate %[2]d }
`, lib, hz, raw, record))
	return record
}

// twinkle starts one registered at k as user, speaking say when in a call.
func (l *lab) twinkle(k *kamailio, user, password, say string, autoAnswer bool) *twinkle {
	l.t.Helper()
	h := l.host()
	home := l.sub("twinkle-" + user)
	dir := l.sub("twinkle-" + user + "/.twinkle")
	record := l.card(home, say, 8000)
	l.write(filepath.Join(dir, "twinkle.sys"), `dev_speaker=alsa:default
dev_mic=alsa:default
dev_ringtone=alsa:quiet
validate_audio_dev=no
play_ringtone=no
play_ringback=no
sip_udp_port=5060
rtp_port=8000
`)
	l.write(filepath.Join(dir, user+".cfg"), fmt.Sprintf(`user_name=%[1]s
user_domain=%[2]s
user_display=%[1]s
registrar=%[2]s
register_at_startup=yes
registration_time=600
auth_name=%[1]s
auth_pass=%[3]s
codecs=g711a
dtmf_transport=rfc2833
speex_dsp_vad=no
speex_dsp_agc=no
ask_user_to_refer=no
ext_replaces=yes
sip_transport=udp
`, user, k.addr, password))
	cmd := h.command("twinkle-console", user+".cfg")
	cmd.Env = append(os.Environ(), "HOME="+home)
	p := &twinkle{process: l.start("twinkle "+user, cmd), l: l, user: user, record: record}
	p.await("registration succeeded", 15*time.Second)
	if autoAnswer {
		p.do("auto_answer -a on")
		p.await("uto answer", 5*time.Second)
	}
	return p
}

// do types a line.
func (p *twinkle) do(line string) {
	p.l.t.Helper()
	if _, err := fmt.Fprintln(p.stdin, line); err != nil {
		p.l.t.Fatalf("twinkle: %v", err)
	}
}

// heard ends twinkle and returns its recording. (At SIGTERM it would linger.)
func (p *twinkle) heard() string {
	p.l.t.Helper()
	p.do("quit")
	select {
	case <-p.ended:
	case <-time.After(patience * 10 * time.Second):
		p.l.t.Error("twinkle did not end in a minute after quit")
	}
	return p.l.recorded(p.record, 8000)
}

// recorded makes a WAV file of what a card at hz has recorded.
func (l *lab) recorded(record string, hz int) string {
	l.t.Helper()
	out := strings.TrimSuffix(record, ".raw") + ".wav"
	if err := run("sox", "-t", "raw", "-r", fmt.Sprint(hz), "-c", "1", "-b", "16", "-e", "signed", "-L", record, out); err != nil {
		l.t.Fatal(err)
	}
	return out
}
