package config

import (
	"crypto/tls"
	"net/netip"
	"path/filepath"
	"strings"
	"time"

	"offhook/devices/profile"
)

// Config is everything the file can say, with defaults filled in.
type Config struct {
	Path     string // the file it came from; empty when there was none
	SIP      SIP
	Accounts []Account
	Audio    Audio
	Phone    Phone
	// Devices is what is said of devices that their numbers do not tell: [[device]].
	Devices []profile.Model
	// Handsets are the [[handset]] tables, the first that matches a device being good for it.
	Handsets []Handset
}

// SIP is the [sip] table: what all accounts share.
type SIP struct {
	Listen      []string         // "udp:127.0.0.1:5060"; empty: ephemeral ports
	Certificate *tls.Certificate // tls_cert and tls_key, for "tls:…" in Listen; nil: none
	DirectCalls bool             // ring for INVITEs that came by no registration
	RTPPorts    PortRange
	DSCP        DSCP
	RTPTimeout  time.Duration // a call of which nothing is heard for so long ends; 0: never
}

// PortRange is an inclusive range of UDP ports.
type PortRange struct{ Low, High uint16 }

// DSCP holds the code points (0–63, RFC 2474) of outgoing packets.
type DSCP struct{ Audio, Signalling int }

// Account is one [[account]] table.
type Account struct {
	Name          string
	URI           string // "sip:alice@example.org"
	DisplayName   string
	AuthUser      string // empty: the user part of URI
	Password      Password
	Registrar     string
	OutboundProxy string
	Transport     string // "udp", "tcp", "tls" or "auto"
	TLS           TLS
	PublicAddress netip.Addr // ours, as others see it; not valid: found out
	STUN          string     // who says what it is
	// TrustedServers are networks that calls may come from, beside the server's own addresses.
	TrustedServers []netip.Prefix
	Register       bool
	Expires        time.Duration
	Codecs         []string // allowed, best first, in capitals: "OPUS", "G722", "PCMA"
	DTMF           string   // "rfc4733", "info", "inband" or "auto"
	// SilenceSuppression: silence is not sent, where the other side agrees.
	SilenceSuppression bool
	SRTP               string // "off", "sdes" or "dtls"
	SRTPRequired       bool   // calls that would not be encrypted that way fail
	AutoAnswer         string // "off", "on" or "intercom"
	Anonymous          bool   // who is called does not see who calls
	Redirects          string // which 3xx are followed: "domain", "any" or "off"
}

// Values of Audio.Backend.
const (
	BackendPortAudio = "portaudio"
	BackendFile      = "file" // paced in real time, for tests and servers
)

// Audio is the [audio] table.
type Audio struct {
	Backend string
	Play    string // absolute path; file backend: what the microphone hears
	Record  string // absolute path; file backend: what the earpiece plays
	Tones   string // country whose tones are heard, ISO 3166; empty: those that the ITU recommends
	Ringer  string // one of tone.Ringers, or the absolute path of a WAV or Opus file; empty: "warble"
	// Speakerphone says which devices are cleaned of echo and noise: "auto" (those that call themselves so), "on" or "off".
	Speakerphone string
	Sidetone     int      // of the user's own voice in the ear, dB, -40 to -6; 0: none
	Ring         []string // where it rings: "handset"; empty: nowhere but in lights
}

// Phone is the [phone] table: how the desk phone behaves.
type Phone struct {
	FirstDigitTimeout time.Duration // dial tone to "nobody dials": 1 s – 10 min
	InterDigitTimeout time.Duration // last digit to dialling: 500 ms – 1 min
	MaxCalls          int           // callers hear busy beyond so many calls, all joined in a conference included: 1 – 64
	DND               bool          // start with do not disturb on
}

// RingerIsFile tells a file from the names of tone.Ringers.
func RingerIsFile(ringer string) bool {
	switch strings.ToLower(filepath.Ext(ringer)) {
	case ".wav", ".opus":
		return true
	}
	return false
}
