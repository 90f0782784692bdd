package config

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Names of codecs as the file may write them, and as SDP does.
var (
	codecs = []string{"opus", "g722", "pcma", "pcmu", "g729", "gsm", "l16"}
)

func defaultCodecs() []string { return []string{"OPUS", "G722", "PCMA", "PCMU", "G729"} }

func readAccounts(doc *table) []Account {
	list, ok := doc.tables("account", "accounts are", maxAccounts)
	if !ok {
		return nil
	}
	names := map[string]int{}
	accounts := make([]Account, 0, len(list))
	for i, values := range list {
		t := &table{reader: doc.reader, path: fmt.Sprintf("account[%d]", i), title: "[[account]]", values: values}
		a := readAccount(t)
		if first, twice := names[a.Name]; twice && a.Name != "" {
			t.fail("name", "the name %q is taken by the account on line %d: give each account its own name",
				clip(a.Name), t.lines.at(fmt.Sprintf("account[%d]", first)))
		} else {
			names[a.Name] = i
		}
		accounts = append(accounts, a)
	}
	return accounts
}

func readAccount(t *table) Account {
	a := Account{Transport: "udp", Register: true, Expires: 600 * time.Second, Codecs: defaultCodecs(), DTMF: "rfc4733", SRTP: "off", AutoAnswer: "off", Redirects: "domain"}
	named := t.text("name", &a.Name)
	addressed := t.text("uri", &a.URI)
	if _, present := t.values["uri"]; !present {
		t.fail("", `this account has no uri: add uri = "sip:user@domain"`)
	} else if addressed {
		user, why := checkURI(a.URI)
		if why != "" {
			t.fail("uri", "%s", why)
		}
		if !named {
			a.Name = user
		}
	}
	if named && strings.TrimSpace(a.Name) == "" {
		t.fail("name", "name is empty: give the account a name, or take the line out")
	}
	t.text("display_name", &a.DisplayName)
	t.text("auth_user", &a.AuthUser)
	readPassword(t, &a.Password)
	readServer(t, &a)
	t.boolean("register", &a.Register)
	t.duration("expires", &a.Expires, 30*time.Second, 24*time.Hour)
	readCodecs(t, &a.Codecs)
	t.choice("dtmf", &a.DTMF, []string{"rfc4733", "info", "inband", "auto"})
	t.boolean("silence_suppression", &a.SilenceSuppression)
	t.choice("srtp", &a.SRTP, []string{"off", "sdes", "dtls"})
	t.boolean("srtp_required", &a.SRTPRequired)
	if a.SRTPRequired && a.SRTP == "off" {
		t.fail("srtp_required", `srtp_required without encryption: add srtp = "dtls" or "sdes", or take srtp_required out`)
	}
	t.choice("auto_answer", &a.AutoAnswer, []string{"off", "on", "intercom"})
	t.boolean("anonymous", &a.Anonymous)
	t.choice("redirects", &a.Redirects, []string{"domain", "any", "off"})
	t.later("voicemail", "")
	t.finish()
	return a
}

// server reads the name of a SIP server: "host", "host:port", or those after "sip:".
func (t *table) server(key string, dst *string) {
	var s string
	if !t.text(key, &s) || s == "" {
		return
	}
	rest, scheme := cutScheme(s)
	if scheme == "sips" {
		t.fail(key, `%s: write it without sips:, and transport = "tls" beside it`, key)
		return
	}
	if strings.ContainsRune(rest, '@') {
		t.fail(key, `%s names a server, without a user: write "host" or "host:port"`, key)
		return
	}
	if why := badHostPort(rest); why != "" {
		t.fail(key, "%s = %q: %s", key, clip(s), why)
		return
	}
	*dst = s
}

func readCodecs(t *table, dst *[]string) {
	var names []string
	if !t.texts("codecs", &names) {
		return
	}
	var out []string
	refused := false
	for _, name := range names {
		word := strings.ToLower(name)
		switch {
		case slices.Contains(codecs, word):
			if up := strings.ToUpper(word); slices.Contains(out, up) {
				t.fail("codecs", "codecs names %q twice", word)
				refused = true
			} else {
				out = append(out, up)
			}
		default:
			t.fail("codecs", "codec %q is not known: use some of %s", clip(name), strings.Join(codecs, ", "))
			refused = true
		}
	}
	if len(out) == 0 && !refused {
		t.fail("codecs", "codecs leaves no codec to speak with: add some of %s", strings.Join(codecs, ", "))
	}
	if !refused {
		*dst = out
	}
}
