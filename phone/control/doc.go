// Package control lets other programs see and operate a running phone through a unix socket.
package control
