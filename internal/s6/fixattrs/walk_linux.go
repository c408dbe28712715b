package fixattrs

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// fix does what a rule says. Its error is the first of what went wrong, and says
// how much more did.
func fix(ctx context.Context, c Config, r rule) error {
	root, err := openat(unix.AT_FDCWD, c.Root, unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Root, err)
	}
	defer unix.Close(root)
	w := &walk{ctx: ctx, rule: r, hidden: c.Hidden}
	w.find([]place{{root, c.Root}}, split(r.path, hasWildcard))
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("not finished: %w", context.Cause(ctx))
	case w.failures > 1:
		return fmt.Errorf("%w (and %d more)", w.first, w.failures-1)
	}
	return w.first
}

// walk is the search for what a rule's path names, and the work on it.
type walk struct {
	ctx    context.Context
	rule   rule
	hidden bool

	links    int // followed on the way to where we are
	first    error
	failures int
}

// place is an open directory and its name for messages.
type place struct {
	fd   int
	name string
}

// part is one name of a path.
type part struct {
	text    string
	pattern bool
}

func split(name string, pattern func(string) bool) []part {
	var parts []part
	for text := range strings.SplitSeq(name, "/") {
		if text != "" && text != "." {
			parts = append(parts, part{text, pattern(text)})
		}
	}
	return parts
}

func hasWildcard(name string) bool { return strings.ContainsAny(name, `*?[\`) }

// noWildcard is for the target of a link, where a star is a star.
func noWildcard(string) bool { return false }

// openat is openat(2). EINTR comes from network file systems only.
func openat(dir int, name string, flags int) (fd int, err error) {
	for {
		fd, err = unix.Openat(dir, name, flags|unix.O_CLOEXEC, 0)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// open opens whatever name is, the link itself if it is one, without any effect
// on it, and tells what it is.
func open(dir int, name string) (fd int, st unix.Stat_t, err error) {
	fd, err = openat(dir, name, unix.O_PATH|unix.O_NOFOLLOW)
	if err != nil {
		return -1, st, err
	}
	if err = unix.Fstat(fd, &st); err != nil {
		_ = unix.Close(fd)
		return -1, st, err
	}
	return fd, st, nil
}

func (w *walk) fail(name string, err error) {
	if w.first == nil {
		w.first = fmt.Errorf("%s: %w", name, err)
	}
	w.failures++
}

// failOpen is for a file that cannot be opened. That one is missing is no failure where
// a wildcard named it: not each of services.d/*/finish exists.
func (w *walk) failOpen(name string, err error) {
	if errors.Is(err, unix.ENOENT) && hasWildcard(w.rule.path) {
		return
	}
	w.fail(name, err)
}

// find walks down from the last of the places, of which each is in the one
// before it and the first is the root, and fixes what the parts of the path
// name there.
func (w *walk) find(at []place, parts []part) {
	here := at[len(at)-1]
	switch {
	case w.ctx.Err() != nil:
	case len(parts) == 0:
		w.fix(here, ".")
	case parts[0].text == "..":
		// From a link's target. The root is its own parent.
		w.find(at[:max(1, len(at)-1)], parts[1:])
	case parts[0].pattern:
		for _, name := range w.list(here) {
			if matches(parts[0].text, name) {
				w.step(at, name, parts[1:])
			}
		}
	default:
		w.step(at, parts[0].text, parts[1:])
	}
}

// matches is path.Match but for hidden names, which only a dot matches: glob(7).
func matches(pattern, name string) bool {
	ok, _ := path.Match(pattern, name)
	return ok && (name[0] != '.' || pattern[0] == '.')
}

// step goes on from the last place to name, and on to the parts after it.
func (w *walk) step(at []place, name string, parts []part) {
	here := at[len(at)-1]
	if len(parts) == 0 {
		w.fix(here, name)
		return
	}
	full := path.Join(here.name, name)
	fd, st, err := open(here.fd, name)
	if err != nil {
		w.failOpen(full, err)
		return
	}
	defer unix.Close(fd)
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		w.find(append(slices.Clip(at), place{fd, full}), parts)
	case unix.S_IFLNK:
		w.follow(at, full, fd, st.Uid, parts)
	default:
		if !hasWildcard(w.rule.path) {
			w.fail(full, unix.ENOTDIR)
		}
	}
}

// follow goes on through a symbolic link on the way. An absolute target starts
// from our root, not from the system's.
func (w *walk) follow(at []place, full string, link int, owner uint32, parts []part) {
	if owner != 0 && owner != uint32(unix.Geteuid()) {
		w.fail(full, fmt.Errorf("this link on the way is not followed, since it belongs to user %d", owner))
		return
	}
	const most = 40 // path_resolution(7)
	if w.links >= most {
		w.fail(full, unix.ELOOP)
		return
	}
	w.links++
	defer func() { w.links-- }()
	var buf [unix.PathMax]byte
	n, err := unix.Readlinkat(link, "", buf[:])
	if err != nil {
		w.fail(full, err)
		return
	}
	target := string(buf[:n])
	if path.IsAbs(target) {
		at = at[:1]
	}
	w.find(at, append(split(target, noWildcard), parts...))
}
