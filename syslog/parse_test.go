package syslog_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/syslog"
)

// parsed is a Message with strings, and "" for what there is not.
type parsed struct {
	Priority, Stamp, Host, Tag, ProcID, MsgID, Data, Text string
	PID                                                   int
}

// parse is what a machine with the name vm makes of data, from a socket or else
// the network.
func parse(data string, local bool) parsed {
	m := used()
	syslog.Parser("vm")(m, []byte(data), local)
	return parsed{
		m.Facility.String() + "." + m.Severity.String(), string(m.Stamp), string(m.Hostname), string(m.Tag), string(m.ProcID),
		string(m.MsgID), string(m.StructuredData), string(m.Text), m.PID,
	}
}

// used is a Message that has held another one.
func used() *syslog.Message {
	old := []byte("old")
	return &syslog.Message{
		Facility: 23, Severity: 7, Stamp: old, Hostname: old, Tag: old, ProcID: old, MsgID: old, StructuredData: old, Text: old, Raw: old,
	}
}

type parseCase struct {
	name, data string
	want       parsed
}

func testParse(t *testing.T, local bool, cases []parseCase) {
	t.Helper()
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, parse(tc.data, local)); diff != "" {
				t.Errorf("%q (-want +have):\n%s", tc.data, diff)
			}
		})
	}
}

const stamp = "Nov 23 13:30:05"

// What others got wrong in public with the same datagrams.
func TestParseKnownBugs(t *testing.T) {
	t.Parallel()
	testParse(t, true, []parseCase{
		{
			// mcuadros/go-syslog#42, jeromer/syslogparser PR 12, rsyslog#1789 and #5098.
			"the first word is not a host", "<30>" + stamp + " cron job started",
			parsed{Priority: "daemon.info", Stamp: stamp, Host: "vm", Text: "cron job started"},
		},
		{
			"the first word before a tag is not a host", "<30>" + stamp + " connection error: refused",
			parsed{Priority: "daemon.info", Stamp: stamp, Host: "vm", Text: "connection error: refused"},
		},
		{
			// mib1185/ha-addon-syslog#39.
			"NUL at the end", "<11>plain msg\x00",
			parsed{Priority: "user.err", Host: "vm", Text: "plain msg"},
		},
		{
			"newline and NUL at the end", "<11>" + stamp + " prog: x\r\n\x00",
			parsed{Priority: "user.err", Stamp: stamp, Host: "vm", Tag: "prog", Text: "x"},
		},
		{
			// grafana/alloy#2286.
			"many lines", "<27>" + stamp + " prog[8]: line1\n\n\tline3\x00\x1b[31mred\n",
			parsed{Priority: "daemon.err", Stamp: stamp, Host: "vm", Tag: "prog", ProcID: "8", PID: 8, Text: "line1\n\n\tline3\x00\x1b[31mred"},
		},
		{
			// alloy#3007, influxdata/go-syslog#45.
			"no priority", stamp + " prog[8]: x",
			parsed{Priority: "user.notice", Host: "vm", Text: stamp + " prog[8]: x"},
		},
		{
			// alloy#2287: the year 0000.
			"no year", "<30>Feb 29 23:59:60 prog: x",
			parsed{Priority: "daemon.info", Stamp: "Feb 29 23:59:60", Host: "vm", Tag: "prog", Text: "x"},
		},
		{
			// alloy#560.
			"no newline at the end", "<30>" + stamp + " prog[8]: x",
			parsed{Priority: "daemon.info", Stamp: stamp, Host: "vm", Tag: "prog", ProcID: "8", PID: 8, Text: "x"},
		},
		{
			// python-json-logger through a SysLogHandler.
			"JSON is not a tag", `<14>{"message": "x", "level": "info"}`,
			parsed{Priority: "user.info", Host: "vm", Text: `{"message": "x", "level": "info"}`},
		},
		{
			"no text, but data", `<13>1 - - - - - [origin@1 ip="::1"]`,
			parsed{Priority: "user.notice", Host: "vm", Data: `[origin@1 ip="::1"]`},
		},
	})
}

