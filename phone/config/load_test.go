package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"offhook/phone/desk"
)

// folder makes a folder of files, each mode 0600.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// everything is the file of the manual, with every key.
const everything = `[sip]
listen = ["udp:127.0.0.1:5060", "tcp:[::1]:0"]
direct_calls = true
rtp_ports = "20000-20100"
dscp = { audio = 34, signalling = 0 }

[[account]]
name      = "desk"
uri       = "sip:alice@example.org"
display_name = "Alice"
auth_user = "a-100"
password_file = "desk.secret"
registrar = "sip:reg.example.org:5062"
outbound_proxy = "proxy.example.org"
transport = "tcp"
register  = true
expires   = 300
codecs    = ["opus", "g722", "PCMU", "g729"]
dtmf      = "rfc4733"
silence_suppression = true
srtp      = "off"
srtp_required = false
auto_answer = "off"
redirects = "domain"
voicemail = ""
public_address = ""
stun = ""

[[account]]
uri = "sip:200@[2001:db8::1]:5070"
register = false

[audio]
backend = "file"
play    = "in.wav"
record  = "out.wav"
tones   = "GB"
ringer  = "bell"
speakerphone = "off"
sidetone = -20
ring    = ["handset", "speakers"]

[phone]
first_digit_timeout = 10
max_calls = 64
inter_digit_timeout = "2500ms"
dnd = true
`

func TestEveryKeyOfTheManualIsRead(t *testing.T) {
	dir := folder(t, map[string]string{"c.toml": everything, "desk.secret": "hunter2\n", "in.wav": ""})
	cfg, warnings, err := Load(filepath.Join(dir, "c.toml"))
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{
		Path: filepath.Join(dir, "c.toml"),
		SIP: SIP{
			Listen:      []string{"udp:127.0.0.1:5060", "tcp:[::1]:0"},
			DirectCalls: true,
			RTPPorts:    PortRange{20000, 20100},
			DSCP:        DSCP{Audio: 34, Signalling: 0},
		},
		Accounts: []Account{
			{
				Name: "desk", URI: "sip:alice@example.org", DisplayName: "Alice", AuthUser: "a-100",
				Password: NewPassword("hunter2"), Registrar: "sip:reg.example.org:5062",
				OutboundProxy: "proxy.example.org", Transport: "tcp", Register: true, Expires: 300 * time.Second,
				Codecs: []string{"OPUS", "G722", "PCMU", "G729"}, DTMF: "rfc4733", SilenceSuppression: true, SRTP: "off", AutoAnswer: "off", Redirects: "domain",
			},
			{
				Name: "200", URI: "sip:200@[2001:db8::1]:5070", Transport: "udp", Expires: 600 * time.Second,
				Codecs: []string{"OPUS", "G722", "PCMA", "PCMU", "G729"}, DTMF: "rfc4733", SRTP: "off", AutoAnswer: "off", Redirects: "domain",
			},
		},
		Audio: Audio{
			Backend: "file", Play: filepath.Join(dir, "in.wav"), Record: filepath.Join(dir, "out.wav"),
			Tones: "GB", Ringer: "bell", Speakerphone: "off", Sidetone: -20,
			Ring: []string{"handset"},
		},
		Phone: Phone{FirstDigitTimeout: 10 * time.Second, InterDigitTimeout: 2500 * time.Millisecond, MaxCalls: 64, DND: true},
	}
	if !reflect.DeepEqual(cfg, want) {
		t.Errorf("read\n%+v\nwant\n%+v", cfg, want)
	}
	expectLines(t, warnings, []string{
		`c.toml:41: ring = "speakers" is not in this version yet: skipped`,
	})
}

func TestAnEmptyFileIsTheDefault(t *testing.T) {
	cfg, warnings, err := Parse("x.toml", nil)
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	cfg.Path = ""
	if !reflect.DeepEqual(cfg, Default()) {
		t.Errorf("read %+v, want the default", cfg)
	}
}

// expectLines compares problems with lines that name the file without its folder.
func expectLines(t *testing.T, got []Problem, want []string) {
	t.Helper()
	var lines []string
	for _, p := range got {
		p.File = filepath.Base(p.File)
		lines = append(lines, p.String())
	}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("got:\n  %s\nwant:\n  %s", strings.Join(lines, "\n  "), strings.Join(want, "\n  "))
	}
}

