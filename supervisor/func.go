package supervisor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
)

// Notifier is how a service that is a Func speaks to its supervisor.
type Notifier struct {
	ready  func()
	status func(string)
}

// Ready says that the service is ready. It counts if the service's Readiness is
// Notify; else the service is ready when it runs.
func (n Notifier) Ready() { n.ready() }

// Status sets the text that Status shows for the service.
func (n Notifier) Status(text string) { n.status(text) }

// function is a run of a Func. Its pid is 0.
type function struct {
	cancel context.CancelFunc
	result chan Exit
	gone   chan struct{} // closed by abandon
	once   sync.Once
}

func startFunc(j *job) instance {
	ctx, cancel := context.WithCancel(context.Background())
	f := &function{cancel: cancel, result: make(chan Exit, 1), gone: make(chan struct{})}
	go f.call(ctx, j) // wait waits for it
	return f
}

// call runs the Func and hands on what it returned, or panicked with, as an Exit.
func (f *function) call(ctx context.Context, j *job) {
	exit := Exit{Code: 1, Err: errors.New("ended its goroutine")} // by runtime.Goexit
	defer func() {
		if p := recover(); p != nil {
			exit.Err = fmt.Errorf("panicked: %v", p)
		}
		f.result <- exit
	}()
	err := j.service.Func(ctx, j.notify)
	if err == nil || (ctx.Err() != nil && errors.Is(err, ctx.Err())) {
		exit = Exit{}
	} else {
		exit.Err = err
	}
}

func (f *function) pid() int { return 0 }

func (f *function) signal(sig syscall.Signal) error {
	return fmt.Errorf("cannot send %s to a function: %w", signalName(sig), errors.ErrUnsupported)
}

// signalGroup ends the context, whatever the signal, but for SIGCONT.
func (f *function) signalGroup(sig syscall.Signal) error {
	if sig != syscall.SIGCONT {
		f.cancel()
	}
	return nil
}

func (f *function) wait() Exit {
	defer f.cancel()
	select {
	case exit := <-f.result:
		return exit
	case <-f.gone:
		return Exit{Code: 137, Err: errors.New("did not return when its context ended")}
	}
}

func (f *function) abandon() { f.once.Do(func() { close(f.gone) }) }
