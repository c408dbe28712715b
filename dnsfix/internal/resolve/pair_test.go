package resolve_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A and AAAA stand together.
func TestPair(t *testing.T) {
	t.Parallel()
	const one = "nameserver 8.8.8.8\n"
	for _, tc := range []struct {
		name    string
		setup   setup
		a, aaaa string
		most    time.Duration
	}{
		{"both", setup{script: script{"web.test.": "10.0.0.1 fd00::1"}}, "10.0.0.1", "fd00::1", time.Millisecond},
		{"AAAA NXDOMAIN", setup{script: script{"web.test. A": "10.0.0.1", "web.test. AAAA": "NXDOMAIN"}}, "10.0.0.1", "NODATA", 2 * time.Millisecond},
		{"AAAA NXDOMAIN, A slower", setup{script: script{"web.test. A": "10ms 10.0.0.1", "web.test. AAAA": "NXDOMAIN"}}, "10.0.0.1", "NODATA", 10 * time.Millisecond},
		{"AAAA SERVFAIL", setup{script: script{"web.test. A": "10.0.0.1", "web.test. AAAA": "SERVFAIL"}}, "10.0.0.1", "NODATA", 2 * time.Millisecond},
		{"AAAA REFUSED, A slower", setup{script: script{"web.test. A": "10ms 10.0.0.1", "web.test. AAAA": "REFUSED"}}, "10.0.0.1", "NODATA", 10 * time.Millisecond},
		{"AAAA silent", setup{script: script{"web.test. A": "10.0.0.1", "web.test. AAAA": "silent"}}, "10.0.0.1", "NODATA", 50 * time.Millisecond},
		{"AAAA silent, A slow", setup{script: script{"web.test. A": "100ms 10.0.0.1", "web.test. AAAA": "silent"}}, "10.0.0.1", "NODATA", 150 * time.Millisecond},
		{"AAAA slow where IPv6 works", setup{ipv6: true, script: script{"web.test. A": "10.0.0.1", "web.test. AAAA": "200ms fd00::1"}}, "10.0.0.1", "fd00::1", 200 * time.Millisecond},
		{"A NXDOMAIN, AAAA there", setup{script: script{"web.test. A": "5ms NXDOMAIN", "web.test. AAAA": "fd00::1"}}, "NODATA", "fd00::1", 6 * time.Millisecond},
		{"A SERVFAIL, AAAA there", setup{script: script{"web.test. A": "SERVFAIL", "web.test. AAAA": "fd00::1"}}, "NODATA", "fd00::1", 2 * time.Millisecond},
		{"A silent, AAAA there", setup{script: script{"web.test. A": "silent", "web.test. AAAA": "fd00::1"}}, "NODATA", "fd00::1", 50 * time.Millisecond},
		{"neither", setup{}, "NXDOMAIN", "NXDOMAIN", 2 * time.Millisecond},
		{"no data", setup{script: script{"web.test.": "NODATA"}}, "NODATA", "NODATA", 2 * time.Millisecond},
		{"both fail", setup{script: script{"web.test.": "REFUSED"}}, "SERVFAIL", "SERVFAIL", 2 * time.Millisecond},
		{"both silent", setup{script: script{"web.test.": "silent"}}, "SERVFAIL", "SERVFAIL", 4500 * time.Millisecond},
		{"no-aaaa", setup{resolv: one + "options no-aaaa\n", script: script{"web.test.": "10.0.0.1 fd00::1"}}, "10.0.0.1", "NODATA", time.Millisecond},
		{"--filter-A", setup{args: "--filter-A", script: script{"web.test.": "10.0.0.1 fd00::1"}}, "NODATA", "fd00::1", time.Millisecond},
		{"one family in hosts", setup{hosts: "fd00::9 web.test\n", script: script{"web.test.": "10.0.0.1"}}, "NODATA", "fd00::9", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				if tc.setup.resolv == "" {
					tc.setup.resolv = one
				}
				w := newWorld(t, tc.setup)
				a, aaaa, took := w.both("web.test")
				if diff := cmp.Diff([]string{tc.a, tc.aaaa}, []string{a, aaaa}); diff != "" {
					t.Errorf("A and AAAA (-want +got):\n%s", diff)
				}
				if took > tc.most {
					t.Errorf("took %v, want at most %v", took, tc.most)
				}
				again, again6, _ := w.both("web.test")
				if tc.a != "SERVFAIL" && (again != tc.a || again6 != tc.aaaa) {
					t.Errorf("the second time %s and %s", again, again6)
				}
			})
		})
	}
}

