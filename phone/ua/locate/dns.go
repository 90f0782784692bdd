package locate

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

const (
	serverPatience = 2 * time.Second // for one name server, once
	serverRounds   = 2               // how often each is asked
	maxAnswers     = 64              // records of an answer that are looked at
	maxChain       = 8               // aliases on the way to a name
	datagram       = 1232            // bytes of an answer that fit in one packet everywhere (RFC 6891)
)

// errTruncated: the answer is too long for a packet.
var errTruncated = errors.New("the answer was cut short")

// askServers asks one name server after the other.
func (s *System) askServers(ctx context.Context, servers []netip.AddrPort, q question) (answer, error) {
	var last error
	for range serverRounds {
		for _, server := range servers {
			if err := ctx.Err(); err != nil {
				return answer{}, fmt.Errorf("%s %v: %w: %w", clip(q.name), q.t, ErrNoAnswer, err)
			}
			a, err := s.askServer(ctx, "udp", server, q)
			if errors.Is(err, errTruncated) {
				a, err = s.askServer(ctx, "tcp", server, q)
			}
			if err == nil {
				return a, nil
			}
			last = err
		}
	}
	return answer{}, fmt.Errorf("%s %v: %w: %w", clip(q.name), q.t, ErrNoAnswer, last)
}

// askServer asks server once.
func (s *System) askServer(ctx context.Context, network string, server netip.AddrPort, q question) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, serverPatience)
	defer cancel()
	dial := s.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	c, err := dial(ctx, network, server.String())
	if err != nil {
		return answer{}, err
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	msg, id, err := pack(q, network == "udp")
	if err != nil {
		// Our own fault, or that of who wrote the name; no server need be asked.
		return answer{err: fmt.Errorf("%s: %w: %w", clip(q.name), ErrNotFound, err), until: time.Now().Add(missingTTL)}, nil
	}
	if network == "tcp" {
		msg = append(binary.BigEndian.AppendUint16(nil, uint16(len(msg))), msg...)
	}
	if _, err := c.Write(msg); err != nil {
		return answer{}, err
	}
	buf := make([]byte, 64<<10)
	// Answers to other questions, or forged ones, are let pass.
	for range 100 {
		var n int
		if network == "tcp" {
			if _, err = io.ReadFull(c, buf[:2]); err == nil {
				n, err = io.ReadFull(c, buf[:binary.BigEndian.Uint16(buf)])
			}
		} else {
			n, err = c.Read(buf)
		}
		if err != nil {
			return answer{}, fmt.Errorf("name server %v: %w", server.Addr(), err)
		}
		a, ours, err := unpack(buf[:n], id, q, time.Now())
		if ours {
			return a, err
		}
	}
	return answer{}, fmt.Errorf("name server %v sends answers to no question", server.Addr())
}

// pack writes the question as a message.
func pack(q question, edns bool) (msg []byte, id uint16, err error) {
	name, err := dnsmessage.NewName(q.name + ".")
	if err != nil {
		return nil, 0, err
	}
	var r [2]byte
	rand.Read(r[:])
	id = binary.BigEndian.Uint16(r[:])
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{ID: id, RecursionDesired: true})
	if err := b.StartQuestions(); err != nil {
		return nil, 0, err
	}
	if err := b.Question(dnsmessage.Question{Name: name, Type: dnsmessage.Type(q.t), Class: dnsmessage.ClassINET}); err != nil {
		return nil, 0, err
	}
	if edns {
		var h dnsmessage.ResourceHeader
		if err := errors.Join(b.StartAdditionals(), h.SetEDNS0(datagram, dnsmessage.RCodeSuccess, false), b.OPTResource(h, dnsmessage.OPTResource{})); err != nil {
			return nil, 0, err
		}
	}
	msg, err = b.Finish()
	return msg, id, err
}

// unpack reads a message; ours says whether it answers q at all.
func unpack(msg []byte, id uint16, q question, now time.Time) (a answer, ours bool, err error) {
	var p dnsmessage.Parser
	h, err := p.Start(msg)
	if err != nil || !h.Response || h.ID != id {
		return answer{}, false, err
	}
	asked, err := p.Question()
	if err != nil || asked.Type != dnsmessage.Type(q.t) || nameOf(asked.Name) != q.name {
		return answer{}, false, err
	}
	p.SkipAllQuestions()
	switch {
	case h.Truncated:
		return answer{}, true, errTruncated
	case h.RCode != dnsmessage.RCodeSuccess && h.RCode != dnsmessage.RCodeNameError:
		return answer{}, true, fmt.Errorf("the name server refuses the question: %v", h.RCode)
	}
	records, err := answers(&p, q)
	if err != nil {
		return answer{}, true, fmt.Errorf("the name server's answer cannot be read: %w", err)
	}
	if len(records) == 0 {
		return answer{err: fmt.Errorf("%s %v: %w", clip(q.name), q.t, ErrNotFound), until: now.Add(missing(&p))}, true, nil
	}
	ttl := maxTTL
	for _, r := range records {
		ttl = min(ttl, r.TTL)
	}
	return answer{records: records, until: now.Add(max(ttl, minTTL))}, true, nil
}

