package control

import (
	"encoding/json"
	"fmt"
	"net"
	"sync"
	"time"
)

// limitedListener turns connections away when too many are open. It answers them, rather than leave them waiting: the
// program at the other end should say why it cannot go on.
type limitedListener struct {
	net.Listener
	tokens chan struct{} // one per open connection
}

func (l *limitedListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case l.tokens <- struct{}{}:
			return &limitedConn{Conn: c, release: sync.OnceFunc(func() { <-l.tokens })}, nil
		default:
			turnAway(c)
		}
	}
}

// turnAway fits in the socket's buffer, so it does not block.
func turnAway(c net.Conn) {
	body, _ := json.Marshal(errorBody{&Error{CodeUnavailable, "too many programs are connected to this phone"}})
	_ = c.SetWriteDeadline(time.Now().Add(time.Second))
	_, _ = fmt.Fprintf(c, "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		len(body), body)
	_ = c.Close()
}

type limitedConn struct {
	net.Conn
	release func()
}

func (c *limitedConn) Close() error {
	defer c.release()
	return c.Conn.Close()
}
