package supervisor

import (
	"errors"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Backoff's arithmetic, and the lines that output becomes.
var (
	Delay = func(b Backoff, failures int, uptime time.Duration, random float64) time.Duration {
		return b.withDefaults().delay(failures, uptime, random)
	}
	AppendJSON = func(text []byte) []byte {
		return (&lines{service: "x", stream: "stdout", pid: 1}).appendJSON(nil, time.Unix(0, 0), text, 0, false)
	}
	FirstFakeID = firstFakeID
)

// MaxLine is the longest line that is passed on whole.
const MaxLine = maxLine

// Pump passes chunks through a pump and gives what it writes.
func Pump(w interface{ Write([]byte) (int, error) }, service string, chunks ...[]byte) {
	p := &lines{w: w, as: OutputText, prefix: "[" + service + "] "}
	for _, chunk := range chunks {
		p.take(slices.Clone(chunk))
	}
	p.finish()
}

// Occurrences are the columns of the table, in order.
func Occurrences() []string {
	return []string{
		"wantedUp", "wantedAnew", "redefined", "wantedDown", "mustDie", "unblocked", "hasStarted", "saidReady", "saidFailed",
		"hasExited", "hasLooked", "concluded", "stopFailed", "stopDue", "readyDue", "wasUnhealthy", "watchdogDue", "backoffDue",
	}
}

// NumOccurrences is how many there are.
const NumOccurrences = int(numOccurrences)

// States are the rows of the table, in order.
func States() []State {
	states := make([]State, numStates)
	for i := range states {
		states[i] = State(i)
	}
	return states
}

// Action names what the table says, "" for nothing.
func Action(s State, o int) string {
	act := table(s, occurrence(o))
	if act == nil {
		return ""
	}
	name := runtime.FuncForPC(reflect.ValueOf(act).Pointer()).Name()
	return strings.TrimSuffix(name[strings.LastIndexByte(name, '.')+1:], "-fm")
}

// Behaviour is how a fake process behaves.
type Behaviour struct {
	StartTakes time.Duration // fork and exec take that long
	StartError error
	ReadyAfter time.Duration // it says that it is ready; 0: it does not
	Lives      time.Duration // it ends by itself; 0: it does not
	Exit       Exit          // then
	Ignores    []syscall.Signal
	DiesAfter  time.Duration // of a signal that it does not ignore
}

// firstFakeID is a pid that no process has: PID_MAX_LIMIT in proc(5) is 2^22.
const firstFakeID = 1 << 30

// Fakes starts fake processes in the place of real ones.
type Fakes struct {
	// Behave gives the behaviour of a run, counted from 1. A finish program is
	// named "NAME finish CODE SIGNAL", an undo program "NAME undo", a stop command "NAME stop".
	Behave func(name string, run int) Behaviour
	// OnStart is told of each program that is started.
	OnStart func(name string, command []string)
	// OnSignal is told of each signal to a process group.
	OnSignal func(name string, sig syscall.Signal)

	mu   sync.Mutex
	last int
	runs map[string]int
}

// Use makes a Supervisor start fakes.
func (f *Fakes) Use(s *Supervisor) {
	f.runs = map[string]int{}
	s.start = f.start
}

func (f *Fakes) start(j *job) (instance, error) {
	name := j.service.Name
	if n := len(j.service.Finish); n > 0 && len(j.command) == n+4 {
		name += " finish " + strings.Join(j.command[n:n+2], " ")
	}
	if n := len(j.service.Undo); n > 0 && slices.Equal(j.command, j.service.Undo) {
		name += " undo"
	}
	if j.aside {
		name += " stop"
	}
	f.OnStart(name, j.command)
	f.mu.Lock()
	f.last++
	f.runs[name]++
	p := &fake{
		fakes: f, name: name, id: firstFakeID + f.last, behaviour: f.Behave(name, f.runs[name]),
		killed: make(chan Exit, 1), gone: make(chan struct{}),
	}
	f.mu.Unlock()
	time.Sleep(p.behaviour.StartTakes)
	if err := p.behaviour.StartError; err != nil {
		return nil, err
	}
	if p.behaviour.ReadyAfter > 0 {
		time.AfterFunc(p.behaviour.ReadyAfter, j.ready)
	}
	return p, nil
}

type fake struct {
	fakes     *Fakes
	name      string
	id        int
	behaviour Behaviour
	killed    chan Exit
	gone      chan struct{}
	once      sync.Once
}

func (p *fake) pid() int { return p.id }

func (p *fake) signal(sig syscall.Signal) error {
	p.fakes.OnSignal(p.name, sig)
	return nil
}

func (p *fake) signalGroup(sig syscall.Signal) error {
	p.fakes.OnSignal(p.name, sig)
	if sig != syscall.SIGCONT && !slices.Contains(p.behaviour.Ignores, sig) {
		time.AfterFunc(p.behaviour.DiesAfter, func() {
			select {
			case p.killed <- Exit{Code: 128 + int(sig), Signal: sig}:
			default:
			}
		})
	}
	return nil
}

func (p *fake) wait() Exit {
	var itself <-chan time.Time
	if p.behaviour.Lives > 0 {
		timer := time.NewTimer(p.behaviour.Lives)
		defer timer.Stop()
		itself = timer.C
	}
	select {
	case <-itself:
		return p.behaviour.Exit
	case exit := <-p.killed:
		return exit
	case <-p.gone:
		return Exit{Code: 137, Err: errors.New("abandoned")}
	}
}

func (p *fake) abandon() { p.once.Do(func() { close(p.gone) }) }

// PumpAs is Pump in another format, and with lines that are joined.
func PumpAs(w interface{ Write([]byte) (int, error) }, as Output, join bool, chunks ...[]byte) {
	p := &lines{w: w, as: as, prefix: "[x] ", join: join}
	for _, chunk := range chunks {
		p.take(slices.Clone(chunk))
	}
	p.finish()
}