// account wraps lines in an account that is right otherwise; its first line is the file's third.
func account(lines ...string) string {
	return "[[account]]\nuri = \"sip:alice@example.org\"\n" + strings.Join(lines, "\n")
}

// What the file may say is what the phone does, which takes less without a word.
func TestAsManyCallsCanBeConfiguredAsThereCanBe(t *testing.T) {
	if maxCalls != desk.MaxCalls {
		t.Errorf("up to %d calls can be configured, and there can be %d", maxCalls, desk.MaxCalls)
	}
	cfg, _, err := Parse("c.toml", []byte("[phone]\nmax_calls = 64\n"))
	if err != nil || cfg.Phone.MaxCalls != 64 {
		t.Errorf("%v, %+v", err, cfg)
	}
	if _, _, err := Parse("c.toml", []byte("[phone]\nmax_calls = 65\n")); err == nil {
		t.Error("65 calls are no error")
	}
}

func TestWhatIsWrongIsSaidWithItsLineAndARemedy(t *testing.T) {
	tests := []struct{ name, file, want string }{
		{"unknown table", "[spi]\n", `c.toml:1: unknown key "spi": did you mean "sip"?`},
		{"unknown key", account(`codec = ["pcma"]`), `c.toml:3: unknown key "codec" in [[account]]: did you mean "codecs"?`},
		{"unknown key, far from any", "\n[phone]\nx = 1", `c.toml:3: unknown key "x" in [phone]: known here: first_digit_timeout, inter_digit_timeout, max_calls, dnd`},
		{"unknown key in inline table", "[sip]\ndscp = { voice = 1 }", `c.toml:2: unknown key "voice" in dscp: known here: audio, signalling`},
		{"byte order mark", "\ufeff[sip]\r\ndirect_calls = 3\r\n", `c.toml:2: direct_calls must be true or false, without quotes, not a whole number`},
		{"account as a plain table", "[account]\nuri = \"sip:a@b\"", `c.toml:1: accounts are a list: write [[account]], with two brackets`},
		{"syntax", "[sip]\nlisten = [", `c.toml:2: unexpected EOF; expected value`},
		{"wrong type: text", account("name = 5"), `c.toml:3: name must be text in quotes, not a whole number`},
		{"wrong type: boolean", account(`register = "yes"`), `c.toml:3: register must be true or false, without quotes, not text`},
		{"wrong type: integer", "[sip]\ndscp = { audio = 1.5 }", `c.toml:2: audio must be a whole number, not a number with a fraction`},
		{"wrong type: list", account(`codecs = "pcma"`), `c.toml:3: codecs must be a list of texts, such as ["a", "b"], not text`},
		{"wrong type: table", "sip = 1", `c.toml:1: sip must be a table, written [sip], not a whole number`},
		{"a timeout too short", "[sip]\nrtp_timeout = 3", `c.toml:2: rtp_timeout = 3s ends calls in which somebody only pauses: 10s is the least, 0 is never`},
		{"out of range", "[sip]\ndscp = { audio = 64 }", `c.toml:2: audio = 64 is out of range: 0 to 63`},
		{"time out of range", account("expires = 5"), `c.toml:3: expires = 5s is out of range: 30s to 24h0m0s`},
		{"not a time", "[phone]\ninter_digit_timeout = \"soon\"", `c.toml:2: inter_digit_timeout = "soon" is not a time: write seconds, such as 4, or a unit, such as "1500ms"`},
		{"not a choice", account(`transport = "pigeon"`), `c.toml:3: transport = "pigeon" is not known: use "udp" or "tcp" or "tls" or "auto"`},
		{"planned choice", account(`transport = "wss"`), `c.toml:3: transport = "wss" is not in this version yet: use "udp" or "tcp" or "tls" or "auto"`},
		{"unknown srtp", account(`srtp = "zrtp"`), `c.toml:3: srtp = "zrtp" is not known: use "off" or "sdes" or "dtls"`},
		{"encryption that is required and off", account(`srtp_required = true`), "c.toml:3: srtp_required without encryption: add srtp = \"dtls\" or \"sdes\", or take srtp_required out"},
		{"planned key", account(`voicemail = "*98"`), `c.toml:3: voicemail is not in this version yet: take the line out`},
		{"unknown codec", account(`codecs = ["pcma", "mp3"]`), `c.toml:3: codec "mp3" is not known: use some of opus, g722, pcma, pcmu, g729, gsm, l16`},
		{"no codec left", account(`codecs = []`), `c.toml:3: codecs leaves no codec to speak with: add some of opus, g722, pcma, pcmu, g729, gsm, l16`},
		{"codec twice", account(`codecs = ["pcma", "PCMA"]`), `c.toml:3: codecs names "pcma" twice`},
		{"no uri", "[[account]]\nname = \"a\"", `c.toml:1: this account has no uri: add uri = "sip:user@domain"`},
		{"empty uri", "[[account]]\nuri = \"\"", `c.toml:2: uri is empty: write "sip:user@domain"`},
		{"uri without scheme", "[[account]]\nuri = \"bob@example.org\"", `c.toml:2: uri = "bob@example.org" does not begin with sip:: write "sip:bob@example.org"`},
		{"uri without user", "[[account]]\nuri = \"sip:example.org\"", `c.toml:2: uri = "sip:example.org" is not the address of an account: write "sip:user@domain"`},
		{"uri with bad host", "[[account]]\nuri = \"sip:bob@-x-\"", `c.toml:2: uri = "sip:bob@-x-": the host is not a host name`},
		{"uri with bad IPv4", "[[account]]\nuri = \"sip:bob@10.0.0\"", `c.toml:2: uri = "sip:bob@10.0.0": the host is not an IPv4 address`},
		{"uri with bare IPv6", "[[account]]\nuri = \"sip:bob@2001:db8::1\"", `c.toml:2: uri = "sip:bob@2001:db8::1": an IPv6 address must stand in brackets, [like::this]`},
		{"uri with bad port", "[[account]]\nuri = \"sip:bob@a:70000\"", `c.toml:2: uri = "sip:bob@a:70000": the port must be a number from 1 to 65535`},
		{"uri with parameters", "[[account]]\nuri = \"sip:bob@a;transport=tcp\"", `c.toml:2: uri = "sip:bob@a;transport=tcp" has parameters: take them out; transport has a key of its own`},
		{"uri with spaces", "[[account]]\nuri = \"sip:b b@a\"", `c.toml:2: uri = "sip:b b@a" has a character in its user part that must be written %XX`},
		{"secure uri by another way", "[[account]]\nuri = \"sips:bob@a\"\ntransport = \"udp\"", `c.toml:3: transport = "udp", but uri begins with sips:, which asks for TLS: write "tls", or sip: in uri`},
		{"registrar with user", account(`registrar = "sip:x@y"`), `c.toml:3: registrar names a server, without a user: write "host" or "host:port"`},
		{"bad registrar", account(`registrar = "a b"`), `c.toml:3: registrar = "a b": the host name has a character that no host name may have (write names in other scripts as xn--…)`},
		{"line break in a name", account(`name = "a\nb"`), `c.toml:3: name holds a line break or another control character`},
		{"same name twice", account(`name = "x"`) + "\n" + account(`name = "x"`), `c.toml:6: the name "x" is taken by the account on line 1: give each account its own name`},
		{"listen without transport", "[sip]\nlisten = [\"5060\"]", `c.toml:2: listen address "5060" has no transport: write "udp:127.0.0.1:5060"`},
		{"listen on tls", "[sip]\nlisten = [\"tls:0.0.0.0:5061\"]", `c.toml:2: listen has tls: without a certificate: add tls_cert and tls_key, the files of a certificate for this machine's name and of its key`},
		{"listen on a name", "[sip]\nlisten = [\"udp:localhost:5060\"]", `c.toml:2: listen address "udp:localhost:5060" is not an IP address and a port: write "udp:127.0.0.1:5060"`},
		{"not a port range", "[sip]\nrtp_ports = \"16384\"", `c.toml:2: rtp_ports = "16384" is not a range of ports: write "16384-16484"`},
		{"low ports", "[sip]\nrtp_ports = \"80-90\"", `c.toml:2: rtp_ports = "80-90" begins below 1024, where only root may listen: begin at 1024 or above`},
		{"backwards range", "[sip]\nrtp_ports = \"2000-1999\"", `c.toml:2: rtp_ports = "2000-1999" is too small: two calls need four ports`},
		{"backend", "[audio]\nbackend = \"alsa\"", `c.toml:2: backend = "alsa" is not known: use "portaudio" or "file"`},
		{"no ringer", "[audio]\nringer = \"gong\"", `c.toml:2: no ringer has the name "gong": use one of beep bell chime double melody soft warble, or a WAV or Opus file`},
		{"ring", "[audio]\nring = [\"bell\"]", `c.toml:2: ring = "bell" is not known: use "handset" or "speakers"`},
		{"both passwords", account(`password = "hunter2"`, `password_file = "x"`), `c.toml:3: password and password_file are both there: take one out`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cfg, _, err := Parse("c.toml", []byte(test.file))
			var e *Error
			if !errors.As(err, &e) || cfg != nil {
				t.Fatalf("config %v, error %v, want an *Error and no config", cfg, err)
			}
			expectLines(t, e.Problems, []string{test.want})
		})
	}
}

