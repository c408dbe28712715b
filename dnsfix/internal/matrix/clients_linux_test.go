package matrix_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sillelien/baseinit/internal/pid1test"
)

// client is a program that looks a name up.
type client struct {
	name string
	// command is its command line. A family is "", "4" or "6".
	command func(name, family string) string
	// read makes an outcome of what it printed and how long it took.
	read func(output string, took time.Duration) outcome
	// idle is a command line that starts it and asks nobody; default: it looks localhost
	// up, which is in /etc/hosts. What that takes in the same box is the machine's time,
	// not that of a lookup. starting is how far the two may differ where the lookup's own
	// time is not known.
	idle     string
	starting time.Duration
	// patience is how long it keeps asking when it is told SERVFAIL.
	patience time.Duration
	onlyA    bool // it asks for A if no family is given
	oneUDP   bool // it takes what one datagram holds, and no more
}

var clients = []client{
	{name: "musl 1.2.3", command: program("gai-musl"), read: readLine, oneUDP: true, patience: 5 * time.Second},
	{name: "glibc 2.36", command: program("gai-glibc"), read: readLine},
	{
		name: "busybox nslookup", read: readNslookup, idle: "nslookup --help", starting: 200 * time.Millisecond, oneUDP: true,
		command: func(name, family string) string {
			return "nslookup" + map[string]string{"4": " -type=a", "6": " -type=aaaa"}[family] + " " + name
		},
	},
	{
		name: "dig", read: readDig, idle: "/usr/bin/dig -v", starting: 200 * time.Millisecond, onlyA: true,
		command: func(name, family string) string {
			rtype := map[string]string{"": "A", "4": "A", "6": "AAAA"}[family]
			return "/usr/bin/dig +search +noall +comments +answer " + name + " " + rtype
		},
	},
	{
		name: "Go", read: readLine,
		command: func(name, family string) string {
			return goClientEnv + "=1 " + executable() + " " + name + " " + family
		},
	},
}

// lookup has the client look a name up in a world.
func (c *client) lookup(w *world, name, family string) outcome {
	w.t.Helper()
	idle := c.read(w.command(cmp.Or(c.idle, c.command("localhost", "4")))).took
	before := len(w.askedFor(name))
	o := c.read(w.command(c.command(name, family)))
	o.took = max(o.took-idle, 0)
	o.queries = len(w.askedFor(name)) - before
	return o
}

// goClientEnv makes the test binary a client: see goClient.
const goClientEnv = "MATRIX_CLIENT"

func executable() string {
	path, err := os.Executable()
	if err != nil {
		return "/proc/self/exe"
	}
	return path
}

// goClient is testdata/gai.c with Go's own resolver.
func goClient(args []string) {
	network := "ip"
	if len(args) > 1 {
		network += args[1]
	}
	resolver := net.Resolver{PreferGo: true}
	began := time.Now()
	addrs, err := resolver.LookupNetIP(context.Background(), network, args[0])
	took := time.Since(began)
	result := "ok"
	if err != nil {
		result = "FAIL"
	}
	if failed := (*net.DNSError)(nil); errors.As(err, &failed) {
		switch {
		case failed.IsNotFound:
			result = noName
		case failed.Temporary():
			result = again
		}
	}
	fmt.Print(result, " ", took.Microseconds(), " -")
	for _, addr := range addrs {
		fmt.Print(" ", addr.Unmap())
	}
	fmt.Println()
}

// program is one of those built by buildClients.
func program(name string) func(string, string) string {
	return func(host, family string) string { return filepath.Join(clientDir(), name) + " " + host + " " + family }
}

const clientDirEnv = "MATRIX_DIR"

func clientDir() string { return os.Getenv(clientDirEnv) }

// clientFiles are what boxes have of the machine so that clients run.
func clientFiles(t testing.TB) []string {
	t.Helper()
	pid1test.NeedProgram(t, "/usr/bin/musl-gcc", "musl-tools")
	pid1test.NeedProgram(t, "/usr/bin/gcc", "gcc")
	pid1test.NeedProgram(t, "/usr/bin/dig", "bind9-dnsutils")
	if err := buildClients(); err != nil {
		t.Fatal(err)
	}
	// Not all of /lib: where musl's loader is, baseinit takes it for the box's libc.
	libs, err := filepath.Glob("/lib/*-linux-gnu*")
	if err != nil {
		t.Fatal(err)
	}
	return append(libs, "/usr", "/lib64", clientDir(), executable())
}

var buildClients = sync.OnceValue(func() error {
	for name, compiler := range map[string][]string{"gai-musl": {"musl-gcc", "-static"}, "gai-glibc": {"gcc"}} {
		args := append(slices.Clone(compiler[1:]), "-O1", "-Wall", "-o", filepath.Join(clientDir(), name), "testdata/gai.c")
		if out, err := exec.Command(compiler[0], args...).CombinedOutput(); err != nil {
			return fmt.Errorf("cannot build %s: %w\n%s", name, err, out)
		}
	}
	return nil
})

// readLine reads what testdata/gai.c prints.
func readLine(output string, _ time.Duration) outcome {
	words := strings.Fields(output)
	if len(words) < 3 {
		return outcome{result: output}
	}
	micros, err := strconv.Atoi(words[1])
	if err != nil {
		return outcome{result: output}
	}
	o := outcome{result: words[0], took: time.Duration(micros) * time.Microsecond, addrs: words[3:]}
	if words[2] != "-" {
		o.canon = words[2]
	}
	return o.normal()
}

// readNslookup reads busybox's nslookup: answers come behind the server's own address.
// Where it tries several domains it complains of those that failed, too.
func readNslookup(output string, took time.Duration) outcome {
	o := outcome{took: took}
	_, answers, _ := strings.Cut(output, "\n\n")
	for line := range strings.Lines(answers) {
		if addr, ok := strings.CutPrefix(line, "Address: "); ok {
			o.addrs = append(o.addrs, strings.TrimSpace(addr))
		}
	}
	switch {
	case len(o.addrs) > 0:
		o.result = "ok"
	case strings.Contains(answers, ": NXDOMAIN\n"):
		o.result = noName
	case strings.Contains(answers, "can't find "), !strings.Contains(answers, "answer:\n"):
		o.result = again
	default:
		o.result = noName // no data, of which it says nothing
	}
	return o.normal()
}

// readDig reads dig's comments and answers.
func readDig(output string, took time.Duration) outcome {
	o := outcome{result: again, took: took}
	for line := range strings.Lines(output) {
		fields := strings.Fields(line)
		switch {
		case strings.Contains(line, "status: NOERROR"), strings.Contains(line, "status: NXDOMAIN"):
			o.result = noName
		case strings.Contains(line, "status: "):
			o.result = again
		case !strings.HasPrefix(line, ";") && len(fields) == 5 && (fields[3] == "A" || fields[3] == "AAAA"):
			o.addrs = append(o.addrs, fields[4])
		}
	}
	if len(o.addrs) > 0 {
		o.result = "ok"
	}
	return o.normal()
}