func TestParsePriority(t *testing.T) {
	t.Parallel()
	whole := func(s string) parseCase {
		return parseCase{s, s, parsed{Priority: "user.notice", Host: "vm", Text: s}}
	}
	testParse(t, true, []parseCase{
		{"lowest", "<0>x", parsed{Priority: "kern.emerg", Host: "vm", Text: "x"}},
		{"highest", "<191>x", parsed{Priority: "local7.debug", Host: "vm", Text: "x"}},
		{"alone", "<30>", parsed{Priority: "daemon.info", Host: "vm"}},
		{"before nothing", "<30>\x00\x00\n", parsed{Priority: "daemon.info", Host: "vm"}},
		{"empty", "", parsed{Priority: "user.notice", Host: "vm"}},
		{"only NULs", "\x00\x00\x00", parsed{Priority: "user.notice", Host: "vm"}},
		{"twice", "<30><31>x", parsed{Priority: "daemon.info", Host: "vm", Text: "<31>x"}},
		whole("<192>too high"), whole("<999>prog: too high"), whole("<1000>four digits"), whole("<0030>prog: four digits"),
		whole("<>prog: none"), whole("<"), whole("<1"), whole("<191"), whole("<00>RFC 3164's example"), whole("<013>prog: leading zero"),
		whole("<-1>prog: sign"), whole("< 1>prog: blank"), whole("<1 prog: open"), whole(" <13>prog: blank before"), whole("prog: none"),
		whole("<00>1 - - prog - - - x"),
	})
}

func TestParseStamp(t *testing.T) {
	t.Parallel()
	for _, valid := range []string{
		"Jan  2 15:04:05", "Feb 02 15:04:05", "Mar 2 15:04:05", "Apr 30 00:00:00", "May 31 23:59:60", "Jun  1 15:04:05.1", "Jul  1 15:04:05.123456789",
		"Aug  1 2026 15:04:05", "Sep 11 2026 15:04:05.123", "Oct  1 15:04:05", "Nov  1 15:04:05", "Dec 31 15:04:05",
		"2026-11-23T13:30:05Z", "2026-11-23T13:30:05", "2026-11-23T13:30:05.123", "2026-11-23T13:30:05.123456Z", "2026-11-23T13:30:05+02:00",
		"2026-11-23T13:30:05.123456789-07:00", "2026-11-23T13:30:05+0200", "2026-12-31T13:30:60Z", "2026-01-01T00:00:00Z",
	} {
		testParse(t, true, []parseCase{
			{valid, "<13>" + valid + " prog: x", parsed{Priority: "user.notice", Stamp: valid, Host: "vm", Tag: "prog", Text: "x"}},
			{valid + ", no tag", "<13>" + valid + "   no tag", parsed{Priority: "user.notice", Stamp: valid, Host: "vm", Text: "  no tag"}},
			{valid + " alone", "<13>" + valid + "\n", parsed{Priority: "user.notice", Stamp: valid, Host: "vm"}},
		})
	}
	for _, text := range []string{
		"jan  2 15:04:05 x", "Jax  2 15:04:05 x", "Jan  2 15:04 x", "Jan  2 24:00:00 x", "Jan  2 15:60:05 x", "Jan  2 15:04:61 x", "Jan 123 15:04:05 x",
		"Jan   15:04:05 xx", "Jan xx 15:04:05 x", "Jan  2 15:04:05x", "Jan  2 15:04:05, x", "Jan  2 26 15:04:05 x", "Jan-02 15:04:05 x", "Jan  2 15-04-05 x",
		"2026-13-23T13:30:05Z x", "2026-00-23T13:30:05Z x", "2026-11-32T13:30:05Z x", "2026-11-00T13:30:05Z x", "2026-11-23T25:30:05Z x", "2026-11-23 13:30:05 x",
		"2026-11-23T13:30:05+02 x", "2026-11-23T13:30:05ZZ x", "2026-11-23T13:30 x", "2026-11-23T x", "2026/11/23 13:30:47 [debug] x", "12:30:05 x",
	} {
		testParse(t, true, []parseCase{{text, "<13>" + text, parsed{Priority: "user.notice", Host: "vm", Text: text}}})
	}
}

