// Package smallfile reads small files out of trees that nobody vouches for. A
// FIFO, a device, a socket, a directory or an endless file is an error: the
// reader neither hangs nor fills the memory.
package smallfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// Error is what is wrong with a file of a tree. Err names the file, too, so that a reader who
// sees nothing else can mend it.
type Error struct {
	File string
	Err  error
	// Missing is true when the tree lacks something that File needs. A tree that is copied
	// over another one may find it there.
	Missing bool
}

// Error is that of Err.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap gives Err.
func (e *Error) Unwrap() error { return e.Err }

// Read returns the contents of the regular file path, following symbolic links.
// More than limit bytes are an error, for a file cut short would be misread.
// Errors name path and wrap what the system said: errors.Is(err, fs.ErrNotExist).
func Read(path string, limit int) ([]byte, error) {
	// O_NONBLOCK: the open of a FIFO that nobody writes to returns at once, fifo(7).
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ENXIO) {
		return nil, fmt.Errorf("cannot read %s: it is a socket or a device without a driver, not a file", path)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", path, Cause(err))
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", path, Cause(err))
	}
	if !fi.Mode().IsRegular() {
		return nil, fmt.Errorf("cannot read %s: it is %s, not a file", path, Kind(fi.Mode()))
	}
	data, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", path, Cause(err))
	}
	if len(data) > limit {
		return nil, fmt.Errorf("cannot read %s: it is larger than %d bytes", path, limit)
	}
	return data, nil
}

// Kind names what a file is that is no regular file: "a directory".
func Kind(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a directory"
	case mode&fs.ModeNamedPipe != 0:
		return "a FIFO"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	case mode&fs.ModeSymlink != 0:
		return "a symbolic link"
	}
	return "not a regular file"
}

// Cause strips the operation and the path that the os package puts before the
// reason, for messages that name the path themselves.
func Cause(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}
