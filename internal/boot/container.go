//go:build linux

package boot

import (
	"context"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/internal/control/api"
	"github.com/sillelien/baseinit/internal/logring"
	"github.com/sillelien/baseinit/internal/s6"
	"github.com/sillelien/baseinit/internal/shared"
	"github.com/sillelien/baseinit/supervisor"
)

// Config says what the container is.
type Config struct {
	// Root is the directory below which the tree (/etc/services.d and so on)
	// is looked for. Default "", the file system's root.
	Root string
	// Command is CMD; empty: the container runs until it is told to stop.
	Command []string
	// Environ is the container's environment, as os.Environ gives it.
	Environ []string
	// Settings are the S6_ variables in it.
	Settings s6.Settings
	// Output is what becomes of the output of services. CMD's is left alone if it has a
	// terminal, and in OutputText.
	Output supervisor.Output
	// Stdout and Stderr take captured lines.
	Stdout, Stderr io.Writer
	// Prefix and JoinLines are those of supervisor.Config.
	Prefix    func(service, stream string) string
	JoinLines bool
	// Rings keep captured lines; nil: nothing does.
	Rings *logring.Rings
	// Logger takes what PID 1 has to say.
	Logger *zap.Logger
	// Caught is closed when the signals that would end the process are caught.
	// No process is started before, nor the terminal given up.
	Caught <-chan struct{}
	// AwaitDNS, if not nil, returns when names resolve. Nothing of the tree is started
	// before. Its error ends the boot with CodeDNS.
	AwaitDNS func(context.Context) error
	// OnStop is called once, when the container begins to stop. It must not
	// wait. May be nil.
	OnStop func()
	// Control is the path of the control socket; default: in the directory for state.
	// ControlOff: there is none.
	Control string
	// Metrics writes what is counted, for the control socket. May be nil.
	Metrics func(io.Writer) error
	// Began is when the process was started, which Timeline counts from. Default: when New
	// is called.
	Began time.Time
	// OnStage is called for each stage that the container enters, by its name in package
	// api, in order. It must not wait, nor call the Container. May be nil.
	OnStage func(stage string, at time.Time)
}

// Container is one container's life. Make one with New, and Run it once.
type Container struct {
	cfg Config
	run runDir

	// Each stop request ends one more of these: the first stops the
	// container, the second kills what is still there, the third also cuts
	// cont-finish.d short.
	requests [3]context.Context
	end      [3]context.CancelCauseFunc

	up     chan struct{}
	wentUp sync.Once

	mu      sync.Mutex
	level   int                    // how many requests there were
	sup     *supervisor.Supervisor // while it runs
	hangups int                    // SIGHUPs that the loss of the terminal sends
	skipped []Skipped              // services that do not exist
	reloads sync.WaitGroup         // what runs beside; Add only before there is a request

	known atomic.Pointer[supervisors]

	record  *record
	serving atomic.Pointer[supervisor.Supervisor] // runs the services, or did
	served  chan struct{}                         // closed when there is one

	controlOpened func() error // waits until the control socket is there, and tells why not
	socket        *socket
	events        eventLog
	pictures      shared.Value[picture]
	censuses      shared.Value[census]

	live        *live
	schedules   *schedules
	reloading   sync.Mutex
	skippedRC   []Skipped         // services of s6-rc that were skipped at the boot; reload's
	definitions map[string]string // stamps of the services of services.d and the scan directory; reload's
	rc          s6.RC             // as base has read it; Run's goroutine alone
	bringUp     bringUp           // the same

	sharesTerminal bool // with who started us

	outcome outcome
	stopAt  time.Time // when the stop began
}

// New gives a container that has started nothing yet.
func New(cfg Config) *Container {
	c := &Container{cfg: cfg, up: make(chan struct{}), served: make(chan struct{}), run: noRunDir(cfg), schedules: newSchedules(cfg.Logger)}
	c.record = newRecord(cfg.Began, func(stage string, at time.Time) {
		c.events.add(api.Event{Time: at.UTC(), Kind: "stage", Text: "the container is at " + stage})
		if cfg.OnStage != nil {
			cfg.OnStage(stage, at)
		}
	})
	for i := range c.requests {
		c.requests[i], c.end[i] = context.WithCancelCause(context.Background())
	}
	return c
}

// Actor gives what run.Group.Add wants. The error of execute is nil: see
// ExitCode.
func (c *Container) Actor() (execute func() error, interrupt func(error)) {
	return func() error { c.Run(); return nil }, func(err error) { c.stop(err) }
}

// Up is closed when CMD has been started, or without one the services are being.
func (c *Container) Up() <-chan struct{} { return c.up }

func (c *Container) isUp() {
	c.wentUp.Do(func() {
		c.record.enter(api.StageUp)
		close(c.up)
	})
}