func TestAllProblemsAreToldAtOnceInOrder(t *testing.T) {
	_, _, err := Parse("c.toml", []byte("[phone]\nx = 1\n[audio]\nbackend = 1\n[sip]\ny = 2\n"))
	want := `c.toml:2: unknown key "x" in [phone]: known here: first_digit_timeout, inter_digit_timeout, max_calls, dnd
c.toml:4: backend must be text in quotes, not a whole number
c.toml:6: unknown key "y" in [sip]: known here: listen, tls_cert, tls_key, direct_calls, rtp_ports, dscp, rtp_timeout`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestAMissingFileIsAnErrorWhenNamedAndTheDefaultWhenNot(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.toml")
	_, _, err := Load(path)
	if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), path+": there is no such file") {
		t.Errorf("named: %v", err)
	}
	cfg, _, err := LoadDefault(path)
	if err != nil || !reflect.DeepEqual(cfg, Default()) {
		t.Errorf("not named: %+v, %v; want the default", cfg, err)
	}
}

func TestADefaultFileThatIsWrongIsAnErrorToo(t *testing.T) {
	dir := folder(t, map[string]string{"config.toml": account(`password_file = "none"`)})
	cfg, _, err := LoadDefault(filepath.Join(dir, "config.toml"))
	if err == nil || cfg != nil {
		t.Fatalf("config %v, error %v; want the error of the missing password file", cfg, err)
	}
}

