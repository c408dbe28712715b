package httpd_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sillelien/baseinit/internal/httpd"
)

// server serves a configuration until the end of the test.
type server struct {
	t    *testing.T
	path string
	stop func() error // and wait for its end
}

func serve(t *testing.T, cfg httpd.Config) server {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- httpd.New(cfg).Serve(ctx, l) }()
	stop := sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return server{t, path, stop}
}

func (s server) dial() net.Conn {
	s.t.Helper()
	conn, err := net.Dial("unix", s.path)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	s.t.Cleanup(func() { conn.Close() })
	return conn
}

// ask sends a text, and gives all that comes until the end; without keep it says first that
// no more will come.
func (s server) ask(text string) string {
	s.t.Helper()
	conn := s.dial()
	if _, err := io.WriteString(conn, text); err != nil {
		s.t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(answer)
}

// echo answers with what it was asked.
func echo(w *httpd.Response, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	w.Send(http.StatusOK, "text/plain", fmt.Appendf(nil, "%s %s %q %v\n", r.Method, r.URL, body, err))
}

// TestRequests: what is answered to what comes, byte for byte but for the date.
func TestRequests(t *testing.T) {
	t.Parallel()
	s := serve(t, httpd.Config{Handler: echo, HeaderTimeout: time.Minute})
	hasty := serve(t, httpd.Config{Handler: echo, HeaderTimeout: time.Second})
	const last = "Connection: close\r\n"
	ok := func(body, more string) string {
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n%s\r\n%s", len(body), more, body)
	}
	bad := func(status, body string) string {
		body += "\n"
		return fmt.Sprintf("HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n%s\r\n%s", status, len(body), last, body)
	}
	for name, test := range map[string]struct{ text, want string }{
		"one":       {"GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", ok("GET /a \"\" <nil>\n", last)},
		"1.0":       {"GET /a HTTP/1.0\r\n\r\n", ok("GET /a \"\" <nil>\n", last)},
		"HEAD":      {"HEAD /a HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 17\r\n" + last + "\r\n"},
		"pipelined": {"GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", ok("GET /a \"\" <nil>\n", "") + ok("GET /b \"\" <nil>\n", last)},
		"body":      {"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET /b HTTP/1.0\r\n\r\n", ok("POST /a \"abc\" <nil>\n", "") + ok("GET /b \"\" <nil>\n", last)},
		"chunked":   {"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET /b HTTP/1.0\r\n\r\n", ok("POST /a \"abc\" <nil>\n", "") + ok("GET /b \"\" <nil>\n", last)},
		"expect":    {"POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n", ok("POST /a \"\" <nil>\n", last)},
		"nothing":   {"", ""},
		"rubbish":   {"hello\r\n\r\n", bad("400 Bad Request", `cannot read the request: malformed HTTP request "hello"`)},
		"unread":    {"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", bad("400 Bad Request", `cannot read the request: unsupported transfer encoding: "gzip"`)},
		"smuggled":  {"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", ""},
		"2.0":       {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", bad("505 HTTP Version Not Supported", "HTTP/1.1 is spoken here")},
		"half":      {"GET /a HTTP/1.1\r\nHost", bad("408 Request Timeout", "the request took too long to come")},
		"too long":  {"GET /a HTTP/1.1\r\nX: " + strings.Repeat("x", 20<<10), bad("431 Request Header Fields Too Large", "the head of a request may have 16384 bytes")},
		"long path": {"GET /" + strings.Repeat("x", 20<<10), bad("431 Request Header Fields Too Large", "the head of a request may have 16384 bytes")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server{t, s.path, nil}
			if name == "nothing" || name == "half" { // they wait for the end of the time
				s.path = hasty.path
			}
			got := undated(s.ask(test.text))
			if name == "smuggled" {
				if !strings.HasPrefix(got, "HTTP/1.1 400 ") {
					t.Errorf("got %q", got)
				}
			} else if got != test.want {
				t.Errorf("got\n%q, want\n%q", got, test.want)
			}
		})
	}
}

// undated is an answer without its dates.
func undated(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "Date: ") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// TestBodyLimit: a body may have 64 KiB, whether it is read or not.
func TestBodyLimit(t *testing.T) {
	t.Parallel()
	s := serve(t, httpd.Config{Handler: func(w *httpd.Response, r *http.Request) {
		if r.URL.Path == "/read" {
			echo(w, r)
			return
		}
		w.Send(http.StatusOK, "text/plain", nil)
	}})
	const size = 1 << 20
	for _, path := range []string{"/read", "/ignore"} {
		conn := s.dial()
		go func() {
			fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", path, size)
			_, _ = io.WriteString(conn, strings.Repeat("x", size))
		}()
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		if path == "/read" && !strings.HasSuffix(string(body), "unexpected EOF\n") {
			t.Errorf("the body was read: %d bytes, %q", len(body), body[len(body)-20:])
		}
	}
}

// TestAdmit: who may not ask is told so, whatever was sent.
func TestAdmit(t *testing.T) {
	t.Parallel()
	s := serve(t, httpd.Config{Handler: echo, Admit: func(net.Conn) error { return errors.New("not you") }})
	if got := s.ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 403 Forbidden\r\n") || !strings.HasSuffix(got, "\r\n\r\nnot you\n") {
		t.Errorf("got %q", got)
	}
}

