package phone

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"offhook/devices/virtual"
	"offhook/phone/control"
	"offhook/phone/desk"
)

// operate presses the keys of an emulated handset, or shows what it shows. The HID reports that this makes take the way
// of any real device's: parser, driver, state machine.
func (p *Phone) operate(ctx context.Context, args map[string]string) (control.Result, error) {
	v, err := p.emulated(ctx, args["handset"])
	if err != nil {
		return control.Result{}, err
	}
	switch action := args["action"]; action {
	case "show":
		return control.Result{OK: true}.WithData(v.State())
	case "lift":
		err = v.Lift()
	case "hang-up":
		err = v.HangUp()
	case "press":
		err = v.Press(strings.ToUpper(args["keys"]))
	case "mute":
		err = v.PressMute()
	case "flash":
		err = v.PressFlash()
	case "redial":
		err = v.PressRedial()
	case "reject":
		err = v.PressReject()
	case "hook":
		err = v.PressHook()
	case "volume-up", "volume-down":
		err = v.PressVolume(action == "volume-up")
	case "unplug":
		v.Unplug()
	case "plug":
		if v.State().Plugged {
			err = errors.New("the emulated handset is plugged in already")
			break
		}
		v.Replug()
		err = p.AttachVirtual(v, Sound{})
	default:
		return control.Result{}, bad("an emulated handset can't %q; it can lift, hang-up, press KEYS, mute, flash, redial, reject, hook, volume-up, volume-down, unplug, plug, show", action)
	}
	if err != nil {
		return control.Result{}, &control.Error{Code: control.CodeRefused, Message: err.Error()}
	}
	return control.Result{OK: true}, nil
}

// emulated finds an emulated handset: the one named, or the first.
func (p *Phone) emulated(ctx context.Context, id string) (*virtual.Phone, error) {
	var v *virtual.Phone
	_, err := p.ask(ctx, func() error {
		if err := p.know(map[string]string{"handset": id}); err != nil {
			return err
		}
		for _, k := range p.order {
			if h := p.handsets[k]; h.virtual != nil && (id == "" || k == desk.HandsetID(id)) {
				v = h.virtual
				return nil
			}
		}
		if id != "" {
			return &control.Error{Code: control.CodeRefused, Message: fmt.Sprintf("%s is a real device: press its keys by hand", id)}
		}
		return &control.Error{Code: control.CodeRefused, Message: "no emulated handset is plugged in; start the phone with `offhook run --virtual handset`"}
	})
	return v, err
}
