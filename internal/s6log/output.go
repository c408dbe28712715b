//go:build linux

package s6log

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"
)

// atOnce is how much a pipe that can be written to takes without waiting: PIPE_BUF.
const atOnce = 4096

// line does with a line what the script says.
func (l *logger) line(line []byte) {
	now := time.Now()
	selected, acted := true, false
	for i := range l.script.rules {
		r := &l.script.rules[i]
		for j := range r.selections {
			selected = r.selections[j].apply(line, selected, acted)
		}
		if !selected {
			continue
		}
		acted = true
		for j := range r.actions {
			l.act(&r.actions[j], line, now)
		}
	}
}

func (l *logger) act(a *action, line []byte, now time.Time) {
	switch a.kind {
	case toDir:
		d := l.dirs[a.dir]
		d.Keep(append(l.format(d.Buffer(), a, line, now), '\n'))
	case toStdout:
		if !l.deaf {
			l.out = append(l.format(l.out, a, line, now), '\n')
		}
	case toStderr:
		l.alert(a, line, now)
	case toStatus:
		if l.status == nil {
			l.status = map[*action][]byte{}
		}
		l.status[a] = l.format(l.status[a][:0], a, line, now)
	}
}

// format appends a line with what comes before it.
func (l *logger) format(buf []byte, a *action, line []byte, now time.Time) []byte {
	if a.tai || a.kind == toDir && l.options.StampDirs || a.kind == toStderr && l.options.StampErr {
		buf = l.clock.tai(buf, now)
	}
	if a.iso {
		buf = l.clock.iso(buf, now)
	}
	buf = append(buf, a.prefix...)
	return append(buf, line...)
}

// alert writes a line to standard error at once, even if that takes a while.
func (l *logger) alert(a *action, line []byte, now time.Time) {
	end := "\n"
	if a.limit > 0 && a.limit+3 < len(line) {
		line, end = line[:a.limit], "...\n"
	}
	text := l.format([]byte("s6-log: alert: "), a, line, now)
	l.say(append(text, end...))
}

// say writes to standard error, as far as that goes.
func (l *logger) say(text []byte) {
	for len(text) > 0 {
		n, err := syscall.Write(2, text)
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return // nobody to tell
		}
		text = text[max(n, 0):]
	}
}

// writeStatus writes the status files that lines have changed: of several lines that were
// read at once the last is there to stay.
func (l *logger) writeStatus() {
	for a, text := range l.status {
		if err := writeStatus(a, text); err != nil {
			l.warn(fmt.Errorf("cannot write the status file: %w", err))
		}
	}
	clear(l.status)
}

func writeStatus(a *action, text []byte) error {
	if a.limit == 0 {
		text = append(text, '\n')
	} else if missing := a.limit - len(text); missing > 0 {
		text = append(slices.Clip(text), bytes.Repeat([]byte{'\n'}, missing)...)
	} else {
		text = text[:a.limit]
	}
	draft := a.file + ".new"
	if err := os.WriteFile(draft, text, 0o666); err != nil {
		return err
	}
	return os.Rename(draft, a.file)
}

// writeOut writes to standard output, which poll(2) says can take some. It is not made
// non-blocking, as it may be somebody else's, too: so a pipe gets as much as it takes
// without waiting, in whole lines, since others may write to it.
func (l *logger) writeOut() {
	part := l.out
	if len(part) > atOnce && !l.regular {
		part = part[:atOnce]
		if end := bytes.LastIndexByte(part, '\n'); end >= 0 {
			part = part[:end+1]
		}
	}
	n, err := syscall.Write(1, part)
	switch {
	case n > 0:
		l.out = l.out[:copy(l.out, l.out[n:])]
	case err != nil && !errors.Is(err, syscall.EINTR) && !errors.Is(err, syscall.EAGAIN):
		l.warn(fmt.Errorf("cannot write to standard output, which gets nothing from now on: %w", err))
		l.out, l.deaf = nil, true
	}
}
