package supervisor

import (
	"context"
	"os"
	"syscall"
	"time"
)

// Service says what one service is and how it is to be kept. The zero value of
// every field but Name and one of Command and Func is the default.
type Service struct {
	// Name is how the service is addressed. It must not be empty and may
	// hold any byte but NUL, newline and tab: "web", "web/log", "my app".
	Name string

	// Command is the program and its arguments. Command[0] is looked up in
	// the PATH of the service's own environment unless it holds a slash; a
	// relative path is relative to Dir. Exactly one of Command and Func is set.
	Command []string
	// Program is the file that is executed, with Command as its arguments, where that is
	// not the one that Command[0] names: execve(2). It is so for StopCommand, Undo and Finish,
	// too, where their first word is that of Command.
	Program string
	// Func is a service that is a Go function. It must return soon after ctx
	// ends: nothing can kill it. An error that it returns while it was not
	// asked to stop is a failure with code 1; so is a panic.
	Func func(ctx context.Context, n Notifier) error

	// Dir is the working directory; default: the supervisor's own.
	Dir string
	// Env is added to Config.Env at each start; the last of equal names wins.
	Env []string
	// Stdin is what the service reads; default /dev/null. It stays open and
	// is the caller's.
	Stdin *os.File
	// Terminal gives the service the controlling terminal that Stdin is, in
	// the foreground: as a session leader where the kernel allows it, else
	// (the terminal is another session's) as the foreground process group.
	Terminal bool
	// Credential is the user, group and supplementary groups of the process;
	// default: the supervisor's own. See setgroups(2), setgid(2), setuid(2).
	Credential *syscall.Credential

	// Requires names services that must be ready before this one starts, and
	// that stop only after it has stopped.
	Requires []string
	// After names services that this one starts after, whatever has become of them: it
	// waits while one of them is wanted up and is neither ready for the first time,
	// nor ended for good, nor waiting for what has failed. When everything is
	// stopped, they are stopped after it. Else it does not need them.
	After []string
	// Readiness says what makes the service ready; default: that it runs.
	Readiness Readiness
	// ReadyTimeout bounds the time from start to ready; past it the service
	// is stopped, which counts as a failure. Default 0: no limit.
	ReadyTimeout time.Duration
	// StartTimeout bounds the time from the first start to the first time that it is
	// ready, restarts included; past it the service has failed for good, as with
	// timeout-up of s6-rc. Default 0: no limit.
	StartTimeout time.Duration
	// Watchdog is how long the service, once it is ready, may be silent between
	// two WATCHDOG=1 messages (sd_notify(3)) before it is stopped, with SIGABRT
	// first, which counts as a failure. Default 0: off. It needs
	// Readiness.Notify, and a WATCHDOG_USEC= message changes it for the run.
	Watchdog time.Duration

	// Health are checks that go on while the service is ready.
	Health []HealthCheck

	// SuccessCodes are values of Exit.Code that mean success, besides 0: for Restart, a
	// Oneshot, Critical, and Main's part in how Run ends. 143 is SIGTERM, too.
	SuccessCodes []int
	// Restart says when an ended service is started again. The default is
	// RestartAlways, and RestartNever for a Oneshot, Main or Critical service.
	Restart Restart
	// Backoff spaces the restarts.
	Backoff Backoff
	// MaxRestarts within RestartWindow are allowed; one more end within it that
	// nobody asked for is a failure for good. Default 0: no limit.
	MaxRestarts int
	// RestartWindow is the window of MaxRestarts. Default 1 minute.
	RestartWindow time.Duration

	// Oneshot marks a service that does its work and ends: it is ready when
	// it has ended with success. Its Restart default is RestartNever.
	Oneshot bool
	// Main marks the service that everything is there for (a container's
	// CMD): its end, whatever its code, ends Run, and it is stopped before
	// all others. It is never restarted unless Restart says so.
	Main bool
	// Critical makes a failure for good end Run with a FailedError.
	Critical bool
	// Down keeps the service from being started until Start is called, or one
	// that requires it starts.
	Down bool

	// StopSignal asks the service's process group to end; SIGCONT follows
	// it, for a stopped process acts on nothing. Default SIGTERM.
	StopSignal syscall.Signal
	// StopCommand is run to end the service, in place of StopSignal (and of the signal that
	// Main is stopped with), with the service's Dir, Env and Credential, and $MAINPID, which
	// is the pid of its process. What it writes goes where the service's stderr goes. If it
	// cannot be started or fails, StopSignal is sent. If it succeeds, the process is given
	// the rest of StopTimeout. The service has ended when both have; at StopTimeout both
	// are killed.
	StopCommand []string
	// StopTimeout is how long the group may take after StopSignal, before
	// SIGKILL. Default 3 s; negative: SIGKILL at once.
	StopTimeout time.Duration
	// PatientStop lets the service take as long as it needs when it alone is told to
	// end, by Stop, StopAlone or Restart: StopTimeout then counts for what it leaves
	// behind, and for the service once everything is stopped or it is removed.
	PatientStop bool
	// KeepLeftovers leaves alone what the process leaves behind in its
	// process group when it ends by itself. Default: it is stopped.
	KeepLeftovers bool

	// Finish is run after each end of the process, with the exit code (256
	// when killed by a signal), the signal (else 0), the name and the
	// process group appended as arguments. Its exit code 125 means that the
	// service has failed for good. See the finish script of s6-supervise.
	Finish []string
	// FinishTimeout is how long Finish may take before it is killed.
	// Default 5 s; negative: no limit.
	FinishTimeout time.Duration

	// Undo takes back what a Oneshot that is done has done: it is run when the service is
	// stopped, after all that require it and before all that it requires, and
	// killed after FinishTimeout.
	Undo []string

	// Output says what becomes of stdout and stderr; default: Config.Output.
	Output Output
	// JoinLines makes one record of a line and those after it that are indented or begin
	// with "Caused by: ", as stack traces do: one "msg" of OutputJSON; in the other kinds
	// nothing comes between its lines. A record is written 100 ms after its last line at
	// the latest, and has at most 64 KiB. Default: Config.JoinLines.
	JoinLines bool
	// LogTo names a service that reads this one's stdout on its stdin,
	// through a pipe that the supervisor keeps open, so that either side may
	// restart without a line lost. stderr goes where Output says. The reader is
	// a Command without a Stdin and is required by this service. When all is
	// stopped, it sees the end of its input first, and gets its StopSignal only
	// if it has not ended after half of its StopTimeout. One that ran before the
	// first service that names it was added has the pipe from its next start.
	LogTo string
}

