package main

import (
	"testing"

	"offhook/phone/control"
)

func TestStatusSaysHowACallIsEncrypted(t *testing.T) {
	for _, c := range []struct{ keying, suite, want string }{
		{"", "", "PCMA, sent 0"},
		{control.KeyingDTLS, "AEAD_AES_128_GCM", "PCMA encrypted (DTLS-SRTP, AEAD_AES_128_GCM), sent 0"},
		{control.KeyingSDES, "AES_CM_128_HMAC_SHA1_80", "PCMA encrypted (SRTP, AES_CM_128_HMAC_SHA1_80), sent 0"},
	} {
		got := mediaLine(control.Call{Keying: c.keying, SRTP: c.suite, Media: &control.Media{Codec: "PCMA"}})
		if got[:min(len(got), len(c.want))] != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
