package control

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
)

// ErrNotRunning is what a client's methods return, wrapped or not, when nothing listens on the socket.
var ErrNotRunning = errors.New("offhook is not running: start it with `offhook run`")

// maxAnswer bounds what a client reads: an answer, or one line of an event stream.
const maxAnswer = 4 << 20

// Client speaks to a running phone. It connects when asked something, not before. All methods may be called from any
// goroutine. A refusal of the phone is an [*Error]; that there is no phone is [ErrNotRunning].
type Client struct {
	http *http.Client
}

// NewClient makes a client for the first of the sockets at which a phone answers.
func NewClient(paths ...string) *Client {
	return &Client{http: &http.Client{Transport: &http.Transport{
		DialContext:            func(ctx context.Context, _, _ string) (net.Conn, error) { return dialFirst(ctx, paths) },
		MaxIdleConns:           1,
		IdleConnTimeout:        10 * time.Second,
		MaxResponseHeaderBytes: maxHeader,
		DisableCompression:     true,
	}}}
}

func dialFirst(ctx context.Context, paths []string) (net.Conn, error) {
	result := ErrNotRunning
	for _, path := range paths {
		if err := checkPath(path); err != nil {
			return nil, err
		}
		var d net.Dialer
		c, err := d.DialContext(ctx, "unix", path)
		switch {
		case err == nil:
			return c, nil
		case errors.Is(err, fs.ErrPermission):
			result = fmt.Errorf("you may not operate the phone at %s: it belongs to another user", path)
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		default:
			return nil, fmt.Errorf("control socket: %w", err)
		}
	}
	return nil, result
}

// Close gives up idle connections. The client may be used again.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Status asks for a snapshot.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var s Status
	err := c.ask(ctx, http.MethodGet, "/v1/status", nil, &s)
	return s, err
}

// Do gives an order and waits until the phone has accepted it.
func (c *Client) Do(ctx context.Context, command Command) (Result, error) {
	var r Result
	body, err := json.Marshal(command)
	if err != nil {
		return r, fmt.Errorf("control: %w", err)
	}
	err = c.ask(ctx, http.MethodPost, "/v1/command", body, &r)
	return r, err
}

func (c *Client) ask(ctx context.Context, method, path string, body []byte, into any) error {
	response, err := c.request(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the phone's answer: %w", err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("the phone's answer makes no sense (another version?): %w", err)
	}
	return nil
}

// request returns the answer to a request that succeeded; its body is the caller's to close.
func (c *Client) request(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://phone"+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, plainError(ctx, err)
	}
	if response.StatusCode == http.StatusOK {
		return response, nil
	}
	defer response.Body.Close()
	var refusal errorBody
	raw, _ := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if json.Unmarshal(raw, &refusal) != nil || refusal.Error == nil {
		return nil, fmt.Errorf("the phone answers %s and does not say why", response.Status)
	}
	return nil, refusal.Error
}

// plainError takes off what net/http puts around an error: to a user, the phone has no URL.
func plainError(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, ErrNotRunning):
		return ErrNotRunning
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return fmt.Errorf("the phone went away before it answered: %w", ErrNotRunning)
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil || !strings.Contains(err.Error(), "http://phone") {
			return err
		}
		err = inner
	}
}

// Events starts a stream of what happens from now on. It ends when the context does, or by Close.
func (c *Client) Events(ctx context.Context) (*Stream, error) {
	ctx, cancel := context.WithCancel(ctx)
	response, err := c.request(ctx, http.MethodGet, "/v1/events", nil)
	if err != nil {
		cancel()
		return nil, err
	}
	scanner := bufio.NewScanner(response.Body)
	scanner.Buffer(nil, maxAnswer)
	return &Stream{ctx: ctx, cancel: cancel, body: response.Body, lines: scanner}, nil
}

// Stream is an open stream of events. One goroutine may call Next; Close may be called by any, and unblocks it.
type Stream struct {
	ctx    context.Context
	cancel context.CancelFunc
	body   io.Closer
	lines  *bufio.Scanner
}

// Next waits for the next event. The stream's regular end, the end of the phone, is [io.EOF]; the end of the context is
// its error. An event of type [EventDropped] is the last one before the end.
func (s *Stream) Next() (Event, error) {
	for s.lines.Scan() {
		data, ok := strings.CutPrefix(s.lines.Text(), "data:")
		if !ok { // an empty line, a comment, or a field we have no use for
			continue
		}
		var e Event
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			return e, fmt.Errorf("an event makes no sense (another version?): %w", err)
		}
		return e, nil
	}
	if err := s.ctx.Err(); err != nil {
		return Event{}, err
	}
	if err := s.lines.Err(); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, syscall.ECONNRESET) {
		return Event{}, fmt.Errorf("events: %w", err)
	}
	return Event{}, io.EOF
}

// Close ends the stream.
func (s *Stream) Close() error {
	s.cancel()
	return s.body.Close()
}
