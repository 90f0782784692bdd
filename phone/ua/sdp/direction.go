package sdp

// Direction is who sends, seen from the writer of a description.
type Direction uint8

// Directions (RFC 8866 section 6.7).
const (
	SendRecv Direction = iota
	SendOnly
	RecvOnly
	Inactive
)

var directionNames = [...]string{"sendrecv", "sendonly", "recvonly", "inactive"}

func (d Direction) String() string { return directionNames[d&3] }

// Sends says whether the writer sends.
func (d Direction) Sends() bool { return d == SendRecv || d == SendOnly }

// Receives says whether the writer receives.
func (d Direction) Receives() bool { return d == SendRecv || d == RecvOnly }

func direction(sends, receives bool) Direction {
	switch {
	case sends && receives:
		return SendRecv
	case sends:
		return SendOnly
	case receives:
		return RecvOnly
	}
	return Inactive
}

func parseDirection(attribute string) (Direction, bool) {
	for i, n := range directionNames {
		if n == attribute {
			return Direction(i), true
		}
	}
	return 0, false
}
