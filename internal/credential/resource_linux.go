package credential

import "golang.org/x/sys/unix"

// resource gives the number of a limit, which is not the same on all machines; -1: there is
// none.
func resource(name string) int {
	switch name {
	case "as":
		return unix.RLIMIT_AS
	case "core":
		return unix.RLIMIT_CORE
	case "cpu":
		return unix.RLIMIT_CPU
	case "data":
		return unix.RLIMIT_DATA
	case "fsize":
		return unix.RLIMIT_FSIZE
	case "locks":
		return unix.RLIMIT_LOCKS
	case "memlock":
		return unix.RLIMIT_MEMLOCK
	case "msgqueue":
		return unix.RLIMIT_MSGQUEUE
	case "nice":
		return unix.RLIMIT_NICE
	case "nofile":
		return unix.RLIMIT_NOFILE
	case "nproc":
		return unix.RLIMIT_NPROC
	case "rss":
		return unix.RLIMIT_RSS
	case "rtprio":
		return unix.RLIMIT_RTPRIO
	case "rttime":
		return unix.RLIMIT_RTTIME
	case "sigpending":
		return unix.RLIMIT_SIGPENDING
	case "stack":
		return unix.RLIMIT_STACK
	}
	return -1
}
