package sound

import (
	"fmt"
	"io"
	"time"

	"offhook/media/resample"
	"offhook/media/wav"
)

// source reads a WAV file of any telephone rate as periods of 48 kHz mono. A nil
// source is silence. It is owned by one goroutine.
type source struct {
	path   string
	r      *wav.Reader
	up     *resample.Resampler
	loop   bool
	ended  bool
	raw    []int16 // as in the file, one period
	single []int16 // mixed down
}

func openSource(path string, loop bool) (*source, error) {
	r, err := wav.Open(path)
	if err != nil {
		return nil, err
	}
	f := r.Format()
	up, err := resample.New(f.Rate, Rate)
	if err != nil || Rate%f.Rate != 0 {
		r.Close()
		return nil, fmt.Errorf("%s has a rate of %d Hz; use 8000, 16000, 24000 or 48000 (sox IN.wav -r 48000 OUT.wav)", path, f.Rate)
	}
	n := f.Rate / 100
	return &source{path: path, r: r, up: up, loop: loop, raw: make([]int16, n*f.Channels), single: make([]int16, n)}, nil
}

// read fills one period; after the end of the file with silence.
func (s *source) read(mic []int16) error {
	if s == nil {
		clear(mic)
		return nil
	}
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
	s.up.Process(mic, s.single)
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
