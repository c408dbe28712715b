package supervisor

import (
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// mailbox is the socket on which a service speaks sd_notify(3). Its address is
// abstract, so that it needs no writable directory.
type mailbox struct {
	conn *net.UnixConn
}

// openMailbox binds a socket for u and listens to it until it is closed.
func (s *Supervisor) openMailbox(u *unit) (*mailbox, error) {
	// An empty address makes the kernel choose one: "Autobind" in unix(7).
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram"})
	if err != nil {
		return nil, fmt.Errorf("cannot make the notification socket: %w", err)
	}
	if err := passCredentials(conn); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("cannot make the notification socket: %w", err)
	}
	m := &mailbox{conn}
	s.task(func() {
		m.listen(func(lines string) { s.post(func() { s.hear(u, func() { s.notified(u, lines) }) }) })
	})
	return m, nil
}

func passCredentials(conn *net.UnixConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var result error
	err = raw.Control(func(fd uintptr) {
		result = os.NewSyscallError("setsockopt", unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_PASSCRED, 1))
	})
	if err != nil {
		return err
	}
	return result
}

func (m *mailbox) address() string { return m.conn.LocalAddr().String() }

func (m *mailbox) close() {
	if m != nil {
		_ = m.conn.Close()
	}
}

// listen hands on each message of a process in our pid namespace. The kernel
// gives the pid of any other as 0.
func (m *mailbox) listen(heard func(lines string)) {
	data, control := make([]byte, 4096), make([]byte, 256)
	for {
		n, cn, _, _, err := m.conn.ReadMsgUnix(data, control)
		if err != nil {
			return
		}
		if senderKnown(control[:cn]) {
			heard(string(data[:n]))
		}
	}
}

// senderKnown looks at the sender's credentials, and closes the descriptors that
// came along: that is what sd_notify_barrier(3) waits for.
func senderKnown(control []byte) (known bool) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return false
	}
	for i := range messages {
		if fds, err := unix.ParseUnixRights(&messages[i]); err == nil {
			for _, fd := range fds {
				_ = unix.Close(fd)
			}
		}
		if sender, err := unix.ParseUnixCredentials(&messages[i]); err == nil {
			known = sender.Pid > 0
		}
	}
	return known
}
