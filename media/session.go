package media

import (
	"log/slog"
	"math/rand/v2"
	"net"
	"time"
)

type SessionConfig struct {
	Logger       *slog.Logger
	OnEvent      func(digit byte)
	OnFirstRTP   func(time.Time)
	OnFirstHeard func(time.Time)
	Rand         *rand.Rand
	DTX          bool
}

type Session struct{ p Params }

type Stats struct{}

func NewSession(conn net.PacketConn, cfg SessionConfig) *Session { return &Session{} }
func (s *Session) SetParams(p Params) error                      { s.p = p; return nil }
func (s *Session) Params() Params                                { return s.p }
func (s *Session) Close() error                                  { return nil }
func (s *Session) Stats() Stats                                  { return Stats{} }
func (s *Session) LocalPort() uint16                             { return 0 }
func (s *Session) SendDigit(d byte) error                        { return nil }
func (s *Session) Pull(out []int16)                              {}
func (s *Session) Push(in []int16)                               {}
