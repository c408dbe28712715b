package s6

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sillelien/baseinit/internal/s6/smallfile"
	"github.com/sillelien/baseinit/internal/servicefile"
	"github.com/sillelien/baseinit/supervisor"
)

// RC is what the source directories of s6-rc say, https://skarnet.org/software/s6-rc.
type RC struct {
	// Services are the longruns and oneshots. Those that no bundle of the boot leads to are
	// Down. Dir is the source directory.
	Services []supervisor.Service
	// Files are the service.toml of those that have one.
	Files map[string]*servicefile.Service
	// Bundles are the services that a name stands for: bundles and pipelines, and each
	// service itself.
	Bundles map[string][]string
	// Base are the oneshots that are run before fix-attrs.d and cont-init.d, in order: what
	// images have put into the bundle base of s6-overlay itself.
	Base []Script
	// Late are services that come after services.d.
	Late []string
	// Essential are those that only the end of the container stops.
	Essential []string
}

// RCSources says where the source directories are. None need exist.
type RCSources struct {
	// Dirs hold source directories; what several of them say of a bundle is merged.
	Dirs []string
	// Overlay are like Dirs, but s6-overlay's own: what is not there is not missed, and only
	// what images have added is read.
	Overlay []string
	// Execlineb runs the up and down files of oneshots. Default "execlineb".
	Execlineb string
	// Defaults are those of longruns.
	Defaults Defaults
}

// The bundles that the boot starts, and names that stand for stages of it.
const (
	bundleUser   = "user"
	bundleUser2  = "user2"
	bundleBase   = "base"
	bundleTop    = "top" // of s6-overlay: all of the boot
	stageLegacy  = "legacy-services"
	contentsDir  = "contents.d"
	contentsFile = "contents"
)

// rcTree is what has been read so far.
type rcTree struct {
	tree
	sources  RCSources
	nodes    map[string]*rcNode
	order    []string            // of nodes
	contents map[string][]string // of bundles
	overlay  bool
}

// rcNode is one longrun or oneshot.
type rcNode struct {
	service   supervisor.Service
	needs     []string // names as written: services, bundles, stages
	producer  string   // the service that its stdout goes to
	pipeline  string
	essential bool
	late      bool
	feeds     []string // whom it is the consumer for
}

// ReadRC reads the sources of s6-rc. Its error joins one for each mistake, as
// s6-rc-compile would end the boot for it, a *smallfile.Error that names the file.
func ReadRC(sources RCSources) (RC, []Note, error) {
	if sources.Execlineb == "" {
		sources.Execlineb = "execlineb"
	}
	t := &rcTree{
		tree:    tree{defaults: sources.Defaults, broken: map[string]bool{}},
		sources: sources, nodes: map[string]*rcNode{}, contents: map[string][]string{},
	}
	for _, dir := range sources.Overlay {
		t.overlay = true
		t.readAll(dir)
	}
	t.overlay = false
	for _, dir := range sources.Dirs {
		t.readAll(dir)
	}
	rc := t.resolve()
	return rc, t.notes, errors.Join(t.errs...)
}

func (t *rcTree) readAll(dir string) {
	dir, entries, err := list(dir)
	if err != nil {
		t.wrong(dir, err)
		return
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case t.overlay && IsOverlays(e.Name()):
		case strings.ContainsAny(e.Name(), "\n\t"):
			t.fail(e.Name(), path, fmt.Errorf("cannot use %q: the name of a service holds no newline and no tab", path))
		case t.isDir(path, e):
			t.source(e.Name(), path)
		}
	}
}

// IsOverlays tells whether a service is one that s6-overlay itself has: where an image still holds
// it, what its scripts do is done by us.
func IsOverlays(name string) bool {
	return name == "fix-attrs" || name == "legacy-cont-init" || name == stageLegacy
}

// source reads one source directory by its type.
func (t *rcTree) source(name, dir string) {
	file := filepath.Join(dir, "type")
	kind, err := readValue(file)
	if errors.Is(err, fs.ErrNotExist) {
		switch {
		case t.overlay || name == bundleUser || name == bundleUser2 || name == bundleBase:
			kind, err = "bundle", nil // images leave the type of s6-overlay's own to it
		default:
			t.lack(name, dir, fmt.Errorf("cannot use %s: it has no type file, which says oneshot, longrun or bundle", dir))
			return
		}
	}
	switch {
	case err != nil:
		t.fail(name, file, err)
	case kind == "bundle":
		t.bundle(name, dir)
	case kind != "oneshot" && kind != "longrun":
		t.fail(name, file, wrongValue(file, kind, "oneshot, longrun or bundle"))
	case t.nodes[name] != nil:
		t.fail(name, dir, fmt.Errorf("cannot use %s: there is another service of that name in %s", dir, t.nodes[name].service.Dir))
	default:
		t.atomic(name, dir, kind)
	}
}

// bundle adds to what a bundle holds.
func (t *rcTree) bundle(name, dir string) {
	t.contents[name] = append(t.contents[name], t.names(name, filepath.Join(dir, contentsDir), filepath.Join(dir, contentsFile))...)
}

