package s6

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/sillelien/baseinit/internal/s6/smallfile"
)

// Results are the files through which scripts set the container's exit code:
// s6-linux-init-container-results/exitcode of s6-overlay v3, which scripts also
// read, and s6/env-stage3/S6_STAGE2_EXITED (S6_CMD_EXITED before 1.20) of v1 and
// v2. A nil *Results, for a container in which they cannot be, has no code.
type Results struct {
	exitcode string   // the path
	stage3   []string // the paths, the one that counts first
	ours     stamp    // exitcode as we left it
}

// stamp tells a file that we wrote from one that somebody wrote since.
type stamp struct {
	text  string
	mtime time.Time
}

// NewResults makes the files for a new container below runDir, which is /run
// unless that cannot be written: exitcode holds "0\n", and what an earlier life of
// the container left is gone. Errors name what could not be made.
func NewResults(runDir string) (*Results, error) {
	r := &Results{exitcode: filepath.Join(runDir, "s6-linux-init-container-results", "exitcode")}
	stage3 := filepath.Join(runDir, "s6", "env-stage3")
	r.stage3 = []string{filepath.Join(stage3, "S6_STAGE2_EXITED"), filepath.Join(stage3, "S6_CMD_EXITED")}
	for _, dir := range []string{filepath.Dir(r.exitcode), stage3} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("cannot make the directory for exit codes: %w", err)
		}
	}
	// Removed, not truncated: nobody's link or FIFO in its place is written through.
	for _, path := range append(r.stage3, r.exitcode) {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("cannot make the files for exit codes: %w", err)
		}
	}
	if err := r.write(os.O_CREATE|os.O_EXCL, 0); err != nil {
		return nil, err
	}
	return r, nil
}

// Record writes code, how CMD or a critical service ended, where finish scripts
// look for it: those that find 0 there write their own. It counts as nobody's
// wish, and does nothing when a script has written a code before.
func (r *Results) Record(code int) error {
	if r == nil {
		return nil
	}
	if _, written, err := r.explicit(); written || err != nil {
		return err
	}
	return r.write(os.O_CREATE|os.O_TRUNC, code)
}

// ExitCode is the code that scripts want the container to end with, and whether
// there is one: that in exitcode, if it was written to since NewResults and
// Record, even if it is the same, else that in S6_STAGE2_EXITED or S6_CMD_EXITED.
// A file that holds no number from 0 to 255 is an error that names it, joined to the
// others, and counts as not written.
func (r *Results) ExitCode() (code int, set bool, err error) {
	if r == nil {
		return 0, false, nil
	}
	code, set, err = r.explicit()
	for _, path := range r.stage3 {
		if set {
			break
		}
		var ferr error
		code, set, ferr = readExitCode(path)
		err = errors.Join(err, ferr)
	}
	return code, set, err
}

// explicit reads exitcode, which is set when somebody else wrote it.
func (r *Results) explicit() (code int, set bool, err error) {
	now, err := takeStamp(r.exitcode)
	if err != nil || now == (stamp{}) {
		return 0, false, err
	}
	if now.text == r.ours.text && now.mtime.Equal(r.ours.mtime) {
		return 0, false, nil
	}
	return readExitCode(r.exitcode)
}

func (r *Results) write(flag, code int) error {
	f, err := os.OpenFile(r.exitcode, os.O_WRONLY|syscall.O_NONBLOCK|flag, 0o644)
	if err != nil {
		return fmt.Errorf("cannot write the exit code: %w", err)
	}
	_, err = fmt.Fprintf(f, "%d\n", code)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("cannot write the exit code: %w", err)
	}
	// The kernel's clock for files is coarse: only a time of the past shows that
	// the same text was written again within the same tick.
	past := time.Now().Add(-time.Minute).Truncate(time.Second)
	if err := os.Chtimes(r.exitcode, past, past); err != nil {
		return fmt.Errorf("cannot write the exit code: %w", err)
	}
	r.ours, err = takeStamp(r.exitcode)
	return err
}

// takeStamp gives the zero stamp for a file that is not there.
func takeStamp(path string) (stamp, error) {
	fi, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return stamp{}, nil
	}
	if err != nil {
		return stamp{}, fmt.Errorf("cannot read the exit code: %w", err)
	}
	data, err := smallfile.Read(path, controlLimit)
	return stamp{string(data), fi.ModTime()}, err
}

// readExitCode reads one file. One that is not there is not set.
func readExitCode(path string) (code int, set bool, err error) {
	data, err := smallfile.Read(path, controlLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	text := strings.TrimSpace(string(data))
	n, err := strconv.ParseUint(text, 10, 8)
	if err != nil {
		return 0, false, wrongValue(path, text, "an exit code from 0 to 255")
	}
	return int(n), true, nil
}
