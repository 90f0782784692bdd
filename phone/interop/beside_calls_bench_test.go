//go:build peers && linux

package interop

import (
	"context"
	"flag"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"offhook/media/codec"
	"offhook/media/measure"
	"offhook/media/resample"
	"offhook/phone/interop/figures"
)

var (
	besideCalls = flag.Int("beside-calls", 3, "calls of each phone with each codec of BenchmarkCallBesideOthers")
	besideCall  = flag.Duration("beside-call", 15*time.Second, "how long each of its calls is")
	besideCodec = flag.String("beside-codec", "", "the only codec of BenchmarkCallBesideOthers")
	besideLifts = flag.Int("beside-lifts", 5, "times that the handset is lifted for dial tone")
)

// costs are the figures of one call on a network that loses nothing. Times are in ms.
type costs struct {
	phone, server float64 // processor seconds a minute: the phone with its sound process; its sound server
	firstPacket   float64 // from the answer, as the caller sees it, to the first packet
	firstWord     float64 // from the answer to the first sound at the earpiece; the caller speaks at once
	mouth, ear    float64 // from the microphone to the packet on the wire; from the packet to the earpiece
	estoi         float64 // at the earpiece
}

// BenchmarkCallBesideOthers makes calls with Offhook, baresip and linphone, each by itself, speech both ways, one codec
// after the other, and shows what they cost and how late all is heard. Run it with -benchtime 1x.
func BenchmarkCallBesideOthers(b *testing.B) {
	for b.Loop() {
		// Not urgently: a realtime thread that sleeps for microseconds sleeps no longer than that, and costs more.
		l := besideLab(b, false)
		all, c, w := l.speech(), l.caller(), l.watch()
		names := []string{"PCMA", "G722", "OPUS", "GSM", "G729"}
		names = slices.DeleteFunc(names, func(name string) bool { return !strings.Contains(name, *besideCodec) })
		var mu sync.Mutex // guards found
		found := map[string]map[string][]costs{}
		var phones sync.WaitGroup
		for n, kind := range kinds {
			s := l.subject(kind, n)
			mouth, err := s.server.play("mic", all)
			if err != nil {
				b.Fatal(err)
			}
			l.cleanup(func() { mouth.Close() })
			mic, err := s.server.record("mic")
			if err != nil {
				b.Fatal(err)
			}
			l.cleanup(func() { mic.conn.Close() })
			found[kind] = map[string][]costs{}
			phones.Go(func() {
				for _, name := range names {
					if !slices.Contains(s.codecs, name) {
						continue
					}
					for i := range *besideCalls {
						r, err := s.talk(c, w, mic, name, stretchOf(all, *besideCall, i))
						if err != nil {
							fmt.Printf("%s, %s, call %d: %v\n", kind, name, i+1, err)
							continue
						}
						mu.Lock()
						found[kind][name] = append(found[kind][name], r)
						mu.Unlock()
					}
					fmt.Printf("%s: calls in %s done\n", kind, name)
				}
				if kind == kinds[0] {
					lifts(b, s)
				}
			})
		}
		phones.Wait()
		for _, f := range []struct {
			name, title string
			decimals    int
			value       func(costs) float64
		}{
			{"call-cpu", "processor seconds per minute of a call, sound process included", 2, func(c costs) float64 { return c.phone }},
			{"call-cpu-server", "and of the sound server that it uses", 2, func(c costs) float64 { return c.server }},
			{"call-first-packet", "answer to the first packet of sound, ms", 0, func(c costs) float64 { return c.firstPacket }},
			{"call-first-word", "answer to the first sound at the earpiece, ms", 0, func(c costs) float64 { return c.firstWord }},
			{"call-mouth", "microphone to packet on the wire (20 ms of which it takes to fill it), ms", 0, func(c costs) float64 { return c.mouth }},
			{"call-ear", "packet on the wire to earpiece, ms", 0, func(c costs) float64 { return c.ear }},
			{"call-mouth-to-ear", "mouth to ear, both together, ms", 0, func(c costs) float64 { return c.mouth + c.ear }},
			{"call-estoi", "ESTOI at the earpiece", 3, func(c costs) float64 { return c.estoi }},
		} {
			fig := figures.Figure{Name: f.name, Title: f.title, Of: "codec", Decimals: f.decimals, Rows: names}
			for _, kind := range kinds {
				col := figures.Column{Name: kind}
				for _, name := range names {
					var values []float64
					for _, c := range found[kind][name] {
						if v := f.value(c); !math.IsNaN(v) {
							values = append(values, v)
						}
					}
					col.Values = append(col.Values, measure.IntervalOf(values))
				}
				fig.Columns = append(fig.Columns, col)
			}
			show(b, fig)
		}
	}
}

