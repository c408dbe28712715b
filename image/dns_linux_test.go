package image_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// dnsImage is the image with a program that asks musl for names.
const dnsImage = image + "-dns"

// needDNSImage builds it, once.
func needDNSImage(t *testing.T) {
	t.Helper()
	needImage(t)
	if _, err := exec.LookPath("musl-gcc"); err != nil {
		const lacks = "needs musl-gcc: install musl-tools"
		if os.Getenv("CI") == "true" || os.Getenv("BASEINIT_TEST_STRICT") == "1" {
			t.Fatal(lacks)
		}
		t.Skip(lacks)
	}
	if err := buildDNS(); err != nil {
		t.Fatal(err)
	}
}

var buildDNS = sync.OnceValue(func() error {
	dir, err := os.MkdirTemp("", "dns-image-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if out, err := exec.Command("musl-gcc", "-static", "-O2", "-o", dir+"/getent", "testdata/getent.c").CombinedOutput(); err != nil {
		return fmt.Errorf("cannot compile getent.c: %w: %s", err, out)
	}
	if err := os.WriteFile(dir+"/Dockerfile", []byte("FROM "+image+"\nCOPY getent /usr/bin/getent\n"), 0o644); err != nil {
		return err
	}
	cmd := exec.Command("docker", "build", "-q", "-t", dnsImage, dir)
	cmd.Env = append(os.Environ(), "DOCKER_BUILDKIT=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot build %s: %w: %s", dnsImage, err, out)
	}
	return nil
})

// network makes a user-defined network, which is removed with the test, and gives its ID.
func network(t *testing.T) string {
	t.Helper()
	needDNSImage(t)
	id := docker(t, "network", "create", "baseinit-test-"+strconv.FormatInt(time.Now().UnixNano(), 36))
	t.Cleanup(func() { docker(t, "network", "rm", id) })
	return id
}

// inspect gives a field of a container.
func inspect(t *testing.T, id, format string) string {
	t.Helper()
	return docker(t, "inspect", "-f", format, id)
}

// address is a container's on the default bridge.
func address(t *testing.T, id string) string {
	t.Helper()
	return inspect(t, id, "{{.NetworkSettings.IPAddress}}")
}

// run creates and starts a container.
func run(t *testing.T, args ...string) *container {
	t.Helper()
	needDNSImage(t)
	return start(t, create(t, args...), false, "")
}

// nameserver is a container on the default bridge whose DNS has the names that args say.
func nameserver(t *testing.T, args string) (addr string) {
	t.Helper()
	id := create(t, "-e", "BASEINIT_DNS=off", dnsImage, "sleep", "1000")
	docker(t, "start", id) // without a limit: tests that take long use it
	addr = address(t, id)
	docker(t, "exec", "-d", "-e", "BASEINIT_DNS=on", "-e", "BASEINIT_SYSLOG=off", "-e", "BASEINIT_RUN=/tmp/dns", "-e", "BASEINIT_DNS_RESOLV_CONF=0",
		"-e", "DNSMASQ_ARGS=--no-resolv --listen-address="+addr+" "+args, id, "/init", "sleep", "1000")
	eventually(t, "the nameserver answers", func() bool {
		out, _ := dockerTry("exec", id, "nslookup", "localhost", addr)
		return strings.Contains(out, "127.0.0.1")
	})
	return addr
}

