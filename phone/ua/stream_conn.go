package ua

import (
	"bytes"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"offhook/phone/ua/grammar"
)

// streamConn is a TCP or TLS connection as sipgo sees it: a message at a time,
// each one judged. Received messages are traced after parsing.
type streamConn struct {
	net.Conn
	judge    judge
	in       []byte   // read and not yet told apart; Read's one caller only
	next     []byte   // the rest of the message that is being handed on; the same
	endpoint endpoint // what it was dialled for; its transport only when others dialled
	door     *door    // nil: we dialled
	known    atomic.Bool
	pongs    atomic.Int64 // answers to pings of ours (RFC 5626 section 3.5.1)
	trace    func(at time.Time, d Direction, transport string, local, remote net.Addr, data []byte)
	closed   func(*streamConn)
	gone     chan struct{} // closed by Close
	once     sync.Once
}

// doorWait is how long a stream waits before it asks the door again.
const doorWait = 50 * time.Millisecond

// Read hands on the next message that has no fault.
func (c *streamConn) Read(b []byte) (int, error) {
	for len(c.next) == 0 {
		msg, err := c.message()
		if err != nil {
			return 0, err
		}
		if msg == nil {
			n, err := c.Conn.Read(b)
			if n == 0 && err != nil {
				return 0, err
			}
			c.in = append(c.in, b[:n]...)
			continue
		}
		if c.door != nil {
			if err := c.queue(msg); err != nil {
				return 0, err
			}
		}
		var answer []byte
		if c.next, answer, _ = c.judge(msg, addrPort(c.RemoteAddr()), false); answer != nil {
			c.Write(answer)
		}
	}
	n := copy(b, c.next)
	if c.next = c.next[n:]; len(c.next) == 0 && len(c.in) == 0 {
		c.in, c.next = nil, nil
	}
	return n, nil
}

// message takes the next whole message out of what was read; nil: more is
// needed. Pings between messages are answered here (RFC 5626 section 4.4.1).
func (c *streamConn) message() ([]byte, error) {
	for bytes.HasPrefix(c.in, crlf[:2]) {
		if bytes.HasPrefix(c.in, crlf) {
			c.in = c.in[len(crlf):]
			if _, err := c.Write(crlf[:2]); err != nil {
				return nil, err
			}
			continue
		}
		c.in = c.in[2:]
		c.pongs.Add(1)
	}
	if len(c.in) == 0 {
		c.in = nil
		return nil, nil
	}
	n, err := grammar.Frame(c.in)
	if err != nil {
		// Where the next message begins nobody knows: the stream is of no more use.
		if _, answer, _ := c.judge(c.in[:n], addrPort(c.RemoteAddr()), false); answer != nil {
			c.Write(answer)
		}
		c.Close()
		return nil, err
	}
	if n == 0 {
		return nil, nil
	}
	msg := c.in[:n:n]
	c.in = c.in[n:]
	return msg, nil
}

// queue lets a stranger wait for what he has sent: TCP makes him go slower.
func (c *streamConn) queue(msg []byte) error {
	known := c.door.known(msg)
	if known {
		c.known.Store(true)
	}
	for !c.door.admit(msg, known, addrPort(c.RemoteAddr()).Addr()) {
		select {
		case <-time.After(doorWait):
		case <-c.gone:
			return net.ErrClosed
		}
	}
	return nil
}

// writeTimeout bounds a write to a peer that does not read.
const writeTimeout = 5 * time.Second

func (c *streamConn) Write(b []byte) (int, error) {
	c.SetWriteDeadline(time.Now().Add(writeTimeout))
	if c.trace != nil && len(b) > len(crlf) { // now: the answer may be here before the write returns
		c.trace(time.Now(), Sent, c.endpoint.transport, c.LocalAddr(), c.RemoteAddr(), b)
	}
	n, err := c.Conn.Write(b)
	if err != nil {
		c.Close() // half a message may be out: the stream is of no more use
	}
	return n, err
}

func (c *streamConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() {
		close(c.gone)
		c.closed(c)
	})
	return err
}
