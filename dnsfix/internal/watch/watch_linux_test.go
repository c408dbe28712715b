package watch_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/sillelien/baseinit/dnsfix/internal/watch"
	"github.com/sillelien/baseinit/internal/pid1test"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// running is a Watcher that runs.
type running struct {
	*watch.Watcher
	t       *testing.T
	changes chan []string
}

func start(t *testing.T, cfg watch.Config) *running {
	t.Helper()
	w, err := watch.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r := &running{Watcher: w, t: t, changes: make(chan []string, 100)}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := w.Run(ctx, func(paths []string) { r.changes <- paths }); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { cancel(); <-ended })
	return r
}

// want waits for a change of exactly these paths.
func (r *running) want(paths ...string) {
	r.t.Helper()
	select {
	case got := <-r.changes:
		slices.Sort(got)
		slices.Sort(paths)
		if diff := cmp.Diff(paths, got); diff != "" {
			r.t.Errorf("changed (-want +got):\n%s", diff)
		}
	case <-time.After(10 * time.Second):
		r.t.Fatalf("no change of %v was seen", paths)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestChanges(t *testing.T) {
	t.Parallel()
	type world struct{ dir, file string }
	for name, do := range map[string]func(t *testing.T, w world){
		"written": func(t *testing.T, w world) { write(t, w.file, "another text") },
		"written in place": func(t *testing.T, w world) {
			f, err := os.OpenFile(w.file, os.O_RDWR, 0)
			must(t, err)
			_, err = f.WriteAt([]byte("X"), 0)
			must(t, err)
			must(t, f.Close())
		},
		"replaced": func(t *testing.T, w world) {
			write(t, w.dir+"/new", "text")
			must(t, os.Rename(w.dir+"/new", w.file))
		},
		"removed":         func(t *testing.T, w world) { must(t, os.Remove(w.file)) },
		"made unreadable": func(t *testing.T, w world) { must(t, os.Chmod(w.file, 0)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			w := world{dir, dir + "/resolv.conf"}
			write(t, w.file, "a text")
			other := dir + "/hosts"
			write(t, other, "127.0.0.1 localhost")
			r := start(t, watch.Config{Paths: []string{w.file, other}})
			do(t, w)
			r.want(w.file)
			if name == "removed" || name == "made unreadable" {
				return
			}
			write(t, w.file, "a third text, after the first change")
			r.want(w.file)
		})
	}
}

func TestAppears(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := dir + "/a/b/hosts"
	r := start(t, watch.Config{Paths: []string{file}})
	must(t, os.MkdirAll(filepath.Dir(file), 0o755))
	write(t, file, "text")
	r.want(file)
}

func TestDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir+"/a", "1")
	r := start(t, watch.Config{Paths: []string{dir}})
	write(t, dir+"/b", "2")
	r.want(dir)
	write(t, dir+"/a", "changed")
	r.want(dir)
	must(t, os.Remove(dir+"/b"))
	r.want(dir)
}

// A ConfigMap of Kubernetes: the file is a link through ..data, which is swapped.
func TestSymlinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, version := range []string{"1", "2"} {
		must(t, os.Mkdir(dir+"/.."+version, 0o755))
		write(t, dir+"/.."+version+"/hosts", "version "+version)
	}
	must(t, os.Symlink("..1", dir+"/..data"))
	must(t, os.Symlink("..data/hosts", dir+"/hosts"))
	r := start(t, watch.Config{Paths: []string{dir + "/hosts"}})
	must(t, os.Symlink("..2", dir+"/..new"))
	must(t, os.Rename(dir+"/..new", dir+"/..data"))
	r.want(dir + "/hosts")
	write(t, dir+"/..2/hosts", "in place where the link leads now")
	r.want(dir + "/hosts")
}

// Many events are one change.
func TestBurst(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/hosts"
	write(t, file, "0")
	r := start(t, watch.Config{Paths: []string{file}, Settle: 300 * time.Millisecond})
	for i := range 1000 {
		write(t, file, fmt.Sprint("text ", i))
	}
	r.want(file)
	if len(r.changes) > 0 {
		t.Error("a second change was told")
	}
}

// Polling finds what inotify does not tell of.
func TestPoll(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/hosts"
	write(t, file, "0")
	w, err := watch.New(watch.Config{Paths: []string{file}, Poll: 10 * time.Millisecond})
	must(t, err)
	watch.Deafen(w)
	changes := make(chan []string, 1)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- w.Run(ctx, func(p []string) { changes <- p }) }()
	write(t, file, "another text")
	if got := <-changes; !slices.Equal(got, []string{file}) {
		t.Errorf("changed: %v", got)
	}
	cancel()
	must(t, <-ended)
}

func TestSet(t *testing.T) {
	t.Parallel()
	a, b := t.TempDir()+"/a", t.TempDir()+"/b"
	write(t, a, "a")
	write(t, b, "b")
	r := start(t, watch.Config{Paths: []string{a}})
	r.Set([]string{b})
	write(t, a, "not watched any more")
	write(t, b, "changed")
	r.want(b)
}

// What happens between New and Run is told; after Leave nothing is.
func TestBeforeAndAfter(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/hosts"
	write(t, file, "0")
	w, err := watch.New(watch.Config{Paths: []string{file}})
	must(t, err)
	write(t, file, "another text")
	changes := make(chan []string, 10)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- w.Run(ctx, func(p []string) { changes <- p }) }()
	<-changes
	w.Leave()
	w.Leave()
	write(t, file, "a third text, which nobody hears of")
	cancel()
	must(t, <-ended)
	if len(changes) > 0 {
		t.Error("a change was told after Leave")
	}
}

// A file that is mounted by itself, and written from outside.
func TestBindMount(t *testing.T) {
	pid1test.NeedRoot(t)
	if os.Getenv("WATCH_IN_NS") == "" {
		t.Parallel()
		cmd := exec.Command("unshare", "-m", os.Args[0], "-test.run", "^TestBindMount$", "-test.v")
		cmd.Env = append(os.Environ(), "WATCH_IN_NS="+t.TempDir())
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS: TestBindMount") {
			t.Errorf("%v:\n%s", err, out)
		}
		return
	}
	dir := os.Getenv("WATCH_IN_NS")
	outside, inside := dir+"/outside", dir+"/resolv.conf"
	write(t, outside, "0")
	write(t, inside, "")
	if out, err := exec.Command("mount", "--bind", outside, inside).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	r := start(t, watch.Config{Paths: []string{inside}})
	write(t, outside, "what the engine says")
	r.want(inside)
}