// dockerTry is docker where failure is an answer.
func dockerTry(args ...string) (string, error) {
	cmd := exec.Command("docker", args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// eventually waits until f is true.
func eventually(t *testing.T, what string, f func() bool) time.Duration {
	t.Helper()
	started := time.Now()
	for !f() {
		if time.Since(started) > limit/2 {
			t.Fatal("never: " + what)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return time.Since(started)
}

// resolves asks musl in a container for a name, as programs do.
func resolves(id, name string) (addr string) {
	out, err := dockerTry("exec", id, "getent", "hosts", name)
	if err != nil {
		return "none"
	}
	addr, _, _ = strings.Cut(strings.TrimSpace(out), " ")
	return addr
}

// What Docker's --link tells goes into hosts, and the linked container is waited for.
func TestDNSLink(t *testing.T) {
	t.Parallel()
	needDNSImage(t)
	db := create(t, "--expose", "5432", "--expose", "514/udp", dnsImage, "sleep", "1000")
	peer := start(t, db, false, "")
	eventually(t, "the linked container runs", func() bool { return address(t, db) != "" })
	docker(t, "pause", db)
	paused := true
	defer func() {
		if paused {
			docker(t, "unpause", db)
		}
	}()
	c := run(t, "--link", db+":my_db-1", dnsImage, "sh", "-c", "echo CMD runs; cat /etc/hosts; getent hosts my_db-1; getent hosts MY_DB-1; getent hosts "+address(t, db))
	// A paused container's kernel answers pings all the same: it is there.
	c.WaitFor("CMD runs")
	docker(t, "unpause", db)
	paused = false
	c.Wait()
	_ = peer
	addr := address(t, db)
	// Docker has written the alias into hosts: it is not there a second time.
	for _, want := range []string{"1 linked hosts are reachable", addr + "\tmy_db-1 ", addr + "  my_db-1"} {
		if !strings.Contains(c.Output(), want) {
			t.Errorf("the output lacks %q", want)
		}
	}
	if strings.Contains(c.Stdout(), "# BEGIN") {
		t.Error("what Docker says in hosts is said again")
	}
	if n := strings.Count(strings.ToLower(c.Stdout()), "my_db-1"); n < 3 {
		t.Errorf("the alias is there %d times", n)
	}
}

func TestDNSLinkTimeout(t *testing.T) {
	t.Parallel()
	c := run(t, "-e", "DNS_INIT_TIMEOUT=2", "-e", "DB_PORT_5432_TCP_ADDR=192.0.2.7", "-e", "DB_NAME=/x/my_db", dnsImage, "echo", "CMD runs")
	if code := c.Wait(); code != 112 {
		t.Errorf("exit code %d", code)
	}
	if strings.Contains(c.Stdout(), "CMD runs") || !strings.Contains(c.Output(), "dns still waits for my_db after 2s") {
		t.Error("CMD was run, or the host is not named")
	}
}

// On a user-defined network names come and go.
func TestDNSUserNetwork(t *testing.T) {
	t.Parallel()
	net := network(t)
	c := run(t, "--network", net, dnsImage, "sh", "-c", "echo CMD runs; sleep 1000")
	c.WaitFor("CMD runs")
	if got := resolves(c.id, "peer"); got != "none" {
		t.Errorf("before there is a peer: %s", got)
	}
	first := create(t, "--network", net, "--network-alias", "peer", dnsImage, "sleep", "1000")
	start(t, first, false, "")
	took := eventually(t, "the peer has an address", func() bool { return resolves(c.id, "peer") != "none" })
	t.Logf("a peer resolves %v after it was started", took.Round(time.Millisecond))
	before := resolves(c.id, "peer")
	// Another one takes the first one's place, and has another address.
	docker(t, "network", "disconnect", net, first)
	holder := create(t, "--network", net, dnsImage, "sleep", "1000")
	start(t, holder, false, "")
	eventually(t, "the address is taken", func() bool {
		return inspect(t, holder, "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}") == before
	})
	second := create(t, "--network", net, "--network-alias", "peer", dnsImage, "sleep", "1000")
	start(t, second, false, "")
	var now string
	took = eventually(t, "the new peer's address is the one", func() bool {
		now = resolves(c.id, "peer")
		return now != "none" && now == inspect(t, second, "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}")
	})
	t.Logf("%s became %s after %v", before, now, took.Round(time.Millisecond))
	if took > 8*time.Second {
		t.Errorf("it took %v", took)
	}
}

// A container that joins a network knows the names there, and no more when it has left.
func TestDNSNetworkConnect(t *testing.T) {
	t.Parallel()
	net := network(t)
	c := run(t, dnsImage, "sh", "-c", "echo CMD runs; sleep 1000")
	c.WaitFor("CMD runs")
	start(t, create(t, "--network", net, "--network-alias", "peer", dnsImage, "sleep", "1000"), false, "")
	docker(t, "network", "connect", net, c.id)
	took := eventually(t, "the peer has an address", func() bool { return resolves(c.id, "peer") != "none" })
	t.Logf("names of the network resolve after %v", took.Round(time.Millisecond))
	docker(t, "network", "disconnect", net, c.id)
	eventually(t, "the peer is gone", func() bool { return resolves(c.id, "peer") == "none" })
}

// A dead first nameserver costs nobody seconds.
func TestDNSDeadServer(t *testing.T) {
	t.Parallel()
	needDNSImage(t)
	server := nameserver(t, "--address=/x.test/10.9.8.7")
	c := run(t, "--dns", "192.0.2.1", "--dns", server, dnsImage, "sh", "-c",
		"for i in 1 2 3 4 5; do s=$(date +%s); getent hosts n$i.x.test; e=$(date +%s); echo took $((e-s)); done")
	c.Wait()
	if n := strings.Count(c.Stdout(), "10.9.8.7"); n != 5 {
		t.Errorf("%d of 5 names resolved", n)
	}
	if n := strings.Count(c.Stdout(), "took 0") + strings.Count(c.Stdout(), "took 1"); n != 5 {
		t.Errorf("%d of 5 were fast", n)
	}
}

// What is written into resolv.conf from outside is taken over, and no look-up fails meanwhile.
func TestDNSResolvConfEdited(t *testing.T) {
	t.Parallel()
	needDNSImage(t)
	one, two := nameserver(t, "--address=/x.test/10.1.1.1"), nameserver(t, "--address=/x.test/10.2.2.2")
	c := run(t, "--dns", one, dnsImage, "sh", "-c", `
n=0; while [ ! -e /tmp/end ]; do n=$((n+1)); getent hosts x.test >/tmp/got || { echo failed; cat /tmp/got; }; done; echo $n look-ups`)
	eventually(t, "the first server's answer", func() bool { return resolves(c.id, "y.x.test") == "10.1.1.1" })
	path := inspect(t, c.id, "{{.ResolvConfPath}}")
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(f, "nameserver %s\n", two); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	took := eventually(t, "the second server's answer", func() bool { return resolves(c.id, "z.x.test") == "10.2.2.2" })
	t.Logf("taken over within %v", took.Round(time.Millisecond))
	if took > 3*time.Second {
		t.Errorf("taken over after %v", took)
	}
	docker(t, "exec", c.id, "touch", "/tmp/end")
	c.Wait()
	if strings.Contains(c.Stdout(), "failed") || !strings.Contains(c.Stdout(), "look-ups") {
		t.Error("look-ups failed")
	}
	if now, err := os.ReadFile(path); err != nil || string(now) != "nameserver "+two+"\n" {
		t.Errorf("after the end resolv.conf is %q (%v)", now, err)
	}
}

// Without root, without capabilities, on a root that cannot be written.
func TestDNSUnprivileged(t *testing.T) {
	t.Parallel()
	needDNSImage(t)
	for name, tc := range map[string]struct {
		flags []string
		warns bool
	}{
		"read-only":  {[]string{"--read-only", "--tmpfs", "/run"}, true},
		"uid":        {[]string{"-u", "12345"}, true},
		"no caps":    {[]string{"--cap-drop", "ALL"}, false},
		"everything": {[]string{"--read-only", "-u", "12345", "--cap-drop", "ALL"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := nameserver(t, "--address=/x.test/10.9.8.7") // its own: containers live for a minute
			args := append([]string{"--dns", server, "-e", "DB_PORT_5432_TCP_ADDR=127.0.0.5", "-e", "DB_NAME=/x/db"}, tc.flags...)
			c := run(t, append(args, dnsImage, "sh", "-c", "getent hosts x.test; nslookup db 127.0.0.1; exit 3")...)
			if code := c.Wait(); code != 3 {
				t.Errorf("exit code %d", code)
			}
			if !strings.Contains(c.Stdout(), "10.9.8.7") || !strings.Contains(c.Stdout(), "127.0.0.5") {
				t.Error("names do not resolve")
			}
			if n := strings.Count(c.Output(), "programs ask the nameservers of resolv.conf"); (n == 1) != tc.warns || n > 1 {
				t.Errorf("the warning is there %d times", n)
			}
		})
	}
	t.Run("required", func(t *testing.T) {
		t.Parallel()
		c := run(t, "--read-only", "--tmpfs", "/run", "-e", "BASEINIT_DNS=required", dnsImage, "true")
		if code := c.Wait(); code != 112 {
			t.Errorf("exit code %d", code)
		}
	})
}

// A container whose nameserver behind Docker's is itself: names of containers resolve, others fail fast.
func TestDNSLoop(t *testing.T) {
	t.Parallel()
	net := network(t)
	c := run(t, "--network", net, "--network-alias", "myself", "--dns", "127.0.0.1", dnsImage, "sh", "-c",
		"getent hosts myself; s=$(date +%s); for i in 1 2 3; do nslookup n$i.example.com >/dev/null 2>&1; done; e=$(date +%s); echo took $((e-s)); cat /proc/net/snmp | grep Udp:")
	c.Wait()
	ip, _, _ := strings.Cut(c.Stdout(), " ")
	if _, err := netip.ParseAddr(ip); err != nil {
		t.Errorf("the container does not know itself: %v", err)
	}
	if !strings.Contains(c.Output(), "a nameserver asks this forwarder what it is asked by it") {
		t.Error("the log does not tell of the loop")
	}
	_, rest, _ := strings.Cut(c.Stdout(), "took ")
	seconds, _, _ := strings.Cut(rest, "\n")
	if n, err := strconv.Atoi(seconds); err != nil || n > 3 {
		t.Errorf("three look-ups took %q s", seconds)
	}
}

// resolv.conf is put back; a container that was killed finds its servers again.
func TestDNSPutBack(t *testing.T) {
	t.Parallel()
	needDNSImage(t)
	server := nameserver(t, "--address=/x.test/10.9.8.7")
	path := t.TempDir() + "/resolv.conf"
	original := "# mine\nsearch a.test x.test\nnameserver " + server + "\n"
	if err := os.WriteFile(path, []byte(original), 0o644); err != nil {
		t.Fatal(err)
	}
	c := run(t, "-v", path+":/etc/resolv.conf", dnsImage, "sh", "-c", "getent hosts n; echo CMD runs; exec sleep 1000")
	c.WaitFor("CMD runs")
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), "\nnameserver 127.0.0.1\n") {
		t.Errorf("resolv.conf was not taken over: %q (%v)", text, err)
	}
	docker(t, "kill", c.id)
	c.Wait()
	again := start(t, c.id, false, "")
	again.WaitFor("CMD runs")
	if !strings.Contains(again.Stdout(), "10.9.8.7") {
		t.Error("after it was killed, names do not resolve")
	}
	docker(t, "stop", c.id)
	again.Wait()
	if text, err := os.ReadFile(path); err != nil || string(text) != original {
		t.Errorf("resolv.conf was not put back: %q (%v)", text, err)
	}
}

func TestDNSOptions(t *testing.T) {
	t.Parallel()
	needDNSImage(t)
	server := nameserver(t, "--address=/extra.x.test/10.9.8.7")
	c := run(t, "--dns", server, "--dns-search", "x.test", "-e", "BA_ADDITIONAL_HOSTS=extra", "-e", "DNSMASQ_ARGS=--address=/ads.test/ --host-record=me.test,10.0.0.1",
		dnsImage, "sh", "-c", "grep extra /etc/hosts; getent hosts me.test; getent hosts x.ads.test || echo no ads")
	c.Wait()
	for _, want := range []string{"10.9.8.7 extra\n", "10.0.0.1", "no ads"} {
		if !strings.Contains(c.Stdout(), want) {
			t.Errorf("the output lacks %q", want)
		}
	}
	off := run(t, "--dns", "192.0.2.1", "-e", "BASEINIT_DNS=off", dnsImage, "cat", "/etc/resolv.conf")
	off.Wait()
	if !strings.Contains(off.Stdout(), "192.0.2.1") || strings.Contains(off.Stdout(), "baseinit") {
		t.Error("resolv.conf was touched")
	}
}
