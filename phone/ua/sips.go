package ua

import (
	"fmt"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// A sips: address (RFC 3261 section 26.2, RFC 5630) asks for TLS on every hop to
// the domain that it names. Ours is the first of them, and we see to it that
// nothing makes less of it:
//
//   - an account with such an address registers, and calls, over TLS alone; what
//     is dialled with it without a scheme is sips: as well
//   - a call to such an address goes over TLS or not at all; so does everything
//     later in its dialog, whatever the Contact and Record-Route of the peer say
//   - a redirection or transfer of such a call to a sip: address is not followed
//   - such a call that reaches us by another way than TLS is refused, and so is a
//     sip: call to an account whose address is sips:

// isSIPS says whether u is a sips: address.
func isSIPS(u *sip.Uri) bool { return strings.EqualFold(u.Scheme, "sips") }

// sips says whether the account's address is sips:. A nil account has none.
func (acc *account) sips() bool { return acc != nil && isSIPS(&acc.uri) }

// scheme is that of addresses which are dialled without one.
func (acc *account) scheme() string {
	if acc.sips() {
		return "sips"
	}
	return "sip"
}

// dialled reads what a user dials with the account, which may be nil.
func (acc *account) dialled(text string) (sip.Uri, error) {
	domain := ""
	if acc != nil {
		domain = acc.uri.Host
	}
	u, err := parseTarget(text, acc.scheme(), domain)
	if err == nil && isSIPS(&u) && acc != nil && (acc.proxy != nil || strings.EqualFold(u.Host, domain)) {
		var h hop
		if h, err = acc.hop(); err == nil {
			_, err = h.secured()
		}
		if err != nil {
			err = fmt.Errorf("call %q: %w: %w", cut(text), err, ErrBadTarget)
		}
	}
	return u, err
}

// secured is h for what must go over TLS.
func (h hop) secured() (hop, error) {
	switch h.transport {
	case "tls":
	case "":
		h.transport = "tls"
	default:
		return hop{}, fmt.Errorf("a sips: address asks for TLS, and the way to %s is by %s; call it as sip: or set transport = \"tls\" in the account", h, strings.ToUpper(h.transport))
	}
	h.guessed = false
	return h, nil
}

// insecure judges an INVITE from outside as to sips:; acc, whose call it is,
// may be nil.
func insecure(req *sip.Request, acc *account) verdict {
	switch {
	case isSIPS(&req.Recipient) && !strings.EqualFold(req.Transport(), "tls"):
		return verdict{480, [][2]string{{"Warning", `399 offhook "A sips: call that did not come over TLS"`}}}
	case !isSIPS(&req.Recipient) && acc.sips():
		return verdict{480, [][2]string{{"Warning", `381 offhook "SIPS Required"`}}} // RFC 5630 section 5.1.1.2
	}
	return verdict{}
}
