package main

import (
	"context"
	"errors"
	"time"

	"offhook/phone/control"
)

// phone is what the tray needs of control.Client.
type phone interface {
	Status(context.Context) (control.Status, error)
	Events(context.Context) (*control.Stream, error)
}

// update is what there is to show: a status, or that there is no phone.
type update struct {
	running bool
	status  control.Status
}

// answerTimeout is how long a phone may take to say its status. One that is slower hangs, and is shown as not running.
const answerTimeout = 5 * time.Second

// follow calls show with the status now and after each change, until the context ends. While there is no phone it waits
// for its socket to appear.
func follow(ctx context.Context, p phone, sockets []string, show func(update)) {
	for ctx.Err() == nil {
		// Watched from before the attempt, so that a phone that starts after it is not missed.
		appeared := watch(ctx, sockets)
		began := time.Now()
		reached := listen(ctx, p, show)
		if ctx.Err() != nil {
			return
		}
		show(update{})
		switch {
		case !reached:
			appeared.wait(ctx)
		case time.Since(began) < time.Second:
			// The phone is there and hung up at once: it is ending, or too many programs are connected. There is
			// nothing to wait for but time.
			pause(ctx, time.Second)
		}
		appeared.close()
	}
}

// listen shows one phone for as long as it speaks. Any event may have changed the status, so it is asked for; events
// that come while it is asked for count as one. It returns whether a phone was reached at all.
func listen(ctx context.Context, p phone, show func(update)) (reached bool) {
	stream, err := p.Events(ctx)
	if err != nil {
		var refusal *control.Error
		return errors.As(err, &refusal)
	}
	defer stream.Close()
	changed := make(chan struct{}, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			e, err := stream.Next()
			if err != nil || e.Type == control.EventDropped {
				return
			}
			select {
			case changed <- struct{}{}:
			default:
			}
		}
	}()
	for {
		status, err := ask(ctx, p)
		if err != nil {
			return true
		}
		show(update{running: true, status: status})
		select {
		case <-changed:
		case <-ended:
			return true
		case <-ctx.Done():
			return true
		}
	}
}

// appears waits for a phone that answers, until the context ends, and returns whether there is one.
func appears(ctx context.Context, p phone, sockets []string) bool {
	for ctx.Err() == nil {
		appeared := watch(ctx, sockets) // before the attempt, as in follow
		_, err := ask(ctx, p)
		if err != nil {
			appeared.wait(ctx)
		}
		appeared.close()
		if err == nil {
			return true
		}
	}
	return false
}

func ask(ctx context.Context, p phone) (control.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	return p.Status(ctx)
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
