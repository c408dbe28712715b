package reaper

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// Config says how a Reaper works. The zero value is the default.
type Config struct {
	// Logger gets Debug lines: one when Run starts and one for each orphan; a
	// mode that had to change is a Warn line.
	// One that blocks keeps the Reaper from reaping. Default: none.
	Logger *zap.Logger

	// LockedMain is a promise of the program: package main locks the main
	// goroutine to the main thread,
	//
	//	func init() { runtime.LockOSThread() }
	//
	// the main goroutine starts no process while Run runs, and no goroutine
	// ends while it is locked to a thread on which it has started one (the thread
	// ends with it, and its children become the main thread's). Then every child
	// of the main thread is an orphan. Default: no promise, mode Unclaimed.
	LockedMain bool

	// Grace is how long mode Unclaimed leaves a zombie to those who may wait
	// for it. Default 400 ms.
	Grace time.Duration

	// NoSubreaper keeps New from making a process that is not PID 1 a child
	// subreaper. Orphans then come only if something else has done it.
	NoSubreaper bool
}

// Mode says how a Reaper tells orphans from the children of others. See the
// package comment.
type Mode int32

// The modes; zero before Run.
const (
	// MainThread takes every child of the main thread, on that thread.
	MainThread Mode = iota + 1
	// Children takes every child of the main thread, from another one.
	Children
	// Unclaimed takes zombies that nobody has waited for within Config.Grace.
	Unclaimed
)

// String returns "main-thread", "children", "unclaimed", or "none" before Run.
func (m Mode) String() string {
	switch m {
	case MainThread:
		return "main-thread"
	case Children:
		return "children"
	case Unclaimed:
		return "unclaimed"
	}
	return "none"
}

// Reaper waits for orphans. Make it with New; its methods may be called from
// any goroutine.
type Reaper struct {
	log        *zap.Logger
	lockedMain bool
	grace      time.Duration

	started atomic.Bool
	ready   chan struct{}
	mode    atomic.Int32
	tally   tally
}

// New returns a Reaper. Unless this process is PID 1, or Config.NoSubreaper is
// set, it asks the kernel to hand the orphans among this process's descendants
// to it from now on: PR_SET_CHILD_SUBREAPER in prctl(2), which outlasts Run.
// Elsewhere than on Linux the error wraps errors.ErrUnsupported.
func New(c Config) (*Reaper, error) {
	if c.Grace < 0 {
		return nil, fmt.Errorf("cannot make a reaper: grace %v is negative", c.Grace)
	}
	if c.Grace == 0 {
		c.Grace = 400 * time.Millisecond
	}
	if c.Logger == nil {
		c.Logger = zap.NewNop()
	}
	if err := adopt(!c.NoSubreaper); err != nil {
		return nil, err
	}
	return &Reaper{
		log:        c.Logger.Named("reaper"),
		lockedMain: c.LockedMain,
		grace:      c.Grace,
		ready:      make(chan struct{}),
	}, nil
}

// Run reaps until ctx ends, and returns nil then. It can be called once. With
// Config.LockedMain, the best place is the main goroutine: mode MainThread.
func (r *Reaper) Run(ctx context.Context) error {
	if !r.started.CompareAndSwap(false, true) {
		return errors.New("cannot run a reaper twice")
	}
	return r.run(ctx)
}

// Actor returns Run and what ends it, for run.Group of github.com/oklog/run.
func (r *Reaper) Actor() (execute func() error, interrupt func(error)) {
	ctx, cancel := context.WithCancel(context.Background())
	return func() error { return r.Run(ctx) }, func(error) { cancel() }
}

// Ready is closed when Run has begun: every orphan that dies from then on, and
// all that are dead already, will be reaped.
func (r *Reaper) Ready() <-chan struct{} { return r.ready }

// Mode returns the mode, which Run chooses; it may still become Unclaimed if
// /proc goes away.
func (r *Reaper) Mode() Mode { return Mode(r.mode.Load()) }
