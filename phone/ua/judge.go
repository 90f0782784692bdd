package ua

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/grammar"
)

// judge says whether data, a whole message, may go on to sipgo, and gives it in
// the form that sipgo reads. When it is a request with a fault that its sender
// is owed word of, answer is that word and to where it goes over UDP. Nothing is remembered of it: who sends thousands
// gets as many answers as the door lets him ask for, and no more.
func (s *stack) judge(data []byte, from netip.AddrPort, datagram bool) (normal, answer []byte, to netip.AddrPort) {
	m := grammar.Check(data, datagram)
	var headers [][2]string
	if m.Status == 0 {
		if up := strings.ToUpper(m.Method); up != m.Method && slices.Contains(strings.Split(allow, ", "), up) {
			// Methods are told apart by case (RFC 3261 section 7.1); sipgo does not.
			m.Status, m.Why = 405, reasonPhrase(405)
			headers = [][2]string{{"Allow", allow}}
		} else {
			normal = grammar.Normal(data)
			if _, err := sip.ParseMessage(normal); err == nil {
				return normal, nil, to
			}
			m = m.Unreadable()
		}
	}
	s.log.Debug("a SIP message with a fault", "from", from, "method", cut(m.Method), "fault", cut(m.Why))
	if !m.Answerable() {
		return nil, nil, to
	}
	return nil, m.Answer(from, s.intake.word(data), headers...), m.ReplyTo(from)
}
