package control_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"offhook/phone/control"
	"offhook/phone/control/controltest"
)

// raw makes one HTTP request on the socket, as curl would.
func raw(t *testing.T, socket, method, path, body string) (status int, answer string, header http.Header) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
		DisableKeepAlives: true,
	}}
	request, err := http.NewRequest(method, "http://phone"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text), response.Header
}

func TestStatusOnTheWire(t *testing.T) {
	b := &controltest.Backend{}
	socket := controltest.Serve(t, b)
	status, answer, header := raw(t, socket, "GET", "/v1/status", "")
	want := `{
  "version": "",
  "state": "",
  "dnd": false,
  "muted": false,
  "missed": 0,
  "accounts": [],
  "calls": [],
  "handsets": []
}
`
	if status != 200 || answer != want || header.Get("Content-Type") != "application/json" {
		t.Errorf("status %d, header %v, answer\n%s\nwant\n%s", status, header, answer, want)
	}
}

func TestRequestsThatAreRefused(t *testing.T) {
	b := &controltest.Backend{OnDo: func(_ context.Context, c control.Command) (control.Result, error) {
		switch c.Verb {
		case "answer":
			return control.Result{}, fmt.Errorf("desk: %w", &control.Error{Code: control.CodeRefused, Message: "nothing rings"})
		case "hold":
			return control.Result{}, errors.New("the house burns")
		case "resume":
			return control.Result{}, context.DeadlineExceeded
		}
		return control.Result{}, &control.Error{Code: control.CodeNotFound, Message: "no such verb"}
	}}
	socket := controltest.Serve(t, b)
	long := strings.Repeat("x", 70_000)
	tests := []struct {
		name, method, path, body string
		status                   int
		code, message            string
	}{
		{"refused by the phone", "POST", "/v1/command", `{"verb":"answer"}`, 409, "refused", "nothing rings"},
		{"not found by the phone", "POST", "/v1/command", `{"verb":"sing"}`, 404, "not-found", "no such verb"},
		{"a fault", "POST", "/v1/command", `{"verb":"hold"}`, 500, "internal", "the house burns"},
		{"too late", "POST", "/v1/command", `{"verb":"resume"}`, 503, "unavailable", "the phone did not answer in time"},
		{"empty body", "POST", "/v1/command", ``, 400, "bad-request", `the body is empty: send {"verb":"…","args":{…}}`},
		{"junk", "POST", "/v1/command", `verb=dial`, 400, "bad-request", `the body is not a command, {"verb":"…","args":{…}}: invalid character 'v' looking for beginning of value`},
		{"unknown field", "POST", "/v1/command", `{"verb":"dial","arg":{}}`, 400, "bad-request", `the body is not a command, {"verb":"…","args":{…}}: unknown field "arg"`},
		{"two objects", "POST", "/v1/command", `{"verb":"swap"} {"verb":"swap"}`, 400, "bad-request", `the body is not a command, {"verb":"…","args":{…}}: something follows the object`},
		{"oversized", "POST", "/v1/command", `{"verb":"` + long + `"}`, 400, "bad-request", "a command can have 65536 bytes"},
		{"oversized after the object", "POST", "/v1/command", `{"verb":"swap"}` + strings.Repeat(" ", 70_000), 400, "bad-request", "a command can have 65536 bytes"},
		{"no verb", "POST", "/v1/command", `{}`, 400, "bad-request", `the command has no "verb"`},
		{"wrong method", "GET", "/v1/command", ``, 405, "bad-request", "use POST here"},
		{"wrong method", "DELETE", "/v1/status", ``, 405, "bad-request", "use GET here"},
		{"wrong page", "GET", "/v2/status", ``, 404, "not-found", "there is nothing here: try GET /v1/status, GET /v1/events, POST /v1/command"},
		{"root", "GET", "/", ``, 404, "not-found", "there is nothing here: try GET /v1/status, GET /v1/events, POST /v1/command"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, answer, _ := raw(t, socket, test.method, test.path, test.body)
			var got struct{ Error control.Error }
			if err := json.Unmarshal([]byte(answer), &got); err != nil {
				t.Fatalf("%v in %s", err, answer)
			}
			want := control.Error{Code: test.code, Message: test.message}
			if status != test.status || got.Error != want {
				t.Errorf("status %d, %+v\nwant %d, %+v", status, got.Error, test.status, want)
			}
		})
	}
}

