//go:build linux

package applet

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/sillelien/baseinit/internal/execline"
)

// head is s6-head: head(1) of POSIX, with -c for bytes and -S to read nothing more from
// standard input than is printed.
func head(_ *execline.Process, argv []string) ([]string, error) {
	options, files, ok := execline.Options(argv[1:], "Sn:c:123456789")
	count, inBytes, safe := 10, false, false
	for _, o := range options {
		text := o.Arg
		switch o.Letter {
		case 'S':
			safe = true
			continue
		case 'n', 'c':
		default:
			text = string(o.Letter)
		}
		n, valid := milliseconds(text)
		ok, count, inBytes = ok && valid, n, o.Letter == 'c'
	}
	if !ok {
		return nil, errUsage
	}
	copyPart := headLines
	if inBytes {
		copyPart = headBytes
	}
	return nil, eachInput(files, func(f *os.File, i int) error {
		if len(files) > 1 {
			title := "==> " + files[i] + " <==\n"
			if i > 0 {
				title = "\n" + title
			}
			if err := execline.Write(1, title); err != nil {
				return err
			}
		}
		size := 4096
		if safe {
			size = 1
		}
		return copyPart(f, size, count)
	})
}

// eachInput opens files, of which "-" is standard input, as is no file at all.
func eachInput(files []string, use func(f *os.File, i int) error) error {
	if len(files) == 0 {
		files = []string{"-"}
	}
	for i, name := range files {
		if err := withInput(name, func(f *os.File) error { return use(f, i) }); err != nil {
			return err
		}
	}
	return nil
}

func withInput(name string, use func(f *os.File) error) error {
	f := os.Stdin
	if name != "-" {
		var err error
		if f, err = os.Open(name); err != nil {
			return fmt.Errorf("cannot read: %w", err)
		}
		defer f.Close()
	}
	return use(f)
}

func headBytes(f *os.File, _, count int) error {
	if _, err := io.CopyN(os.Stdout, f, int64(count)); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("cannot copy: %w", err)
	}
	return nil
}

// headLines reads with a buffer of that size.
func headLines(f *os.File, size, count int) error {
	out := bufio.NewWriter(os.Stdout)
	buf := make([]byte, size)
	for count > 0 {
		n, err := f.Read(buf)
		part := buf[:n]
		for i, c := range part {
			if c != '\n' {
				continue
			}
			if count--; count == 0 {
				part = part[:i+1]
				break
			}
		}
		_, _ = out.Write(part) // Flush gives the error
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("cannot read: %w", err)
		}
		if err != nil {
			break
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("cannot write: %w", err)
	}
	return nil
}
