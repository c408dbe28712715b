package resolve_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

const cluster = "nameserver 10.96.0.10\nsearch default.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n"

func TestSearch(t *testing.T) {
	t.Parallel()
	const two = "nameserver 10.0.0.1\nsearch nx.test ok.test\n"
	for _, tc := range []struct {
		name    string
		setup   setup
		ask     string
		a, aaaa string
		most    time.Duration // of the slower of the two
	}{
		{"NXDOMAIN first", setup{resolv: two, script: script{"web.ok.test.": "10.0.0.2"}}, "web", ">web.ok.test. 10.0.0.2", ">web.ok.test.", 2 * time.Millisecond},
		{"SERVFAIL first", setup{resolv: two, script: script{"web.nx.test.": "SERVFAIL", "web.ok.test.": "10.0.0.2 fd00::2"}}, "web", ">web.ok.test. 10.0.0.2", ">web.ok.test. fd00::2", 3 * time.Millisecond},
		{"NODATA first", setup{resolv: two, script: script{"web.nx.test.": "NODATA", "web.ok.test.": "10.0.0.2"}}, "web", ">web.ok.test. 10.0.0.2", ">web.ok.test.", 3 * time.Millisecond},
		{"REFUSED first", setup{resolv: two, script: script{"web.nx.test.": "REFUSED", "web.ok.test.": "10.0.0.2"}}, "web", ">web.ok.test. 10.0.0.2", ">web.ok.test.", 3 * time.Millisecond},
		{"silence first", setup{resolv: two, script: script{"web.nx.test.": "silent", "web.ok.test.": "10.0.0.2"}}, "web", ">web.ok.test. 10.0.0.2", ">web.ok.test.", 50 * time.Millisecond},
		{"the first one that exists", setup{resolv: two, script: script{"web.nx.test.": "5ms 10.0.0.1", "web.ok.test.": "10.0.0.2"}}, "web", ">web.nx.test. 10.0.0.1", ">web.nx.test.", 12 * time.Millisecond},
		{"one family decides for both", setup{resolv: two, script: script{"web.nx.test. A": "NODATA", "web.nx.test. AAAA": "fd00::1", "web.ok.test.": "10.0.0.2"}}, "web", ">web.nx.test.", ">web.nx.test. fd00::1", 5 * time.Millisecond},
		{"nobody", setup{resolv: two}, "web", "NXDOMAIN", "NXDOMAIN", 5 * time.Millisecond},
		{"exists without addresses", setup{resolv: two, script: script{"web.nx.test.": "NODATA"}}, "web", "NODATA", "NODATA", 5 * time.Millisecond},
		{"somebody might know", setup{resolv: two, script: script{"web.nx.test.": "SERVFAIL"}}, "web", "SERVFAIL", "SERVFAIL", 5 * time.Millisecond},
		{"all fail", setup{resolv: two, script: script{"*": "error"}}, "web", "SERVFAIL", "SERVFAIL", 5 * time.Millisecond},
		{"all are silent", setup{resolv: two, script: script{"*": "silent"}}, "web", "SERVFAIL", "SERVFAIL", 4500 * time.Millisecond},
		{"dots enough: as it is first", setup{resolv: two, script: script{"a.b.": "10.0.0.1", "a.b.nx.test.": "10.0.0.2"}}, "a.b", "10.0.0.1", "NODATA", 2 * time.Millisecond},
		{"dots enough, only in a domain", setup{resolv: two, script: script{"a.b.ok.test.": "10.0.0.2"}}, "a.b", ">a.b.ok.test. 10.0.0.2", ">a.b.ok.test.", 6 * time.Millisecond},
		{"as it is, in a domain already", setup{resolv: cluster, script: script{"web.default.svc.cluster.local.": "10.0.0.2"}}, "web.default.svc.cluster.local", "10.0.0.2", "NODATA", 3 * time.Millisecond},
		{"no public server learns short names", setup{resolv: "nameserver 8.8.8.8\nsearch corp.test\n", script: script{"web.": "10.0.0.1"}}, "web", "NXDOMAIN", "NXDOMAIN", 3 * time.Millisecond},
		{"Docker's does", setup{resolv: "nameserver 127.0.0.11\nsearch corp.test\noptions ndots:0\n", script: script{"web.": "10.0.0.1"}}, "web", "10.0.0.1", "NODATA", 3 * time.Millisecond},
		{"and if there is no search list", setup{resolv: "nameserver 8.8.8.8\n", script: script{"web.": "10.0.0.1"}}, "web", "10.0.0.1", "NODATA", 3 * time.Millisecond},
		{"unless --domain-needed", setup{resolv: "nameserver 127.0.0.11\n", args: "--domain-needed", script: script{"web.": "10.0.0.1"}}, "web", "NXDOMAIN", "NXDOMAIN", 3 * time.Millisecond},
		{"hosts come first", setup{resolv: two, hosts: "10.9.9.9 web\n", script: script{"web.nx.test.": "10.0.0.1"}}, "web", "10.9.9.9", "NODATA", 0},
		{"hosts have a domain's name", setup{resolv: two, hosts: "10.9.9.9 web.ok.test\n"}, "web", ">web.ok.test. 10.9.9.9", ">web.ok.test.", 5 * time.Millisecond},
		{"nine domains", setup{resolv: "nameserver 10.0.0.1\nsearch a b c d e f g h i.test\n", script: script{"web.i.test.": "10.0.0.1"}}, "web", ">web.i.test. 10.0.0.1", ">web.i.test.", 6 * time.Millisecond},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				w := newWorld(t, tc.setup)
				a, aaaa, took := w.both(tc.ask)
				if diff := cmp.Diff([]string{tc.a, tc.aaaa}, []string{a, aaaa}); diff != "" {
					t.Errorf("A and AAAA (-want +got):\n%s", diff)
				}
				if took > tc.most {
					t.Errorf("took %v, want at most %v", took, tc.most)
				}
			})
		})
	}
}

