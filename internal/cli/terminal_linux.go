package cli

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// windowSize is that of a terminal; an error if it is none. One that does not know, as that
// of `docker exec -t` at first, has 80 columns and 24 rows.
func windowSize(f *os.File) (columns, rows int, err error) {
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0, 0, err
	}
	columns, rows = int(size.Col), int(size.Row)
	if columns == 0 || rows == 0 {
		columns, rows = 80, 24
	}
	return columns, rows, nil
}

// sigResize comes when the size of the terminal has changed.
const sigResize = unix.SIGWINCH

// keyboard is a terminal that gives each key as it is typed, and echoes none.
type keyboard struct {
	typed chan []byte // closed when the terminal is gone

	fd    int
	saved *unix.Termios
	wake  [2]int // a pipe: the reader ends with its other end
	quit  chan struct{}
	ended chan struct{}
}

// openKeyboard changes a terminal until close is called.
func openKeyboard(f *os.File) (*keyboard, error) {
	k := &keyboard{fd: int(f.Fd()), typed: make(chan []byte), quit: make(chan struct{}), ended: make(chan struct{})}
	saved, err := unix.IoctlGetTermios(k.fd, unix.TCGETS)
	if err == nil {
		err = unix.Pipe2(k.wake[:], unix.O_CLOEXEC)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read keys: %w", err)
	}
	k.saved = saved
	raw := *saved
	raw.Iflag &^= unix.ICRNL | unix.IXON
	raw.Lflag &^= unix.ECHO | unix.ICANON | unix.ISIG | unix.IEXTEN
	raw.Cc[unix.VMIN], raw.Cc[unix.VTIME] = 1, 0
	if err := unix.IoctlSetTermios(k.fd, unix.TCSETS, &raw); err != nil {
		_, _ = unix.Close(k.wake[0]), unix.Close(k.wake[1])
		return nil, fmt.Errorf("cannot read keys: %w", err)
	}
	go k.read()
	return k, nil
}

// close gives the terminal back as it was.
func (k *keyboard) close() {
	close(k.quit)
	_ = unix.Close(k.wake[1])
	<-k.ended
	_ = unix.Close(k.wake[0])
	_ = unix.IoctlSetTermios(k.fd, unix.TCSETSW, k.saved)
}

// read sends what is typed until close.
func (k *keyboard) read() {
	defer close(k.ended)
	defer close(k.typed)
	fds := []unix.PollFd{{Fd: int32(k.fd), Events: unix.POLLIN}, {Fd: int32(k.wake[0]), Events: unix.POLLIN}}
	buf := make([]byte, 64)
	for {
		if _, err := unix.Poll(fds, -1); err != nil {
			if errors.Is(err, unix.EINTR) {
				continue
			}
			return
		}
		if fds[1].Revents != 0 {
			return
		}
		n, err := unix.Read(k.fd, buf)
		if errors.Is(err, unix.EINTR) || errors.Is(err, unix.EAGAIN) {
			continue
		}
		if n <= 0 {
			return
		}
		select {
		case k.typed <- slices.Clone(buf[:n]):
		case <-k.quit:
			return
		}
	}
}
