package phone

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"offhook/media/resample"
	"offhook/media/sound"
	"offhook/media/wav"
)

// voices are what microphones hear, again and again: recorded speech, as files at the rate of sound ports.
var voices [2]string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "offhook-phone")
	for i, name := range []string{"handset", "caller"} {
		voices[i] = filepath.Join(dir, name+".wav")
		if err == nil {
			err = widen("demo/speech/"+name+".wav", voices[i])
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "making the voices of the tests:", err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// widen writes a recording again at 48 kHz, so that not every test has to.
func widen(from, to string) error {
	format, in, err := wav.ReadFile(from, 1<<24)
	if err != nil {
		return err
	}
	up, err := resample.New(format.Rate, sound.Rate)
	if err != nil {
		return err
	}
	out := make([]int16, up.Size(len(in)))
	return wav.WriteFile(to, wav.Format{Rate: sound.Rate, Channels: 1}, out[:up.Process(out, in)])
}

// ear is a sound port that remembers what was said and heard, and when, at 8 kHz.
type ear struct {
	sound.Port

	mu      sync.Mutex // guards the two below
	fail    error      // what Start answers
	periods []period
}

type period struct {
	at       time.Time
	mic, ear [earRate / 100]int16
}

const earRate = 8000

func (e *ear) Start(process sound.Process) error {
	e.mu.Lock()
	fail := e.fail
	e.mu.Unlock()
	if fail != nil {
		return fail
	}
	n := 0
	return e.Port.Start(func(mic, ear []int16) {
		if n++; n%thin != 0 {
			return
		}
		process(mic, ear)
		p := period{at: time.Now()}
		narrow(p.mic[:], mic)
		narrow(p.ear[:], ear)
		e.mu.Lock()
		e.periods = append(e.periods, p)
		e.mu.Unlock()
	})
}

// breaks has the port refuse to start, or no longer.
func (e *ear) breaks(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fail = err
}

// last is what was said and heard in the last part; silence where the port was closed.
func (e *ear) last(d time.Duration) (said, heard []int16) {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := int(d.Seconds() * earRate)
	said, heard = make([]int16, n), make([]int16, n)
	begin := time.Now().Add(-d)
	for _, p := range e.periods {
		if at := p.at.Sub(begin); at >= 0 {
			i := int(at.Seconds()*earRate + 0.5)
			copy(said[min(i, n):], p.mic[:])
			copy(heard[min(i, n):], p.ear[:])
		}
	}
	return said, heard
}

// narrow makes 8 kHz of 48 kHz, well enough to tell tones and to compare speech.
func narrow(out, in []int16) {
	for i := range out {
		sum := 0
		for _, v := range in[6*i : 6*i+6] {
			sum += int(v)
		}
		out[i] = int16(sum / 6)
	}
}

// lately is what was heard in the last part.
func (e *ear) lately(d time.Duration) []int16 {
	_, heard := e.last(d)
	return heard
}
