package main

import (
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/jfreymuth/pulse/proto"

	"offhook/media/sound/engine"
)

// serverAPI is the Device.API of a sound server's sinks and sources.
const serverAPI = "PulseAudio"

// nodeWait is how long a sound server may take to make a sink and a source of a
// card that is there: PulseAudio and WirePlumber take some 100 ms after a plug.
const nodeWait = 2 * time.Second

// soundServer is the backend of a desktop's sound server, PulseAudio or PipeWire,
// both of which speak PulseAudio's native protocol. Its methods are called by one
// goroutine.
//
// The library of streams plays through the server as well, by a plug-in of ALSA's,
// but can't tell its devices apart, and hangs when it dies.
type soundServer struct {
	link  *serverLink
	ended func(why string) // the server has let go of a stream, or is gone
}

// serverLink is one connection to the server.
type serverLink struct {
	client *proto.Client
	conn   net.Conn
	news   chan struct{} // capacity 1: sinks or sources have come or gone
	mixed  chan struct{} // capacity 1: a volume or mute may have changed
	gone   chan struct{} // closed when the server is gone

	watching chan struct{} // ends the watcher of volumes; owned by the backend's goroutine

	mu      sync.Mutex             // guards streams
	streams map[uint32]serverInput // what the server's messages are for; the keys of playing and recording differ by direction
}

// direction bit in the keys of streams: the server numbers both kinds on their own.
const recording = 1 << 31

// serverInput takes what the server has for a stream. It does not wait.
type serverInput interface {
	requested(bytes int)
	recorded(data []byte) // valid during the call
	killed()
}

// open connects to the server unless it is connected.
func (s *soundServer) open() (*serverLink, error) {
	if s.link != nil {
		select {
		case <-s.link.gone:
			s.close()
		default:
			return s.link, nil
		}
	}
	client, conn, err := proto.Connect("")
	if err != nil {
		return nil, &engine.Failure{Code: engine.NoServer, Text: fmt.Sprintf("%v (systemctl --user status pipewire-pulse pulseaudio shows whether one runs)", err)}
	}
	l := &serverLink{client: client, conn: conn, news: make(chan struct{}, 1), mixed: make(chan struct{}, 1), gone: make(chan struct{}), streams: map[uint32]serverInput{}}
	client.Callback = l.message
	props := proto.PropList{
		"application.name":      proto.PropListString("Offhook"),
		"application.id":        proto.PropListString("offhook"),
		"application.icon_name": proto.PropListString("offhook"),
	}
	err = client.Request(&proto.SetClientName{Props: props}, &proto.SetClientNameReply{})
	if err == nil {
		err = client.Request(&proto.Subscribe{Mask: proto.SubscriptionMaskSink | proto.SubscriptionMaskSource}, nil)
	}
	if err != nil {
		conn.Close()
		return nil, &engine.Failure{Code: engine.NoServer, Text: fmt.Sprintf("it refuses us: %v", err)}
	}
	s.link = l
	return l, nil
}

// close ends the connection.
func (s *soundServer) close() {
	if s.link != nil {
		s.link.conn.Close()
		s.link = nil
	}
}

// message takes what the server says by itself. It runs on the connection's reader.
func (l *serverLink) message(m any) {
	switch m := m.(type) {
	case *proto.Request:
		if st := l.stream(m.StreamIndex); st != nil {
			st.requested(int(m.Length))
		}
	case *proto.DataPacket:
		if st := l.stream(m.StreamIndex | recording); st != nil {
			st.recorded(m.Data)
		}
	case *proto.PlaybackStreamKilled:
		if st := l.stream(m.StreamIndex); st != nil {
			st.killed()
		}
	case *proto.RecordStreamKilled:
		if st := l.stream(m.StreamIndex | recording); st != nil {
			st.killed()
		}
	case *proto.SubscribeEvent:
		for _, c := range []chan struct{}{l.news, l.mixed} {
			select {
			case c <- struct{}{}:
			default:
			}
		}
	case *proto.ConnectionClosed:
		close(l.gone)
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, st := range l.streams {
			st.killed()
		}
	}
}

func (l *serverLink) stream(key uint32) serverInput {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.streams[key]
}

// add names the stream that messages of a key are for; nil: nobody's.
func (l *serverLink) add(key uint32, st serverInput) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if st == nil {
		delete(l.streams, key)
		return
	}
	l.streams[key] = st
}

// Devices lists sinks and sources. Where names mean a card of which the server has
// nothing yet, it waits a while.
func (s *soundServer) Devices(names []string, _ bool) ([]engine.Device, error) {
	l, err := s.open()
	if err != nil {
		return nil, err
	}
	timeout := time.NewTimer(nodeWait)
	defer timeout.Stop()
	for {
		list, err := l.list()
		if err != nil || complete(list, names) {
			return list, err
		}
		select {
		case <-l.news:
		case <-timeout.C:
			return list, nil
		case <-l.gone:
			return nil, &engine.Failure{Code: engine.NoServer, Text: "it has just ended"}
		}
	}
}

// complete tells whether there is a sink and a source for each card that names mean.
func complete(list []engine.Device, names []string) bool {
	for _, name := range names {
		card, ok := engine.OfServer(name)
		if !ok || card == "" || card == "-" {
			continue
		}
		in, out := false, false
		for _, d := range list {
			in = in || d.Card == card && d.Inputs > 0
			out = out || d.Card == card && d.Outputs > 0
		}
		if !in || !out {
			return false
		}
	}
	return true
}

func (l *serverLink) list() ([]engine.Device, error) {
	var info proto.GetServerInfoReply
	var sinks proto.GetSinkInfoListReply
	var sources proto.GetSourceInfoListReply
	for _, ask := range []func() error{
		func() error { return l.client.Request(&proto.GetServerInfo{}, &info) },
		func() error { return l.client.Request(&proto.GetSinkInfoList{}, &sinks) },
		func() error { return l.client.Request(&proto.GetSourceInfoList{}, &sources) },
	} {
		if err := ask(); err != nil {
			return nil, &engine.Failure{Code: engine.NoServer, Text: fmt.Sprintf("it does not list its devices: %v", err)}
		}
	}
	var list []engine.Device
	for _, s := range sinks {
		list = append(list, engine.Device{
			Index: int(s.SinkIndex), Name: s.Device, API: serverAPI, Node: s.SinkName, Card: property(s.Properties, "alsa.card"),
			Outputs: int(s.Channels), Rate: float64(s.Rate), Default: s.SinkName == info.DefaultSinkName,
		})
	}
	for _, s := range sources {
		if s.MonitorSourceIndex != proto.Undefined {
			continue // hears a sink
		}
		list = append(list, engine.Device{
			Index: int(s.SourceIndex), Name: s.Device, API: serverAPI, Node: s.SourceName, Card: property(s.Properties, "alsa.card"),
			Inputs: int(s.Channels), Rate: float64(s.Rate), Default: s.SourceName == info.DefaultSourceName,
		})
	}
	return list, nil
}

// property is a text of a list, "" where it is not there.
func property(list proto.PropList, name string) string {
	if e, ok := list[name]; ok {
		return e.String()
	}
	return ""
}
