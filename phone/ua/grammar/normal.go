package grammar

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// spaced are the fields in which white space means nothing next to separators.
var spaced = map[string]string{"via": ";=,/:", "from": ";=,<>", "to": ";=,<>", "contact": ";=,<>", "route": ";=,<>", "record-route": ";=,<>",
	"cseq": "", "refer-to": ";=,<>", "referred-by": ";=,<>"}

// Normal gives a message without fault in the form that every parser reads: lines not folded, no white space where it
// means nothing. What has that form already, nearly everything, is given back as it is.
func Normal(data []byte) []byte {
	for bytes.HasPrefix(data, crlf) {
		data = data[2:]
	}
	line, rest, ok := bytes.Cut(data, crlf)
	if !ok {
		return data
	}
	var out bytes.Buffer
	changed := bytes.Contains(rest, []byte("\r\n ")) || bytes.Contains(rest, []byte("\r\n\t"))
	out.Write(line)
	out.Write(crlf)
	branch := old(line, rest)
	body, f := rawFields(rest, func(name, long, value string) {
		if long == "via" && branch != "" {
			value, branch, changed = value+";branch="+branch, "", true
		}
		if separators, ok := spaced[long]; ok {
			tidied := tidy(value, separators)
			changed = changed || tidied != value
			value = tidied
		}
		out.WriteString(name + ": " + value + "\r\n")
	})
	if f != nil || !changed {
		return data
	}
	out.Write(crlf)
	out.Write(body)
	return out.Bytes()
}

// OldBranch begins the branches that Normal gives to requests of RFC 2543.
const OldBranch = "z9hG4bK2543"

// old gives a branch to a request of RFC 2543, which has neither one nor a tag in From: the same to all of its
// transaction, and of no meaning to who sent it. Transactions are told apart by it (RFC 3261 section 17.2.3). Empty: it
// needs none.
func old(line, rest []byte) string {
	uri := bytes.Fields(line)
	h := sha256.New()
	ours := false
	_, f := fields(rest, func(name, value string) {
		switch name {
		case "via":
			_, _, p, _ := cutVia(value)
			ours = ours || strings.Contains(value, ",") || parameter(p, "branch") != ""
		case "from":
			ours = ours || parameter(value[strings.LastIndexByte(value, '>')+1:], "tag") != ""
		case "cseq":
			value, _, _ = strings.Cut(value, " ")
		case "call-id":
		default:
			return
		}
		h.Write([]byte(value + "\x00"))
	})
	if f != nil || ours || len(uri) < 2 || bytes.HasPrefix(line, []byte("SIP/")) {
		return ""
	}
	h.Write(uri[1])
	return OldBranch + hex.EncodeToString(h.Sum(nil)[:10])
}

var crlf = []byte("\r\n")

// tidy takes white space away next to separators, outside quotes, and makes one blank of any other.
func tidy(s, separators string) string {
	if !strings.ContainsAny(s, " \t") {
		return s
	}
	var b strings.Builder
	last := byte(0) // what was written last
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '"':
			rest, ok := quoted(s[i:])
			if !ok {
				return s
			}
			end := len(s) - len(rest)
			b.WriteString(s[i:end])
			i, last = end, '"'
		case c == ' ' || c == '\t':
			for i < len(s) && (s[i] == ' ' || s[i] == '\t') {
				i++
			}
			if i < len(s) && last != 0 && strings.IndexByte(separators, last) < 0 && (strings.IndexByte(separators, s[i]) < 0 || s[i] == '<') {
				b.WriteByte(' ')
				last = ' '
			}
		default:
			b.WriteByte(c)
			last = c
			i++
		}
	}
	return b.String()
}
