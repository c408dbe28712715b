package s6

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Settings are the S6_ variables that a container's life follows, each with its
// default when it is unset, empty or wrong.
type Settings struct {
	// OnFailure is S6_BEHAVIOUR_IF_STAGE2_FAILS. Default FailIgnore.
	OnFailure FailMode
	// KillFinishMaxtime is S6_KILL_FINISH_MAXTIME, how long each script of
	// cont-finish.d may take. Default 5 s; 0 means no limit.
	KillFinishMaxtime time.Duration
	// KillGracetime is S6_KILL_GRACETIME, how long what is left at the end has
	// between SIGTERM and SIGKILL. Default 3 s; 0 means none.
	KillGracetime time.Duration
	// ServicesGracetime is S6_SERVICES_GRACETIME, how long services have
	// between SIGTERM and SIGKILL. Default 3 s; 0 means none.
	ServicesGracetime time.Duration

	// CmdArg0 is S6_CMD_ARG0, the words that go before CMD, and that are run
	// alone when there is no CMD, as in s6-overlay v1.18 to v2 (v3 drops them
	// then). Split at newlines when it holds any, else at blanks; quotes mean
	// nothing. Default none.
	CmdArg0 []string
	// CmdWaitForServices is S6_CMD_WAIT_FOR_SERVICES: CMD starts when the
	// services are ready. Default false.
	CmdWaitForServices bool
	// CmdWaitForServicesMaxtime is S6_CMD_WAIT_FOR_SERVICES_MAXTIME, a limit
	// for that wait. Default 0: no limit, as in s6-overlay since 3.2 (5 s before).
	CmdWaitForServicesMaxtime time.Duration
	// CmdUseTerminal is S6_CMD_USE_TERMINAL: CMD writes to the terminal even
	// when the log goes elsewhere. Default false.
	CmdUseTerminal bool
	// CmdReceiveSignals is S6_CMD_RECEIVE_SIGNALS: the signals that reach the
	// init are CMD's instead. Default false.
	CmdReceiveSignals bool

	// KeepEnv is S6_KEEP_ENV: with-contenv leaves the environment alone.
	// Default false.
	KeepEnv bool
	// FixAttrsHidden is S6_FIX_ATTRS_HIDDEN: fix-attrs.d works on hidden files
	// too. Default false.
	FixAttrsHidden bool
	// SyncDisks is S6_SYNC_DISKS: sync(2) is called at the end. It writes out
	// the disks of the whole host. Default false.
	SyncDisks bool
	// Verbosity is S6_VERBOSITY, 0 (only errors) to 5 (everything). Default 2;
	// 1 means warnings.
	Verbosity int
	// RuntimeProfile is S6_RUNTIME_PROFILE; see ConfigDir. Default none.
	RuntimeProfile string
	// Stage2Hook is S6_STAGE2_HOOK, words that are run before the tree is read. Default
	// none.
	Stage2Hook string
	// RuntimeBundleDir is S6_RUNTIME_BUNDLEDIR, where the bundles user and user2 are.
	// Default user-bundles.d beside s6-rc.d.
	RuntimeBundleDir string
	// WaitForClosingFD is S6_WAIT_FOR_CLOSING_FD, a descriptor, 3 or above,
	// whose end of file the boot waits for. Default 0: none.
	WaitForClosingFD int
}

// FailMode says what becomes of a boot of which a stage fails.
type FailMode int

// The modes, with their numbers in S6_BEHAVIOUR_IF_STAGE2_FAILS.
const (
	FailIgnore FailMode = iota // 0: go on
	FailWarn                   // 1: go on, and say so
	FailStop                   // 2: stop the container
)

// ConfigDir is the directory that cont-init.d, services.d and their like are in:
// /etc, or /etc/cont-profile.d/NAME, which replaces it, when there is a profile.
func (s Settings) ConfigDir() string {
	if s.RuntimeProfile == "" {
		return "/etc"
	}
	return filepath.Join("/etc/cont-profile.d", s.RuntimeProfile)
}

// RCSources says where the source directories of s6-rc are below root, with what is left of
// s6-overlay's own.
func (s Settings) RCSources(root string) RCSources {
	dir := root + s.ConfigDir() + "/s6-overlay"
	bundles := dir + "/user-bundles.d"
	if s.RuntimeBundleDir != "" {
		bundles = root + s.RuntimeBundleDir
	}
	return RCSources{Dirs: []string{dir + "/s6-rc.d", bundles}, Overlay: overlaySources(root)}
}

// overlaySources are the source directories of s6-overlay itself, each once: of its
// directories with and without a version in their name one is usually a link.
func overlaySources(root string) (dirs []string) {
	found, _ := filepath.Glob(root + "/package/admin/s6-overlay*/etc/s6-rc/sources") // the pattern is right
	for _, dir := range found {
		if path, err := filepath.EvalSymlinks(dir); err == nil && !slices.Contains(dirs, path) {
			dirs = append(dirs, path)
		}
	}
	return dirs
}

