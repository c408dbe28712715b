package credential

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// capabilityNames are in the order of their numbers: capabilities(7).
var capabilityNames = [...]string{
	"chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap",
	"linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner",
	"sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice",
	"sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write", "audit_control", "setfcap",
	"mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf",
	"checkpoint_restore",
}

// limitNames are those of setrlimit(2), without RLIMIT_.
var limitNames = [...]string{
	"as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio",
	"rttime", "sigpending", "stack",
}

// CapabilityNames lists all that Spec.Capabilities may hold.
func CapabilityNames() []string { return slices.Clone(capabilityNames[:]) }

// LimitNames lists all that Spec.Rlimits may have, sorted.
func LimitNames() []string { return slices.Clone(limitNames[:]) }

// capability gives the number of a capability; -1: there is none.
func capability(name string) int {
	return slices.Index(capabilityNames[:], strings.TrimPrefix(strings.ToLower(name), "cap_"))
}

// capabilityName is the capability of that number as the engines call it: CAP_KILL.
func capabilityName(number int) string {
	if number < len(capabilityNames) {
		return "CAP_" + strings.ToUpper(capabilityNames[number])
	}
	return "capability " + strconv.Itoa(number)
}

// ParseLimit reads SOFT:HARD, or one number for both; each may be "unlimited".
func ParseLimit(text string) (Limit, error) {
	softText, hardText, pair := strings.Cut(text, ":")
	if !pair {
		hardText = softText
	}
	soft, ok1 := amount(softText)
	hard, ok2 := amount(hardText)
	if !ok1 || !ok2 {
		return Limit{}, fmt.Errorf("%q is no limit: write a number, SOFT:HARD or unlimited", text)
	}
	return Limit{soft, hard}, nil
}

func amount(text string) (uint64, bool) {
	switch text {
	case "unlimited", "infinity":
		return Infinity, true
	}
	n, err := strconv.ParseUint(text, 10, 64)
	return n, err == nil
}

// String is the limit as ParseLimit reads it.
func (l Limit) String() string {
	if l.Soft == l.Hard {
		return show(l.Soft)
	}
	return show(l.Soft) + ":" + show(l.Hard)
}

func show(n uint64) string {
	if n == Infinity {
		return "unlimited"
	}
	return strconv.FormatUint(n, 10)
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
