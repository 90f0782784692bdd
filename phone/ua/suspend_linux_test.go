package ua

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/godbus/dbus/v5"
)

// systemBus is a D-Bus of one listener, on which logind speaks.
type systemBus struct {
	t        *testing.T
	conn     net.Conn
	serial   uint32
	listened chan struct{} // closed when somebody waits for logind's signals
}

func newSystemBus(t *testing.T) *systemBus {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bus")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path="+path)
	b := &systemBus{t: t, listened: make(chan struct{})}
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		b.conn = c
		b.serve()
	}()
	return b
}

// serve lets a program in and answers its calls.
func (b *systemBus) serve() {
	in := bufio.NewReader(b.conn)
	in.ReadByte() // a zero
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		switch strings.TrimSpace(line) {
		case "AUTH":
			b.conn.Write([]byte("REJECTED EXTERNAL\r\n"))
		case "AUTH EXTERNAL":
			b.conn.Write([]byte("DATA\r\n"))
		case "NEGOTIATE_UNIX_FD":
			b.conn.Write([]byte("ERROR\r\n"))
		case "DATA":
			b.conn.Write([]byte("OK 1234deadbeef\r\n"))
		}
		if strings.HasPrefix(line, "BEGIN") {
			break
		}
	}
	for {
		m, err := dbus.DecodeMessage(in)
		if err != nil {
			return
		}
		if m.Type != dbus.TypeMethodCall {
			continue
		}
		reply := &dbus.Message{Type: dbus.TypeMethodReply, Headers: map[dbus.HeaderField]dbus.Variant{dbus.FieldReplySerial: dbus.MakeVariant(m.Serial())}}
		if m.Headers[dbus.FieldMember].Value() == "Hello" {
			reply.Headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.ParseSignatureMust("s"))
			reply.Body = []any{":1.1"}
		}
		b.send(reply)
		if m.Headers[dbus.FieldMember].Value() == "AddMatch" && strings.Contains(m.Body[0].(string), "PrepareForSleep") {
			close(b.listened)
		}
	}
}

func (b *systemBus) send(m *dbus.Message) {
	var buf bytes.Buffer
	if err := m.EncodeTo(&buf, binary.LittleEndian); err != nil {
		b.t.Error(err)
		return
	}
	b.serial++
	binary.LittleEndian.PutUint32(buf.Bytes()[8:], b.serial)
	b.conn.Write(buf.Bytes())
}

// sleeps says that the machine goes to sleep, or has woken.
func (b *systemBus) sleeps(begins bool) {
	b.send(&dbus.Message{Type: dbus.TypeSignal, Headers: map[dbus.HeaderField]dbus.Variant{
		dbus.FieldPath:      dbus.MakeVariant(dbus.ObjectPath("/org/freedesktop/login1")),
		dbus.FieldInterface: dbus.MakeVariant("org.freedesktop.login1.Manager"),
		dbus.FieldMember:    dbus.MakeVariant("PrepareForSleep"),
		dbus.FieldSignature: dbus.MakeVariant(dbus.ParseSignatureMust("b")),
	}, Body: []any{begins}})
}

// TestSuspendEndsInARegistration: logind says on the system bus that the
// machine has woken, and the account registers at once, an hour before it had to.
func TestSuspendEndsInARegistration(t *testing.T) {
	bus := newSystemBus(t)
	registrar, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer registrar.Close()
	registers := make(chan struct{}, 100)
	go func() {
		buf := make([]byte, 64<<10)
		for {
			n, from, err := registrar.ReadFrom(buf)
			if err != nil {
				return
			}
			m, err := sip.ParseMessage(buf[:n])
			req, ok := m.(*sip.Request)
			if err != nil || !ok || req.Method != sip.REGISTER {
				continue
			}
			req.SetSource(from.String())
			res := sip.NewResponseFromRequest(req, 200, "OK", nil)
			res.AppendHeader(sip.NewHeader("Contact", "<"+req.Contact().Address.String()+">;expires=7200"))
			registrar.WriteTo([]byte(res.String()), from)
			if headerValue(req, "Expires") != "0" {
				registers <- struct{}{}
			}
		}
	}()
	events := make(chan Event, 100)
	a, err := New(Config{Handler: func(e Event) { events <- e }, Accounts: []Account{{Name: "x", URI: "sip:x@" + registrar.LocalAddr().String(), Register: true, Expires: 2 * time.Hour}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	defer a.Close(context.Background())
	wait := func(what string, ch <-chan struct{}) {
		t.Helper()
		select {
		case <-ch:
		case <-time.After(time.Minute):
			t.Fatalf("waited in vain: %s", what)
		}
	}
	until := func(s RegState) (e Registration) {
		t.Helper()
		for e.State != s {
			e = real1[Registration](t, events)
		}
		return e
	}
	wait("the first registration", registers)
	until(Registered)
	wait("somebody who listens to logind", bus.listened)
	bus.sleeps(true)
	bus.sleeps(false)
	if e := until(Registering); !strings.Contains(e.Reason, "woken from sleep") {
		t.Errorf("%+v", e)
	}
	wait("a registration after the sleep", registers)
	until(Registered)
}
