//go:build linux

package applet

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/sillelien/baseinit/internal/credential"
	"github.com/sillelien/baseinit/internal/execline"
)

// defaultScript is what logutil-service has s6-log do unless S6_LOGGING_SCRIPT says
// something else.
const defaultScript = "n20 s1000000 T"

// nobody is the number of that user where there is no such account.
const nobody = 65534

// logutilService is logutil-service: s6-log as user nobody, in an empty environment.
//
// That of s6-overlay 1 and 2 gives s6-log -p, and that of 3 does not, and so does this
// one. A logger that is stopped sees the end of its input first and SIGTERM only if that
// does not come, as when a process which has been forgotten holds the pipe. With -p it
// would then be killed in the end, with current not finished; without it our s6-log
// writes what has come so far, and ends cleanly.
func logutilService(p *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "f:")
	if !ok || len(rest) == 0 {
		return nil, errUsage
	}
	dir := rest[0]
	if !strings.HasPrefix(dir, "/") && !strings.HasPrefix(dir, ".") {
		return nil, fail(execline.CodeUsage, "cannot log to %q: give the directory as a path that begins with / or .", dir)
	}
	script := loggingScript(p)
	for _, o := range options {
		if err := readFIFO(o.Arg); err != nil {
			return nil, err
		}
	}
	if err := becomeNobody(p); err != nil {
		return nil, err
	}
	p.Env = nil
	// Called and not given as the rest of the line: without a PATH another s6-log could
	// be found.
	line := append([]string{"s6-log", "-b", "--"}, strings.Fields(script)...)
	return logLines(p, append(line, dir))
}

// loggingScript is S6_LOGGING_SCRIPT of the container's environment, or else of ours.
func loggingScript(p *execline.Process) string {
	env, err := containerEnviron(p)
	if err == nil {
		if script, ok := execline.NewProcess(env, nil).Get("S6_LOGGING_SCRIPT"); ok {
			return script
		}
	}
	if script, ok := p.Get("S6_LOGGING_SCRIPT"); ok {
		return script
	}
	return defaultScript
}

// readFIFO makes a FIFO standard input, without waiting for who writes to it.
func readFIFO(name string) error {
	if name == "" {
		return nil
	}
	fd, err := syscall.Open(name, syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("cannot read the FIFO: %w", &os.PathError{Op: "open", Path: name, Err: err})
	}
	if err := syscall.SetNonblock(fd, false); err != nil {
		return fmt.Errorf("cannot read the FIFO %s: %w", name, err)
	}
	if fd == 0 {
		return nil
	}
	if err := syscall.Dup3(fd, 0, 0); err != nil {
		return fmt.Errorf("cannot read the FIFO %s: %w", name, err)
	}
	return syscall.Close(fd)
}

// becomeNobody gives root's rights up. Who has none stays who he is, as in a container
// that runs as an ordinary user, where that of s6-overlay fails.
func becomeNobody(p *execline.Process) error {
	if os.Geteuid() != 0 {
		return nil
	}
	id, err := account("nobody")
	if err != nil {
		uid, gid := nobody, nobody
		id = credential.Identity{UID: &uid, GID: &gid, Groups: []int{}}
	}
	err = assume(p, id)
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EINVAL) { // no capabilities, or no such user in the namespace
		p.Warn(fmt.Errorf("logging as root: %w", err))
		return nil
	}
	return err
}

// newFIFO is logutil-newfifo. That of s6-overlay removes a directory with all that is in
// it, if the path is one's; this one does not.
func newFIFO(_ *execline.Process, argv []string) ([]string, error) {
	options, rest, ok := execline.Options(argv[1:], "m:o:")
	mode, owner := uint64(0o600), ""
	for _, o := range options {
		switch o.Letter {
		case 'm':
			n, err := strconv.ParseUint(o.Arg, 8, 12)
			ok, mode = ok && err == nil, n
		case 'o':
			owner = o.Arg
		}
	}
	if !ok || len(rest) == 0 {
		return nil, errUsage
	}
	name := rest[0]
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("cannot make the FIFO: %w", err)
	}
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		return nil, fmt.Errorf("cannot make the FIFO: %w", &os.PathError{Op: "mkfifo", Path: name, Err: err})
	}
	if err := ownFIFO(name, owner); err != nil {
		return nil, err
	}
	return nil, os.Chmod(name, fileMode(mode))
}

// ownFIFO gives a FIFO to a user; to root, whose it is anyway, unless one is named.
func ownFIFO(name, owner string) error {
	if owner == "" {
		return nil
	}
	id, err := account(owner)
	if err != nil {
		return err
	}
	if err := os.Chown(name, *id.UID, *id.GID); err != nil {
		return fmt.Errorf("cannot make the FIFO: %w", err)
	}
	return nil
}
