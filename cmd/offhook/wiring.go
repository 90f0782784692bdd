package main

import (
	"errors"
	"fmt"
	"log/slog"

	"offhook/media/sound"
	"offhook/phone"
	"offhook/phone/config"
	"offhook/phone/desk"
	"offhook/phone/ua"
	"offhook/udev"
)

// phoneConfig turns the configuration file into that of the phone.
func phoneConfig(c *config.Config, log *slog.Logger) phone.Config {
	out := phone.Config{
		Version:     version,
		Logger:      log,
		Listen:      c.SIP.Listen,
		DirectCalls: c.SIP.DirectCalls,
		RTPLow:      c.SIP.RTPPorts.Low,
		RTPHigh:     c.SIP.RTPPorts.High,
		DSCP:        c.SIP.DSCP.Signalling,
		DND:         c.Phone.DND,
		Models:      c.Devices,
		Desk: desk.Config{
			FirstDigit: c.Phone.FirstDigitTimeout,
			InterDigit: c.Phone.InterDigitTimeout,
			IdleText:   "Offhook",
		},
	}
	for _, a := range c.Accounts {
		account := ua.Account{
			Name: a.Name, URI: a.URI, DisplayName: a.DisplayName, AuthUser: a.AuthUser,
			Registrar: a.Registrar, OutboundProxy: a.OutboundProxy, Transport: a.Transport,
			Register: a.Register, Expires: a.Expires, Codecs: a.Codecs, DTMF: a.DTMF,
			SRTP: a.SRTP, SRTPRequired: a.SRTPRequired,
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

// sounds opens the sound of each handset as [audio] says.
type sounds struct {
	audio config.Audio
	log   *slog.Logger
	used  bool // the file backend has one pair of files
}

// open opens the sound of the handset whose HID device is at sysfs; for an emulated one, which has no card of its own,
// the system's default.
func (s *sounds) open(sysfs string) phone.Sound {
	if s.audio.Backend == "file" {
		if s.used {
			return phone.Sound{Err: errors.New(`the "file" backend has sound for one handset only`)}
		}
		s.used = true
		port, err := sound.OpenFile(sound.FileConfig{Play: s.audio.Play, Record: s.audio.Record, Logger: s.log})
		return phone.Sound{Port: port, Name: "file", Err: err}
	}
	helper, err := sibling("offhook-sound")
	if err != nil {
		return phone.Sound{Err: err}
	}
	device, name := "", "default"
	if sysfs != "" {
		if cards := udev.System.SoundCards(sysfs); len(cards) > 0 {
			device = fmt.Sprintf("hw:%d,0", cards[0])
			name = device
		}
	}
	open := func() (sound.Port, error) {
		return sound.OpenDevice(sound.DeviceConfig{Helper: helper, Device: device, Logger: s.log})
	}
	return phone.Sound{Open: open, Name: name}
}
