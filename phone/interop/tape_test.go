//go:build peers && linux

package interop

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/jfreymuth/pulse/proto"
)

const tapeRate = 48000

// tape records a source of a sound server and knows when each sample was heard.
type tape struct {
	client *proto.Client
	conn   net.Conn

	mu      sync.Mutex // guards what follows
	samples []int16
	begin   int     // number of the first of samples
	pieces  []piece // as they came
	gone    bool
}

// piece ends with sample end, and came at a moment.
type piece struct {
	end int
	at  time.Time
}

// connect opens a connection to the server. The library gives it a second, which may be too little here.
func (s *soundServer) connect() (*proto.Client, net.Conn, error) {
	var failed error
	for range 10 {
		c, conn, err := proto.Connect("unix:" + s.socket())
		if err == nil {
			c.SetTimeout(30 * time.Second)
			err = c.Request(&proto.SetClientName{Props: proto.PropList{"application.name": proto.PropListString("bench")}}, &proto.SetClientNameReply{})
		}
		if err == nil {
			return c, conn, nil
		}
		if conn != nil {
			conn.Close()
		}
		failed = err
	}
	return nil, nil, fmt.Errorf("sound server: %w", failed)
}

// record begins a tape of a source. It asks for no short latency, so that how often the server works is up to the phone.
func (s *soundServer) record(source string) (*tape, error) {
	c, conn, err := s.connect()
	if err != nil {
		return nil, err
	}
	t := &tape{client: c, conn: conn}
	c.Callback = func(m any) {
		switch m := m.(type) {
		case *proto.DataPacket:
			t.heard(m.Data, time.Now())
		case *proto.RecordStreamKilled, *proto.ConnectionClosed:
			t.mu.Lock()
			t.gone = true
			t.mu.Unlock()
		}
	}
	err = c.Request(&proto.CreateRecordStream{
		SampleSpec:         proto.SampleSpec{Format: proto.FormatInt16LE, Channels: 1, Rate: tapeRate},
		ChannelMap:         proto.ChannelMap{proto.ChannelMono},
		SourceIndex:        proto.Undefined,
		SourceName:         source,
		BufferMaxLength:    proto.Undefined,
		BufferFragSize:     2 * tapeRate / 50,
		AdjustLatency:      true,
		DirectOnInputIndex: proto.Undefined,
		ChannelVolumes:     proto.ChannelVolumes{uint32(proto.VolumeNorm)},
		Properties:         proto.PropList{"media.name": proto.PropListString("tape")},
	}, &proto.CreateRecordStreamReply{})
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("recording %q: %w", source, err)
	}
	return t, nil
}

func (t *tape) heard(raw []byte, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := 0; i+1 < len(raw); i += 2 {
		t.samples = append(t.samples, int16(binary.LittleEndian.Uint16(raw[i:])))
	}
	t.pieces = append(t.pieces, piece{t.begin + len(t.samples), at})
}

// forget lets go of all that was recorded so far.
func (t *tape) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.begin += len(t.samples)
	t.samples, t.pieces = nil, nil
}

// at waits until d from a moment on is recorded, and returns it. A piece of sound cannot come before it was heard: what
// comes soonest, over all of the time, tells when it was, to within a period of the server.
func (t *tape) at(from time.Time, d time.Duration) ([]int16, error) {
	for deadline := time.Now().Add(time.Until(from.Add(d)) + 20*time.Second); ; time.Sleep(50 * time.Millisecond) {
		t.mu.Lock()
		origin, ok := origin(t.pieces, from, from.Add(d+time.Second))
		var out []int16
		first := int(from.Sub(origin).Seconds()*tapeRate) - t.begin
		last := first + int(d.Seconds()*tapeRate)
		if ok && first >= 0 && last <= len(t.samples) {
			out = append(out, t.samples[first:last]...)
		}
		gone, have, n := t.gone, len(t.samples), len(t.pieces)
		t.mu.Unlock()
		switch {
		case out != nil:
			return out, nil
		case gone:
			return nil, errors.New("tape: the sound server ended it")
		case time.Now().After(deadline):
			return nil, fmt.Errorf("tape: samples %d to %d are not there; %d are, in %d pieces", first, last, have, n)
		}
	}
}

// origin is when sample 0 was heard, by the pieces that came in a time.
func origin(pieces []piece, from, to time.Time) (first time.Time, ok bool) {
	for _, p := range pieces {
		if p.at.Before(from) || p.at.After(to) {
			continue
		}
		o := p.at.Add(-time.Duration(p.end) * time.Second / tapeRate)
		if !ok || o.Before(first) {
			first, ok = o, true
		}
	}
	return first, ok
}

// play plays samples at tapeRate to a sink, over and over, until the connection is closed.
func (s *soundServer) play(sink string, samples []int16) (net.Conn, error) {
	c, conn, err := s.connect()
	if err != nil {
		return nil, err
	}
	raw := make([]byte, 0, 2*len(samples))
	for _, v := range samples {
		raw = binary.LittleEndian.AppendUint16(raw, uint16(v))
	}
	wanted := make(chan uint32, 64)
	c.Callback = func(m any) {
		switch m := m.(type) {
		case *proto.Request:
			select {
			case wanted <- m.Length:
			default: // the buffer holds two seconds
			}
		case *proto.ConnectionClosed:
			close(wanted)
		}
	}
	var r proto.CreatePlaybackStreamReply
	err = c.Request(&proto.CreatePlaybackStream{
		SampleSpec:            proto.SampleSpec{Format: proto.FormatInt16LE, Channels: 1, Rate: tapeRate},
		ChannelMap:            proto.ChannelMap{proto.ChannelMono},
		SinkIndex:             proto.Undefined,
		SinkName:              sink,
		BufferMaxLength:       proto.Undefined,
		BufferTargetLength:    2 * 2 * tapeRate,
		BufferPrebufferLength: 0,
		BufferMinimumRequest:  2 * tapeRate / 10,
		ChannelVolumes:        proto.ChannelVolumes{uint32(proto.VolumeNorm)},
		Properties:            proto.PropList{"media.name": proto.PropListString("mouth")},
	}, &r)
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("playing to %q: %w", sink, err)
	}
	go func() {
		at := 0
		give := func(n uint32) {
			b := make([]byte, n)
			for i := range b {
				b[i] = raw[at]
				at = (at + 1) % len(raw)
			}
			c.Send(r.StreamIndex, b)
		}
		give(r.Missing)
		for n := range wanted {
			give(n)
		}
	}()
	return conn, nil
}
