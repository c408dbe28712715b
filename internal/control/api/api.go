// Package api is what the control socket speaks: the objects of /v1, as JSON. Their fields
// are added to and never change their meaning. Times are RFC 3339 in UTC, durations are
// seconds as numbers, sizes are bytes. A field that says nothing is left out.
package api

import "time"

// Version is the first element of every path.
const Version = "v1"

// Problem is the body of every answer that is not 2xx.
type Problem struct {
	Error string `json:"error"` // one line, for a person
}

// Status is the answer to GET /v1/status.
type Status struct {
	Container Container `json:"container"`
	Services  []Service `json:"services"` // in the order of their definition; CMD, if there is one, last
}

// Container is what is known of the whole.
type Container struct {
	PID     int       `json:"pid"`     // of baseinit, in its own namespace
	Version string    `json:"version"` // of baseinit
	Stage   string    `json:"stage"`   // see Stage
	Started time.Time `json:"started"`
	Uptime  float64   `json:"uptime"`           // seconds
	Memory  int64     `json:"memory,omitempty"` // bytes that baseinit itself has resident
	CPU     float64   `json:"cpu,omitempty"`    // seconds of processor time of baseinit itself
}

// The stages of a container's life, in order. Those before StageUp are its boot.
const (
	StagePrepare = "prepare"     // its state directory is made
	StageDNS     = "dns"         // linked hosts are waited for
	StageHook    = "hook"        // S6_STAGE2_HOOK runs
	StageBase    = "base"        // s6-rc's bundle base is brought up
	StageAttrs   = "fix-attrs"   // fix-attrs.d is applied
	StageInit    = "cont-init"   // the scripts of cont-init.d run
	StageRC      = "services"    // services are started, s6-rc's are waited for
	StageUp      = "up"          // CMD runs, or the container has none
	StageStop    = "stop"        // services are being stopped
	StageFinish  = "cont-finish" // the scripts of cont-finish.d run
)

// Service is what is known of one service at one moment.
type Service struct {
	Name       string     `json:"name"`  // CMD is "CMD"
	State      string     `json:"state"` // down, waiting, starting, ready, stopping, ending, backing off, done, failed, skipped, scheduled
	Since      time.Time  `json:"since"` // when it entered State
	Wanted     bool       `json:"wanted"`
	Ready      bool       `json:"ready"`
	Oneshot    bool       `json:"oneshot,omitempty"`
	Critical   bool       `json:"critical,omitempty"`
	Health     string     `json:"health,omitempty"` // healthy, unhealthy; missing: unknown
	Reason     string     `json:"reason,omitempty"` // why it is not ready, or unhealthy, in words
	Text       string     `json:"text,omitempty"`   // its last STATUS= (sd_notify)
	PID        int        `json:"pid,omitempty"`
	Started    *time.Time `json:"started,omitempty"`
	Uptime     float64    `json:"uptime,omitempty"`     // seconds since Started, while it runs
	ReadyAfter float64    `json:"readyAfter,omitempty"` // seconds from Started
	NextStart  *time.Time `json:"nextStart,omitempty"`  // while backing off, or scheduled
	WaitingFor []string   `json:"waitingFor,omitempty"`
	Restarts   int        `json:"restarts"` // since it was added, of its own account: nobody asked for them
	LastExit   *Exit      `json:"lastExit,omitempty"`
	Processes  int        `json:"processes,omitempty"` // of it, those that it has started included
	Memory     int64      `json:"memory,omitempty"`    // bytes resident, of all of them
	CPU        float64    `json:"cpu,omitempty"`       // seconds of processor time, of all of them
	Schedule   string     `json:"schedule,omitempty"`  // a cron expression with its time zone
}

// Exit is how a run ended.
type Exit struct {
	Code   int    `json:"code"`             // as a shell reports it
	Signal string `json:"signal,omitempty"` // SIGKILL and so on
	Reason string `json:"reason"`           // in words
}

// Event is one line of the answer to GET /v1/events.
type Event struct {
	Time    time.Time `json:"time"`
	Service string    `json:"service,omitempty"`
	Kind    string    `json:"kind"` // see supervisor.EventKind; stage: the container entered one; reloaded
	PID     int       `json:"pid,omitempty"`
	Text    string    `json:"text"` // in words
}

// Line is one line of the answer to GET /v1/logs: what a service has written.
type Line struct {
	Time    time.Time `json:"ts"`
	Service string    `json:"service"`
	Stream  string    `json:"stream"` // stdout or stderr
	PID     int       `json:"pid,omitempty"`
	Msg     string    `json:"msg"`
}

// Healthy is the answer to GET /v1/healthy: 200 if OK, else 503.
type Healthy struct {
	OK      bool     `json:"ok"`
	Reasons []string `json:"reasons,omitempty"` // why not, a line each
}

// Process is one process in the answer to GET /v1/processes.
type Process struct {
	PID     int     `json:"pid"`
	Parent  int     `json:"parent"`
	Service string  `json:"service,omitempty"` // that it belongs to
	User    int     `json:"uid"`
	State   string  `json:"state"` // the letter of proc_pid_stat(5)
	Memory  int64   `json:"memory,omitempty"`
	CPU     float64 `json:"cpu,omitempty"`
	Command string  `json:"command"` // its arguments, or its name in brackets
}

// Node is one service in the answer to GET /v1/graph.
type Node struct {
	Name     string   `json:"name"`
	State    string   `json:"state"`
	Oneshot  bool     `json:"oneshot,omitempty"`
	Requires []string `json:"requires,omitempty"`
	After    []string `json:"after,omitempty"`
	LogTo    string   `json:"logTo,omitempty"`
}

// Timeline is the answer to GET /v1/timeline: the boot, as far as it has come. It is over
// when CMD runs, without one when the first services are ready or will not be.
type Timeline struct {
	Began   time.Time `json:"began"`             // when baseinit was started
	Ended   float64   `json:"ended"`             // seconds after Began when the boot was over; 0: it is not
	Until   float64   `json:"until"`             // seconds after Began that are told of
	Spans   []Span    `json:"spans"`             // in the order of their start
	Dropped int       `json:"dropped,omitempty"` // spans that there was no room for
}

// Span is something that took time during the boot. Times are seconds after Began.
type Span struct {
	Kind     string   `json:"kind"` // stage, script or service
	Name     string   `json:"name"`
	Start    float64  `json:"start"`           // when it was due: a service was wanted up
	Run      float64  `json:"run,omitempty"`   // when its process ran, the last time; before that it waited
	Ready    float64  `json:"ready,omitempty"` // when it was ready; a script or a oneshot: done
	End      float64  `json:"end,omitempty"`   // when it ended, if it did before the boot was over
	Requires []string `json:"requires,omitempty"`
	After    []string `json:"after,omitempty"`
	Tries    int      `json:"tries,omitempty"`    // its runs, if more than one
	Earlier  []Run    `json:"earlier,omitempty"`  // the first of them, without the last
	Failed   string   `json:"failed,omitempty"`   // why, if it has failed
	Critical bool     `json:"critical,omitempty"` // it is on the critical path
}

// Run is a run of a service that ended during the boot. Times are seconds after Began.
type Run struct {
	Start float64 `json:"start"`
	End   float64 `json:"end"`
	Text  string  `json:"text"` // how it ended, in words
}

// Reloaded is the answer to POST /v1/reload.
type Reloaded struct {
	Added    []string `json:"added,omitempty"`
	Removed  []string `json:"removed,omitempty"`
	Replaced []string `json:"replaced,omitempty"` // their definition has changed: they were restarted
	Problems []string `json:"problems,omitempty"`
}
