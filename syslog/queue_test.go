//go:build linux

package syslog_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/syslog"
)

// take takes all that waits, without settling it.
func take(q syslog.Queue) []string {
	all, _ := q.Take()
	var texts []string
	for _, m := range all {
		if m.Missing > 0 {
			m.Text = fmt.Sprintf("(%d)", m.Missing)
		}
		texts = append(texts, m.Text)
	}
	return texts
}

func TestQueueBounds(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name            string
		messages, bytes int
		put             []string
		want            string
		counts          [3]int
	}{
		{"all fit", 3, 100, []string{"a", "b", "c"}, "a b c", [3]int{3, 0, 3}},
		{"messages", 3, 100, []string{"a", "b", "c", "d", "e"}, "a b c (2)", [3]int{5, 2, 3}},
		{"bytes", 100, 10, []string{"aaaa", "bbbb", "cc", "d"}, "aaaa bbbb cc (1)", [3]int{4, 1, 3}},
		{"small ones after the first that is dropped", 100, 10, []string{"aaaa", "bbbbbbb", "c"}, "aaaa (2)", [3]int{3, 2, 1}},
		{"larger than all room, alone", 100, 10, []string{strings.Repeat("a", 99), "b"}, strings.Repeat("a", 99) + " (1)", [3]int{2, 1, 1}},
		{"larger than all room, not alone", 100, 10, []string{"b", strings.Repeat("a", 99)}, "b (1)", [3]int{2, 1, 1}},
		{"without a byte", 2, 10, []string{"", "", ""}, "  (1)", [3]int{3, 1, 2}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q := syslog.NewQueue(tc.messages, tc.bytes, false)
				began := time.Now()
				q.Put(tc.put...)
				wantWait := time.Duration(0)
				if tc.counts[1] > 0 {
					wantWait = syslog.Patience
				}
				if got := time.Since(began); got != wantWait {
					t.Errorf("put took %v; want %v", got, wantWait)
				}
				if diff := cmp.Diff(tc.want, strings.Join(take(q), " ")); diff != "" {
					t.Errorf("taken (-want +got):\n%s", diff)
				}
				if got := q.Counts(); got != tc.counts {
					t.Errorf("received, dropped, waiting = %v; want %v", got, tc.counts)
				}
			})
		})
	}
}

// Once it drops it goes on until an eighth is free, and says at each place how
// many are missing.
func TestQueueDropsInOneGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := syslog.NewQueue(16, 1000, false)
		var want []string
		for i := range 16 {
			want = append(want, fmt.Sprint(i))
		}
		q.Put(want...)
		q.Put("16", "17")
		if diff := cmp.Diff(append(want, "(2)"), take(q)); diff != "" {
			t.Errorf("taken (-want +got):\n%s", diff)
		}
		q.Settled(1, 1)
		began := time.Now()
		q.Put("18") // 1 of 16 is not enough
		if waited := time.Since(began); waited != 0 {
			t.Errorf("while it drops, put took %v", waited)
		}
		q.Settled(1, 1)
		q.Put("19", "20", "21", "22")
		if diff := cmp.Diff([]string{"(1)", "19", "20", "(2)"}, take(q)); diff != "" {
			t.Errorf("taken (-want +got):\n%s", diff)
		}
		if got, want := q.Counts(), [3]int{23, 5, 16}; got != want {
			t.Errorf("received, dropped, waiting = %v; want %v", got, want)
		}
	})
}

// A writer that gets on in time loses nothing, and several readers that take turns
// lose nothing if they may wait as long as it takes.
func TestQueueWaitsForRoom(t *testing.T) {
	t.Parallel()
	for _, readers := range []int{1, 4} {
		synctest.Test(t, func(t *testing.T) {
			q := syslog.NewQueue(2, 1000, false)
			done := make(chan bool, readers)
			for r := range readers {
				go func() {
					for i := range 100 {
						q.Put(fmt.Sprintf("%d.%d", r, i))
					}
					done <- true
				}()
			}
			var got []string
			for len(done) < readers || q.Counts()[2] > 0 {
				time.Sleep(syslog.Patience / 10)
				texts := take(q)
				got = append(got, texts...)
				q.Settled(len(texts), len(strings.Join(texts, "")))
			}
			if len(got) != readers*100 {
				t.Errorf("%d messages were taken; want %d", len(got), readers*100)
			}
			if got, want := q.Counts(), [3]int{readers * 100, 0, 0}; got != want {
				t.Errorf("received, dropped, waiting = %v; want %v", got, want)
			}
		})
	}
}

func TestQueueBlocks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := syslog.NewQueue(1, 1000, true)
		const readers = 3
		done := make(chan time.Duration, readers)
		began := time.Now()
		q.Put("first")
		for range readers {
			go func() {
				q.Put("a")
				done <- time.Since(began)
			}()
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if len(done) != 0 {
			t.Fatal("a reader went on without room")
		}
		for range readers {
			q.Settled(1, 1)
			synctest.Wait()
			time.Sleep(time.Hour)
		}
		for i := range readers {
			if got, want := <-done, time.Duration(i+1)*time.Hour; got != want {
				t.Errorf("reader %d went on after %v; want %v", i, got, want)
			}
		}
		if got, want := q.Counts(), [3]int{1 + readers, 0, 1}; got != want {
			t.Errorf("received, dropped, waiting = %v; want %v", got, want)
		}
	})
}

// At the end nobody waits any more, and what has no room is counted.
func TestQueueClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := syslog.NewQueue(1, 1000, true)
		q.Put("first")
		done := make(chan bool)
		for range 3 {
			go func() {
				q.Put("a", "b")
				done <- true
			}()
		}
		synctest.Wait()
		q.Close()
		for range 3 {
			<-done
		}
		if diff := cmp.Diff([]string{"first", "(6)"}, take(q)); diff != "" {
			t.Errorf("taken (-want +got):\n%s", diff)
		}
		if all, closed := q.Take(); all != nil || !closed {
			t.Errorf("after that Take gives %v, closed: %t", all, closed)
		}
	})
}

func TestQueueGivesBack(t *testing.T) {
	t.Parallel()
	q := syslog.NewQueue(10_000, 8<<20, false)
	q.Put("small")
	if q.HoldsMuch() {
		t.Error("it holds much after a small message")
	}
	take(q)
	q.Put(strings.Repeat("x", 1<<20))
	q.Shrink() // not while something is there
	if !q.HoldsMuch() {
		t.Error("1 MiB is not much")
	}
	if got := take(q); len(got) != 1 || len(got[0]) != 1<<20 {
		t.Error("the message is gone")
	}
	q.Shrink()
	if q.HoldsMuch() {
		t.Error("it holds much when it is empty")
	}
	for range 1000 {
		q.Put("x")
	}
	if !q.HoldsMuch() {
		t.Error("1,000 messages are not much")
	}
}
