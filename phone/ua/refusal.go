package ua

import (
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

// refusals acknowledges repeated refusals of our INVITEs. sipgo would do it,
// but it waits 4 s with the transaction locked before each ACK but the first,
// while the repetitions pile up behind the lock. So its transaction is ended
// with the first refusal (and first ACK), and what comes after is ours for as
// long as the peer may repeat itself.
type refusals struct {
	mu   sync.Mutex              // guards the rest
	acks map[string]*sip.Request // by branch
}

// repeats is how long a refusal may be repeated: Timer H of the peer.
const repeats = 32 * time.Second

// add notes that invite was refused by res.
func (r *refusals) add(invite *sip.Request, res *sip.Response) {
	branch := invite.Via().Params.GetOr("branch", "")
	ack := sip.NewRequest(sip.ACK, *invite.Recipient.Clone())
	ack.AppendHeader(sip.HeaderClone(invite.Via()))
	sip.CopyHeaders("Route", invite, ack)
	hops := sip.MaxForwardsHeader(70)
	ack.AppendHeader(&hops)
	ack.AppendHeader(sip.HeaderClone(invite.From()))
	if to := res.To(); to != nil {
		ack.AppendHeader(sip.HeaderClone(to))
	}
	ack.AppendHeader(sip.HeaderClone(invite.CallID()))
	ack.AppendHeader(&sip.CSeqHeader{SeqNo: invite.CSeq().SeqNo, MethodName: sip.ACK})
	ack.SetBody(nil)
	ack.SetTransport(invite.Transport())
	ack.SetDestination(invite.Destination())
	ack.Laddr = invite.Laddr
	r.mu.Lock()
	r.acks[branch] = ack
	r.mu.Unlock()
	time.AfterFunc(repeats, func() {
		r.mu.Lock()
		delete(r.acks, branch)
		r.mu.Unlock()
	})
}

// repeated answers res when it is a repetition; false: it is not.
func (r *refusals) repeated(s *stack, res *sip.Response) bool {
	cseq, via := res.CSeq(), res.Via()
	if cseq == nil || via == nil || cseq.MethodName != sip.INVITE || res.StatusCode < 300 {
		return false
	}
	r.mu.Lock()
	ack := r.acks[via.Params.GetOr("branch", "")]
	if ack != nil {
		ack = ack.Clone() // sending writes to it
	}
	r.mu.Unlock()
	if ack == nil {
		return false
	}
	if err := s.write(ack); err != nil {
		s.log.Debug("ACK could not be sent again", "error", err)
	}
	return true
}
