package seat

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/godbus/dbus/v5"
)

// Names on the system bus (org.freedesktop.login1(5)).
const (
	service   = "org.freedesktop.login1"
	root      = dbus.ObjectPath("/org/freedesktop/login1")
	manager   = service + ".Manager"
	ofSession = service + ".Session"
)

// answerTime bounds what logind takes for an answer.
const answerTime = 10 * time.Second

// maxSessions bounds how many sessions are looked at.
const maxSessions = 256

// System follows the user of this process. The error says that no logind can be
// asked, as on other systems than Linux.
func System() (*Watch, error) {
	l, err := connect()
	if err != nil {
		return nil, fmt.Errorf("ask logind who is at the seat: %w", err)
	}
	return &Watch{uid: uint32(os.Getuid()), logind: l}, nil
}

// systemLogind is logind on the system bus.
type systemLogind struct {
	conn    *dbus.Conn
	signals chan *dbus.Signal // closed by conn
	closed  chan struct{}
}

func connect() (*systemLogind, error) {
	ctx, cancel := context.WithTimeout(context.Background(), answerTime)
	defer cancel()
	conn, err := dbus.ConnectSystemBus()
	if err != nil {
		return nil, err
	}
	l := &systemLogind{conn: conn, signals: make(chan *dbus.Signal, 64), closed: make(chan struct{})}
	conn.Signal(l.signals)
	for _, rule := range [][]dbus.MatchOption{
		{dbus.WithMatchSender(service), dbus.WithMatchInterface(manager), dbus.WithMatchMember("SessionNew")},
		{dbus.WithMatchSender(service), dbus.WithMatchInterface(manager), dbus.WithMatchMember("SessionRemoved")},
		{
			dbus.WithMatchSender(service), dbus.WithMatchInterface("org.freedesktop.DBus.Properties"),
			dbus.WithMatchMember("PropertiesChanged"), dbus.WithMatchPathNamespace(root + "/session"),
		},
		// logind itself may be started anew, with other sessions.
		{
			dbus.WithMatchSender("org.freedesktop.DBus"), dbus.WithMatchInterface("org.freedesktop.DBus"),
			dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, service),
		},
	} {
		if err := conn.AddMatchSignalContext(ctx, rule...); err != nil {
			conn.Close()
			return nil, err
		}
	}
	if _, err := l.sessions(); err != nil { // none there
		conn.Close()
		return nil, err
	}
	return l, nil
}

func (l *systemLogind) sessions() ([]session, error) {
	ctx, cancel := context.WithTimeout(context.Background(), answerTime)
	defer cancel()
	var list []struct {
		ID   string
		UID  uint32
		User string
		Seat string
		Path dbus.ObjectPath
	}
	if err := l.conn.Object(service, root).CallWithContext(ctx, manager+".ListSessions", dbus.FlagNoAutoStart).Store(&list); err != nil {
		return nil, err
	}
	var sessions []session
	for _, s := range list[:min(len(list), maxSessions)] {
		if s.Seat == "" {
			continue
		}
		var active dbus.Variant
		err := l.conn.Object(service, s.Path).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, ofSession, "Active").Store(&active)
		if err != nil {
			continue // it has just ended
		}
		on, _ := active.Value().(bool)
		sessions = append(sessions, session{uid: s.UID, seat: s.Seat, active: on})
	}
	return sessions, nil
}

func (l *systemLogind) wait() error {
	select {
	case _, ok := <-l.signals:
		if ok {
			return nil
		}
	case <-l.closed:
		return ErrClosed
	}
	select {
	case <-l.closed:
		return ErrClosed
	default:
		return errors.New("the system bus has gone")
	}
}

// close may be called once.
func (l *systemLogind) close() error {
	close(l.closed)
	return l.conn.Close()
}
