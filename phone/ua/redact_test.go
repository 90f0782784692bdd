package ua

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/phone/ua/uatest"
)

func TestSecretsAreTakenOut(t *testing.T) {
	const in = "REGISTER sip:u:hunter2@x.test SIP/2.0\r\n" +
		"Authorization: Digest username=\"u\",\r\n response=\"SECRET1\"\r\n" +
		"proxy-authorization : Digest nonce=\"SECRET2\"\r\n" +
		"WWW-Authenticate: SECRET3=\r\n" +
		"Contact: <sip:a:SECRET4@h>, <sips:b:SECRET5@h>\r\n" +
		"From: \"c:d@e\" <sip:plain@h:5060>;tag=1\r\n\r\n" +
		"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:SECRET6\r\nk=clear:SECRET7\r\na=key-mgmt:mikey SECRET8\r\na=sendrecv\r\n"
	got := redact(in)
	if strings.Contains(got, "SECRET") || strings.Contains(got, "hunter2") {
		t.Errorf("left in:\n%s", got)
	}
	for _, want := range []string{"Authorization: Digest [redacted]\r\n", "a=crypto:[redacted]\r\n", "\"c:d@e\" <sip:plain@h:5060>;tag=1", "a=sendrecv\r\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing:\n%s", want, got)
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("Authorization: Digest x\r\n y", "SECRET")
	f.Add("sip:a:b@c sips:@:", "")
	f.Fuzz(func(t *testing.T, text, secret string) {
		redact(text)
		if s := strings.Map(func(r rune) rune {
			if r < 'A' || r > 'Z' {
				return -1
			}
			return r
		}, secret); len(s) > 8 {
			if got := redact("Authorization: Digest response=" + s + "\r\nX: y\r\n"); strings.Contains(got, s) {
				t.Errorf("left in: %q", got)
			}
		}
	})
}

func TestSipgoLogsAreQuietAndRedacted(t *testing.T) {
	var b bytes.Buffer
	l := quietLogger(slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug})))
	l.Error("failed to parse", "data", "INVITE\r\nAuthorization: SECRET", "error", strings.Repeat("x", 5000))
	for range 1000 {
		l.With("req", "sip:u:SECRET@h").Warn("flood")
	}
	got := b.String()
	if strings.Contains(got, "SECRET") || strings.Contains(got, "level=ERROR") || len(got) > 5000 {
		t.Errorf("%d bytes:\n%.2000s", len(got), got)
	}
}

// TestNoSecretReachesLogOrTrace has a wrong password go through everything.
func TestNoSecretReachesLogOrTrace(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		newRegistrar(t, n)
		p := member(t, n, "10.0.0.1", "alice", "secret-a")
		registered(p)
		w := newWire(t, n, "10.0.0.9")
		w.raw(p.trace[0].Local, "INVITE broken\nAuthorization: Digest response=\"SECRET\"\n")
		synctest.Wait()
		time.Sleep(time.Second)
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, m := range p.trace {
			for _, s := range []string{"secret-a", "response=", "nonce=", "SECRET"} {
				if strings.Contains(m.Text, s) {
					t.Errorf("%s in\n%s", s, m.Text)
				}
			}
		}
	})
}
