package syslog_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/syslog"
)

// allFormats are in the order of their numbers.
var allFormats = []syslog.Format{syslog.Text, syslog.Raw, syslog.Traditional, syslog.RFC5424, syslog.JSON, syslog.Logfmt}

// receivedAt is no UTC, since output has to be, but for Traditional.
var receivedAt = time.Date(2026, 11, 23, 20, 5, 0, 123_456_789, time.FixedZone("EET", 2*3600))

// local is what Traditional makes of it.
var local = receivedAt.Local().Format("Jan _2 15:04:05")

// ordinary is a message like most, with the text.
func ordinary(text string) *syslog.Message {
	return &syslog.Message{
		Received: receivedAt, From: "/dev/log", PID: 77, UID: 0, GID: 0, Comm: "nginx", Service: "web",
		Facility: 3, Severity: syslog.Informational,
		Hostname: []byte("box"), Tag: []byte("nginx"), ProcID: []byte("77"), Text: []byte(text),
		Raw: []byte("<30>Nov 23 13:30:05 nginx[77]: " + text),
	}
}

// cutLines cuts output at its newlines, the last of which must be there.
func cutLines(tb testing.TB, out []byte) []string {
	tb.Helper()
	text, ok := strings.CutSuffix(string(out), "\n")
	if !ok {
		tb.Errorf("no newline at the end of %q", out)
	}
	return strings.Split(text, "\n")
}

