//go:build !linux

package server

import (
	"errors"
	"fmt"
	"net/netip"
)

type udpSocket struct{}

func newUDPSocket(*Server, string, netip.AddrPort, bool) (*udpSocket, error) {
	return nil, fmt.Errorf("cannot serve DNS: %w on this system", errors.ErrUnsupported)
}

func (*udpSocket) close()      {}
func (*udpSocket) interrupt()  {}
func (*udpSocket) run()        {}
func (*udpSocket) drain() bool { return false }
