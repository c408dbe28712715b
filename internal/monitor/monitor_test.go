package monitor_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sillelien/baseinit/internal/control/api"
	"github.com/sillelien/baseinit/internal/monitor"
	"github.com/sillelien/baseinit/metrics"
	"github.com/sillelien/baseinit/supervisor"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// container is one that a test steers.
type container struct {
	stage  atomic.Pointer[string]
	sup    atomic.Pointer[supervisor.Supervisor]
	health atomic.Pointer[api.Healthy]
}

func (c *container) enter(stage string) { c.stage.Store(&stage) }
func (c *container) blame(why ...string) {
	c.health.Store(&api.Healthy{OK: len(why) == 0, Reasons: why})
}

func (c *container) config() monitor.Config {
	c.enter("")
	c.blame()
	return monitor.Config{
		Sources: metrics.Sources{Build: func() metrics.Build { return metrics.Build{Version: "v1", GoVersion: "go2"} }},
		Stage:   func() string { return *c.stage.Load() }, Boot: func() time.Duration { return time.Second },
		Supervisor: c.sup.Load, Healthy: func() api.Healthy { return *c.health.Load() },
	}
}

// serve serves it on a port, and gives the URL.
func serve(t *testing.T, c *container) string { return servePatiently(t, c, 20*time.Second) }

