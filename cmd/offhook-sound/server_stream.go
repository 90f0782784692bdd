package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/jfreymuth/pulse/proto"

	"offhook/media/sound/engine"
)

// backlog is how many messages of the server may wait for a stream's goroutine.
const backlog = 64

// serverStream is a stream at a sound server. Its goroutine calls cycle; the
// connection's reader gives it work and never waits for it.
type serverStream struct {
	link   *serverLink
	key    uint32
	index  uint32
	period int // samples
	cycle  engine.Cycle
	delay  time.Duration
	ended  func(why string)

	asked   chan int     // playing: bytes that the server wants
	heard   chan []int16 // recording: a period each
	partial []int16      // recording: owned by the connection's reader
	lost    bool         // recording: a period was dropped; owned by the reader
	stop    chan struct{}
	done    chan struct{}
	once    sync.Once // closes stop
}

// Play opens a stream to a sink.
func (s *soundServer) Play(d engine.Device, rate, period int, cycle engine.Cycle) (engine.Stream, error) {
	l, err := s.open()
	if err != nil {
		return nil, err
	}
	bytes := uint32(2 * period)
	var r proto.CreatePlaybackStreamReply
	err = l.client.Request(&proto.CreatePlaybackStream{
		SampleSpec:            proto.SampleSpec{Format: proto.FormatInt16LE, Channels: 1, Rate: uint32(rate)},
		ChannelMap:            proto.ChannelMap{proto.ChannelMono},
		SinkIndex:             proto.Undefined,
		SinkName:              d.Node,
		BufferMaxLength:       proto.Undefined,
		BufferTargetLength:    2 * bytes,
		BufferPrebufferLength: 0, // time passes whether there is sound or not
		BufferMinimumRequest:  bytes,
		ChannelVolumes:        proto.ChannelVolumes{uint32(proto.VolumeNorm)},
		NoMove:                true, // to exactly that device
		AdjustLatency:         true,
		Properties:            streamProperties("Call"),
	}, &r)
	if err != nil {
		return nil, serverFailure(err, d, "played to")
	}
	st := &serverStream{
		link: l, key: r.StreamIndex, index: r.StreamIndex, period: period, cycle: cycle, ended: s.ended,
		delay: time.Duration(r.BufferTargetLength/2)*time.Second/time.Duration(rate) + time.Duration(r.SinkLatency)*time.Microsecond,
		asked: make(chan int, backlog), stop: make(chan struct{}), done: make(chan struct{}),
	}
	l.add(st.key, st)
	// The buffer is filled once, with silence: periods are made as time passes.
	if err := l.client.Send(st.index, make([]byte, r.Missing)); err != nil {
		l.add(st.key, nil)
		return nil, serverFailure(err, d, "played to")
	}
	go st.play()
	return st, nil
}

// Capture opens a stream from a source.
func (s *soundServer) Capture(d engine.Device, rate, period int, cycle engine.Cycle) (engine.Stream, error) {
	l, err := s.open()
	if err != nil {
		return nil, err
	}
	var r proto.CreateRecordStreamReply
	err = l.client.Request(&proto.CreateRecordStream{
		SampleSpec:         proto.SampleSpec{Format: proto.FormatInt16LE, Channels: 1, Rate: uint32(rate)},
		ChannelMap:         proto.ChannelMap{proto.ChannelMono},
		SourceIndex:        proto.Undefined,
		SourceName:         d.Node,
		BufferMaxLength:    proto.Undefined,
		BufferFragSize:     uint32(2 * period),
		NoMove:             true,
		AdjustLatency:      true,
		DirectOnInputIndex: proto.Undefined,
		Properties:         streamProperties("Microphone of the call"),
		ChannelVolumes:     proto.ChannelVolumes{uint32(proto.VolumeNorm)},
	}, &r)
	if err != nil {
		return nil, serverFailure(err, d, "recorded from")
	}
	st := &serverStream{
		link: l, key: r.StreamIndex | recording, index: r.StreamIndex, period: period, cycle: cycle, ended: s.ended,
		delay: time.Duration(r.BufferFragSize/2)*time.Second/time.Duration(rate) + time.Duration(r.SourceLatency)*time.Microsecond,
		heard: make(chan []int16, backlog), stop: make(chan struct{}), done: make(chan struct{}),
	}
	l.add(st.key, st)
	go st.capture()
	return st, nil
}

func streamProperties(name string) proto.PropList {
	return proto.PropList{
		"media.name": proto.PropListString(name),
		"media.role": proto.PropListString("phone"), // by which servers make other sound softer, where they are told to
	}
}

func serverFailure(err error, d engine.Device, verb string) error {
	code := engine.Failed
	if errors.Is(err, proto.ErrNoSuchEntity) {
		code = engine.NoDevice
	}
	return &engine.Failure{Code: code, Text: fmt.Sprintf("the sound server's %q cannot be %s: %v", d.Name, verb, err)}
}

// play is the goroutine of a stream that plays. Its thread is its own, since cycle
// gives it realtime priority; it ends with the goroutine.
func (st *serverStream) play() {
	defer close(st.done)
	runtime.LockOSThread()
	pcm, raw := make([]int16, st.period), make([]byte, 2*st.period)
	owed := 0 // bytes
	for {
		select {
		case n := <-st.asked:
			owed += n
		case <-st.stop:
			return
		}
		for ; owed >= len(raw); owed -= len(raw) {
			clear(pcm)
			st.cycle(pcm, 1, false)
			for i, v := range pcm {
				binary.LittleEndian.PutUint16(raw[2*i:], uint16(v))
			}
			if err := st.link.client.Send(st.index, raw); err != nil {
				return // the connection's reader tells
			}
		}
	}
}

// capture is the goroutine of a stream that records.
func (st *serverStream) capture() {
	defer close(st.done)
	runtime.LockOSThread()
	gap := false
	for {
		select {
		case pcm := <-st.heard:
			if pcm == nil {
				gap = true
				continue
			}
			st.cycle(pcm, 1, gap)
			gap = false
		case <-st.stop:
			return
		}
	}
}

// requested runs on the connection's reader, as do the next two.
func (st *serverStream) requested(bytes int) {
	select {
	case st.asked <- bytes:
	case <-st.stop:
	default: // it hangs, and will be missed
	}
}

func (st *serverStream) recorded(data []byte) {
	for ; len(data) >= 2; data = data[2:] {
		if st.partial = append(st.partial, int16(binary.LittleEndian.Uint16(data))); len(st.partial) < st.period {
			continue
		}
		if st.lost {
			select {
			case st.heard <- nil:
				st.lost = false
			default:
			}
		}
		select {
		case st.heard <- st.partial:
		default:
			st.lost = true
		}
		st.partial = make([]int16, 0, st.period)
	}
}

func (st *serverStream) killed() {
	select {
	case <-st.stop:
	default:
		st.ended("the sound server has ended the stream, or is gone itself")
	}
}

// Latency is that of the server's buffers, as it told when the stream was opened.
func (st *serverStream) Latency() time.Duration { return st.delay }

// Close ends the stream. A server that does not answer is not waited for long.
func (st *serverStream) Close() error {
	st.once.Do(func() { close(st.stop) })
	<-st.done
	st.link.add(st.key, nil)
	var err error
	if st.heard != nil {
		err = st.link.client.Request(&proto.DeleteRecordStream{StreamIndex: st.index}, nil)
	} else {
		err = st.link.client.Request(&proto.DeletePlaybackStream{StreamIndex: st.index}, nil)
	}
	if err != nil {
		return fmt.Errorf("ending a stream at the sound server: %w", err)
	}
	return nil
}
