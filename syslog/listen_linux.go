package syslog

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// bind makes the socket for an address.
func (s *SyslogSink) bind(a address) error {
	switch a.kind {
	case unixStream, tcp:
		listener, at, err := listenStream(a)
		if err != nil {
			return err
		}
		if at, ok := listener.Addr().(*net.TCPAddr); ok {
			a.ip = at.AddrPort() // 0 was any port
		}
		s.add(s.newStreams(a, listener, at))
		return nil
	case udp:
		file, port, err := bindUDP(a)
		if err != nil {
			return err
		}
		a.ip = netip.AddrPortFrom(a.ip.Addr(), port)
		s.add(s.newDatagrams(a, file, inode{}))
		return nil
	default:
		file, at, err := bindUnix(a.path, unix.SOCK_DGRAM)
		if err != nil {
			return err
		}
		s.add(s.newDatagrams(a, file, at))
		return nil
	}
}

func (s *SyslogSink) newDatagrams(a address, file *os.File, at inode) *datagrams {
	return &datagrams{
		address: a, origin: &origin{name: a.String(), local: a.kind == unixDatagram}, file: file, inode: at,
		maxSize: s.cfg.MaxMessage, senders: newSenders(s.cfg.Service), queue: s.queue,
	}
}

func (s *SyslogSink) newStreams(a address, listener net.Listener, at inode) *streams {
	return &streams{
		address: a, origin: &origin{name: a.String(), local: a.kind == unixStream}, listener: listener, inode: at,
		maxSize: s.cfg.MaxMessage, service: s.cfg.Service, queue: s.queue, logger: s.cfg.Logger,
		open: map[*connection]bool{},
	}
}

// errLive is somebody else's socket, which is left to them.
var errLive = errors.New("another program listens there")

// inode tells a file from another that has taken its path.
type inode struct{ dev, ino uint64 }

func inodeOf(path string) (inode, error) {
	var stat unix.Stat_t
	if err := unix.Lstat(path, &stat); err != nil {
		return inode{}, err
	}
	return inode{stat.Dev, stat.Ino}, nil
}

// remove removes the file at path if it is this one.
func (i inode) remove(path string) {
	if there, err := inodeOf(path); err == nil && there == i {
		_ = os.Remove(path)
	}
}

// bindUnix makes a socket at a path, for everybody to write to.
func bindUnix(path string, socktype int) (*os.File, inode, error) {
	if err := clearPath(path); err != nil {
		return nil, inode{}, err
	}
	file, err := bindSocket(unix.AF_UNIX, socktype, &unix.SockaddrUnix{Name: path}, path)
	if errors.Is(err, unix.ENOENT) {
		if err = os.MkdirAll(filepath.Dir(path), 0o755); err == nil {
			file, err = bindSocket(unix.AF_UNIX, socktype, &unix.SockaddrUnix{Name: path}, path)
		}
	}
	if err != nil {
		return nil, inode{}, err
	}
	at, err := inodeOf(path)
	if err == nil {
		err = os.Chmod(path, 0o666)
	}
	if err != nil {
		_ = file.Close()
		at.remove(path)
		return nil, inode{}, err
	}
	return file, at, nil
}

// bindUDP makes a socket at a loopback address, and tells its port: 0 is any.
func bindUDP(a address) (*os.File, uint16, error) {
	ip := a.ip.Addr().Unmap()
	family, to := unix.AF_INET6, unix.Sockaddr(&unix.SockaddrInet6{Port: int(a.ip.Port()), Addr: ip.As16()})
	if ip.Is4() {
		family, to = unix.AF_INET, &unix.SockaddrInet4{Port: int(a.ip.Port()), Addr: ip.As4()}
	}
	file, err := bindSocket(family, unix.SOCK_DGRAM, to, a.String())
	if err != nil {
		return nil, 0, err
	}
	port, err := portOf(file)
	if err != nil {
		_ = file.Close()
	}
	return file, port, err
}

func portOf(file *os.File) (port uint16, err error) {
	raw, err := file.SyscallConn()
	if err != nil {
		return 0, err
	}
	var at unix.Sockaddr
	if e := raw.Control(func(fd uintptr) { at, err = unix.Getsockname(int(fd)) }); e != nil {
		return 0, e
	}
	switch at := at.(type) {
	case *unix.SockaddrInet4:
		port = uint16(at.Port)
	case *unix.SockaddrInet6:
		port = uint16(at.Port)
	}
	return port, os.NewSyscallError("getsockname", err)
}

// bindSocket makes a socket for the runtime's poller that gives the credentials
// of senders.
func bindSocket(family, socktype int, to unix.Sockaddr, name string) (*os.File, error) {
	fd, err := unix.Socket(family, socktype|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	if family == unix.AF_UNIX {
		err = os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PASSCRED, 1))
	}
	if err == nil {
		err = os.NewSyscallError("bind", unix.Bind(fd, to))
	}
	if err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

// clearPath removes what an earlier life has left at path, or a link to it; also
// one that leads nowhere, as to journald's socket in an image without it.
func clearPath(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Lstat(path); err != nil {
			return nil // bind will say what is wrong, if anything is
		}
	case err != nil:
		return err
	case info.Mode()&fs.ModeSocket == 0:
		return fmt.Errorf("there is something that is no socket (%s)", info.Mode())
	default:
		if err := isStale(path); err != nil {
			return err
		}
	}
	err = os.Remove(path)
	if errors.Is(err, unix.EBUSY) {
		return fmt.Errorf("it is a mount: %w", errLive)
	}
	return err
}

// isStale is nil if nobody listens on a socket. A type other than theirs is refused
// in another way than by a socket that nobody has any more: unix(7).
func isStale(path string) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	err = unix.Connect(fd, &unix.SockaddrUnix{Name: path})
	switch {
	case errors.Is(err, unix.ECONNREFUSED), errors.Is(err, unix.ENOENT):
		return nil
	case errors.Is(err, fs.ErrPermission): // whose it is, nobody of us can send there
		return os.NewSyscallError("connect", err)
	}
	return errLive
}

// queueLength is what the kernel's queue of a socket should hold.
const queueLength = 512

// lengthenQueues lets the kernel keep more than 10 messages for each socket made from
// now on in this network namespace: unix(7). That is for PID 1 to decide, whose
// container it is. Most may not, and find out by the first call, since this is before
// anything is started.
func lengthenQueues() {
	if os.Getpid() != 1 {
		return
	}
	fd, err := unix.Open("/proc/sys/net/unix/max_dgram_qlen", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	var text [16]byte
	n, err := unix.Read(fd, text[:])
	if err != nil {
		return
	}
	if length, err := strconv.Atoi(string(bytes.TrimSpace(text[:n]))); err == nil && length < queueLength {
		_, _ = unix.Pwrite(fd, []byte(strconv.Itoa(queueLength)), 0)
	}
}