func TestParseTag(t *testing.T) {
	t.Parallel()
	testParse(t, true, []parseCase{
		{"path", "<22>" + stamp + " postfix/smtpd[12]: connect", parsed{"mail.info", stamp, "vm", "postfix/smtpd", "12", "", "", "connect", 12}},
		{"Go's own", "<30>" + stamp + " /usr/bin/x[7]: x", parsed{"daemon.info", stamp, "vm", "/usr/bin/x", "7", "", "", "x", 7}},
		{"parentheses", "<30>" + stamp + " (systemd)[7]: x", parsed{"daemon.info", stamp, "vm", "(systemd)", "7", "", "", "x", 7}},
		{"UTF-8", "<30>" + stamp + " журнал[7]: x", parsed{"daemon.info", stamp, "vm", "журнал", "7", "", "", "x", 7}},
		{"no number", "<30>" + stamp + " prog[main-1]: x", parsed{"daemon.info", stamp, "vm", "prog", "main-1", "", "", "x", 0}},
		{"huge number", "<30>" + stamp + " prog[9999999999]: x", parsed{"daemon.info", stamp, "vm", "prog", "9999999999", "", "", "x", 0}},
		{"nothing in brackets", "<30>" + stamp + " prog[]: x", parsed{"daemon.info", stamp, "vm", "prog", "", "", "", "x", 0}},
		{"blanks before text", "<30>" + stamp + " prog:   x", parsed{"daemon.info", stamp, "vm", "prog", "", "", "", "  x", 0}},
		{"tab before text", "<30>" + stamp + " prog:\tx", parsed{"daemon.info", stamp, "vm", "prog", "", "", "", "\tx", 0}},
		{"no text", "<30>" + stamp + " prog:", parsed{"daemon.info", stamp, "vm", "prog", "", "", "", "", 0}},
		{"no text, no stamp", "<30>prog[1]:", parsed{"daemon.info", "", "vm", "prog", "1", "", "", "", 1}},
		{"musl without ident", "<30>" + stamp + " : x\n", parsed{"daemon.info", stamp, "vm", "", "", "", "", "x", 0}},
		{"libc without ident", "<30>" + stamp + " [8]: x", parsed{"daemon.info", stamp, "vm", "", "8", "", "", "x", 8}},
		{"a level, not a tag", "<30>" + stamp + " [error]: x", parsed{"daemon.info", stamp, "vm", "", "", "", "", "[error]: x", 0}},
		{"empty tag, no stamp", "<30>: x", parsed{"daemon.info", "", "vm", "", "", "", "", ": x", 0}},
		{"number, no stamp", "<30>[8]: x", parsed{"daemon.info", "", "vm", "", "", "", "", "[8]: x", 0}},
		{"no stamp", "<30>error: x", parsed{"daemon.info", "", "vm", "error", "", "", "", "x", 0}},
		{"no stamp, number", "<30>prog[8]: x", parsed{"daemon.info", "", "vm", "prog", "8", "", "", "x", 8}},
		{"no stamp, blanks", "<30>  prog: x", parsed{"daemon.info", "", "vm", "", "", "", "", "  prog: x", 0}},
		{"URL", "<30>http://x/: y", parsed{"daemon.info", "", "vm", "", "", "", "", "http://x/: y", 0}},
		{"time", "<30>12:30:05 x", parsed{"daemon.info", "", "vm", "", "", "", "", "12:30:05 x", 0}},
		{"date", "<30>2026/11/23 13:30:47 [debug]: x", parsed{"daemon.info", "", "vm", "", "", "", "", "2026/11/23 13:30:47 [debug]: x", 0}},
		{"Python's dict", "<30>{'a': 1}", parsed{"daemon.info", "", "vm", "", "", "", "", "{'a': 1}", 0}},
		{"quotation", `<30>"x": y`, parsed{"daemon.info", "", "vm", "", "", "", "", `"x": y`, 0}},
		{"address", "<30>" + stamp + " [::1]:80 refused", parsed{"daemon.info", stamp, "vm", "", "", "", "", "[::1]:80 refused", 0}},
		{"open bracket", "<30>" + stamp + " prog[8: x", parsed{"daemon.info", stamp, "vm", "", "", "", "", "prog[8: x", 0}},
		{"bracket in brackets", "<30>" + stamp + " prog[[8]]: x", parsed{"daemon.info", stamp, "vm", "", "", "", "", "prog[[8]]: x", 0}},
		{"two brackets", "<30>" + stamp + " prog[[8]: x", parsed{"daemon.info", stamp, "vm", "", "", "", "", "prog[[8]: x", 0}},
		{"DEL in brackets", "<30>" + stamp + " prog[\x7f]: x", parsed{"daemon.info", stamp, "vm", "", "", "", "", "prog[\x7f]: x", 0}},
		{"blank in brackets", "<30>" + stamp + " prog[a b]: x", parsed{"daemon.info", stamp, "vm", "", "", "", "", "prog[a b]: x", 0}},
		{"no colon", "<30>" + stamp + " prog[8] x", parsed{"daemon.info", stamp, "vm", "", "", "", "", "prog[8] x", 0}},
		{"only a name", "<30>" + stamp + " prog", parsed{"daemon.info", stamp, "vm", "", "", "", "", "prog", 0}},
		{"newline in it", "<30>pro\ng: x", parsed{"daemon.info", "", "vm", "", "", "", "", "pro\ng: x", 0}},
		{"newline after it", "<30>prog:\nx", parsed{"daemon.info", "", "vm", "", "", "", "", "prog:\nx", 0}},
		{"DEL in it", "<30>pro\x7fg: x", parsed{"daemon.info", "", "vm", "", "", "", "", "pro\x7fg: x", 0}},
		{"Cisco's counter", "<189>29: *Mar  1 18:46:11: %SYS-5: x", parsed{"local7.notice", "", "vm", "29", "", "", "", "*Mar  1 18:46:11: %SYS-5: x", 0}},
		{"Cisco's stamp", "<189>" + stamp + ": %SYS-5: x", parsed{"local7.notice", "", "vm", "", "", "", "", stamp + ": %SYS-5: x", 0}},
	})
	long := strings.Repeat("x", 64)
	testParse(t, true, []parseCase{
		{"longest", "<30>" + long + ": y", parsed{"daemon.info", "", "vm", long, "", "", "", "y", 0}},
		{"too long", "<30>x" + long + ": y", parsed{"daemon.info", "", "vm", "", "", "", "", "x" + long + ": y", 0}},
		{"longest number", "<30>a[" + long + long + "]: y", parsed{"daemon.info", "", "vm", "a", long + long, "", "", "y", 0}},
		{"too long a number", "<30>a[x" + long + long + "]: y", parsed{"daemon.info", "", "vm", "", "", "", "", "a[x" + long + long + "]: y", 0}},
	})
}

