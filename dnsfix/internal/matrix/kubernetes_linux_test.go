package matrix_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sillelien/baseinit/internal/pid1test"
)

const clusterZone = `
	web.default.svc.cluster.local * 10.96.0.1
	db.other.svc.cluster.local    * 10.96.0.2
	www.example.com   * 192.0.2.80
	*.example.com     * 192.0.2.81
	*.example.org     * 192.0.2.82
`

// TestQueriesAlone counts what names cost musl in a pod, by itself.
func TestQueriesAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &place{resolv: cluster, servers: zones{"127.0.0.2": clusterZone}})
	for _, test := range []struct {
		name string
		want int
	}{{"web", 2}, {"db.other", 4}, {"www.example.com", 8}, {"www.example.com", 8}} {
		if o := clients[0].lookup(w, test.name, ""); o.result != "ok" || o.queries != test.want {
			t.Errorf("%s: %v, want %d queries", test.name, o, test.want)
		}
	}
}

// TestQueries counts what they cost through baseinit: issue 4. On a machine at work, what
// is late is sent again, so that there are more tries than one, and nothing runs beside it.
func TestQueries(t *testing.T) {
	var problems []string
	for range 3 {
		if problems = countQueries(t); len(problems) == 0 {
			return
		}
		t.Log(strings.Join(problems, "\n"))
	}
	t.Error(strings.Join(problems, "\n"))
}

func countQueries(t *testing.T) (problems []string) {
	w := newWorld(t, &place{resolv: cluster, servers: zones{"127.0.0.2": clusterZone}, baseinit: true})
	look := func(name string, atLeast, atMost int) {
		if o := clients[0].lookup(w, name, ""); o.result != "ok" || o.queries < atLeast || o.queries > atMost {
			problems = append(problems, fmt.Sprintf("%s: %v, want %d to %d queries", name, o, atLeast, atMost))
		}
	}
	look("web", 2, 6)
	look("web", 0, 0)
	look("db.other", 2, 8)
	look("db.other", 0, 0)
	look("www.example.com", 2, 8)
	look("www.example.com", 0, 0)

	// That the domains do not have the top-level domain is found out in the background.
	for _, domain := range []string{"example.com", "example.org"} {
		known := false
		for i := 0; i < 50 && !known; i++ {
			known = clients[0].lookup(w, fmt.Sprintf("n%d.%s", i, domain), "").queries == 2
		}
		if !known {
			problems = append(problems, "fifty names of "+domain+" cost more than 2 queries each")
		}
		for i := range 5 {
			look(fmt.Sprintf("later%d.%s", i, domain), 2, 2)
		}
	}
	return problems
}

// podZone is what CoreDNS has of a cluster, in the records that its kubernetes
// plugin gives.
const podZone = `$ORIGIN cluster.local.
$TTL 5
@ IN SOA ns.dns hostmaster 1 7200 1800 86400 5
@ IN NS ns.dns
ns.dns IN A 10.96.0.10
web.default.svc IN A 10.96.0.1
_http._tcp.web.default.svc IN SRV 0 100 80 web.default.svc
db.other.svc IN A 10.96.0.2
headless.default.svc IN A 10.244.0.7
headless.default.svc IN A 10.244.1.8
headless.default.svc IN A 10.244.2.9
pod-0.headless.default.svc IN A 10.244.0.7
shop.default.svc IN CNAME www.example.com.
10-244-0-7.default.pod IN A 10.244.0.7
`

const outsideZone = `$ORIGIN example.com.
$TTL 300
@ IN SOA ns hostmaster 1 7200 1800 86400 300
@ IN NS ns
ns IN A 192.0.2.53
www IN A 192.0.2.80
`

// startCoreDNS serves the zones in the world, and NXDOMAIN for the rest.
func (w *world) startCoreDNS() {
	w.t.Helper()
	path, err := filepath.Abs("../../../.tools/coredns")
	if err != nil {
		w.t.Fatal(err)
	}
	pid1test.NeedProgram(w.t, path, "it with `make tools`")
	dir := w.t.TempDir()
	for name, text := range map[string]string{
		"cluster": podZone, "outside": outsideZone,
		"Corefile": `cluster.local:53 {
	bind 127.0.0.2
	file ` + dir + `/cluster
}
example.com:53 {
	bind 127.0.0.2
	file ` + dir + `/outside
}
.:53 {
	bind 127.0.0.2
	template ANY ANY . {
		rcode NXDOMAIN
		authority ". 60 IN SOA a.root-servers.net. nstld.verisign-grs.com. 1 1800 900 604800 60"
	}
}
`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			w.t.Fatal(err)
		}
	}
	cmd := exec.Command(path, "-conf", filepath.Join(dir, "Corefile"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	w.network.Do(func() { err = cmd.Start() })
	if err != nil {
		w.t.Fatal(err)
	}
	var said strings.Builder
	lines := bufio.NewScanner(out)
	w.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for lines.Scan() {
		said.WriteString(lines.Text() + "\n")
		if strings.HasPrefix(lines.Text(), "CoreDNS-") { // printed once it serves
			return
		}
	}
	w.t.Fatalf("CoreDNS does not serve:\n%s", &said)
}

// TestCluster looks the names of a cluster up that CoreDNS serves.
func TestCluster(t *testing.T) {
	t.Parallel()
	p := &place{resolv: cluster, baseinit: true}
	w := newNetwork(t, p)
	w.startCoreDNS()
	w.start(p)
	for _, r := range []row{
		{ask: "web", want: "10.96.0.1", canon: "web.default.svc.cluster.local"},
		{ask: "web.default", want: "10.96.0.1", canon: "web.default.svc.cluster.local"},
		{ask: "web.default.svc", want: "10.96.0.1", canon: "web.default.svc.cluster.local"},
		{ask: "web.default.svc.cluster.local", want: "10.96.0.1", canon: "web.default.svc.cluster.local"},
		{ask: "web.default.svc.cluster.local.", want: "10.96.0.1"},
		{ask: "db.other", want: "10.96.0.2"},
		{ask: "headless", want: "10.244.0.7 10.244.1.8 10.244.2.9"},
		{ask: "pod-0.headless", want: "10.244.0.7"},
		{ask: "10-244-0-7.default.pod", want: "10.244.0.7"},
		{ask: "shop", want: "192.0.2.80"},
		{ask: "www.example.com", want: "192.0.2.80"},
		{ask: "db", want: noName},
		{ask: "nobody.example.com", want: noName},
		{ask: "web", family: "6", want: noName},
	} {
		for _, c := range clients {
			o := c.lookup(w, r.ask, r.family)
			if problem := r.wrong(&c, &o); problem != "" {
				t.Errorf("%s %s: %v: %s", c.name, r.ask, o, problem)
			}
		}
	}
	srv, _ := w.command("/usr/bin/dig +short SRV _http._tcp.web.default.svc.cluster.local")
	if want := "0 100 80 web.default.svc.cluster.local.\n"; srv != want {
		t.Errorf("SRV: %q, want %q", srv, want)
	}
}
