package inplace_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sillelien/baseinit/dnsfix/internal/inplace"
)

// Two texts of different lengths, without a common beginning or end.
var (
	shortText = strings.Repeat("nameserver 127.0.0.1\n", 3)
	longText  = strings.Repeat("search default.svc.cluster.local\n", 30)
)

// seen counts what a reader found in a file that was shortText or longText all the time.
type seen struct{ whole, empty, half, mixed int }

func (s *seen) add(read []byte) {
	text := string(bytes.TrimRight(read, "\n")) + "\n"
	switch {
	case text == shortText, text == longText:
		s.whole++
	case text == "\n":
		s.empty++
	case strings.HasPrefix(shortText, text), strings.HasPrefix(longText, text):
		s.half++
	default:
		s.mixed++
	}
}

// readWhile reads the file in a tight loop, as the resolvers do it: opened anew,
// with one read(2), until stop is closed or enough says so.
func readWhile(t *testing.T, path string, stop <-chan struct{}, enough func(seen) bool) (s seen) {
	buf := make([]byte, 8192)
	for {
		select {
		case <-stop:
			return s
		default:
		}
		f, err := os.Open(path)
		if err != nil {
			t.Error(err)
			return s
		}
		n, err := f.Read(buf)
		f.Close()
		if err != nil && !errors.Is(err, io.EOF) {
			t.Error(err)
			return s
		}
		if s.add(buf[:n]); enough(s) {
			return s
		}
	}
}

// alternate writes the two texts in turn until stop is closed or n writes are done.
func alternate(t *testing.T, n int, stop <-chan struct{}, write func(text string) error) {
	for i := range n {
		select {
		case <-stop:
			return
		default:
		}
		text := longText
		if i%2 == 0 {
			text = shortText
		}
		if err := write(text); err != nil {
			t.Error(err)
			return
		}
	}
}

func TestReadersSeeWholeTexts(t *testing.T) {
	t.Parallel()
	path := file(t, longText)
	stop := make(chan struct{})
	go func() {
		defer close(stop)
		alternate(t, 20_000, nil, func(text string) error { return inplace.Write(path, []byte(text)) })
	}()
	got := readWhile(t, path, stop, func(seen) bool { return false })
	t.Logf("%+v", got)
	if got.whole == 0 || got.empty > 0 {
		t.Errorf("a reader saw %+v; want whole texts, and never an empty one", got)
	}
	// The kernel's own, one to five in a thousand (35 for write, then truncate): two copies of one page at the same time.
	if (got.half+got.mixed)*50 > got.whole {
		t.Errorf("a reader saw %+v; want hardly any torn text", got)
	}
}

// Without this, the test above could pass because its reader is too slow.
func TestReadersSeeWhatOtherWaysOfWritingDo(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		write func(path, text string) error
		shows func(seen) bool
	}{
		{
			"truncate, then write: empty",
			func(path, text string) error { return os.WriteFile(path, []byte(text), 0o644) },
			func(s seen) bool { return s.empty > 0 },
		},
		{
			"write, then truncate: the end of the old text",
			func(path, text string) error {
				f, err := os.OpenFile(path, os.O_WRONLY, 0)
				if err != nil {
					return err
				}
				defer f.Close()
				if _, err := f.WriteAt([]byte(text), 0); err != nil {
					return err
				}
				return f.Truncate(int64(len(text)))
			},
			func(s seen) bool { return s.mixed > 20 },
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			path := file(t, longText)
			stop, done := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(done)
				alternate(t, 1<<30, stop, func(text string) error { return tc.write(path, text) })
			}()
			tooLong := make(chan struct{})
			timer := time.AfterFunc(20*time.Second, func() { close(tooLong) })
			defer timer.Stop()
			got := readWhile(t, path, tooLong, tc.shows)
			close(stop)
			<-done
			t.Logf("%+v", got)
			if !tc.shows(got) {
				t.Errorf("a reader saw %+v: it is too slow to show anything", got)
			}
		})
	}
}
