// Package statedir is what baseinit and the commands that look for it agree on: how the
// directories are called in which a container keeps its state, and whom they belong to.
package statedir

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// Usual is the directory for state where that can be written.
const Usual = "/run"

// Control is where the control socket is, below the directory for state.
const Control = "baseinit/control"

// Private is how the directory is called that a user has for it elsewhere, below
// $XDG_RUNTIME_DIR or $TMPDIR. In it each container has one with the number of its baseinit.
func Private(uid int) string { return ".baseinit-" + strconv.Itoa(uid) }

// Check tells whether a private directory is a user's alone: nobody else can have prepared it.
func Check(path string, uid int) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !ok || int(stat.Uid) != uid || info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("cannot use %s: it is not a directory of ours alone", path)
	}
	return nil
}
