package supervisor_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sillelien/baseinit/supervisor"
)

// patience is how long a test waits for what must happen soon.
const patience = 20 * time.Second

// live is a supervisor of real processes.
type live struct {
	*supervisor.Supervisor
	t      testing.TB
	events <-chan supervisor.Event
	seen   []supervisor.Event
	stop   context.CancelCauseFunc
	ended  chan struct{}
	err    error   // of Run, once ended is closed
	out    *output // of the services, unless the Config says otherwise
}

// runLive runs a supervisor until the end of the test, at the latest.
func runLive(t testing.TB, cfg supervisor.Config) *live {
	t.Helper()
	l := newLive(t, cfg)
	l.run()
	return l
}

func newLive(t testing.TB, cfg supervisor.Config) *live {
	t.Helper()
	l := &live{t: t, ended: make(chan struct{}), out: newOutput()}
	if cfg.Stdout == nil {
		cfg.Stdout, cfg.Stderr = l.out, l.out
	}
	if cfg.Output == supervisor.OutputDefault {
		cfg.Output = supervisor.OutputText
	}
	sup, err := supervisor.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	l.Supervisor = sup
	l.events, _ = sup.Subscribe(1 << 14)
	return l
}

func (l *live) run() {
	ctx, cancel := context.WithCancelCause(context.Background())
	l.stop = cancel
	go func() {
		l.err = l.Run(ctx)
		close(l.ended)
	}()
	l.t.Cleanup(func() { l.end() })
}

// end stops everything and gives Run's error.
func (l *live) end() error {
	l.t.Helper()
	l.stop(nil)
	return l.done()
}

// done waits for the end of Run and gives its error.
func (l *live) done() error {
	l.t.Helper()
	select {
	case <-l.ended:
		return l.err
	case <-time.After(patience):
		l.t.Fatalf("Run does not end; the events so far:\n%s", l.history())
		return nil
	}
}

// await reads events until one is of that service and kind.
func (l *live) await(service string, kind supervisor.EventKind) supervisor.Event {
	l.t.Helper()
	late := time.After(patience)
	for {
		select {
		case e, ok := <-l.events:
			if !ok {
				l.t.Fatalf("no more events, and none says that %s %s:\n%s", service, kind, l.history())
			}
			l.seen = append(l.seen, e)
			if e.Service == service && e.Kind == kind {
				return e
			}
		case <-late:
			l.t.Fatalf("no event says that %s %s:\n%s", service, kind, l.history())
		}
	}
}

// awaitState waits until a service is in a state.
func (l *live) awaitState(service string, state supervisor.State) supervisor.Status {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	st, err := l.Wait(ctx, service, in(state))
	if err != nil {
		l.t.Fatalf("%s is not %s: %v", service, state, err)
	}
	return st
}

func (l *live) history() string {
	var b strings.Builder
	for _, e := range l.seen {
		b.WriteString(e.Time.Format("05.000 ") + e.String() + "\n")
	}
	return b.String()
}

func (l *live) do(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

// runOne runs one service to its end, and gives its exit and its output.
func runOne(t testing.TB, service supervisor.Service) (supervisor.Exit, string) {
	t.Helper()
	service.Name, service.Main = "x", true
	l := runLive(t, supervisor.Config{Services: []supervisor.Service{service}})
	_ = l.done()
	st, err := l.Status("x")
	if err != nil || st[0].LastExit == nil {
		t.Fatalf("x is %+v, %v", st, err)
	}
	return *st[0].LastExit, strings.ReplaceAll(l.out.String(), "[x] ", "")
}

// sh is a service that runs a shell script.
func sh(name, script string, args ...string) supervisor.Service {
	return supervisor.Service{Name: name, Command: append([]string{"/bin/sh", "-c", script, name}, args...)}
}

// help is a service that is one of the helpers.
func help(name, helper string, args ...string) supervisor.Service {
	return supervisor.Service{Name: name, Command: append([]string{os.Args[0]}, args...), Env: []string{helperEnv + "=" + helper}}
}

// file writes an executable while nothing is forked: a child that inherits the
// descriptor would make the kernel refuse to execute the file, ETXTBSY.
func file(t testing.TB, path, content string, mode fs.FileMode) string {
	t.Helper()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// needRoot skips a test that only root can do, but for in CI, where it must run.
func needRoot(t testing.TB) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
}

// awaitFile waits until a file is there, and gives what it holds.
func awaitFile(t testing.TB, path string) string {
	t.Helper()
	var data []byte
	until(t, path+" is there", func() bool {
		var err error
		data, err = os.ReadFile(path)
		return err == nil
	})
	return string(data)
}

// until waits for what no event tells of.
func until(t testing.TB, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !so(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// alive tells whether a process runs: a zombie does not.
func alive(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", itoa(pid), "stat"))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return false
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(after, "Z") && !strings.HasPrefix(after, "X")
}

// output is a writer that a test can wait for.
type output struct {
	mu      sync.Mutex
	text    strings.Builder
	changed chan struct{} // closed at the next write
}

func newOutput() *output { return &output{changed: make(chan struct{})} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Write(p)
	close(o.changed)
	o.changed = make(chan struct{})
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// await waits until the output holds a text, and gives the output.
func (o *output) await(t testing.TB, text string) string {
	t.Helper()
	late := time.After(patience)
	for {
		o.mu.Lock()
		have, changed := o.text.String(), o.changed
		o.mu.Unlock()
		if strings.Contains(have, text) {
			return have
		}
		select {
		case <-changed:
		case <-late:
			t.Fatalf("the output never holds %q:\n%s", text, have)
		}
	}
}
