package servicefile

import (
	"regexp"
	"syscall"
	"time"

	"github.com/sillelien/baseinit/internal/credential"
	"github.com/sillelien/baseinit/supervisor"
)

// Service is what a service.toml says. What is zero was not said, and has the default of
// supervisor.Service; see Has for the difference between that and zero.
type Service struct {
	Command  []string
	Oneshot  bool // type, or there is a schedule
	Undo     []string
	Finish   []string
	Requires []string
	After    []string
	Disabled bool // enabled = false
	Down     bool
	Critical bool

	Ready         Ready
	Health        []Check
	Restart       supervisor.Restart
	MaxRestarts   int
	RestartWindow time.Duration
	BackoffMin    time.Duration
	BackoffMax    time.Duration
	SuccessCodes  []int
	StartTimeout  time.Duration
	FinishTimeout time.Duration
	Stop          Stop

	User, Group  string
	Groups       []string
	Umask        *int
	Nice         *int
	OOMScoreAdj  *int
	Capabilities []string // to keep; Has tells none from all
	NoNewPrivs   bool
	Limits       map[string]credential.Limit // by what follows RLIMIT_, in lower case

	Env      map[string]string
	EnvFiles []string // "-" before one that may be missing
	CleanEnv bool
	Workdir  string

	Schedule  *Schedule
	Condition Condition
	Log       Log

	places places
}

// Probe asks whether something works, as probe.Spec has it; one of TCP, HTTP, File and
// Exec is set, or none.
type Probe struct {
	TCP     string
	HTTP    string
	Status  []int    // of HTTP
	Headers []string // of HTTP
	File    string
	Exec    []string
}

// Ready says when the service is ready.
type Ready struct {
	NotifyFD int
	SDNotify bool
	Probe
	Log          *regexp.Regexp // for a line of its output
	Interval     time.Duration  // of a Probe
	ProbeTimeout time.Duration
	Timeout      time.Duration // from start to ready
	Watchdog     time.Duration
}

// Check is a health check.
type Check struct {
	Name string
	Probe
	Interval, Timeout, StartPeriod time.Duration
	Threshold                      int
	Action                         supervisor.HealthAction
}

// Stop says how the service is ended.
type Stop struct {
	Signal        syscall.Signal
	Timeout       time.Duration
	Command       []string
	KeepLeftovers bool
}

// Schedule says when a oneshot runs.
type Schedule struct {
	Cron, Timezone string
	Overlap        Overlap
	RunAtStart     bool
}

// Overlap says what happens when a run is due and the one before goes on.
type Overlap int

// The policies.
const (
	OverlapSkip    Overlap = iota // the new run is left out
	OverlapQueue                  // it comes after the old one; at most one waits
	OverlapReplace                // the old one is stopped
)

// Condition says what must hold for the service to exist.
type Condition struct {
	Env  []string // NAME, NAME=VALUE, !NAME or !NAME=VALUE
	File []string // PATH or !PATH
}

// Log says what becomes of the service's output.
type Log struct {
	Format supervisor.Output
	Join   bool
}

// Place is a position in the file, counted from 1, the column in bytes. The zero value
// means that there is none.
type Place struct{ Line, Col int }

// At is where the file sets a key, such as "stop.signal".
func (s *Service) At(key string) Place { return s.places[key].key }

// Has tells whether the file sets a key.
func (s *Service) Has(key string) bool { return s.At(key).Line > 0 }
