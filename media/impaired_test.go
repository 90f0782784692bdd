package media

import (
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"offhook/media/codec"
	"offhook/media/internal/voice"
	"offhook/media/sound"
)

func TestSpeechThroughBadNetworks(t *testing.T) {
	for _, tt := range []struct {
		name         string
		loss, double float64
		jitter       time.Duration
	}{
		{"5 % lost", 0.05, 0, 0},
		{"doubled and 30 ms of jitter", 0, 0.3, 30 * time.Millisecond},
		{"10 % lost, doubled, 60 ms of jitter", 0.1, 0.1, 60 * time.Millisecond},
	} {
		for _, c := range codec.List() {
			if c.Name() == "PCMA" || c.Name() == "GSM" || c.Name() == "L16" {
				continue // nothing that the others have not
			}
			synctest.Test(t, func(t *testing.T) {
				a, b, ca, cb := call(t, c, func(p *Params) { p.Fmtp = "useinbandfec=1" })
				ca.setDeliver(badNetwork(cb, rand.New(rand.NewPCG(5, 5)), tt.loss, tt.double, 20*time.Millisecond, tt.jitter))
				mic := periods(1000)
				var heard []int16
				run(1000, func(i int) {
					a.Push(mic[i])
					synctest.Wait()
					var out [sound.Period]int16
					b.Pull(out[:])
					heard = append(heard, out[:]...)
				})
				time.Sleep(time.Second) // let the network run dry
				st := b.Stats()
				t.Logf("%s, %s: lost %d, late %d, made up %v, packets wait %v", tt.name, c.Name(), st.Lost, st.Late, st.Concealed, st.PlayoutDelay)
				if want := voice.RMS(spoken()); voice.RMS(heard[48000:]) < want/2 || voice.RMS(heard[48000:]) > want*1.5 {
					t.Errorf("%s, %s: heard with an RMS of %.0f, spoken with %.0f", tt.name, c.Name(), voice.RMS(heard[48000:]), want)
				}
				if f := float64(st.Lost) / 500; f < tt.loss*0.5 || f > tt.loss*1.6 {
					t.Errorf("%s, %s: %d of 500 packets counted as lost", tt.name, c.Name(), st.Lost)
				}
				limit := 20*time.Millisecond + 2*tt.jitter
				if st.Recovered > 0 {
					limit += 20 * time.Millisecond // the wait for copies
				}
				if st.PlayoutDelay > limit || st.Late > 40 {
					t.Errorf("%s, %s: %+v", tt.name, c.Name(), st)
				}
				if c.Name() == "OPUS" && tt.loss > 0 && st.Recovered < st.Lost/4 {
					t.Errorf("%s: of %d lost packets %d came as copies", tt.name, st.Lost, st.Recovered)
				}
				// What is made up beyond the losses is the delay growing.
				if extra := st.Concealed - time.Duration(st.Lost)*20*time.Millisecond; extra > 600*time.Millisecond {
					t.Errorf("%s, %s: %v made up without loss", tt.name, c.Name(), extra)
				}
			})
		}
	}
}

func TestSilenceIsLeftOutOnlyWhereThePeerAgrees(t *testing.T) {
	for _, tt := range []struct {
		codec     string
		dtx       bool
		comfort   uint8
		leavesOut bool
	}{
		{"G729", true, 0, true}, {"G729", false, 0, false}, {"OPUS", true, 0, true}, {"OPUS", false, 0, false},
		{"PCMU", false, 13, true}, {"PCMA", true, 0, false}, {"G722", false, 13, true}, {"GSM", false, 98, true},
	} {
		c, err := codec.ByName(tt.codec)
		if err != nil {
			t.Log(err)
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			ca, cb := memPair()
			list := record(ca)
			a, b := NewSession(ca, SessionConfig{}), NewSession(cb, SessionConfig{})
			defer a.Close()
			defer b.Close()
			p := params(c, cb.addr)
			p.DTX, p.ComfortNoisePayloadType = tt.dtx, tt.comfort
			must(t, a.SetParams(p))
			p = params(c, ca.addr)
			p.ComfortNoisePayloadType = tt.comfort
			must(t, b.SetParams(p))
			mic := periods(600)
			quiet, rnd := make([]int16, sound.Period), rand.New(rand.NewPCG(1, 1))
			var heard []int16
			next := 0
			run(600, func(i int) {
				if i >= 200 && i < 400 {
					for k := range quiet { // the place is not dead
						quiet[k] = int16(20 * rnd.NormFloat64())
					}
					a.Push(quiet)
				} else {
					a.Push(mic[i])
				}
				for ; next < len(*list); next++ {
					s := (*list)[next]
					cb.inject(append(appendRTP(nil, s.h), s.payload...), ca.addr)
				}
				synctest.Wait()
				var out [sound.Period]int16
				b.Pull(out[:])
				heard = append(heard, out[:]...)
			})
			sizes := map[int]int{}
			spurts, described := 0, 0
			clock := time.Duration(c.ClockRate())
			for i, s := range *list {
				sizes[len(s.payload)]++
				if s.h.marker {
					spurts++
				}
				if s.h.payloadType != c.PayloadType() {
					if s.h.payloadType != tt.comfort || len(s.payload) != 11 {
						t.Errorf("packet %d: payload type %d, %d bytes", i, s.h.payloadType, len(s.payload))
					}
					described++
				}
				if i > 0 && s.h.sequence != (*list)[i-1].h.sequence+1 {
					t.Errorf("packet %d: sequence", i)
				}
				wall := int32((s.at - (*list)[0].at) * clock / time.Second)
				if d := int32(s.h.timestamp-(*list)[0].h.timestamp) - wall; d < -int32(clock/50) || d > int32(clock/50) {
					t.Errorf("packet %d: timestamp off by %d samples", i, d)
				}
			}
			if left := len(*list) < 270; left != tt.leavesOut {
				t.Errorf("%+v: %d packets, by size %v", tt, len(*list), sizes)
			}
			if tt.codec == "G729" {
				described = sizes[2] + sizes[12]
			}
			if tt.leavesOut && (spurts < 2 || tt.codec != "OPUS" && described == 0) {
				t.Errorf("%+v: sizes %v, %d talk spurts, %d descriptions", tt, sizes, spurts, described)
			}
			// A pause is no loss.
			if st := b.Stats(); st.Lost+st.Late != 0 || st.Concealed > 300*time.Millisecond {
				t.Errorf("%+v: %+v", tt, st)
			}
			before, pause, after := voice.RMS(heard[48000:90000]), voice.RMS(heard[3*48000:180000]), voice.RMS(heard[5*48000:])
			place := 20 * math.Sqrt(float64(c.SampleRate())/sound.Rate) // what the codec carries of it
			if tt.comfort != 0 && (pause < 0.6*place || pause > 1.6*place) {
				t.Errorf("%+v: a place of RMS %.1f is heard at %.1f", tt, place, pause)
			}
			if pause > before/20 || after < before/4 {
				t.Errorf("%+v: RMS %.0f, pause %.0f, then %.0f", tt, before, pause, after)
			}
		})
	}
}
