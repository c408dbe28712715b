package logline_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/sillelien/baseinit/internal/logline"
)

// fixed is the clock of the golden lines; JSON has UTC whatever the zone.
type fixed struct{}

func (fixed) Now() time.Time {
	return time.Date(2026, 11, 23, 20, 5, 0, 123_456_789, time.FixedZone("EET", 2*3600))
}

func (fixed) NewTicker(time.Duration) *time.Ticker { return nil }

// brokenError and brokenStringer cannot be called: their pointers are nil.
type brokenError struct{ text string }

func (e *brokenError) Error() string { return e.text }

type brokenStringer struct{ text string }

func (s *brokenStringer) String() string { return s.text }

type panicking struct{}

func (panicking) Error() string { panic("out of order") }

// user is an object, as services that log structures have them.
type user struct {
	name string
	uid  int
}

func (u user) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddString("name", u.name)
	enc.AddInt("uid", u.uid)
	return nil
}

func TestLines(t *testing.T) {
	t.Parallel()
	missing := fmt.Errorf("cannot open %s: %w", "/etc/x", os.ErrNotExist)
	for _, tc := range []struct {
		name       string
		log        func(l *zap.Logger)
		text, json string // without "baseinit: ", and what follows pid
	}{
		{
			"info", func(l *zap.Logger) { l.Info("web: started, pid 77") },
			`web: started, pid 77`,
			`"level":"info" "msg":"web: started, pid 77"`,
		},
		{
			"debug", func(l *zap.Logger) { l.Debug("rescan") },
			`debug: rescan`,
			`"level":"debug" "msg":"rescan"`,
		},
		{
			"warning", func(l *zap.Logger) { l.Warn("/run is read-only") },
			`warning: /run is read-only`,
			`"level":"warn" "msg":"/run is read-only"`,
		},
		{
			"error", func(l *zap.Logger) {
				l.Error("cannot start web", zap.String("dir", "/etc/services.d/web"), zap.Error(missing), zap.Int("code", 111))
			},
			`error: cannot start web: cannot open /etc/x: file does not exist dir=/etc/services.d/web code=111`,
			`"level":"error" "msg":"cannot start web","dir":"/etc/services.d/web","error":"cannot open /etc/x: file does not exist","code":111`,
		},
		{
			"above error", func(l *zap.Logger) { l.DPanic("no child is ours") },
			`fatal: no child is ours`,
			`"level":"dpanic" "msg":"no child is ours"`,
		},
		{
			"joined errors", func(l *zap.Logger) { l.Warn("bad tree", zap.Error(errors.Join(os.ErrExist, os.ErrClosed))) },
			`warning: bad tree: file already exists; file already closed`,
			`"level":"warn" "msg":"bad tree","error":"file already exists\nfile already closed"`,
		},
		{
			"no error", func(l *zap.Logger) { l.Info("fine", zap.Error(nil)) },
			`fine`,
			`"level":"info" "msg":"fine"`,
		},
		{
			"two errors", func(l *zap.Logger) {
				l.Info("m", zap.Error(os.ErrExist), zap.NamedError("then", os.ErrClosed), zap.Error(os.ErrInvalid))
			},
			`m: file already exists then="file already closed" error="invalid argument"`,
			`"level":"info" "msg":"m","error":"file already exists","then":"file already closed","error":"invalid argument"`,
		},
		{
			"numbers", func(l *zap.Logger) {
				l.Info("m", zap.Int("int", -1), zap.Int8("int8", -8), zap.Uint64("uint64", math.MaxUint64), zap.Uint32("uint32", math.MaxUint32),
					zap.Float64("float64", 0.25), zap.Float32("float32", 0.1), zap.Float64("nan", math.NaN()), zap.Float64("inf", math.Inf(-1)))
			},
			`m int=-1 int8=-8 uint64=18446744073709551615 uint32=4294967295 float64=0.25 float32=0.1 nan=NaN inf=-Inf`,
			`"level":"info" "msg":"m","int":-1,"int8":-8,"uint64":18446744073709551615,"uint32":4294967295,"float64":0.25,"float32":0.1,"nan":"NaN","inf":"-Inf"`,
		},
		{
			"booleans and times", func(l *zap.Logger) {
				l.Info("m", zap.Bool("yes", true), zap.Bool("no", false), zap.Duration("after", 1500*time.Millisecond), zap.Time("at", fixed{}.Now()))
			},
			`m yes=true no=false after=1.5s at=2026-11-23T18:05:00.123456Z`,
			`"level":"info" "msg":"m","yes":true,"no":false,"after":"1.5s","at":"2026-11-23T18:05:00.123456Z"`,
		},
		{
			"strings that need quotes", func(l *zap.Logger) {
				l.Info("m", zap.String("path", "/a b"), zap.String("quote", `say "hi"`), zap.String("empty", ""), zap.String("eq", "a=b"),
					zap.String("utf8", "größe→"), zap.String("back", `C:\x`), zap.String("tab", "a\tb"))
			},
			`m path="/a b" quote="say \"hi\"" empty="" eq=a=b utf8=größe→ back=C:\x tab="a\tb"`,
			`"level":"info" "msg":"m","path":"/a b","quote":"say \"hi\"","empty":"","eq":"a=b","utf8":"größe→","back":"C:\\x","tab":"a\tb"`,
		},
		{
			"lists", func(l *zap.Logger) {
				l.Info("m", zap.Strings("names", []string{"web", "my app", "a,b", ""}), zap.Strings("none", nil), zap.Ints("codes", []int{1, 2}),
					zap.Durations("delays", []time.Duration{time.Second, time.Minute}), zap.Bools("flags", []bool{true, false}))
			},
			`m names=web,"my app","a,b","" none=[] codes=1,2 delays=1s,1m0s flags=true,false`,
			`"level":"info" "msg":"m","names":["web","my app","a,b",""],"none":[],"codes":[1,2],"delays":["1s","1m0s"],"flags":[true,false]`,
		},
		{
			"other types", func(l *zap.Logger) {
				l.Info("m", zap.Stringer("addr", netip.MustParseAddr("::1")), zap.ByteString("bytes", []byte("a b")), zap.Binary("binary", []byte{0, 'x'}),
					zap.Any("map", map[string]int{"a": 1}), zap.Object("user", user{"app", 999}), zap.Inline(user{"app", 999}),
					zap.Complex128("z", 1+2i), zap.Skip(), zapcore.Field{Key: "zero"})
			},
			`m addr=::1 bytes="a b" binary="\x00x" map=map[a:1] user={"name":"app","uid":999} name=app uid=999 z=(1+2i)`,
			`"level":"info" "msg":"m","addr":"::1","bytes":"a b","binary":"\u0000x","map":"map[a:1]","user":{"name":"app","uid":999},"name":"app","uid":999,"z":"(1+2i)"`,
		},
		{
			"methods that panic", func(l *zap.Logger) {
				l.Info("m", zap.Stringer("s", (*brokenStringer)(nil)), zap.NamedError("e", (*brokenError)(nil)), zap.NamedError("p", panicking{}))
			},
			`m s=<nil> e=<nil> p="PANIC=out of order"`,
			`"level":"info" "msg":"m","s":"<nil>","e":"<nil>","p":"PANIC=out of order"`,
		},
		{
			"With", func(l *zap.Logger) {
				with := l.With(zap.String("a", "1"))
				with.With(zap.Int("b", 2)).Info("m", zap.Int("c", 3))
			},
			`m a=1 b=2 c=3`,
			`"level":"info" "msg":"m","a":"1","b":2,"c":3`,
		},
		{
			"namespace", func(l *zap.Logger) { l.Info("m", zap.Int("a", 1), zap.Namespace("dns"), zap.Int("pid", 2)) },
			`m a=1 dns.pid=2`,
			`"level":"info" "msg":"m","a":1,"dns.pid":2`,
		},
		{
			"keys that every line has", func(l *zap.Logger) { l.Info("m", zap.String("service", "web"), zap.Int("pid", 77)) },
			`m service=web pid=77`,
			`"level":"info" "msg":"m","fields.service":"web","fields.pid":77`,
		},
		{
			"keys that need quotes", func(l *zap.Logger) { l.Info("m", zap.Int("a b", 1), zap.Int("c=d", 2), zap.Int("e\n", 3)) },
			`m "a b"=1 "c=d"=2 "e\n"=3`,
			`"level":"info" "msg":"m","a b":1,"c=d":2,"e\n":3`,
		},
		{
			"named logger", func(l *zap.Logger) { l.Named("dns").Info("m") },
			`m`,
			`"level":"info" "logger":"dns","msg":"m"`,
		},
		{
			"forged line", func(l *zap.Logger) { l.Info("a\nbaseinit: error: forged\r\x1b[2J\x00", zap.Error(errors.New("b\x1b"))) },
			`a\nbaseinit: error: forged\r\x1b[2J\x00: b\x1b`,
			`"level":"info" "msg":"a\nbaseinit: error: forged\u000d\u001b[2J\u0000","error":"b\u001b"`,
		},
		{
			"newline at the end", func(l *zap.Logger) { l.Info("m\n") },
			`m`,
			`"level":"info" "msg":"m\n"`,
		},
		{
			"not UTF-8", func(l *zap.Logger) { l.Info("caf\xe9 \"\\", zap.String("v", "\xff\xfe")) },
			`caf\xe9 "\ v="\xff\xfe"`,
			`"level":"info" "msg":"caf\ufffd \"\\","v":"\ufffd\ufffd"`,
		},
		{
			"not printable", func(l *zap.Logger) { l.Info("\u2028\u009b\u007f\ufffd\U000e0001") },
			`\u2028\u009b\x7f` + "\ufffd" + `\U000e0001`,
			`"level":"info" "msg":"\u2028\u009b\u007f` + "\ufffd" + `\udb40\udc01"`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff("baseinit: "+tc.text+"\n", logged(logline.Text, tc.log)); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
			level, rest, _ := strings.Cut(tc.json, " ")
			want := fmt.Sprintf(`{"ts":"2026-11-23T18:05:00.123456Z",%s,"service":"baseinit","stream":"stderr","pid":%d,%s}`+"\n", level, os.Getpid(), rest)
			got := logged(logline.JSON, tc.log)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("JSON (-want +got):\n%s", diff)
			}
			if !json.Valid([]byte(got)) {
				t.Errorf("not JSON: %s", got)
			}
		})
	}
}

