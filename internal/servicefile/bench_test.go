package servicefile_test

import (
	"testing"

	"github.com/sillelien/baseinit/internal/servicefile"
)

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		if _, problems := servicefile.Parse(everything); problems != nil {
			b.Fatal(problems)
		}
	}
}
