package image_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	base  = "musl-base:local"
	image = "baseinit:test"
)

// needImage builds the image, once. Without a Docker engine or the base it skips the
// test, or with CI=true or BASEINIT_TEST_STRICT=1 fails it.
func needImage(t *testing.T) {
	t.Helper()
	lacks, err := build()
	switch {
	case err != nil:
		t.Fatal(err)
	case lacks == "":
	case os.Getenv("CI") == "true" || os.Getenv("BASEINIT_TEST_STRICT") == "1":
		t.Fatal(lacks)
	default:
		t.Skip(lacks)
	}
}

var build = sync.OnceValues(func() (lacks string, err error) {
	if out, err := exec.Command("docker", "version").CombinedOutput(); err != nil {
		return fmt.Sprintf("needs a Docker engine: %v: %s", err, out), nil
	}
	if exec.Command("docker", "image", "inspect", base).Run() != nil {
		return "needs the image " + base + ": shared/musl-base/build.sh makes it", nil
	}
	out, err := exec.Command("make", "-C", "..", "image", "BASE="+base, "TAG="+image).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("make image: %w\n%s", err, out)
	}
	return "", err
})

// docker runs the client, which must succeed, and gives what it prints.
func docker(t *testing.T, args ...string) string {
	t.Helper()
	return dockerWith(t, nil, args...)
}

// dockerWith is docker with something on stdin.
func dockerWith(t *testing.T, stdin []byte, args ...string) string {
	t.Helper()
	cmd := exec.Command("docker", args...)
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(stdin), &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("docker %s: %v: %s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return strings.TrimSuffix(string(out), "\n")
}

// create makes a container, which is removed with the test, and gives its ID.
func create(t *testing.T, args ...string) string {
	t.Helper()
	needImage(t)
	id := docker(t, append([]string{"create"}, args...)...)
	t.Cleanup(func() { docker(t, "rm", "-f", "-v", id) })
	return id
}

// container is one that lives, with the client attached to it.
type container struct {
	t     *testing.T
	id    string
	cmd   *exec.Cmd
	stdin *os.File // to type on, or nil
	out   *output
	stops sync.WaitGroup
	ended chan struct{}
}

// limit is how long a container may live.
const limit = 60 * time.Second

// start starts a container that create has made: with a terminal, or with text on
// stdin, or neither.
func start(t *testing.T, id string, tty bool, stdin string) *container {
	t.Helper()
	c := &container{t: t, id: id, out: &output{changed: make(chan struct{})}, ended: make(chan struct{})}
	args := []string{"start", "-a", id}
	if tty || stdin != "" {
		args = []string{"start", "-a", "-i", id}
	}
	c.cmd = exec.Command("docker", args...)
	copied := make(chan struct{})
	if tty {
		c.stdin = terminal(t, c.cmd)
		go func() { defer close(copied); _, _ = c.stdin.WriteTo(c.out.writer(&c.out.stdout)) }()
	} else {
		close(copied)
		c.cmd.Stdin = strings.NewReader(stdin)
		c.cmd.Stdout, c.cmd.Stderr = c.out.writer(&c.out.stdout), c.out.writer(nil)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if tty {
		_ = c.cmd.Stdin.(*os.File).Close() // or the end of ours would never come
	}
	late := time.AfterFunc(limit, func() { _ = exec.Command("docker", "kill", id).Run() })
	go func() {
		_ = c.cmd.Wait()
		<-copied
		late.Stop()
		close(c.ended)
	}()
	t.Cleanup(c.cleanup)
	return c
}

func (c *container) cleanup() {
	_ = exec.Command("docker", "kill", c.id).Run() // fails if it has ended
	<-c.ended
	c.stops.Wait()
	if c.t.Failed() {
		c.t.Logf("the container printed:\n%s", c.Output())
	}
}

func (c *container) WaitFor(text string) {
	c.t.Helper()
	for {
		have, more := c.out.text()
		if strings.Contains(have, text) {
			return
		}
		select {
		case <-more:
		case <-c.ended:
			if !strings.Contains(c.Output(), text) {
				c.t.Fatalf("the container ended (%v) and never printed %q", c.cmd.ProcessState, text)
			}
		}
	}
}

// Signal is `docker kill`; SIGTERM is `docker stop`.
func (c *container) Signal(sig syscall.Signal) {
	c.t.Helper()
	if sig != syscall.SIGTERM {
		docker(c.t, "kill", "-s", fmt.Sprint(int(sig)), c.id)
		return
	}
	c.stops.Go(func() { // it waits for the end
		if out, err := exec.Command("docker", "stop", "-t", "30", c.id).CombinedOutput(); err != nil {
			c.t.Errorf("docker stop: %v: %s", err, out)
		}
	})
}

func (c *container) Send(text string) {
	c.t.Helper()
	if _, err := c.stdin.WriteString(text); err != nil {
		c.t.Fatal(err)
	}
}

func (c *container) Wait() int {
	c.t.Helper()
	<-c.ended
	return c.cmd.ProcessState.ExitCode()
}

func (c *container) Stdout() string { return c.out.part() }

func (c *container) Output() string {
	text, _ := c.out.text()
	return text
}

// output keeps what a container prints, and tells who waits that there is more.
type output struct {
	mu           sync.Mutex
	both, stdout bytes.Buffer
	changed      chan struct{} // closed and replaced by each write
}

func (o *output) text() (string, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.both.String(), o.changed
}

func (o *output) part() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.stdout.String()
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// writer adds to both and, if it is not nil, to stream.
func (o *output) writer(stream *bytes.Buffer) writerFunc {
	return func(p []byte) (int, error) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.both.Write(p)
		if stream != nil {
			stream.Write(p)
		}
		close(o.changed)
		o.changed = make(chan struct{})
		return len(p), nil
	}
}
