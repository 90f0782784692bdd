package trace

import (
	"fmt"
	"io"
	"strings"
	"time"

	"offhook/phone/control"
)

// Ladder writes the messages grouped by dialog, each group in the order of its
// first message. With full, the messages follow as they were. Times are
// written in the given zone. The error is the writer's.
func Ladder(w io.Writer, messages []control.SIPMessage, zone *time.Location, full bool) error {
	var order []string
	groups := map[string][]control.SIPMessage{}
	for _, m := range messages {
		if groups[m.CallID] == nil {
			order = append(order, m.CallID)
		}
		groups[m.CallID] = append(groups[m.CallID], m)
	}
	for i, id := range order {
		if i > 0 {
			if _, err := fmt.Fprintln(w); err != nil {
				return err
			}
		}
		if err := group(w, groups[id], zone, full); err != nil {
			return err
		}
	}
	return nil
}

func group(w io.Writer, messages []control.SIPMessage, zone *time.Location, full bool) error {
	first := messages[0]
	title := "no call"
	if first.Call != "" {
		title = "call " + first.Call
	}
	if _, err := fmt.Fprintf(w, "%s, Call-ID %s, %s, %s\n", title, orDash(first.CallID), first.Remote, first.Transport); err != nil {
		return err
	}
	for _, m := range messages {
		arrow := "◄──"
		if m.Sent {
			arrow = "──►"
		}
		line := fmt.Sprintf("  %s %s  %s", m.Time.In(zone).Format("15:04:05.000"), arrow, Summary(m.Text))
		if m.Remote != first.Remote || m.Transport != first.Transport {
			line += "  (" + m.Remote + ", " + m.Transport + ")"
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " ")); err != nil {
			return err
		}
		if !full {
			continue
		}
		for l := range strings.Lines(m.Text) {
			if _, err := fmt.Fprintln(w, strings.TrimRight("      "+strings.TrimRight(l, "\r\n"), " ")); err != nil {
				return err
			}
		}
	}
	return nil
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// Summary is a message in one line: what it is, the method a response is for,
// and what it carries.
func Summary(text string) string {
	head, body, _ := strings.Cut(text, "\r\n\r\n")
	first, headers, _ := strings.Cut(head, "\r\n")
	first = strings.TrimSpace(first)
	what := first
	if status, ok := strings.CutPrefix(first, "SIP/2.0 "); ok {
		what = status
		if _, method, ok := strings.Cut(header(headers, "CSeq", ""), " "); ok {
			what = fmt.Sprintf("%-28s%s", status, strings.TrimSpace(method))
		}
	} else {
		what = strings.TrimSuffix(first, " SIP/2.0")
	}
	for _, h := range [...][2]string{{"Refer-To", "r"}, {"Replaces", ""}, {"Reason", ""}} {
		if v := header(headers, h[0], h[1]); v != "" {
			what += "  " + h[0] + ": " + v
		}
	}
	switch kind := strings.ToLower(header(headers, "Content-Type", "c")); {
	case strings.HasPrefix(kind, "application/sdp") && body != "":
		what += "  " + sound(body)
	case strings.HasPrefix(kind, "message/sipfrag"):
		line, _, _ := strings.Cut(strings.TrimSpace(body), "\r\n")
		what += "  [" + line + "]"
	case body != "" && kind != "":
		what += "  [" + kind + "]"
	}
	return what
}

// sound is an SDP in a word or two: its media and direction, and how it would
// be encrypted.
func sound(body string) string {
	var out []string
	for l := range strings.SplitSeq(body, "\n") {
		l = strings.TrimSpace(l)
		if m, ok := strings.CutPrefix(l, "m="); ok {
			if f := strings.Fields(m); len(f) > 1 {
				out = append(out, f[0]+" "+f[1])
			}
		}
		switch l {
		case "a=sendonly", "a=recvonly", "a=inactive":
			out = append(out, l[2:])
		}
	}
	if strings.Contains(body, "\na=crypto:") {
		out = append(out, "SRTP")
	}
	if strings.Contains(body, "\na=fingerprint:") {
		out = append(out, "DTLS-SRTP")
	}
	return "SDP (" + strings.Join(out, ", ") + ")"
}

// header finds a header by its name or its compact form.
func header(headers, name, compact string) string {
	for l := range strings.SplitSeq(headers, "\r\n") {
		n, v, ok := strings.Cut(l, ":")
		n = strings.TrimSpace(n)
		if ok && (strings.EqualFold(n, name) || compact != "" && strings.EqualFold(n, compact)) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}