// TestIdleMakesRoom: connections that idle go when others wait, and one that is busy does not.
func TestIdleMakesRoom(t *testing.T) {
	t.Parallel()
	s := serve(t, httpd.Config{Handler: echo, MaxConns: 2})
	for i := range 6 {
		conn := s.dial()
		fmt.Fprintf(conn, "GET /%d HTTP/1.1\r\nHost: x\r\n\r\n", i)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Close && i < 2 {
			t.Errorf("connection %d is not kept", i)
		}
	}
}

// TestSlowReader: one who does not read its answer holds up nobody, and is cut off.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	huge := make([]byte, 8<<20)
	s := serve(t, httpd.Config{MaxConns: 2, WriteTimeout: 300 * time.Millisecond, Handler: func(w *httpd.Response, r *http.Request) {
		if r.URL.Path == "/huge" {
			w.Send(http.StatusOK, "text/plain", huge)
			return
		}
		echo(w, r)
	}})
	slow := s.dial()
	fmt.Fprint(slow, "GET /huge HTTP/1.1\r\nHost: x\r\n\r\n")
	for range 5 {
		if got := s.ask("GET /a HTTP/1.0\r\n\r\n"); !strings.Contains(got, "GET /a") {
			t.Errorf("got %q", got)
		}
	}
	another := s.dial()
	fmt.Fprint(another, "GET /huge HTTP/1.1\r\nHost: x\r\n\r\n")
	if got := s.ask("GET /a HTTP/1.0\r\n\r\n"); !strings.Contains(got, "GET /a") { // once one is cut off
		t.Errorf("got %q", got)
	}
	if n, _ := io.Copy(io.Discard, slow); n >= int64(len(huge)) {
		t.Error("the slow reader was waited for")
	}
}

