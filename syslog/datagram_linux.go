package syslog

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// atOnce is how many datagrams one recvmmsg(2) may bring. A queue of the kernel
// holds net.unix.max_dgram_qlen + 1 of them, 11 by default.
const atOnce = 32

// mmsghdr is struct mmsghdr of recvmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	len uint32
}

// datagrams is a bound datagram socket, and who reads it.
type datagrams struct {
	address address
	origin  *origin
	file    *os.File // non-blocking: the runtime polls it
	inode   inode    // of its path; zero for UDP
	maxSize int
	senders *senders
	queue   *queue
	timer   *time.Timer

	memory   []byte // of the buffers; made when the first message is there
	headers  [atOnce]mmsghdr
	vectors  [atOnce]unix.Iovec
	controls [atOnce][controlSize]byte
	arrivals [atOnce]arrival
	received int
	failed   error
}

// controlSize is the room for one SCM_CREDENTIALS, CMSG_SPACE(sizeof(struct ucred)),
// and for nothing more: descriptors that somebody sends along would find it, and
// stay open. Without room the kernel closes them.
const controlSize = 32

// run reads until stop ends the waiting, and then what is still there.
func (d *datagrams) run() error {
	raw, err := d.file.SyscallConn()
	if err != nil {
		return d.wrap(err)
	}
	d.timer = time.NewTimer(time.Hour)
	d.timer.Stop()
	receive := d.receive // one closure for all
	for {
		err := raw.Read(receive)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return d.drain(raw)
		case err == nil:
			err = d.failed
		}
		if err != nil {
			return d.wrap(err)
		}
		d.deliver()
	}
}

func (d *datagrams) wrap(err error) error {
	return fmt.Errorf("cannot read %s: %w", d.origin.name, err)
}

func (d *datagrams) name() string { return d.origin.name }

// stop makes run read what is there, and return.
func (d *datagrams) stop() { _ = d.file.SetReadDeadline(time.Unix(1, 0)) }

// drainLimit bounds how long messages are taken while others keep coming. On a unix
// socket none do, and what it holds is taken whole.
const drainLimit = time.Second

// drain takes what is there. Who sends after it has begun gets EPIPE, so that
// nothing is accepted only to be thrown away.
func (d *datagrams) drain(raw syscall.RawConn) error {
	_ = raw.Control(func(fd uintptr) { _ = unix.Shutdown(int(fd), unix.SHUT_RD) }) // of UDP it is refused
	for began := time.Now(); d.origin.local || time.Since(began) < drainLimit; {
		ready := false
		if err := raw.Control(func(fd uintptr) { ready = d.receive(fd) }); err != nil || d.failed != nil {
			return errors.Join(err, d.failed)
		}
		if !ready {
			return nil
		}
		d.deliver()
	}
	return nil
}

// receive takes what is there, and tells whether that was anything.
func (d *datagrams) receive(fd uintptr) bool {
	if d.memory == nil && !d.prepare(fd) {
		return d.failed != nil
	}
	for i := range d.headers {
		// The kernel has written what it found there into these.
		d.headers[i].hdr.Controllen = 0
		d.headers[i].hdr.SetControllen(controlSize)
	}
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&d.headers)), atOnce,
			unix.MSG_DONTWAIT|unix.MSG_TRUNC|unix.MSG_CMSG_CLOEXEC, 0, 0)
		switch errno {
		case 0:
			d.received = int(n)
			return true
		case unix.EAGAIN:
			return false
		case unix.EINTR, unix.ENOBUFS, unix.ENOMEM:
		default:
			d.failed = errno
			return true
		}
	}
}

// prepare makes the buffers once there is something to put into them. Pages that
// no message was long enough to reach are never touched, and cost nothing.
func (d *datagrams) prepare(fd uintptr) (ready bool) {
	poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	if n, err := unix.Poll(poll, 0); n == 0 && err == nil {
		return false
	}
	d.memory, d.failed = unix.Mmap(-1, 0, atOnce*d.maxSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if d.failed != nil {
		return false
	}
	for i := range d.headers {
		d.vectors[i].Base = &d.memory[i*d.maxSize]
		d.vectors[i].SetLen(d.maxSize)
		d.headers[i].hdr.Iov = &d.vectors[i]
		d.headers[i].hdr.SetIovlen(1)
		d.headers[i].hdr.Control = &d.controls[i][0]
	}
	return true
}

// deliver queues what receive took.
func (d *datagrams) deliver() {
	now := time.Now()
	for i := range d.received {
		d.arrivals[i] = d.arrival(i, now)
	}
	d.queue.put(d.origin, now, d.arrivals[:d.received], d.timer)
}

func (d *datagrams) arrival(i int, now time.Time) arrival {
	size := int(d.headers[i].len) // with MSG_TRUNC that of the whole datagram
	kept := min(size, d.maxSize)
	a := arrival{data: d.memory[i*d.maxSize:][:kept], sender: nobody, uid: -1, gid: -1}
	if size > kept {
		a.data = cutAtRune(a.data)
		a.cut = size - len(a.data)
	}
	if !d.origin.local {
		return a
	}
	if pid, uid, gid, ok := credentials(d.controls[i][:d.headers[i].hdr.Controllen]); ok {
		a.uid, a.gid = uid, gid
		if pid > 0 {
			a.pid, a.sender = pid, d.senders.of(pid, now)
		}
	}
	return a
}

// credentials reads SCM_CREDENTIALS, which the kernel puts first: unix(7).
func credentials(control []byte) (pid, uid, gid int, ok bool) {
	const headerSize = unix.SizeofCmsghdr
	if len(control) < headerSize+unix.SizeofUcred {
		return 0, 0, 0, false
	}
	header := (*unix.Cmsghdr)(unsafe.Pointer(&control[0]))
	if header.Level != unix.SOL_SOCKET || header.Type != unix.SCM_CREDENTIALS {
		return 0, 0, 0, false
	}
	who := (*unix.Ucred)(unsafe.Pointer(&control[unix.CmsgLen(0)]))
	return int(who.Pid), int(who.Uid), int(who.Gid), true
}

// close ends the socket, and removes its path if it is still its.
func (d *datagrams) close() {
	if d.memory != nil {
		_ = unix.Munmap(d.memory)
		d.memory = nil
	}
	_ = d.file.Close()
	d.inode.remove(d.origin.name)
}
