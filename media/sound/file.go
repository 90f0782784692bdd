package sound

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"offhook/media/wav"
)

// FileConfig describes a port made of files. Both may be empty: then the port
// hears silence, or nothing is kept.
type FileConfig struct {
	Play   string // WAV file at the microphone: 8, 16, 24 or 48 kHz, mono or stereo
	Record string // WAV file of what the earpiece plays: 48 kHz mono
	Loop   bool   // begin Play again at its end; otherwise silence follows
	Logger *slog.Logger
}

// maxBehind is how far the clock of a file port may run behind before it gives
// up catching up and leaves a gap.
const maxBehind = 2 * time.Second

// filePort paces files. Its goroutine lives from Start to Stop.
type filePort struct {
	log  *slog.Logger
	errs *reports

	mu   sync.Mutex // guards all below but what a run owns while it lives
	info Info
	run  *fileRun

	// Owned by the running goroutine between Start and Stop.
	play   *source
	record *wav.Writer
}

type fileRun struct {
	stop, done chan struct{}
}

// OpenFile opens a port made of files. The record is created (or emptied) at
// once. It holds what was played while the port ran: the times between Stop and
// Start are left out, and Play goes on where it was. It is a valid file after
// each Stop and Close, and to within a second at any time.
func OpenFile(cfg FileConfig) (Port, error) {
	p := &filePort{log: cfg.Logger, errs: newReports()}
	if p.log == nil {
		p.log = discard()
	}
	p.info = Info{Backend: "file", Device: cfg.Play + "→" + cfg.Record, State: Stopped}
	if cfg.Play != "" {
		var err error
		if p.play, err = openSource(cfg.Play, cfg.Loop); err != nil {
			return nil, fmt.Errorf("sound from a file: %w", err)
		}
		p.info.Latency = p.play.delay()
	}
	if cfg.Record != "" {
		var err error
		if p.record, err = wav.Create(cfg.Record, wav.Format{Rate: Rate, Channels: 1}); err != nil {
			p.play.close()
			return nil, fmt.Errorf("sound to a file: %w", err)
		}
	}
	return p, nil
}

func (p *filePort) Start(process Process) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.info.State == Closed {
		return ErrClosed
	}
	if p.run != nil {
		return ErrRunning
	}
	p.run = &fileRun{stop: make(chan struct{}), done: make(chan struct{})}
	p.info.State, p.info.Running, p.info.Rate = Running, true, Rate
	go p.pace(p.run, process)
	return nil
}

// pace calls process at start + n periods, for as long as the port runs. A late
// wake-up delays one call, never the next ones.
func (p *filePort) pace(run *fileRun, process Process) {
	defer close(run.done)
	mic, ear := make([]int16, Period), make([]int16, Period)
	due := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		timer.Reset(time.Until(due))
		select {
		case <-run.stop:
			return
		case <-timer.C:
		}
		if behind := time.Since(due); behind > maxBehind {
			// Nobody gains from seconds of sound in a burst. The record keeps
			// its time: silence stands for what was lost.
			lost := int(behind / periodTime)
			due = due.Add(time.Duration(lost) * periodTime)
			clear(ear)
			for range lost {
				p.keep(ear)
			}
			p.mu.Lock()
			p.info.Lost += uint64(lost)
			p.mu.Unlock()
			p.log.Warn("sound from files fell behind", "lost", behind)
		}
		due = due.Add(periodTime)
		if err := p.play.read(mic); err != nil {
			p.fail(err)
			p.play.end()
		}
		clear(ear)
		process(mic, ear)
		p.keep(ear)
		p.mu.Lock()
		p.info.Periods++
		p.mu.Unlock()
	}
}

// keep appends a period to the record. When the disk is full the call goes on
// without it.
func (p *filePort) keep(ear []int16) {
	if p.record == nil {
		return
	}
	if err := p.record.Write(ear); err != nil {
		p.fail(fmt.Errorf("recording ends here: %w", err))
		p.record.Close()
		p.record = nil
	}
}

func (p *filePort) fail(err error) {
	p.log.Warn("sound file", "err", err)
	p.errs.add(err)
}

func (p *filePort) Stop() error {
	p.mu.Lock()
	run := p.run
	p.mu.Unlock()
	if run == nil {
		return nil
	}
	p.end(run)
	<-run.done
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.run != run { // someone else stopped it as well
		return nil
	}
	p.run = nil
	if p.info.State == Running {
		p.info.State = Stopped
	}
	p.info.Running = false
	if p.record != nil {
		return p.record.Flush()
	}
	return nil
}

// end tells a run to stop, once.
func (p *filePort) end(run *fileRun) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-run.stop:
	default:
		close(run.stop)
	}
}

func (p *filePort) Close() error {
	p.mu.Lock()
	was := p.info.State
	p.info.State = Closed // no Start from here on
	p.mu.Unlock()
	if was == Closed {
		return nil
	}
	err := p.Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.play.close()
	if p.record != nil {
		err = errors.Join(err, p.record.Close())
		p.record = nil
	}
	p.errs.close()
	return err
}

func (p *filePort) Info() Info {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.info
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// Retry does nothing: files don't go away.
func (p *filePort) Retry() {}

func (p *filePort) Err() <-chan error { return p.errs.c }
