package s6

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/internal/s6/smallfile"
	"github.com/sillelien/baseinit/supervisor"
)

// controlLimit bounds the files that hold a value.
const controlLimit = 64 << 10

// What 0 milliseconds mean in a control file.
const (
	noLimit time.Duration = -1
	// forever is too long for any container to wait, and short enough to be
	// added to any time.
	forever = 100 * 365 * 24 * time.Hour
)

// defaultBackoff is the supervisor's.
const defaultBackoff = time.Second

// readValue reads a file that holds one value, with blanks or a line's end of
// any kind after it, or without.
func readValue(path string) (string, error) {
	data, err := smallfile.Read(path, controlLimit)
	return strings.TrimSpace(string(data)), err
}

// wrongValue is the error for a value that is not allowed.
func wrongValue(path, value, allowed string) error {
	const longest = 40
	if len(value) > longest {
		value = value[:longest] + "..."
	}
	return fmt.Errorf("cannot use %s: it holds %q; allowed is %s", path, value, allowed)
}

// readDescriptor reads notification-fd. The standard descriptors, which s6
// accepts, would be taken from the service's input and output.
func readDescriptor(path string) (int, error) {
	const highest = 1023 // within every usual RLIMIT_NOFILE
	text, err := readValue(path)
	if err != nil {
		return 0, err
	}
	fd, ok := number(text, 3, highest)
	if !ok {
		return 0, wrongValue(path, text, fmt.Sprintf("a descriptor from 3 to %d", highest))
	}
	return fd, nil
}

// readMillis reads a time limit; zero is what 0 stands for.
func readMillis(path string, zero time.Duration) (time.Duration, error) {
	text, err := readValue(path)
	if err != nil {
		return 0, err
	}
	d, ok := millis(text)
	if !ok {
		return 0, wrongValue(path, text, millisAllowed)
	}
	if d == 0 {
		return zero, nil
	}
	return d, nil
}

// ReadSignal reads a file that holds a signal's name, in any case and with or without SIG, or number.
func ReadSignal(path string) (syscall.Signal, error) {
	const last = 64 // SIGRTMAX, signal(7)
	text, err := readValue(path)
	if err != nil {
		return 0, err
	}
	if n, ok := number(text, 1, last); ok {
		return syscall.Signal(n), nil
	}
	name := "SIG" + strings.TrimPrefix(strings.ToUpper(text), "SIG")
	if sig := unix.SignalNum(name); sig != 0 {
		return sig, nil
	}
	return 0, wrongValue(path, text, fmt.Sprintf("a signal by name (QUIT or SIGQUIT) or number (1 to %d)", last))
}

// readMaxRestarts reads "N" or "N/SECONDS". 0 means that the service is not
// restarted at all.
func readMaxRestarts(path string, s *supervisor.Service) error {
	text, err := readValue(path)
	if err != nil {
		return err
	}
	count, window, found := strings.Cut(text, "/")
	n, ok := number(strings.TrimSpace(count), 0, math.MaxInt32)
	if found && ok {
		var seconds uint64
		seconds, err = strconv.ParseUint(strings.TrimSpace(window), 10, 31)
		s.RestartWindow = time.Duration(seconds) * time.Second
		ok = err == nil && seconds > 0
	}
	if !ok {
		return wrongValue(path, text, "a number of restarts, N, or N/SECONDS")
	}
	s.MaxRestarts = n
	if n == 0 {
		s.Restart = supervisor.RestartNever
	}
	return nil
}

// ReadTallyLimit reads max-death-tally: how many ends of a service are remembered.
func ReadTallyLimit(path string) (int, error) {
	const most = 4096
	text, err := readValue(path)
	if err != nil {
		return 0, err
	}
	n, ok := number(text, 0, most)
	if !ok {
		return 0, wrongValue(path, text, fmt.Sprintf("a number from 0 to %d", most))
	}
	return n, nil
}
