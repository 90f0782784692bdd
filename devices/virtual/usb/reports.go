package usb

import (
	"errors"
	"time"

	"offhook/hid"
)

// maxSlow bounds the requests that firmware is still busy with though the host
// gave up on them: those of 5 s each, 16 at once.
const maxSlow = 16

// opener is the firmware as the host has it open: from the first interrupt
// transfer, which the kernel queues when a program opens the device, to the last.
type opener struct {
	device  hid.Device
	reports chan []byte
	done    chan struct{} // closed to end the goroutine
}

// open begins to read what the firmware has to say.
func (b *bus) open(f *function) {
	d, err := f.phone.Plug()
	if err != nil {
		b.log.Debug("emulated phone is without power", "error", err)
		return // the cable is about to be pulled
	}
	o := &opener{device: d, reports: make(chan []byte), done: make(chan struct{})}
	f.opener = o
	size := max(f.inputSize, 1)
	b.running.Go(func() {
		for {
			buf := make([]byte, size)
			n, err := d.Read(buf)
			if err != nil {
				if errors.Is(err, hid.ErrGone) {
					b.unplugged.Do(func() { close(b.lost) })
				}
				return
			}
			select {
			case o.reports <- buf[:n]:
			case <-o.done:
				return
			}
		}
	})
}

// shut lets go of the firmware.
func (f *function) shut() {
	if f.opener == nil {
		return
	}
	close(f.opener.done)
	f.opener.device.Close()
	f.opener, f.input = nil, nil
}

func (b *bus) shutAll() {
	for _, f := range b.functions {
		f.shut()
	}
}

// reports is where the next input report comes from, when one is wanted.
func (f *function) reports() <-chan []byte {
	if f == nil || f.opener == nil || f.input != nil || len(f.polls) == 0 {
		return nil
	}
	return f.opener.reports
}

// take has a report wait until the host asks for it: at the next multiple of the
// interval, each for one report.
func (b *bus) take(f *function, rep []byte) {
	interval := int64(b.Interval)
	f.input, f.inputDue = rep, b.beginning(max(b.frame(time.Now())/interval+1, f.polled+1)*interval)
}

// deliver hands the waiting report over.
func (b *bus) deliver(f *function) {
	t := f.polls[0]
	f.polls = f.polls[1:]
	rep := f.input
	f.input = nil
	f.polled = int64(f.inputDue.Sub(b.start)/frameTime) / int64(b.Interval)
	b.complete(t, statusOK, rep[:min(len(rep), t.length)], 0)
}

// report carries out GET_REPORT, SET_REPORT and interrupt OUT transfers, for which
// firmware may take its time.
func (b *bus) report(f *function, t *transfer) {
	if b.slow >= maxSlow {
		b.finish(t, statusStall, nil)
		return
	}
	b.slow++
	device := hid.Device(nil)
	if f.opener != nil {
		device = f.opener.device
	}
	b.running.Go(func() {
		data, err := b.ask(f, device, t)
		b.post(func() {
			b.slow--
			status := int32(statusOK)
			if err != nil {
				status = statusStall
				b.log.Debug("emulated phone stalled a request", "error", err)
			}
			b.finish(t, status, data)
		})
	})
}

// ask puts the request to the firmware. device is nil when nobody has it open:
// requests are answered then too.
func (b *bus) ask(f *function, device hid.Device, t *transfer) ([]byte, error) {
	if device == nil {
		d, err := f.phone.Plug()
		if err != nil {
			return nil, err
		}
		defer d.Close()
		stop := make(chan struct{})
		defer close(stop)
		b.running.Go(func() {
			select {
			case <-b.done:
				d.Close()
			case <-stop:
			}
		})
		device = d
	}
	if t.endpoint != 0 {
		return nil, device.Write(f.numberedReport(t.data, 0))
	}
	id, kind := uint8(t.setup.value), t.setup.value>>8
	switch {
	case t.setup.request == hidSetReport && kind == 2: // Output
		return nil, device.Write(f.numberedReport(t.data, id))
	case t.setup.request == hidGetReport && kind == 1: // Input
		buf := make([]byte, max(f.inputSize, 1))
		n, err := device.GetInput(id, buf)
		return buf[:n], err
	}
	features, ok := device.(hid.FeatureDevice)
	switch {
	case !ok || kind != 3: // Feature
	case t.setup.request == hidSetReport:
		return nil, features.SetFeature(f.numberedReport(t.data, id))
	case t.setup.request == hidGetReport:
		buf := make([]byte, max(int(t.setup.length), 1))
		n, err := features.GetFeature(id, buf)
		return buf[:n], err
	}
	return nil, errors.New("the emulated phone has no such report")
}

// numberedReport is a report as the firmware wants it, its first byte the ID; on
// the bus, a device without IDs gets none.
func (f *function) numberedReport(data []byte, id uint8) []byte {
	if f.numbered {
		return data
	}
	return append([]byte{id}, data...)
}