// Readiness says what makes a service ready: one of FD, Notify, Probe and Line. The zero
// value: it runs. A service that is a Func is ready when it calls Notifier.Ready if
// Notify is set.
type Readiness struct {
	// FD is the descriptor, 3 or above, on which the process writes a newline when
	// it is ready (s6's notification-fd). 0 means none.
	FD int
	// Notify makes a socket named by $NOTIFY_SOCKET for the process, and
	// waits for READY=1 there: sd_notify(3).
	Notify bool
	// Probe is asked every ProbeInterval, with a ctx that ends after ProbeTimeout, until it
	// returns nil. What it returned last is in Status.Why while that is so. It must return
	// soon after ctx ends: it is waited for, for 2 s, and left behind then. It is never
	// called twice at a time for one run of the service.
	Probe func(ctx context.Context) error
	// ProbeInterval is the time from the end of one probe to the next. Default 250 ms.
	ProbeInterval time.Duration
	// ProbeTimeout is how long a probe may take. Default 3 s.
	ProbeTimeout time.Duration
	// Line is called with each line of the service's output, without its newline, until
	// it returns true. For that the output is not OutputRaw: see Service.Output.
	Line func(line []byte) bool
}

// Restart says when an ended service is started again.
type Restart int

// The restart policies. A stop that was asked for never leads to a restart.
const (
	RestartDefault   Restart = iota // see Service.Restart
	RestartAlways                   // whatever its exit code
	RestartOnFailure                // unless it ended with code 0 or one of SuccessCodes
	RestartNever
)

// Output says what becomes of a service's stdout and stderr.
type Output int

// The kinds of output.
const (
	OutputDefault Output = iota // Config.Output
	OutputRaw                   // the supervisor's own stdout and stderr, untouched
	OutputPlain                 // line by line to Config.Stdout or Stderr, each line as it is
	OutputText                  // line by line to Config.Stdout or Stderr, each line after "[name] "
	// OutputJSON writes line by line to Config.Stdout or Stderr, as objects:
	//
	//	{"ts":"2026-11-23T18:05:00.123456Z","level":"info","service":"web","stream":"stdout","pid":77,"msg":"text"}
	//
	// A line of more than 64 KiB comes in several, which are numbered by "part", with
	// "more":true in all but the last; in the other kinds each is a line.
	OutputJSON
)

// none tells whether the service is ready as soon as it runs.
func (r *Readiness) none() bool { return r.kinds() == 0 }

// kinds counts what is to make the service ready.
func (r *Readiness) kinds() (n int) {
	for _, set := range [...]bool{r.FD != 0, r.Notify, r.Probe != nil, r.Line != nil} {
		if set {
			n++
		}
	}
	return n
}
