package locate

import (
	"context"
	"errors"
	"net/netip"
	"time"
)

// Type is the kind of record that is asked for.
type Type uint16

// Types, as DNS numbers them (RFC 1035 section 3.2.2, RFC 3596, RFC 2782, RFC 3403).
const (
	A     Type = 1
	AAAA  Type = 28
	SRV   Type = 33
	NAPTR Type = 35
)

func (t Type) String() string {
	switch t {
	case A:
		return "A"
	case AAAA:
		return "AAAA"
	case SRV:
		return "SRV"
	case NAPTR:
		return "NAPTR"
	}
	return "unknown"
}

// Record is one answer. Which fields mean something depends on the Type that was asked for.
type Record struct {
	TTL time.Duration // how long it may be kept

	Addr netip.Addr // A, AAAA

	// SRV: the target, its port and its place in the order. Lower priorities come first; of equal ones the heavier
	// comes first more often.
	Target           string
	Port             uint16
	Priority, Weight uint16

	// NAPTR: lower orders come first, of equal ones lower preferences. Target is the next name to ask for.
	Order, Preference uint16
	Flags, Service    string // "s", "SIP+D2U"
}

// Errors of a Resolver.
var (
	// ErrNotFound: the name has no records of that type. This is an answer.
	ErrNotFound = errors.New("no such name")
	// ErrNoAnswer: no name server answered, or none that could.
	ErrNoAnswer = errors.New("no name server answers")
)

// Resolver answers questions about names. It is safe for concurrent use. The records are the caller's to keep.
// Errors wrap ErrNotFound or ErrNoAnswer.
type Resolver interface {
	Query(ctx context.Context, name string, t Type) ([]Record, error)
}
