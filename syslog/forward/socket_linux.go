package forward

import (
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// unconfirmed is how many bytes the other side's kernel has not confirmed yet of
// those written to conn: SIOCOUTQ in tcp(7). It stays as it is when the connection
// breaks. Where it cannot be known, as in some sandboxes, it is 0.
func unconfirmed(conn net.Conn) uint64 {
	n := 0
	control(conn, func(fd int) { n, _ = unix.IoctlGetInt(fd, unix.SIOCOUTQ) })
	return uint64(max(n, 0))
}

// socketError takes the error that has come to a socket: SO_ERROR in socket(7).
func socketError(conn net.Conn) error {
	errno := 0
	control(conn, func(fd int) { errno, _ = unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR) })
	if errno == 0 {
		return nil
	}
	return os.NewSyscallError("send", syscall.Errno(errno))
}

func control(conn net.Conn, use func(fd int)) {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return
	}
	if raw, err := c.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { use(int(fd)) })
	}
}