func TestFormats(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		message *syslog.Message
		want    map[syslog.Format]string
	}{
		{"ordinary", ordinary("GET / 200"), map[syslog.Format]string{
			syslog.Text:        `[web] daemon.info nginx[77]: GET / 200`,
			syslog.Raw:         `<30>Nov 23 13:30:05 nginx[77]: GET / 200`,
			syslog.Traditional: local + ` box nginx[77]: GET / 200`,
			syslog.RFC5424:     `<30>1 2026-11-23T18:05:00.123456Z box nginx 77 - - GET / 200`,
			syslog.JSON: `{"ts":"2026-11-23T18:05:00.123456Z","level":"info","service":"web","stream":"syslog","pid":77,` +
				`"facility":"daemon","severity":"info","tag":"nginx","comm":"nginx","uid":0,"msg":"GET / 200"}`,
			syslog.Logfmt: `ts=2026-11-23T18:05:00.123456Z level=info service=web stream=syslog pid=77 ` +
				`facility=daemon severity=info tag=nginx comm=nginx uid=0 msg="GET / 200"`,
		}},
		{"nothing known", &syslog.Message{Received: receivedAt, UID: -1, GID: -1, Facility: 1, Severity: syslog.Notice}, map[syslog.Format]string{
			syslog.Text:        `user.notice -: `,
			syslog.Raw:         ``,
			syslog.Traditional: local + ` - -: `,
			syslog.RFC5424:     `<13>1 2026-11-23T18:05:00.123456Z - - - - - `,
			syslog.JSON:        `{"ts":"2026-11-23T18:05:00.123456Z","level":"info","stream":"syslog","facility":"user","severity":"notice","msg":""}`,
			syslog.Logfmt:      `ts=2026-11-23T18:05:00.123456Z level=info stream=syslog facility=user severity=notice msg=""`,
		}},
		{"from the network", &syslog.Message{
			Received: receivedAt, From: "udp:127.0.0.1:40000", PID: 12, UID: -1, GID: -1, Facility: 16, Severity: syslog.Critical,
			Hostname: []byte("other"), Tag: []byte("app"), ProcID: []byte("worker 1"), MsgID: []byte("ID47"),
			StructuredData: []byte(`[x@1 a="b c"]`), Text: []byte("t"), Raw: []byte("<130>1 ..."),
		}, map[syslog.Format]string{
			syslog.Text:        `local0.crit app[12]: t`,
			syslog.Raw:         `<130>1 ...`,
			syslog.Traditional: local + ` other app[12]: t`,
			syslog.RFC5424:     `<130>1 2026-11-23T18:05:00.123456Z other app 12 ID47 [x@1 a="b c"] t`,
			syslog.JSON: `{"ts":"2026-11-23T18:05:00.123456Z","level":"error","stream":"syslog","pid":12,"procid":"worker 1",` +
				`"facility":"local0","severity":"crit","tag":"app","host":"other","from":"udp:127.0.0.1:40000",` +
				`"msgid":"ID47","sd":"[x@1 a=\"b c\"]","msg":"t"}`,
			syslog.Logfmt: `ts=2026-11-23T18:05:00.123456Z level=error stream=syslog pid=12 procid="worker 1" ` +
				`facility=local0 severity=crit tag=app host=other from=udp:127.0.0.1:40000 ` +
				`msgid=ID47 sd="[x@1 a=\"b c\"]" msg="t"`,
		}},
		{"without a tag, and only the sender's word for its process", &syslog.Message{
			Received: receivedAt, From: "/dev/log", UID: 33, Comm: "logger", Facility: 1, Severity: syslog.Debug, ProcID: []byte("main"), Text: []byte("t"), Raw: []byte("<15>t"),
		}, map[syslog.Format]string{
			syslog.Text:        `user.debug logger: t`,
			syslog.Raw:         `<15>t`,
			syslog.Traditional: local + ` - logger: t`,
			syslog.RFC5424:     `<15>1 2026-11-23T18:05:00.123456Z - logger main - - t`,
			syslog.JSON: `{"ts":"2026-11-23T18:05:00.123456Z","level":"debug","stream":"syslog","procid":"main",` +
				`"facility":"user","severity":"debug","comm":"logger","uid":33,"msg":"t"}`,
			syslog.Logfmt: `ts=2026-11-23T18:05:00.123456Z level=debug stream=syslog procid=main facility=user severity=debug comm=logger uid=33 msg="t"`,
		}},
	} {
		for _, format := range allFormats {
			t.Run(tc.name+"/"+format.String(), func(t *testing.T) {
				t.Parallel()
				out := format.Append([]byte("before\n"), tc.message)
				want := "before\n" + tc.want[format] + "\n"
				if diff := cmp.Diff(want, string(out)); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func TestHostileText(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text string
		plain      []string // each line of Text and Traditional
		octal      []string // nil for the same
		quoted     string   // in JSON and Logfmt; "" for the text itself
	}{
		{"umlauts and arrows", "größe → 日本 🙂 \uFFFD", []string{"größe → 日本 🙂 \uFFFD"}, nil, ""},
		{"TAB", "a\tb", []string{"a\tb"}, nil, `a\tb`},
		{"quotes", `a "b" \ #`, []string{`a "b" \ #`}, nil, `a \"b\" \\ #`},
		{"escape sequence", "\x1b[31mred\x1b[0m", []string{`\x1b[31mred\x1b[0m`}, []string{`#033[31mred#033[0m`}, `\u001b[31mred\u001b[0m`},
		{"NUL, BS, DEL", "a\x00b\x08c\x7f", []string{`a\x00b\x08c\x7f`}, []string{`a#000b#010c#177`}, `a\u0000b\u0008c\u007f`},
		{"CSI of C1", "a\u009bb", []string{`a\xc2\x9bb`}, []string{`a#302#233b`}, `a\u009bb`},
		{"not UTF-8", "a\x9b\xff\xc3(", []string{`a\x9b\xff\xc3(`}, []string{`a#233#377#303(`}, "a\uFFFD\uFFFD\uFFFD("},
		{"a surrogate, too long forms", "\xed\xa0\x80\xc0\x80", []string{`\xed\xa0\x80\xc0\x80`}, []string{`#355#240#200#300#200`}, strings.Repeat("\uFFFD", 5)},
		{"cut off", "a\xe2\x82", []string{`a\xe2\x82`}, []string{`a#342#202`}, "a\uFFFD\uFFFD"},
		{
			"line separators", "a\u2028b\u2029c\u0085d",
			[]string{`a\xe2\x80\xa8b\xe2\x80\xa9c\xc2\x85d`},
			[]string{`a#342#200#250b#342#200#251c#302#205d`},
			`a\u2028b\u2029c\u0085d`,
		},
		{"right to left, no width", "a\u202eb\u200bc", []string{`a\xe2\x80\xaeb\xe2\x80\x8bc`}, []string{`a#342#200#256b#342#200#213c`}, `a\u202eb\u200bc`},
		{"beyond 16 bits", "a\U000e0041b", []string{`a\xf3\xa0\x81\x81b`}, []string{`a#363#240#201#201b`}, `a\udb40\udc41b`},
		{"newlines", "a\n[db] auth.info su: \n\nb", []string{"a", "[db] auth.info su: ", "", "b"}, nil, `a\n[db] auth.info su: \n\nb`},
		{"newlines of DOS", "a\r\nb\r\r\nc", []string{"a", `b\x0d`, "c"}, []string{"a", "b#015", "c"}, `a\r\nb\r\r\nc`},
		{"newline at the end", "a\n", []string{"a"}, nil, `a\n`},
		{"newline alone", "\n", []string{""}, nil, `\n`},
		{"CR", "good\rbad", []string{`good\x0dbad`}, []string{`good#015bad`}, `good\rbad`},
		{"blanks", "  a  ", []string{"  a  "}, nil, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			m := ordinary(tc.text)
			if tc.octal == nil {
				tc.octal = tc.plain
			}
			if tc.quoted == "" {
				tc.quoted = tc.text
			}
			for _, octal := range []bool{false, true} {
				plain, cr, lf := tc.plain, `\x0d`, `\x0a`
				if octal {
					plain, cr, lf = tc.octal, "#015", "#012"
				}
				// In the formats of one line, newlines are shown too.
				one := strings.Join(plain, lf)
				if strings.Contains(tc.text, "\r\n") {
					one = strings.Join(plain, cr+lf)
				}
				if strings.HasSuffix(tc.text, "\n") {
					one += lf
				}
				fields := `"facility":"daemon","severity":"info","tag":"nginx","comm":"nginx","uid":0,"msg":"`
				for format, want := range map[syslog.Format][]string{
					syslog.Text:        withPrefix("[web] daemon.info nginx[77]: ", plain),
					syslog.Traditional: withPrefix(local+" box nginx[77]: ", plain),
					syslog.Raw:         {"<30>Nov 23 13:30:05 nginx[77]: " + one},
					syslog.RFC5424:     {"<30>1 2026-11-23T18:05:00.123456Z box nginx 77 - - " + one},
					syslog.JSON:        {`{"ts":"2026-11-23T18:05:00.123456Z","level":"info","service":"web","stream":"syslog","pid":77,` + fields + tc.quoted + `"}`},
					syslog.Logfmt: {`ts=2026-11-23T18:05:00.123456Z level=info service=web stream=syslog pid=77 ` +
						`facility=daemon severity=info tag=nginx comm=nginx uid=0 msg="` + tc.quoted + `"`},
				} {
					out, n := format.AppendWith(syslog.FormatOptions{Octal: octal}, nil, m)
					if diff := cmp.Diff(want, cutLines(t, out)); diff != "" {
						t.Errorf("%v, octal %t: %s", format, octal, diff)
					}
					if n != len(want) {
						t.Errorf("%v: said to be %d lines, are %d", format, n, len(want))
					}
				}
			}
		})
	}
}

// Text is looked at eight bytes at a time, and each byte is seen wherever it is.
func TestEveryByteEverywhere(t *testing.T) {
	t.Parallel()
	const prefix = "[web] daemon.info nginx[77]: "
	for c := range 0x100 {
		for i := range 20 {
			text := strings.Repeat("~", i) + string([]byte{byte(c)}) + strings.Repeat(" ", 20-i)
			shown := fmt.Sprintf(`\x%02x`, c)
			switch {
			case c == '\n':
				shown = "\n" + prefix
			case c == '\t', c >= ' ' && c < 0x7f:
				shown = string(rune(c))
			}
			want := prefix + text[:i] + shown + text[i+1:] + "\n"
			if got := string(syslog.Text.Append(nil, ordinary(text))); got != want {
				t.Errorf("%q, want %q", got, want)
			}
			line := syslog.JSON.Append(nil, ordinary(text))
			var fields struct{ Msg string }
			if err := json.Unmarshal(line, &fields); err != nil || fields.Msg != validUTF8([]byte(text)) || strings.ContainsAny(string(line), "\t\x7f") {
				t.Errorf("%q of %q, %v", line, text, err)
			}
		}
	}
}

func withPrefix(prefix string, texts []string) []string {
	var all []string
	for _, text := range texts {
		all = append(all, prefix+text)
	}
	return all
}

// Names come from senders too: nothing in one may end it, or the line.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, word    string
		plain, header string // header is that of RFC 5424
		quoted        string
		logfmt        string
	}{
		{"usual", "postfix/smtpd", `postfix/smtpd`, `postfix/smtpd`, `postfix/smtpd`, `postfix/smtpd`},
		{"newline", "a\n[db] x", `a\x0a\x5bdb\x5d\x20x`, `a_[db]_x`, `a\n[db] x`, `"a\n[db] x"`},
		{"end of a prefix", "a[1]: b", `a\x5b1\x5d:\x20b`, `a[1]:_b`, `a[1]: b`, `"a[1]: b"`},
		{"TAB", "a\tb", `a\x09b`, `a_b`, `a\tb`, `"a\tb"`},
		{"ESC", "\x1b]0;x\x07", `\x1b\x5d0;x\x07`, `_]0;x_`, `\u001b]0;x\u0007`, `"\u001b]0;x\u0007"`},
		{"not UTF-8", "a\xffb", `a\xffb`, `a_b`, "a\uFFFDb", "\"a\uFFFDb\""},
		{"umlaut", "müll", `müll`, `m__ll`, `müll`, `"müll"`},
		{"another key", `x pid=1`, `x\x20pid=1`, `x_pid=1`, `x pid=1`, `"x pid=1"`},
		{"an equals sign", `a=b`, `a=b`, `a=b`, `a=b`, `"a=b"`},
		{"a quote", `x"`, `x"`, `x"`, `x\"`, `"x\""`},
		{"a backslash", `x\`, `x\`, `x\`, `x\\`, `"x\\"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			m := ordinary("t")
			m.Service, m.Comm, m.Tag, m.Hostname = tc.word, tc.word, []byte(tc.word), []byte(tc.word)
			bare := *m
			bare.Tag = nil
			for _, c := range []struct {
				format  syslog.Format
				message *syslog.Message
				want    string
			}{
				{syslog.Text, m, fmt.Sprintf("[%s] daemon.info %[1]s[77]: t", tc.plain)},
				{syslog.Text, &bare, fmt.Sprintf("[%s] daemon.info %[1]s[77]: t", tc.plain)},
				{syslog.Traditional, m, fmt.Sprintf("%s %s %[2]s[77]: t", local, tc.plain)},
				{syslog.Traditional, &bare, fmt.Sprintf("%s %s %[2]s[77]: t", local, tc.plain)},
				{syslog.RFC5424, m, fmt.Sprintf("<30>1 2026-11-23T18:05:00.123456Z %s %[1]s 77 - - t", tc.header)},
				{syslog.RFC5424, &bare, fmt.Sprintf("<30>1 2026-11-23T18:05:00.123456Z %s %[1]s 77 - - t", tc.header)},
				{syslog.JSON, m, fmt.Sprintf(`{"ts":"2026-11-23T18:05:00.123456Z","level":"info","service":"%s","stream":"syslog","pid":77,`+
					`"facility":"daemon","severity":"info","tag":"%[1]s","comm":"%[1]s","uid":0,"msg":"t"}`, tc.quoted)},
				{syslog.Logfmt, m, fmt.Sprintf(`ts=2026-11-23T18:05:00.123456Z level=info service=%s stream=syslog pid=77 `+
					`facility=daemon severity=info tag=%[1]s comm=%[1]s uid=0 msg="t"`, tc.logfmt)},
			} {
				if diff := cmp.Diff([]string{c.want}, cutLines(t, c.format.Append(nil, c.message))); diff != "" {
					t.Errorf("%v: %s", c.format, diff)
				}
			}
		})
	}
}

