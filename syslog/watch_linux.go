package syslog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// takeover is how long a path that has been unlinked is left alone: who
	// did it may be about to bind a socket of their own there.
	takeover = 200 * time.Millisecond
	// maxRebinds bounds how often sockets are bound again.
	maxRebinds = 16
)

// watch sees to sockets whose path is taken away, until ctx ends. Clients that are
// connected keep their socket, and it goes on being read; for others
// a second one is bound at the path.
func (s *SyslogSink) watch(ctx context.Context) {
	changes, err := watchDirectories(s.paths())
	if err != nil {
		s.cfg.Logger.Debug("syslog: sockets that are unlinked will not be bound again: " + err.Error())
		<-ctx.Done()
		return
	}
	defer changes.close()
	left := maxRebinds
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	if s.displaced() { // since the sockets were bound
		timer.Reset(takeover)
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.leaving:
			changes.forget()
			<-ctx.Done()
			return
		case <-changes.seen:
			timer.Reset(takeover)
		case <-timer.C:
			for path, a := range s.paths() {
				left -= s.rebind(path, a, left)
			}
		}
	}
}

// displaced tells whether a path leads to another socket than ours, or nowhere.
func (s *SyslogSink) displaced() bool {
	for path, a := range s.paths() {
		if there, err := inodeOf(path); err != nil || there != a.inode {
			return true
		}
	}
	return false
}

// paths are the paths of the sockets, and the addresses that they stand for.
func (s *SyslogSink) paths() map[string]pathSocket {
	paths := map[string]pathSocket{}
	for _, sock := range s.bound() {
		switch sock := sock.(type) {
		case *datagrams:
			if sock.address.kind == unixDatagram {
				paths[sock.address.path] = pathSocket{sock.address, sock.inode}
			}
		case *streams:
			if sock.address.kind == unixStream {
				paths[sock.address.path] = pathSocket{sock.address, sock.inode}
			}
		}
	}
	return paths
}

// pathSocket is the latest socket of a path.
type pathSocket struct {
	address address
	inode   inode
}

// rebind binds a path anew if it is gone, and gives the number of sockets made.
func (s *SyslogSink) rebind(path string, latest pathSocket, left int) int {
	there, err := inodeOf(path)
	if err == nil && there == latest.inode {
		return 0
	}
	switch {
	case left <= 0:
		err = fmt.Errorf("that has happened %d times before", maxRebinds)
	default:
		err = s.bind(latest.address)
	}
	switch {
	case errors.Is(err, errLive):
		s.cfg.Logger.Warn(fmt.Sprintf("syslog: another program has taken %s: what is sent there now goes to it", latest.address))
	case err != nil:
		s.cfg.Logger.Warn(fmt.Sprintf("syslog: %s was unlinked and cannot be bound again: %v", latest.address, err))
	default:
		s.cfg.Logger.Warn(fmt.Sprintf("syslog: %s was unlinked: a second socket is bound there, and the first still read", latest.address))
		bound := s.bound()
		s.read(bound[len(bound)-1])
		return 1
	}
	return 0
}

// directories tells when one of some files is removed from its directory, or
// another put in its place.
type directories struct {
	seen    chan struct{}
	file    *os.File
	watches []int
	done    chan struct{}
}

// watchDirectories uses inotify(7), which wakes nobody up as long as nothing in these
// directories is removed or replaced.
func watchDirectories(paths map[string]pathSocket) (*directories, error) {
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("inotify_init1", err)
	}
	d := &directories{seen: make(chan struct{}, 1), file: os.NewFile(uintptr(fd), "inotify"), done: make(chan struct{})}
	names := map[string]bool{}
	for path := range paths {
		names[filepath.Base(path)] = true
		watch, e := unix.InotifyAddWatch(fd, filepath.Dir(path), unix.IN_DELETE|unix.IN_MOVED_FROM|unix.IN_MOVED_TO)
		if e != nil {
			err = os.NewSyscallError("inotify_add_watch", e)
			continue
		}
		d.watches = append(d.watches, watch)
	}
	if err != nil {
		_ = d.file.Close()
		return nil, err
	}
	go d.run(names)
	return d, nil
}

func (d *directories) run(names map[string]bool) {
	defer close(d.done)
	buf := make([]byte, 2*(unix.SizeofInotifyEvent+unix.NAME_MAX+1))
	for {
		n, err := d.file.Read(buf)
		if err != nil {
			return
		}
		if anyNamed(buf[:n], names) {
			notify(d.seen)
		}
	}
}

// anyNamed tells whether one of the events is about one of the names, or events
// were lost.
func anyNamed(events []byte, names map[string]bool) bool {
	for len(events) >= unix.SizeofInotifyEvent {
		event := (*unix.InotifyEvent)(unsafe.Pointer(&events[0]))
		end := unix.SizeofInotifyEvent + int(event.Len)
		name, _, _ := bytes.Cut(events[unix.SizeofInotifyEvent:end], []byte{0})
		if names[string(name)] || event.Mask&unix.IN_Q_OVERFLOW != 0 {
			return true
		}
		events = events[end:]
	}
	return false
}

func (d *directories) close() {
	d.forget()
	_ = d.file.Close()
	<-d.done
}

// forget ends the watches. Closing the descriptor waits until the kernel is done with
// those, which takes up to 15 ms, so they should have ended before.
func (d *directories) forget() {
	raw, err := d.file.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		for _, watch := range d.watches {
			_, _ = unix.InotifyRmWatch(int(fd), uint32(watch))
		}
	})
	d.watches = nil
}
