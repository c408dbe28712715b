package syslog_test

import (
	"strings"
	"testing"

	"github.com/sillelien/baseinit/syslog"
)

// texts are what programs log, from the usual to the worst.
var texts = []struct{ name, text string }{
	{"plain", strings.Repeat("172.17.0.1 GET /index.html HTTP/1.1 200 612 ", 5)[:200]},
	{"utf8", strings.Repeat("größe 日本 ", 20)[:200]},
	{"lines", strings.Repeat("\tat com.example.Main.run(Main.java:17)\n", 5)},
	{"hostile", strings.Repeat("\x1b\xff\u2028\n", 30)},
}

func BenchmarkFormat(b *testing.B) {
	for _, format := range allFormats {
		for _, tc := range texts {
			b.Run(format.String()+"/"+tc.name, func(b *testing.B) {
				m := ordinary(tc.text)
				var buf []byte
				b.ReportAllocs()
				b.SetBytes(int64(len(tc.text)))
				for b.Loop() {
					buf = format.Append(buf[:0], m)
				}
			})
		}
	}
}

func BenchmarkStamps(b *testing.B) {
	m := ordinary(texts[0].text)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = syslog.Text.AppendWith(syslog.FormatOptions{Stamps: true}, buf[:0], m)
	}
}

func BenchmarkKeep(b *testing.B) {
	f, err := syslog.ParseFilter("*.info;mail.none;web:*.debug")
	if err != nil {
		b.Fatal(err)
	}
	m := ordinary("t")
	b.ReportAllocs()
	for b.Loop() {
		if !f.Keep(m) {
			b.Fatal("dropped")
		}
	}
}

func BenchmarkAllow(b *testing.B) {
	l := syslog.NewLimiter(syslog.RateLimit{Messages: 100})
	m := ordinary("t")
	b.ReportAllocs()
	for b.Loop() {
		l.Allow(m, receivedAt)
	}
}

func TestFormatAllocatesNothing(t *testing.T) {
	if testing.CoverMode() != "" {
		t.Skip("counters of coverage may allocate")
	}
	for _, format := range allFormats {
		for _, tc := range texts {
			m := ordinary(tc.text)
			m.Service = strings.Repeat("a service with a long name \x1b", 4)
			m.Comm, m.Tag, m.UID = m.Service, nil, -1
			m.MsgID, m.StructuredData = []byte("ID"), []byte(`[x@1 a="b"]`)
			for _, o := range []syslog.FormatOptions{{}, {Stamps: true, Octal: true}, {MaxLine: 600}} {
				buf := make([]byte, 0, 64<<10)
				if n := testing.AllocsPerRun(100, func() { buf, _ = format.AppendWith(o, buf[:0], m) }); n > 0 {
					t.Errorf("%v, %s, %+v: %v allocations", format, tc.name, o, n)
				}
			}
		}
	}
}
