package watch

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// fileID is what differs when a file was changed.
type fileID struct {
	dev, ino     uint64
	size         int64
	mtime, ctime int64
}

func idOf(info os.FileInfo) fileID {
	id := fileID{size: info.Size(), mtime: info.ModTime().UnixNano()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		id.dev, id.ino = st.Dev, st.Ino
		id.ctime = syscall.TimespecToNsec(st.Ctim)
	}
	return id
}

// hints are events of inotify(7). What they say is not looked at.
type hints struct {
	file *os.File
	done chan struct{}

	mu      sync.Mutex
	left    bool
	watched map[string]uint32
}

// of is what can make stat(2) say something else.
const of = unix.IN_MODIFY | unix.IN_ATTRIB | unix.IN_CLOSE_WRITE | unix.IN_CREATE | unix.IN_DELETE |
	unix.IN_MOVED_FROM | unix.IN_MOVED_TO | unix.IN_DELETE_SELF | unix.IN_MOVE_SELF

func newHints(wake chan<- struct{}) (*hints, error) {
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("cannot use inotify: %w", err)
	}
	h := &hints{file: os.NewFile(uintptr(fd), "inotify"), done: make(chan struct{}), watched: map[string]uint32{}}
	go func() {
		defer close(h.done)
		buf := make([]byte, 4096)
		for {
			if _, err := h.file.Read(buf); err != nil {
				return
			}
			select {
			case wake <- struct{}{}:
			default:
			}
		}
	}()
	return h, nil
}

// watch has events of these paths come, and of no others. Of an error, there is the
// first one; paths that are gone are none.
func (h *hints) watch(paths []string) (err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.left {
		return nil
	}
	before := h.watched
	h.watched = map[string]uint32{}
	used := map[uint32]bool{}
	h.control(func(fd int) {
		for _, path := range paths {
			wd, e := unix.InotifyAddWatch(fd, path, of)
			if e != nil {
				if err == nil && !errors.Is(e, unix.ENOENT) {
					err = fmt.Errorf("cannot watch %s: %w", path, e)
				}
				continue
			}
			h.watched[path] = uint32(wd)
			used[uint32(wd)] = true
		}
		for _, wd := range before {
			if !used[wd] {
				_, _ = unix.InotifyRmWatch(fd, wd)
			}
		}
	})
	return err
}

// forget ends all watches.
func (h *hints) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.left = true
	h.control(func(fd int) {
		for _, wd := range h.watched {
			_, _ = unix.InotifyRmWatch(fd, wd)
		}
	})
	h.watched = nil
}

func (h *hints) control(f func(fd int)) {
	if raw, err := h.file.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { f(int(fd)) })
	}
}

func (h *hints) close() {
	_ = h.file.Close()
	<-h.done
}