// ExitCode is what the process should exit with, after Run.
func (c *Container) ExitCode() int { return c.outcome.code() }

// supervisors are all that there have been, the latest last. What a script has left
// running is still its.
type supervisors []*supervisor.Supervisor

// getToKnow adds a supervisor; only Run's goroutine does.
func (c *Container) getToKnow(sup *supervisor.Supervisor) {
	all := supervisors{sup}
	if before := c.known.Load(); before != nil {
		all = append(slices.Clip(*before), sup)
	}
	c.known.Store(&all)
}

// ServiceOf names the service or the script that a process was started for, or "".
// CMD is "CMD". It waits for nothing.
func (c *Container) ServiceOf(pid int) string {
	all := c.known.Load()
	if all == nil {
		return ""
	}
	for _, sup := range slices.Backward(*all) {
		if name := sup.ServiceOf(pid); name != "" {
			return name
		}
	}
	return ""
}

// stop asks the container to stop, more urgently at each call.
func (c *Container) stop(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ask(cause)
}

// stopAnyway makes the container stop if nobody has asked for it, and tells whether
// that was so.
func (c *Container) stopAnyway() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.level > 0 {
		return false
	}
	c.ask(nil)
	return true
}

// ask is for those who hold the lock.
func (c *Container) ask(cause error) {
	if c.level == 0 {
		c.stopAt = time.Now()
		c.record.enter(api.StageStop)
		if c.cfg.OnStop != nil {
			c.cfg.OnStop()
		}
	}
	if c.level < len(c.end) {
		c.end[c.level](cause)
		c.level++
	}
}

// Signal acts on a signal that the process received: SIGTERM, SIGINT, SIGQUIT (which
// images have as their STOPSIGNAL) and SIGPWR stop the container, and kill it the
// second time; SIGHUP reads services.d again, as Reload does; all others go to CMD's process group.
// With S6_CMD_RECEIVE_SIGNALS most of them go to CMD instead.
func (c *Container) Signal(sig syscall.Signal) {
	switch {
	case c.isOurOwnDoing(sig):
	case c.cfg.Settings.CmdReceiveSignals && received[sig] && c.toCommand(sig, (*supervisor.Supervisor).Signal):
	case sig == syscall.SIGHUP:
		c.reloadLater("SIGHUP", rescan|prune|afresh|replace)
	case sig == syscall.SIGTERM, sig == syscall.SIGINT, sig == syscall.SIGQUIT:
		c.note(sig, "stops the container")
		c.stop(&supervisor.SignalError{Signal: sig})
	case sig == syscall.SIGPWR:
		c.note(sig, "stops the container")
		c.stop(&supervisor.SignalError{Signal: syscall.SIGTERM})
	default:
		c.toCommand(sig, (*supervisor.Supervisor).SignalGroup)
	}
}

// received are the signals that S6_CMD_RECEIVE_SIGNALS diverts to CMD.
var received = map[syscall.Signal]bool{
	syscall.SIGTERM: true, syscall.SIGQUIT: true, syscall.SIGINT: true, syscall.SIGUSR1: true,
	syscall.SIGUSR2: true, syscall.SIGPWR: true, syscall.SIGWINCH: true,
}

func (c *Container) note(sig syscall.Signal, what string) {
	c.mu.Lock()
	again := c.level > 0
	c.mu.Unlock()
	if again {
		what = "came again: whatever is left is killed"
	}
	c.cfg.Logger.Info(signalName(sig) + " " + what)
}

// isOurOwnDoing tells whether a signal comes from giving the terminal up.
func (c *Container) isOurOwnDoing(sig syscall.Signal) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if sig != syscall.SIGHUP || c.hangups == 0 {
		return false
	}
	c.hangups--
	return true
}

// toCommand sends a signal to CMD, and tells whether there is a CMD to take it.
func (c *Container) toCommand(sig syscall.Signal, send func(*supervisor.Supervisor, string, syscall.Signal) error) bool {
	c.mu.Lock()
	sup := c.sup
	c.mu.Unlock()
	if sup == nil || len(c.words()) == 0 {
		c.cfg.Logger.Debug(signalName(sig) + " has nobody to go to")
		return false
	}
	if err := send(sup, commandName, sig); err != nil {
		c.cfg.Logger.Debug(signalName(sig) + " did not reach CMD: " + err.Error())
		return false
	}
	return true
}

// etc is where the tree is.
func (c *Container) etc(name string) string {
	return c.cfg.Root + c.cfg.Settings.ConfigDir() + "/" + name
}

func signalName(sig syscall.Signal) string {
	if name := unix.SignalName(sig); name != "" {
		return name
	}
	return sig.String()
}
