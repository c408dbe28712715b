package nearest_test

import (
	"strings"
	"testing"

	"github.com/sillelien/baseinit/internal/nearest"
)

func TestOf(t *testing.T) {
	t.Parallel()
	words := []string{"status", "start", "stop", "restart", "signal"}
	for s, want := range map[string]string{
		"status": "status", "statsu": "status", "STATUS": "status", "satrt": "start", "sotp": "stop", "stopp": "stop",
		"restrat": "restart", "sleep": "", "x": "", "": "", strings.Repeat("status", 20): "",
	} {
		if got := nearest.Of(s, words); got != want {
			t.Errorf("Of(%q) = %q, want %q", s, got, want)
		}
	}
	if got := nearest.Hint("sginal", words); got != `: did you mean "signal"?` {
		t.Errorf("Hint = %q", got)
	}
	if got := nearest.Hint("sleep", words); got != "" {
		t.Errorf("Hint = %q", got)
	}
}
