//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// dnsServers are what is compared as a forwarder with a cache. Each is PID 1 of a network of its own, on CPU 0.
func dnsServers() []initProgram {
	return []initProgram{
		{name: "C echo", dns: func(_, _ string) []string { return nil }},
		{
			name: "dnsmasq", pkg: "dnsmasq-base",
			dns: func(path, _ string) []string {
				return []string{
					path, "--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--server=127.0.0.2", "--listen-address=127.0.0.1",
					"--bind-interfaces", "--cache-size=10000", "--dns-forward-max=1000", "--user=root", "--log-facility=/dev/null",
				}
			},
		},
		{
			name: "unbound", pkg: "unbound",
			dns: func(path, tree string) []string {
				return []string{path, "-d", "-c", filepath.Join(tree, "unbound.conf")}
			},
		},
		{
			name: "CoreDNS", pkg: "no package: make tools", program: ".tools/coredns",
			dns: func(path, tree string) []string {
				return []string{path, "-conf", filepath.Join(tree, "Corefile"), "-quiet"}
			},
		},
	}
}

// answersDNS is for the servers, baseinit among them.
func answersDNS(in initProgram) bool { return in.dns != nil }

// cachesDNS leaves out what has no cache.
func cachesDNS(in initProgram) bool { return in.dns != nil && in.name != "C echo" }

// dnsFiles are the configurations of all servers: a cache, and one server to ask.
var dnsFiles = map[string]string{
	"etc/resolv.conf": "nameserver 127.0.0.2\n",
	"etc/hosts":       "127.0.0.1 localhost\n",
	"Corefile":        ".:53 {\n\tbind 127.0.0.1\n\tcache 3600 {\n\t\tsuccess 10000\n\t}\n\tforward . 127.0.0.2\n}\n",
	"unbound.conf": `server:
	interface: 127.0.0.1
	num-threads: 1
	do-daemonize: no
	username: ""
	chroot: ""
	pidfile: ""
	use-syslog: no
	logfile: "/dev/null"
	module-config: "iterator"
	do-not-query-localhost: no
	access-control: 127.0.0.0/8 allow
	local-zone: "test." nodefault
remote-control:
	control-enable: no
forward-zone:
	name: "."
	forward-addr: 127.0.0.2
`,
}

// dnsLoad is what a server is asked.
type dnsLoad struct {
	names   int
	seconds float64
	window  int
	rate    int  // 0: as fast as it goes
	fresh   bool // each name is a new one
}

// dnsOutcome is how it did.
type dnsOutcome struct {
	replies, lost, p50, p99 float64
	cpu                     time.Duration
	pss                     float64 // kB, before the load
}

// dnsRun starts a server and asks it. The server that it asks and the load share CPU 1.
func dnsRun(l *lab, in initProgram, load dnsLoad) (o dnsOutcome, err error) {
	c, err := l.bootDNS(in)
	if err != nil {
		return o, err
	}
	defer c.close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	fresh := "0"
	if load.fresh {
		fresh = "1"
	}
	cmd := l.inNetwork(ctx, c, "load", "127.0.0.1", strconv.Itoa(load.names), strconv.FormatFloat(load.seconds, 'f', -1, 64), strconv.Itoa(load.window), strconv.Itoa(load.rate), fresh)
	start, err := cmd.StdinPipe()
	if err != nil {
		return o, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return o, err
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		return o, err
	}
	var primed string
	if _, err := fmt.Fscan(out, &primed); err != nil {
		return o, fmt.Errorf("cannot prime %s: %w: %s%s", in.name, err, bytes.TrimSpace(stderr.Bytes()), c.printed())
	}
	pid := c.cmd.Process.Pid
	if o.pss, err = field(fmt.Sprintf("/proc/%d/smaps_rollup", pid), "Pss:"); err != nil {
		return o, err
	}
	before, err := cpuTime(pid)
	if err != nil {
		return o, err
	}
	if _, err := io.WriteString(start, "\n"); err != nil {
		return o, err
	}
	if _, err := fmt.Fscan(out, &o.replies, &o.lost, &o.p50, &o.p99); err != nil {
		return o, fmt.Errorf("cannot read what came of the load: %w", err)
	}
	after, err := cpuTime(pid)
	if err != nil {
		return o, err
	}
	o.cpu = after - before
	if o.replies == 0 {
		return o, fmt.Errorf("%s has not answered", in.name)
	}
	return o, cmd.Wait()
}

