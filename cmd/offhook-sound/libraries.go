package main

import (
	"offhook/media/sound/engine"
	"offhook/media/sound/ring"
)

// libraries is the backend of all sound devices: cards by PortAudio, and what a
// sound server has by its own protocol.
type libraries struct {
	cards  portAudio
	server soundServer
}

// Devices asks the server only where a name means one of its devices.
func (l *libraries) Devices(names []string, refresh bool) ([]engine.Device, error) {
	var ofServer, ofCards []string
	for _, name := range names {
		if _, ok := engine.OfServer(name); ok {
			ofServer = append(ofServer, name)
		} else {
			ofCards = append(ofCards, name)
		}
	}
	var list []engine.Device
	if len(ofServer) > 0 {
		found, err := l.server.Devices(ofServer, refresh)
		if err != nil {
			return nil, err
		}
		list = found
	}
	if len(ofCards) > 0 || len(names) == 0 {
		found, err := l.cards.Devices(ofCards, refresh)
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
	}
	return list, nil
}

func (l *libraries) of(d engine.Device) engine.Backend {
	if d.API == serverAPI {
		return &l.server
	}
	return &l.cards
}

// Play plays to a card or through the server.
func (l *libraries) Play(d engine.Device, rate, period int, cycle engine.Cycle) (engine.Stream, error) {
	return l.of(d).Play(d, rate, period, cycle)
}

// Capture records likewise.
func (l *libraries) Capture(d engine.Device, rate, period int, cycle engine.Cycle) (engine.Stream, error) {
	return l.of(d).Capture(d, rate, period, cycle)
}

// Directly is so for what is all of cards.
func (l *libraries) Directly(out engine.Device, in *engine.Device) bool {
	return out.API != serverAPI && (in == nil || in.Index >= 0 && in.API != serverAPI)
}

// PlayDirect plays to a card.
func (l *libraries) PlayDirect(d engine.Device, rate int, r *ring.Ring) (engine.DirectStream, error) {
	return l.cards.PlayDirect(d, rate, r)
}
