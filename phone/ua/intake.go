package ua

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

// intake sees every message in the order it was read, on the reading
// goroutine, before sipgo hands each one to a goroutine of its own. It does
// what cannot be done later:
//
//   - A request that begins a dialog gets our To-tag, so that whoever answers
//     first (sipgo answers CANCEL, and the INVITE it cancels, by itself) uses
//     the tag that we use.
//   - Messages of one Call-ID get tickets. deliver runs what they cause in the
//     order of the tickets, however sipgo's goroutines overtake each other. A
//     retransmission that sipgo swallows leaves a ticket nobody comes with; it
//     is void after ticketLife.
type intake struct {
	secret [32]byte

	mu      sync.Mutex // guards the rest
	lanes   map[string]*lane
	tickets map[sip.Message]*ticket
}

// lane is the queue of one Call-ID.
type lane struct {
	queue []*ticket
	busy  bool // somebody is running the head of the queue
}

type ticket struct {
	callID string
	run    func() // nil until delivered
	void   *time.Timer
}

const (
	ticketLife = 20 * time.Millisecond
	// maxTickets bounds what a flood can make us remember; beyond it
	// messages are taken as they come.
	maxTickets = 4096
)

// initialMark is put in Request.Laddr, which sipgo uses for sent requests
// only, when a request came without a To-tag.
const initialMark = "initial"

func newIntake() *intake {
	in := &intake{lanes: map[string]*lane{}, tickets: map[sip.Message]*ticket{}}
	rand.Read(in.secret[:])
	return in
}

// receive is called for each message before sipgo's transactions see it.
func (in *intake) receive(msg sip.Message) {
	callID := msg.CallID()
	if callID == nil {
		return
	}
	switch m := msg.(type) {
	case *sip.Request:
		if to := m.To(); to != nil && !to.Params.Has("tag") {
			m.Laddr.Hostname = initialMark
			to.Params.Add("tag", in.tag(m))
		}
	case *sip.Response:
		if cseq := m.CSeq(); cseq == nil || !inOrder(cseq.MethodName) || m.StatusCode <= 100 {
			return
		}
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.tickets) >= maxTickets {
		return
	}
	t := &ticket{callID: string(*callID)}
	l := in.lanes[t.callID]
	if l == nil {
		l = &lane{}
		in.lanes[t.callID] = l
	}
	l.queue = append(l.queue, t)
	in.tickets[msg] = t
	t.void = time.AfterFunc(ticketLife, func() { in.deliver(msg, func() {}) })
}

// inOrder says whether the responses to a method must be seen in the order they
// came among the requests of the peer: a BYE behind the 2xx of a REFER means
// another thing than one before it.
func inOrder(m sip.RequestMethod) bool { return m == sip.INVITE || m == sip.REFER }

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

// deliver runs f when everything that was read before msg (and shares its
// Call-ID) has run, on this or another goroutine; a message without a ticket
// at once. f must be short and must not panic.
func (in *intake) deliver(msg sip.Message, f func()) {
	in.mu.Lock()
	t := in.tickets[msg]
	if t == nil {
		in.mu.Unlock()
		f()
		return
	}
	delete(in.tickets, msg)
	t.void.Stop()
	t.run = f
	l := in.lanes[t.callID]
	if l.busy {
		in.mu.Unlock()
		return
	}
	l.busy = true
	for len(l.queue) > 0 && l.queue[0].run != nil {
		run := l.queue[0].run
		l.queue = l.queue[1:]
		in.mu.Unlock()
		run()
		in.mu.Lock()
	}
	l.busy = false
	if len(l.queue) == 0 {
		delete(in.lanes, t.callID)
	}
	in.mu.Unlock()
}
