package phone

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"offhook/phone/ua"
)

// The log says why an account is not registered when that is news, not at each attempt, and that it is again.
func TestLogSaysWhyAnAccountIsNotRegistered(t *testing.T) {
	var log bytes.Buffer
	plain := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	p, err := New(Config{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: plain}))})
	if err != nil {
		t.Fatal(err)
	}
	p.accounts = []*account{{name: "desk"}}
	silent := ua.Registration{Account: "desk", State: ua.Failed, Step: ua.StepAnswer, Code: 408, Reason: "no answer from the server"}
	refused := ua.Registration{Account: "desk", State: ua.Failed, Step: ua.StepCredentials, Code: 403, Reason: "the password is refused"}
	good := ua.Registration{Account: "desk", State: ua.Registered, Code: 200, Server: "udp:192.0.2.1:5060", Expires: time.Minute}
	for _, e := range []ua.Registration{good, silent, {Account: "desk", State: ua.Registering}, silent, refused, good, good, silent} {
		p.registration(e)
	}
	const (
		noAnswer = `level=WARN msg="an account is not registered" account=desk step=answer code=408 reason="no answer from the server"`
		password = `level=WARN msg="an account is not registered" account=desk step=credentials code=403 reason="the password is refused"`
		again    = `level=WARN msg="an account is registered again" account=desk server=udp:192.0.2.1:5060`
	)
	if want := strings.Join([]string{noAnswer, password, again, noAnswer, ""}, "\n"); log.String() != want {
		t.Errorf("the log is\n%s\nwant\n%s", log.String(), want)
	}
}