// What the kernel says about the sender is right, and what the sender says is not.
func TestParsePID(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		data             string
		kernel, pid, uid int
	}{
		{"<86>Nov 23 13:31:04 CRON[59]: session closed", 60, 60, 65534},
		{"<86>Nov 23 13:31:04 CRON[59]: session closed", 0, 59, -1},
		{"<86>1 - - CRON 59 - -", 60, 60, 0},
		{"<86>1 - - CRON 59 - -", 0, 59, -1},
		{"<86>1 - - CRON 999999999 - -", 0, 999999999, -1},
		{"<86>1 - - CRON 1000000000 - -", 0, 0, -1},
		{"<86>1 - - CRON -59 - -", 0, 0, -1},
		{"<86>1 - - CRON 59a - -", 0, 0, -1},
		{"no number", 7, 7, 0},
	} {
		m := syslog.Message{PID: tc.kernel, UID: tc.uid, GID: tc.uid, Comm: "cron", Service: "cron", From: "/dev/log", Cut: 3}
		syslog.Parser("vm")(&m, []byte(tc.data), true)
		want := syslog.Message{PID: tc.pid, UID: tc.uid, GID: tc.uid, Comm: "cron", Service: "cron", From: "/dev/log", Cut: 3}
		have := syslog.Message{PID: m.PID, UID: m.UID, GID: m.GID, Comm: m.Comm, Service: m.Service, From: m.From, Cut: m.Cut}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("%q (-want +have):\n%s", tc.data, diff)
		}
	}
}

// nil, not empty: that is how a Handler tells.
func TestParseNil(t *testing.T) {
	t.Parallel()
	for _, data := range []string{"", "<13>", "<13>x", "<13>" + stamp + " [8]: x", "<13>" + stamp + " : x", "<13>a[]: x", "<13>1 - - - - - -"} {
		m := used()
		syslog.Parser("")(m, []byte(data), false)
		for name, field := range map[string][]byte{
			"Stamp": m.Stamp, "Tag": m.Tag, "ProcID": m.ProcID, "MsgID": m.MsgID, "StructuredData": m.StructuredData,
		} {
			if field != nil && len(field) == 0 {
				t.Errorf("%q: %s is empty, not nil", data, name)
			}
		}
	}
}
