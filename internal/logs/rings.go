package logs

import (
	"bytes"
	"io"
	"os"

	"github.com/sillelien/baseinit/internal/logring"
	"github.com/sillelien/baseinit/syslog"
)

// What is not a service's is in the rings under these names.
const (
	Own     = "baseinit" // its own lines
	Unknown = "syslog"   // messages to syslog of which the service is not known
)

// Rings makes what is kept in memory; nil if nothing is.
func (s *Settings) Rings() *logring.Rings {
	if s.Ring < 0 {
		return nil
	}
	return logring.New(s.Ring)
}

// OwnLines is a writer for a core of package logline, in the format Text, whose lines are
// kept.
func OwnLines(rings *logring.Rings) io.Writer { return ownLines{rings} }

type ownLines struct{ rings *logring.Rings }

func (o ownLines) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		line = bytes.TrimPrefix(bytes.TrimSuffix(line, []byte{'\n'}), []byte(Own+": "))
		o.rings.Add(Own, "stderr", os.Getpid(), line)
	}
	return len(p), nil
}

// Messages is a Handler for package syslog that keeps messages as lines of text, under the
// name of the service that they are from. It is for one goroutine.
func Messages(rings *logring.Rings) func(*syslog.Message) {
	var buf []byte
	return func(m *syslog.Message) {
		anonymous, service := *m, m.Service
		if anonymous.Service = ""; service == "" {
			service = Unknown
		}
		buf = syslog.Text.Append(buf[:0], &anonymous)
		for line := range bytes.Lines(buf) {
			rings.Add(service, "syslog", m.PID, bytes.TrimSuffix(line, []byte{'\n'}))
		}
		if cap(buf) > 4<<10 {
			buf = nil
		}
	}
}
