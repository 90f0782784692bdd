package media

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"offhook/media/oggopus"
	"offhook/media/resample"
	"offhook/media/sound"
	"offhook/media/wav"
)

// RecordingRate is the sample rate of a recording to WAV, in Hz: all that most
// codecs carry. One to Opus has sound.Rate.
const RecordingRate = 16000

// Recording writes a call to a stereo file, WAV or Opus as its name says: what
// was said here on the left, what was heard on the right. The sound port's goroutine only copies periods
// into a ring; a goroutine of the recording writes them, and a disk that is too
// slow costs parts of the recording, never sound in the call.
//
// Any goroutine may call its methods.
type Recording struct {
	path string
	wake chan struct{} // capacity 1: there is something to write
	quit chan struct{}
	done chan struct{}
	once sync.Once
	err  error // of the writing, valid when done is closed

	mu        sync.Mutex // guards what follows
	ring      [recordingRing]stereo
	first, n  int
	now       stereo // being put together
	left      bool   // said is in now
	right     bool   // heard is in now
	lost, all int    // periods
}

// stereo is a period of both directions.
type stereo struct{ said, heard [sound.Period]int16 }

const (
	recordingRing = 200 // 2 s
	recordingLump = 10  // periods that are written together
)

// sink is a file being written.
type sink interface {
	Write(samples []int16) error // interleaved
	Close() error                // what is buffered is written, and the file left open
}

// newSink is a sink of the kind that a file's name says, and its rate.
func newSink(path string, file *os.File) (w sink, rate int, err error) {
	switch {
	case oggopus.Named(path):
		w, err = oggopus.NewWriter(file, 2)
		return w, oggopus.Rate, err
	case isWAV(path):
		w, err = wav.NewWriter(file, wav.Format{Rate: RecordingRate, Channels: 2})
		return w, RecordingRate, err
	}
	return nil, 0, errors.New("what kind of file? End its name in .wav or .opus")
}

// newRecording begins to write a file that must not be there yet.
func newRecording(path string) (*Recording, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("record to a new file: %w", err)
	}
	w, rate, err := newSink(path, file)
	if err != nil {
		file.Close()
		os.Remove(path) // it is ours, and empty
		return nil, fmt.Errorf("record to %s: %w", path, err)
	}
	r := &Recording{path: path, wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
	go r.write(file, w, rate)
	return r, nil
}

// Path is the file.
func (r *Recording) Path() string { return r.path }

// Length is how much has been recorded, and how much of it was lost because the
// disk was too slow.
func (r *Recording) Length() (all, lost time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	const period = 10 * time.Millisecond
	return time.Duration(r.all) * period, time.Duration(r.lost) * period
}

// Close ends the recording and waits until the file is written. It returns what
// went wrong since the beginning. Idempotent.
func (r *Recording) Close() error {
	r.once.Do(func() { close(r.quit) })
	<-r.done
	return r.err
}

// said takes a period of what goes out; nil is silence. heard takes one of what
// came in. Both are the sound port's goroutine's, which calls them in turn.
func (r *Recording) said(x []int16)  { r.take(x, &r.now.said, &r.left) }
func (r *Recording) heard(x []int16) { r.take(x, &r.now.heard, &r.right) }

func (r *Recording) take(x []int16, to *[sound.Period]int16, there *bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if *there { // the other direction rests
		r.commit()
	}
	clear(to[copy(to[:], x):])
	*there = true
	if r.left && r.right {
		r.commit()
	}
}

// commit puts the period into the ring.
func (r *Recording) commit() {
	r.all++
	if r.n == recordingRing {
		r.lost++
	} else {
		slot := &r.ring[(r.first+r.n)%recordingRing]
		if *slot = (stereo{}); r.left {
			slot.said = r.now.said
		}
		if r.right {
			slot.heard = r.now.heard
		}
		if r.n++; r.n >= recordingLump {
			select {
			case r.wake <- struct{}{}:
			default:
			}
		}
	}
	r.left, r.right = false, false
}

// write is the goroutine that writes.
func (r *Recording) write(file *os.File, w sink, rate int) {
	defer close(r.done)
	down := [2]*resample.Resampler{mustResampler(sound.Rate, rate), mustResampler(sound.Rate, rate)}
	n := sound.Period * rate / sound.Rate
	var period stereo
	narrow := [2][]int16{make([]int16, n), make([]int16, n)}
	out := make([]int16, 2*n)
	drain := func() {
		for r.err == nil {
			r.mu.Lock()
			if r.n == 0 {
				r.mu.Unlock()
				return
			}
			period = r.ring[r.first]
			r.first, r.n = (r.first+1)%recordingRing, r.n-1
			r.mu.Unlock()
			down[0].Process(narrow[0], period.said[:])
			down[1].Process(narrow[1], period.heard[:])
			for i := range n {
				out[2*i], out[2*i+1] = narrow[0][i], narrow[1][i]
			}
			r.err = w.Write(out)
		}
	}
	for running := true; running && r.err == nil; {
		select {
		case <-r.wake:
		case <-r.quit:
			running = false
		}
		drain()
	}
	if err := errors.Join(w.Close(), file.Close()); r.err == nil && err != nil {
		r.err = err
	}
	if r.err != nil {
		r.err = fmt.Errorf("record to %s: %w", r.path, r.err)
	}
}
