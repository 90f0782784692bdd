// Package control lets other programs see and operate a running phone: the verbs of the command line, the tray icon,
// scripts, and anything that can speak HTTP to a unix socket.
//
//	curl --unix-socket $XDG_RUNTIME_DIR/offhook/control.sock http://phone/v1/status
//	curl --unix-socket … http://phone/v1/command -d '{"verb":"dial","args":{"target":"600"}}'
//	curl --unix-socket … -N http://phone/v1/events
//
// What is said there:
//
//	GET  /v1/status    a Status, as JSON
//	POST /v1/command   a Command in, a Result out; a refusal is an Error with an HTTP status that matches its code
//	GET  /v1/events    server-sent events: one "data: {…}" line per Event, from the moment the headers arrive
//
// The package knows nothing of phones: the phone is a [Backend], given to the server. Who may connect is a matter of the
// file system: the socket has mode 0600, and the folder made for it 0700. A lock file beside the socket tells a running
// phone from a socket left behind by one that was killed.
//
// Everything a client sends is bounded: connections, headers, bodies, streams, time. An event stream whose reader is
// slow is cut, with a last event of type "dropped" that says so; nobody else waits for it:
//
//	backend ─► pump (never blocks) ─► queue of at most 256 ─► writer (may block) ─► socket
//	                └── queue full: forget it, leave only "dropped", 5 s to read it
package control
