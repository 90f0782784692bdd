package main

import (
	"context"
	"path/filepath"
	"testing"

	"offhook/phone/control"
	"offhook/phone/control/controltest"
)

// told is a phone that says when it has been asked.
type told struct {
	phone
	asked chan struct{}
}

func (p told) Status(ctx context.Context) (control.Status, error) {
	s, err := p.phone.Status(ctx)
	select {
	case p.asked <- struct{}{}:
	default:
	}
	return s, err
}

func TestAnAutostartedIconWaitsForItsPhone(t *testing.T) {
	socket := filepath.Join(controltest.ShortDir(t), "control.sock")
	p := told{control.NewClient(socket), make(chan struct{}, 1)}
	answer := make(chan bool, 1)
	go func() { answer <- appears(t.Context(), p, []string{socket}) }()
	<-p.asked
	select {
	case <-answer:
		t.Fatal("it did not wait")
	default:
	}
	listener, err := control.Listen(socket)
	if err != nil {
		t.Fatal(err)
	}
	controltest.ServeOn(t, &controltest.Backend{}, listener)
	if !<-answer {
		t.Error("the phone that started was not seen")
	}
}

func TestAnAutostartedIconGivesUpWithoutAPhone(t *testing.T) {
	socket := filepath.Join(controltest.ShortDir(t), "control.sock")
	p := told{control.NewClient(socket), make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	answer := make(chan bool, 1)
	go func() { answer <- appears(ctx, p, []string{socket}) }()
	<-p.asked
	cancel()
	if <-answer {
		t.Error("a phone was seen where there is none")
	}
}
