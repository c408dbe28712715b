//go:build linux

package applet

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/sillelien/baseinit/internal/execline"
	"github.com/sillelien/baseinit/internal/tai64n"
)

// filter copies standard input to standard output line by line, each as convert gives
// it. It writes whenever there is nothing more to read at once.
func filter(convert func(out, line []byte) []byte) error { return filterFile(os.Stdin, convert) }

func filterFile(file io.Reader, convert func(out, line []byte) []byte) error {
	in, out := bufio.NewReaderSize(file, 64<<10), bufio.NewWriterSize(os.Stdout, 64<<10)
	var line, buf []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if len(line) > 0 {
			buf = convert(buf[:0], line)
			if _, werr := out.Write(buf); werr != nil {
				return fmt.Errorf("cannot write: %w", werr)
			}
			line = line[:0]
		}
		if err != nil || in.Buffered() == 0 {
			if werr := out.Flush(); werr != nil {
				return fmt.Errorf("cannot write: %w", werr)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("cannot read: %w", err)
		}
	}
}

// stamp is s6-tai64n: it puts a label before each line.
func stamp(_ *execline.Process, argv []string) ([]string, error) {
	if len(argv) != 1 {
		return nil, errUsage
	}
	return nil, filter(func(out, line []byte) []byte {
		out = append(tai64n.Append(out, time.Now()), ' ')
		out = append(out, line...)
		if line[len(line)-1] != '\n' {
			out = append(out, '\n')
		}
		return out
	})
}

// stampLocal is s6-tai64nlocal: it makes the label at the front of a line a time that
// people read.
func stampLocal(p *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "g")
	if !ok || len(rest) > 0 {
		return nil, errUsage
	}
	zone := zone(p)
	if len(options) > 0 {
		zone = time.UTC
	}
	return nil, filter(func(out, line []byte) []byte {
		if t, ok := tai64n.Parse(line); ok {
			out = t.In(zone).AppendFormat(out, tai64n.Layout)
			line = line[tai64n.Length:]
		}
		return append(out, line...)
	})
}

// zone is the time zone of the environment which the words before this one have made.
func zone(p *execline.Process) *time.Location {
	return tai64n.Zone(p.Get("TZ"))
}

// formatFilter is s6-format-filter: each line in the place of %s in a text, and of %1 and
// so on the arguments after it.
func formatFilter(_ *execline.Process, argv []string) ([]string, error) {
	_, rest, ok := execline.Options(argv[1:], "")
	if !ok || len(rest) == 0 {
		return nil, errUsage
	}
	parts, err := splitFormat(rest[0], rest[1:])
	if err != nil {
		return nil, err
	}
	return nil, filter(func(out, line []byte) []byte {
		line = bytes.TrimSuffix(line, []byte("\n"))
		for i, part := range parts {
			if i > 0 {
				out = append(out, line...)
			}
			out = append(out, part...)
		}
		return append(out, '\n')
	})
}

// splitFormat gives what stands between the places for the line.
func splitFormat(format string, args []string) ([]string, error) {
	var parts []string
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			b.WriteByte(format[i])
			continue
		}
		i++
		switch {
		case i < len(format) && format[i] == '%':
			b.WriteByte('%')
		case i < len(format) && format[i] == 's':
			parts = append(parts, b.String())
			b.Reset()
		case i < len(format) && format[i] >= '0' && format[i] <= '9':
			n := int(format[i] - '0')
			if n == 0 || n > len(args) {
				return nil, fail(execline.CodeUsage, "cannot use the format %q: there is no argument %%%d", format, n)
			}
			b.WriteString(args[n-1])
		default:
			return nil, fail(execline.CodeUsage, "cannot use the format %q: after %% comes s, %% or the number of an argument", format)
		}
	}
	return append(parts, b.String()), nil
}
