package syslog_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/syslog"
)

func TestMaxLine(t *testing.T) {
	t.Parallel()
	const prefix = "user.notice t: "
	x := func(n int) string { return strings.Repeat("x", n) }
	for _, tc := range []struct {
		name string
		text string
		cut  int
		max  int // above the length of the prefix
		want []string
	}{
		{"exactly", x(40), 0, 40, []string{x(40)}},
		{"one more", x(41), 0, 40, []string{x(40), "x"}},
		{"twice", x(80), 0, 40, []string{x(40), x(40)}},
		{"newline behind", x(40) + "\nb", 0, 40, []string{x(40), "b"}},
		{"newline of DOS behind", x(40) + "\r\nb", 0, 40, []string{x(40), "b"}},
		{"newline of DOS one later", x(41) + "\r\nb", 0, 40, []string{x(40), "x", "b"}},
		{"CR behind", x(40) + "\rb", 0, 40, []string{x(40), `\x0db`}},
		{"newline at the end", x(40) + "\n", 0, 40, []string{x(40)}},
		{"a character stays whole", x(38) + "日b", 0, 40, []string{x(38), "日b"}},
		{"a character fits", x(37) + "日b", 0, 40, []string{x(37) + "日", "b"}},
		{"a character stays whole before a newline", x(38) + "日\nb", 0, 40, []string{x(38), "日", "b"}},
		{"an escape stays whole", x(37) + "\x1bb", 0, 40, []string{x(37), `\x1bb`}},
		{"the escapes of a character too", x(35) + "\u2028b", 0, 40, []string{x(35), `\xe2\x80\xa8b`}},
		{"less than any text needs", x(40), 0, 1, []string{x(32), x(8)}},
		{"mark", x(40), 5, 80, []string{x(40) + "...[cut, 5 bytes more]"}},
		{"mark on the last line", x(60), 5, 80, []string{x(80 - len("...[cut, 1234567890 bytes more]")), x(11) + "...[cut, 5 bytes more]"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			m := &syslog.Message{Facility: 1, Severity: syslog.Notice, Tag: []byte("t"), Text: []byte(tc.text), Cut: tc.cut}
			out, n := syslog.Text.AppendWith(syslog.FormatOptions{MaxLine: len(prefix) + tc.max}, []byte("before "), m)
			want := withPrefix(prefix, tc.want)
			want[0] = "before " + want[0]
			if diff := cmp.Diff(want, cutLines(t, out)); diff != "" {
				t.Error(diff)
			}
			if n != len(want) {
				t.Errorf("said to be %d lines, are %d", n, len(want))
			}
		})
	}
}

// What is too long for one line is there in several, each of them whole.
func TestMaxLineOfOneLineFormats(t *testing.T) {
	t.Parallel()
	m := ordinary(strings.Repeat("日\n", 400))
	m.Cut = 7
	const limit = 600
	for _, format := range allFormats {
		out, _ := format.AppendWith(syslog.FormatOptions{MaxLine: limit}, nil, m)
		got := cutLines(t, out)
		if len(got) < 3 {
			t.Errorf("%v: %d lines", format, len(got))
		}
		var text strings.Builder
		for i, line := range got {
			if len(line) > limit {
				t.Errorf("%v: a line of %d bytes", format, len(line))
			}
			last := i == len(got)-1
			switch format {
			case syslog.RFC5424:
				rest, ok := strings.CutPrefix(line, "<30>1 2026-11-23T18:05:00.123456Z box nginx 77 - - ")
				if !ok {
					t.Errorf("no header: %q", line)
				}
				text.WriteString(rest)
			case syslog.Raw:
				text.WriteString(line)
			case syslog.Logfmt:
				if want := fmt.Sprintf(" part=%d", i+1); !strings.Contains(line, want) || strings.HasSuffix(line, want+" more=true") == last {
					t.Errorf("line %d: %q", i+1, line)
				}
			case syslog.JSON:
				var fields struct {
					Msg       string
					Pid       int
					Cut, Part int
					More      bool
				}
				if err := json.Unmarshal([]byte(line), &fields); err != nil {
					t.Errorf("%v in %s", err, line)
				}
				if fields.Part != i+1 || fields.More == last || fields.Cut > 0 != last || fields.Pid != 77 {
					t.Errorf("line %d: %+v", i+1, fields)
				}
				text.WriteString(fields.Msg)
			}
		}
		want := map[syslog.Format]string{
			syslog.RFC5424: strings.Repeat(`日\x0a`, 400) + "...[cut, 7 bytes more]",
			syslog.Raw:     string(m.Raw[:31]) + strings.Repeat(`日\x0a`, 400) + "...[cut, 7 bytes more]",
			syslog.JSON:    string(m.Text),
		}[format]
		if diff := cmp.Diff(want, text.String()); diff != "" {
			t.Errorf("%v: %s", format, diff)
		}
	}
}
