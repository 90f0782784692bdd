package virtual

import (
	"fmt"
	"strings"
	"time"

	"offhook/devices"
)

// maxKeys bounds one Press.
const maxKeys = 64

// Lift takes the handset off the cradle; a headset's button is pressed when it
// is on-hook, and the green key of a handset without a cradle in any case. Lifting
// what is lifted does nothing. An unplugged handset can be
// lifted too: nobody hears of it before it is plugged in again.
func (p *Phone) Lift() error { return p.setHook(true) }

// HangUp puts the handset down, the opposite of Lift; without a cradle it presses
// the red key.
func (p *Phone) HangUp() error { return p.setHook(false) }

func (p *Phone) setHook(lifted bool) error {
	if p.maker != nil && p.profile.Kind == devices.KeyedHandset {
		if lifted {
			return p.pressMaker("green")
		}
		return p.pressMaker("red")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.plugged && !p.profile.Kind.Cradled() {
		return ErrUnplugged
	}
	if p.lifted == lifted {
		return nil
	}
	p.lifted = lifted
	p.touch()
	if p.maker != nil {
		p.sendAll(p.maker.hook(lifted))
		p.afterHook()
		return nil
	}
	p.sendHook(lifted)
	return nil
}

// hesitant is a firmware that does more a while after its hook has changed.
type hesitant interface {
	later() (time.Duration, func() [][]byte)
}

// afterHook has the firmware do that. p.mu is held.
func (p *Phone) afterHook() {
	h, ok := p.maker.(hesitant)
	if !ok {
		return
	}
	wait, do := h.later()
	time.AfterFunc(wait, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.plugged {
			p.sendAll(do())
		}
	})
}

// PressHook presses the hook button of a headset, whatever its state.
func (p *Phone) PressHook() error {
	if p.profile.Kind != devices.Headset {
		return p.lacks("hook button; lift it or put it down")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.plugged {
		return ErrUnplugged
	}
	p.lifted = !p.lifted
	if p.maker != nil {
		p.sendAll(p.maker.hook(p.lifted))
		return nil
	}
	p.sendHook(p.lifted)
	return nil
}

// Press presses and releases keys of the keypad, one after the other: 0-9, *, #.
// Spaces are skipped.
func (p *Phone) Press(keys string) error {
	keys = strings.ToUpper(strings.ReplaceAll(keys, " ", ""))
	if len(keys) > maxKeys {
		return fmt.Errorf("%d keys at once; at most %d can be pressed", len(keys), maxKeys)
	}
	if p.maker != nil {
		return p.pressMaker(strings.Split(keys, "")...)
	}
	pad := p.layout.keypad
	if pad.size == 0 {
		return p.lacks("keypad")
	}
	for _, key := range []byte(keys) {
		if _, ok := pad.codes[key]; !ok {
			return p.lacks(fmt.Sprintf("key %q", key))
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.plugged {
		return ErrUnplugged
	}
	for _, key := range []byte(keys) {
		p.keys = pad.codes[key]
		p.send(p.inputReport())
		p.keys = pad.idle
		p.send(p.inputReport())
	}
	return nil
}

// PressMute presses the mute key, or moves the mute switch.
func (p *Phone) PressMute() error {
	if p.maker != nil {
		return p.pressMaker("mute")
	}
	if p.layout.muteLevel == none {
		return p.PressControl("mute")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.plugged {
		return ErrUnplugged
	}
	p.muted = !p.muted
	p.send(p.inputReport())
	return nil
}

// PressFlash presses the flash key.
func (p *Phone) PressFlash() error { return p.PressControl("flash") }

// PressRedial presses the redial key.
func (p *Phone) PressRedial() error { return p.PressControl("redial") }

// PressReject presses the key that declines a call.
func (p *Phone) PressReject() error { return p.PressControl("reject") }

// PressControl presses and releases a key by the name that package devices gives
// its control: "hold", "speaker", "transfer" and so on.
func (p *Phone) PressControl(name string) error {
	if p.maker != nil {
		return p.pressMaker(name)
	}
	if _, ok := p.layout.keys[name]; !ok {
		return p.lacks(name + " key")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.plugged {
		return ErrUnplugged
	}
	p.click(name)
	return nil
}

// click sends press and release. p.mu is held.
func (p *Phone) click(name string) {
	p.pressed[name] = true
	p.send(p.inputReport())
	delete(p.pressed, name)
	p.send(p.inputReport())
}

// PressVolume presses a volume key.
func (p *Phone) PressVolume(up bool) error {
	if p.maker != nil {
		return p.pressMaker(map[bool]string{true: "volume-up", false: "volume-down"}[up])
	}
	if p.layout.volumeUp == none {
		return p.lacks("volume keys")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.plugged {
		return ErrUnplugged
	}
	p.volume = 2 - byte(bit(up))
	p.send(p.volumeReport())
	p.volume = 0
	p.send(p.volumeReport())
	return nil
}

func (p *Phone) lacks(what string) error {
	return fmt.Errorf("the emulated %s has no %s", p.profile.Name, what)
}

// Hold presses a control without letting go of it, or lets go.
func (p *Phone) Hold(name string, down bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.plugged {
		return ErrUnplugged
	}
	if p.maker != nil {
		do := p.maker.release
		if down {
			do = p.maker.press
		}
		reports := do(name)
		if reports == nil {
			return p.lacks(name + " key")
		}
		p.sendAll(reports)
		return nil
	}
	if _, ok := p.layout.keys[name]; !ok {
		return p.lacks(name + " key that can be held")
	}
	if down {
		p.pressed[name] = true
	} else {
		delete(p.pressed, name)
	}
	p.send(p.inputReport())
	return nil
}
