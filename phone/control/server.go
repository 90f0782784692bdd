package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"
)

// What a client may ask for at most.
const (
	maxConnections = 64
	maxStreams     = 32
	maxHeader      = 8 << 10
	maxBody        = 64 << 10
	readTimeout    = 10 * time.Second
	writeTimeout   = 10 * time.Second
	// commandTimeout is longer than SIP's slowest honest answer: an account test waits for timer F, 32 s (RFC 3261
	// section 17.1.2.2).
	commandTimeout = 40 * time.Second
)

// Server answers clients on a control socket. All methods may be called from any goroutine.
type Server struct {
	backend Backend
	log     *slog.Logger
	http    *http.Server
	streams chan struct{} // one token per open event stream
	ended   context.Context
	end     context.CancelFunc
}

// NewServer makes a server for backend. A nil logger is silence.
func NewServer(backend Backend, logger *slog.Logger) *Server {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{backend: backend, log: logger, streams: make(chan struct{}, maxStreams)}
	s.ended, s.end = context.WithCancel(context.Background())
	s.http = &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: readTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      commandTimeout + writeTimeout,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
	return s
}

// Serve answers connections until Shutdown; then it returns nil.
func (s *Server) Serve(l net.Listener) error {
	err := s.http.Serve(&limitedListener{Listener: l, tokens: make(chan struct{}, maxConnections)})
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("control socket: %w", err)
}

// Shutdown stops listening, ends event streams, and waits for commands under way until the context ends; then it cuts
// them off.
func (s *Server) Shutdown(ctx context.Context) error {
	s.end()
	if err := s.http.Shutdown(ctx); err != nil {
		_ = s.http.Close()
		return fmt.Errorf("control socket: end: %w", err)
	}
	return nil
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/v1/status", only(http.MethodGet, s.status))
	mux.HandleFunc("/v1/command", only(http.MethodPost, s.command))
	mux.HandleFunc("/v1/events", only(http.MethodGet, s.events))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		writeError(w, &Error{CodeNotFound, "there is nothing here: try GET /v1/status, GET /v1/events, POST /v1/command"})
	})
	return mux
}

// only answers requests of another method with what to use instead.
func only(method string, h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == method || method == http.MethodGet && r.Method == http.MethodHead {
			h(w, r)
			return
		}
		w.Header().Set("Allow", method)
		writeJSON(w, http.StatusMethodNotAllowed, errorBody{&Error{CodeBadRequest, "use " + method + " here"}})
	}
}

func (s *Server) status(w http.ResponseWriter, r *http.Request) {
	writeJSON(w, http.StatusOK, s.backend.Status().normal())
}

// normal makes the slices of a status non-nil, so that JSON has [] and not null.
func (st Status) normal() Status {
	if st.Accounts == nil {
		st.Accounts = []Account{}
	}
	if st.Calls == nil {
		st.Calls = []Call{}
	}
	if st.Handsets == nil {
		st.Handsets = []Handset{}
	}
	return st
}

func (s *Server) command(w http.ResponseWriter, r *http.Request) {
	c, err := readCommand(http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil {
		err = c.Check()
	}
	if err != nil {
		writeError(w, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), commandTimeout)
	defer cancel()
	result, err := s.backend.Do(ctx, c)
	if err != nil {
		s.log.Debug("command refused", "verb", c.Verb, "error", err)
		writeError(w, err)
		return
	}
	result.OK = true
	writeJSON(w, http.StatusOK, result)
}

// readCommand reads one JSON object and nothing after it.
func readCommand(body io.Reader) (Command, error) {
	var c Command
	d := json.NewDecoder(body)
	d.DisallowUnknownFields()
	err := d.Decode(&c)
	if err == nil {
		if _, end := d.Token(); end != io.EOF {
			err = errors.New("something follows the object")
			var tooLarge *http.MaxBytesError
			if errors.As(end, &tooLarge) {
				err = end
			}
		}
	}
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return c, nil
	case errors.As(err, &tooLarge):
		return c, &Error{CodeBadRequest, fmt.Sprintf("a command can have %d bytes", tooLarge.Limit)}
	case errors.Is(err, io.EOF):
		return c, &Error{CodeBadRequest, `the body is empty: send {"verb":"…","args":{…}}`}
	}
	reason := strings.TrimPrefix(err.Error(), "json: ")
	return c, &Error{CodeBadRequest, fmt.Sprintf(`the body is not a command, {"verb":"…","args":{…}}: %s`, reason)}
}

// errorBody is what a refusal looks like on the wire.
type errorBody struct {
	Error *Error `json:"error"`
}

// writeError sends any error: an *Error as it is, the end of time as unavailable, the rest as our fault.
func writeError(w http.ResponseWriter, err error) {
	var e *Error
	switch {
	case errors.As(err, &e):
	case errors.Is(err, context.DeadlineExceeded):
		e = &Error{CodeUnavailable, "the phone did not answer in time"}
	default:
		e = &Error{CodeInternal, err.Error()}
	}
	writeJSON(w, httpStatus(e.Code), errorBody{e})
}

func httpStatus(code string) int {
	switch code {
	case CodeRefused:
		return http.StatusConflict
	case CodeNotFound:
		return http.StatusNotFound
	case CodeBadRequest:
		return http.StatusBadRequest
	case CodeUnavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// writeJSON indents: the reader may be a person with curl.
func writeJSON(w http.ResponseWriter, status int, v any) {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		status = http.StatusInternalServerError
		raw, _ = json.Marshal(errorBody{&Error{CodeInternal, "encode the answer: " + err.Error()}})
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(raw, '\n'))
}
