package ua

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"log/slog"
	"net/netip"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/emiago/sipgo/sip"
)

// intake puts what happens to the messages of one Call-ID in a row, in the
// order in which the socket's reader saw them: each has been through its
// transaction and has reached the call it is for when the next one's turn
// comes. No clock decides it. So an 180 is told before the 200 behind it, and a
// BYE behind the 2xx of a REFER is no BYE before it, however busy the machine
// is. What is different in Call-ID goes side by side.
//
// A request that begins a dialog gets our To-tag here, so that whoever answers
// first (sipgo's transactions answer CANCEL, and the INVITE it cancels) uses
// the tag that we use.
type intake struct {
	secret [32]byte
	log    *slog.Logger

	mu      sync.Mutex // guards the rest
	lanes   map[string]*lane
	waiting int // messages in all lanes
}

// lane is what waits for its turn in one Call-ID; a goroutine works it off for
// as long as there is something.
type lane struct {
	queue    []turn
	messages int
}

type turn struct {
	run     func()
	message bool
}

// What may wait for its turn, in one Call-ID and altogether; more is lost, as
// it might be on the wire. It takes a flood to come to that.
const (
	maxLane    = 512
	maxWaiting = 4096
)

// initialMark is put in Request.Laddr, which sipgo uses for sent requests
// only, when a request came without a To-tag.
const initialMark = "initial"

func newIntake(log *slog.Logger) *intake {
	in := &intake{lanes: map[string]*lane{}, log: log}
	rand.Read(in.secret[:])
	return in
}

// mark sees to the tag of a request that begins a dialog, and notes in its Via
// whence it came when that is not what the Via says (RFC 3261 section 18.2.1).
func (in *intake) mark(req *sip.Request) {
	if via := req.Via(); via != nil {
		via.Params.Remove("received") // nobody but us can know
		from := source(req).Addr()
		if said, err := netip.ParseAddr(strings.Trim(via.Host, "[]")); from.IsValid() && (err != nil || said.Unmap() != from) {
			via.Params.Add("received", from.String())
		}
	}
	if to := req.To(); to != nil && !to.Params.Has("tag") {
		req.Laddr.Hostname = initialMark
		to.Params.Add("tag", in.tag(req))
	}
}

// initial says whether a received request came without a To-tag.
func initial(req *sip.Request) bool { return req.Laddr.Hostname == initialMark }

// tag is our tag for the dialog that req begins: the same for the INVITE, its
// CANCEL and every retransmission, and not to be guessed.
func (in *intake) tag(req *sip.Request) string {
	h := hmac.New(sha256.New, in.secret[:])
	if id := req.CallID(); id != nil {
		h.Write([]byte(*id))
	}
	h.Write([]byte{0})
	if from := req.From(); from != nil {
		h.Write([]byte(from.Params.GetOr("tag", "")))
	}
	return strings.ToLower(base32.StdEncoding.EncodeToString(h.Sum(nil)[:10]))
}

// word is a tag for the answer to a message that begins nothing: the same for
// its repetitions.
func (in *intake) word(data []byte) string {
	h := hmac.New(sha256.New, in.secret[:])
	h.Write(data)
	return strings.ToLower(base32.StdEncoding.EncodeToString(h.Sum(nil)[:10]))
}

// message has f, the handling of a received message, run in its turn; false
// when too much waits.
func (in *intake) message(callID string, f func()) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if l := in.lanes[callID]; in.waiting >= maxWaiting || l != nil && l.messages >= maxLane {
		return false
	}
	in.add(callID, turn{f, true})
	return true
}

// run has f run behind everything that waits in a Call-ID now. It does not
// wait.
func (in *intake) run(callID string, f func()) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.add(callID, turn{f, false})
}

// add requires in.mu.
func (in *intake) add(callID string, t turn) {
	l := in.lanes[callID]
	if l == nil {
		l = &lane{}
		in.lanes[callID] = l
		go in.work(callID, l)
	}
	l.queue = append(l.queue, t)
	if t.message {
		l.messages++
		in.waiting++
	}
}

func (in *intake) work(callID string, l *lane) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for len(l.queue) > 0 {
		t := l.queue[0]
		l.queue[0] = turn{}
		l.queue = l.queue[1:]
		if t.message {
			l.messages--
			in.waiting--
		}
		in.mu.Unlock()
		in.guard(t.run)
		in.mu.Lock()
	}
	delete(in.lanes, callID)
}

// guard runs f; a panic in it costs no more than the message.
func (in *intake) guard(f func()) {
	defer func() {
		if v := recover(); v != nil {
			in.log.Error("a SIP message could not be handled; this is a defect in Offhook, please report it",
				"panic", v, "stack", string(debug.Stack()))
		}
	}()
	f()
}
