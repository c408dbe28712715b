package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sillelien/baseinit/internal/control/api"
	"github.com/sillelien/baseinit/internal/pid1test"
)

// client speaks HTTP with the control socket of a box from outside it.
func (c container) client(path string) *http.Client {
	at := fmt.Sprintf("/proc/%d/root%s", c.PID(), path)
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", at)
		},
	}}
}

// pss is the proportional set size of PID 1, in bytes.
func (c container) pss(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", c.PID()))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); fields[0] == "Pss:" {
			n, err := strconv.ParseInt(fields[1], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n << 10
		}
	}
	t.Fatal("there is no Pss")
	return 0
}

// TestStatusStorm: 1,000 status calls at once while 50 services flap.
func TestStatusStorm(t *testing.T) {
	t.Parallel()
	const calls, services = 1000, 50
	files := map[string]string{"/etc/services.d/steady/run": "#!/bin/sh\nexec sleep 1000\n"}
	for i := range services {
		files[fmt.Sprintf("/etc/services.d/flap%02d/run", i)] = "#!/bin/sh\nexec sleep 0.0" + strconv.Itoa(1+i%9) + "\n"
	}
	r := start(t, pid1test.Box{Files: files, Env: []string{"S6_VERBOSITY=1"}, Timeout: 2 * time.Minute, Args: []string{"sh", "-c", "echo up; exec sleep 1000"}})
	r.WaitFor("up")
	client := r.client("/run/baseinit/control")
	defer client.CloseIdleConnections()
	var one api.Status
	for one.Container.Uptime < 2 { // the boot's memory is given back after 1 s
		if err := get(client, "status", &one); err != nil {
			t.Fatal(err)
		}
	}
	idle := r.pss(t)
	began := time.Now()
	var all sync.WaitGroup
	failures := make(chan error, calls)
	restarts := make(chan int, calls)
	for range calls {
		all.Go(func() {
			var s api.Status
			if err := get(client, "status", &s); err != nil {
				failures <- err
				return
			}
			n := 0
			for i := range s.Services {
				n += s.Services[i].Restarts
			}
			if len(s.Services) != services+2 {
				failures <- fmt.Errorf("%d services", len(s.Services))
			}
			restarts <- n
		})
	}
	all.Wait()
	took, after := time.Since(began), r.pss(t)
	close(failures)
	close(restarts)
	for err := range failures {
		t.Error(err)
	}
	most := 0
	for n := range restarts {
		most = max(most, n)
	}
	t.Logf("%d calls in %v, %d restarts meanwhile; PSS %d kB before, %d kB after", calls, took, most, idle>>10, after>>10)
	if after > 15<<20 {
		t.Errorf("PID 1 has a PSS of %d bytes", after)
	}
	if most == 0 {
		t.Error("no service flapped")
	}
	r.Signal(syscall.SIGTERM)
	if code := r.Wait(); code != 143 {
		t.Errorf("exit code %d", code)
	}
}

// get asks for an object.
func get(client *http.Client, path string, answer any) error {
	resp, err := client.Get("http://x/v1/" + path)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: status %d: %s", path, resp.StatusCode, body)
	}
	return json.Unmarshal(body, answer)
}

