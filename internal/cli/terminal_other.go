//go:build !linux

package cli

import (
	"errors"
	"os"
	"syscall"
)

// keyboard is for Linux.
type keyboard struct{ typed chan []byte }

func windowSize(*os.File) (columns, rows int, err error) { return 0, 0, errors.ErrUnsupported }

func openKeyboard(*os.File) (*keyboard, error) { return nil, errors.ErrUnsupported }

func (k *keyboard) close() {}

// sigResize does not come.
const sigResize = syscall.Signal(0x1c)