func TestAHugeFileIsRefused(t *testing.T) {
	if _, _, err := Parse("c.toml", make([]byte, maxFile+1)); err == nil {
		t.Error("accepted")
	}
}

func TestPasswordFiles(t *testing.T) {
	tests := []struct {
		name, content string
		mode          fs.FileMode
		password      string
		problem       string // without the path of the folder
	}{
		{"plain", "hunter2", 0o600, "hunter2", ""},
		{"one line", "hunter2\n", 0o600, "hunter2", ""},
		{"from Windows", "hunter2\r\n", 0o600, "hunter2", ""},
		{"spaces belong to it", " a b ", 0o600, " a b ", ""},
		{"readable by others", "hunter2\n", 0o644, "hunter2", `warning c.toml:3: password file DIR/s can be read by others: chmod 600 it`},
		{"readable by the group", "hunter2\n", 0o640, "hunter2", `warning c.toml:3: password file DIR/s can be read by others: chmod 600 it`},
		{"empty", "\n", 0o600, "", `c.toml:3: password file DIR/s is empty: write the password in it`},
		{"two lines", "hunter2\nx\n", 0o600, "", `c.toml:3: password file DIR/s holds more than one line: it holds the password and nothing else`},
		{"too long", strings.Repeat("x", 2000), 0o600, "", `c.toml:3: password file DIR/s is larger than 1024 bytes: it holds the password and nothing else`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := folder(t, map[string]string{"c.toml": account(`password_file = "s"`), "s": test.content})
			if err := os.Chmod(filepath.Join(dir, "s"), test.mode); err != nil {
				t.Fatal(err)
			}
			cfg, warnings, err := Load(filepath.Join(dir, "c.toml"))
			got := ""
			for _, w := range warnings {
				got += "warning " + w.String()
			}
			if err != nil {
				got = err.Error()
			} else if p := cfg.Accounts[0].Password.Reveal(); p != test.password {
				t.Errorf("password %q, want %q", p, test.password)
			}
			got = strings.ReplaceAll(strings.ReplaceAll(got, dir+"/c.toml", "c.toml"), dir, "DIR")
			if got != test.problem {
				t.Errorf("said %q, want %q", got, test.problem)
			}
		})
	}
}

