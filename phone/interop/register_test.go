//go:build peers && linux

package interop

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"offhook/phone/control"
)

func TestRegistrationWithDigest(t *testing.T) {
	l := newLab(t)
	k := l.kamailio(map[string]string{"alice": "one"})
	off := l.offhook(k, "alice", offhookOptions{password: "one"})
	a := off.status().Accounts[0]
	if a.State != control.AccountRegistered || a.ExpiresIn < 1 || a.ExpiresIn > 600 {
		t.Errorf("%+v", a)
	}
	out, err := off.verb("account", "test", "desk", "--json")
	if err != nil {
		t.Errorf("account test: %v", err)
	}
	t.Logf("account test: %s", strings.TrimSpace(out))
	off.quit()
	// Gone at once, not when the registration runs out.
	if !k.saw("request REGISTER", time.Second) {
		t.Error("no REGISTER was logged")
	}
	n := strings.Count(k.tail(1000), "request REGISTER")
	if n < 3 { // asked, registered, unregistered
		t.Errorf("%d REGISTERs, want the unregistration among them:\n%s", n, k.tail(30))
	}
}

func TestWrongPasswordIsSaid(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	k := l.kamailio(map[string]string{"alice": "one"})
	off := l.offhook(k, "alice", offhookOptions{password: "not it", failing: true})
	a := off.awaitAccount(control.AccountFailed)
	if (a.Code != 401 && a.Code != 403 && a.Code != 407) || !strings.Contains(strings.ToLower(a.Reason), "password") {
		t.Errorf("the account says %d %q: it should name the password", a.Code, a.Reason)
	}
	if n := strings.Count(k.tail(1000), "request REGISTER"); n > 4 {
		t.Errorf("%d REGISTERs with a wrong password", n)
	}
	out, err := off.verb("account", "test", "desk", "--json")
	if err == nil {
		t.Errorf("account test succeeded: %s", out)
	} else if !strings.Contains(strings.ToLower(err.Error()), "password") {
		t.Errorf("account test does not name the password: %v", err)
	}
	for _, text := range []string{off.history(), off.tail(1000), out} {
		if strings.Contains(text, "not it") {
			t.Error("the password is printed")
		}
	}
	raw, _ := json.Marshal(off.status())
	t.Logf("status: %s", raw)
}

func TestServerThatDoesNotAnswerIsSaid(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	nobody := l.host().addr
	off := l.offhook(&kamailio{addr: nobody}, "alice", offhookOptions{password: "one", failing: true})
	off.eventually("failed", 45*time.Second, func() bool { return off.status().Accounts[0].State == control.AccountFailed })
	if a := off.status().Accounts[0]; a.Reason == "" {
		t.Errorf("no reason: %+v", a)
	} else {
		t.Logf("%d %s", a.Code, a.Reason)
	}
}
