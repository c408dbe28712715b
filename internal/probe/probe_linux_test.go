package probe_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/internal/probe"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run asks once, in at most a time that the test expects to be enough.
func run(t *testing.T, spec probe.Spec) error {
	t.Helper()
	return runFor(t, spec, 30*time.Second)
}

func runFor(t *testing.T, spec probe.Spec, limit time.Duration) error {
	t.Helper()
	p, err := probe.New(spec)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	return p.Run(ctx)
}

// says fails unless an error is one line that holds a text; "" is no error.
func says(t *testing.T, what string, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("%s: %q, want success", what, err)
	case want != "" && err == nil:
		t.Errorf("%s: success, want %q", what, want)
	case want != "" && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n")):
		t.Errorf("%s: %q, want a line with %q", what, err, want)
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string // or what the error says
		spec probe.Spec
		bad  bool
	}{
		{"tcp localhost:80", probe.Spec{TCP: "localhost:80"}, false},
		{"tcp [::1]:http", probe.Spec{TCP: "[::1]:http"}, false},
		{"tcp unix:/run/x.sock", probe.Spec{TCP: "unix:/run/x.sock"}, false},
		{"http localhost/healthz?a=b", probe.Spec{HTTP: "http://localhost/healthz?a=b"}, false},
		{"http unix:/run/x.sock:/healthz", probe.Spec{HTTP: "unix:/run/x.sock:/healthz"}, false},
		{"file ready", probe.Spec{File: "ready"}, false},
		{"exec pg_isready -q", probe.Spec{Exec: []string{"pg_isready", "-q"}}, false},
		{"exec " + strings.Repeat("x", 77) + "...", probe.Spec{Exec: []string{strings.Repeat("x", 100)}}, false},
		{"give one of tcp, http, file and exec", probe.Spec{}, true},
		{"cannot probe 2 things at once", probe.Spec{TCP: "a:1", File: "b"}, true},
		{"cannot use status and headers without http", probe.Spec{TCP: "a:1", Status: []int{200}}, true},
		{"without a name", probe.Spec{Exec: []string{""}}, true},
		{`"80" is not HOST:PORT`, probe.Spec{TCP: "80"}, true},
		{`"::1:80" is not HOST:PORT`, probe.Spec{TCP: "::1:80"}, true},
		{"no port that there is", probe.Spec{TCP: "localhost:65536"}, true},
		{"no port that there is", probe.Spec{TCP: "localhost:0"}, true},
		{"no port that there is", probe.Spec{HTTP: "http://localhost:99999/"}, true},
		{"https is not spoken here: probe the port with tcp, or use exec with curl", probe.Spec{HTTP: "https://localhost/"}, true},
		{"is not http://HOST:PORT/PATH", probe.Spec{HTTP: "localhost:80/x"}, true},
		{"is not http://HOST:PORT/PATH", probe.Spec{HTTP: "http:///x"}, true},
		{"is no URL", probe.Spec{HTTP: "http://local host/"}, true},
		{"give the header Authorization", probe.Spec{HTTP: "http://a:b@localhost/"}, true},
		{"is not unix:/SOCKET:/PATH", probe.Spec{HTTP: "unix:/run/x:healthz"}, true},
		{"is not unix:/SOCKET:/PATH", probe.Spec{HTTP: "unix:"}, true},
		{"700 is no status", probe.Spec{HTTP: "http://a/", Status: []int{700}}, true},
		{`"Host" is no header`, probe.Spec{HTTP: "http://a/", Headers: []string{"Host"}}, true},
		{"is no header", probe.Spec{HTTP: "http://a/", Headers: []string{"A: b\r\nC: d"}}, true},
	} {
		p, err := probe.New(test.spec)
		if test.bad {
			says(t, test.name, err, test.name)
			continue
		}
		if err != nil || p.Name() != test.name {
			t.Errorf("%+v: %v %v, want %q", test.spec, p, err, test.name)
		}
	}
}

// listen listens, and gives the address.
func listen(t *testing.T, network, address string) net.Listener {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func TestTCP(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	four, six := listen(t, "tcp4", "127.0.0.1:0"), listen(t, "tcp6", "[::1]:0")
	listen(t, "unix", filepath.Join(dir, "sock"))
	gone := listen(t, "tcp4", "127.0.0.1:0")
	gone.Close()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(four.Addr().String())
	for _, test := range []struct{ tcp, want string }{
		{four.Addr().String(), ""},
		{"localhost:" + port, ""}, // ::1 refuses
		{":" + port, ""},
		{six.Addr().String(), ""},
		{"unix:" + filepath.Join(dir, "sock"), ""},
		{"unix:sock", ""}, // in Dir
		{gone.Addr().String(), "connection refused"},
		{"unix:file", "connection refused"},
		{"unix:none", "no such file or directory"},
		{"no-such-host.invalid:80", "cannot find no-such-host.invalid: "},
	} {
		says(t, test.tcp, run(t, probe.Spec{TCP: test.tcp, Dir: dir}), test.want)
	}
}

// TestTCPThatHangs: where the queue of a listener is full, Linux drops the first packet of a
// connection.
func TestTCPThatHangs(t *testing.T) {
	t.Parallel()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := errors.Join(unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), unix.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: name.(*unix.SockaddrInet4).Port}
	queued, err := net.DialTCP("tcp", nil, address)
	if err != nil {
		t.Fatal(err)
	}
	defer queued.Close()
	err = runFor(t, probe.Spec{TCP: address.String()}, 50*time.Millisecond)
	says(t, "a full queue", err, "timed out: could not connect")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v is no DeadlineExceeded", err)
	}
}

func TestFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, err := probe.New(probe.Spec{File: "ready", Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	says(t, "no file", p.Run(t.Context()), "no such file or directory")
	if err := os.WriteFile(filepath.Join(dir, "ready"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	says(t, "a file", p.Run(t.Context()), "")
	says(t, "a directory", run(t, probe.Spec{File: dir}), "")
	says(t, "below a file", run(t, probe.Spec{File: dir + "/ready/x"}), "not a directory")
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	l := listen(t, "tcp4", "127.0.0.1:0")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, spec := range []probe.Spec{
		{TCP: l.Addr().String()}, {HTTP: "http://" + l.Addr().String()}, {Exec: []string{"/bin/true"}},
	} {
		p, err := probe.New(spec)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want %v", p.Name(), err, context.Canceled)
		}
	}
}
