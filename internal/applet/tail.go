//go:build linux

package applet

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/sillelien/baseinit/internal/execline"
)

// tail is s6-tail: tail(1) of POSIX without -f. A count with a plus says where to begin,
// any other how much of the end there is to be.
func tail(_ *execline.Process, argv []string) ([]string, error) {
	options, files, ok := execline.Options(argv[1:], "n:c:")
	count, part := int64(-10), tailLines
	for _, o := range options {
		n, err := strconv.ParseInt(o.Arg, 10, 32)
		ok, count = ok && err == nil, n
		if !strings.HasPrefix(o.Arg, "+") {
			count = -max(n, -n)
		}
		part = tailLines
		if o.Letter == 'c' {
			part = tailBytes
		}
	}
	if !ok || len(files) > 1 {
		return nil, errUsage
	}
	return nil, eachInput(files, func(f *os.File, _ int) error {
		data, err := io.ReadAll(f)
		if err != nil {
			return fmt.Errorf("cannot read: %w", err)
		}
		return execline.Write(1, string(part(data, int(count))))
	})
}

// tailStart gives the first of so many things that counts: the first is number 1.
func tailStart(things, count int) int {
	if count > 0 {
		return min(count-1, things)
	}
	return max(things+count, 0)
}

func tailBytes(data []byte, count int) []byte {
	return data[tailStart(len(data), count):]
}

func tailLines(data []byte, count int) []byte {
	lines := bytes.SplitAfter(data, []byte("\n"))
	if last := len(lines) - 1; len(lines[last]) == 0 {
		lines = lines[:last]
	}
	return bytes.Join(lines[tailStart(len(lines), count):], nil)
}
