package main_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"github.com/sillelien/baseinit/internal/pid1test"
	"github.com/sillelien/baseinit/metrics"
)

// monitored is a container in a network of the test's.
type monitored struct {
	container
	t       *testing.T
	network *pid1test.Network
}

const monitorAddr = "127.0.0.1:9100"

func startMonitored(t *testing.T, b pid1test.Box) *monitored {
	t.Helper()
	network := pid1test.NewNetwork(t)
	b.Network = network
	b.Env = append(b.Env, "BASEINIT_HTTP="+monitorAddr)
	b.Files["/etc/cont-init.d/00-bound"] = "#!/bin/sh\necho bound\n"
	m := &monitored{start(t, b), t, network}
	m.WaitFor("bound")
	return m
}

// dial connects within the container's network.
func (m *monitored) dial(network, addr string) (conn net.Conn, err error) {
	m.network.Do(func() { conn, err = net.Dial(network, addr) })
	return conn, err
}

func (m *monitored) dialContext(_ context.Context, network, addr string) (net.Conn, error) {
	return m.dial(network, addr)
}

// get asks as the kubelet does: over a connection of its own.
func (m *monitored) get(path string) (status int, text string) {
	m.t.Helper()
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true, DialContext: m.dialContext,
	}}
	resp, err := client.Get("http://" + monitorAddr + path)
	if err != nil {
		m.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		m.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// until asks again until the answer is that.
func (m *monitored) until(path string, status int, text string) {
	m.t.Helper()
	late := time.Now().Add(20 * time.Second)
	for {
		gotStatus, got := m.get(path)
		if gotStatus == status && strings.Contains(got, text) {
			return
		}
		if time.Now().After(late) {
			m.t.Fatalf("%s: %d: %q; want %d: %q", path, gotStatus, got, status, text)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// open lets go what waits for a FIFO of the box.
func (m *monitored) open(fifo string) {
	m.t.Helper()
	for {
		f, err := os.OpenFile(fmt.Sprintf("/proc/%d/root%s", m.PID(), fifo), os.O_WRONLY|syscall.O_NONBLOCK, 0)
		switch {
		case err == nil:
			_, err = f.WriteString("go\n")
			_ = f.Close()
			if err != nil {
				m.t.Fatal(err)
			}
			return
		case !errors.Is(err, syscall.ENXIO): // nobody reads it yet
			m.t.Fatal(err)
		}
		select {
		case <-m.Ended():
			m.t.Fatalf("nobody has read %s", fifo)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// value is that of a series.
func (m *monitored) value(text, series string) float64 {
	m.t.Helper()
	_, after, found := strings.Cut(text, "\n"+series+" ")
	line, _, _ := strings.Cut(after, "\n")
	v, err := strconv.ParseFloat(line, 64)
	if !found || err != nil {
		m.t.Fatalf("there is no %s in\n%s", series, text)
	}
	return v
}

// A life as the kubelet sees it: the container lives from the first moment to the last, and is
// ready after its boot until it is told to stop, which it is long before it ends.
func TestProbes(t *testing.T) {
	t.Parallel()
	m := startMonitored(t, pid1test.Box{
		Env: []string{"S6_SERVICES_GRACETIME=20000", "S6_KILL_GRACETIME=20000", "BASEINIT_DNS=off"},
		Files: map[string]string{
			"/etc/cont-init.d/10-wait":            "#!/bin/sh\nmkfifo /run/boot /run/ready /run/stop\necho boots\nread word </run/boot\n",
			"/etc/services.d/web/run":             "#!/bin/sh\nexec 4<>/run/stop\ntrap 'echo stops' TERM\necho runs\nread word </run/ready\necho ready >&3\necho said\nuntil read word <&4; do :; done\n",
			"/etc/services.d/web/notification-fd": "3\n",
			"/etc/services.d/web/timeout-kill":    "20000\n",
		},
	})
	both := func(status int, text string) {
		t.Helper()
		m.until("/readyz", status, text)
		if status, text := m.get("/livez"); status != 200 || text != "ok\n" {
			t.Errorf("/livez: %d: %q", status, text)
		}
	}
	m.WaitFor("boots")
	both(503, "the boot is not over: it is at cont-init\n")
	m.open("/run/boot")
	m.WaitFor("runs")
	both(503, "web is not ready: ")
	m.open("/run/ready")
	m.WaitFor("said")
	both(200, "ok\n")
	if _, text := m.get("/metrics"); m.value(text, "baseinit_ready") != 1 || m.value(text, `baseinit_stage{stage="up"}`) != 1 || m.value(text, "baseinit_boot_duration_seconds") <= 0 {
		t.Errorf("up:\n%s", text)
	}
	m.Signal(syscall.SIGTERM)
	m.WaitFor("stops")
	both(503, "the container is being stopped\n")
	if _, text := m.get("/metrics"); m.value(text, "baseinit_ready") != 0 || m.value(text, `baseinit_stage{stage="stop"}`) != 1 || m.value(text, `baseinit_service_up{service="web"}`) != 1 {
		t.Errorf("stopping:\n%s", text)
	}
	m.open("/run/stop")
	if code := m.Wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// Prometheus scrapes while services flap, names are asked for and messages come in.
func TestMetrics(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"/etc/services.d/web/run": "#!/bin/sh\nexec sleep 1000\n",
		// An orphan, and a message of another.
		"/etc/services.d/once/run": "#!/bin/sh\nsh -c 'sh -c \"logger -t app hello; exit 3\" &'\nexec sleep 1000\n",
	}
	const flaky = 5
	for i := range flaky {
		files[fmt.Sprintf("/etc/services.d/flaky%d/run", i)] = "#!/bin/sh\nexit 7\n"
	}
	m := startMonitored(t, pid1test.Box{Files: files})
	m.until("/readyz?verbose", 503, "web: ready\n")
	const queries, scrapers, scrapes = 20, 4, 25
	conn, err := m.dial("udp", "127.0.0.1:53")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for i := range queries {
		q, name := new(dns.Msg), "localhost."
		if i%2 == 1 {
			name = "nowhere.invalid."
		}
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		d := &dns.Conn{Conn: conn}
		if err := d.WriteMsg(q.SetQuestion(name, dns.TypeA)); err != nil {
			t.Fatal(err)
		}
		if _, err := d.ReadMsg(); err != nil {
			t.Fatal(err)
		}
	}
	var all sync.WaitGroup
	for range scrapers {
		all.Go(func() { m.scrape(scrapes) })
	}
	all.Wait()
	m.until("/metrics", 200, "baseinit_syslog_written_total 1\n")
	m.until("/metrics", 200, "baseinit_reaped_total{end=\"failure\"} 1\n")
	for i := range flaky { // each has flapped
		m.until("/metrics", 200, fmt.Sprintf("baseinit_service_last_exit_code{service=\"flaky%d\"} 7\n", i))
	}
	_, text := m.get("/metrics")
	sum := 0.0
	for _, result := range []string{"noerror", "nxdomain", "servfail", "refused", "formerr", "notimp", "other"} {
		sum += m.value(text, `baseinit_dns_queries_total{result="`+result+`"}`)
	}
	for series, want := range map[string]float64{
		"baseinit_dns_query_duration_seconds_count": queries, `baseinit_dns_queries_total{result="noerror"}`: queries / 2,
		`baseinit_service_up{service="web"}`: 1, `baseinit_service_restarts_total{service="web"}`: 0, "process_start_time_seconds": m.value(text, "process_start_time_seconds"),
	} {
		if got := m.value(text, series); got != want {
			t.Errorf("%s is %v, want %v", series, got, want)
		}
	}
	if sum != queries || m.value(text, "process_resident_memory_bytes") < 1<<20 || m.value(text, "baseinit_dns_hits_total") < queries/2 {
		t.Errorf("%v results of %d queries in\n%s", sum, queries, text)
	}
	m.curl()
	m.overSocket(text)
	m.Signal(syscall.SIGTERM)
	m.Wait()
}

// scrape scrapes over one connection that is kept.
func (m *monitored) scrape(times int) {
	transport := &http.Transport{DialContext: m.dialContext}
	defer transport.CloseIdleConnections()
	client := &http.Client{Timeout: 20 * time.Second, Transport: transport}
	for range times {
		resp, err := client.Get("http://" + monitorAddr + "/metrics")
		if err != nil {
			m.t.Error(err)
			return
		}
		text, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != 200 || bytes.Count(text, []byte("\nbaseinit_service_up{")) != 7 {
			m.t.Errorf("%s, %v:\n%s", resp.Status, err, text)
			return
		}
	}
}

// curl is what a person uses.
func (m *monitored) curl() {
	m.t.Helper()
	pid1test.NeedProgram(m.t, "/usr/bin/curl", "curl")
	var out []byte
	var err error
	m.network.Do(func() {
		out, err = exec.Command("/usr/bin/curl", "-sS", "--compressed", "-w", "%{http_code} %{content_type}\n",
			"http://"+monitorAddr+"/livez", "http://"+monitorAddr+"/metrics").CombinedOutput()
	})
	if err != nil || !bytes.HasPrefix(out, []byte("ok\n200 text/plain; charset=utf-8\n# HELP baseinit_build_info ")) ||
		!bytes.HasSuffix(out, []byte("200 text/plain; version=0.0.4; charset=utf-8\n")) {
		m.t.Errorf("curl: %v:\n%s", err, out)
	}
}

// overSocket asks the control socket, which has the same metrics.
func (m *monitored) overSocket(overTCP string) {
	m.t.Helper()
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) {
			return net.Dial("unix", fmt.Sprintf("/proc/%d/root/run/baseinit/control", m.PID()))
		},
	}}
	resp, err := client.Get("http://baseinit/v1/metrics")
	if err != nil {
		m.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 || resp.Header.Get("Content-Type") != metrics.ContentType {
		m.t.Errorf("%s, %q, %v", resp.Status, resp.Header, err)
	}
	series := func(text string) (names []string) {
		for line := range strings.Lines(text) {
			name, _, _ := strings.Cut(line, " ")
			names = append(names, name)
		}
		return names
	}
	if diff := cmp.Diff(series(overTCP), series(string(text))); diff != "" {
		m.t.Errorf("series (-TCP +socket):\n%s", diff)
	}
}

// What cannot be listened on was asked for by name: there is no container.
func TestHTTPRefused(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]struct {
		code int
		text string
	}{
		"203.0.113.1:9100": {111, "cannot listen on 203.0.113.1:9100 (BASEINIT_HTTP or --http): bind: cannot assign requested address: the container has no such address"},
		"localhost:9100":   {2, `baseinit: --http or BASEINIT_HTTP is "localhost:9100": it can be off, :PORT or ADDRESS:PORT, such as :9100 or 127.0.0.1:9100`},
	} {
		c := start(t, pid1test.Box{Env: []string{"BASEINIT_HTTP=" + addr}, Args: []string{"echo", "runs"}})
		if code := c.Wait(); code != want.code || !strings.Contains(c.Stderr(), want.text) || strings.Contains(c.Output(), "runs") {
			t.Errorf("%s: exit code %d, %s", addr, code, c.Output())
		}
	}
}
