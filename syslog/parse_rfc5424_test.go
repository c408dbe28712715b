package syslog_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/syslog"
)

const bom = "\xef\xbb\xbf"

// RFC 5424, sections 6.5 and 6.3.5.
func TestParseRFC5424Examples(t *testing.T) {
	t.Parallel()
	const (
		data = `[exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"]`
		high = `[examplePriority@32473 class="high"]`
		at   = "2003-10-11T22:14:15.003Z"
		host = "mymachine.example.com"
	)
	testParse(t, false, []parseCase{
		{
			"6.5, 1", "<34>1 " + at + " mymachine.example.com su - ID47 - " + bom + "'su root' failed for lonvick on /dev/pts/8",
			parsed{Priority: "auth.crit", Stamp: at, Host: host, Tag: "su", MsgID: "ID47", Text: "'su root' failed for lonvick on /dev/pts/8"},
		},
		{
			"6.5, 2", "<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time to make the do-nuts.",
			parsed{"local4.notice", "2003-08-24T05:14:15.000003-07:00", "192.0.2.1", "myproc", "8710", "", "", "%% It's time to make the do-nuts.", 8710},
		},
		{
			"6.5, 3", "<165>1 " + at + " mymachine.example.com evntslog - ID47 " + data + " " + bom + "An application event log entry...",
			parsed{Priority: "local4.notice", Stamp: at, Host: host, Tag: "evntslog", MsgID: "ID47", Data: data, Text: "An application event log entry..."},
		},
		{
			"6.5, 4", "<165>1 " + at + " mymachine.example.com evntslog - ID47 " + data + high,
			parsed{Priority: "local4.notice", Stamp: at, Host: host, Tag: "evntslog", MsgID: "ID47", Data: data + high},
		},
		{
			"6.3.5, 3: the second is text", "<165>1 - - - - - " + data + " " + high,
			parsed{Priority: "local4.notice", Host: "vm", Data: data, Text: high},
		},
		{
			"6.3.5, 4: no data", "<165>1 - - - - - [ exampleSDID@32473 iut=\"3\"]" + high,
			parsed{Priority: "local4.notice", Host: "vm", Text: "1 - - - - - [ exampleSDID@32473 iut=\"3\"]" + high},
		},
		{
			"6.3.5, 5", `<165>1 - - - - - [sigSig ver="1" rsID="1234" iut="3" signature="..."]`,
			parsed{Priority: "local4.notice", Host: "vm", Data: `[sigSig ver="1" rsID="1234" iut="3" signature="..."]`},
		},
	})
}

func TestParseRFC5424(t *testing.T) {
	t.Parallel()
	testParse(t, true, []parseCase{
		{
			"logger --rfc5424", `<13>1 2026-11-23T13:30:05.123456+00:00 vm ul - - [timeQuality tzKnown="1" isSynced="0"] five`,
			parsed{
				Priority: "user.notice", Stamp: "2026-11-23T13:30:05.123456+00:00", Host: "vm", Tag: "ul",
				Data: `[timeQuality tzKnown="1" isSynced="0"]`, Text: "five",
			},
		},
		{
			"haproxy", "<134>1 2026-11-23T13:30:05.123456+00:00 - haproxy 13 - - Connect from 127.0.0.1\n",
			parsed{"local0.info", "2026-11-23T13:30:05.123456+00:00", "vm", "haproxy", "13", "", "", "Connect from 127.0.0.1", 13},
		},
		{"another host", "<13>1 - web - - - - x", parsed{Priority: "user.notice", Host: "web", Text: "x"}},
		{"nothing", "<13>1 - - - - - -", parsed{Priority: "user.notice", Host: "vm"}},
		{"nothing, a blank", "<13>1 - - - - - - ", parsed{Priority: "user.notice", Host: "vm"}},
		{"blanks", "<13>1 - - - - - -   x", parsed{Priority: "user.notice", Host: "vm", Text: "  x"}},
		{"only a BOM", "<13>1 - - - - - - " + bom, parsed{Priority: "user.notice", Host: "vm"}},
		{"two BOMs", "<13>1 - - - - - - " + bom + bom, parsed{Priority: "user.notice", Host: "vm", Text: bom}},
		{"a tag in the text", "<13>1 - - - - - - prog[8]: x", parsed{Priority: "user.notice", Host: "vm", Text: "prog[8]: x"}},
		{"many lines", "<13>1 - - a - - - x\ny\x00z\n\x00", parsed{Priority: "user.notice", Host: "vm", Tag: "a", Text: "x\ny\x00z"}},
		{"dashes", "<13>1 - -- -a a- -- - -", parsed{Priority: "user.notice", Host: "--", Tag: "-a", ProcID: "a-", MsgID: "--", Text: "-"}},
		{"nanoseconds", "<13>1 2026-11-23T13:30:05.123456789Z - a - - - x", parsed{Priority: "user.notice", Stamp: "2026-11-23T13:30:05.123456789Z", Host: "vm", Tag: "a", Text: "x"}},
		{"no zone", "<13>1 2026-11-23T13:30:05 - a - - - x", parsed{Priority: "user.notice", Stamp: "2026-11-23T13:30:05", Host: "vm", Tag: "a", Text: "x"}},
		{"an ID alone", "<13>1 - - - - - [a] x", parsed{Priority: "user.notice", Host: "vm", Data: "[a]", Text: "x"}},
		{"IDs", "<13>1 - - - - - [a][b c=\"\"] [d]", parsed{Priority: "user.notice", Host: "vm", Data: `[a][b c=""]`, Text: "[d]"}},
		{"escapes", `<13>1 - - - - - [a b="\"\]\\" c="\n\\\\"] x`, parsed{Priority: "user.notice", Host: "vm", Data: `[a b="\"\]\\" c="\n\\\\"]`, Text: "x"}},
		{"data of many lines", "<13>1 - - - - - [a b=\"1\n2\"] x", parsed{Priority: "user.notice", Host: "vm", Data: "[a b=\"1\n2\"]", Text: "x"}},
	})
	longest := "<13>1 - " + strings.Repeat("h", 255) + " " + strings.Repeat("a", 48) + " " + strings.Repeat("p", 128) + " " + strings.Repeat("m", 32) +
		" [" + strings.Repeat("i", 32) + " " + strings.Repeat("n", 32) + `="v"] x`
	if have := parse(longest, true); have.Text != "x" {
		t.Errorf("the longest header is text: %+v", have)
	}
}

