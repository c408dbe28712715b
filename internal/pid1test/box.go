//go:build linux

package pid1test

import (
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Box says what a box holds and how its PID 1 is run. The zero value of every
// field but one of Binary and Args is the default.
type Box struct {
	// Binary is the path, outside, of the program that becomes /init and is
	// run. Empty: Args[0], a path in the box, is run instead.
	Binary string
	// Args are the arguments after /init; without a Binary all of argv.
	Args []string
	// Env is added to PATH, HOSTNAME=box, HOME and with a TTY TERM=xterm; the
	// last of equal names wins. What PID 1 gets is this, byte for byte.
	Env []string
	// UID and GID are whom PID 1 runs as, without further groups; default
	// root. Others than root need a test that runs as root (else it skips).
	UID, GID int

	// Files are the files of the box by absolute path. Text that starts with
	// "#!" gets mode 0755, other 0644; a path that ends in "/" is a directory.
	Files map[string]string
	// Links are symbolic links: path to target.
	Links map[string]string
	// Mode sets the modes of files and directories that should have others.
	Mode map[string]fs.FileMode
	// Owner gives files and directories, not what is in them, to this uid and
	// gid; it needs root.
	Owner map[string]int
	// Without names what the box lacks, with all that is in it: "/run".
	Without []string
	// Host are directories and files of the machine that the box has too, under
	// the same paths and read-only, over whatever else it would have there;
	// what the machine lacks is left out. "/usr", "/lib" and "/lib64" are what
	// programs need that are not static.
	Host []string
	// Tmpfs mounts as Docker's --tmpfs does: "/run", or "/run:noexec" or
	// "/run:ro" with options after a colon; without them it is rw and exec.
	Tmpfs []string
	// ReadOnly is Docker's --read-only: all but Tmpfs, /dev/shm and what is
	// in /proc and /dev is read-only.
	ReadOnly bool
	// NoProc leaves /proc an empty directory.
	NoProc bool
	// HostRoot keeps the file system of the machine, /dev and all; only /proc
	// is the box's own. It rules out Files and all like it, Host and Tmpfs.
	HostRoot bool

	// Hostname is the name of the machine that the box is; default "box". What is
	// in the environment and in the files of /etc stays.
	Hostname string
	// Network is the network of the box; default one of its own. It needs root.
	Network *Network

	// Stdin is what PID 1 reads, and then the end of file; default /dev/null.
	Stdin string
	// Interactive is Docker's -i: stdin stays open for Running.Send until
	// Running.CloseStdin.
	Interactive bool
	// TTY is Docker's -t: a terminal of the box is stdin, stdout, stderr and
	// the controlling terminal of PID 1. It implies Interactive.
	TTY bool
	// Stdout and Stderr get the output in place of Running; an *os.File
	// directly. A TTY has neither.
	Stdout, Stderr io.Writer

	// DropCaps is Docker's --cap-drop=ALL.
	DropCaps bool
	// Privileged keeps every capability, and /proc/sys writable.
	Privileged bool
	// NoNewPrivs is Docker's --security-opt=no-new-privileges.
	NoNewPrivs bool

	// Timeout is how long the box may exist; past it PID 1 is killed, and the
	// test fails. Default 30 s.
	Timeout time.Duration
}

// argv is what execve gets.
func (b *Box) argv() []string {
	switch {
	case b.Binary == "":
		return b.Args
	case b.HostRoot:
		return append([]string{b.Binary}, b.Args...)
	}
	return append([]string{"/init"}, b.Args...)
}

// environ is Docker's default environment and then Env.
func (b *Box) environ() []string {
	home := "/"
	if b.UID == 0 {
		home = "/root"
	}
	env := []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOSTNAME=" + hostname,
		"HOME=" + home,
	}
	if b.TTY {
		env = append(env, "TERM=xterm")
	}
	return append(slices.DeleteFunc(env, b.overrides), b.Env...)
}

// overrides reports whether Env sets the variable of entry.
func (b *Box) overrides(entry string) bool {
	name, _, _ := strings.Cut(entry, "=")
	return slices.ContainsFunc(b.Env, func(e string) bool { return strings.HasPrefix(e, name+"=") })
}

// timeout is Timeout with its default.
func (b *Box) timeout() time.Duration {
	if b.Timeout > 0 {
		return b.Timeout
	}
	return 30 * time.Second
}

// within is the path outside of a path in the box.
func within(root, path string) string { return filepath.Join(root, filepath.Clean("/"+path)) }
