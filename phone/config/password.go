package config

import "log/slog"

// Password is a secret that shows itself only to who asks for it by name: String, formatting, JSON and slog give
// "[redacted]", or the empty string when there is none.
type Password struct{ secret string }

const redacted = "[redacted]"

// NewPassword wraps a secret.
func NewPassword(secret string) Password { return Password{secret} }

// Reveal returns the secret itself.
func (p Password) Reveal() string { return p.secret }

// Empty says whether there is no secret.
func (p Password) Empty() bool { return p.secret == "" }

func (p Password) String() string {
	if p.secret == "" {
		return ""
	}
	return redacted
}

// GoString keeps %#v from showing the field.
func (p Password) GoString() string { return `config.Password("` + p.String() + `")` }

// LogValue keeps slog from showing it.
func (p Password) LogValue() slog.Value { return slog.StringValue(p.String()) }

// MarshalText keeps encoders (JSON, TOML) from showing it.
func (p Password) MarshalText() ([]byte, error) { return []byte(p.String()), nil }
