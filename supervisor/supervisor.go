package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// Config is what a Supervisor needs. Its zero value is a supervisor without
// services that runs until it is told to stop.
type Config struct {
	// Services are started when Run begins. More can be added while it runs.
	Services []Service
	// Env gives the environment of services, at each start of one, and is called
	// from several goroutines. Default os.Environ.
	Env func() []string
	// Output is what becomes of the output of services that do not say.
	// Default OutputRaw.
	Output Output
	// Stdout and Stderr take the lines of OutputPlain, OutputText and OutputJSON, one or
	// more whole lines a call, from several goroutines. One that blocks holds
	// up the service that wrote the line, nothing else. Default os.Stdout
	// and os.Stderr.
	Stdout, Stderr io.Writer
	// Prefix gives what stands before each line of OutputText, and is asked at each start
	// of a service. stream is "stdout" or "stderr". Default: "[name] ".
	Prefix func(service, stream string) string
	// JoinLines is Service.JoinLines of all services.
	JoinLines bool
	// StopTimeout bounds the whole stop: what is left then is killed.
	// Default 9 s, which is a second less than container engines give.
	StopTimeout time.Duration
	// OnEvent is called for each event, in order, from Run's goroutine: it
	// must not block, nor call the Supervisor. Default: none.
	OnEvent func(Event)
	// OnChange is called with a service's Status at each change of its state, its
	// process or its being wanted up. The rules of OnEvent hold. Default: none.
	OnChange func(Status)
	// OnLine is called for each line of output that is not OutputRaw, without its newline,
	// from several goroutines, before the line is written. It must not block, nor keep
	// text. stream is "stdout" or "stderr". Default: none.
	OnLine func(service, stream string, pid int, text []byte)
	// Logger is told of each event, see Event.Log. Default: none.
	Logger *zap.Logger
}

// Supervisor keeps services running. Make one with New.
type Supervisor struct {
	cfg   Config
	start starter
	procs processTable
	null  *os.File // what services read that are given nothing

	buffers sync.Pool // of *[readSize]byte
	// forks limits how many starts are in the kernel at once. There forks queue
	// up anyway, each with a thread that it would leave behind: syscall.ForkLock.
	forks chan struct{}

	inbox chan func()
	ended chan struct{} // closed when Run has ended
	ready chan struct{}
	subs  subscribers

	roster roster

	quit  context.Context // Actor's interrupt ends it
	leave context.CancelCauseFunc
	kill  context.Context // ends when all must die at once
	slay  context.CancelFunc
	dry   context.Context // ends when output is copied no longer
	cut   context.CancelFunc

	running atomic.Bool
	tasks   sync.WaitGroup // all goroutines but the pumps
	pumps   sync.WaitGroup // those that copy output

	// What follows belongs to Run's goroutine.
	ctx      context.Context // Run's
	units    map[string]*unit
	order    []*unit
	stopping bool
	slain    bool
	stopMain *SignalError
	deadline *time.Timer
	failure  error
	unready  int // of the first services, how many are not ready yet
}

// SignalError is the signal that the Main service is stopped with, if it is the
// cause of the end of Run's context or what the Actor's interrupt is called with.
type SignalError struct {
	Signal os.Signal
}

// Error names the signal.
func (e *SignalError) Error() string { return "received signal " + e.Signal.String() }

// FailedError is Run's error when the Main service or a Critical one failed.
type FailedError struct {
	Service string
	Exit    Exit
}

// Error says which service failed and how.
func (e *FailedError) Error() string { return fmt.Sprintf("service %q %s", e.Service, e.Exit) }

// Unwrap gives the reason why the service could not be run, if that was it.
func (e *FailedError) Unwrap() error { return e.Exit.Err }

// Errors that a caller may act upon.
var (
	// ErrUnknown is for a service that does not exist.
	ErrUnknown = errors.New("no such service")
	// ErrEnded is for a call after Run has ended.
	ErrEnded = errors.New("the supervisor has ended")
)

// New checks the configuration and gives a Supervisor that has started nothing
// yet. Its errors, joined, name the services that are wrong.
func New(cfg Config) (*Supervisor, error) {
	s := &Supervisor{
		cfg:   cfg.withDefaults(),
		inbox: make(chan func(), 16),
		ended: make(chan struct{}),
		ready: make(chan struct{}),
		units: map[string]*unit{},
	}
	s.start = s.startJob
	s.forks = make(chan struct{}, 4)
	s.buffers.New = func() any { return new([readSize]byte) }
	s.quit, s.leave = context.WithCancelCause(context.Background())
	s.kill, s.slay = context.WithCancel(context.Background())
	s.dry, s.cut = context.WithCancel(context.Background())
	if err := s.insert(cfg.Services); err != nil {
		return nil, err
	}
	return s, nil
}

