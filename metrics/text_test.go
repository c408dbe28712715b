package metrics_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/metrics"
)

// The text is that of testdata/everything.txt, which UPDATE_DOCS=1 writes.
func TestText(t *testing.T) {
	t.Parallel()
	const golden = "testdata/everything.txt"
	var got bytes.Buffer
	if err := metrics.Write(&got, everything()); err != nil {
		t.Fatal(err)
	}
	if os.Getenv("UPDATE_DOCS") == "1" {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("the text is not that of %s (-want +got):\n%s", golden, diff)
	}
}

// Who has no sources has no metrics, and who has one has that part.
func TestParts(t *testing.T) {
	t.Parallel()
	if got := metrics.Append([]byte("before\n"), &metrics.Sources{}); string(got) != "before\n" {
		t.Errorf("without sources: %q", got)
	}
	s := &metrics.Sources{Build: everything().Build}
	want := "# HELP baseinit_build_info 1: the version of baseinit, and of Go that it was built with.\n" +
		"# TYPE baseinit_build_info gauge\nbaseinit_build_info{goversion=\"go1.26\",version=\"v1.2.3\"} 1\n"
	if got := string(metrics.Append(nil, s)); got != want {
		t.Errorf("text\n%s\nwant\n%s", got, want)
	}
	if list := s.List(); len(list) != 1 || list[0].Part != "Build" {
		t.Errorf("list %+v", list)
	}
}

func BenchmarkAppend(b *testing.B) {
	s, text := everything(), []byte(nil)
	b.ReportAllocs()
	for b.Loop() {
		text = metrics.Append(text[:0], s)
	}
}