func TestHeaderOfRFC5424(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 300)
	m := ordinary("t")
	m.Facility, m.Severity, m.PID = 23, syslog.Debug, 0
	m.Hostname, m.Tag, m.ProcID, m.MsgID = []byte(long), []byte(long), []byte(long), []byte(long)
	m.StructuredData = []byte("[a b=\"1\n\x1bü\"][c]")
	want := "<191>1 2026-11-23T18:05:00.123456Z " + long[:255] + " " + long[:48] + " " + long[:128] + " " + long[:32] + ` [a b="1\x0a\x1bü"][c] t`
	if diff := cmp.Diff([]string{want}, cutLines(t, syslog.RFC5424.Append(nil, m))); diff != "" {
		t.Error(diff)
	}
}

func TestLevels(t *testing.T) {
	t.Parallel()
	want := []string{"error", "error", "error", "error", "warn", "info", "info", "debug"}
	var got []string
	for s := range want {
		m := ordinary("t")
		m.Severity = syslog.Severity(s)
		var fields struct{ Level, Severity string }
		if err := json.Unmarshal(syslog.JSON.Append(nil, m), &fields); err != nil {
			t.Fatal(err)
		}
		if fields.Severity != m.Severity.String() {
			t.Errorf("severity %q, want %v", fields.Severity, m.Severity)
		}
		got = append(got, fields.Level)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestStamps(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		at   time.Time
		want string
	}{
		{receivedAt, "2026-11-23T18:05:00.123456Z "},
		{time.Date(2027, 1, 2, 3, 4, 5, 6_000, time.UTC), "2027-01-02T03:04:05.000006Z "},
		{time.Unix(0, 0), "1970-01-01T00:00:00.000000Z "},
		{time.Date(2028, 2, 29, 23, 59, 59, 999_999_999, time.UTC), "2028-02-29T23:59:59.999999Z "},
	} {
		m := ordinary("a\nb")
		m.Received = tc.at
		got, _ := syslog.Text.AppendWith(syslog.FormatOptions{Stamps: true}, nil, m)
		want := withPrefix(tc.want+"[web] daemon.info nginx[77]: ", []string{"a", "b"})
		if diff := cmp.Diff(want, cutLines(t, got)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestCutMark(t *testing.T) {
	t.Parallel()
	m := ordinary("a\nbc")
	m.Cut = 1234
	const header = `ts=2026-11-23T18:05:00.123456Z level=info service=web stream=syslog pid=77 ` +
		`facility=daemon severity=info tag=nginx comm=nginx uid=0 `
	for format, want := range map[syslog.Format][]string{
		syslog.Text:        {"[web] daemon.info nginx[77]: a", "[web] daemon.info nginx[77]: bc...[cut, 1234 bytes more]"},
		syslog.Traditional: {local + " box nginx[77]: a", local + " box nginx[77]: bc...[cut, 1234 bytes more]"},
		syslog.Raw:         {`<30>Nov 23 13:30:05 nginx[77]: a\x0abc...[cut, 1234 bytes more]`},
		syslog.RFC5424:     {`<30>1 2026-11-23T18:05:00.123456Z box nginx 77 - - a\x0abc...[cut, 1234 bytes more]`},
		syslog.JSON: {`{"ts":"2026-11-23T18:05:00.123456Z","level":"info","service":"web","stream":"syslog","pid":77,` +
			`"facility":"daemon","severity":"info","tag":"nginx","comm":"nginx","uid":0,"msg":"a\nbc","cut":1234}`},
		syslog.Logfmt: {header + `msg="a\nbc" cut=1234`},
	} {
		if diff := cmp.Diff(want, cutLines(t, format.Append(nil, m))); diff != "" {
			t.Errorf("%v: %s", format, diff)
		}
	}
}

func TestParseFormat(t *testing.T) {
	t.Parallel()
	for i, name := range []string{"text", "raw", "traditional", "rfc5424", "json", "logfmt"} {
		got, err := syslog.ParseFormat(name)
		if err != nil || got != allFormats[i] || got.String() != name {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for _, name := range []string{"", "Text", "xml", "format 1"} {
		_, err := syslog.ParseFormat(name)
		want := fmt.Sprintf("cannot use the format %q: the formats are text, raw, traditional, rfc5424, json, logfmt", name)
		if err == nil || err.Error() != want {
			t.Errorf("%q: error %v, want %s", name, err, want)
		}
	}
	if got := syslog.Format(-1).String(); got != "format -1" {
		t.Error(got)
	}
}