// names lists the files of a directory and the lines of a file, which are names, for a
// service or bundle.
func (t *rcTree) names(name, dir, file string) (all []string) {
	_, entries, err := list(dir)
	if err != nil {
		t.fail(name, dir, err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	lines, err := readNames(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.fail(name, file, err)
	}
	return append(all, lines...)
}

// readNames reads a file with a name a line.
func readNames(path string) (all []string, err error) {
	data, err := smallfile.Read(path, controlLimit)
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, line)
		}
	}
	return all, err
}

// atomic reads a longrun or a oneshot.
func (t *rcTree) atomic(name, dir, kind string) {
	n := &rcNode{}
	if kind == "oneshot" {
		n.service = t.oneshot(name, dir)
	} else {
		var ok bool
		var files []fs.DirEntry
		if n.service, files, ok = t.service(name, dir); !ok {
			if files != nil {
				t.lack(name, dir, fmt.Errorf("cannot use %s: a longrun needs a run file", dir))
			}
			return
		}
		n.service.Requires = nil // which may be bundles
	}
	n.service.Down = true // until a bundle of the boot leads to it; a down file means nothing here
	n.needs = t.names(name, filepath.Join(dir, "dependencies.d"), filepath.Join(dir, "dependencies"))
	if f := t.files[name]; f != nil {
		n.needs = append(n.needs, f.Requires...)
		if f.Oneshot {
			path := filepath.Join(dir, servicefile.Name)
			t.fail(name, path, fmt.Errorf("cannot use %s: a oneshot or a schedule is for services.d; here the file type says what the service is", path))
		}
	}
	_, files, err := list(dir)
	if err != nil {
		t.fail(name, dir, err)
	}
	for _, f := range files {
		if err := n.apply(f.Name(), kind); err != nil {
			t.fail(name, filepath.Join(dir, f.Name()), err)
		}
	}
	t.nodes[name] = n
	t.order = append(t.order, name)
}

// apply adds what one file says that only s6-rc knows.
func (n *rcNode) apply(file, kind string) (err error) {
	path := filepath.Join(n.service.Dir, file)
	longrun := kind == "longrun"
	switch {
	case file == "flag-essential":
		n.essential = true
	case file == "timeout-up":
		n.service.StartTimeout, err = readMillis(path, 0)
	case file == "timeout-down" && longrun:
		_, statErr := os.Stat(filepath.Join(n.service.Dir, "timeout-kill"))
		if limit, rerr := readMillis(path, 0); rerr != nil {
			err = rerr
		} else if limit > 0 && statErr != nil {
			n.service.StopTimeout, n.service.PatientStop = limit, false
		}
	case file == "timeout-down":
		n.service.FinishTimeout, err = readMillis(path, noLimit)
	case file == "producer-for" && longrun:
		n.producer, err = readValue(path)
	case file == "consumer-for" && longrun:
		n.feeds, err = readNames(path)
	case file == "pipeline-name" && longrun:
		n.pipeline, err = readValue(path)
	}
	return err
}

// oneshot makes a service of a oneshot's up and down files.
func (t *rcTree) oneshot(name, dir string) supervisor.Service {
	s := supervisor.Service{
		Name: name, Dir: dir, Oneshot: true, FinishTimeout: noLimit, StopTimeout: t.defaults.StopTimeout,
		Env: []string{"RC_NAME=" + name},
	}
	up, err := t.line(filepath.Join(dir, "up"))
	if err != nil {
		t.fail(name, filepath.Join(dir, "up"), err)
		return s
	}
	if up == nil {
		t.lack(name, dir, fmt.Errorf("cannot use %s: a oneshot needs an up file", dir))
	}
	if s.Undo, err = t.line(filepath.Join(dir, "down")); err != nil {
		t.fail(name, filepath.Join(dir, "down"), err)
	}
	s.Command = up
	return s
}

// line gives the words that run an up or down file, nil if there is none. It is a line of
// execline. Many a one was written for a shell, though: it is run as what it is.
func (t *rcTree) line(path string) ([]string, error) {
	data, err := smallfile.Read(path, scriptLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	text := string(data)
	if first, rest, found := strings.Cut(text, "\n"); strings.HasPrefix(first, "#!") && !strings.Contains(first, "execlineb") {
		if !found || strings.TrimSpace(rest) == "" {
			return []string{t.sources.Execlineb, "-P", path}, nil
		}
		t.note(path, "begins with "+strings.TrimSpace(first)+", a comment for s6-rc, which takes the rest for execline: it is run as the script that it is")
		argv := strings.SplitN(strings.TrimSpace(strings.TrimPrefix(first, "#!")), " ", 2)
		return append(argv, path), nil
	}
	if word, found := shellWord(text); found {
		t.note(path, fmt.Sprintf("is shell (%s), and s6-rc takes it for execline: it is run by /bin/sh (better: a script of its own, named here)", word))
		return []string{"/bin/sh", path}, nil
	}
	return []string{t.sources.Execlineb, "-P", path}, nil
}

// scriptLimit bounds an up or down file.
const scriptLimit = 1 << 20