func (c Config) withDefaults() Config {
	if c.Env == nil {
		c.Env = os.Environ
	}
	if c.Stdout == nil {
		c.Stdout = os.Stdout
	}
	if c.Stderr == nil {
		c.Stderr = os.Stderr
	}
	if c.Logger == nil {
		c.Logger = zap.NewNop()
	}
	setDefault(&c.Output, OutputRaw)
	setDefault(&c.StopTimeout, 9*time.Second)
	return c
}

// Run starts the services and keeps them until ctx ends, the Main service ends
// or a Critical one fails. It then stops them: the Main service first, the
// others in the reverse order of what they require, each with its own signal and
// limit. It returns when nothing of them is left: nil, or a FailedError. If ctx
// has ended before, or Actor's interrupt or Kill was called, nothing is started.
func (s *Supervisor) Run(ctx context.Context) error {
	if !s.running.CompareAndSwap(false, true) {
		return errors.New("cannot run a supervisor twice")
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		// A container without /dev/null is broken, not doomed.
		s.cfg.Logger.Warn("services get no standard input", zap.Error(err))
	}
	s.null = null
	s.ctx = ctx
	if !s.leaving() {
		s.begin()
	}
	s.loop(ctx)
	s.end()
	return s.failure
}

// leaving tells whether a stop was asked for, which the loop may not have seen yet.
func (s *Supervisor) leaving() bool {
	return s.stopping || s.ctx.Err() != nil || s.quit.Err() != nil || s.kill.Err() != nil
}

// begin wants every service up that is not Down.
func (s *Supervisor) begin() {
	var up []*unit
	for _, u := range s.order {
		if !u.service.Down {
			u.initial = true
			up = append(up, u)
		}
	}
	s.unready = len(up)
	s.checkReady()
	s.startAll(up)
}

// startAll starts units of which some may come after others: all are wanted first.
func (s *Supervisor) startAll(units []*unit) {
	for _, u := range units {
		u.wanted = true
	}
	for _, u := range units {
		_ = s.startTree(u, wantedUp)
	}
}

func (s *Supervisor) loop(ctx context.Context) {
	done, quit, kill := ctx.Done(), s.quit.Done(), s.kill.Done()
	for !s.over() {
		select {
		case f := <-s.inbox:
			f()
		case <-done:
			done = nil
			s.shutdown(context.Cause(ctx))
		case <-quit:
			quit = nil
			s.shutdown(context.Cause(s.quit))
		case <-kill:
			kill, s.slain = nil, true
			s.shutdown(nil)
			s.killAll()
		}
	}
}

// over tells whether a stop was asked for and nothing is left to stop.
func (s *Supervisor) over() bool {
	if !s.stopping {
		return false
	}
	for _, u := range s.order {
		if !u.atRest() {
			return false
		}
	}
	return true
}

// end waits for everything that Run started.
func (s *Supervisor) end() {
	if s.deadline != nil {
		s.deadline.Stop()
	}
	for _, u := range s.order {
		s.dispose(u)
	}
	close(s.ended)
	s.slay()
	s.tasks.Wait()
	s.drainPumps()
	s.cut()
	if s.null != nil {
		_ = s.null.Close()
	}
	s.leave(nil)
	s.subs.close()
}

// drainPumps waits until the output of the services is copied. Somebody who
// outlives them may hold it open, so not for ever.
func (s *Supervisor) drainPumps() {
	idle := make(chan struct{})
	go func() { s.pumps.Wait(); close(idle) }()
	patience := time.NewTimer(drainLimit)
	defer patience.Stop()
	select {
	case <-idle:
		return
	case <-patience.C:
	}
	s.cut() // ends all that wait for more to read
	patience.Reset(drainLimit)
	select {
	case <-idle:
	case <-patience.C: // one waits for a Config.Stdout that takes nothing
	}
}

// drainLimit is how long output is still copied after the last service ended.
const drainLimit = 200 * time.Millisecond

// Actor gives what run.Group.Add of github.com/oklog/run wants. The interrupt
// may be called at any time, any number of times, and does not block; a
// SignalError that it is given, or one in ctx's cause, becomes the Main
// service's stop signal.
func (s *Supervisor) Actor() (execute func() error, interrupt func(error)) {
	return func() error { return s.Run(context.Background()) }, func(err error) { s.leave(err) }
}

// Kill stops everything at once with SIGKILL, also in the middle of a stop.
func (s *Supervisor) Kill() { s.slay() }

// Ready is closed when the services that Run started with are ready. It stays
// open if one of them never is.
func (s *Supervisor) Ready() <-chan struct{} { return s.ready }

// post hands f to Run's goroutine. It gives up when Run has ended.
func (s *Supervisor) post(f func()) bool {
	select {
	case s.inbox <- f:
		return true
	case <-s.ended:
		return false
	}
}

// task runs f on a goroutine that Run waits for.
func (s *Supervisor) task(f func()) { s.tasks.Go(f) }

// emit tells everyone who listens what happened.
func (s *Supervisor) emit(e Event) {
	e.Time = time.Now()
	e.Log(s.cfg.Logger)
	if s.cfg.OnEvent != nil {
		s.cfg.OnEvent(e)
	}
	s.subs.send(e)
}
