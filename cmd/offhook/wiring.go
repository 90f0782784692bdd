package main

import (
	"log/slog"

	"offhook/devices"
	"offhook/hid"
	"offhook/phone"
	"offhook/phone/config"
	"offhook/phone/desk"
	"offhook/phone/ua"
)

// phoneConfig turns the configuration file into that of the phone.
func phoneConfig(c *config.Config, log *slog.Logger) phone.Config {
	out := phone.Config{
		Version:     version,
		Logger:      log,
		Listen:      c.SIP.Listen,
		DirectCalls: c.SIP.DirectCalls,
		Certificate: c.SIP.Certificate,
		RTPLow:      c.SIP.RTPPorts.Low,
		RTPHigh:     c.SIP.RTPPorts.High,
		DSCP:        c.SIP.DSCP.Signalling,
		AudioDSCP:   c.SIP.DSCP.Audio,
		RTPTimeout:  c.SIP.RTPTimeout,
		DND:         c.Phone.DND,
		AutoAnswer:  map[string]string{},
		Models:      c.Devices,
		Line:        func(info hid.Info) desk.Line { return line(c.Handsets, info) },
		Fallback:    func(unplugged, other hid.Info) bool { return fallback(c.Handsets, unplugged, other) },
		Desk: desk.Config{
			FirstDigit: c.Phone.FirstDigitTimeout,
			InterDigit: c.Phone.InterDigitTimeout,
			MaxCalls:   c.Phone.MaxCalls,
			IdleText:   "Offhook",
		},
	}
	for _, a := range c.Accounts {
		out.AutoAnswer[a.Name] = a.AutoAnswer
		account := ua.Account{
			Name: a.Name, URI: a.URI, DisplayName: a.DisplayName, AuthUser: a.AuthUser,
			Registrar: a.Registrar, OutboundProxy: a.OutboundProxy, Transport: a.Transport,
			Register: a.Register, Expires: a.Expires, Codecs: a.Codecs, DTMF: a.DTMF, SilenceSuppression: a.SilenceSuppression,
			SRTP: a.SRTP, SRTPRequired: a.SRTPRequired, Redirects: a.Redirects, Anonymous: a.Anonymous,
			PublicAddress: a.PublicAddress, STUN: a.STUN, TrustedServers: a.TrustedServers,
		}
		if t := a.TLS; t != (config.TLS{}) {
			account.TLS = &ua.TLS{Authorities: t.Authorities, Certificate: t.Certificate, Unverified: t.Unverified}
		}
		if password := a.Password; !password.Empty() {
			account.Password = func() (string, error) { return password.Reveal(), nil }
		}
		out.Accounts = append(out.Accounts, account)
	}
	return out
}

// line is what the configuration connects a device to.
func line(handsets []config.Handset, info hid.Info) desk.Line {
	if h := handsetOf(handsets, info); h != nil {
		return desk.Line{Account: h.Account, Seat: h.Seat, Silent: !h.Ring}
	}
	return desk.Line{}
}

// fallback tells whether the conversation of a device that is unplugged goes on at another.
func fallback(handsets []config.Handset, unplugged, other hid.Info) bool {
	h := handsetOf(handsets, unplugged)
	return h != nil && h.Fallback != "" && devices.Match(other, h.Fallback)
}

// handsetOf finds the table of a device, nil where there is none.
func handsetOf(handsets []config.Handset, info hid.Info) *config.Handset {
	for i := range handsets {
		if devices.Match(info, handsets[i].Match) {
			return &handsets[i]
		}
	}
	return nil
}
