package keying

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// record is a record of DTLS 1.2 with sequence number 0.
func record(kind byte, epoch uint16, body ...byte) []byte {
	b := []byte{kind, 0xfe, 0xfd}
	b = binary.BigEndian.AppendUint16(b, epoch)
	b = append(b, 0, 0, 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(len(body)))
	return append(b, body...)
}

func TestWhatOfADatagramReachesTheHandshake(t *testing.T) {
	hello, secret := record(recordHandshake, 0, 1, 0, 0, 0), record(recordAlert, 1, 9, 9, 9, 9)
	old := slices.Clone(hello)
	old[2] = 0xff // the ClientHello of 1.2 says 1.0
	v13 := slices.Clone(hello)
	v13[2] = 0xfc
	for _, c := range []struct {
		name string
		in   []byte
		want []byte
		told refusal
	}{
		{"nothing", nil, nil, refusal{}},
		{"a handshake record", hello, hello, refusal{}},
		{"of version 1.0", old, old, refusal{}},
		{"of another version", v13, nil, refusal{}},
		{"two records", slices.Concat(hello, secret), slices.Concat(hello, secret), refusal{}},
		{"a record cut short", hello[:len(hello)-1], nil, refusal{}},
		{"a record and a piece", slices.Concat(hello, secret[:5]), nil, refusal{}},
		{"an empty record", record(recordHandshake, 0), nil, refusal{}},
		{"an open refusal", record(recordAlert, 0, 2, 40), nil, refusal{true, 40}},
		{"an open goodbye", record(recordAlert, 0, 1, 0), nil, refusal{true, 0}},
		{"an open warning", record(recordAlert, 0, 1, 90), nil, refusal{}},
		{"an alert that is none", record(recordAlert, 0, 2), nil, refusal{}},
		{"a refusal among records", slices.Concat(hello, record(recordAlert, 0, 2, 40), secret), slices.Concat(hello, secret), refusal{true, 40}},
		{"open data", record(recordData, 0, 1), nil, refusal{}},
		{"protected data", record(recordData, 1, 1), record(recordData, 1, 1), refusal{}},
		{"change cipher spec", record(recordChangeCipherSpec, 0, 1), record(recordChangeCipherSpec, 0, 1), refusal{}},
		{"another change", record(recordChangeCipherSpec, 0, 2), nil, refusal{}},
		{"an unknown type", slices.Concat(hello, record(25, 0, 1)), nil, refusal{}},
		{"too long", bytes.Repeat(hello, 200), nil, refusal{}},
	} {
		if got, told := sift(nil, c.in); !bytes.Equal(got, c.want) || told != c.told {
			t.Errorf("%s: %x %+v, want %x %+v", c.name, got, told, c.want, c.told)
		}
	}
}

// FuzzPackets gives a handshake whatever comes, between the datagrams of a real
// one: no crash, nothing hangs past the limit, and what is sent is bounded.
func FuzzPackets(f *testing.F) {
	ids := [2]*Identity{}
	for i := range ids {
		id, err := NewIdentity()
		if err != nil {
			f.Fatal(err)
		}
		ids[i] = id
	}
	f.Add(false, record(recordHandshake, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 7))
	f.Add(true, record(recordHandshake, 0, 3, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 3, 0xfe, 0xff, 0))
	f.Add(true, slices.Concat(record(recordAlert, 0, 2, 40), record(recordChangeCipherSpec, 0, 1), record(recordHandshake, 1, 20, 0, 0)))
	f.Add(false, record(recordHandshake, 0, 1, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 7))
	f.Fuzz(func(t *testing.T, client bool, junk []byte) {
		synctest.Test(t, func(t *testing.T) {
			n := &network{}
			ends := shake(t, n, ids[0], ids[1], ids[1].Fingerprint(), ids[0].Fingerprint())
			victim := ends[1]
			if client {
				victim = ends[0]
			}
			for range 5 {
				victim.Packet(junk)
				time.Sleep(4 * time.Millisecond)
			}
			if o := <-victim.told; o.at > Limit {
				t.Errorf("the end came after %v", o.at)
			}
			time.Sleep(time.Second)
			if sent := n.counts(); sent[0]+sent[1] > 200 {
				t.Errorf("%v datagrams were sent", sent)
			}
		})
	})
}
