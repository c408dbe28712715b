package credential

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/supervisor/program"
)

// The exit codes of a process that did not become its program.
const (
	CodeUsage   = 100 // what Wrap does not make
	CodeSystem  = 111 // it cannot become what it is to be
	CodeCannot  = 126 // the program is there and cannot be run
	CodeMissing = 127 // the program is not there
)

// Become makes the present process what wrapped, which is what Wrap gives, says, and then
// its program, with that environment. It returns only if it fails, with the code to
// exit with and the reason. warn is told what could not be done and does not matter.
func Become(wrapped, env []string, warn func(error)) (code int, err error) {
	spec, argv, err := Unwrap(wrapped)
	if err != nil {
		return CodeUsage, fmt.Errorf("called in a wrong way: %w", err)
	}
	// Priority and capabilities are a thread's, and this one becomes the program.
	runtime.LockOSThread()
	id, personal, err := spec.Identity()
	if err != nil {
		return CodeSystem, err
	}
	env = spec.only(env)
	for _, entry := range personal {
		env = set(env, entry)
	}
	if err := spec.change(id, warn); err != nil {
		return CodeSystem, err
	}
	path, err := program.Find(argv[0], env, "") // as the user who is to run it
	if err != nil {
		return codeOf(err), err
	}
	warmUp(path, argv, env)
	if err := spec.limits(); err != nil {
		return CodeSystem, err
	}
	err = execute(path, argv, env)
	return codeOf(err), err
}

// only is an environment without what is not among Variables.
func (s *Spec) only(env []string) []string {
	if s.Variables == nil {
		return env
	}
	return slices.DeleteFunc(slices.Clone(env), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return !slices.Contains(*s.Variables, name)
	})
}

// codeOf is the exit code for a program that could not be run.
func codeOf(err error) int {
	if errors.Is(err, syscall.ENOENT) {
		return CodeMissing
	}
	return CodeCannot
}

// change does all but the limits, each step while the process may still do it.
func (s *Spec) change(id Identity, warn func(error)) error {
	if err := s.raise(); err != nil {
		return err
	}
	if err := s.weigh(); err != nil {
		return err
	}
	if s.Capabilities != nil {
		if err := bound(s.mask()); err != nil {
			return err
		}
	}
	if err := id.Assume(warn); err != nil {
		return err
	}
	if s.Capabilities != nil {
		if err := restrict(s.mask()); err != nil {
			return err
		}
	}
	if s.NoNewPrivs != nil && *s.NoNewPrivs {
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			return fmt.Errorf("cannot set no_new_privs: %w", err)
		}
	}
	if s.Umask != nil {
		syscall.Umask(int(*s.Umask))
	}
	return nil
}

// weigh sets the priority, and that with which the kernel kills when memory runs out.
func (s *Spec) weigh() error {
	if s.OOMScoreAdj != nil {
		text := strconv.Itoa(*s.OOMScoreAdj)
		if err := os.WriteFile("/proc/self/oom_score_adj", []byte(text), 0); err != nil {
			return fmt.Errorf("cannot set oom_score_adj to %s%s: %w", text, needs(err, "CAP_SYS_RESOURCE to lower it"), cause(err))
		}
	}
	if s.Nice != nil {
		if err := unix.Setpriority(unix.PRIO_PROCESS, 0, *s.Nice); err != nil {
			return fmt.Errorf("cannot set the nice value to %d%s: %w", *s.Nice, needs(err, "CAP_SYS_NICE to lower it"), err)
		}
	}
	return nil
}

func cause(err error) error {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno
	}
	return err
}

// execute becomes a program, and with a file that is neither a program nor names its
// interpreter a shell, as execvp(3) does.
func execute(path string, argv, env []string) error {
	err := syscall.Exec(path, argv, env)
	if errors.Is(err, syscall.ENOEXEC) && program.IsText(path, "") {
		err = syscall.Exec("/bin/sh", append([]string{"sh", path}, argv[1:]...), env)
	}
	return program.Explain(path, "", err)
}

// warmUp allocates what execve(2) needs, several times, so that there is room for it without new
// pages of the heap, which a limit of memory may forbid by then: setrlimit(2). How much the
// heap has left is random.
func warmUp(path string, argv, env []string) {
	for range 4 {
		_, _ = syscall.BytePtrFromString(path) // execute sees errors
		_, _ = syscall.SlicePtrFromStrings(argv)
		_, _ = syscall.SlicePtrFromStrings(env)
	}
}

// set puts a variable into an environment, in place of those of its name.
func set(env []string, entry string) []string {
	name, _, _ := strings.Cut(entry, "=")
	env = slices.DeleteFunc(slices.Clone(env), func(e string) bool { return strings.HasPrefix(e, name+"=") })
	return append(env, entry)
}
