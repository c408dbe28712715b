package syslog

import (
	"errors"
	"fmt"
	"net/netip"
	"path"
	"strings"
)

// kind is what sort of socket an address asks for.
type kind int

const (
	unixDatagram kind = iota
	unixStream
	udp
	tcp
)

// address is an entry of Config.Listen.
type address struct {
	kind kind
	path string         // of a unix socket
	ip   netip.AddrPort // else
}

// syslogPort is that of RFC 5426; RFC 6587 has none of its own, and 514 is used.
const syslogPort = 514

// parseAddress reads PATH, stream:PATH, udp[:HOST]:PORT or tcp[:HOST]:PORT.
func parseAddress(text string) (address, error) {
	network, rest, _ := strings.Cut(text, ":")
	var a address
	var err error
	switch network {
	case "udp":
		a.kind = udp
		a.ip, err = parseLoopback(rest)
	case "tcp":
		a.kind = tcp
		a.ip, err = parseLoopback(rest)
	case "stream":
		a.kind = unixStream
		a.path, err = parsePath(rest)
	default:
		a.path, err = parsePath(text)
	}
	if err != nil {
		return a, fmt.Errorf("cannot listen on %q: %w", text, err)
	}
	return a, nil
}

// maxPath is what sockaddr_un has room for: unix(7).
const maxPath = 107

func parsePath(text string) (string, error) {
	switch {
	case !strings.HasPrefix(text, "/"):
		return "", errors.New("it can be a path that begins with /, stream:PATH, udp:HOST:PORT or tcp:HOST:PORT")
	case len(text) > maxPath:
		return "", fmt.Errorf("the path of a socket can have %d bytes", maxPath)
	case strings.ContainsRune(text, 0):
		return "", errors.New("there is a NUL in the path")
	}
	return path.Clean(text), nil
}

// parseLoopback reads HOST:PORT, PORT or nothing. Nobody but the container itself
// is to be heard, so HOST is a loopback address.
func parseLoopback(text string) (netip.AddrPort, error) {
	loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	switch {
	case text == "":
		return netip.AddrPortFrom(loopback, syslogPort), nil
	case !strings.Contains(text, ":"):
		text = loopback.String() + ":" + text
	case strings.HasPrefix(text, "localhost:"):
		text = loopback.String() + strings.TrimPrefix(text, "localhost")
	}
	ip, err := netip.ParseAddrPort(text)
	if err != nil {
		return ip, errors.New("what follows is not a loopback address and a port, as in 127.0.0.1:514")
	}
	if !ip.Addr().IsLoopback() {
		return ip, fmt.Errorf("%s is not a loopback address", ip.Addr())
	}
	return ip, nil
}

// String is the address as Config.Listen has it.
func (a address) String() string {
	switch a.kind {
	case unixStream:
		return "stream:" + a.path
	case udp:
		return "udp:" + a.ip.String()
	case tcp:
		return "tcp:" + a.ip.String()
	default:
		return a.path
	}
}
