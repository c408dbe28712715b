package fixattrs

import (
	"errors"
	"fmt"
	"os"
	"path"
	"strconv"

	"golang.org/x/sys/unix"
)

// fix gives the file name in dir its owner and mode, after all that is below it:
// once it has its own, we may not be able to enter it any more.
func (w *walk) fix(dir place, name string) {
	full := path.Join(dir.name, name)
	fd, st, err := open(dir.fd, name)
	if err != nil {
		w.failOpen(full, err)
		return
	}
	defer unix.Close(fd)
	if st.Mode&unix.S_IFMT == unix.S_IFLNK {
		w.fail(full, errors.New("it is a symbolic link: name what it points to instead"))
		return
	}
	w.fixOpen(place{fd, full}, st, 0)
}

// deepest bounds the descriptors that a recursion has open, one for each level.
const deepest = 512

func (w *walk) fixOpen(p place, st unix.Stat_t, depth int) {
	mode := w.rule.fmode
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		mode = w.rule.dmode
		if w.rule.recurse {
			w.fixContents(p, depth+1)
		}
	}
	if w.ctx.Err() != nil {
		return
	}
	owned, err := chown(p.fd, st, w.rule.uid, w.rule.gid)
	if err != nil {
		w.fail(p.name, fmt.Errorf("cannot change the owner: %w", err))
	}
	// The kernel may have taken setuid and setgid away with the owner.
	if mode == leave || (!owned && int(st.Mode&0o7777) == mode) {
		return
	}
	if err := chmod(p.fd, uint32(mode)); err != nil {
		w.fail(p.name, fmt.Errorf("cannot change the mode: %w", err))
	}
}

func (w *walk) fixContents(dir place, depth int) {
	if depth > deepest {
		w.fail(dir.name, fmt.Errorf("directories are nested more than %d deep", deepest))
		return
	}
	for _, name := range w.list(dir) {
		if name[0] == '.' && !w.hidden {
			continue
		}
		if w.ctx.Err() != nil {
			return
		}
		w.fixEntry(dir, name, depth)
	}
}

func (w *walk) fixEntry(dir place, name string, depth int) {
	fd, st, err := open(dir.fd, name)
	if err != nil {
		if !errors.Is(err, unix.ENOENT) { // else it went away meanwhile
			w.fail(path.Join(dir.name, name), err)
		}
		return
	}
	defer unix.Close(fd)
	if st.Mode&unix.S_IFMT != unix.S_IFLNK {
		w.fixOpen(place{fd, path.Join(dir.name, name)}, st, depth)
	}
}

// list gives the names in a directory that is open with O_PATH.
func (w *walk) list(dir place) []string {
	fd, err := openat(dir.fd, ".", unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		w.fail(dir.name, fmt.Errorf("cannot list it: %w", err))
		return nil
	}
	f := os.NewFile(uintptr(fd), dir.name)
	defer f.Close()
	names, err := f.Readdirnames(-1)
	if err != nil {
		w.fail(dir.name, fmt.Errorf("cannot list it: %w", err))
	}
	return names
}

// chown tells whether it had to change the owner of an O_PATH descriptor.
func chown(fd int, st unix.Stat_t, uid, gid int) (changed bool, err error) {
	if (uid == leave || st.Uid == uint32(uid)) && (gid == leave || st.Gid == uint32(gid)) {
		return false, nil
	}
	err = unix.Fchownat(fd, "", uid, gid, unix.AT_EMPTY_PATH)
	return err == nil, err
}

// chmod changes the mode of an O_PATH descriptor, which fchmod(2) refuses:
// fchmodat2(2) since Linux 6.6, before it the way of libc through /proc. A
// sandbox that does not know the call says EPERM.
func chmod(fd int, mode uint32) error {
	err := unix.Fchmodat(fd, "", mode, unix.AT_EMPTY_PATH)
	if err == nil {
		return nil
	}
	perr := unix.Chmod("/proc/self/fd/"+strconv.Itoa(fd), mode)
	if errors.Is(perr, unix.ENOENT) {
		return err // no /proc
	}
	return perr
}