// What a name costs in a Kubernetes pod.
func TestClusterCosts(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		w := newWorld(t, setup{resolv: cluster, script: script{
			"web.default.svc.cluster.local.": "10.0.0.2", "www.example.com.": "192.0.2.1", "www.other.com.": "192.0.2.2",
			"api.shop.svc.cluster.local.": "10.0.0.3",
		}})
		for _, step := range []struct {
			name        string
			want        string
			least, most int
		}{
			{"web", ">web.default.svc.cluster.local. 10.0.0.2", 2, 6},
			{"web", ">web.default.svc.cluster.local. 10.0.0.2", 0, 0},
			{"www.example.com", "192.0.2.1", 2, 8},
			{"www.example.com", "192.0.2.1", 0, 0},
			{"www.other.com", "192.0.2.2", 2, 2},
			{"api.shop", ">api.shop.svc.cluster.local. 10.0.0.3", 2, 6},
		} {
			a, _, _ := w.both(step.name)
			synctest.Wait() // also for what goes on in the background
			if a != step.want {
				t.Errorf("%s: %s, want %s", step.name, a, step.want)
			}
			asked := w.server.questions()
			if n := len(asked); n < step.least || n > step.most {
				t.Errorf("%s: %d questions upstream, want %d to %d: %q", step.name, n, step.least, step.most, asked)
			}
			time.Sleep(10 * time.Millisecond)
			synctest.Wait()
			if step.name != "www.example.com" {
				continue
			}
			w.server.questions() // whether there is a com in the domains
		}
	})
}

// A public name whose top-level domain is a namespace, too, stays the namespace's.
func TestCutIsNone(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		w := newWorld(t, setup{resolv: cluster, script: script{
			"www.google.dev.": "192.0.2.1", "api.dev.": "192.0.2.66",
			"dev.svc.cluster.local.": "NODATA", "api.dev.svc.cluster.local.": "10.0.0.3",
		}})
		for _, step := range [][2]string{{"www.google.dev", "192.0.2.1"}, {"api.dev", ">api.dev.svc.cluster.local. 10.0.0.3"}} {
			a, _, _ := w.both(step[0])
			time.Sleep(10 * time.Millisecond)
			synctest.Wait()
			if a != step[1] {
				t.Errorf("%s: %s, want %s", step[0], a, step[1])
			}
		}
	})
}

// What was passed over as it took too long counts when it has come.
func TestSlowCandidate(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		w := newWorld(t, setup{resolv: "nameserver 10.0.0.1\nsearch a.test b.test\n", script: script{
			"web.a.test.": "200ms 10.0.0.1", "web.b.test.": "10.0.0.2",
		}})
		if got := w.ask("web", "A"); got != ">web.b.test. 10.0.0.2" {
			t.Errorf("at first: %s", got)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if got := w.ask("web", "A"); got != ">web.a.test. 10.0.0.1" {
			t.Errorf("then: %s", got)
		}
	})
}
