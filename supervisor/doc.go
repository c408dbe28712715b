// Package supervisor runs services, which are processes or Go functions, and
// keeps them running: it starts them in the order that they require each other,
// waits until they are ready, restarts those that end, and stops them in the
// reverse order, with everything that they left behind.
//
// A process is waited for through its pidfd on the runtime's poller, so that 200
// services cost no thread; on a kernel without pidfd_open(2) each costs one. The
// package needs no reaper: what a service leaves behind when it double-forks is
// collected by PID 1, which may be package reaper in the same program.
//
// The surprising thing: a service's stop signal goes to its whole process group,
// not only to its first process, since half of all run scripts do not exec what
// they run. Descendants that have left the group get it, too, once the process has
// ended, and SIGKILL in the end.
//
// One goroutine, that of Run, owns all state. Exits, timers, messages of services,
// answers of probes and calls of the API come to it one at a time; what each does in each state is
// a table in state.go.
package supervisor