// logged returns what one call of log writes.
func logged(format logline.Format, log func(*zap.Logger)) string {
	var out bytes.Buffer
	log(zap.New(logline.NewCore(&out, format, zapcore.DebugLevel), zap.WithClock(fixed{})))
	return out.String()
}

func TestStack(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	for _, format := range []logline.Format{logline.Text, logline.JSON} {
		core := logline.NewCore(&out, format, zapcore.InfoLevel)
		ent := zapcore.Entry{Level: zapcore.ErrorLevel, Time: fixed{}.Now(), Message: "panic", Stack: "main.main\n\t/main.go:7"}
		if err := core.Write(ent, []zapcore.Field{zap.Int("a", 1)}); err != nil {
			t.Error(err)
		}
	}
	want := "baseinit: error: panic a=1\n" +
		"baseinit: | main.main\n" +
		"baseinit: |     /main.go:7\n" +
		fmt.Sprintf(`{"ts":"2026-11-23T18:05:00.123456Z","level":"error","service":"baseinit","stream":"stderr","pid":%d,`, os.Getpid()) +
		`"msg":"panic","a":1,"stack":"main.main\n\t/main.go:7"}` + "\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestLevel(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	level := zap.NewAtomicLevelAt(zapcore.WarnLevel)
	// The other core lets everything through to ours, as zap alone would not.
	other := logline.NewCore(io.Discard, logline.Text, zapcore.DebugLevel)
	logger := zap.New(zapcore.NewTee(other, logline.NewCore(&out, logline.Text, level)))
	logger.Info("not written")
	logger.Warn("written")
	level.SetLevel(zapcore.InfoLevel)
	logger.Info("now it is")
	if err := logger.Sync(); err != nil {
		t.Errorf("Sync: %v", err)
	}
	if diff := cmp.Diff("baseinit: warning: written\nbaseinit: now it is\n", out.String()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// Each entry is one Write, and two loggers of one core do not mix their fields.
func TestCoreIsSafe(t *testing.T) {
	t.Parallel()
	p := newPipe(t)
	w := logline.New(p.fd(), logline.Config{Limit: 1 << 24})
	base := zap.New(logline.NewCore(w, logline.Text, zapcore.InfoLevel)).With(zap.String("x", "y"))
	const goroutines, each = 8, 300
	done := make(chan struct{})
	for g := range goroutines {
		logger := base.With(zap.Int("g", g))
		go func() {
			for i := range each {
				logger.Info("m", zap.Int("i", i), zap.Int("g", g))
			}
			done <- struct{}{}
		}()
	}
	for range goroutines {
		<-done
	}
	seen := map[string]bool{}
	for _, line := range p.finish(t, w) {
		seen[line] = true
	}
	for g := range goroutines {
		for i := range each {
			if want := fmt.Sprintf("baseinit: m x=y g=%d i=%d g=%d", g, i, g); !seen[want] {
				t.Fatalf("no line %q", want)
			}
		}
	}
}

func FuzzLine(f *testing.F) {
	for _, seed := range []string{"", "plain", "a\nb", "\x1b[31m", "\xff", "é\u2028", `"\`, "\U000e0001", "a=b c"} {
		f.Add(seed, "key", seed)
		f.Add("msg", seed, "value")
	}
	f.Fuzz(func(t *testing.T, msg, key, value string) {
		log := func(l *zap.Logger) { l.Warn(msg, zap.String(key, value), zap.Error(errors.New(msg))) }
		text, object := logged(logline.Text, log), logged(logline.JSON, log)
		for _, line := range []string{text, object} {
			body, ok := strings.CutSuffix(line, "\n")
			if !ok || !utf8.ValidString(body) || strings.ContainsFunc(body, unicode.IsControl) {
				t.Fatalf("line %q has a control character, is not UTF-8, or has no end", line)
			}
		}
		var got struct{ Msg string }
		if err := json.Unmarshal([]byte(object), &got); err != nil {
			t.Fatalf("%q: %v", object, err)
		}
		if want := strings.ToValidUTF8(msg, "\ufffd"); utf8.ValidString(msg) && !strings.EqualFold(key, "msg") && got.Msg != want {
			t.Errorf("msg = %q; want %q", got.Msg, want)
		}
	})
}
