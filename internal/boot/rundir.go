//go:build linux

package boot

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/sillelien/baseinit/envdir"
	"github.com/sillelien/baseinit/internal/s6"
	"github.com/sillelien/baseinit/internal/shared"
	"github.com/sillelien/baseinit/internal/statedir"
)

// runDir is the container's writable state: what is in /run where that can be
// written.
type runDir struct {
	path    string // empty: nothing can be written anywhere
	private bool   // it is ours alone and goes with us
	env     *environment
	results *s6.Results
	scan    *scanDir
	problem error // what of it will not work
}

// environment is the container's, live once there is anybody who could change it.
type environment struct {
	live    envdir.Container
	changed atomic.Bool
	read    shared.Value[[]string]
}

// newRunDir finds the first directory that can be written, and writes the
// environment there. The error tells what will not work.
func newRunDir(cfg Config) (runDir, error) {
	var errs []error
	for _, candidate := range candidates(cfg) {
		run, err := openRunDir(candidate, cfg.Environ)
		if err == nil {
			return run, run.problem
		}
		errs = append(errs, err)
	}
	if os.Getenv("BASEINIT_RUN") != "" { // asked for by name
		return noRunDir(cfg), &failure{CodeSystem, fmt.Errorf("cannot use BASEINIT_RUN: %w", errs[0])}
	}
	return noRunDir(cfg), fmt.Errorf("scripts cannot change the environment, and baseinit status and the like will not work: no directory can be written (set BASEINIT_RUN to one that can, or mount a tmpfs at /run): %w", errs[0])
}

// noRunDir is for a container that cannot write anywhere.
func noRunDir(cfg Config) runDir {
	return runDir{env: &environment{live: envdir.Container{Base: cfg.Environ}}}
}

// candidates are the directories to try, in order. A tree of its own, given by
// --root, keeps its hands off the system's /run.
func candidates(cfg Config) []runDir {
	if dir := os.Getenv("BASEINIT_RUN"); dir != "" {
		return []runDir{{path: dir}}
	}
	var dirs []runDir
	if cfg.Root == "" {
		dirs = append(dirs, runDir{path: statedir.Usual})
	}
	name := statedir.Private(os.Getuid())
	if xdg := os.Getenv("XDG_RUNTIME_DIR"); xdg != "" {
		dirs = append(dirs, runDir{path: filepath.Join(xdg, name), private: true})
	}
	return append(dirs, runDir{path: filepath.Join(os.TempDir(), name), private: true})
}

// LogSockets are paths for a socket in place of /dev/log, in directories that are
// ours, of a container whose tree has that root.
func LogSockets(root string) []string {
	var paths []string
	for _, candidate := range candidates(Config{Root: root}) {
		if candidate.private {
			if err := statedir.Check(candidate.path, os.Getuid()); err != nil && !errors.Is(err, os.ErrNotExist) {
				continue
			}
			candidate.path = filepath.Join(candidate.path, strconv.Itoa(os.Getpid()))
		}
		paths = append(paths, filepath.Join(candidate.path, "baseinit", "log"))
	}
	return paths
}

// openRunDir makes the environment directory below a candidate.
func openRunDir(run runDir, environ []string) (runDir, error) {
	if run.private {
		if err := ownDir(run.path); err != nil {
			return run, err
		}
		run.path = filepath.Join(run.path, strconv.Itoa(os.Getpid()))
	}
	dir := filepath.Join(run.path, "s6", "container_environment")
	if err := freshDir(dir); err != nil {
		return run, err
	}
	if run.private {
		environ = append(slices.Clip(environ), "BASEINIT_RUN="+run.path) // for with-contenv
	}
	run.env = &environment{live: envdir.Container{Dir: dir, Base: environ}}
	var rest sync.WaitGroup // side by side: CMD waits for this
	rest.Go(func() { run.problem = run.complete() })
	err := envdir.Write(dir, environ)
	rest.Wait()
	if errors.Is(err, envdir.ErrName) {
		err = nil // such a variable cannot be a file; envdir.Container keeps it
	}
	return run, err
}

// freshDir makes a directory that holds nothing, as an earlier life of the
// container may have left it.
func freshDir(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	err := os.Mkdir(dir, 0o755)
	if errors.Is(err, os.ErrExist) {
		if err = os.RemoveAll(dir); err == nil {
			err = os.Mkdir(dir, 0o755)
		}
	}
	return err
}

// ownDir makes a directory that nobody else can have prepared for us.
func ownDir(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	return statedir.Check(path, os.Getuid())
}

// complete makes the rest of what scripts expect below the directory.
func (r *runDir) complete() (err error) {
	if r.results, err = s6.NewResults(r.path); err != nil {
		r.results = nil
		return fmt.Errorf("scripts cannot set the exit code: %w", err)
	}
	if r.path == statedir.Usual {
		linkVarRun()
	}
	r.scan, err = openScanDir(r.path)
	return err
}

// linkVarRun makes /run/s6 reachable below /var/run in images in which that is not a link
// to /run. Where /var/run/s6 is a directory, as that of a volume is, what scripts look for
// in it is linked. On a read-only root nothing of this can be; scripts use /run there.
func linkVarRun() {
	const ours, link = "/run/s6", "/var/run/s6"
	if os.Symlink(ours, link) == nil {
		return
	}
	here, err := os.Stat(ours)
	there, terr := os.Lstat(link)
	if err != nil || terr != nil || !there.IsDir() || os.SameFile(here, there) {
		return
	}
	for _, name := range [...]string{"container_environment", "env-stage3", "services", "legacy-services", "basedir", "etc"} {
		path := filepath.Join(link, name)
		_ = os.RemoveAll(path) // an earlier life's
		_ = os.Symlink(filepath.Join(ours, name), path)
	}
}

// touched says that from now on somebody may change the environment.
func (r *runDir) touched() { r.env.changed.Store(true) }

// environ is the environment for a process that is started now.
func (r *runDir) environ() []string {
	e := r.env
	if e.live.Dir == "" || !e.changed.Load() {
		return e.live.Base
	}
	return e.read.Get(func() []string {
		env, _ := e.live.Environ() // a file that cannot be read is a variable less
		return env
	})
}

// close removes what is ours alone.
func (r *runDir) close() error {
	if !r.private || r.path == "" {
		return nil
	}
	err := os.RemoveAll(r.path)
	_ = os.Remove(filepath.Dir(r.path)) // fails while others use it
	return err
}
