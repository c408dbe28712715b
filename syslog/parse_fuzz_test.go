package syslog_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/syslog"
)

// Whatever arrives, every byte of it but separators is in exactly one field.
func FuzzParse(f *testing.F) {
	for _, d := range datagrams(f) {
		f.Add([]byte(d.Raw), "vm", true)
		f.Add([]byte(d.Raw), "", false)
	}
	for _, seed := range []string{
		"", "<13>", "<192>x", "no priority", "<13>\x00\n",
		"<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - " + bom + "'su root' failed",
		`<165>1 - web a 1 b [a b="\"\]\\"][c d="e"] x`, `<165>1 - web a 1 b [a b="]"] x`, "<13>1 - - - - - - " + bom + bom,
		"<30>2026-11-23T13:30:05.123+02:00 fe80::1 prog[8]: x", "<30>Nov  3 2026 13:30:05.123 - prog[]: x", "<30>Nov 23 13:30:05 : x", `<14>{"a": "b"}`,
	} {
		f.Add([]byte(seed), "web.example.org", true)
		f.Add([]byte(seed), "web.example.org", false)
	}
	f.Fuzz(func(t *testing.T, data []byte, hostname string, local bool) {
		sent := bytes.Clone(data)
		m := used()
		syslog.Parser(hostname)(m, data, local)
		if !bytes.Equal(sent, data) {
			t.Fatalf("%q has become %q", sent, data)
		}
		checkRaw(t, m, data)
		checkFields(t, m, hostname)
		if isRFC5424(m) {
			checkAgain(t, m, hostname)
		}
	})
}

// checkRaw says what is wrong with the ends: all but newlines, CRs and NULs is
// kept.
func checkRaw(t *testing.T, m *syslog.Message, data []byte) {
	t.Helper()
	want := strings.TrimRight(string(data), "\n\r\x00")
	if string(m.Raw) != want || offset(data, m.Raw) != 0 {
		t.Fatalf("raw is %q, want %q", m.Raw, want)
	}
	if !bytes.HasSuffix(m.Raw, m.Text) || (len(m.Text) > 0 && offset(m.Raw, m.Text) != len(m.Raw)-len(m.Text)) {
		t.Fatalf("text %q is not the end of %q", m.Text, m.Raw)
	}
}

// checkFields follows the fields through the message: only separators may lie
// between them.
func checkFields(t *testing.T, m *syslog.Message, hostname string) {
	t.Helper()
	if m.Facility > 23 || m.Severity > 7 {
		t.Fatalf("facility %d, severity %d", m.Facility, m.Severity)
	}
	at := headerSize(m)
	if at == 0 && len(m.Text) != len(m.Raw) {
		t.Fatalf("no priority, and the text of %q is %q", m.Raw, m.Text)
	}
	for _, field := range [][]byte{m.Stamp, m.Hostname, m.Tag, m.ProcID, m.MsgID, m.StructuredData} {
		start := offset(m.Raw, field)
		switch {
		case field == nil:
		case len(field) == 0 && string(field) != hostname:
			t.Fatalf("an empty field of %q is not nil", m.Raw)
		case start < 0:
			if string(field) != hostname {
				t.Fatalf("%q is from nowhere", field)
			}
		default:
			checkGap(t, m, at, start)
			at = start + len(field)
		}
	}
	checkGap(t, m, at, len(m.Raw)-len(m.Text))
}

func checkGap(t *testing.T, m *syslog.Message, from, to int) {
	t.Helper()
	if from > to {
		t.Fatalf("fields of %q overlap at %d", m.Raw, to)
	}
	gap := bytes.TrimSuffix(m.Raw[from:to], []byte(bom))
	if lost := bytes.Trim(gap, " -:[]"); len(lost) > 0 {
		t.Fatalf("%q of %q is lost", lost, m.Raw)
	}
}

// headerSize is how long the priority is, and the version if there is one.
func headerSize(m *syslog.Message) int {
	priority := fmt.Sprintf("<%d>", int(m.Facility)<<3|int(m.Severity))
	if len(m.Text) == len(m.Raw) || !bytes.HasPrefix(m.Raw, []byte(priority)) {
		return 0
	}
	if isRFC5424(m) {
		return len(priority) + len("1")
	}
	return len(priority)
}

// isRFC5424 is whether the header was understood: else "1 " begins the text.
func isRFC5424(m *syslog.Message) bool {
	_, rest, _ := bytes.Cut(m.Raw, []byte(">"))
	return len(m.Text) < len(rest) && bytes.HasPrefix(rest, []byte("1 "))
}

// checkAgain writes the message as RFC 5424 wants, and parses that.
func checkAgain(t *testing.T, m *syslog.Message, hostname string) {
	t.Helper()
	host := m.Hostname
	if offset(m.Raw, host) < 0 {
		host = nil
	}
	written := fmt.Sprintf("<%d>1", int(m.Facility)<<3|int(m.Severity))
	for _, field := range [][]byte{m.Stamp, host, m.Tag, m.ProcID, m.MsgID, m.StructuredData} {
		written += " " + orDash(field)
	}
	written += " " + bom + string(m.Text)
	again := used()
	syslog.Parser(hostname)(again, []byte(written), false)
	m.Raw, again.Raw = nil, nil
	if diff := cmp.Diff(m, again, cmp.Transformer("string", func(b []byte) string { return string(b) })); diff != "" {
		t.Fatalf("%q (-want +have):\n%s", written, diff)
	}
}

func orDash(field []byte) string {
	if field == nil {
		return "-"
	}
	return string(field)
}

// offset is where part lies in whole, or -1.
func offset(whole, part []byte) int {
	n := uintptr(unsafe.Pointer(unsafe.SliceData(part))) - uintptr(unsafe.Pointer(unsafe.SliceData(whole)))
	if n > uintptr(len(whole)) || int(n)+len(part) > len(whole) {
		return -1
	}
	return int(n)
}
