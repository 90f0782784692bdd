package media

// keepAlivePayload is a payload type that stands for nothing (RFC 3551 leaves it
// unassigned), so that whoever gets a packet of it throws it away (RFC 6263
// section 4.6).
const keepAlivePayload = 20

// KeepAlive sends an empty packet when the call sends nothing else now (it is on
// hold, say): routers forget the way to a peer that is not spoken to (RFC 6263
// wants that every 15 s). It carries no sound.
func (s *Session) KeepAlive() {
	s.tx.mu.Lock()
	defer s.tx.mu.Unlock()
	t := &s.tx
	if t.closed || !t.started || t.params.Send || t.params.locked || !t.dest.IsValid() || t.dest.Addr().IsUnspecified() {
		return
	}
	t.packet = t.buf[:headerBytes]
	t.send(header{payloadType: keepAlivePayload, timestamp: t.timestamp}, s.wire)
}
