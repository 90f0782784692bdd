package sound

import (
	"fmt"
	"io"
	"time"

	"offhook/media/resample"
	"offhook/media/wav"
)

// source reads a WAV file of any usual rate as periods of 48 kHz mono. A nil
// source is silence. It is owned by one goroutine.
type source struct {
	path   string
	r      *wav.Reader
	up     *resample.Resampler
	loop   bool
	ended  bool
	raw    []int16 // as in the file: as many periods as hold whole samples
	single []int16 // mixed down
	ready  []int16 // at 48 kHz
	at     int     // how much of ready was read
}

func openSource(path string, loop bool) (*source, error) {
	r, err := wav.Open(path)
	if err != nil {
		return nil, err
	}
	f := r.Format()
	periods := 1
	for periods < 4 && f.Rate*periods%100 != 0 {
		periods *= 2 // 22.05 kHz has 441 samples in two, 11.025 kHz in four
	}
	up, err := resample.New(f.Rate, Rate)
	if err != nil || f.Rate*periods%100 != 0 {
		r.Close()
		return nil, fmt.Errorf("%s has a rate of %d Hz; use 8000, 16000, 24000, 44100 or 48000 (sox IN.wav -r 48000 OUT.wav)", path, f.Rate)
	}
	n := f.Rate * periods / 100
	s := &source{path: path, r: r, up: up, loop: loop, raw: make([]int16, n*f.Channels), single: make([]int16, n), ready: make([]int16, periods*Period)}
	s.at = len(s.ready)
	return s, nil
}

// read fills one period; after the end of the file with silence.
func (s *source) read(mic []int16) error {
	if s == nil {
		clear(mic)
		return nil
	}
	if s.at == len(s.ready) {
		if err := s.more(); err != nil {
			return err
		}
		s.at = 0
	}
	s.at += copy(mic, s.ready[s.at:])
	return nil
}

// more fills ready.
func (s *source) more() error {
	got := 0
	for got < len(s.raw) && !s.ended {
		n, err := s.r.Read(s.raw[got:])
		got += n
		if err == io.EOF {
			err = s.next(got)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s.path, err)
		}
	}
	clear(s.raw[got:])
	channels := s.r.Format().Channels
	for i := range s.single {
		sum := 0
		for _, v := range s.raw[i*channels : (i+1)*channels] {
			sum += int(v)
		}
		s.single[i] = int16(sum / channels)
	}
	s.up.Process(s.ready, s.single)
	return nil
}

// next begins the file again, or ends the source. A file without a single
// sample ends even when it should loop.
func (s *source) next(got int) error {
	if !s.loop {
		s.ended = true
		return nil
	}
	if err := s.r.Rewind(); err != nil {
		return err
	}
	if got == 0 {
		n, err := s.r.Read(s.raw[:s.r.Format().Channels])
		if n == 0 {
			s.ended = true
			if err == io.EOF {
				err = nil
			}
			return err
		}
		return s.r.Rewind()
	}
	return nil
}

func (s *source) end() {
	if s != nil {
		s.ended = true
	}
}

func (s *source) delay() time.Duration {
	if s == nil {
		return 0
	}
	return s.up.Delay()
}

func (s *source) close() {
	if s != nil {
		s.r.Close()
	}
}