func servePatiently(t *testing.T, c *container, patience time.Duration) string {
	t.Helper()
	l, err := monitor.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := c.config()
	cfg.Patience = patience
	execute, interrupt := monitor.New(cfg).Actor(l)
	ended := make(chan error, 1)
	go func() { ended <- execute() }()
	t.Cleanup(func() {
		interrupt(nil)
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return "http://" + l.Addr().String()
}

// request asks with a client of its own, whose connections end with the test.
func request(t *testing.T, method, url string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "gzip") // as Prometheus does
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// One life, and what is answered in each of its stages.
func TestLife(t *testing.T) {
	t.Parallel()
	c := new(container)
	url := serve(t, c)
	for _, tc := range []struct {
		stage       string
		unhealthy   []string
		live, ready int
		text        string
	}{
		{"", []string{"the boot is not over"}, 200, 503, "the boot is not over"},
		{api.StageInit, []string{"the boot is not over"}, 200, 503, "the boot is not over"},
		{api.StageUp, []string{"web is starting", "db is down"}, 200, 503, "web is starting\ndb is down"},
		{api.StageUp, nil, 200, 200, "ok"},
		{api.StageStop, []string{"the container is being stopped"}, 200, 503, "the container is being stopped"},
	} {
		c.enter(tc.stage)
		c.blame(tc.unhealthy...)
		if r, text := request(t, "GET", url+"/livez"); r.StatusCode != tc.live || text != "ok\n" {
			t.Errorf("stage %q: /livez: %s: %q", tc.stage, r.Status, text)
		}
		for _, path := range []string{"/readyz", "/healthz"} {
			if r, text := request(t, "GET", url+path); r.StatusCode != tc.ready || text != tc.text+"\n" {
				t.Errorf("stage %q: %s: %s: %q, want %d: %q", tc.stage, path, r.Status, text, tc.ready, tc.text)
			}
		}
		want := fmt.Sprintf("\nbaseinit_ready %d\n", map[int]int{200: 1, 503: 0}[tc.ready])
		if _, text := request(t, "GET", url+"/metrics"); !strings.Contains(text, want) {
			t.Errorf("stage %q: there is no %q in %s", tc.stage, want, text)
		}
	}
}

// What is asked in the wrong way is told so, and nothing can be steered.
func TestRequests(t *testing.T) {
	t.Parallel()
	url := serve(t, new(container))
	for _, tc := range []struct {
		method, path string
		status       int
		typ, text    string
	}{
		{"GET", "/metrics", 200, "text/plain; version=0.0.4; charset=utf-8", "baseinit_build_info{goversion=\"go2\",version=\"v1\"} 1\n"},
		{"GET", "/metrics?name=x", 200, "text/plain; version=0.0.4; charset=utf-8", "baseinit_build_info"},
		{"HEAD", "/metrics", 200, "text/plain; version=0.0.4; charset=utf-8", ""},
		{"HEAD", "/livez", 200, "text/plain; charset=utf-8", ""},
		{"POST", "/metrics", 405, "text/plain; charset=utf-8", "/metrics takes GET, not POST"},
		{"DELETE", "/readyz", 405, "text/plain; charset=utf-8", "/readyz takes GET, not DELETE"},
		{"GET", "/", 404, "text/plain; charset=utf-8", "there is no /: there are /metrics, /livez, /readyz, /healthz"},
		{"GET", "/v1/status", 404, "text/plain; charset=utf-8", "there is no /v1/status"},
		{"POST", "/v1/stop", 404, "text/plain; charset=utf-8", "there is no /v1/stop"},
		{"GET", "/livez/../v1/status", 404, "text/plain; charset=utf-8", "there is no"},
	} {
		r, text := request(t, tc.method, url+tc.path)
		if r.StatusCode != tc.status || r.Header.Get("Content-Type") != tc.typ || !strings.Contains(text, tc.text) || tc.method == "HEAD" && text != "" {
			t.Errorf("%s %s: %s, %s: %q", tc.method, tc.path, r.Status, r.Header.Get("Content-Type"), text)
		}
		if r.Header.Get("Content-Encoding") != "" || r.ContentLength < 0 {
			t.Errorf("%s %s: encoding %q, length %d", tc.method, tc.path, r.Header.Get("Content-Encoding"), r.ContentLength)
		}
	}
}

// A supervisor that is stuck neither lives nor is ready, and what else is known of is told.
func TestStuck(t *testing.T) {
	t.Parallel()
	sup, err := supervisor.New(supervisor.Config{}) // not run: it answers nothing
	if err != nil {
		t.Fatal(err)
	}
	c := new(container)
	url := servePatiently(t, c, 50*time.Millisecond)
	c.sup.Store(sup)
	c.enter(api.StageUp)
	const text = "the supervisor of services does not answer\n"
	for _, path := range []string{"/livez", "/readyz", "/readyz?verbose"} {
		if r, got := request(t, "GET", url+path); r.StatusCode != 503 || !strings.HasSuffix(got, text) {
			t.Errorf("%s: %s: %q", path, r.Status, got)
		}
	}
	if _, got := request(t, "GET", url+"/metrics"); !strings.Contains(got, "baseinit_build_info") || strings.Contains(got, "baseinit_service") {
		t.Errorf("metrics of a supervisor that is stuck:\n%s", got)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- sup.Run(ctx) }()
	defer func() { cancel(); <-ended }()
	<-sup.Ready()
	for { // that it takes longer than patience is not likely, and not impossible
		if r, _ := request(t, "GET", url+"/livez"); r.StatusCode == 200 {
			break
		}
	}
}

// Whoever connects and says nothing, or asks and reads nothing, keeps nobody from asking.
func TestCrowd(t *testing.T) {
	t.Parallel()
	url := serve(t, new(container))
	addr := strings.TrimPrefix(url, "http://")
	const silent, kept = 300, 300
	for i := range silent + kept {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if i >= silent {
			_, _ = io.WriteString(conn, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n") // and the connection stays
		}
	}
	if r, text := request(t, "GET", url+"/livez"); r.StatusCode != 200 {
		t.Errorf("%s: %q", r.Status, text)
	}
}

// Verbose lists all services.
func TestVerbose(t *testing.T) {
	t.Parallel()
	wait := func(ctx context.Context, _ supervisor.Notifier) error {
		<-ctx.Done()
		return nil
	}
	sup, err := supervisor.New(supervisor.Config{Services: []supervisor.Service{
		{Name: "db", Func: wait, Readiness: supervisor.Readiness{Notify: true}},
		{Name: "web", Func: wait, Requires: []string{"db"}},
		{Name: "side", Func: wait},
	}})
	if err != nil {
		t.Fatal(err)
	}
	c := new(container)
	url := serve(t, c)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- sup.Run(ctx) }()
	defer func() { cancel(); <-ended }()
	c.sup.Store(sup)
	c.enter(api.StageUp)
	c.blame("db is starting")
	for _, name := range []string{"db", "side"} {
		if _, err := sup.Wait(ctx, name, func(st supervisor.Status) bool { return !st.StartedAt.IsZero() }); err != nil {
			t.Fatal(err)
		}
	}
	want := "stage: up\ndb: starting\nweb: waiting for db\nside: ready\ndb is starting\n"
	if r, got := request(t, "GET", url+"/readyz?verbose"); r.StatusCode != 503 || got != want {
		t.Errorf("%s\n%swant\n%s", r.Status, got, want)
	}
}

// Where nobody can listen is told with what to do about it.
func TestListen(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for addr, remedy := range map[string]string{
		l.Addr().String():  "another program of this container or pod listens there",
		"203.0.113.1:9100": "the container has no such address",
	} {
		l, err := monitor.Listen(addr)
		if err == nil || !strings.HasPrefix(err.Error(), "cannot listen on "+addr+" (BASEINIT_HTTP or --http): ") || !strings.HasSuffix(err.Error(), remedy) {
			t.Errorf("%s: %v, %v", addr, l, err)
		}
		if _, ok := errors.AsType[*net.OpError](err); ok {
			t.Errorf("%s: the error says it twice: %v", addr, err)
		}
	}
}
