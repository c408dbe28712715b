//go:build linux

package main

import (
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/dnsfix"
	"github.com/sillelien/baseinit/internal/boot"
	"github.com/sillelien/baseinit/internal/logging"
	"github.com/sillelien/baseinit/internal/logline"
	"github.com/sillelien/baseinit/internal/logring"
	"github.com/sillelien/baseinit/internal/logs"
	"github.com/sillelien/baseinit/internal/naming"
	"github.com/sillelien/baseinit/supervisor"
	"github.com/sillelien/baseinit/syslog"
)

// output is what the process writes to: never to a descriptor itself, since a
// log that nobody reads must not stop it.
type output struct {
	stdout, stderr *logline.Writer
	prefix         func(service, stream string) string // nil: the supervisor's
	logger         *zap.Logger
	rings          *logring.Rings // nil: nothing is kept
	// blocking are stdout and stderr for who may wait.
	blocking [2]io.Writer
}

func newOutput(o options) *output {
	formats := [2]logline.Format{formatOf(1, o), formatOf(2, o)}
	turns := [2]*sync.Mutex{{}, {}}
	if sameFile(1, 2) {
		turns[0] = turns[1]
	}
	out := &output{
		stdout: logline.New(1, logline.Config{Format: formats[0], Turn: turns[0]}),
		stderr: logline.New(2, logline.Config{Format: formats[1], Turn: turns[1]}),
		rings:  o.logs.Rings(),
	}
	for i, format := range formats {
		out.blocking[i] = logline.Blocking{FD: i + 1, Turn: turns[i]}
		if format == logline.Color && o.syslog.Sink.Format == syslog.Text {
			out.blocking[i] = logline.ColorWriter{W: out.blocking[i]}
		}
	}
	out.prefix = prefixes(formats)
	out.logger = zap.New(out.core(formats[1], level(o)), zap.ErrorOutput(zapcore.AddSync(out.stderr)))
	return out
}

// core is where baseinit's own lines go.
func (o *output) core(format logline.Format, level zapcore.Level) zapcore.Core {
	core := logline.NewCore(o.stderr, format, level)
	if o.rings == nil {
		return core
	}
	return zapcore.NewTee(core, logline.NewCore(logs.OwnLines(o.rings), logline.Text, level))
}

// level is that of baseinit's own lines.
func level(o options) zapcore.Level {
	if o.logs.Level != nil {
		return *o.logs.Level
	}
	return logs.LevelOf(o.settings.Verbosity)
}

// formatOf is what lines on a descriptor look like.
func formatOf(fd int, o options) logline.Format {
	switch {
	case o.logs.Output == supervisor.OutputJSON:
		return logline.JSON
	case os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && isTerminal(fd):
		return logline.Color
	}
	return logline.Text
}

func isTerminal(fd int) bool {
	_, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	return err == nil
}

// sameFile tells whether what is written to two descriptors comes together.
func sameFile(a, b int) bool {
	var of, other unix.Stat_t
	return unix.Fstat(a, &of) == nil && unix.Fstat(b, &other) == nil && of.Dev == other.Dev && of.Ino == other.Ino
}

// prefixes gives what stands before services' lines, if a stream is a terminal.
func prefixes(formats [2]logline.Format) func(service, stream string) string {
	if formats[0] != logline.Color && formats[1] != logline.Color {
		return nil
	}
	return func(service, stream string) string {
		if stream == "stdout" && formats[0] == logline.Color || stream == "stderr" && formats[1] == logline.Color {
			return logline.ColorPrefix(service, stream)
		}
		return "[" + service + "] "
	}
}

func (o *output) warn(err error) { o.tell(zapcore.WarnLevel, err) }

// refuse says why there will be no container.
func (o *output) refuse(err error) { o.tell(zapcore.ErrorLevel, err) }

func (o *output) tell(level zapcore.Level, err error) {
	if err != nil {
		for _, line := range boot.Unjoin(err) {
			o.logger.Log(level, line.Error())
		}
	}
}

// openDNS makes what resolves names; nil if nothing does. With an error comes the exit code.
func (o *output) openDNS(options options) (*naming.DNS, int, error) {
	if options.dns.Off {
		return nil, 0, nil
	}
	cfg := options.dns.DNS
	cfg.Root, cfg.Environ, cfg.Logger = options.root, os.Environ(), o.logger
	cfg.OnQuiet = giveBack
	dns, err := naming.Open(cfg)
	if _, wrong := errors.AsType[*dnsfix.ConfigError](err); wrong {
		return nil, codeUsage, err
	}
	return dns, boot.CodeSystem, err
}

// giveBack gives memory back to the system, for which the heap is too small for the
// collector to do it. What pools hold is free after the second collection only.
func giveBack() {
	runtime.GC()
	debug.FreeOSMemory()
}

// patience is how long the last lines may take to be written.
const patience = 500 * time.Millisecond

func (o *output) close() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_ = o.stdout.Close(ctx)
	_ = o.stderr.Close(ctx) // that lines are lost is nothing to write a line about
}

// openSyslog makes what becomes of messages to /dev/log; nil if nothing does.
func (o *output) openSyslog(options options, serviceOf func(pid int) string) (*logging.Log, error) {
	if options.syslog.Off {
		return nil, nil
	}
	cfg := logging.Config{
		Settings: options.syslog,
		// The sink has a goroutine that may wait, and a queue of its own.
		Stdout: o.blocking[0], Stderr: o.blocking[1],
		ServiceOf: serviceOf, Fallback: boot.LogSockets(options.root),
		FlushTimeout: patience, Logger: o.logger,
	}
	if o.rings != nil {
		cfg.Handler = logs.Messages(o.rings)
	}
	return logging.Open(cfg)
}
