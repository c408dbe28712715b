package syslog

import (
	"bytes"
	"fmt"
	"os"
	"time"
)

// self is what our own messages are called.
const self = "baseinit"

// note is a message of our own.
func (w *writer) note(at time.Time, text string) Message {
	return Message{
		Received: at, From: self, PID: os.Getpid(), UID: os.Getuid(), GID: os.Getgid(), Comm: self,
		Facility: facilitySyslog, Severity: Error,
		Hostname: w.parser.hostname, Tag: []byte(self), Text: []byte(text), Raw: []byte(text),
	}
}

// facilitySyslog is what a syslogd itself has to say: RFC 5424, section 6.2.1.
const facilitySyslog Facility = 5

func hostname() []byte {
	name, err := os.Hostname()
	if err != nil {
		return nil
	}
	return []byte(name)
}

// pieceSize is how much of lines can be written in one piece: whole lines, or one
// that is too long for it.
func pieceSize(lines []byte) int {
	if len(lines) <= pipeBuf {
		return len(lines)
	}
	if end := bytes.LastIndexByte(lines[:pipeBuf], '\n'); end >= 0 {
		return end + 1
	}
	return bytes.IndexByte(lines, '\n') + 1
}

func plural(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
