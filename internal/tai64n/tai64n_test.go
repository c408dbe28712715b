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

// TestZone: at the same moment, clocks differ by what the environment says.
func TestZone(t *testing.T) {
	t.Parallel()
	at := time.Unix(1737034391, 0)
	for _, tt := range []struct {
		tz, want string
		set      bool
	}{
		{"", "13:33", true},
		{"UTC", "13:33", true},
		{"Asia/Kolkata", "19:03", true},
		{":Asia/Kolkata", "19:03", true},
		{"/usr/share/zoneinfo/Asia/Kolkata", "19:03", true},
		{"No/Where", "13:33", true},
		{"/no/where", "13:33", true},
		{"", at.Local().Format("15:04"), false},
	} {
		if got := at.In(tai64n.Zone(tt.tz, tt.set)).Format("15:04"); got != tt.want {
			t.Errorf("TZ=%q, set: %v: %s, want %s", tt.tz, tt.set, got, tt.want)
		}
	}
}
