package ua

import (
	"errors"
	"testing"
)

func TestTargets(t *testing.T) {
	for in, want := range map[string]string{
		"600":                            "sip:600@d.test",
		"+49 (0)30 / 12-34.5":            "sip:+49030" + "12345@d.test",
		"*21#":                           "sip:*21%23@d.test",
		"bob":                            "sip:bob@d.test",
		"bob smith":                      "sip:bob%20smith@d.test",
		"bob@other.test":                 "sip:bob@other.test",
		"sip:bob@other.test:5070":        "sip:bob@other.test:5070",
		"SIP:bob@other.test":             "sip:bob@other.test",
		"sips:bob@other.test":            "sips:bob@other.test",
		"sip:10.0.0.1":                   "sip:10.0.0.1",
		"sip:b:pass@h?Subject=x":         "sip:b@h",
		"sip:b@[::1]:5070;transport=tcp": "sip:b@[::1]:5070;transport=tcp",
		"tel:+49-30-123;phone-context=x": "sip:+4930123@d.test",
		"tel:+49-(0)30.12":               "sip:+4903012@d.test",
		"TEL:600":                        "sip:600@d.test",
		"tel:*21*%23":                    "sip:*21*%23@d.test",
		"tel:%2B49%2030%20123":           "sip:+4930123@d.test",
		"tel://+4930123":                 "sip:+4930123@d.test",
		"  600 ":                         "sip:600@d.test",
	} {
		u, err := parseTarget(in, "sip", "d.test")
		if err != nil || u.String() != want {
			t.Errorf("%q: %s %v, want %s", in, u.String(), err, want)
		}
	}
	for _, in := range []string{"", " ", "sip:", "sip:@", "sip:@h", "a\r\nb", "sip:a@b\r\nX: y", "sips:", "sips:a@b c", "sip:a@b c", "sip:a@<b>", "sip:a@b/c", "bob@", "\x00", "tel:", "tel:+", "tel:;ext=1", "tel:bob", "tel:%zz", "tel:%00"} {
		if u, err := parseTarget(in, "sip", "d.test"); !errors.Is(err, ErrBadTarget) {
			t.Errorf("%q: %s %v", in, u.String(), err)
		}
	}
	if _, err := parseTarget("600", "sip", ""); !errors.Is(err, ErrBadTarget) {
		t.Errorf("a number without a domain: %v", err)
	}
}

func FuzzTarget(f *testing.F) {
	for _, s := range []string{"600", "sip:a@b;x=y?z", "tel:+1;x", "tel://%2B1", "a@b@c", "sip:[::1]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := parseTarget(s, "sip", "d.test")
		if err != nil {
			return
		}
		text := u.String()
		for _, c := range []byte(text) {
			if c <= ' ' || c == '<' || c == '>' || c == 0x7f {
				t.Errorf("%q gives %q", s, text)
				break
			}
		}
	})
}

func TestConfigurationsThatCannotWorkAreRefusedAtOnce(t *testing.T) {
	ok := Account{Name: "a", URI: "sip:a@d.test"}
	bad := map[string]Config{
		"no name":      {Accounts: []Account{{URI: "sip:a@d.test"}}},
		"no user":      {Accounts: []Account{{Name: "a", URI: "sip:d.test"}}},
		"not SIP":      {Accounts: []Account{{Name: "a", URI: "mailto:a@d.test"}}},
		"line ends":    {Accounts: []Account{{Name: "a", URI: "sip:a@d.test\r\nX: y"}}},
		"twice":        {Accounts: []Account{ok, ok}},
		"transport":    {Accounts: []Account{{Name: "a", URI: "sip:a@d.test", Transport: "pigeon"}}},
		"registrar":    {Accounts: []Account{{Name: "a", URI: "sip:a@d.test", Registrar: "a\nb"}}},
		"listen":       {Listen: []string{"127.0.0.1:5060"}},
		"listen proto": {Listen: []string{"sctp:127.0.0.1:5060"}},
		"user agent":   {UserAgent: "a\r\nb"},
	}
	for name, c := range bad {
		if _, err := New(c); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if _, err := New(Config{Accounts: []Account{ok}}); err != nil {
		t.Error(err)
	}
}
