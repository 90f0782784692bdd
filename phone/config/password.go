package config

import (
	"fmt"
	"io"
	"log/slog"
)

// Password is a secret that shows itself only to who asks for it by name: every form of printing, JSON, TOML and slog
// give "[redacted]", or nothing when there is no password. The zero value is no password.
type Password struct {
	// A pointer, because fmt cannot call our methods on a Password in an unexported field of some other struct; there
	// it prints an address.
	secret *string
}

// NewPassword wraps a secret.
func NewPassword(secret string) Password { return Password{&secret} }

// Reveal returns the secret itself.
func (p Password) Reveal() string {
	if p.secret == nil {
		return ""
	}
	return *p.secret
}

// Empty says whether there is no secret.
func (p Password) Empty() bool { return p.Reveal() == "" }

func (p Password) String() string {
	if p.Empty() {
		return ""
	}
	return "[redacted]"
}

// Format keeps fmt from showing the secret, whatever the verb.
func (p Password) Format(f fmt.State, verb rune) {
	if verb == 'q' || f.Flag('#') {
		fmt.Fprintf(f, "%q", p.String())
		return
	}
	_, _ = io.WriteString(f, p.String())
}

// LogValue keeps slog from showing the secret.
func (p Password) LogValue() slog.Value { return slog.StringValue(p.String()) }

// MarshalText keeps encoders (JSON, TOML) from showing the secret.
func (p Password) MarshalText() ([]byte, error) { return []byte(p.String()), nil }
