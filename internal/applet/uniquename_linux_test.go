package applet_test

import (
	"regexp"
	"testing"
)

// TestUniquename: two names differ, also without the random part.
func TestUniquename(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		options []string
		want    string
	}{
		{nil, `^/tmp/x:@[0-9a-f]{24}:[^:]+:[0-9]+:[A-Za-z0-9_-]{8}\n$`},
		{[]string{"-n", "300"}, `^/tmp/x:@[0-9a-f]{24}:[^:]+:[0-9]+:[A-Za-z0-9_-]{300}\n$`},
		{[]string{"-n0"}, `^/tmp/x:@[0-9a-f]{24}:[^:]+:[0-9]+\n$`},
	} {
		c := call{argv: append(append([]string{"s6-uniquename"}, tt.options...), "/tmp/x")}
		first, second := c.run(t), c.run(t)
		if first.code != 0 || first.stdout == second.stdout || !regexp.MustCompile(tt.want).MatchString(first.stdout) {
			t.Errorf("%q: %+v, and then %+v", c.argv, first, second)
		}
	}
	check(t, []example{
		{argv: []string{"s6-uniquename", "-n", "x", "/tmp/x"}, code: 100},
		{argv: []string{"s6-uniquename"}, code: 100},
	})
}
