package server

import (
	"context"
	"net"
	"net/netip"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

const (
	batch    = 32
	maxQuery = 2048 // bytes of a datagram; queries are a tenth of that
	// receiveBuffer is what arrives while the process does not run: some ms at
	// 30,000 queries a second.
	receiveBuffer = 1 << 20
)

// udpSocket reads and answers datagrams. All memory that takes is made once.
type udpSocket struct {
	s        *Server
	conn     *net.UDPConn
	raw      syscall.RawConn
	loopback bool // only loopback clients are served

	in, out   [batch]mmsghdr
	from      [batch]unix.RawSockaddrInet6 // has room for an IPv4 address
	inVec     [batch]unix.Iovec
	outVec    [batch]unix.Iovec
	packets   [batch][maxQuery]byte
	replies   [batch][wire.MaxUDP + 48]byte
	q         wire.Query
	got       int // of in
	sending   int // of out
	sent      int // of these
	errno     syscall.Errno
	receiving func(fd uintptr) bool
	delivery  func(fd uintptr) bool
}

// mmsghdr is struct mmsghdr of recvmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
}

func newUDPSocket(s *Server, network string, addr netip.AddrPort, share bool) (*udpSocket, error) {
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		controlErr := c.Control(func(fd uintptr) {
			if share {
				err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
			}
			// The second is for root; without either the default will do.
			_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer)
			_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer)
		})
		if err == nil {
			err = controlErr
		}
		return err
	}}
	pc, err := lc.ListenPacket(context.Background(), "udp"+network, addr.String())
	if err != nil {
		return nil, err
	}
	u := &udpSocket{s: s, conn: pc.(*net.UDPConn), loopback: addr.Addr().IsLoopback()}
	if u.raw, err = u.conn.SyscallConn(); err != nil {
		_ = u.conn.Close()
		return nil, err
	}
	for i := range u.in {
		u.inVec[i].Base = &u.packets[i][0]
		u.inVec[i].SetLen(maxQuery)
		u.in[i].hdr.Name = (*byte)(unsafe.Pointer(&u.from[i]))
		u.in[i].hdr.Iov = &u.inVec[i]
		u.in[i].hdr.SetIovlen(1)
		u.out[i].hdr.Iov = &u.outVec[i]
		u.out[i].hdr.SetIovlen(1)
	}
	u.receiving, u.delivery = u.receive, u.deliver
	return u, nil
}

func (u *udpSocket) close() { _ = u.conn.Close() }

// interrupt has run end, and no more datagrams come: a socket that is connected takes those
// of its peer only, and the senders of others hear from the kernel that nobody listens.
// What has come before stays there to be read.
func (u *udpSocket) interrupt() {
	_ = u.raw.Control(func(fd uintptr) {
		local, err := unix.Getsockname(int(fd))
		if err != nil {
			return
		}
		switch sa := local.(type) {
		case *unix.SockaddrInet4:
			sa.Port = discard
			_ = unix.Connect(int(fd), sa)
		case *unix.SockaddrInet6:
			sa.Port = discard
			_ = unix.Connect(int(fd), sa)
		}
	})
	_ = u.conn.SetReadDeadline(time.Unix(1, 0))
}

// discard is a port that nothing sends from (RFC 863).
const discard = 9

// run answers until it is interrupted.
func (u *udpSocket) run() {
	for u.raw.Read(u.receiving) == nil {
		u.answerAll()
	}
}

// drain answers what the socket has got, and tells whether there was anything.
func (u *udpSocket) drain() (some bool) {
	for {
		u.got = 0
		if err := u.raw.Control(func(fd uintptr) { u.receive(fd) }); err != nil || u.got == 0 {
			return some
		}
		some = true
		u.answerAll()
	}
}

// receive reads datagrams. It returns false if there are none.
func (u *udpSocket) receive(fd uintptr) bool {
	for i := range u.in {
		u.in[i].hdr.Namelen = unix.SizeofSockaddrInet6
	}
	n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&u.in[0])), batch, unix.MSG_DONTWAIT, 0, 0)
	switch {
	case errno == unix.EAGAIN:
		u.got = 0
		return false
	case errno != 0:
		u.got = 0 // such as an ICMP error for an earlier reply
		return true
	}
	u.got = int(n)
	return true
}

