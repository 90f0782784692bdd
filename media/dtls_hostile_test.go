package media

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"offhook/media/codec"
	"offhook/media/internal/voice"
)

// bindingRequest is what a peer that does ICE sends to the port of the sound.
var bindingRequest = []byte{0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}

func TestChecksOfICEAreNoForgeries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKeyedCall(t)
		for range 20 {
			k.cb.inject(bindingRequest, k.ca.addr)
		}
		k.agree(t)
		for range 20 {
			k.cb.inject(bindingRequest, k.ca.addr)
		}
		heard := k.talk(200)
		if st := k.b.Stats(); st.Forged+st.Malformed+st.Strangers != 0 || st.UnknownPayload != 20 {
			t.Errorf("%+v", st)
		}
		if voice.RMS(heard[len(heard)/2:]) < 500 {
			t.Error("nothing is heard")
		}
	})
}

// FuzzEncryptedPeer sends whatever comes, from strangers and from the peer's
// own address, to a session that agrees on its keys by DTLS: strangers' do not
// keep the keys from coming, and with keys the call goes on through all of it.
func FuzzEncryptedPeer(f *testing.F) {
	f.Add([]byte{22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 7}, false) // a ClientHello that is none
	f.Add([]byte{21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40}, true)                                   // an alert
	f.Add(bindingRequest, true)
	f.Add(appendRTP(nil, header{sequence: 7, ssrc: 1}), true)
	f.Add([]byte{0x80, 200, 0, 1, 0, 0, 0, 7}, false) // RTCP
	identities()                                      // made once, outside of any bubble
	f.Fuzz(func(t *testing.T, junk []byte, server bool) {
		synctest.Test(t, func(t *testing.T) {
			k := newKeyedCall(t)
			victim, peer := k.ca, k.cb.addr
			if server {
				victim, peer = k.cb, k.ca.addr
			}
			stranger := netip.MustParseAddrPort("203.0.113.9:666")
			victim.inject(junk, stranger)
			must(t, k.b.SetParams(k.pb))
			must(t, k.a.SetParams(k.pa))
			for range 20 {
				victim.inject(junk, stranger)
				time.Sleep(100 * time.Microsecond)
			}
			must(t, <-k.told[0])
			must(t, <-k.told[1])
			for range 20 {
				victim.inject(junk, stranger)
				victim.inject(junk, peer)
			}
			heard := k.talk(100)
			if voice.RMS(heard[len(heard)/2:]) < 300 {
				t.Error("nothing is heard")
			}
			if st := k.b.Stats(); st.Codec != codec.PCMU.Name() || k.b.Params().SRTP.Suite == "" {
				t.Errorf("%+v", st)
			}
		})
	})
}
