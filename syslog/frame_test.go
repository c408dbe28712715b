//go:build linux

package syslog_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/syslog"
)

// whole is messages that are.
func whole(texts ...string) (all []syslog.Framed) {
	for _, text := range texts {
		all = append(all, syslog.Framed{Text: text})
	}
	return all
}

// frameCases are streams and what is in them, if a message may have 16 bytes.
var frameCases = []struct {
	name, stream string
	want         []syslog.Framed
}{
	{"nothing", "", nil},
	{"newline", "<13>a\n<14>b\n", whole("<13>a", "<14>b")},
	{"NUL", "<13>a\x00<14>b\x00", whole("<13>a", "<14>b")},
	{"NUL and newline", "<13>a\x00\n<14>b\x00\n", whole("<13>a", "<14>b")},
	{"CR and newline", "<13>a\r\n", whole("<13>a\r")},
	{"newlines", "\n\n\n", nil},
	{"no end", "<13>a\n<14>b", whole("<13>a", "<14>b")},
	{"count", "5 <13>a6 <14>bc", whole("<13>a", "<14>bc")},
	{"count with newlines inside", "9 <13>a\nb\nc", whole("<13>a\nb\nc")},
	{"count, newline", "5 <13>a\n5 <13>b\n", whole("<13>a", "<13>b")},
	{"mixed", "<13>a\n5 <13>b<13>c\x005 <13>d", whole("<13>a", "<13>b", "<13>c", "<13>d")},
	{"count that never ends", "9 <13>a", whole("<13>a")},
	{"count without a message", "5 ", whole("5 ")},
	{"digits", "12", whole("12")},
	{"text that begins with a number", "5 apples\n50<\n", whole("5 apples", "50<")},
	{"count of 0", "0 <13>a\n", whole("0 <13>a")},
	{"leading 0", "05 <13>a\n", whole("05 <13>a")},
	{"count that is too small", "2 <13>a\n", whole("2 <13>a")},
	{"count of 8 digits", "12345678 <\n", whole("12345678 <")},
	{"16 bytes", "<13>456789abcdef\n", whole("<13>456789abcdef")},
	{"17 bytes", "<13>456789abcdef!\n<13>b\n", []syslog.Framed{{Text: "<13>456789abcdef", Cut: 1}, {Text: "<13>b"}}},
	{"17 counted", "17 <13>456789abcdef!5 <13>b", []syslog.Framed{{Text: "<13>456789abcdef", Cut: 1}, {Text: "<13>b"}}},
	{"many", "<13>" + strings.Repeat("x", 5000) + "\x00<13>b\n", []syslog.Framed{{Text: "<13>" + strings.Repeat("x", 12), Cut: 4988}, {Text: "<13>b"}}},
	{"many counted", "5004 <13>" + strings.Repeat("\n", 5000) + "<13>b\n", []syslog.Framed{{Text: "<13>" + strings.Repeat("\n", 12), Cut: 4988}, {Text: "<13>b"}}},
	{"many without end", "<13>" + strings.Repeat("x", 5000), []syslog.Framed{{Text: "<13>" + strings.Repeat("x", 12), Cut: 4988}}},
	{"many counted without end", "9999 <13>" + strings.Repeat("x", 5000), []syslog.Framed{{Text: "<13>" + strings.Repeat("x", 12), Cut: 4988}}},
	{"in a rune", "<13>456789abcdeéé\n", []syslog.Framed{{Text: "<13>456789abcde", Cut: 4}}},
	{"in a rune, counted", "19 <13>456789abcdeéé", []syslog.Framed{{Text: "<13>456789abcde", Cut: 4}}},
}

// However a stream is cut into pieces, its messages are the same.
func TestFrames(t *testing.T) {
	t.Parallel()
	for _, tc := range frameCases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			data := []byte(tc.stream)
			if diff := cmp.Diff(tc.want, syslog.Frames(16, data)); diff != "" {
				t.Errorf("in one piece (-want +got):\n%s", diff)
			}
			for i := range min(len(data), 100) {
				if diff := cmp.Diff(tc.want, syslog.Frames(16, data[:i], data[i:])); diff != "" {
					t.Errorf("cut at %d (-want +got):\n%s", i, diff)
				}
			}
			if diff := cmp.Diff(tc.want, syslog.Frames(16, pieces(data, func() int { return 1 })...)); diff != "" {
				t.Errorf("byte by byte (-want +got):\n%s", diff)
			}
		})
	}
}

func pieces(data []byte, size func() int) (chunks [][]byte) {
	for len(data) > 0 {
		n := min(size(), len(data))
		chunks = append(chunks, bytes.Clone(data[:n]))
		data = data[n:]
	}
	return chunks
}

func FuzzFrames(f *testing.F) {
	for _, tc := range frameCases {
		f.Add([]byte(tc.stream), uint64(1))
	}
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		const most = 16
		random := rand.New(rand.NewPCG(seed, 0))
		want := syslog.Frames(most, data)
		got := syslog.Frames(most, pieces(data, func() int { return 1 + random.IntN(9) })...)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("in pieces (-whole +pieces):\n%s", diff)
		}
		total := 0
		for _, m := range want {
			total += len(m.Text) + m.Cut
			switch {
			case len(m.Text) > most:
				t.Errorf("%q is too long", m.Text)
			case m.Cut < 0, m.Cut > 0 && len(m.Text) <= most-utf8.UTFMax:
				t.Errorf("%q lacks %d bytes", m.Text, m.Cut)
			}
		}
		if total > len(data) {
			t.Errorf("%d bytes became %d", len(data), total)
		}
	})
}

// A client may send no end after its last message, and stay.
func TestEndThatDoesNotCome(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		stream string
		want   syslog.Framed
	}{
		{"<13>hello", syslog.Framed{Text: "<13>hello"}},
		{"50 <13>hello", syslog.Framed{Text: "<13>hello"}},
		{"<13>" + strings.Repeat("x", 100), syslog.Framed{Text: "<13>" + strings.Repeat("x", 12), Cut: 88}},
	} {
		synctest.Test(t, func(t *testing.T) {
			client, server := net.Pipe()
			var got []string
			began := time.Now()
			var wg sync.WaitGroup
			wg.Go(func() {
				syslog.ServeStream(server, 16, func(f syslog.Framed) {
					got = append(got, fmt.Sprintf("%v %s+%d", time.Since(began), f.Text, f.Cut))
				})
			})
			send(t, client, "<13>first\n"+tc.stream)
			time.Sleep(time.Minute)
			send(t, client, "<13>last\n")
			time.Sleep(2 * time.Hour) // nothing is sent, and the connection ended
			if _, err := client.Write([]byte("x")); err == nil {
				t.Error("after an hour without a word, the connection is still open")
			}
			wg.Wait()
			want := []string{"0s <13>first+0", fmt.Sprintf("%v %s+%d", syslog.FrameTimeout, tc.want.Text, tc.want.Cut), "1m0s <13>last+0"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%.20q (-want +got):\n%s", tc.stream, diff)
			}
		})
	}
}
