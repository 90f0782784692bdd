package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/BurntSushi/toml"

	"offhook/media/tone"
)

// maxFile bounds the configuration file, in bytes; a hundred accounts fit in a tenth of it.
const maxFile = 256 << 10

// maxAccounts bounds the number of accounts: each is a registration of its own.
const maxAccounts = 64

// maxCalls is the most calls at once that the phone can be allowed: desk.MaxCalls.
const maxCalls = 64

// Default is the configuration without a file: no accounts.
func Default() *Config {
	return &Config{
		SIP:   SIP{RTPPorts: PortRange{16384, 16484}, DSCP: DSCP{Audio: 46, Signalling: 24}},
		Audio: Audio{Backend: BackendPortAudio, Ring: []string{"handset"}, Speakerphone: "auto"},
		Phone: Phone{FirstDigitTimeout: 15 * time.Second, InterDigitTimeout: 4 * time.Second, MaxCalls: 8},
	}
}

// Load reads and checks the file at path, a file somebody named: that it is missing is an error. The warnings are for
// the user to read and count even when there is no error; an error is an [*Error].
func Load(path string) (*Config, []Warning, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, unreadable(path, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, nil, unreadable(path, err)
	}
	cfg, warnings, err := Parse(path, data)
	if err != nil {
		return nil, warnings, err
	}
	// Stat of the open file: the path may name another one by now.
	if info, err := f.Stat(); err == nil {
		warnings = append(warnings, inlinePasswords(path, data, cfg, info)...)
	}
	sortByLine(warnings)
	return cfg, warnings, nil
}

// LoadDefault reads the file at the place where it is looked for unasked; without a file there, it is [Default].
func LoadDefault(path string) (*Config, []Warning, error) {
	cfg, warnings, err := Load(path)
	if errors.Is(err, fs.ErrNotExist) && !fileExists(path) {
		return Default(), nil, nil
	}
	return cfg, warnings, err
}

// fileExists tells a missing configuration from one that names a missing password file.
func fileExists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

func unreadable(path string, err error) *Error {
	message := fmt.Sprintf("cannot be read: %v", cause(err))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		message = "there is no such file: check the name given with --config, or leave it out to start without accounts"
	case errors.Is(err, fs.ErrPermission):
		message = "you may not read it: make it yours with chown, or readable with chmod"
	}
	return &Error{Problems: []Problem{{File: path, Message: message}}, Err: err}
}

// cause strips the operation and the path from a file error: our messages have the path already.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// Parse checks the contents of a file. The name is for messages, and its folder is what relative paths in the file
// (password_file, play, record) start from. Password files are read.
func Parse(name string, data []byte) (*Config, []Warning, error) {
	if len(data) > maxFile {
		return nil, nil, &Error{Problems: []Problem{{File: name, Message: fmt.Sprintf(
			"is larger than %d kB: this is not a configuration file", maxFile>>10)}}}
	}
	var values map[string]any
	if _, err := toml.Decode(string(data), &values); err != nil {
		return nil, nil, syntaxError(name, err)
	}
	dir, err := filepath.Abs(filepath.Dir(name))
	if err != nil {
		return nil, nil, &Error{Problems: []Problem{{File: name, Message: err.Error()}}, Err: err}
	}
	r := &reader{file: name, dir: dir, lines: indexLines(string(data))}
	cfg := Default()
	cfg.Path = name
	doc := &table{reader: r, values: values}
	if t := doc.sub("sip", "[sip]"); t != nil {
		readSIP(t, &cfg.SIP)
	}
	cfg.Accounts = readAccounts(doc)
	if t := doc.sub("audio", "[audio]"); t != nil {
		readAudio(t, &cfg.Audio)
	}
	if t := doc.sub("phone", "[phone]"); t != nil {
		readPhone(t, &cfg.Phone)
	}
	cfg.Devices = readDevices(doc)
	cfg.Handsets = readHandsets(doc, cfg.Accounts)
	doc.finish()
	sortByLine(r.problems)
	sortByLine(r.warnings)
	if len(r.problems) > 0 {
		return nil, r.warnings, &Error{Problems: r.problems}
	}
	return cfg, r.warnings, nil
}

func syntaxError(name string, err error) *Error {
	p := Problem{File: name, Message: "is not TOML: " + err.Error()}
	var pe toml.ParseError
	if errors.As(err, &pe) {
		p.Line = pe.Position.Line
		p.Message = pe.Message
		// The library quotes what it could not read.
		if strings.HasSuffix(pe.LastKey, "password") {
			p.Message = "this password is not valid TOML: put it in quotes"
		}
	}
	// It also repeats the byte it stumbled on, which must not reach a terminal.
	p.Message = strings.Map(func(c rune) rune {
		if c < 0x20 || c >= 0x7f && c < 0xa0 {
			return utf8.RuneError
		}
		return c
	}, p.Message)
	return &Error{Problems: []Problem{p}, Err: errSyntax}
}