// NXDOMAIN that AAAA has brought never answers A, nor does it stay when A comes.
func TestNXDomainOfAAAA(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		w := newWorld(t, setup{resolv: "nameserver 8.8.8.8\n", script: script{"web.test. A": "10.0.0.1", "web.test. AAAA": "NXDOMAIN"}})
		for _, step := range [][2]string{{"AAAA", "NODATA"}, {"A", "10.0.0.1"}, {"AAAA", "NODATA"}} {
			if got := w.ask("web.test", step[0]); got != step[1] {
				t.Errorf("%s: %s, want %s", step[0], got, step[1])
			}
		}
	})
}

// Many who ask the same at once are one question upstream; a failure is remembered.
func TestSingleFlight(t *testing.T) {
	t.Parallel()
	for what, again := range map[string]int{"10.0.0.1 fd00::1": 0, "SERVFAIL": 0, "NXDOMAIN": 0} {
		inBubble(t, func(t *testing.T) {
			w := newWorld(t, setup{resolv: "nameserver 8.8.8.8\n", script: script{"web.test.": what}})
			done := make(chan string, 20)
			for range cap(done) {
				go func() { done <- w.ask("web.test", "A") }()
			}
			for range cap(done) {
				<-done
			}
			// SERVFAIL has the other family looked at.
			if n := len(w.server.questions()); n < 1 || n > 2 {
				t.Errorf("%s: %d questions upstream", what, n)
			}
			w.ask("web.test", "A")
			if n := w.server.count(); n != again {
				t.Errorf("%s: %d questions the second time", what, n)
			}
		})
	}
}

// While upstream servers are gone, what was known is good.
func TestStale(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"error", "silent", "SERVFAIL"} {
		inBubble(t, func(t *testing.T) {
			w := newWorld(t, setup{resolv: "nameserver 8.8.8.8\nsearch corp.test\n", script: script{"web.corp.test.": "10.0.0.1"}})
			for _, name := range []string{"web", "web.corp.test"} {
				if got, _, _ := w.both(name); got == "SERVFAIL" {
					t.Fatalf("at first: %s", got)
				}
			}
			w.server.set("*", how)
			w.server.set("web.corp.test.", how)
			time.Sleep(2 * answerTTL * time.Second)
			for _, name := range []string{"web", "web.corp.test"} {
				started := time.Now()
				got := w.ask(name, "A")
				if want := map[string]string{"web": ">web.corp.test. 10.0.0.1", "web.corp.test": "10.0.0.1"}[name]; got != want {
					t.Errorf("%s, %s: %s, want %s", how, name, got, want)
				}
				if took := time.Since(started); took > 1800*time.Millisecond {
					t.Errorf("%s: took %v", how, took)
				}
			}
			if got := w.ask("other.corp.test", "A"); got != "SERVFAIL" {
				t.Errorf("%s: what was not known: %s", how, got)
			}
			w.server.set("web.corp.test.", "10.0.0.7")
			time.Sleep(time.Minute)
			w.ask("web.corp.test", "A")
			synctest.Wait()
			if got := w.ask("web.corp.test", "A"); got != "10.0.0.7" {
				t.Errorf("%s: when they are back: %s", how, got)
			}
		})
	}
}

// Names that are wanted often are asked for before they end.
func TestPrefetch(t *testing.T) {
	t.Parallel()
	for name, resolv := range map[string]string{"web.corp.test": "nameserver 8.8.8.8\n", "web": "nameserver 8.8.8.8\nsearch corp.test\n"} {
		inBubble(t, func(t *testing.T) {
			w := newWorld(t, setup{resolv: resolv, script: script{"web.corp.test.": "10.0.0.1"}})
			for range 5 {
				w.ask(name, "A")
			}
			w.server.questions()
			time.Sleep((answerTTL * 95 / 100) * time.Second)
			w.ask(name, "A")
			time.Sleep(10 * time.Millisecond)
			if n := len(w.server.questions()); n == 0 {
				t.Errorf("%s: nobody was asked ahead of time", name)
			}
			time.Sleep((answerTTL * 50 / 100) * time.Second)
			if got := w.ask(name, "A"); got == "SERVFAIL" || w.server.count() != 0 {
				t.Errorf("%s: %s, and %d questions", name, got, w.server.count())
			}
		})
	}
}
