package s6

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/sillelien/baseinit/internal/s6/smallfile"
	"github.com/sillelien/baseinit/internal/servicefile"
	"github.com/sillelien/baseinit/supervisor"
)

// Defaults are what a service has that does not say otherwise.
type Defaults struct {
	// StopSignal is for services without a down-signal file. Default: the
	// supervisor's.
	StopSignal syscall.Signal
	// StopTimeout is for services without a timeout-kill file, in the
	// supervisor's terms. Default: the supervisor's.
	StopTimeout time.Duration
	// PatientStop is for services without a timeout-kill file, in the supervisor's
	// terms. Default false.
	PatientStop bool
	// Known are services that are none of the directory's and that its own
	// may depend on.
	Known []string
	// Skip tells which names are passed over. Default: none.
	Skip func(name string) bool
	// Output is what becomes of the output of services that do not say. It matters for
	// ready.log of service.toml, which OutputRaw leaves nothing to read.
	Output supervisor.Output
	// Environ is the environment that commands which probe services get. Default: none.
	Environ func() []string
	// Found is told what each service is made of, if that is right but perhaps for the names
	// in it. Default: nobody is.
	Found func(name string, d Definition)
	// LookOnly leaves scripts that are not executable as they are. Default: as root
	// they are made executable.
	LookOnly bool
}

// Note is something about a file that a person should hear once and that
// stops nothing. Equal texts can be told at once for many files.
type Note struct{ File, Text string }

// String is the note as one line.
func (n Note) String() string { return n.File + " " + n.Text }

// Services reads the service directories in dir, each sorted before its log
// service, which is named NAME/log. A directory without a run file (or service.toml) is passed
// over with a note, as is what is no directory; hidden ones without any.
//
// service.toml stands in place of run and of all other files, or beside them: see package
// servicefile. What it says of conditions and schedules is for Defaults.Found.
//
// The files of s6's service directories that matter here are run, finish, down, log,
// notification-fd, timeout-finish, timeout-kill and down-signal. From s6-rc come
// dependencies and dependencies.d. Two are ours: critical, which marks a service
// whose failure ends the container, and max-restarts, "N" or "N/SECONDS", which
// bounds its restarts within that time (default one minute; a critical service
// is not restarted without it). Other files are the service's own.
//
// Where s6 waits for ever, since timeout-kill is 0, the service has as long as the
// container's stop has as a whole.
//
// The error joins one for each wrong value and each dependency on nothing, a
// *smallfile.Error that names the file. The services given are then those that are right and need no
// wrong one.
func Services(dir string, defaults Defaults) ([]supervisor.Service, []Note, error) {
	dir, entries, err := list(dir)
	if err != nil {
		return nil, nil, &smallfile.Error{File: dir, Err: err}
	}
	t := &tree{defaults: defaults, broken: map[string]bool{}}
	for _, e := range entries {
		if defaults.Skip != nil && defaults.Skip(e.Name()) {
			continue
		}
		t.add(e.Name(), filepath.Join(dir, e.Name()), e)
	}
	t.connect()
	t.prune()
	return t.services, t.notes, errors.Join(t.errs...)
}

// tree is what has been read so far.
type tree struct {
	defaults Defaults
	services []supervisor.Service
	files    map[string]*servicefile.Service // of the services that have one
	broken   map[string]bool                 // services that are left out
	notes    []Note
	errs     []error
}

func (t *tree) note(file, text string) { t.notes = append(t.notes, Note{file, text}) }

// fail leaves the service out, for what is wrong with a file.
// It is called in many places and for few files: inlined, 12 kB of code more, with lack and wrong.
//
//go:noinline
func (t *tree) fail(name, file string, err error) {
	t.broken[name] = true
	t.wrong(file, err)
}

// lack leaves the service out, if there is a name, for what is not there.
//
//go:noinline
func (t *tree) lack(name, file string, err error) {
	t.broken[name] = true
	t.errs = append(t.errs, &smallfile.Error{File: file, Err: err, Missing: true})
}