// TestLong: long answers have places of their own, few, and end with their client or the
// server.
func TestLong(t *testing.T) {
	t.Parallel()
	var began, ended atomic.Int32
	s := serve(t, httpd.Config{MaxConns: 1, MaxLong: 2, Handler: func(w *httpd.Response, r *http.Request) {
		if r.URL.Path != "/long" {
			echo(w, r)
			return
		}
		if !w.Long() {
			return
		}
		out := w.Stream("text/plain")
		fmt.Fprintf(out, "%d\n", began.Add(1))
		<-w.Context().Done()
		ended.Add(1)
		fmt.Fprint(out, "end\n")
	}})
	var conns []net.Conn
	for range 2 {
		conn := s.dial()
		conns = append(conns, conn)
		fmt.Fprint(conn, "GET /long HTTP/1.1\r\nHost: x\r\n\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(resp.Body).ReadString('\n'); err != nil || len(line) != 2 {
			t.Fatal(line, err)
		}
	}
	if got := s.ask("GET /long HTTP/1.1\r\nHost: x\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 503 ") || !strings.Contains(got, "\r\nRetry-After: 1\r\n") {
		t.Errorf("got %q", got)
	}
	if got := s.ask("GET /a HTTP/1.0\r\n\r\n"); !strings.Contains(got, "GET /a") {
		t.Errorf("got %q", got)
	}
	conns[0].Close()
	for ended.Load() != 1 { // the deadline of the test is its limit
		if got := s.ask("GET /a HTTP/1.0\r\n\r\n"); !strings.Contains(got, "GET /a") {
			t.Fatalf("got %q", got)
		}
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	if ended.Load() != 2 {
		t.Errorf("%d have ended", ended.Load())
	}
}

// TestStreams: chunked for who knows chunks, else as it is.
func TestStreams(t *testing.T) {
	t.Parallel()
	s := serve(t, httpd.Config{Handler: func(w *httpd.Response, _ *http.Request) {
		out := w.Stream("text/plain")
		fmt.Fprint(out, "one\n")
		fmt.Fprint(out, "")
		fmt.Fprint(out, "second\n")
	}})
	for text, want := range map[string]string{
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n":  "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n4\r\none\n\r\n7\r\nsecond\n\r\n0\r\n\r\n",
		"GET / HTTP/1.0\r\n\r\n":             "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\none\nsecond\n",
		"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n": "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n",
	} {
		if got := undated(s.ask(text)); got != want {
			t.Errorf("%q: got\n%q, want\n%q", text, got, want)
		}
	}
}

// TestPanic: a fault in one answer is that answer's alone.
func TestPanic(t *testing.T) {
	t.Parallel()
	s := serve(t, httpd.Config{MaxConns: 1, MaxLong: 1, Handler: func(w *httpd.Response, r *http.Request) {
		if r.URL.Path == "/long" && !w.Long() {
			return
		}
		if r.URL.Path != "/a" {
			panic("a fault")
		}
		echo(w, r)
	}})
	for range 3 {
		for _, path := range []string{"/fault", "/long"} {
			if got := s.ask("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 500 ") {
				t.Errorf("got %q", got)
			}
		}
	}
	if got := s.ask("GET /a HTTP/1.0\r\n\r\n"); !strings.Contains(got, "GET /a") {
		t.Errorf("got %q", got)
	}
}

// TestManyClients: what net/http's client asks at once is all answered.
func TestManyClients(t *testing.T) {
	t.Parallel()
	s := serve(t, httpd.Config{Handler: echo})
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 50, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", s.path)
	}}}
	defer client.CloseIdleConnections()
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			for j := range 5 {
				path := fmt.Sprintf("/%d/%d", i, j)
				resp, err := client.Get("http://x" + path)
				if err != nil {
					t.Error(err)
					return
				}
				body, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if want := fmt.Sprintf("GET %s \"\" <nil>\n", path); err != nil || string(body) != want {
					t.Errorf("got %q, %v, want %q", body, err, want)
				}
			}
		})
	}
	all.Wait()
}

// TestStopsAtOnce: what idles, sends or reads slowly is no reason to wait.
func TestStopsAtOnce(t *testing.T) {
	t.Parallel()
	s := serve(t, httpd.Config{Handler: func(w *httpd.Response, _ *http.Request) {
		w.Send(http.StatusOK, "text/plain", make([]byte, 8<<20))
	}})
	fmt.Fprint(s.dial(), "GET /huge HTTP/1.1\r\nHost: x\r\n\r\n")
	fmt.Fprint(s.dial(), "GET /half HTTP")
	s.dial()
	began := time.Now()
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("it took %v", took)
	}
}
