package control

import (
	"context"
	"errors"
	"io"
	"iter"
	"syscall"
	"time"

	"github.com/sillelien/baseinit/internal/control/api"
)

// Backend is who knows and does what is asked for. Its methods are called from several
// goroutines. An error of theirs is told with status 409, one that wraps ErrUnknown with 404.
type Backend interface {
	// Status tells of the services named, or of all; with usage of their processes, too.
	Status(names []string, usage bool) (api.Status, error)
	// Start, Stop and Restart do not wait.
	Start(name string) error
	Stop(name string) error
	Restart(name string) error
	// Signal sends a signal to the process of a service.
	Signal(name string, sig syscall.Signal) error
	// Await waits until a service is what goal says, or cannot become it by itself,
	// which is an error, as is the end of ctx.
	Await(ctx context.Context, name string, goal Goal) error
	// Healthy tells whether all is well, or the services named are.
	Healthy(names []string) (api.Healthy, error)
	// Reload reads the service directories again.
	Reload(ctx context.Context) (api.Reloaded, error)
	// Environ is the environment that a service would be started with now; "" is the
	// container's.
	Environ(name string) ([]string, error)
	// Processes are all of the container.
	Processes() []api.Process
	// Graph are the services and what they depend on.
	Graph() []api.Node
	// Timeline is how the boot went.
	Timeline() api.Timeline
	// Logs are the lines that services have written. With q.Follow they go on until ctx ends.
	Logs(ctx context.Context, q LogQuery) (iter.Seq[api.Line], error)
	// Events are the last events, and with follow those to come until ctx ends.
	Events(ctx context.Context, follow bool) iter.Seq[api.Event]
	// Metrics writes what is counted, as Prometheus reads it.
	Metrics(w io.Writer) error
}

// ErrUnknown is for a service that does not exist.
var ErrUnknown = errors.New("no such service")

// Goal is what is waited for.
type Goal string

// The goals.
const (
	Ready   Goal = "ready"   // it is ready, or done
	Down    Goal = "down"    // nothing of it runs
	Done    Goal = "done"    // it has ended well
	Started Goal = "started" // as Ready; that its first try has failed is an error
)

// LogQuery says which lines are wanted.
type LogQuery struct {
	Services []string  // empty: all
	Since    time.Time // zero: from the first that there is
	Last     int       // at most so many of those that there are; negative: all
	Follow   bool
}