// bootDNS starts a server.
func (l *lab) bootDNS(in initProgram) (*container, error) {
	c, err := l.newContainer(in, nil)
	if err != nil {
		return nil, err
	}
	for name, text := range dnsFiles {
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o644); err != nil {
			c.close()
			return nil, err
		}
	}
	argv := in.dns(in.path, c.dir)
	if argv == nil {
		argv = []string{l.dns, "echo", "127.0.0.1"}
	}
	// The server that it asks is there before it: dnsmasq goes on failing for a while otherwise.
	wrapper := `ip link set lo up && { taskset -c 1 ` + l.dns + ` up 127.0.0.2 & sleep 0.1; exec taskset -c 0 "$@"; }`
	c.cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWNET
	if c.output, err = os.Create(filepath.Join(c.dir, "output")); err == nil {
		err = c.launch(c.output, append([]string{"/bin/sh", "-c", wrapper, "sh"}, argv...))
	}
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// printed is what the container has printed.
func (c *container) printed() string {
	text, _ := os.ReadFile(c.output.Name())
	return string(text)
}

// inNetwork prepares the probe in a container's network, on CPU 1.
func (l *lab) inNetwork(ctx context.Context, c *container, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "nsenter", append([]string{"-t", strconv.Itoa(c.cmd.Process.Pid), "-n", "taskset", "-c", "1", l.dns}, args...)...)
}

// dnsCached is how fast names are answered that are in the cache.
func dnsCached(l *lab, in initProgram) ([]float64, error) {
	const seconds = 3
	o, err := dnsRun(l, in, dnsLoad{names: 1000, seconds: seconds, window: 256})
	return []float64{o.replies / seconds, micros(o), o.lost}, err
}

// dnsPaced is how long answers take at a rate that all are far from not reaching.
func dnsPaced(l *lab, in initProgram) ([]float64, error) {
	o, err := dnsRun(l, in, dnsLoad{names: 1000, seconds: 3, window: 4096, rate: 30_000})
	return []float64{o.p99, o.p50, o.lost}, err
}

// dnsMisses is how fast names are answered of which each is a new one.
func dnsMisses(l *lab, in initProgram) ([]float64, error) {
	const seconds = 3
	o, err := dnsRun(l, in, dnsLoad{names: 1, seconds: seconds, window: 60, fresh: true})
	return []float64{o.replies / seconds, micros(o), o.lost}, err
}

// dnsMemory is what a server takes that knows 4,096 names, some seconds after it has learnt them.
func dnsMemory(l *lab, in initProgram) ([]float64, error) {
	c, err := l.bootDNS(in)
	if err != nil {
		return nil, err
	}
	defer c.close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := l.inNetwork(ctx, c, "load", "127.0.0.1", "4096", "0", "1", "0", "0")
	cmd.Stdin = bytes.NewReader([]byte("\n"))
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cannot fill the cache: %w: %s%s", err, out, c.printed())
	}
	time.Sleep(4 * idle)
	kB, err := field(fmt.Sprintf("/proc/%d/smaps_rollup", c.cmd.Process.Pid), "Pss:")
	return []float64{kB}, err
}

func micros(o dnsOutcome) float64 { return float64(o.cpu.Nanoseconds()) / 1000 / o.replies }

// dnsScenarios are the tables about DNS.
func dnsScenarios() []scenario {
	const where = " Each server runs on CPU 0 with one thread of work; the load ([probe/dns.c](probe/dns.c)) and the server that is asked for what is not cached on CPU 1."
	return []scenario{
		{
			name: "dns", title: "DNS: answers from the cache, as fast as they come, for each core",
			columns: []column{{unit: "answers/s"}, {unit: "CPU us each", ratio: true}, {unit: "lost at worst", worst: true}},
			about:   "1,000 names, 256 questions at a time, by sendmmsg and recvmmsg. The C echo sends datagrams back and is no DNS server." + where + " Wanted: 1.3 x dnsmasq and no less than unbound, at most 1.2 x the C echo's CPU.",
			trials:  each(answersDNS, "dnsmasq", dnsCached), maxRounds: 7,
		},
		{
			name: "dns-paced", title: "DNS: how long an answer from the cache takes at 30,000 questions a second",
			columns: []column{{unit: "p99 us"}, {unit: "p50 us"}, {unit: "lost at worst", worst: true}},
			about:   "1,000 names." + where + " Wanted: p99 not above dnsmasq's.",
			trials:  each(answersDNS, "dnsmasq", dnsPaced), maxRounds: 7,
		},
		{
			name: "dns-misses", title: "DNS: names that are not in the cache",
			columns: []column{{unit: "answers/s"}, {unit: "CPU us each", ratio: true}, {unit: "lost at worst", worst: true}},
			about:   "Each name is a new one, 60 questions at a time." + where + " Wanted: 2 x dnsmasq.",
			trials:  each(cachesDNS, "dnsmasq", dnsMisses), maxRounds: 7,
		},
		{
			name: "dns-memory", title: "DNS: memory with 4,096 names in the cache", columns: medians("PSS kB"),
			about:  "PSS of the server (smaps_rollup), four seconds after it has learnt 4,096 names, 50 at a time. Wanted: baseinit at most 12 MB.",
			trials: each(cachesDNS, "dnsmasq", dnsMemory), maxRounds: 5,
		},
	}
}

// withDNS adds the servers to the inits.
func withDNS(inits []initProgram) []initProgram { return slices.Concat(dnsServers(), inits) }
