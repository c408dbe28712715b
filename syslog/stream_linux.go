package syslog

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"
)

// maxConnections bounds the clients of one stream socket. Who comes beyond them
// is turned away.
const maxConnections = 256

// streams is a bound stream socket, and who accepts its clients.
type streams struct {
	address  address
	origin   *origin
	listener net.Listener
	inode    inode // of its path; zero for TCP
	maxSize  int
	service  func(pid int) string
	queue    *queue
	logger   *zap.Logger

	clients sync.WaitGroup
	mu      sync.Mutex
	open    map[*connection]bool
	refused bool
}

// listenStream makes a stream socket at an address.
func listenStream(a address) (net.Listener, inode, error) {
	if a.kind == tcp {
		listener, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(a.ip))
		return listener, inode{}, err
	}
	file, at, err := bindUnix(a.path, unix.SOCK_STREAM)
	if err != nil {
		return nil, at, err
	}
	defer file.Close()
	listener, err := listenFile(file)
	if err != nil {
		at.remove(a.path)
	}
	return listener, at, err
}

// listenFile makes a listener of a bound socket, with a descriptor of its own.
func listenFile(file *os.File) (net.Listener, error) {
	raw, err := file.SyscallConn()
	if err != nil {
		return nil, err
	}
	if e := raw.Control(func(fd uintptr) { err = os.NewSyscallError("listen", unix.Listen(int(fd), unix.SOMAXCONN)) }); e != nil {
		err = e
	}
	if err != nil {
		return nil, err
	}
	return net.FileListener(file)
}

// run accepts clients until stop, and then those that have connected already.
func (s *streams) run() error {
	defer s.clients.Wait()
	for {
		conn, err := s.listener.Accept()
		switch {
		case err == nil:
			s.serve(conn)
		case errors.Is(err, os.ErrDeadlineExceeded):
			s.drain()
			return nil
		case errors.Is(err, syscall.ECONNABORTED):
		case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.ENOBUFS), errors.Is(err, syscall.ENOMEM):
			time.Sleep(100 * time.Millisecond) // the client stays in the backlog
		default:
			s.drain()
			return fmt.Errorf("cannot accept clients of %s: %w", s.origin.name, err)
		}
	}
}

func (s *streams) name() string { return s.origin.name }

type deadliner interface{ SetDeadline(t time.Time) error }

// stop makes run take what is there, and return.
func (s *streams) stop() { _ = s.listener.(deadliner).SetDeadline(time.Unix(1, 0)) }

// drain accepts who waits to be, and ends all clients. On a unix socket, who
// connects after it has begun is refused.
func (s *streams) drain() {
	s.refuse()
	for began := time.Now(); time.Since(began) < drainLimit; {
		_ = s.listener.(deadliner).SetDeadline(time.Now().Add(time.Millisecond))
		conn, err := s.listener.Accept()
		if err != nil {
			break
		}
		s.serve(conn)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		c.stop()
	}
}

func (s *streams) refuse() {
	socket, ok := s.listener.(*net.UnixListener)
	if !ok {
		return
	}
	if raw, err := socket.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _ = unix.Shutdown(int(fd), unix.SHUT_RD) })
	}
}

func (s *streams) serve(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.open) >= maxConnections {
		_ = conn.Close()
		if !s.refused {
			s.logger.Warn(fmt.Sprintf("syslog: %s: a client was turned away: there are %d already", s.origin.name, maxConnections))
		}
		s.refused = true
		return
	}
	c := &connection{
		conn: conn, origin: s.origin, maxSize: s.maxSize, queue: s.queue, senders: newSenders(s.service), uid: -1, gid: -1,
	}
	c.identify()
	s.open[c] = true
	s.clients.Go(func() {
		c.run()
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.open, c)
	})
}

// identify asks the kernel who the client is: unix(7), SO_PEERCRED.
func (c *connection) identify() {
	socket, ok := c.conn.(*net.UnixConn)
	if !ok {
		return
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		if who, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
			c.pid, c.uid, c.gid = int(who.Pid), int(who.Uid), int(who.Gid)
		}
	})
}

func (s *streams) close() {
	_ = s.listener.Close()
	s.inode.remove(s.address.path)
}
