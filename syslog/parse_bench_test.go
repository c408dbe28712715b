package syslog_test

import (
	"testing"

	"github.com/sillelien/baseinit/syslog"
)

var typical = []struct{ name, data string }{
	{"libc", "<30>Nov 23 13:30:05 prog[12345]: Accepted publickey for root from 10.0.0.1 port 48862 ssh2: ED25519 SHA256:ih2LGph771p2cbY5YG5tMKXM1KBSnH8MGTyMB1gKNEM"},
	{"python", "<14>myapp: the quick brown fox jumps over the lazy dog\x00"},
	{"nginx", `<190>Nov 23 13:30:48 vm nginx: 127.0.0.1 - - [23/Nov/2026:13:30:48 +0000] "GET /a%0ab HTTP/1.1" 404 1 "-" "Python-urllib/3.11"`},
	{"text", "<14>the quick brown fox jumps over the lazy dog"},
	{"rfc5424", `<13>1 2026-11-23T13:30:05.123456+00:00 vm ul 123 - [timeQuality tzKnown="1" isSynced="0"] the quick brown fox`},
	{"broken rfc5424", `<13>1 2026-11-23T13:30:05.123456+00:00 vm ul 123 - [timeQuality tzKnown="1" isSynced=0] the quick brown fox`},
}

func BenchmarkParse(b *testing.B) {
	for _, tc := range typical {
		b.Run(tc.name, func(b *testing.B) {
			data, parse := []byte(tc.data), syslog.Parser("vm")
			var m syslog.Message
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				parse(&m, data, true)
			}
		})
	}
}

func TestParseAllocatesNothing(t *testing.T) {
	parse := syslog.Parser("vm")
	var m syslog.Message
	var all [][]byte
	for _, tc := range typical {
		all = append(all, []byte(tc.data))
	}
	for _, d := range datagrams(t) {
		all = append(all, []byte(d.Raw))
	}
	for _, data := range all {
		for _, local := range []bool{true, false} {
			if n := testing.AllocsPerRun(100, func() { parse(&m, data, local) }); n != 0 {
				t.Errorf("%q: %v allocations", data, n)
			}
		}
	}
}
