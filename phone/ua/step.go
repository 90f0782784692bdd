package ua

import (
	"errors"

	"offhook/phone/ua/locate"
)

// Step is a part of the way to being registered; it says what to look at when
// an account is not.
type Step string

// Steps, in the order in which they are taken.
const (
	StepName        Step = "name"        // finding the server's address
	StepRoute       Step = "route"       // reaching it
	StepTLS         Step = "tls"         // agreeing on TLS with it
	StepAnswer      Step = "answer"      // getting an answer that makes sense
	StepCredentials Step = "credentials" // being let in
	StepExpiry      Step = "expiry"      // agreeing on how long it holds
)

// StepError is an error of one step.
type StepError struct {
	Step Step
	Err  error
}

func (e *StepError) Error() string { return e.Err.Error() }
func (e *StepError) Unwrap() error { return e.Err }

// stepOf gives the step that err is about.
func stepOf(err error) Step {
	var s *StepError
	switch {
	case errors.As(err, &s):
		return s.Step
	case errors.Is(err, locate.ErrNotFound), errors.Is(err, locate.ErrNoAnswer):
		return StepName
	}
	return StepRoute
}
