package media

import (
	"net/netip"
	"testing"
	"time"

	"offhook/media/codec"
	"offhook/media/sound"
)

// Any datagrams from the peer's own address: nothing panics, memory stays
// bounded, and silence or sound is all that comes of it.
func FuzzReceiver(f *testing.F) {
	f.Add([]byte{0, 0, 160, 0, 1, 160, 101, 2, 4, 8, 3, 50, 18, 4, 20}, []byte("payload"))
	f.Add([]byte{18, 0, 12, 18, 1, 2, 18, 2, 11, 0, 200, 255}, []byte{0x80})
	f.Fuzz(func(t *testing.T, ops, body []byte) {
		var r receiver
		r.init(true)
		defer r.close()
		peer := netip.MustParseAddrPort("192.0.2.2:5000")
		main := codec.List()[len(ops)%len(codec.List())]
		if _, err := r.set(params(main, peer), main); err != nil {
			t.Fatal(err)
		}
		now := time.Unix(1000, 0)
		out := make([]int16, sound.Period)
		r.packet(body, peer, now)
		digits := 0
		for i := 0; i+3 <= len(ops) && i < 300; i += 3 {
			payload := make([]byte, int(ops[i+2])*6)
			copy(payload, body)
			b := appendRTP(nil, header{payloadType: ops[i], marker: ops[i] > 127, sequence: uint16(ops[i+1]), timestamp: uint32(ops[i+1]) * 160, ssrc: 1})
			if got := r.packet(append(b, payload...), peer, now); got.digit != 0 {
				digits++
			}
			now = now.Add(time.Duration(ops[i+2]) * time.Millisecond)
			r.pull(out)
		}
		if digits > 100 || r.buffer.count > queueSize {
			t.Errorf("%d digits, %d packets held", digits, r.buffer.count)
		}
	})
}

func TestADigitWithinSpeechIsNoLoss(t *testing.T) {
	var r receiver
	r.init(true)
	defer r.close()
	peer := netip.MustParseAddrPort("192.0.2.2:5000")
	if _, err := r.set(params(codec.PCMU, peer), codec.PCMU); err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1000, 0)
	digits := ""
	for i := range uint16(50) {
		h := header{sequence: i, timestamp: 160 * uint32(i), ssrc: 1}
		payload := make([]byte, 160)
		if i >= 20 && i < 27 {
			h.payloadType, h.timestamp = 101, 160*20
			payload = codec.Event{Code: 3, End: i >= 24, Duration: min(800, 160*(i-19))}.Append(nil)
		}
		if got := r.packet(append(appendRTP(nil, h), payload...), peer, now); got.digit != 0 {
			digits += string(rune(got.digit))
		}
		now = now.Add(20 * time.Millisecond)
	}
	if digits != "3" || r.buffer.stream.lost() != 0 || r.buffer.stats.late != 0 {
		t.Errorf("digits %q, %d lost, %+v", digits, r.buffer.stream.lost(), r.buffer.stats)
	}
}

// Each side names the numbers it wants to get, so what comes may be numbered otherwise than what goes.
func TestPayloadTypesMayDifferByDirection(t *testing.T) {
	peer := netip.MustParseAddrPort("192.0.2.1:4000")
	var r receiver
	r.init(true)
	defer r.close()
	p := Params{Remote: peer, Codec: "PCMA", PayloadType: 8, EventPayloadType: 96, ReceivePayloadType: 108, ReceiveEventPayloadType: 101, Send: true, Receive: true}
	if _, err := r.set(p, codec.PCMA); err != nil {
		t.Fatal(err)
	}
	now := time.Unix(0, 0)
	key := []byte{7, 0x0a, 0, 160} // RFC 4733: digit 7, 160 samples so far
	r.packet(append(appendRTP(nil, header{payloadType: 108, sequence: 1, ssrc: 1}), make([]byte, 160)...), peer, now)
	got := r.packet(append(appendRTP(nil, header{payloadType: 101, marker: true, sequence: 2, timestamp: 160, ssrc: 1}), key...), peer, now)
	if got.digit != '7' || r.stats.packets != 2 || r.stats.unknown != 0 {
		t.Errorf("digit %q of %+v, want 7 and both packets known", got.digit, r.stats)
	}
}