// talk makes one call with speech both ways. A call in which the machine paused is made again, a few times; the last one
// counts as it is, since what a call costs and its usual delay are still right.
func (s *subject) talk(c *caller, w *watch, mic *tape, name string, said []int16) (r costs, err error) {
	for try := range *besideTries {
		begin := time.Now()
		r, err = s.talkOnce(c, mic, name, said)
		time.Sleep(time.Second)
		late := w.latest(begin)
		if err != nil || late <= calm {
			break
		}
		if try == *besideTries-1 {
			fmt.Printf("%s, %s: the machine itself paused for %v in a call that counts\n", s.kind, name, late.Round(time.Millisecond))
		}
	}
	return r, err
}

func (s *subject) talkOnce(c *caller, mic *tape, name string, said []int16) (r costs, err error) {
	format, err := codec.ByName(name)
	if err != nil {
		return r, err
	}
	said = said[int(measure.Onset(said, tapeRate).Seconds()*tapeRate):] // speaks at once
	payloads, err := encode(format, resample.Convert(said, 48000, format.SampleRate()))
	if err != nil {
		return r, err
	}
	s.ear.forget()
	mic.forget()
	call, err := c.call(s.target, name)
	if err != nil {
		return r, err
	}
	defer func() {
		if failed := call.end(); err == nil {
			err = failed
		}
	}()
	call.says(payloads, make([]measure.Fate, len(payloads)), format.ClockRate())
	time.Sleep(2 * time.Second)
	begin, phone, server := time.Now(), cpu(s.process), s.server.cpu()
	<-call.sent
	minutes := time.Since(begin).Minutes()
	r.phone, r.server = (cpu(s.process)-phone).Seconds()/minutes, (s.server.cpu()-server).Seconds()/minutes

	heard, err := s.ear.at(call.answered, time.Until(call.origin.Add(time.Duration(len(payloads))*packetTime))+time.Since(call.answered))
	if err != nil {
		return r, err
	}
	r.firstWord = ms(measure.Onset(heard, tapeRate))
	late := call.origin.Sub(call.answered)
	heard = resample.Convert(heard[int(late.Seconds()*tapeRate):], tapeRate, 8000)
	// The first two seconds are for phones to settle.
	clean := resample.Convert(said, 48000, 8000)
	j := measure.Judge(clean[2*8000:], heard[min(2*8000, len(heard)):], 8000, longest)
	r.ear, r.estoi = ms(j.Delay), j.ESTOI

	r.firstPacket, r.mouth, err = call.spokenBy(format, mic)
	return r, err
}