// answerAll answers the datagrams that were read.
func (u *udpSocket) answerAll() {
	now := time.Since(u.s.start)
	u.sending = 0
	for i := range u.got {
		if !u.isServed(i) {
			u.s.foreign.Add(1)
			continue
		}
		packet := u.packets[i][:min(int(u.in[i].n), maxQuery)]
		if reply := u.answer(packet, i, now); reply != nil {
			u.queue(reply, i)
		}
	}
	u.send()
	if u.sending > 0 {
		u.s.latency.observe(time.Since(u.s.start)-now, u.sending)
	}
}

// isServed tells whether the sender of a datagram may ask.
func (u *udpSocket) isServed(i int) bool {
	from := &u.from[i]
	if from.Port == 0 {
		return false
	}
	if !u.loopback {
		return true
	}
	if from.Family == unix.AF_INET {
		return (*unix.RawSockaddrInet4)(unsafe.Pointer(from)).Addr[0] == 127
	}
	return netip.AddrFrom16(from.Addr).Unmap().IsLoopback()
}

// answer gives the reply to a datagram, or nil if there is none, or not yet.
func (u *udpSocket) answer(packet []byte, i int, now time.Duration) (reply []byte) {
	s := u.s
	s.udpQueries.Add(1)
	reply = u.replies[i][:0]
	verdict := u.q.Parse(packet)
	switch verdict {
	case wire.Drop:
		s.malformed.Add(1)
		return nil
	case wire.Ask:
	default:
		return s.refusal(reply, &u.q, verdict)
	}
	defer s.recovered(&u.q, &reply)
	reply, ok := s.cfg.Handler.Answer(reply, &u.q, now)
	if ok {
		s.hits.Add(1)
		s.results.addReply(reply)
		return reply
	}
	if u.later(packet, i, now) {
		return nil
	}
	return s.overloaded(u.replies[i][:0], &u.q)
}

// later has a query that was read at that time resolved on a goroutine. It returns false if
// there are too many.
func (u *udpSocket) later(packet []byte, i int, at time.Duration) bool {
	packet = append([]byte(nil), packet...)
	to := u.sender(i)
	return u.s.work.submit(func() {
		var q wire.Query
		q.Parse(packet)
		reply := u.s.resolve(&q)
		if _, err := u.conn.WriteToUDPAddrPort(reply, to); err != nil {
			u.s.unsent.Add(1)
			return
		}
		u.s.replies.Add(1)
		u.s.latency.observe(time.Since(u.s.start)-at, 1)
	})
}

func (u *udpSocket) sender(i int) netip.AddrPort {
	from := &u.from[i]
	port := from.Port>>8 | from.Port<<8
	if isBigEndian() {
		port = from.Port
	}
	if from.Family == unix.AF_INET {
		return netip.AddrPortFrom(netip.AddrFrom4((*unix.RawSockaddrInet4)(unsafe.Pointer(from)).Addr), port)
	}
	return netip.AddrPortFrom(netip.AddrFrom16(from.Addr), port)
}

// isBigEndian tells whether ports in network byte order are numbers already.
func isBigEndian() bool {
	one := uint16(1)
	return *(*byte)(unsafe.Pointer(&one)) == 0
}

// queue has a reply sent with the others.
func (u *udpSocket) queue(reply []byte, i int) {
	if len(reply) == 0 {
		return
	}
	n := u.sending
	u.outVec[n].Base = &reply[0]
	u.outVec[n].SetLen(len(reply))
	u.out[n].hdr.Name = (*byte)(unsafe.Pointer(&u.from[i]))
	u.out[n].hdr.Namelen = u.in[i].hdr.Namelen
	u.sending++
}

// send sends the replies that are queued.
func (u *udpSocket) send() {
	for u.sent = 0; u.sent < u.sending; {
		u.errno = 0
		if err := u.raw.Write(u.delivery); err != nil {
			u.s.unsent.Add(uint64(u.sending - u.sent))
			return
		}
		if u.errno != 0 {
			u.sent++ // the first one of those that were left
			u.s.unsent.Add(1)
		}
	}
}

// deliver sends what is left. It returns false if the socket takes nothing now.
func (u *udpSocket) deliver(fd uintptr) bool {
	n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&u.out[u.sent])), uintptr(u.sending-u.sent), unix.MSG_DONTWAIT, 0, 0)
	switch {
	case errno == unix.EAGAIN:
		return false
	case errno == unix.EINTR:
	case errno != 0:
		u.errno = errno
	default:
		u.sent += int(n)
		u.s.replies.Add(uint64(n))
	}
	return true
}