// errSyntax stands for the library's error, whose text may quote a password.
var errSyntax = errors.New("not TOML")

func readSIP(t *table, c *SIP) {
	var listen []string
	if t.texts("listen", &listen) {
		for _, l := range listen {
			if why := badListen(l); why != "" {
				t.fail("listen", "listen address %q %s", clip(l), why)
			}
		}
		c.Listen = listen
	}
	c.Certificate = readCertificate(t)
	wanted := slices.ContainsFunc(c.Listen, func(l string) bool { return strings.HasPrefix(l, "tls:") })
	if _, named := t.values["tls_cert"]; wanted && !named {
		t.fail("listen", "listen has tls: without a certificate: add tls_cert and tls_key, the files of a certificate for this machine's name and of its key")
	} else if named && !wanted {
		t.warn("tls_cert", `tls_cert has no effect in [sip] without "tls:…" in listen; what an account shows its server is named in [[account]]`)
	}
	t.boolean("direct_calls", &c.DirectCalls)
	var ports string
	if t.text("rtp_ports", &ports) {
		r, why := parsePorts(ports)
		if why != "" {
			t.fail("rtp_ports", "rtp_ports = %q %s", clip(ports), why)
		} else {
			c.RTPPorts = r
		}
	}
	if d := t.sub("dscp", "dscp = { audio = 46, signalling = 24 }"); d != nil {
		d.title = "dscp"
		d.integer("audio", &c.DSCP.Audio, 0, 63)
		d.integer("signalling", &c.DSCP.Signalling, 0, 63)
		d.finish()
	}
	if t.duration("rtp_timeout", &c.RTPTimeout, 0, time.Hour) && c.RTPTimeout > 0 && c.RTPTimeout < 10*time.Second {
		t.fail("rtp_timeout", "rtp_timeout = %v ends calls in which somebody only pauses: 10s is the least, 0 is never", c.RTPTimeout)
	}
	t.finish()
}

func readAudio(t *table, c *Audio) {
	t.choice("backend", &c.Backend, []string{BackendPortAudio, BackendFile})
	play, record := t.text("play", &c.Play), t.text("record", &c.Record)
	if c.Backend != BackendFile && (play || record) {
		t.warn("backend", `play and record are used by backend = "file" only`)
	}
	if c.Play != "" {
		c.Play = t.absolute(c.Play)
		if _, err := os.Stat(c.Play); err != nil && c.Backend == BackendFile {
			t.fail("play", "play = %q cannot be read: %v", clip(c.Play), cause(err))
		}
	}
	if c.Record != "" {
		c.Record = t.absolute(c.Record)
		if _, err := os.Stat(filepath.Dir(c.Record)); err != nil && c.Backend == BackendFile {
			t.fail("record", "the folder of record = %q cannot be used: %v", clip(c.Record), cause(err))
		}
	}
	if t.text("tones", &c.Tones) {
		if _, err := tone.Country(c.Tones); err != nil {
			t.fail("tones", "%v", err)
		}
	}
	if t.text("ringer", &c.Ringer) {
		if RingerIsFile(c.Ringer) {
			c.Ringer = t.absolute(c.Ringer)
			if _, err := os.Stat(c.Ringer); err != nil {
				t.fail("ringer", "ringer = %q cannot be read: %v", clip(c.Ringer), cause(err))
			}
		} else if _, err := tone.Default.WithRinger(c.Ringer); err != nil {
			t.fail("ringer", "%v", err)
		}
	}
	t.choice("speakerphone", &c.Speakerphone, []string{"auto", "on", "off"})
	t.integer("sidetone", &c.Sidetone, -40, 0)
	if c.Sidetone > -6 && c.Sidetone < 0 {
		t.fail("sidetone", "sidetone = %d is as loud as the call: choose -40 to -6, or 0 for none", c.Sidetone)
	}
	var ring []string
	if t.texts("ring", &ring) {
		c.Ring = nil
		for _, where := range ring {
			switch where {
			case "handset":
				c.Ring = append(c.Ring, where)
			case "speakers":
				t.warn("ring", `ring = "speakers" is not in this version yet: skipped`)
			default:
				t.notAChoice("ring", where, []string{"handset", "speakers"}, nil)
			}
		}
	}
	t.finish()
}

func readPhone(t *table, c *Phone) {
	t.duration("first_digit_timeout", &c.FirstDigitTimeout, time.Second, 10*time.Minute)
	t.duration("inter_digit_timeout", &c.InterDigitTimeout, 500*time.Millisecond, time.Minute)
	t.integer("max_calls", &c.MaxCalls, 1, maxCalls)
	t.boolean("dnd", &c.DND)
	t.finish()
}

func (r *reader) absolute(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(r.dir, path)
}
