package cli_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/cli"
)

// TestParse: flags may stand anywhere, and what is wrong with them is said.
func TestParse(t *testing.T) {
	t.Parallel()
	command := cli.Command{Usage: "[-f] [-n LINES | --since TIME] [SERVICE...]", Flags: []cli.Flag{{Name: "follow", Short: "f"}, {Name: "last", Short: "n", Value: "LINES"}, {Name: "since", Value: "TIME"}}}
	for words, want := range map[string]struct {
		flags map[string]string
		args  []string
		err   string
	}{
		"":                    {},
		"a b":                 {args: []string{"a", "b"}},
		"a -f b":              {flags: map[string]string{"follow": ""}, args: []string{"a", "b"}},
		"-fn 5 a":             {flags: map[string]string{"follow": "", "last": "5"}, args: []string{"a"}},
		"-n5 --follow":        {flags: map[string]string{"follow": "", "last": "5"}},
		"--since -1":          {flags: map[string]string{"since": "-1"}},
		"--last=5 --since 1m": {err: "-n and --since do not go together"},
		"--last= a":           {flags: map[string]string{"last": ""}, args: []string{"a"}},
		"-- -f --nope":        {args: []string{"-f", "--nope"}},
		"- a":                 {args: []string{"-", "a"}},
		"--lsat 5":            {err: `there is no flag --lsat: did you mean "--last"?`},
		"--nothing":           {err: "there is no flag --nothing"},
		"-x":                  {err: "there is no flag -x"},
		"a -n":                {err: "-n needs a value: LINES"},
		"a --last":            {err: "--last needs a value: LINES"},
		"--follow=1":          {err: "--follow has no value"},
		"a -f -h":             {err: "help was asked for"},
		"--help":              {err: "help was asked for"},
	} {
		flags, args, err := command.Parse(strings.Fields(words)...)
		if want.err != "" {
			if err == nil || err.Error() != want.err {
				t.Errorf("%q: %v, want %s", words, err, want.err)
			}
			continue
		}
		if want.flags == nil {
			want.flags = map[string]string{}
		}
		if diff := cmp.Diff(want.flags, flags); err != nil || diff != "" || !slices.Equal(want.args, args) {
			t.Errorf("%q: %v %v %v", words, flags, args, err)
		}
	}
}

// TestTexts: numbers as a person reads them.
func TestTexts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ got, want string }{
		{cli.Duration(-1), "0s"},
		{cli.Duration(0.0123), "12ms"},
		{cli.Duration(9.94), "9.9s"},
		{cli.Duration(42.9), "42s"},
		{cli.Duration(61), "1m01s"},
		{cli.Duration(7500), "2h05m"},
		{cli.Duration(360000), "4d04h"},
		{cli.Seconds(0), "0s"},
		{cli.Seconds(0.5), "0.5s"},
		{cli.Seconds(75), "1m15s"},
		{cli.Size(0), "0K"},
		{cli.Size(4096), "4K"},
		{cli.Size(1023 << 10), "1.0M"},
		{cli.Size(13 << 20), "13.0M"},
		{cli.Size(300 << 20), "300M"},
		{cli.Size(3 << 30), "3.0G"},
		{cli.Escape("a b/ü&%"), "a%20b%2F%C3%BC%26%25"},
		{cli.Escape("web-1._~"), "web-1._~"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

// TestQuote: a shell reads what was quoted as it was.
func TestQuote(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"", "plain", "a b", "it's", "$x `y` \\", "two\nlines", "ü", "*", "~", "#", "-n", "a=b"} {
		out, err := exec.Command("sh", "-c", "x="+cli.Quote(value)+"; printf %s \"$x\"").Output()
		if err != nil || string(out) != value {
			t.Errorf("%q became %q, %v", value, out, err)
		}
	}
}
