package media

import (
	"slices"
	"testing"
	"testing/synctest"

	"offhook/media/sound"
)

// mixingPort is a fakePort with a mixer.
type mixingPort struct {
	*fakePort
	levels  *sound.Levels
	changed chan struct{}
	steps   []int
	unmuted int
	shared  bool
}

func (p *mixingPort) Info() sound.Info { return sound.Info{Shared: p.shared} }

func (p *mixingPort) Levels() (sound.Levels, bool) {
	if p.levels == nil {
		return sound.Levels{}, false
	}
	return *p.levels, true
}

func (p *mixingPort) Changed() <-chan struct{} { return p.changed }
func (p *mixingPort) StepVolume(dB int)        { p.steps = append(p.steps, dB) }
func (p *mixingPort) UnmuteMicrophone()        { p.unmuted++ }

func TestVolumeKeysActOnTheMixerWhereThereIsOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		port := &mixingPort{fakePort: newFakePort(), changed: make(chan struct{}, 1)}
		var told []sound.Levels
		e := NewEndpoint(port, EndpointConfig{OnLevels: func(l sound.Levels) { told = append(told, l) }})
		defer e.Close()
		e.StepVolume(true) // no mixer yet: the software's volume
		if db := float64(e.volume.steps.Load()) * volumeStep; db != 3 || len(port.steps) != 0 {
			t.Errorf("without a mixer: %v dB, and %v told to the port", db, port.steps)
		}
		port.levels = &sound.Levels{Output: &sound.Level{Percent: 50}}
		port.changed <- struct{}{}
		synctest.Wait()
		if len(told) != 1 || told[0].Output.Percent != 50 {
			t.Errorf("told %v", told)
		}
		e.StepVolume(true)
		e.StepVolume(false)
		e.UnmuteMicrophone()
		if !slices.Equal(port.steps, []int{3, -3}) || port.unmuted != 1 {
			t.Errorf("steps %v, unmuted %d times", port.steps, port.unmuted)
		}
		if db := float64(e.volume.steps.Load()) * volumeStep; db != 3 {
			t.Errorf("the software's volume is %v dB as well", db)
		}
		port.shared = true
		e.StepVolume(true)
		if len(port.steps) != 2 {
			t.Errorf("a key that the desktop acts on was obeyed: %v", port.steps)
		}
		if l, ok := e.Mixer(); !ok || l.Output.Percent != 50 {
			t.Errorf("mixer %v %v", l, ok)
		}
	})
}
