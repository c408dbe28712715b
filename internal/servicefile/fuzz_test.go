package servicefile_test

import (
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"github.com/sillelien/baseinit/internal/servicefile"
)

// FuzzParse wants no text to bring the parser down, each problem to have a place in the
// text, and the scanner to find each key that the decoder sees.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		everything, "a", "[", "[[", "[[health]]\n[[health]]\n[health.x]\n", "a.b.'c.d'.\"e\\n\" = 1", "x = '''\n'''''\ny = \"\"\"\"\"\"\"\"",
		"a = [ [1, 2], # ]\n [], { b = [3,] } ]\nc = 1979-05-27 07:32:00\n", "\ufeffa = 1", "a = {}\r\nb = \"\\\"]\"", "stop = { signal = 1,\n# c\ntimeout = \"1s\" }",
		"'' = 1\n\"\".\"\" = 1", "[a]\nb.c = 1\n[a.d]\n", "schedule.cron = \"* * * * *\"", "limits = { nofile = \"1:2\" }",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, problems := servicefile.Parse(text)
		text = strings.TrimPrefix(text, "\ufeff")
		lines := strings.Split(text, "\n")
		for _, p := range problems {
			if p.Line < 1 || p.Line > len(lines) || p.Col < 1 || p.Col > len(lines[p.Line-1])+1 {
				t.Errorf("%v has no place in a text of %d lines", p, len(lines))
			}
		}
		keys, _ := servicefile.PlacesOf(text)
		var values map[string]any
		if _, err := toml.Decode(text, &values); err == nil {
			sameKeys(t, "", values, keys)
		}
	})
}

// sameKeys wants each key of a table to have a place.
func sameKeys(t *testing.T, path string, values map[string]any, places map[string]servicefile.Place) {
	for name, value := range values {
		full := name
		if path != "" {
			full = path + "." + name
		}
		if places[full].Line == 0 && isPlain(name) {
			t.Errorf("%q was not found", full)
		}
		if inner, ok := value.(map[string]any); ok && isPlain(name) {
			sameKeys(t, full, inner, places)
		}
	}
}

// isPlain tells whether a name needs no quotes: the others are only looked up by the
// decoder's idea of what they mean.
func isPlain(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
}
