package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/introspect"
	"github.com/godbus/dbus/v5/prop"

	"offhook/media/sound/engine"
)

// A sound server lets go of a card when a program with a higher priority asks for it on the session's bus, and takes
// it again when that program has done (the "simple device reservation protocol" of PulseAudio, which WirePlumber and
// JACK speak too). A telephone's card is asked for when its sound is opened, and given back when it is closed.
const (
	reserveInterface = "org.freedesktop.ReserveDevice1"
	reservePriority  = math.MaxInt32 // a call is not to be interrupted; nobody can ask us then
	reservePatience  = 2 * time.Second
)

// reservations are the cards that we have reserved, by their numbers. Its methods are called by one goroutine.
type reservations map[string]*reservation

// reservation is a connection to the bus that has the name of a card: the name is free again when it is closed.
type reservation struct {
	conn  *dbus.Conn
	users int // streams
}

// take reserves a card, unless it is reserved already. A machine without a session's bus has no server that would know
// of reservations: nothing is to be done then. The failure says who does not give the card away.
func (r reservations) take(card, device string) error {
	if have := r[card]; have != nil {
		have.users++
		return nil
	}
	conn, err := sessionBus()
	if err != nil {
		return nil
	}
	if err := reserve(conn, card, device); err != nil {
		conn.Close()
		return err
	}
	r[card] = &reservation{conn: conn, users: 1}
	return nil
}

// give gives a card back that was taken, once for each time.
func (r reservations) give(card string) {
	have := r[card]
	if have == nil {
		return // there was no bus
	}
	if have.users--; have.users == 0 {
		have.conn.Close()
		delete(r, card)
	}
}

// sessionBus connects to the bus of the user's session. None is started.
func sessionBus() (*dbus.Conn, error) {
	address := os.Getenv("DBUS_SESSION_BUS_ADDRESS")
	if address == "" {
		address = "unix:path=" + filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "bus")
	}
	conn, err := dbus.Dial(address)
	if err != nil {
		return nil, err
	}
	// A bus that does not answer must not keep a handset silent.
	hung := time.AfterFunc(reservePatience, func() { conn.Close() })
	defer hung.Stop()
	if err := errors.Join(conn.Auth(nil), conn.Hello()); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// reserve makes the name of a card ours, asking who has it now to let go. A bus that does not work keeps nobody from
// trying the card itself; only an owner that refuses is a failure.
func reserve(conn *dbus.Conn, card, device string) error {
	name, path := reserveInterface+".Audio"+card, dbus.ObjectPath("/org/freedesktop/ReserveDevice1/Audio"+card)
	if err := export(conn, path, device); err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), reservePatience)
	defer cancel()
	request := func(flags dbus.RequestNameFlags) (reply dbus.RequestNameReply, err error) {
		err = conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.RequestName", 0, name, uint32(flags)).Store(&reply)
		return reply, err
	}
	if reply, err := request(dbus.NameFlagDoNotQueue); err != nil || reply == dbus.RequestNameReplyPrimaryOwner {
		return nil
	}
	theirs := conn.Object(name, path)
	var who dbus.Variant
	_ = theirs.CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, reserveInterface, "ApplicationName").Store(&who)
	var gives bool
	err := theirs.CallWithContext(ctx, reserveInterface+".RequestRelease", 0, int32(reservePriority)).Store(&gives)
	if err == nil && gives {
		_, _ = request(dbus.NameFlagDoNotQueue | dbus.NameFlagReplaceExisting)
		return nil
	}
	if reply, err := request(dbus.NameFlagDoNotQueue); err == nil && reply == dbus.RequestNameReplyPrimaryOwner {
		return nil // it went away meanwhile
	}
	program, ok := who.Value().(string)
	if !ok || program == "" {
		program = "another program"
	}
	return &engine.Failure{Code: engine.Busy, Text: fmt.Sprintf("%q is reserved by %s, which does not give it away: end what it plays or records there", device, program)}
}

// owner is our side of a reservation.
type owner struct{}

// RequestRelease answers another program that asks for the card: never while we use it.
func (owner) RequestRelease(int32) (bool, *dbus.Error) { return false, nil }

// export puts the object that a reservation has on the bus.
func export(conn *dbus.Conn, path dbus.ObjectPath, device string) error {
	if err := conn.Export(owner{}, path, reserveInterface); err != nil {
		return err
	}
	properties, err := prop.Export(conn, path, prop.Map{reserveInterface: {
		"Priority":              {Value: int32(reservePriority)},
		"ApplicationName":       {Value: "Offhook"},
		"ApplicationDeviceName": {Value: device},
	}})
	if err != nil {
		return err
	}
	node := introspect.NewIntrospectable(&introspect.Node{Name: string(path), Interfaces: []introspect.Interface{
		introspect.IntrospectData, prop.IntrospectData,
		{Name: reserveInterface, Methods: introspect.Methods(owner{}), Properties: properties.Introspection(reserveInterface)},
	}})
	return conn.Export(node, path, "org.freedesktop.DBus.Introspectable")
}