func TestAPasswordFileThatIsNoFileIsRefusedWithoutWaiting(t *testing.T) {
	dir := folder(t, map[string]string{"c.toml": account(`password_file = "."`)})
	_, _, err := Load(filepath.Join(dir, "c.toml"))
	if err == nil || !strings.Contains(err.Error(), "is not a plain file") {
		t.Error(err)
	}
}

func TestAnInlinePasswordInAReadableFileIsWarnedOf(t *testing.T) {
	for mode, warned := range map[fs.FileMode]bool{0o600: false, 0o644: true} {
		dir := folder(t, map[string]string{"c.toml": account(`password = "hunter2"`)})
		path := filepath.Join(dir, "c.toml")
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		cfg, warnings, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if cfg.Accounts[0].Password.Reveal() != "hunter2" {
			t.Error("the password was not read")
		}
		if (len(warnings) == 1) != warned {
			t.Errorf("mode %o: warnings %v, wanted %v", mode, warnings, warned)
		}
	}
}

func TestAPasswordNeverShows(t *testing.T) {
	a := Account{Name: "desk", Password: NewPassword("hunter2")}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "password", a.Password, "account", a)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "password", a.Password, "account", a)
	encoded, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	hidden := struct{ inside Password }{a.Password}
	all := log.String() + string(encoded)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		all += fmt.Sprintf(verb, a) + fmt.Sprintf(verb, a.Password) + fmt.Sprintf(verb, &a) + fmt.Sprintf(verb, hidden)
	}
	if strings.Contains(all, "hunter2") || strings.Contains(all, fmt.Sprintf("%x", "hunter2")) {
		t.Errorf("it shows:\n%s", all)
	}
	if !strings.Contains(log.String(), "[redacted]") {
		t.Errorf("not marked as left out:\n%s", log.String())
	}
}

func TestNoMessageRepeatsAPassword(t *testing.T) {
	for _, file := range []string{
		account(`password = hunter2`),
		account(`password = "hunter2`),
		account(`password = 1987-hunter2`),
		account(`password = 1_hunter2`),
		account(`password = ["hunter2"]`),
		account(`password = "hunter2\u0001"`),
		account(`password = "hunter2"`, `password_file = "x"`),
		account(`password = "hunter2\q"`),
		account(`password = +hunter2`),
		account(`password = 0xhunter2`),
		`account = [{ uri = "sip:a@b", password = 12hunter2 }]`,
		"[[account]]\nuri = \"sip:alice:hunter2@example.org\"",
		"[[account]]\nuri = \"alice:hunter2@example.org\"",
		"[[account]]\nuri = \"http:alice:hunter2@example.org\"",
	} {
		_, _, err := Parse("c.toml", []byte(file))
		if err == nil {
			t.Errorf("accepted:\n%s", file)
			continue
		}
		for e := err; e != nil; e = errors.Unwrap(e) {
			if strings.Contains(fmt.Sprintf("%v %+v", e, e), "hunter2") {
				t.Errorf("%s\n-- said: %v", file, e)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(everything))
	f.Add([]byte(account(`password = "hunter2"`)))
	f.Add([]byte("[a]\n[[b]]\nc = '''\n''''\n d.e = \"\"\"\\\n\"\"\" # x\n'q r' = [[1,\n2], {x=1}]"))
	f.Add([]byte("account = [{uri = \"sip:a@b\"}]"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		cfg, warnings, err := Parse(filepath.Join(dir, "c.toml"), data)
		if (cfg == nil) == (err == nil) {
			t.Fatalf("config %v with error %v", cfg, err)
		}
		lines := strings.Count(string(data), "\n") + 1
		var e *Error
		if errors.As(err, &e) {
			warnings = append(warnings, e.Problems...)
		}
		for _, p := range warnings {
			if p.Line < 0 || p.Line > lines {
				t.Errorf("a file of %d lines has a problem on line %d: %s", lines, p.Line, p)
			}
			if strings.ContainsAny(p.Message, "\n\x00\x1b") {
				t.Errorf("a message with a control character: %q", p.Message)
			}
		}
		if cfg == nil {
			return
		}
		for _, a := range cfg.Accounts {
			if a.Name == "" || a.URI == "" || len(a.Codecs) == 0 || a.Expires <= 0 {
				t.Errorf("accepted account %+v", a)
			}
		}
	})
}