// ReadSettings reads the S6_ variables of an environment in the form of
// os.Environ; of equal names the last counts. One that is empty counts as unset:
// "S6_X=${X}" in a compose file means no more than that. A wrong value is an
// error that names it and what is allowed, and its default is used; the errors
// are joined. Variables that are not known, and those that ask for nothing
// here (S6_READ_ONLY_ROOT, S6_SERVICES_READYTIME), are passed over.
func ReadSettings(environ []string) (Settings, error) {
	v := newVariables(environ)
	s := Settings{
		OnFailure:         FailMode(v.number("S6_BEHAVIOUR_IF_STAGE2_FAILS", 0, 2, 0)),
		KillFinishMaxtime: v.millis("S6_KILL_FINISH_MAXTIME", 5*time.Second),
		KillGracetime:     v.millis("S6_KILL_GRACETIME", 3*time.Second),
		ServicesGracetime: v.millis("S6_SERVICES_GRACETIME", 3*time.Second),

		CmdArg0:                   words(v.values["S6_CMD_ARG0"]),
		CmdWaitForServices:        v.flag("S6_CMD_WAIT_FOR_SERVICES"),
		CmdWaitForServicesMaxtime: v.millis("S6_CMD_WAIT_FOR_SERVICES_MAXTIME", 0),
		CmdUseTerminal:            v.flag("S6_CMD_USE_TERMINAL"),
		CmdReceiveSignals:         v.flag("S6_CMD_RECEIVE_SIGNALS"),

		KeepEnv:          v.flag("S6_KEEP_ENV"),
		FixAttrsHidden:   v.flag("S6_FIX_ATTRS_HIDDEN"),
		SyncDisks:        v.flag("S6_SYNC_DISKS"),
		Verbosity:        v.number("S6_VERBOSITY", 0, 5, 2),
		RuntimeProfile:   v.name("S6_RUNTIME_PROFILE"),
		Stage2Hook:       v.values["S6_STAGE2_HOOK"],
		RuntimeBundleDir: v.values["S6_RUNTIME_BUNDLEDIR"],
		WaitForClosingFD: v.descriptor("S6_WAIT_FOR_CLOSING_FD"),
	}
	if value, ok := v.lookup("S6_LOGGING"); ok && value != "0" {
		v.wrong("S6_LOGGING", value, "0: what services print goes to stdout and stderr (a log service or s6-log writes it to files)")
	}
	return s, errors.Join(v.errs...)
}

// words splits S6_CMD_ARG0.
func words(value string) []string {
	value = strings.Trim(value, "\r\n")
	if !strings.Contains(value, "\n") {
		return strings.Fields(value)
	}
	var list []string
	for line := range strings.Lines(value) {
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			list = append(list, line)
		}
	}
	return list
}

// variables are the S6_ variables that are set, and what was wrong with them.
type variables struct {
	values map[string]string
	errs   []error
}

func newVariables(environ []string) *variables {
	v := &variables{values: map[string]string{}}
	for _, entry := range environ {
		if strings.HasPrefix(entry, "S6_") {
			name, value, _ := strings.Cut(entry, "=")
			v.values[name] = value
		}
	}
	return v
}

// lookup gives a variable's value without the blanks around it.
func (v *variables) lookup(name string) (string, bool) {
	value := strings.TrimSpace(v.values[name])
	return value, value != ""
}

func (v *variables) wrong(name, value, allowed string) {
	v.errs = append(v.errs, fmt.Errorf("cannot use %s=%q: allowed is %s", name, value, allowed))
}

func (v *variables) number(name string, lowest, highest, preset int) int {
	value, ok := v.lookup(name)
	if !ok {
		return preset
	}
	n, ok := number(value, lowest, highest)
	if !ok {
		v.wrong(name, value, fmt.Sprintf("a number from %d to %d", lowest, highest))
		return preset
	}
	return n
}

func (v *variables) millis(name string, preset time.Duration) time.Duration {
	value, ok := v.lookup(name)
	if !ok {
		return preset
	}
	d, ok := millis(value)
	if !ok {
		v.wrong(name, value, millisAllowed)
		return preset
	}
	return d
}

// flag takes any number but 0 for true, as s6-overlay does, and the usual words.
func (v *variables) flag(name string) bool {
	value, ok := v.lookup(name)
	if !ok {
		return false
	}
	switch strings.ToLower(value) {
	case "true", "yes", "on":
		return true
	case "false", "no", "off":
		return false
	}
	n, ok := number(value, 0, math.MaxInt32)
	if !ok {
		v.wrong(name, value, "0 or 1")
	}
	return n != 0
}

func (v *variables) name(name string) string {
	value, _ := v.lookup(name)
	if value == "." || value == ".." || strings.Contains(value, "/") {
		v.wrong(name, value, "the name of a directory in /etc/cont-profile.d")
		return ""
	}
	return value
}

func (v *variables) descriptor(name string) int {
	value, ok := v.lookup(name)
	if !ok || value == "0" {
		return 0
	}
	n, ok := number(value, 3, math.MaxInt32)
	if !ok {
		v.wrong(name, value, "a descriptor of 3 or above, or 0 for none")
	}
	return n
}

const millisAllowed = "a number of milliseconds from 0 to 4294967295"

// millis reads a time as s6 writes it: unsigned 32-bit milliseconds.
func millis(text string) (time.Duration, bool) {
	n, err := strconv.ParseUint(text, 10, 32)
	return time.Duration(n) * time.Millisecond, err == nil
}

// number reads an unsigned decimal number; out of range it is 0 and false.
func number(text string, lowest, highest int) (int, bool) {
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || n < uint64(lowest) || n > uint64(highest) {
		return 0, false
	}
	return int(n), true
}
