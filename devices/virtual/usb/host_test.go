package usb

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"offhook/devices/virtual"
)

// host is the kernel's end of the connection.
type host struct {
	t      *testing.T
	conn   net.Conn
	device *Device
	phone  *virtual.Phone
	seq    uint32

	mu      sync.Mutex // guards what follows
	asked   map[uint32]*transfer
	replies map[uint32]reply
}

// reply is the device's answer to a transfer or an unlink.
type reply struct {
	at      time.Time
	status  int32
	actual  int
	data    []byte
	packets []packet
	unlink  bool
}

// connect powers a phone of a profile, inside a synctest bubble.
func power(t *testing.T, profile string, cfg Config) *host {
	t.Helper()
	p, err := virtual.ByName(profile)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := net.Pipe()
	h := &host{t: t, conn: ours, phone: virtual.New(p), asked: map[uint32]*transfer{}, replies: map[uint32]reply{}}
	if h.device, err = Serve(theirs, h.phone, cfg); err != nil {
		t.Fatal(err)
	}
	go h.read()
	t.Cleanup(func() { h.conn.Close(); h.device.Close() })
	return h
}

func (h *host) read() {
	for {
		var head [headerSize]byte
		if _, err := io.ReadFull(h.conn, head[:]); err != nil {
			return
		}
		word := func(at int) uint32 { return binary.BigEndian.Uint32(head[at:]) }
		r := reply{at: time.Now(), status: int32(word(20)), actual: int(word(24)), unlink: word(0) == retUnlink}
		h.mu.Lock()
		t := h.asked[word(4)]
		h.mu.Unlock()
		if !r.unlink {
			if t != nil && t.in {
				r.data = make([]byte, r.actual)
				if _, err := io.ReadFull(h.conn, r.data); err != nil {
					return
				}
			}
			for range word(32) {
				var raw [packetSize]byte
				if _, err := io.ReadFull(h.conn, raw[:]); err != nil {
					return
				}
				r.packets = append(r.packets, packet{
					binary.BigEndian.Uint32(raw[0:]), binary.BigEndian.Uint32(raw[4:]), binary.BigEndian.Uint32(raw[8:])})
			}
		}
		h.mu.Lock()
		h.replies[word(4)] = r
		h.mu.Unlock()
	}
}

// submit sends a transfer without waiting.
func (h *host) submit(t *transfer) uint32 {
	h.t.Helper()
	h.seq++
	t.seq = h.seq
	h.mu.Lock()
	h.asked[t.seq] = t
	h.mu.Unlock()
	h.write(encode(t))
	return t.seq
}

func (h *host) write(raw []byte) {
	h.t.Helper()
	if _, err := h.conn.Write(raw); err != nil {
		h.t.Fatal(err)
	}
}

// encode is a CMD_SUBMIT as the kernel sends it.
func encode(t *transfer) []byte {
	m := make([]byte, headerSize)
	put := func(at int, v uint32) { binary.BigEndian.PutUint32(m[at:], v) }
	put(0, cmdSubmit)
	put(4, t.seq)
	put(8, 0x10002)
	if t.in {
		put(12, 1)
	}
	put(16, uint32(t.endpoint))
	put(24, uint32(t.length))
	put(32, uint32(len(t.packets)))
	if len(t.packets) == 0 {
		put(32, 0xFFFFFFFF)
	}
	m[40], m[41] = t.setup.kind, t.setup.request
	binary.LittleEndian.PutUint16(m[42:], t.setup.value)
	binary.LittleEndian.PutUint16(m[44:], t.setup.index)
	binary.LittleEndian.PutUint16(m[46:], t.setup.length)
	m = append(m, t.data...)
	for _, p := range t.packets {
		for _, v := range []uint32{p.offset, p.length, 0, 0} {
			m = binary.BigEndian.AppendUint32(m, v)
		}
	}
	return m
}

func (h *host) unlink(victim uint32) uint32 {
	h.seq++
	m := make([]byte, headerSize)
	binary.BigEndian.PutUint32(m, cmdUnlink)
	binary.BigEndian.PutUint32(m[4:], h.seq)
	binary.BigEndian.PutUint32(m[20:], victim)
	h.write(m)
	return h.seq
}

// reply is what has come back by now; not ok: nothing.
func (h *host) reply(seq uint32) (reply, bool) {
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	r, ok := h.replies[seq]
	return r, ok
}

// must is a reply that is there.
func (h *host) must(seq uint32) reply {
	h.t.Helper()
	r, ok := h.reply(seq)
	if !ok {
		h.t.Fatalf("transfer %d has not ended", seq)
	}
	return r
}

// control does a control request that is answered within a frame.
func (h *host) control(kind, request uint8, value, index uint16, data []byte, length int) reply {
	h.t.Helper()
	seq := h.ask(kind, request, value, index, data, length)
	time.Sleep(time.Millisecond)
	return h.must(seq)
}

func (h *host) ask(kind, request uint8, value, index uint16, data []byte, length int) uint32 {
	h.t.Helper()
	if data != nil {
		length = len(data)
	}
	return h.submit(&transfer{
		in: kind&0x80 != 0, length: length, data: data,
		setup: setup{kind, request, value, index, uint16(length)},
	})
}

// input queues an interrupt IN transfer, as the kernel does when the node is open.
func (h *host) input() uint32 { return h.submit(&transfer{in: true, endpoint: 3, length: 16}) }

// frames queues an isochronous transfer of n packets of size bytes.
func (h *host) frames(in bool, n, size int, fill byte) uint32 {
	t := &transfer{in: in, endpoint: 1, length: n * size}
	if in {
		t.endpoint = 2
	} else {
		t.data = make([]byte, t.length)
		for i := range t.data {
			t.data[i] = fill
		}
	}
	for i := range n {
		t.packets = append(t.packets, packet{offset: uint32(i * size), length: uint32(size)})
	}
	return h.submit(t)
}
