package syslog_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/sillelien/baseinit/syslog"
)

// childEnv makes the test binary one of the children that tests start.
const childEnv = "SYSLOG_TEST_CHILD"

func TestMain(m *testing.M) {
	if name := os.Getenv(childEnv); name != "" {
		child, ok := children[name]
		if !ok {
			fmt.Fprintln(os.Stderr, "no child", name)
			os.Exit(99)
		}
		os.Exit(child(os.Args[1:]))
	}
	goleak.VerifyTestMain(m)
}

// children are small programs; each gives its exit code.
var children = map[string]func(args []string) int{
	"send":    childSends,
	"mounted": childListensOnMount,
	"queues":  childLengthensQueues,
	"inner":   childListens,
	"slow":    childIsSlow,
}

// childCommand is one of the children, not yet started.
func childCommand(name string, args ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Env = append(os.Environ(), childEnv+"="+name)
	cmd.Stderr = os.Stderr
	return cmd
}

// patience is far more than anything here takes.
const patience = 30 * time.Second

// await polls for what nothing else tells of.
func await(tb testing.TB, what string, happened func() bool) {
	tb.Helper()
	deadline := time.Now().Add(patience)
	for !happened() {
		if time.Now().After(deadline) {
			tb.Fatalf("still waiting for %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// unable ends a test for which the machine lacks something.
func unable(tb testing.TB, reason string) {
	tb.Helper()
	if os.Getenv("CI") == "true" || os.Getenv("BASEINIT_TEST_STRICT") == "1" {
		tb.Fatal(reason)
	}
	tb.Skip(reason)
}

// needRoot skips the test, or fails it as [unable] does, without root's rights.
func needRoot(tb testing.TB, what string) {
	tb.Helper()
	if os.Geteuid() != 0 {
		unable(tb, "needs root: "+what)
	}
}

// shortDir is a directory with a name that leaves room in a socket's address.
func shortDir(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "syslog")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// newPath is where a socket can be made.
func newPath(tb testing.TB) string { return filepath.Join(shortDir(tb), "log") }

// lines is an output that keeps what is written.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// all is the lines that are whole.
func (l *lines) all() []string { return splitLines(l.String()) }

func splitLines(text string) []string {
	all := strings.Split(text, "\n")
	return all[:len(all)-1]
}

// running is a sink whose Run runs.
type running struct {
	*syslog.SyslogSink
	tb     testing.TB
	out    *lines // Config.Stderr, if that was nil
	logs   *observer.ObservedLogs
	cancel context.CancelFunc
	ended  chan error
	once   sync.Once
	err    error
}

// start makes a sink and runs it until stop, or the end of the test.
func start(tb testing.TB, cfg syslog.Config) *running {
	tb.Helper()
	r := bound(tb, cfg)
	r.start()
	return r
}

// bound makes a sink, and start runs it.
func bound(tb testing.TB, cfg syslog.Config) *running {
	tb.Helper()
	core, logs := observer.New(zap.DebugLevel)
	r := &running{tb: tb, out: &lines{}, logs: logs, ended: make(chan error, 1)}
	if cfg.Stderr == nil && cfg.Handler == nil {
		cfg.Stderr = r.out
	}
	cfg.Logger = zap.New(core)
	var err error
	if r.SyslogSink, err = syslog.New(cfg); err != nil {
		tb.Fatal(err)
	}
	return r
}

func (r *running) start() {
	var ctx context.Context
	ctx, r.cancel = context.WithCancel(context.Background())
	go func() { r.ended <- r.Run(ctx) }()
	r.tb.Cleanup(func() { r.stop() })
	<-r.Ready()
}

// stop ends Run and returns its error.
func (r *running) stop() error {
	r.once.Do(func() {
		r.cancel()
		r.err = <-r.ended
	})
	return r.err
}

// mustStop ends Run, and fails the test unless all was written.
func (r *running) mustStop() {
	r.tb.Helper()
	if err := r.stop(); err != nil {
		r.tb.Errorf("Run: %v", err)
	}
}

// settle waits until n messages have come and nothing waits.
func (r *running) settle(n int) {
	r.tb.Helper()
	var s syslog.Stats
	defer func() {
		if r.tb.Failed() {
			r.tb.Logf("Stats: %+v", s)
		}
	}()
	await(r.tb, fmt.Sprintf("%d messages", n), func() bool {
		s = r.Stats()
		return s.Received >= uint64(n) && s.Waiting == 0
	})
}

// logged is what was logged.
func (r *running) logged() []string { return loggedBy(r.logs) }

func loggedBy(logs *observer.ObservedLogs) []string {
	var all []string
	for _, e := range logs.All() {
		all = append(all, e.Level.String()+" "+e.Message)
	}
	return all
}

// dial connects to a socket, in the form of Config.Listen.
func dial(tb testing.TB, address string) net.Conn {
	tb.Helper()
	network, rest, _ := strings.Cut(address, ":")
	switch network {
	case "stream":
		network = "unix"
	case "udp", "tcp":
	default:
		network, rest = "unixgram", address
	}
	conn, err := net.Dial(network, rest)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { conn.Close() })
	return conn
}

// send writes messages to a socket, each with a write of its own.
func send(tb testing.TB, conn io.Writer, messages ...string) {
	tb.Helper()
	for _, m := range messages {
		if _, err := conn.Write([]byte(m)); err != nil {
			tb.Fatal(err)
		}
	}
}

// us is how our own lines begin after facility and severity.
func us(text string) string { return fmt.Sprintf("baseinit[%d]: %s", os.Getpid(), text) }

// sent is the line of text of a message by this process, without tag.
func sent(text string) string { return fmt.Sprintf("user.notice %s[%d]: %s", comm, os.Getpid(), text) }

// comm is the name of this process.
var comm = func() string {
	name, _ := os.ReadFile("/proc/self/comm")
	return strings.TrimSpace(string(name))
}()
