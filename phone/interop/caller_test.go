//go:build peers && linux

package interop

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"offhook/media/codec"
	"offhook/media/measure"
	"offhook/phone/ua"
)

const packetTime = 20 * time.Millisecond

// caller calls phones from the switch, on many lines at once, and sends speech through any weather.
type caller struct {
	l     *lab
	agent *ua.Agent
	addr  string
	calls atomic.Int64

	mu     sync.Mutex // guards events
	events map[string]chan ua.Event
}

func (l *lab) caller() *caller {
	l.t.Helper()
	l.wire()
	c := &caller{l: l, addr: l.gateway(), events: map[string]chan ua.Event{}}
	// Each call is from somebody else: linphone takes one of an address at a time.
	var accounts []ua.Account
	for i := range mostCalls {
		accounts = append(accounts, ua.Account{Name: callerName(i), URI: "sip:" + callerName(i) + "@" + c.addr})
	}
	var err error
	c.agent, err = ua.New(ua.Config{
		Accounts: accounts,
		Listen:   []string{"udp:" + c.addr + ":5060"},
		Codecs:   codec.Names(),
		Handler:  c.hears,
	})
	if err == nil {
		err = c.agent.Start(context.Background())
	}
	if err != nil {
		l.t.Fatal(err)
	}
	l.cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		c.agent.Close(ctx)
	})
	return c
}

func callerName(n int) string { return fmt.Sprint("caller", n) }

// hears gives each call its events.
func (c *caller) hears(e ua.Event) {
	id := ""
	switch e := e.(type) {
	case ua.Answered:
		id = e.Call
	case ua.Ended:
		id = e.Call
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if events := c.events[id]; events != nil {
		events <- e
	}
}

// spoken is a call from the moment on at which it was answered.
type spoken struct {
	c        *caller
	id       string
	conn     *net.UDPConn
	events   chan ua.Event
	media    ua.Media
	answered time.Time
	origin   time.Time // when the first packet is due

	mu      sync.Mutex // guards packets and late
	packets []arrived
	late    time.Duration // the most by which a packet was sent too late
	sent    chan struct{} // closed after the last one
}

// arrived is a packet that came.
type arrived struct {
	at          time.Time
	timestamp   uint32
	payloadType uint8
	payload     []byte
}

// call calls a phone with one codec and waits until it answers.
func (c *caller) call(target, name string) (*spoken, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.ParseIP(c.addr)})
	if err != nil {
		return nil, fmt.Errorf("RTP: %w", err)
	}
	number := c.calls.Add(1)
	s := &spoken{c: c, id: fmt.Sprint("call-", number), conn: conn, events: make(chan ua.Event, 8), sent: make(chan struct{})}
	c.mu.Lock()
	c.events[s.id] = s.events
	c.mu.Unlock()
	go s.receive()
	port := uint16(conn.LocalAddr().(*net.UDPAddr).Port)
	if err := c.agent.Dial(s.id, callerName(int(number%mostCalls)), target, ua.LocalMedia{Port: port, Codecs: []string{name}, PTime: packetTime}); err != nil {
		s.forget()
		return nil, err
	}
	select {
	case e := <-s.events:
		a, ok := e.(ua.Answered)
		if !ok {
			s.forget()
			return nil, fmt.Errorf("%s: %+v", target, e)
		}
		s.answered, s.media = time.Now(), a.Media
		return s, nil
	case <-time.After(time.Minute):
		c.agent.HangUp(s.id)
		s.forget()
		return nil, fmt.Errorf("%s did not answer in a minute", target)
	}
}

func (s *spoken) forget() {
	s.conn.Close()
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	delete(s.c.events, s.id)
}

// end hangs up and waits until the call is over.
func (s *spoken) end() error {
	defer s.forget()
	if err := s.c.agent.HangUp(s.id); err != nil {
		return err
	}
	for {
		select {
		case e := <-s.events:
			if _, ok := e.(ua.Ended); ok {
				return nil
			}
		case <-time.After(time.Minute):
			return errors.New("a call did not end in a minute")
		}
	}
}

func (s *spoken) receive() {
	buf := make([]byte, 2048)
	for {
		n, err := s.conn.Read(buf)
		if err != nil {
			return
		}
		if n < 12 || buf[0]>>6 != 2 || buf[0]&0x1f != 0 { // nobody here has contributing sources or extensions
			continue
		}
		s.mu.Lock()
		s.packets = append(s.packets, arrived{time.Now(), binary.BigEndian.Uint32(buf[4:]), buf[1] & 0x7f, append([]byte(nil), buf[12:n]...)})
		s.mu.Unlock()
	}
}

// says sends payloads, one each packetTime, as a network delivers them; the first is due soon.
func (s *spoken) says(payloads [][]byte, fates []measure.Fate, clockRate int) {
	s.origin = time.Now().Add(packetTime)
	punctual(func() {
		defer close(s.sent)
		to := net.UDPAddrFromAddrPort(s.media.Remote)
		step := uint32(clockRate * int(packetTime/time.Millisecond) / 1000)
		for i, fate := range fates[:len(payloads)] {
			if fate.Lost {
				continue
			}
			due := s.origin.Add(time.Duration(i)*packetTime + fate.Delay)
			doze(time.Until(due))
			late := time.Since(due)
			b := append(make([]byte, 0, 1500), 0x80, s.media.PayloadType)
			b = binary.BigEndian.AppendUint16(b, uint16(i))
			b = binary.BigEndian.AppendUint32(b, uint32(i)*step)
			b = binary.BigEndian.AppendUint32(b, 0x0ff4004b)
			s.conn.WriteToUDP(append(b, payloads[i]...), to)
			s.mu.Lock()
			s.late = max(s.late, late)
			s.mu.Unlock()
		}
	})
}

// encode makes packets of speech at 48 kHz.
func encode(c codec.Codec, pcm []int16) (payloads [][]byte, err error) {
	e, err := c.NewEncoder(codec.Options{})
	if err != nil {
		return nil, err
	}
	defer e.Close()
	n := c.SampleRate() / int(time.Second/packetTime)
	for ; len(pcm) >= n; pcm = pcm[n:] {
		var b []byte
		for at := 0; at < n; at += e.Frame() {
			b, _ = e.Encode(b, pcm[at:at+e.Frame()])
		}
		payloads = append(payloads, b)
	}
	return payloads, nil
}
