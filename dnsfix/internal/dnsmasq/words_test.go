package dnsmasq_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/dnsfix/internal/dnsmasq"
)

var splits = []struct {
	name, in string
	want     []string
}{
	{"nothing", "", nil},
	{"blanks", " \t\n ", nil},
	{"one", "-k", []string{"-k"}},
	{"blanks around", "  -k \t -q\n", []string{"-k", "-q"}},
	{"single quotes", `--txt-record='a,b c'`, []string{"--txt-record=a,b c"}},
	{"all is itself in single quotes", `'\n "#'`, []string{`\n "#`}},
	{"double quotes", `--txt-record="a,b c"`, []string{"--txt-record=a,b c"}},
	{"double quotes within single", `'a,"b,c"'`, []string{`a,"b,c"`}},
	{"escapes in double quotes", `"\" \\ \a"`, []string{`" \ \a`}},
	{"escaped dollar in double quotes", `"\$x"`, []string{`$x`}},
	{"newline in double quotes", "\"a\\\nb\nc\"", []string{"ab\nc"}},
	{"backslash", `a\ b \'c \\d`, []string{"a b", "'c", `\d`}},
	{"backslash and newline", "a\\\nb", []string{"ab"}},
	{"backslash and newline alone", "a \\\n b", []string{"a", "b"}},
	{"empty words", `'' "" a''`, []string{"", "", "a"}},
	{"joined", `a'b 'c" d"`, []string{"ab c d"}},
	{"hash within a word", `--server=1.2.3.4#53`, []string{"--server=1.2.3.4#53"}},
	{"bytes", "a\xffb é", []string{"a\xffb", "é"}},
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for _, tc := range splits {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := dnsmasq.Split(tc.in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("Split(%q) (-want +got):\n%s", tc.in, diff)
			}
		})
	}
}

// TestSplitAsShell holds the table above against what it says it is like.
func TestSplitAsShell(t *testing.T) {
	t.Parallel()
	for _, tc := range splits {
		out, err := exec.Command("sh", "-c", `count() { echo $#; for w; do printf '%s\0' "$w"; done; }; count `+strings.TrimSpace(tc.in)).Output()
		if err != nil {
			t.Fatalf("sh does not read %q: %v", tc.in, err)
		}
		_, joined, _ := strings.Cut(string(out), "\n")
		if want := strings.Join(append(tc.want, ""), "\x00"); joined != want {
			t.Errorf("sh reads %q as %q, the table says %q", tc.in, joined, want)
		}
	}
}

func TestSplitExpandsNothing(t *testing.T) {
	t.Parallel()
	const in = "$HOME `id` ~ * {a,b} #c ; & | < $(x) \"$y `z`\""
	want := []string{"$HOME", "`id`", "~", "*", "{a,b}", "#c", ";", "&", "|", "<", "$(x)", "$y `z`"}
	got, err := dnsmasq.Split(in)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Split (-want +got):\n%s", diff)
	}
}

func TestSplitErrors(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`a 'b`: `cannot split the options: a ' has no end: close it, or write \' for the character`,
		`a "b`: `cannot split the options: a " has no end: close it, or write \" for the character`,
		`"b\"`: `cannot split the options: a " has no end: close it, or write \" for the character`,
		`a b\`: `cannot split the options: a \ is the last character: remove it, or write \\ for the character`,
	} {
		if _, err := dnsmasq.Split(in); errorText(err) != want {
			t.Errorf("Split(%q): %v, want %s", in, err, want)
		}
		if o, err := dnsmasq.Parse(in); o != nil || errorText(err) != want {
			t.Errorf("Parse(%q) = %v, %v", in, o, err)
		}
	}
}

func TestParseSplits(t *testing.T) {
	t.Parallel()
	o, err := dnsmasq.Parse(`-kq --txt-record='a,"b, c"' --cache-size "7"`)
	if err != nil {
		t.Fatal(err)
	}
	want := mustArgs(t, "-k", "-q", `--txt-record=a,"b, c"`, "--cache-size=7")
	if diff := cmp.Diff(want, o, same); diff != "" {
		t.Errorf("Parse (-want +got):\n%s", diff)
	}
	if o.TXTs[0].Strings[0] != "b, c" || o.CacheSize != 7 {
		t.Errorf("Parse = %+v", o)
	}
}