//go:noinline
func (t *tree) wrong(file string, err error) {
	t.errs = append(t.errs, &smallfile.Error{File: file, Err: err})
}

// add reads the service directory dir, if it is one, and its log service's.
func (t *tree) add(name, dir string, e fs.DirEntry) {
	if strings.ContainsAny(name, "\n\t") {
		t.fail(name, dir, fmt.Errorf("cannot use %q: the name of a service holds no newline and no tab", dir))
		return
	}
	if !t.isDir(dir, e) {
		return
	}
	s, files, ok := t.serviceOrNote(name, dir)
	if !ok {
		return
	}
	t.services = append(t.services, s)
	logger := slices.IndexFunc(files, func(f fs.DirEntry) bool { return f.Name() == "log" })
	if logger < 0 || !t.isDir(filepath.Join(dir, "log"), files[logger]) {
		return
	}
	l, _, ok := t.serviceOrNote(name+"/log", filepath.Join(dir, "log"))
	if !ok {
		return
	}
	t.services[len(t.services)-1].LogTo = l.Name
	t.services = append(t.services, l)
}

// isDir tells whether an entry is a directory or a link to one.
func (t *tree) isDir(path string, e fs.DirEntry) bool {
	if e.IsDir() {
		return true
	}
	mode := e.Type()
	if mode&fs.ModeSymlink != 0 {
		fi, err := os.Stat(path)
		if err != nil {
			t.note(path, "is a link that leads nowhere: skipped")
			return false
		}
		mode = fi.Mode()
	}
	if !mode.IsDir() {
		t.note(path, "is not a service directory: skipped")
	}
	return mode.IsDir()
}

// serviceOrNote is service, and notes that a directory is none.
func (t *tree) serviceOrNote(name, dir string) (s supervisor.Service, files []fs.DirEntry, ok bool) {
	s, files, ok = t.service(name, dir)
	if !ok && files != nil {
		t.note(dir, "has no run file: skipped")
	}
	return s, files, ok
}

// service reads one service directory and gives its files, nil if they cannot be listed. It
// is not ok when there is nothing to run in it.
func (t *tree) service(name, dir string) (s supervisor.Service, files []fs.DirEntry, ok bool) {
	_, files, err := list(dir)
	if err != nil {
		t.fail(name, dir, err)
		return s, nil, false
	}
	toml := has(files, servicefile.Name)
	if !toml && !has(files, "run") {
		return s, files, false
	}
	s = supervisor.Service{
		Name: name, Dir: dir,
		StopSignal: t.defaults.StopSignal, StopTimeout: t.defaults.StopTimeout,
		PatientStop: t.defaults.PatientStop,
	}
	var d Definition
	if t.defaults.Found != nil {
		d.Stamp = stampDir(dir, files) // before they are read
	}
	for _, f := range files {
		if err := t.apply(&s, f.Name()); err != nil {
			t.fail(name, filepath.Join(dir, f.Name()), err)
		}
	}
	if toml {
		d.File = t.toml(&s, files)
	}
	if s.Critical && s.MaxRestarts > 0 && s.Restart == supervisor.RestartDefault {
		s.Restart = supervisor.RestartAlways
	}
	if t.defaults.Found != nil && !t.broken[name] {
		for _, path := range d.File.EnvPaths(dir) {
			d.Stamp += path + stampFile(path)
		}
		t.defaults.Found(name, d)
	}
	return s, files, true
}

func has(files []fs.DirEntry, name string) bool {
	return slices.ContainsFunc(files, func(f fs.DirEntry) bool { return f.Name() == name })
}