func TestACommandReachesThePhoneAndItsResultComesBack(t *testing.T) {
	b := &controltest.Backend{OnDo: func(context.Context, control.Command) (control.Result, error) {
		return control.Result{Message: "calling 600"}.WithData(map[string]string{"call": "out-1"})
	}}
	client := control.NewClient(controltest.Serve(t, b))
	defer client.Close()
	sent := control.Command{Verb: "dial", Args: map[string]string{"target": "600"}}
	result, err := client.Do(t.Context(), sent)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.NextCommand(t); !reflect.DeepEqual(got, sent) {
		t.Errorf("the phone got %+v, sent was %+v", got, sent)
	}
	var data struct{ Call string }
	if err := json.Unmarshal(result.Data, &data); err != nil {
		t.Fatal(err)
	}
	if !result.OK || result.Message != "calling 600" || data.Call != "out-1" {
		t.Errorf("result %+v", result)
	}
}

func TestAPhoneIsToldWhenTheClientGivesUp(t *testing.T) {
	gone := make(chan error, 1)
	b := &controltest.Backend{OnDo: func(ctx context.Context, _ control.Command) (control.Result, error) {
		<-ctx.Done()
		gone <- ctx.Err()
		return control.Result{}, ctx.Err()
	}}
	client := control.NewClient(controltest.Serve(t, b))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := client.Do(ctx, control.Command{Verb: "account-test", Args: map[string]string{"name": "desk"}})
		done <- err
	}()
	b.NextCommand(t)
	start := time.Now()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("client: %v", err)
	}
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("phone: %v", err)
	}
	if d := time.Since(start); d > time.Second {
		t.Errorf("it took %v", d)
	}
}

