package logs_test

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/sillelien/baseinit/internal/logline"
	"github.com/sillelien/baseinit/supervisor"
	"github.com/sillelien/baseinit/syslog"
)

// TestOneSchema compares the JSON of all who write it: what a service prints, what it sends
// to syslog, what baseinit itself says. They begin with the same keys in the same order,
// and have msg, in which all is escaped alike.
func TestOneSchema(t *testing.T) {
	t.Parallel()
	const text = "tab\t\"quoted\" \\ \x1b[31m\u0085 \u00fc \xff\x7f end"
	var own bytes.Buffer
	zap.New(logline.NewCore(&own, logline.JSON, zapcore.InfoLevel)).Named("dns").Info(text, zap.Int("n", 1))
	message := syslog.JSON.Append(nil, &syslog.Message{
		Received: time.Now(), PID: 7, Comm: "app", Service: "web", Facility: 1, Severity: syslog.Informational,
		Tag: []byte("app"), Text: []byte(text), Raw: []byte(text),
	})
	for _, tc := range []struct {
		name  string
		line  []byte
		extra []string // between pid and msg
		after []string
	}{
		{"service", printed(t, text), nil, nil},
		{"baseinit", own.Bytes(), []string{"logger"}, []string{"n"}},
		{"syslog", message, []string{"facility", "severity", "tag", "comm", "uid"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			keys, values := object(t, tc.line)
			want := slices.Concat([]string{"ts", "level", "service", "stream", "pid"}, tc.extra, []string{"msg"}, tc.after)
			if diff := cmp.Diff(want, keys); diff != "" {
				t.Errorf("keys (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff("tab\t\"quoted\" \\ \x1b[31m\u0085 \u00fc \uFFFD\x7f end", values["msg"]); diff != "" {
				t.Errorf("msg (-want +got):\n%s", diff)
			}
			if ts, _ := values["ts"].(string); !stamp.MatchString(ts) {
				t.Errorf("ts is %q", ts)
			}
			if values["level"] != "info" {
				t.Errorf("level is %v", values["level"])
			}
			if _, ok := values["pid"].(float64); !ok {
				t.Errorf("pid is %v", values["pid"])
			}
			if i := bytes.IndexFunc(tc.line, func(r rune) bool { return r < 0x20 && r != '\n' || r >= 0x7f && r < 0xa0 }); i >= 0 {
				t.Errorf("a terminal would obey %q", tc.line[i:])
			}
			if n := bytes.Count(tc.line, []byte{'\n'}); n != 1 || tc.line[len(tc.line)-1] != '\n' {
				t.Errorf("it is %d lines", n)
			}
		})
	}
}

var stamp = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$`)

// object takes a line apart: its keys in order, and what they have.
func object(t *testing.T, line []byte) (keys []string, values map[string]any) {
	t.Helper()
	if err := json.Unmarshal(line, &values); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	tokens := json.NewDecoder(bytes.NewReader(line))
	for i := -1; tokens.More() || i < 0; i++ {
		token, err := tokens.Token()
		if err != nil {
			t.Fatal(err)
		}
		if key, ok := token.(string); ok && i%2 == 0 {
			keys = append(keys, key)
		}
	}
	return keys, values
}

// buffer may be written to by several goroutines.
type buffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

// printed is the line that a service becomes that prints text.
func printed(t *testing.T, text string) []byte {
	t.Helper()
	path := t.TempDir() + "/text"
	if err := os.WriteFile(path, []byte(text+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var out buffer
	sup, err := supervisor.New(supervisor.Config{
		Output: supervisor.OutputJSON, Stdout: &out, Stderr: &out,
		Services: []supervisor.Service{{Name: "web", Command: []string{"cat", path}, Main: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := sup.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
