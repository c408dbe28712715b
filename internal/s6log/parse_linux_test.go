package s6log_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/sillelien/baseinit/internal/s6log"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		script string
		says   string // of the error; empty: none
		extra  bool
	}{
		{"n20 s1000000 T /var/log/x", "", false},
		{"- +^ERR 2 f n30 s10000000 S30000000 T !gzip ./x", "", false},
		{"1 n3", "", false},
		{"1 +x", "", true},
		{"", "it has no action", false},
		{"n3", "it has no action", false},
		{"n3 nothing 1", `at "nothing": a number must follow the letter`, false},
		{"x 1", `at "x": there is no such directive`, false},
		{"1 +( 1", `at "+(": cannot use the regular expression`, false},
		{"s8000 l4001 1", `at "l4001": it may be half of 8000 at most: give s before it`, false},
	} {
		got, err := s6log.Parse(strings.Fields(tt.script))
		switch {
		case tt.says != "" && (!errors.Is(err, s6log.ErrScript) || !strings.Contains(err.Error(), tt.says)):
			t.Errorf("%q: %v", tt.script, err)
		case tt.says == "" && (err != nil || got.Extra != tt.extra):
			t.Errorf("%q: %+v, %v", tt.script, got, err)
		}
	}
}

// FuzzParse: a script is either taken or refused with the directive that is wrong, and what
// is taken is so with an action after it, too.
func FuzzParse(f *testing.F) {
	for _, script := range []string{"n20 s1000000 T /x", "- +^a 2 f 1", "p: t ^5 =st", "!a ?b l3 r5 E0 1 e", "+[[:alpha:]] 1", "n 1"} {
		f.Add(script)
	}
	f.Fuzz(func(t *testing.T, text string) {
		script := strings.Split(text, " ")
		got, err := s6log.Parse(script)
		if (got == nil) == (err == nil) || err != nil && !errors.Is(err, s6log.ErrScript) {
			t.Fatalf("%q: %+v, %v", script, got, err)
		}
		if err != nil {
			return
		}
		if again, err := s6log.Parse(append(script, "1")); err != nil || again.Extra {
			t.Fatalf("%q with an action: %+v, %v", script, again, err)
		}
	})
}
