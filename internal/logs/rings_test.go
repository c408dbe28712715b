package logs_test

import (
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/sillelien/baseinit/internal/logline"
	"github.com/sillelien/baseinit/internal/logring"
	"github.com/sillelien/baseinit/internal/logs"
	"github.com/sillelien/baseinit/syslog"
)

func TestWhatIsKept(t *testing.T) {
	t.Parallel()
	rings := (&logs.Settings{}).Rings()
	logger := zap.New(logline.NewCore(logs.OwnLines(rings), logline.Text, zapcore.InfoLevel))
	logger.Info("web: started")
	logger.Debug("not kept")
	logger.Warn("forged\nline", zap.Error(errors.New("no")))
	keep := logs.Messages(rings)
	m := syslog.Message{PID: 29, UID: 0, Service: "web", Facility: 2, Severity: syslog.Error, Tag: []byte("app"), Text: []byte("two\nlines")}
	keep(&m)
	if m.Service != "web" {
		t.Errorf("the message was changed: %+v", m)
	}
	keep(&syslog.Message{PID: 30, Facility: 1, Severity: syslog.Notice, Comm: "logger", Text: []byte("whose?")})
	want := []logring.Line{
		{Service: "baseinit", Stream: "stderr", PID: os.Getpid(), Text: "web: started"},
		{Service: "baseinit", Stream: "stderr", PID: os.Getpid(), Text: `warning: forged\nline: no`},
		{Service: "web", Stream: "syslog", PID: 29, Text: "mail.err app[29]: two"},
		{Service: "web", Stream: "syslog", PID: 29, Text: "mail.err app[29]: lines"},
		{Service: "syslog", Stream: "syslog", PID: 30, Text: "user.notice logger[30]: whose?"},
	}
	if diff := cmp.Diff(want, rings.Read(logring.Query{}), cmpopts.IgnoreFields(logring.Line{}, "Time")); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}
