package syslog_test

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/sillelien/baseinit/syslog"
)

// Whatever a message holds, its lines are lines, and nobody else's.
func FuzzFormat(f *testing.F) {
	for _, text := range []string{
		"", "GET / 200", "a\nb\r\nc\rd\n", "\x1b[31m\x7f\x00\u009b\xff", "größe 日本 \u2028\u202e\U000e0041\xed\xa0\x80",
		`"\`, "a\n[db] auth.info su[1]: x", strings.Repeat("x\xe2\x82", 99),
	} {
		f.Add([]byte(text), []byte("nginx"), "my prog", "web", []byte("box"), []byte(`[a b="c"]`), 77, 0, 0, uint8(30), false)
		f.Add([]byte("t"), []byte(text), text, text, []byte(text), []byte(text), 0, 300, 70, uint8(191), true)
	}
	f.Fuzz(func(t *testing.T, text, tag []byte, comm, service string, host, sd []byte, pid, cut, maxLine int, pri uint8, octal bool) {
		m := &syslog.Message{
			Received: receivedAt, From: service, PID: pid, UID: pid, Comm: comm, Service: service, Cut: max(cut, 0),
			Facility: syslog.Facility(pri >> 3 % 24), Severity: syslog.Severity(pri & 7),
			Hostname: host, Tag: tag, ProcID: tag, MsgID: host, StructuredData: sd, Text: text, Raw: text,
		}
		for _, format := range allFormats {
			out, n := format.AppendWith(syslog.FormatOptions{Stamps: true, Octal: octal, MaxLine: maxLine}, []byte("before"), m)
			out, ok := bytes.CutPrefix(out, []byte("before"))
			if !ok {
				t.Fatalf("%v: what was before is gone: %q", format, out)
			}
			got := cutLines(t, out)
			if n != len(got) {
				t.Errorf("%v: %d lines, said to be %d", format, len(got), n)
			}
			checkHarmless(t, format, string(out))
			checkCount(t, format, m, maxLine, len(got))
			checkHeads(t, format, m, octal, got)
			checkMark(t, format, m, got)
			if format == syslog.JSON {
				checkObjects(t, m, got)
			}
		}
	})
}

// checkHarmless looks for what a terminal would obey.
func checkHarmless(t *testing.T, format syslog.Format, out string) {
	t.Helper()
	if !utf8.ValidString(out) {
		t.Errorf("%v: not UTF-8: %q", format, out)
	}
	for _, r := range out {
		if r != '\n' && r != '\t' && !strconv.IsPrint(r) || r == '\t' && format >= syslog.JSON || unicode.IsControl(r) && r > '\n' {
			t.Errorf("%v: %q in %q", format, r, out)
		}
	}
}

// checkCount compares the number of lines with that of the text.
func checkCount(t *testing.T, format syslog.Format, m *syslog.Message, maxLine, got int) {
	t.Helper()
	want := 1
	if format == syslog.Text || format == syslog.Traditional {
		want += bytes.Count(bytes.TrimSuffix(m.Text, []byte("\n")), []byte("\n"))
	}
	if got < want || maxLine <= 0 && got > want {
		t.Errorf("%v: %d lines, want %d", format, got, want)
	}
}

// checkHeads wants the same beginning in all lines, in which names end where they
// should.
func checkHeads(t *testing.T, format syslog.Format, m *syslog.Message, octal bool, got []string) {
	t.Helper()
	empty := *m
	empty.Text, empty.Raw, empty.Cut = nil, nil, 0
	out, _ := format.AppendWith(syslog.FormatOptions{Stamps: true, Octal: octal}, nil, &empty)
	head := strings.TrimRight(string(out), "\n")
	switch format {
	case syslog.JSON:
		head = strings.TrimSuffix(head, `"}`)
	case syslog.Logfmt:
		head = strings.TrimSuffix(head, `"`)
	case syslog.Text:
		// stamp, perhaps service, priority, sender
		blanks := 3
		if m.Service != "" {
			blanks++
		}
		if strings.Count(head, " ") != blanks || strings.Count(head, "[") > 2 || strings.Count(head, ": ") != 1 {
			t.Errorf("head %q", head)
		}
	}
	for _, line := range got {
		if !strings.HasPrefix(line, head) {
			t.Errorf("%v: %q does not begin with %q", format, line, head)
		}
	}
}

// checkMark wants it at the end, if at all.
func checkMark(t *testing.T, format syslog.Format, m *syslog.Message, got []string) {
	t.Helper()
	mark := "...[cut, " + strconv.Itoa(m.Cut) + " bytes more]"
	switch format {
	case syslog.JSON: // checkObjects
		return
	case syslog.Logfmt:
		mark = " cut=" + strconv.Itoa(m.Cut)
		if len(got) > 1 {
			mark += " part=" + strconv.Itoa(len(got))
		}
	}
	if last := got[len(got)-1]; m.Cut > 0 && !strings.HasSuffix(last, mark) {
		t.Errorf("%v: %q does not end with %q", format, last, mark)
	}
}

// checkObjects puts the message together again.
func checkObjects(t *testing.T, m *syslog.Message, got []string) {
	t.Helper()
	var msg strings.Builder
	for i, line := range got {
		var fields struct {
			Msg, Tag, Comm, Service, Facility string
			Pid, Cut, Part                    int
			More                              bool
		}
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		msg.WriteString(fields.Msg)
		last := i == len(got)-1
		if fields.More == last || last && fields.Cut != m.Cut || len(got) > 1 && fields.Part != i+1 {
			t.Errorf("line %d: %s", i+1, line)
		}
		if fields.Tag != validUTF8(m.Tag) || fields.Comm != validUTF8([]byte(m.Comm)) || fields.Service != validUTF8([]byte(m.Service)) || fields.Pid != m.PID {
			t.Errorf("%+v of %+v", fields, m)
		}
	}
	if msg.String() != validUTF8(m.Text) {
		t.Errorf("msg %q, want %q", msg.String(), validUTF8(m.Text))
	}
}

// validUTF8 is text with U+FFFD for each byte that is no UTF-8.
func validUTF8(text []byte) string {
	return string([]rune(string(text)))
}
