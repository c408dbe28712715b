package tai64n_test

import (
	"testing"
	"time"

	"github.com/sillelien/baseinit/internal/tai64n"
)

func TestLabels(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		time  time.Time
		label string
	}{
		{time.Unix(0, 0), "@400000000000000a00000000"},
		{time.Unix(1737034391, 123456789), "@4000000067890abc075bcd15"}, // by s6-tai64nlocal
		{time.Unix(1483228799, 0), "@40000000586846a300000000"},
		{time.Unix(1483228800, 0), "@40000000586846a500000000"},
	} {
		if got := string(tai64n.Append(nil, tt.time)); got != tt.label {
			t.Errorf("%v: %s, want %s", tt.time, got, tt.label)
		}
		if got, ok := tai64n.Parse([]byte(tt.label + " rest")); !ok || !got.Equal(tt.time) {
			t.Errorf("%s: %v %v, want %v", tt.label, got, ok, tt.time)
		}
	}
	for _, text := range []string{"", "@", "x", "@40000000 x", "@4000000067890abc075bcd1", "@4000000067890abc075bcdzz", "@4000000067890abcffffffff"} {
		if got, ok := tai64n.Parse([]byte(text)); ok {
			t.Errorf("%q: %v, want none", text, got)
		}
	}
}
