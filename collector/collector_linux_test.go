package collector_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/sillelien/baseinit/collector"
	"github.com/sillelien/baseinit/dnsfix"
	"github.com/sillelien/baseinit/metrics"
	"github.com/sillelien/baseinit/reaper"
	"github.com/sillelien/baseinit/supervisor"
	"github.com/sillelien/baseinit/syslog"
	"github.com/sillelien/baseinit/syslog/forward"
)

// parts are real ones, some of which run.
func parts(t *testing.T) collector.Config {
	t.Helper()
	sup, err := supervisor.New(supervisor.Config{Services: []supervisor.Service{
		{Name: "web", Command: []string{"/bin/sleep", "1000"}},
		{Name: "a \"b\" \\\xff", Command: []string{"/bin/sh", "-c", "exit 7"}, Restart: supervisor.RestartNever},
	}})
	if err != nil {
		t.Fatal(err)
	}
	run(t, sup.Run)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for name, state := range map[string]supervisor.State{"web": supervisor.StateReady, "a \"b\" \\\xff": supervisor.StateFailed} {
		if _, err := sup.Wait(ctx, name, func(st supervisor.Status) bool { return st.State == state }); err != nil {
			t.Fatal(err)
		}
	}
	forwarder, err := forward.New(forward.Config{Target: "udp://127.0.0.1:9"})
	if err != nil {
		t.Fatal(err)
	}
	sink, err := syslog.New(syslog.Config{Listen: []string{t.TempDir() + "/log"}, Handler: forwarder.Handle})
	if err != nil {
		t.Fatal(err)
	}
	run(t, sink.Run)
	dns, err := dnsfix.New(dnsfix.Config{Root: t.TempDir(), Args: "--port=0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(dns.Close)
	return collector.Config{Supervisor: sup, Syslog: sink, Forward: forwarder, DNS: dns}
}

// run runs a part until the test ends.
func run(t *testing.T, f func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// promtool's rules find nothing, in a registry that has the usual collectors, too.
func TestLint(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collector.New(parts(t)))
	problems, err := testutil.GatherAndLint(reg, names(t, func(m metrics.Metric) bool { return strings.HasPrefix(m.Name, "baseinit_") })...)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	if n, err := testutil.GatherAndCount(reg, "baseinit_service_up", "go_goroutines", "process_open_fds"); n != 4 || err != nil {
		t.Errorf("%d series, %v; want 4", n, err)
	}
	if err := reg.Register(collector.New(collector.Config{Sources: *fixed()})); err == nil {
		t.Error("the same metrics can be registered twice")
	}
	labelled := prometheus.WrapRegistererWith(prometheus.Labels{"instance_of": "second"}, prometheus.NewPedanticRegistry())
	if err := labelled.Register(collector.New(collector.Config{Sources: *fixed()})); err != nil {
		t.Error(err)
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	const want = `
# HELP baseinit_service_last_exit_code Exit code of the service's last run, 128+n if signal n killed it; missing before the first end.
# TYPE baseinit_service_last_exit_code gauge
baseinit_service_last_exit_code{service="a \"b\" \\�"} 7
# HELP baseinit_service_up 1 if the service runs, ready or not.
# TYPE baseinit_service_up gauge
baseinit_service_up{service="web"} 1
baseinit_service_up{service="a \"b\" \\�"} 0
# HELP baseinit_syslog_received_total Messages that came in over /dev/log and the other sockets.
# TYPE baseinit_syslog_received_total counter
baseinit_syslog_received_total 0
`
	c := collector.New(parts(t))
	if err := testutil.CollectAndCompare(c, strings.NewReader(want), "baseinit_service_last_exit_code", "baseinit_service_up", "baseinit_syslog_received_total"); err != nil {
		t.Error(err)
	}
}

// fixed has values for all metrics there are.
func fixed() *metrics.Sources {
	return &metrics.Sources{
		Build: func() metrics.Build { return metrics.Build{Version: "v1.2.3", GoVersion: "go1.26"} },
		Container: func() metrics.Container {
			return metrics.Container{Stage: "up", Boot: 1234567 * time.Nanosecond, Ready: true}
		},
		Services: func() []metrics.Service {
			return []metrics.Service{{Status: supervisor.Status{
				Name: "a\n\"b\"\\\xff", State: supervisor.StateBackingOff, Since: time.UnixMilli(1700000000123), StartedAt: time.UnixMilli(1700000000001),
				ReadyAt: time.UnixMilli(1700000000003), LastExit: &supervisor.Exit{Code: 3}, Restarts: 1 << 30, Health: supervisor.HealthBad,
			}}, {Status: supervisor.Status{Name: "", Since: time.UnixMilli(1)}}}
		},
		Reaper:  func() reaper.Stats { return reaper.Stats{Reaped: 3, Exited: map[int]uint64{1: 3}} },
		Syslog:  func() syslog.Stats { return syslog.Stats{Received: 1 << 60, Written: 1e6} },
		Forward: func() forward.Stats { return forward.Stats{Sent: 1} },
		DNS: func() dnsfix.Stats {
			return dnsfix.Stats{
				Results: dnsfix.Results{NoError: 1, Other: 2}, Servers: []dnsfix.ServerStats{{RTT: 1234567}},
				Latency: dnsfix.Latency{Bounds: []time.Duration{time.Microsecond, time.Second}, Counts: []uint64{3, 0, 4}, Sum: 987654321},
			}
		},
		Log:     func() []metrics.Stream { return []metrics.Stream{{Name: "stdout", Bytes: 1 << 40}, {Name: "stderr"}} },
		Process: metrics.ReadProcess,
	}
}

// The text of package metrics, which is written by hand, is what Prometheus' own parser reads,
// and says what client_golang says of the same values.
func TestTextIsTheSame(t *testing.T) {
	t.Parallel()
	src := fixed()
	process := metrics.ReadProcess()
	src.Process = func() metrics.Process { return process }
	text := metrics.Append(nil, src)
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	reg := prometheus.NewPedanticRegistry()
	if err := reg.Register(collector.New(collector.Config{Sources: *src})); err != nil {
		t.Fatal(err)
	}
	if err := testutil.GatherAndCompare(reg, bytes.NewReader(text)); err != nil {
		t.Errorf("client_golang says something else: %v", err)
	}
	problems, err := testutil.GatherAndLint(reg)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	for _, m := range src.List() {
		if families[m.Name] == nil || families[m.Name].GetHelp() != m.Help {
			t.Errorf("%s: the parser has found %v", m.Name, families[m.Name])
		}
	}
	if len(families) != len(src.List()) {
		t.Errorf("the parser has found %d families of %d", len(families), len(src.List()))
	}
}

// names are those of the table that are wanted.
func names(t *testing.T, wanted func(metrics.Metric) bool) (all []string) {
	t.Helper()
	for _, m := range metrics.List() {
		if wanted(m) {
			all = append(all, m.Name)
		}
	}
	return all
}

// The names that there are stand in docs/metrics.md, with type and labels.
func TestDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	descs := make(chan *prometheus.Desc, 1000)
	collector.New(collector.Config{Sources: *fixed()}).Describe(descs)
	close(descs)
	n := 0
	for desc := range descs {
		n++
		_, after, _ := strings.Cut(desc.String(), `fqName: "`)
		name, _, _ := strings.Cut(after, `"`)
		if !bytes.Contains(page, fmt.Appendf(nil, "\n| `%s` | ", name)) {
			t.Errorf("docs/metrics.md has no row for %s", name)
		}
	}
	if rows := bytes.Count(page, []byte("\n| `baseinit_")) + bytes.Count(page, []byte("\n| `process_")) + bytes.Count(page, []byte("\n| `go_")); rows != n {
		t.Errorf("docs/metrics.md has %d rows for metrics, the collector %d", rows, n)
	}
}

// A supervisor that does not run yet holds up nobody.
func TestBeforeRun(t *testing.T) {
	t.Parallel()
	sup, err := supervisor.New(supervisor.Config{Services: []supervisor.Service{{Name: "a", Command: []string{"/bin/true"}, Oneshot: true}}})
	if err != nil {
		t.Fatal(err)
	}
	c := collector.New(collector.Config{Supervisor: sup})
	if n := testutil.CollectAndCount(c); n != 0 {
		t.Errorf("%d series of a supervisor that does not run", n)
	}
	run(t, sup.Run)
	<-sup.Ready()
	if n := testutil.CollectAndCount(c, "baseinit_service_ready"); n != 1 {
		t.Errorf("%d series, want 1", n)
	}
}