// A header that is broken anywhere is text, all of it.
func TestParseBrokenRFC5424(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing":                "1 ",
		"version":                "2 - - a - - - x",
		"version of two digits":  "11 - - a - - - x",
		"no version":             "- - a - - - x",
		"two blanks":             "1  - - a - - - x",
		"ends early":             "1 - - a - -",
		"no data":                "1 - - a - - ",
		"text for data":          "1 - - a - - text",
		"data's dash and more":   "1 - - a - - -x",
		"empty host":             "1 -  a - - - x",
		"empty procid":           "1 - - a  - - x",
		"stamp of RFC 3164":      "1 Nov 23 13:30:05 a - - - x",
		"word for stamp":         "1 now - a - - - x",
		"rest after stamp":       "1 2026-11-23T13:30:05Zx - a - - - x",
		"month":                  "1 2026-13-23T13:30:05Z - a - - - x",
		"UTF-8 in a name":        "1 - - é - - - x",
		"newline in a name":      "1 - - a\nb - - - x",
		"long host":              "1 - " + strings.Repeat("x", 256) + " a - - - x",
		"long name":              "1 - - " + strings.Repeat("x", 49) + " - - - x",
		"long procid":            "1 - - a " + strings.Repeat("x", 129) + " - - x",
		"long msgid":             "1 - - a - " + strings.Repeat("x", 33) + " - x",
		"data open":              "1 - - a - - [",
		"data without end":       "1 - - a - - [a",
		"data without a name":    "1 - - a - - [] x",
		"long ID":                "1 - - a - - [" + strings.Repeat("x", 33) + "] x",
		"long parameter":         "1 - - a - - [a " + strings.Repeat("x", 33) + `="1"] x`,
		"parameter without name": `1 - - a - - [a ="1"] x`,
		"no value":               "1 - - a - - [a b] x",
		"no value but =":         "1 - - a - - [a b=] x",
		"parameter open":         "1 - - a - - [a b",
		"parameter open after =": "1 - - a - - [a b=",
		"value open at once":     "1 - - a - - [a b=\"",
		"no equals sign":         `1 - - a - - [a b:"1"] x`,
		"no quotes":              "1 - - a - - [a b=1] x",
		"value open":             `1 - - a - - [a b="1] x`,
		"value open after \\":    `1 - - a - - [a b="1\"`,
		"value ends in \\":       `1 - - a - - [a b="1\`,
		"bracket in a value":     `1 - - a - - [a b="]"] x`,
		"blank after parameter":  `1 - - a - - [a b="1" ] x`,
		"no blank between":       `1 - - a - - [a b="1"c="2"] x`,
		"no blank after data":    `1 - - a - - [a b="1"]x`,
		"second is broken":       `1 - - a - - [a b="1"][c`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, local := range []bool{true, false} {
				want := parsed{Priority: "daemon.info", Host: "vm", Text: text}
				if diff := cmp.Diff(want, parse("<30>"+text, local)); diff != "" {
					t.Errorf("local %v (-want +have):\n%s", local, diff)
				}
			}
		})
	}
}

func TestParseShortHostname(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{"web": "web", "web.example": "web.example", "web.example.org": "web.example.org", "we": "", "web.": ""} {
		var m syslog.Message
		syslog.Parser("web.example.org")(&m, []byte("<30>"+stamp+" "+host+" prog: x"), true)
		if want == "" {
			want = "web.example.org"
			if m.Tag != nil {
				t.Errorf("%s is our host", host)
			}
		}
		if string(m.Hostname) != want {
			t.Errorf("host %s, have %s", host, m.Hostname)
		}
	}
}
