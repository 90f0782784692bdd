package ua

import (
	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/sdp"
)

// encryption is what the account does about SRTP; a direct call is plain.
func (acc *account) encryption() sdp.Encryption {
	if acc == nil {
		return sdp.NoEncryption
	}
	must := acc.cfg.SRTPRequired
	switch acc.cfg.SRTP {
	case "sdes":
		if must {
			return sdp.Required
		}
		return sdp.Opportunistic
	case "dtls":
		if must {
			return sdp.RequiredDTLS
		}
		return sdp.OpportunisticDTLS
	}
	return sdp.NoEncryption
}

// unacceptable refuses an offer with which nothing can be agreed on.
func unacceptable(offer *sdp.Description, e sdp.Encryption) verdict {
	why := `305 offhook "No codec in common"`
	switch {
	case e == sdp.Required:
		why = `304 offhook "Only encrypted sound (SRTP with SDES keys) is taken here"`
	case e == sdp.RequiredDTLS:
		why = `304 offhook "Only encrypted sound (SRTP with keys by DTLS) is taken here"`
	case offer.Encrypted():
		why = `304 offhook "Encrypted sound (SRTP) is not taken here"`
	}
	return verdict{488, [][2]string{{"Warning", why}}}
}

// lateOffer makes the offer to a caller who made none. Who answers it in an ACK
// or PRACK cannot refuse it and be asked for less, as lowered does: it asks for
// less at once.
func lateOffer(s *sdp.Session) ([]byte, error) {
	s.Lower()
	return s.Offer()
}

// lowered sends the INVITE again with an offer that a peer without encryption
// can take, when the refusal may mean the transport UDP/TLS/RTP/SAVP and the
// account does not insist on it. false: that makes no sense.
func (c *call) lowered(res *sip.Response) bool {
	switch res.StatusCode {
	case 415, 488, 606:
	default:
		return false
	}
	if !c.base.Lower() {
		return false
	}
	body, err := c.base.Offer()
	if err != nil {
		c.a.log.Warn("no offer can be made", "call", c.id, "error", err)
		return false
	}
	c.a.log.Info("an offer of encrypted sound (DTLS) was refused, trying without insisting on it", "call", c.id, "code", res.StatusCode)
	next := repeat(c.sent)
	next.SetBody(body)
	c.transmit(next)
	return true
}
