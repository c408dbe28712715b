package logging_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sillelien/baseinit/internal/logging"
	"github.com/sillelien/baseinit/internal/setting/settingtest"
	"github.com/sillelien/baseinit/syslog"
	"github.com/sillelien/baseinit/syslog/forward"
)

func TestRead(t *testing.T) { // not parallel: it sets the environment
	for _, tc := range []struct {
		name      string
		env, args []string
		want      logging.Settings
	}{
		{name: "nothing"},
		{name: "empty is unset", env: []string{"BASEINIT_SYSLOG=", "BASEINIT_SYSLOG_BLOCK="}},
		{name: "on", env: []string{"BASEINIT_SYSLOG=on"}},
		{name: "off", env: []string{"BASEINIT_SYSLOG=off"}, want: logging.Settings{Off: true}},
		{name: "required", args: []string{"--syslog=required"}, want: logging.Settings{Sink: syslog.Config{Required: true}}},
		{name: "the flag counts", env: []string{"BASEINIT_SYSLOG=off"}, args: []string{"--syslog", "on"}},
		{
			name: "sockets", env: []string{"BASEINIT_SYSLOG_LISTEN= /dev/log\n tcp:127.0.0.1:514 "},
			want: logging.Settings{Sink: syslog.Config{Listen: []string{"/dev/log", "tcp:127.0.0.1:514"}}},
		},
		{
			name: "numbers", env: []string{"BASEINIT_SYSLOG_MAX_MESSAGE=100", "BASEINIT_SYSLOG_QUEUE=1000"}, args: []string{"--syslog-max-line=16384"},
			want: logging.Settings{Sink: syslog.Config{MaxMessage: 100, QueueBytes: 1000, MaxLine: 16384}},
		},
		{
			name: "yes and no", env: []string{"BASEINIT_SYSLOG_TIMESTAMPS=1", "BASEINIT_SYSLOG_BLOCK=1", "BASEINIT_SYSLOG_STDOUT=1"}, args: []string{"--syslog-block=0"},
			want: logging.Settings{Sink: syslog.Config{Timestamps: true}, SplitStreams: true},
		},
		{
			name: "words", env: []string{"BASEINIT_SYSLOG_FORMAT=json", "BASEINIT_SYSLOG_ESCAPES=octal", "BASEINIT_SYSLOG_RATE_LIMIT=200/10s"},
			want: logging.Settings{Sink: syslog.Config{Format: syslog.JSON, OctalEscapes: true, RateLimit: syslog.RateLimit{Messages: 200, Per: 10 * time.Second}}},
		},
		{
			name: "forward", args: []string{
				"--syslog-forward=tls://logs", "--syslog-forward-ca=/ca", "--syslog-forward-cert=/cert", "--syslog-forward-key=/key", "--syslog-forward-server-name=name",
				"--syslog-forward-line-feed=1", "--syslog-forward-queue=1000",
			},
			want: logging.Settings{Forward: forward.Config{Target: "tls://logs", CAFile: "/ca", CertFile: "/cert", KeyFile: "/key", ServerName: "name", LineFeed: true, QueueBytes: 1000}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := settingtest.Read(t, logging.List(), tc.env, tc.args)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got, cmpopts.IgnoreUnexported(syslog.Filter{})); diff != "" {
				t.Errorf("settings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadFilter(t *testing.T) { // not parallel: it sets the environment
	s, err := settingtest.Read(t, logging.List(), []string{"BASEINIT_SYSLOG_FILTER=*.info;mail.none"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		facility syslog.Facility
		severity syslog.Severity
		want     bool
	}{{3, syslog.Informational, true}, {3, syslog.Debug, false}, {2, syslog.Error, false}} {
		if got := s.Sink.Filter.Keep(&syslog.Message{Facility: tc.facility, Severity: tc.severity}); got != tc.want {
			t.Errorf("Keep of %v.%v = %v, want %v", tc.facility, tc.severity, got, tc.want)
		}
	}
}

func TestWrongValues(t *testing.T) { // not parallel: it sets the environment
	// A flag is named as its variable is, without BASEINIT.
	for _, s := range logging.List() {
		if want := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(s.Variable, "BASEINIT_")), "_", "-"); s.Flag != want {
			t.Errorf("the flag of %s is --%s, want --%s", s.Variable, s.Flag, want)
		}
	}
	settingtest.Refused(t, logging.List(), "BASEINIT_SYSLOG=maybe", "BASEINIT_SYSLOG_FORMAT=xml", "BASEINIT_SYSLOG_TIMESTAMPS=yes",
		"BASEINIT_SYSLOG_FILTER=mail.loud", "BASEINIT_SYSLOG_RATE_LIMIT=many", "BASEINIT_SYSLOG_STDOUT=err", "BASEINIT_SYSLOG_ESCAPES=html",
		"BASEINIT_SYSLOG_MAX_MESSAGE=64K", "BASEINIT_SYSLOG_MAX_LINE=-1", "BASEINIT_SYSLOG_QUEUE=big", "BASEINIT_SYSLOG_BLOCK=2")
}

func TestDocumented(t *testing.T) {
	t.Parallel()
	settingtest.Documented(t, "../../docs/syslog.md", logging.List())
}
