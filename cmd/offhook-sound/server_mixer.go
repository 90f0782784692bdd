package main

import (
	"errors"
	"fmt"

	"github.com/jfreymuth/pulse/proto"

	"offhook/media/sound/engine"
)

// serverMixer is the volume and mute of a sink and a source, as the desktop's own
// controls show them. They are the desktop's, so that nothing is mended by itself.
type serverMixer struct {
	link   *serverLink
	sink   string
	source string // "": none
}

// Mixer watches a sink and a source.
func (s *soundServer) Mixer(out engine.Device, in *engine.Device, changed func(engine.Mix)) (engine.Mixer, error) {
	l, err := s.open()
	if err != nil {
		return nil, err
	}
	m := &serverMixer{link: l, sink: out.Node}
	if in != nil {
		m.source = in.Node
	}
	l.watch(func(done <-chan struct{}) {
		var last engine.Mix
		for {
			if now, err := m.Mix(); err == nil && !now.Equal(last) {
				last = now
				changed(now)
			}
			select {
			case <-l.mixed:
			case <-l.gone:
				return
			case <-done:
				return
			}
		}
	})
	return m, nil
}

func (m *serverMixer) ask() (sink proto.GetSinkInfoReply, source proto.GetSourceInfoReply, err error) {
	err = m.link.client.Request(&proto.GetSinkInfo{SinkIndex: proto.Undefined, SinkName: m.sink}, &sink)
	if err == nil && m.source != "" {
		err = m.link.client.Request(&proto.GetSourceInfo{SourceIndex: proto.Undefined, SourceName: m.source}, &source)
	}
	if err != nil {
		err = fmt.Errorf("the sound server's volumes: %w", err)
	}
	return sink, source, err
}

// Mix tells volume and mute as the desktop shows them.
func (m *serverMixer) Mix() (engine.Mix, error) {
	sink, source, err := m.ask()
	if err != nil {
		return engine.Mix{}, err
	}
	mix := engine.Mix{Output: serverLevel(sink.ChannelVolumes, sink.Mute)}
	if m.source != "" {
		mix.Input = serverLevel(source.ChannelVolumes, source.Mute)
	}
	return mix, nil
}

// serverLevel is a level, that of the loudest channel.
func serverLevel(volumes proto.ChannelVolumes, muted bool) *engine.Level {
	var v uint32
	for _, c := range volumes {
		v = max(v, c)
	}
	return &engine.Level{Percent: int(uint64(v) * 100 / uint64(proto.VolumeNorm)), Muted: muted}
}

// Change sets mutes. Steps of the volume are left to the desktop, which acts on the
// same keys.
func (m *serverMixer) Change(c engine.MixChange) ([]string, error) {
	var err error
	if c.OutputMuted != nil {
		err = errors.Join(err, m.link.client.Request(&proto.SetSinkMute{SinkIndex: proto.Undefined, SinkName: m.sink, Mute: *c.OutputMuted}, nil))
	}
	if c.InputMuted != nil && m.source != "" {
		err = errors.Join(err, m.link.client.Request(&proto.SetSourceMute{SourceIndex: proto.Undefined, SourceName: m.source, Mute: *c.InputMuted}, nil))
	}
	return nil, err
}

// Close ends the watching.
func (m *serverMixer) Close() { m.link.watch(nil) }

// watch runs a watcher of the volumes in place of the one before; nil: none.
func (l *serverLink) watch(f func(done <-chan struct{})) {
	if l.watching != nil {
		close(l.watching)
		l.watching = nil
	}
	if f != nil {
		l.watching = make(chan struct{})
		go f(l.watching)
	}
}