func TestEventsArriveInOrderFromTheMomentTheStreamIsOpen(t *testing.T) {
	b := &controltest.Backend{}
	client := control.NewClient(controltest.Serve(t, b))
	stream, err := client.Events(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	on := true
	sent := []control.Event{
		{Time: time.Unix(1, 5).UTC(), Type: "call", Call: "in-1", State: "incoming", Peer: "sip:bob@example.org", PeerName: "Bob\n\"B\""},
		{Time: time.Unix(2, 0).UTC(), Type: "mute", On: &on},
	}
	for _, e := range sent {
		b.Emit(e)
	}
	for _, want := range sent {
		got, err := stream.Next()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
	}
	stream.Close()
	b.AwaitReaders(t, 0)
}

func TestAnEventOnTheWire(t *testing.T) {
	b := &controltest.Backend{}
	socket := controltest.Serve(t, b)
	c, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET /v1/events HTTP/1.0\r\n\r\n") // 1.0: without chunks
	b.AwaitReaders(t, 1)
	b.Emit(control.Event{Type: "key", Key: "5", Handset: "h", Time: time.Unix(0, 0).UTC()})
	want := "data: {\"time\":\"1970-01-01T00:00:00Z\",\"type\":\"key\",\"handset\":\"h\",\"key\":\"5\"}\n\n"
	var got []byte
	buf := make([]byte, 4096)
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	for !strings.Contains(string(got), want) {
		n, err := c.Read(buf)
		if err != nil {
			t.Fatalf("%v after %q", err, got)
		}
		got = append(got, buf[:n]...)
	}
	if !strings.Contains(string(got), "Content-Type: text/event-stream\r\n") {
		t.Errorf("header: %q", got)
	}
}

func TestASlowReaderIsDroppedWithAReasonAndHoldsNobodyUp(t *testing.T) {
	b := &controltest.Backend{}
	socket := controltest.Serve(t, b)
	slow, err := control.NewClient(socket).Events(t.Context()) // reads nothing until later
	if err != nil {
		t.Fatal(err)
	}
	quick, err := control.NewClient(socket).Events(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const batch, batches = 100, 50 // 2 MB in all: far more than a socket holds
	for n := range batches {
		// The quick one keeps up, by what quick means here: a batch behind at most.
		for range batch {
			b.Emit(control.Event{Type: "key", Reason: strings.Repeat("x", 400), Code: n})
		}
		for range batch {
			if e, err := quick.Next(); err != nil || e.Code != n || e.Type != "key" {
				t.Fatalf("the quick reader got %+v, %v in batch %d", e, err, n)
			}
		}
	}
	b.AwaitReaders(t, 1) // the slow one is out
	var last control.Event
	for {
		e, err := slow.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		last = e
	}
	if last.Type != control.EventDropped || last.Reason == "" {
		t.Errorf("the slow reader's last event is %+v", last)
	}
}

func TestTheEndOfThePhoneEndsStreamsAndRemovesTheSocket(t *testing.T) {
	b := &controltest.Backend{}
	path := controltest.ShortDir(t) + "/control.sock"
	listener, err := control.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	stop := controltest.ServeOn(t, b, listener)
	client := control.NewClient(path)
	stream, err := client.Events(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.Emit(control.Event{Type: "status"})
	stop()
	if e, err := stream.Next(); err != nil || e.Type != "status" {
		t.Errorf("what happened before the end: %+v, %v", e, err)
	}
	if e, err := stream.Next(); err != io.EOF {
		t.Errorf("the end: %+v, %v", e, err)
	}
	if _, err := client.Status(t.Context()); !errors.Is(err, control.ErrNotRunning) {
		t.Errorf("after the end: %v", err)
	}
}

func TestTooManyConnectionsAreTurnedAwayWithAReason(t *testing.T) {
	b := &controltest.Backend{}
	socket := controltest.Serve(t, b)
	var streams []*control.Stream
	for range 32 {
		s, err := control.NewClient(socket).Events(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		streams = append(streams, s)
	}
	_, err := control.NewClient(socket).Events(t.Context())
	var refusal *control.Error
	if !errors.As(err, &refusal) || refusal.Message != "too many programs listen to events of this phone" {
		t.Errorf("stream 33: %v", err)
	}
	for range 64 {
		c, err := net.Dial("unix", socket) // says nothing
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	_, err = control.NewClient(socket).Status(t.Context())
	if !errors.As(err, &refusal) || refusal.Message != "too many programs are connected to this phone" {
		t.Errorf("connection 97: %v", err)
	}
	for _, s := range streams {
		s.Close()
	}
	b.AwaitReaders(t, 0)
	if _, err := control.NewClient(socket).Events(t.Context()); err != nil {
		t.Errorf("after the others left: %v", err)
	}
}

func TestHugeHeadersAreRefused(t *testing.T) {
	socket := controltest.Serve(t, &controltest.Backend{})
	c, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	go func() {
		fmt.Fprintf(c, "GET /v1/status HTTP/1.1\r\nHost: x\r\nX: %s\r\n\r\n", strings.Repeat("x", 1<<20))
	}()
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	answer := make([]byte, 64)
	n, _ := c.Read(answer)
	if !strings.HasPrefix(string(answer[:n]), "HTTP/1.1 431") {
		t.Errorf("answer %q", answer[:n])
	}
}

func FuzzRequest(f *testing.F) {
	f.Add([]byte("GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n"))
	f.Add([]byte("POST /v1/command HTTP/1.1\r\nHost: x\r\nContent-Length: 15\r\n\r\n{\"verb\":\"swap\"}"))
	f.Add([]byte("POST /v1/command HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"))
	b := &controltest.Backend{}
	go func() {
		for range b.Commands() {
		}
	}()
	socket := controltest.Serve(f, b)
	client := control.NewClient(socket)
	f.Fuzz(func(t *testing.T, request []byte) {
		c, err := net.Dial("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = c.Write(request)
		_ = c.(*net.UnixConn).CloseWrite()
		_, _ = io.Copy(io.Discard, io.LimitReader(c, 1<<20))
		c.Close()
		if _, err := client.Status(t.Context()); err != nil {
			t.Fatalf("the server is gone: %v", err)
		}
	})
}
