//go:build linux

package main

import (
	"context"
	"errors"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/sillelien/baseinit/dnsfix"
	"github.com/sillelien/baseinit/internal/boot"
	"github.com/sillelien/baseinit/internal/logging"
	"github.com/sillelien/baseinit/internal/logline"
	"github.com/sillelien/baseinit/internal/naming"
	"github.com/sillelien/baseinit/supervisor"
)

// output is what the process writes to: never to a descriptor itself, since a
// log that nobody reads must not stop it.
type output struct {
	stdout, stderr *logline.Writer
	logger         *zap.Logger
}

func newOutput(o options) *output {
	format := logline.Text
	if o.output == supervisor.OutputJSON {
		format = logline.JSON
	}
	out := &output{
		stdout: logline.New(1, logline.Config{Format: format}),
		stderr: logline.New(2, logline.Config{Format: format}),
	}
	core := logline.NewCore(out.stderr, format, level(o.settings.Verbosity))
	out.logger = zap.New(core, zap.ErrorOutput(zapcore.AddSync(out.stderr)))
	return out
}

// level is what S6_VERBOSITY asks for: errors, warnings, what happens, all.
func level(verbosity int) zapcore.Level {
	switch {
	case verbosity <= 0:
		return zapcore.ErrorLevel
	case verbosity == 1:
		return zapcore.WarnLevel
	case verbosity == 2:
		return zapcore.InfoLevel
	default:
		return zapcore.DebugLevel
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
	return logging.Open(logging.Config{
		Settings: options.syslog,
		// The sink has a goroutine that may wait, and a queue of its own.
		Stdout: logline.Blocking(1), Stderr: logline.Blocking(2),
		ServiceOf: serviceOf, Fallback: boot.LogSockets(options.root),
		FlushTimeout: patience, Logger: o.logger,
	})
}
