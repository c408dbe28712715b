//go:build linux

package applet

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/internal/execline"
	"github.com/sillelien/baseinit/internal/tai64n"
)

// uniquename is s6-uniquename: a name that no other process makes, of the time, the host
// and the process, and one that nobody can guess.
func uniquename(_ *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "n:")
	length := 8
	for _, o := range options {
		n, valid := milliseconds(o.Arg)
		ok, length = ok && valid && n <= 1024, n
	}
	if !ok || len(rest) != 1 {
		return nil, errUsage
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("cannot tell the host: %w", err)
	}
	name := fmt.Sprintf("%s:%s:%s:%d", rest[0], tai64n.Append(nil, time.Now()), host, os.Getpid())
	if length > 0 {
		text, err := randomText(length)
		if err != nil {
			return nil, err
		}
		name += ":" + text
	}
	return nil, execline.Write(1, name+"\n")
}

// randomText gives readable characters from getrandom(2): package crypto/rand would be
// initialised at each start.
func randomText(length int) (string, error) {
	const readable = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	text := make([]byte, length)
	for done := 0; done < length; {
		n, err := unix.Getrandom(text[done:], 0)
		if err != nil && err != unix.EINTR {
			return "", fmt.Errorf("cannot get random bytes: %w", err)
		}
		done += max(n, 0)
	}
	for i, b := range text {
		text[i] = readable[int(b)%len(readable)] // 64 of them: all are as likely
	}
	return string(text), nil
}
