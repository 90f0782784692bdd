package ua

import "strings"

// maxTrace bounds the text of a traced message.
const maxTrace = 64 << 10

// secretHeaders are headers whose values are, or lead to, a password. Reading
// a digest is not reading the password, but it can be guessed at off-line.
var secretHeaders = []string{"authorization", "proxy-authorization", "www-authenticate", "proxy-authenticate", "authentication-info"}

// redact takes the secrets out of a SIP message, or of a piece of one: the
// values of authentication headers (folded lines too), media keys, and
// passwords in URIs.
func redact(text string) string {
	if len(text) > maxTrace {
		text = text[:maxTrace]
	}
	var out strings.Builder
	out.Grow(len(text))
	folded := false // the line above was secret, continuation lines are too
	for line := range strings.Lines(text) {
		body := strings.TrimRight(line, "\r\n")
		end := line[len(body):]
		if folded && body != "" && (body[0] == ' ' || body[0] == '\t') {
			continue
		}
		folded = false
		if name, value, ok := strings.Cut(body, ":"); ok && secretHeader(name) {
			folded = true
			scheme, _, _ := strings.Cut(strings.TrimSpace(value), " ")
			if len(scheme) > 16 || strings.ContainsAny(scheme, "=\",") {
				scheme = ""
			}
			out.WriteString(name + ": " + strings.TrimSpace(scheme+" [redacted]") + end)
			continue
		}
		for _, p := range []string{"a=crypto:", "a=key-mgmt:", "k="} {
			if strings.HasPrefix(body, p) {
				body = p + "[redacted]"
				break
			}
		}
		out.WriteString(redactURIs(body) + end)
	}
	return out.String()
}

func secretHeader(name string) bool {
	name = strings.TrimSpace(name)
	for _, s := range secretHeaders {
		if strings.EqualFold(name, s) {
			return true
		}
	}
	return false
}

// redactURIs replaces the password in sip:user:password@host.
func redactURIs(line string) string {
	at := strings.IndexByte(line, '@')
	if at < 0 {
		return line
	}
	var out strings.Builder
	for {
		i := strings.Index(strings.ToLower(line), "sip:")
		if j := strings.Index(strings.ToLower(line), "sips:"); j >= 0 && (i < 0 || j < i) {
			i = j + 1
		}
		if i < 0 {
			break
		}
		i += 4
		out.WriteString(line[:i])
		line = line[i:]
		end := strings.IndexAny(line, "@<> \"")
		if end < 0 || line[end] != '@' {
			continue
		}
		if colon := strings.IndexByte(line[:end], ':'); colon >= 0 {
			out.WriteString(line[:colon+1] + "[redacted]")
			line = line[end:]
		}
	}
	out.WriteString(line)
	return out.String()
}
