// Package logs is what becomes of all that the container prints: the settings, and what is
// kept of it in memory.
package logs

import (
	"errors"
	"strconv"

	"go.uber.org/zap/zapcore"

	"github.com/sillelien/baseinit/internal/setting"
	"github.com/sillelien/baseinit/supervisor"
)

// Settings are what the command line and the environment say.
type Settings struct {
	// Output is what lines look like. OutputDefault is raw.
	Output supervisor.Output
	// Level is that of baseinit's own lines; nil: as S6_VERBOSITY says.
	Level *zapcore.Level
	// JoinLines makes records of lines, see supervisor.Service.
	JoinLines bool
	// Ring is how many bytes are kept of a service; 0: the default; negative: nothing is.
	Ring int
}

// List returns all settings, in the order of the documentation.
func List() []setting.Setting[Settings] {
	return []setting.Setting[Settings]{
		{Variable: "BASEINIT_OUTPUT", Flag: "output", Default: "raw", Meaning: "`raw`, `plain`, `text`, `json`: see [the formats](#formats)", Set: setOutput},
		{Variable: "BASEINIT_LOG_LEVEL", Flag: "log-level", Default: "as S6_VERBOSITY says", Meaning: "which of baseinit's own lines there are: `error`, `warn`, `info`, `debug`, each with those before it", Set: setLevel},
		{Variable: "BASEINIT_JOIN_LINES", Flag: "join-lines", Default: "0", Meaning: "1: a line of a service and the indented ones after it are one record: see [records](#records)", Set: func(s *Settings, v string) (err error) {
			s.JoinLines, err = setting.Bool(v)
			return err
		}},
		{Variable: "BASEINIT_LOG_RING", Flag: "log-ring", Default: "64k", Meaning: "bytes that are kept of each service for `baseinit logs`, with k or M for 1024 or 1048576; 0: nothing is kept", Set: setRing},
		{Variable: "NO_COLOR", Default: "", Meaning: "anything: no colours, on a terminal either ([no-color.org](https://no-color.org))"},
	}
}

func setOutput(s *Settings, v string) error {
	switch v {
	case "raw":
		s.Output = supervisor.OutputRaw
	case "plain":
		s.Output = supervisor.OutputPlain
	case "text":
		s.Output = supervisor.OutputText
	case "json":
		s.Output = supervisor.OutputJSON
	default:
		return errors.New("it can be raw, plain, text or json")
	}
	return nil
}

func setLevel(s *Settings, v string) error {
	var level zapcore.Level
	switch v {
	case "error":
		level = zapcore.ErrorLevel
	case "warn":
		level = zapcore.WarnLevel
	case "info":
		level = zapcore.InfoLevel
	case "debug":
		level = zapcore.DebugLevel
	default:
		return errors.New("it can be error, warn, info or debug")
	}
	s.Level = &level
	return nil
}

// LevelOf is what S6_VERBOSITY asks for: errors, warnings, what happens, all.
func LevelOf(verbosity int) zapcore.Level {
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

// maxRing is more than anybody means.
const maxRing = 1 << 30

func setRing(s *Settings, v string) error {
	digits, unit := v, 1
	switch v[len(v)-1] {
	case 'k', 'K':
		digits, unit = v[:len(v)-1], 1<<10
	case 'm', 'M':
		digits, unit = v[:len(v)-1], 1<<20
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n < 0 || n > maxRing/unit {
		return errors.New("it can be a number of bytes up to 1024M, such as 65536, 64k or 1M")
	}
	if s.Ring = n * unit; n == 0 {
		s.Ring = -1
	}
	return nil
}
