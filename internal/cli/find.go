package cli

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/sillelien/baseinit/internal/procs"
	"github.com/sillelien/baseinit/internal/statedir"
)

// UnreachableError is that no baseinit answers.
type UnreachableError struct {
	Tried  []string // what was tried, and why it was not that
	Denied bool     // there is one that this user may not ask
	Silent bool     // there is one, and it does not say anything
}

// Error says what was tried and what to do.
func (e *UnreachableError) Error() string {
	text := "no baseinit answers: " + strings.Join(e.Tried, "; ")
	switch {
	case e.Denied:
		return text + " (as root it does: docker exec -u root NAME baseinit status)"
	case e.Silent:
		return text
	}
	return text + " (inside its container it does: docker exec NAME baseinit status; BASEINIT_CONTROL names a socket elsewhere)"
}

// sockets lists the places where the socket may be, the likeliest first. What was said by
// name is all there is then.
func sockets() []string {
	if path := os.Getenv("BASEINIT_CONTROL"); path != "" && path != "off" && path != "on" {
		return []string{path}
	}
	if dir := os.Getenv("BASEINIT_RUN"); dir != "" {
		return []string{filepath.Join(dir, statedir.Control)}
	}
	paths := []string{filepath.Join(statedir.Usual, statedir.Control)}
	first := environOfFirst()
	if dir := first["BASEINIT_RUN"]; dir != "" {
		paths = append(paths, filepath.Join(dir, statedir.Control))
	}
	return append(paths, private(first)...)
}

// private lists the sockets in directories that baseinit makes for itself where it cannot
// write to /run. Those that somebody else can have made do not count.
func private(first map[string]string) (paths []string) {
	users := []int{os.Getuid()}
	var stat syscall.Stat_t
	if os.Getuid() == 0 && syscall.Stat("/proc/1", &stat) == nil && stat.Uid != 0 {
		users = append(users, int(stat.Uid))
	}
	dirs := []string{os.Getenv("XDG_RUNTIME_DIR"), first["XDG_RUNTIME_DIR"], os.TempDir(), first["TMPDIR"]}
	for i, dir := range dirs {
		if dir == "" || slices.Contains(dirs[:i], dir) {
			continue
		}
		for _, uid := range users {
			own := filepath.Join(dir, statedir.Private(uid))
			if statedir.Check(own, uid) != nil {
				continue
			}
			found, _ := filepath.Glob(filepath.Join(own, "*", statedir.Control))
			paths = append(paths, found...)
		}
	}
	return paths
}

// environOfFirst is what of the environment of the container's first process says where it
// has its state: `docker exec` has its own. Only who may look finds anything.
func environOfFirst() map[string]string {
	found := map[string]string{}
	text, err := os.ReadFile("/proc/1/environ")
	if err != nil {
		return found
	}
	for entry := range strings.SplitSeq(string(text), "\x00") {
		name, value, _ := strings.Cut(entry, "=")
		switch name {
		case "BASEINIT_CONTROL", "BASEINIT_RUN", "XDG_RUNTIME_DIR", "TMPDIR":
			found[name] = value
		}
	}
	return found
}

// bootPatience is how long the socket may take to be there in a container that is just started.
const bootPatience = time.Second

// dial connects with the first socket that somebody answers at. Who asks right after
// `docker run -d` may be sooner than the container.
func dial() (*os.File, error) {
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		conn, err := dialOnce()
		failed, is := errors.AsType[*UnreachableError](err)
		if err == nil || is && failed.Denied || time.Since(began) > bootPatience || !isBooting() {
			return conn, err
		}
	}
}

// isBooting tells whether the container has hardly begun, and is to have a socket.
func isBooting() bool {
	const young = 3 // seconds
	return age("/proc/1/stat") < young && environOfFirst()["BASEINIT_CONTROL"] != "off"
}

// age is how many seconds a process has run, by its proc_pid_stat(5).
func age(file string) float64 {
	stat, err := os.ReadFile(file)
	uptime, uerr := os.ReadFile("/proc/uptime")
	_, fields, ok := procs.Stat(string(stat))
	const started = 22 - procs.FirstField
	if err != nil || uerr != nil || !ok || len(fields) <= started {
		return math.Inf(1)
	}
	now, _, _ := strings.Cut(string(uptime), " ")
	seconds, err := strconv.ParseFloat(now, 64)
	ticks, terr := strconv.ParseFloat(fields[started], 64)
	if err != nil || terr != nil {
		return math.Inf(1)
	}
	return seconds - ticks/procs.Ticks
}

// dialOnce is dial without patience.
func dialOnce() (*os.File, error) {
	failed := &UnreachableError{}
	for _, path := range sockets() {
		conn, err := connect(path)
		if err == nil {
			return conn, nil
		}
		failed.Tried = append(failed.Tried, path+": "+reason(err))
		failed.Denied = failed.Denied || errors.Is(err, syscall.EACCES)
	}
	return nil, failed
}

// connect connects with one socket. The kernel's queue may be full for a while: then it waits,
// which a socket that does not block would not.
func connect(path string) (*os.File, error) {
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot make a socket: %w", err)
	}
	syscall.CloseOnExec(fd)
	_ = syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_SNDTIMEO, &syscall.Timeval{Sec: connectSeconds})
	if err = syscall.Connect(fd, &syscall.SockaddrUnix{Name: path}); err == nil {
		err = syscall.SetNonblock(fd, true)
	}
	if err != nil {
		_ = syscall.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), path), nil
}

// reason is why a socket does not answer, for a person.
func reason(err error) string {
	switch {
	case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ENOTDIR):
		return "it is not there"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nobody listens"
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return "only its owner and root may connect"
	case errors.Is(err, syscall.EAGAIN):
		return "it did not answer in time"
	}
	return err.Error()
}
