package watch

// seated lets all phones go when the user leaves the seat, and takes them again.
func (w *watcher) seated(present bool) {
	if w.away == !present {
		return
	}
	w.away = !present
	w.Logger.Info("the seat", "present", present)
	for _, e := range w.all() {
		switch {
		case present && e.phase == away:
			w.open(e)
		case !present && e.phase != gathering && e.phase != alone && e.phase != opening:
			w.letGo(e)
		}
	}
}

// letGo closes a phone until the user is back.
func (w *watcher) letGo(e *entry) {
	e.stop()
	w.unwatch(e)
	if d := e.device; d != nil {
		e.device = nil
		w.running.Go(func() {
			if err := d.Release(ErrAway); err != nil {
				w.Logger.Debug("letting a phone go", "error", err)
			}
		})
	}
	e.phase = away
}
