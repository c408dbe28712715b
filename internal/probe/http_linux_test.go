package probe_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/probe"
)

// raw is a server that sends bytes when it has read the head of a request, and then hangs
// up, or hangs until the test ends.
func raw(t *testing.T, send string, hang bool) (url string) {
	t.Helper()
	l := listen(t, "tcp4", "127.0.0.1:0")
	var serving sync.WaitGroup
	t.Cleanup(func() { l.Close(); serving.Wait() })
	ctx := t.Context() // ends before that
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			for in := bufio.NewReader(conn); ; {
				if line, err := in.ReadString('\n'); err != nil || line == "\r\n" {
					break
				}
			}
			_, _ = io.WriteString(conn, send)
			if hang {
				<-ctx.Done()
			}
			conn.Close()
		}
	})
	return "http://" + l.Addr().String() + "/"
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		answer, want string
		status       []int
	}{
		{"HTTP/1.1 200 OK\r\n\r\n", "", nil},
		{"HTTP/1.0 200 OK\r\n\r\n", "", nil},
		{"HTTP/1.1 200\r\n\r\n", "", nil},
		{"HTTP/1.1 204 No Content\nServer: x\n\n", "", nil},
		{"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", "", nil},
		{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "", nil},
		{"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nx", "", nil},
		{"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nx", "", nil},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n7fffffff\r\nx", "", nil},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n", "", nil},
		{"HTTP/1.1 404 Not Found\r\n\r\n", "http 404 Not Found", nil},
		{"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy", "http 503 Service Unavailable", nil},
		{"HTTP/1.1 503 " + strings.Repeat("x", 1000) + "\r\n\r\n", "http 503 x", nil},
		{"HTTP/1.1 401 Unauthorized\r\n\r\n", "", []int{200, 401}},
		{"HTTP/1.1 204 No Content\r\n\r\n", "http 204 No Content", []int{200, 401}},
		{"", "the connection was closed before the answer was whole", nil},
		{"HTTP/1.1 200 OK\r\nServer: x\r\n", "the connection was closed before the answer was whole", nil},
		{"HTTP/1.1 100 Continue\r\n\r\n", "the connection was closed before", nil},
		{"HTTP/1.1 999 Odd\r\n\r\n", `the answer is not HTTP: "HTTP/1.1 999 Odd"`, nil},
		{"HTTP/2 200\r\n\r\n", "the answer is not HTTP", nil},
		{"SSH-2.0-OpenSSH_9.9\r\n", `the answer is not HTTP: "SSH-2.0-OpenSSH_9.9"`, nil},
		{"\x15\x03\x01\x00\x02\x02\x46\n", "the answer is not HTTP", nil}, // TLS
		{"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 20<<10) + "\r\n\r\n", "the head of the answer is over 16384 bytes", nil},
		{"HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 5<<10) + "\r\n", "the head of the answer is over 16384 bytes", nil},
		{strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 2<<10) + "HTTP/1.1 200 OK\r\n\r\n", "over 16384 bytes", nil},
	} {
		err := run(t, probe.Spec{HTTP: raw(t, test.answer, false), Status: test.status})
		says(t, test.answer[:min(len(test.answer), 60)], err, test.want)
	}
}

// TestSlowServers: what has come before the time is over does not matter, unless it is the
// whole head.
func TestSlowServers(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{
		"":                              "timed out: connected, and got no whole answer",
		"HTTP/1.1 200 OK\r\n":           "timed out: connected, and got no whole answer",
		"HTTP/1.1 200 OK\r\nServer":     "timed out: connected, and got no whole answer",
		"HTTP/1.1 200 OK\r\n\r\n":       "",
		"HTTP/1.1 500 Oh no\r\n\r\nabc": "http 500 Oh no",
		"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc":                           "",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nabc":                           "",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n": "",
	} {
		t.Run(answer, func(t *testing.T) {
			t.Parallel()
			says(t, answer, runFor(t, probe.Spec{HTTP: raw(t, answer, true)}, 2*time.Second), want)
		})
	}
}

// TestHTTPRequest: what a real server sees.
func TestHTTPRequest(t *testing.T) {
	t.Parallel()
	type seen struct {
		Method, Host, URI, Agent, Token string
		Close                           bool
		Sent                            error
	}
	requests := make(chan seen, 1)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := w.Write(make([]byte, 50<<10))
		requests <- seen{r.Method, r.Host, r.RequestURI, r.UserAgent(), r.Header.Get("X-Token"), r.Close, err}
	})
	server := httptest.NewServer(handler)
	defer server.Close()
	host := server.Listener.Addr().String()
	six := httptest.NewUnstartedServer(handler)
	six.Listener.Close()
	six.Listener = listen(t, "tcp6", "[::1]:0")
	six.Start()
	defer six.Close()
	path := filepath.Join(t.TempDir(), "sock")
	unixServer := httptest.NewUnstartedServer(handler)
	unixServer.Listener.Close()
	unixServer.Listener = listen(t, "unix", path)
	unixServer.Start()
	defer unixServer.Close()

	for _, test := range []struct {
		spec probe.Spec
		want seen
	}{
		{probe.Spec{HTTP: server.URL}, seen{Host: host, URI: "/", Agent: "baseinit"}},
		{probe.Spec{HTTP: server.URL + "/a b?c=d&e#f"}, seen{Host: host, URI: "/a%20b?c=d&e", Agent: "baseinit"}},
		{
			probe.Spec{HTTP: server.URL + "/x", Headers: []string{"host: example.org", "User-Agent:kube-probe/1", "X-Token: a: b "}},
			seen{Host: "example.org", URI: "/x", Agent: "kube-probe/1", Token: "a: b"},
		},
		{probe.Spec{HTTP: six.URL + "/six"}, seen{Host: six.Listener.Addr().String(), URI: "/six", Agent: "baseinit"}},
		{probe.Spec{HTTP: "unix:" + path + ":/healthz?full"}, seen{Host: "localhost", URI: "/healthz?full", Agent: "baseinit"}},
		{probe.Spec{HTTP: "unix:" + path}, seen{Host: "localhost", URI: "/", Agent: "baseinit"}},
	} {
		says(t, test.spec.HTTP, run(t, test.spec), "")
		test.want.Method, test.want.Close = "GET", true
		if got := <-requests; !cmp.Equal(got, test.want) {
			t.Errorf("%s: %s", test.spec.HTTP, cmp.Diff(test.want, got))
		}
	}
}

// TestManyAtOnce: a probe may be asked several times at a time.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	web, err := probe.New(probe.Spec{HTTP: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	command, err := probe.New(probe.Spec{Exec: []string{"/bin/sh", "-c", "echo hello; exit 3"}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var asking sync.WaitGroup
	for range 20 {
		asking.Go(func() { says(t, "http", web.Run(ctx), "") })
		asking.Go(func() { says(t, "exec", command.Run(ctx), "exited with code 3: hello") })
	}
	asking.Wait()
}
