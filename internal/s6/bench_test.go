package s6_test

import (
	"fmt"
	"testing"

	"github.com/sillelien/baseinit/internal/s6"
)

// BenchmarkServices reads 50 services: as run files, with what a reload compares, and as
// service.toml files.
func BenchmarkServices(b *testing.B) {
	hear := func(string, s6.Definition) {}
	for _, bb := range []struct {
		name, file, text string
		found            func(string, s6.Definition)
	}{
		{"run", "run", shell, nil},
		{"run-stamped", "run", shell, hear},
		{"toml", "service.toml", "command = [\"sleep\", \"100\"]\ncritical = true\n[stop]\nsignal = \"TERM\"\n", hear},
	} {
		b.Run(bb.name, func(b *testing.B) {
			tree := files{}
			for i := range 50 {
				tree[fmt.Sprintf("s%d/%s", i, bb.file)] = bb.text
			}
			dir := tree.write(b, b.TempDir())
			for b.Loop() {
				if _, _, err := s6.Services(dir, s6.Defaults{Found: bb.found}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
