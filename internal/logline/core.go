package logline

import (
	"io"
	"slices"
	"sync"

	"go.uber.org/zap/zapcore"
)

// core is a zapcore.Core that hands each entry to out as one Write.
type core struct {
	zapcore.LevelEnabler
	out    io.Writer
	format Format
	fields []zapcore.Field // of With
	bufs   *sync.Pool      // of *[]byte
}

// NewCore returns a core for zap.New that writes entries of the given level and
// above to w, usually a [Writer] on stderr, each as one line.
//
// Nothing in an entry can make a second line or control a terminal: newlines and
// control characters are escaped. Only a stack trace, if zap.AddStacktrace asks
// for it, has lines of its own in the Text format, each with our prefix.
//
// Sync does nothing: the lines of a Writer are out when its Close returns.
func NewCore(w io.Writer, format Format, level zapcore.LevelEnabler) zapcore.Core {
	bufs := &sync.Pool{New: func() any { return new([]byte) }}
	return &core{LevelEnabler: level, out: w, format: format, bufs: bufs}
}

func (c *core) With(fields []zapcore.Field) zapcore.Core {
	with := *c
	with.fields = slices.Concat(c.fields, fields)
	return &with
}

func (c *core) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(ent.Level) {
		return ce.AddCore(ent, c)
	}
	return ce
}

func (c *core) Write(ent zapcore.Entry, fields []zapcore.Field) error {
	if len(c.fields) > 0 {
		fields = slices.Concat(c.fields, fields)
	}
	// A pool and no lock: a Stringer among the fields may log, too.
	buf := c.bufs.Get().(*[]byte)
	defer c.bufs.Put(buf)
	*buf = appendEntry((*buf)[:0], c.format, "stderr", ent, fields)
	_, err := c.out.Write(*buf)
	return err
}

func (c *core) Sync() error { return nil }