// spokenBy says when the first packet came, and by how much later than it was spoken the sound in a packet comes.
func (s *spoken) spokenBy(format codec.Codec, mic *tape) (first, mouth float64, err error) {
	s.mu.Lock()
	packets := slices.Clone(s.packets)
	s.mu.Unlock()
	if len(packets) == 0 {
		return math.NaN(), math.NaN(), fmt.Errorf("nothing was received")
	}
	first = ms(packets[0].at.Sub(s.answered))
	sound, origin, err := s.decoded(format, packets, packets[0].at.Add(2*time.Second))
	if err != nil {
		return first, math.NaN(), err
	}
	length := time.Duration(len(sound)) * time.Second / time.Duration(format.SampleRate())
	const back = 500 * time.Millisecond // it was spoken before
	said, err := mic.at(origin.Add(-back), length)
	if err != nil {
		return first, math.NaN(), err
	}
	j := measure.Judge(resample.Convert(said, tapeRate, 8000), narrowed(sound, format.SampleRate(), back), 8000, longest)
	return first, ms(j.Delay), nil
}

// decoded is the sound of packets from a moment on, in order, and when it came: the first sample of a packet, usually,
// with the packet.
func (s *spoken) decoded(format codec.Codec, packets []arrived, start time.Time) (sound []int16, origin time.Time, err error) {
	d, err := format.NewDecoder()
	if err != nil {
		return nil, origin, err
	}
	defer d.Close()
	var offsets []float64
	base, next := uint32(0), 0
	for _, p := range packets {
		if p.payloadType != s.media.PayloadType && p.payloadType != s.media.ReceivePayloadType || p.at.Before(start) {
			continue
		}
		if origin.IsZero() {
			base = p.timestamp
		}
		at := int(int32(p.timestamp-base)) * (format.SampleRate() / 1000) / (format.ClockRate() / 1000)
		if at < next || at > next+format.SampleRate() {
			continue // out of order, or no time of this stream
		}
		sound = append(sound, make([]int16, at-next)...)
		pcm := make([]int16, codec.MaxSamples)
		n, err := d.Decode(pcm, p.payload)
		if err != nil {
			return nil, origin, err
		}
		sound = append(sound, pcm[:n]...)
		next = at + n
		o := p.at.Add(-time.Duration(at) * time.Second / time.Duration(format.SampleRate()))
		if origin.IsZero() {
			origin = o
		}
		offsets = append(offsets, ms(o.Sub(origin)))
	}
	if origin.IsZero() {
		return nil, origin, fmt.Errorf("no packets of %s were received", format.Name())
	}
	// Usually a packet comes so much after the first.
	return sound, origin.Add(time.Duration(measure.Percentile(offsets, 0.5) * float64(time.Millisecond))), nil
}

// narrowed brings sound to 8 kHz and puts silence before it.
func narrowed(sound []int16, rate int, silence time.Duration) []int16 {
	if rate != 8000 {
		sound = resample.Convert(sound, rate, 8000)
	}
	return append(make([]int16, int(silence.Seconds()*8000)), sound...)
}

func ms(d time.Duration) float64 { return 1000 * d.Seconds() }

// lifts shows how soon dial tone is heard, when the sound device was closed and when it is still open from just before.
func lifts(b *testing.B, s *subject) {
	ctx := context.Background()
	cold, warm := []float64{}, []float64{}
	for i := range 2 * *besideLifts {
		wait, to := 7*time.Second, &cold // the device is closed after 5 s without use
		if i%2 == 1 {
			wait, to = 500*time.Millisecond, &warm
		}
		time.Sleep(wait)
		s.ear.forget()
		time.Sleep(200 * time.Millisecond)
		begin := time.Now()
		if err := s.handset(ctx, "lift"); err != nil {
			b.Error(err)
			return
		}
		heard, err := s.ear.at(begin, time.Second)
		if err != nil {
			b.Error(err)
			return
		}
		*to = append(*to, ms(measure.Onset(heard, tapeRate)))
		if err := s.handset(ctx, "hang-up"); err != nil {
			b.Error(err)
			return
		}
	}
	show(b, figures.Figure{Name: "lift-to-tone", Title: "lift to dial tone at the earpiece, ms", Of: "sound device", Rows: []string{"closed before", "still open"},
		Columns: []figures.Column{{Name: kinds[0], Values: []measure.Interval{measure.IntervalOf(cold), measure.IntervalOf(warm)}}}})
}
