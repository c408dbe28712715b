package logs_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap/zapcore"

	"github.com/sillelien/baseinit/internal/logs"
	"github.com/sillelien/baseinit/internal/setting/settingtest"
	"github.com/sillelien/baseinit/supervisor"
)

func TestRead(t *testing.T) { // not parallel: it sets the environment
	level := func(l zapcore.Level) *zapcore.Level { return &l }
	for _, tc := range []struct {
		name      string
		env, args []string
		want      logs.Settings
	}{
		{name: "nothing"},
		{name: "raw", env: []string{"BASEINIT_OUTPUT=raw"}, want: logs.Settings{Output: supervisor.OutputRaw}},
		{name: "plain", args: []string{"--output=plain"}, want: logs.Settings{Output: supervisor.OutputPlain}},
		{name: "text", args: []string{"--output", "text"}, want: logs.Settings{Output: supervisor.OutputText}},
		{name: "the flag counts", env: []string{"BASEINIT_OUTPUT=text"}, args: []string{"--output=json"}, want: logs.Settings{Output: supervisor.OutputJSON}},
		{name: "error", args: []string{"--log-level=error"}, want: logs.Settings{Level: level(zapcore.ErrorLevel)}},
		{name: "warn", args: []string{"--log-level=warn"}, want: logs.Settings{Level: level(zapcore.WarnLevel)}},
		{name: "info", args: []string{"--log-level=info"}, want: logs.Settings{Level: level(zapcore.InfoLevel)}},
		{name: "debug", env: []string{"BASEINIT_LOG_LEVEL=debug"}, want: logs.Settings{Level: level(zapcore.DebugLevel)}},
		{name: "records", env: []string{"BASEINIT_JOIN_LINES=1"}, want: logs.Settings{JoinLines: true}},
		{name: "no records", env: []string{"BASEINIT_JOIN_LINES=0"}},
		{name: "bytes", args: []string{"--log-ring=1000"}, want: logs.Settings{Ring: 1000}},
		{name: "kibibytes", args: []string{"--log-ring=256k"}, want: logs.Settings{Ring: 256 << 10}},
		{name: "mebibytes", args: []string{"--log-ring=2M"}, want: logs.Settings{Ring: 2 << 20}},
		{name: "none", args: []string{"--log-ring=0"}, want: logs.Settings{Ring: -1}},
		{name: "none, with a unit", args: []string{"--log-ring=0k"}, want: logs.Settings{Ring: -1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := settingtest.Read(t, logs.List(), tc.env, tc.args)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("settings (-want +got):\n%s", diff)
			}
			if rings := got.Rings(); (rings == nil) != (tc.want.Ring < 0) {
				t.Errorf("there are rings: %v", rings != nil)
			}
		})
	}
}

func TestWrongValues(t *testing.T) { // not parallel: it sets the environment
	settingtest.Refused(t, logs.List(), "BASEINIT_OUTPUT=xml", "BASEINIT_OUTPUT=tagged", "BASEINIT_LOG_LEVEL=warning", "BASEINIT_JOIN_LINES=yes",
		"BASEINIT_LOG_RING=-1", "BASEINIT_LOG_RING=k", "BASEINIT_LOG_RING=64kB", "BASEINIT_LOG_RING=1G", "BASEINIT_LOG_RING=1025M", "BASEINIT_LOG_RING=9999999999999")
}

func TestLevelOf(t *testing.T) {
	t.Parallel()
	for verbosity, want := range []zapcore.Level{zapcore.ErrorLevel, zapcore.WarnLevel, zapcore.InfoLevel, zapcore.DebugLevel, zapcore.DebugLevel} {
		if got := logs.LevelOf(verbosity); got != want {
			t.Errorf("LevelOf(%d) = %v, want %v", verbosity, got, want)
		}
	}
}

func TestDocumented(t *testing.T) {
	t.Parallel()
	settingtest.Documented(t, "../../docs/logs.md", logs.List())
}
