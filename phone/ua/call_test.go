package ua

import (
	"testing"
	"testing/synctest"

	"offhook/phone/ua/uatest"
)

func TestCallRingsIsAnsweredAndEndsByEitherSide(t *testing.T) {
	for _, transport := range []string{"udp", "tcp"} {
		for _, who := range []string{"caller", "callee"} {
			t.Run(transport+" "+who, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					n := uatest.NewNetwork(uatest.Faults{})
					a, b := direct(t, n, "10.0.0.1", transport), direct(t, n, "10.0.0.2", transport)
					if err := a.Dial("1", "", "sip:bob@10.0.0.2;transport="+transport, lm); err != nil {
						t.Fatal(err)
					}
					in := expect[Incoming](b)
					if err := b.Ring(in.Call); err != nil {
						t.Fatal(err)
					}
					if p := expect[Progress](a); p.Code != 180 || p.Media != nil {
						t.Errorf("progress %+v", p)
					}
					if err := b.Answer(in.Call, LocalMedia{Port: 6000}); err != nil {
						t.Fatal(err)
					}
					at, bt := expect[Answered](a), expect[Answered](b)
					if got := at.Media.Remote.String(); got != "10.0.0.2:6000" {
						t.Errorf("caller sends to %s", got)
					}
					if got := bt.Media.Remote.String(); got != "10.0.0.1:4000" {
						t.Errorf("callee sends to %s", got)
					}
					if at.Media.Codec != "PCMU" || !at.Media.Send || !at.Media.Receive || at.Media.EventPayloadType != 101 {
						t.Errorf("media %+v", at.Media)
					}
					synctest.Wait()
					from, to, call, other := a, b, "1", in.Call
					if who == "callee" {
						from, to, call, other = b, a, in.Call, "1"
					}
					if err := from.HangUp(call); err != nil {
						t.Fatal(err)
					}
					if e := expect[Ended](from); e.Remote || e.Code != 200 || e.Call != call {
						t.Errorf("ended %+v", e)
					}
					if e := expect[Ended](to); !e.Remote || e.Code != 200 || e.Call != other {
						t.Errorf("ended %+v", e)
					}
				})
			})
		}
	}
}
