package media

import (
	"testing"
	"testing/synctest"

	"offhook/media/codec"
)

// TestKeepAliveSpeaksOnlyWhereNothingElseDoes: on hold an empty packet goes out
// that the peer throws away; in a conversation none.
func TestKeepAliveSpeaksOnlyWhereNothingElseDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, ca, _ := call(t, codec.PCMU, nil)
		defer a.Close()
		defer b.Close()
		synctest.Wait()
		before := b.Stats()
		list := record(ca)
		a.KeepAlive()
		if len(*list) != 0 {
			t.Errorf("a packet beside the sound: %+v", (*list)[0].h)
		}
		p := a.Params()
		p.Send = false
		must(t, a.SetParams(p))
		a.KeepAlive()
		if len(*list) != 1 || len((*list)[0].payload) != 0 || (*list)[0].h.payloadType != keepAlivePayload {
			t.Errorf("%d packets", len(*list))
		}
		if now := b.Stats(); now.Lost != before.Lost {
			t.Errorf("%d packets are counted as lost", now.Lost)
		}
	})
}