// apply adds what one file of the service's directory says.
func (t *tree) apply(s *supervisor.Service, file string) (err error) {
	path := filepath.Join(s.Dir, file)
	switch file {
	case "run":
		if s.Command, err = t.script(path); err != nil {
			return fmt.Errorf("cannot run %s: %w", path, err)
		}
		s.Command = append(s.Command, s.Name)
	case "finish":
		if s.Finish, err = t.script(path); err != nil {
			t.note(path, "is never run: "+err.Error())
			return nil // so does s6, and images in the wild live with it
		}
	case "down":
		s.Down = true
	case "critical":
		s.Critical = true
	case "notification-fd":
		s.Readiness.FD, err = readDescriptor(path)
	case "timeout-finish":
		s.FinishTimeout, err = readMillis(path, noLimit)
	case "timeout-kill":
		s.PatientStop = false
		s.StopTimeout, err = readMillis(path, forever)
	case "down-signal":
		s.StopSignal, err = ReadSignal(path)
	case "max-restarts":
		err = readMaxRestarts(path, s)
	case "dependencies":
		err = readDependencies(path, s)
	case "dependencies.d":
		err = listDependencies(path, s)
	}
	return err
}

// script gives the words that run a script in its own directory.
func (t *tree) script(path string) ([]string, error) {
	argv, note, err := command(path, "./"+filepath.Base(path), t.defaults.LookOnly)
	if note != "" {
		t.note(path, note)
	}
	return argv, err
}

// isStage tells whether services depend on name in s6-overlay's own tree, where
// it stands for what is over when services.d is read.
func isStage(name string) bool {
	switch name {
	case "base", "fix-attrs", "legacy-cont-init", "user":
		return true
	}
	return false
}

// connect takes dependencies on stages away and fails those on nothing.
func (t *tree) connect() {
	known := make(map[string]bool, len(t.services)+len(t.defaults.Known))
	for _, name := range t.defaults.Known {
		known[name] = true
	}
	for name := range t.broken {
		known[name] = true // and said to be broken
	}
	for i := range t.services {
		known[t.services[i].Name] = true
	}
	for i := range t.services {
		s := &t.services[i]
		slices.Sort(s.Requires)
		s.Requires = slices.Compact(s.Requires)
		s.Requires = slices.DeleteFunc(s.Requires, func(name string) bool {
			return !known[name] && isStage(name)
		})
		for _, name := range s.Requires {
			if !known[name] {
				file := t.requirer(s, name)
				t.lack(s.Name, file, fmt.Errorf("cannot use %s: there is no service %q to depend on", file, name))
			}
		}
	}
}

// DependencyFile is the file that makes a service depend on name.
func DependencyFile(dir, name string) string {
	if !strings.HasPrefix(name, ".") && !strings.Contains(name, "/") { // else it is no file of dependencies.d
		path := filepath.Join(dir, "dependencies.d", name)
		if _, err := os.Lstat(path); err == nil {
			return path
		}
	}
	return filepath.Join(dir, "dependencies")
}

// prune leaves out the broken services, and then those that need one, among them
// log services that would have nothing to read.
func (t *tree) prune() {
	broken := func(name string) bool { return t.broken[name] }
	for size := -1; size != len(t.broken); {
		size = len(t.broken)
		t.services = slices.DeleteFunc(t.services, func(s supervisor.Service) bool {
			if slices.ContainsFunc(s.Requires, broken) || broken(s.LogTo) || broken(strings.TrimSuffix(s.Name, "/log")) {
				t.broken[s.Name] = true
			}
			return t.broken[s.Name]
		})
	}
}

// listDependencies reads dependencies.d, in which each name is one.
func listDependencies(path string, s *supervisor.Service) error {
	_, entries, err := list(path)
	for _, e := range entries {
		s.Requires = append(s.Requires, e.Name())
	}
	return err
}

// readDependencies reads the dependencies file of older s6-rc: a name a line.
func readDependencies(path string, s *supervisor.Service) error {
	names, err := readNames(path)
	s.Requires = append(s.Requires, names...)
	return err
}
