package config

import "time"

// Default is the configuration without a file: no accounts.
func Default() *Config {
	return &Config{
		SIP:   SIP{RTPPorts: PortRange{16384, 16484}, DSCP: DSCP{Audio: 46, Signalling: 24}},
		Audio: Audio{Backend: "portaudio", Ring: []string{"handset"}},
		Phone: Phone{FirstDigitTimeout: 15 * time.Second, InterDigitTimeout: 4 * time.Second},
	}
}
