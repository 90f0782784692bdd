// Package uatest gives tests a network in memory: hosts with addresses, UDP
// sockets that may lose, delay, reorder and duplicate, and TCP connections. It
// satisfies ua.Network, starts no goroutine of its own and keeps time only
// with package time's timers, so that whole phones run under testing/synctest
// in virtual time.
//
//	n := uatest.NewNetwork(uatest.Faults{Seed: 1, Loss: 0.1, Delay: 20 * time.Millisecond})
//	alice := n.Host("10.0.0.1")
//	bob := n.Host("10.0.0.2")
//	c, err := alice.ListenPacket(ctx, "10.0.0.1:5060")
package uatest
