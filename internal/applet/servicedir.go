//go:build linux

package applet

import (
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/internal/execline"
	"github.com/sillelien/baseinit/internal/servicedir"
)

// scanDirs are the names that images know for the directory of service directories.
func scanDirs() []string {
	return []string{"/run/service", "/run/s6/services", "/run/s6/legacy-services", "/run/s6-rc/servicedirs"}
}

// serviceDir is the directory that a script means: where /run cannot be written, the
// container's are elsewhere. A name alone that is no directory here is a service's.
func serviceDir(p *execline.Process, name string) string {
	clean := strings.TrimPrefix(filepath.Clean(name), "/var")
	run := runDir(p)
	for _, dir := range scanDirs() {
		if service, found := strings.CutPrefix(clean, dir+"/"); found {
			return filepath.Join(run, "service", service)
		}
	}
	var st syscall.Stat_t
	if !strings.HasPrefix(name, "/") && !strings.HasPrefix(name, ".") && syscall.Stat(name, &st) != nil {
		return filepath.Join(run, "service", name)
	}
	return name
}

// unsupervised gives an error that code if that is because nobody supervises.
func unsupervised(err error, code int) error {
	if errors.Is(err, servicedir.ErrUnsupervised) {
		return &execline.Exit{Code: code, Err: err}
	}
	return err
}

// signalName is SIGTERM for 15.
func signalName(n int) string {
	if name := unix.SignalName(syscall.Signal(n)); name != "" {
		return name
	}
	return "SIG" + strconv.Itoa(n)
}

// signalNumber reads a name with SIG before it, in any case, or a number in its place.
func signalNumber(word string) (n int, ok bool) {
	name := strings.ToUpper(word)
	if sig := unix.SignalNum(name); sig != 0 {
		return int(sig), true
	}
	digits, found := strings.CutPrefix(name, "SIG")
	number, err := strconv.ParseUint(digits, 10, 7)
	return int(number), found && err == nil && number > 0 && number <= 64
}

// milliseconds reads a time as s6 takes it.
func milliseconds(text string) (int, bool) {
	n, err := strconv.ParseUint(text, 10, 32)
	return int(n), err == nil
}