// TestAPI: what the control socket answers, to net/http's client.
func TestAPI(t *testing.T) {
	t.Parallel()
	r := start(t, pid1test.Box{
		Files: map[string]string{"/etc/services.d/web/run": sleeps, "/etc/services.d/off/run": sleeps, "/etc/services.d/off/down": ""},
		Args:  []string{"sh", "-c", "baseinit wait web; echo up; exec sleep 1000"},
	})
	r.WaitFor("up")
	client := r.client("/run/baseinit/control")
	defer client.CloseIdleConnections()
	for _, test := range []struct {
		method, path string
		status       int
		body         string // begins with it
	}{
		{"GET", "status?service=web&usage=0", 200, `{"container":{"pid":1,"version":"`},
		{"HEAD", "status", 200, ""},
		{"GET", "status?service=wbe", 404, `{"error":"no such service: \"wbe\": did you mean \"web\"?"}`},
		{"GET", "status?sevrice=web", 400, `{"error":"there is no parameter \"sevrice\": did you mean \"service\"?"}`},
		{"GET", "status?usage=no", 400, `{"error":"the parameter usage is \"no\": it can be 0 or 1"}`},
		{"GET", "status?usage=0&usage=1", 400, `{"error":"the parameter usage is there 2 times"}`},
		{"GET", "status?service=", 400, `{"error":"the parameter service is \"\": it needs a value: NAME"}`},
		{"GET", "status?service=%zz", 400, `{"error":"invalid URL escape \"%zz\""}`},
		{"GET", "nope", 404, `{"error":"there is no /v1/nope: there are /v1/status, /v1/start, `},
		{"GET", "../v2/status", 404, `{"error":"there is no `},
		{"POST", "status", 405, `{"error":"/v1/status takes GET, HEAD, not POST"}`},
		{"GET", "stop?service=web", 405, `{"error":"/v1/stop takes POST, not GET"}`},
		{"DELETE", "stop?service=web", 405, `{"error":"/v1/stop takes POST, not DELETE"}`},
		{"POST", "start", 400, `{"error":"the parameter service=NAME is missing"}`},
		{"POST", "start?service=off&wait=soon", 400, `{"error":"the parameter wait is \"soon\": it can be a number of seconds"}`},
		{"POST", "start?service=off&wait=NaN", 400, `{"error":"the parameter wait is \"NaN\": it can be`},
		{"POST", "start?service=off&service=nope", 404, `{"error":"no such service: \"nope\""}`},
		{"GET", "healthy?service=off", 503, `{"ok":false,"reasons":["off is not ready: it is down"]}`},
		{"GET", "healthy", 200, `{"ok":true}`},
		{"POST", "start?service=off&wait=20", 200, `{"container":{`},
		{"GET", "healthy?service=off&service=web", 200, `{"ok":true}`},
		{"GET", "wait?service=web&state=down&timeout=0.01", 504, `{"error":"web is not down in time: it is ready"}`},
		{"GET", "wait?service=web&state=up", 400, `{"error":"the parameter state is \"up\": it can be ready, down or done"}`},
		{"POST", "signal?service=web&signal=NOPE", 400, `{"error":"the parameter signal is \"NOPE\": there is no such signal"}`},
		{"POST", "signal?service=web&signal=0", 400, `{"error":"the parameter signal is \"0\"`},
		{"POST", "signal?service=web&signal=winch", 200, `{"container":{`},
		{"POST", "stop?service=off", 200, `{"container":{`},
		{"POST", "reload", 200, `{}`},
		{"GET", "logs?since=yesterday", 400, `{"error":"the parameter since is \"yesterday\": it can be a time like 2`},
		{"GET", "logs?last=-1", 400, `{"error":"the parameter last is \"-1\": it can be a number"}`},
		{"GET", "logs?service=web", 409, `{"error":"there are no lines of web: its output goes past baseinit`},
		{"GET", "events", 200, `{"time":"2`},
		{"HEAD", "events", 200, ""},
		{"GET", "env?service=web", 200, `{"HOME":"/root","HOSTNAME":"box","PATH":"`},
		{"GET", "env?service=nope", 404, `{"error":"no such service`},
		{"GET", "processes", 200, `[{"pid":1,"parent":0,"uid":0,"state":"`},
		{"GET", "graph", 200, `[{"name":"`},
		{"GET", "timeline", 200, `{"began":"2`},
	} {
		request, err := http.NewRequest(test.method, "http://x/v1/"+test.path, nil)
		if strings.Contains(test.path, "%zz") {
			request, err = &http.Request{Method: "GET", URL: &url.URL{Scheme: "http", Host: "x", Path: "/v1/status", RawQuery: "service=%zz"}}, nil
		}
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(request)
		if err != nil {
			t.Fatal(test.method, test.path, err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != test.status || !strings.HasPrefix(string(body), test.body) || test.method == "HEAD" && len(body) > 0 {
			t.Errorf("%s %s: status %d, %.300q, %v; want %d, %q", test.method, test.path, resp.StatusCode, body, err, test.status, test.body)
		}
		if resp.StatusCode == 405 && resp.Header.Get("Allow") == "" {
			t.Error("there is no Allow")
		}
	}
}

// TestCurl: what docs/api.md tells to type; and who may not ask.
func TestCurl(t *testing.T) {
	t.Parallel()
	pid1test.NeedRoot(t)
	pid1test.NeedProgram(t, "/usr/bin/curl", "curl")
	r := start(t, pid1test.Box{
		Files: map[string]string{"/etc/services.d/web/run": sleeps}, Host: []string{"/usr", "/lib", "/lib64"},
		Args: []string{"sh", "-c", "/command/baseinit wait web; echo up; exec sleep 1000"},
	})
	r.WaitFor("up")
	curl := func(uid int, args ...string) string {
		enter := []string{"-t", strconv.Itoa(r.PID()), "-m", "-r", "-S", strconv.Itoa(uid), "/usr/bin/curl", "-sS", "--max-time", "20", "--unix-socket", "/run/baseinit/control"}
		out, _ := exec.Command("nsenter", append(enter, args...)...).CombinedOutput() // what it says tells
		return string(out)
	}
	if got := curl(0, "http://x/v1/status"); !strings.Contains(got, `"name":"web","state":"ready"`) {
		t.Errorf("got %q", got)
	}
	if got := curl(0, "-X", "POST", "http://x/v1/restart?service=web&wait=10"); !strings.Contains(got, `"ready":true`) {
		t.Errorf("got %q", got)
	}
	r.WriteFile("/tmp/big", strings.Repeat("x", 2<<20))
	if got := curl(0, "-d", "@/tmp/big", "http://x/v1/reload"); got != "{}\n" {
		t.Errorf("got %q", got)
	}
	if got := curl(0, "-I", "http://x/v1/healthy"); !strings.HasPrefix(got, "HTTP/1.1 200 OK\r\n") {
		t.Errorf("got %q", got)
	}
	if got := curl(999, "http://x/v1/status"); !strings.HasPrefix(got, "curl: (7) ") {
		t.Errorf("another user: %q", got)
	}
	if err := os.Chmod(fmt.Sprintf("/proc/%d/root/run/baseinit/control", r.PID()), 0o666); err != nil {
		t.Fatal(err)
	}
	if got := curl(999, "http://x/v1/status"); !strings.Contains(got, `{"error":"you are uid 999: only root and uid 0 may ask"}`) {
		t.Errorf("another user: %q", got)
	}
}

// TestFollowersWhoDoNotRead: clients that follow events and read none of them hold up nobody,
// are as many as there is room for, and no reason to wait at the end.
func TestFollowersWhoDoNotRead(t *testing.T) {
	t.Parallel()
	const room = 32
	files := map[string]string{"/etc/services.d/web/run": sleeps}
	for i := range 10 {
		files[fmt.Sprintf("/etc/services.d/flap%d/run", i)] = "#!/bin/sh\nexit 0\n"
	}
	r := start(t, pid1test.Box{Files: files, Env: []string{"S6_VERBOSITY=0"}, Args: []string{"sh", "-c", "baseinit wait web; echo up; exec sleep 1000"}})
	r.WaitFor("up")
	path := "/run/baseinit/control"
	follow := func() (net.Conn, string) {
		conn, err := net.Dial("unix", fmt.Sprintf("/proc/%d/root%s", r.PID(), path))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		fmt.Fprint(conn, "GET /v1/events?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n")
		var head [12]byte
		if _, err := io.ReadFull(conn, head[:]); err != nil {
			t.Fatal(err)
		}
		return conn, string(head[:])
	}
	for i := range room + 1 {
		_, head := follow()
		want := "HTTP/1.1 200"
		if i == room {
			want = "HTTP/1.1 503"
		}
		if head != want {
			t.Errorf("follower %d: %q, want %q", i, head, want)
		}
	}
	client := r.client(path)
	defer client.CloseIdleConnections()
	for range 50 {
		resp, err := client.Post("http://x/v1/restart?service=web", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if err := get(client, "status", new(api.Status)); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	r.Signal(syscall.SIGTERM)
	if code := r.Wait(); code != 143 {
		t.Errorf("exit code %d", code)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the end took %v", took)
	}
}

// TestIdleMemory: the code that only the boot has needed is given back.
func TestIdleMemory(t *testing.T) {
	t.Parallel()
	r := start(t, pid1test.Box{
		Args:  []string{"sleep", "1000"},
		Files: map[string]string{"/etc/cont-init.d/1": "#!/bin/sh\nmkfifo /go\necho boots\nread -r line </go\n"},
	})
	r.WaitFor("boots")
	most := r.code(t)
	r.WriteFile("/go", "go\n")
	for range time.Tick(20 * time.Millisecond) { // nothing tells
		select {
		case <-r.Ended():
			t.Fatalf("of %d kB of code none were given back", most)
		default:
		}
		now := r.code(t)
		if most = max(most, now); most > 2500 && now < most/2 {
			t.Logf("%d kB of code, then %d kB", most, now)
			return
		}
	}
}

// code is how much of the program's code PID 1 has mapped, in kB.
func (c container) code(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps", c.PID()))
	if err != nil {
		t.Fatal(err)
	}
	inside := false
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if !strings.HasSuffix(fields[0], ":") {
			inside = fields[1] == "r-xp" && strings.HasSuffix(line, "/init\n")
		}
		if inside && fields[0] == "Rss:" {
			n, _ := strconv.Atoi(fields[1])
			return n
		}
	}
	return 0
}