// answers reads the records of the type that was asked for, following aliases.
func answers(p *dnsmessage.Parser, q question) ([]Record, error) {
	found := map[string][]Record{}
	alias := map[string]string{}
	for range maxAnswers {
		h, err := p.AnswerHeader()
		if errors.Is(err, dnsmessage.ErrSectionDone) {
			break
		}
		if err != nil {
			return nil, err
		}
		owner := nameOf(h.Name)
		r := Record{TTL: time.Duration(h.TTL) * time.Second}
		switch {
		case h.Type == dnsmessage.TypeCNAME:
			c, err := p.CNAMEResource()
			if err != nil {
				return nil, err
			}
			alias[owner] = nameOf(c.CNAME)
			continue
		case h.Type != dnsmessage.Type(q.t) || h.Class != dnsmessage.ClassINET:
			if err := p.SkipAnswer(); err != nil {
				return nil, err
			}
			continue
		}
		if err := body(p, q.t, &r); err != nil {
			return nil, err
		}
		found[owner] = append(found[owner], r)
	}
	p.SkipAllAnswers()
	name := q.name
	for range maxChain {
		if rs := found[name]; len(rs) > 0 {
			return rs, nil
		}
		next, ok := alias[name]
		if !ok {
			break
		}
		name = next
	}
	return nil, nil
}

// body reads what follows a record's header.
func body(p *dnsmessage.Parser, t Type, r *Record) error {
	switch t {
	case A:
		v, err := p.AResource()
		r.Addr = netip.AddrFrom4(v.A)
		return err
	case AAAA:
		v, err := p.AAAAResource()
		r.Addr = netip.AddrFrom16(v.AAAA)
		return err
	case SRV:
		v, err := p.SRVResource()
		r.Target, r.Port, r.Priority, r.Weight = nameOf(v.Target), v.Port, v.Priority, v.Weight
		return err
	case NAPTR:
		v, err := p.UnknownResource()
		if err != nil {
			return err
		}
		return naptr(v.Data, r)
	}
	return fmt.Errorf("type %d is not asked for", t)
}

// naptr reads the data of a NAPTR record (RFC 3403 section 4.1); its name is never compressed.
//
//	order(2) preference(2) flags services regexp replacement
func naptr(data []byte, r *Record) error {
	short := errors.New("a NAPTR record is too short")
	if len(data) < 4 {
		return short
	}
	r.Order, r.Preference = binary.BigEndian.Uint16(data), binary.BigEndian.Uint16(data[2:])
	data = data[4:]
	var text [3]string
	for i := range text {
		if len(data) < 1 || len(data) < 1+int(data[0]) {
			return short
		}
		text[i], data = string(data[1:1+int(data[0])]), data[1+int(data[0]):]
	}
	r.Flags, r.Service = text[0], text[1]
	var labels []string
	for {
		if len(data) < 1 || len(data) < 1+int(data[0]) {
			return short
		}
		n := int(data[0])
		if n == 0 {
			break
		}
		if n > 63 {
			return errors.New("the name of a NAPTR record is compressed")
		}
		labels, data = append(labels, string(data[1:1+n])), data[1+n:]
	}
	r.Target = strings.ToLower(strings.Join(labels, "."))
	return nil
}

// missing is how long a name may be taken for missing (RFC 2308): what the zone says, within bounds.
func missing(p *dnsmessage.Parser) time.Duration {
	for range maxAnswers {
		h, err := p.AuthorityHeader()
		if err != nil {
			break
		}
		if h.Type != dnsmessage.TypeSOA {
			if p.SkipAuthority() != nil {
				break
			}
			continue
		}
		soa, err := p.SOAResource()
		if err != nil {
			break
		}
		ttl := time.Duration(min(h.TTL, soa.MinTTL)) * time.Second
		return min(max(ttl, minTTL), missingTTL)
	}
	return minTTL
}

func nameOf(n dnsmessage.Name) string { return strings.ToLower(strings.TrimSuffix(n.String(), ".")) }
