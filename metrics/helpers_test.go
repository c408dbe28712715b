package metrics_test

import (
	"net/netip"
	"syscall"
	"time"

	"github.com/sillelien/baseinit/dnsfix"
	"github.com/sillelien/baseinit/metrics"
	"github.com/sillelien/baseinit/reaper"
	"github.com/sillelien/baseinit/supervisor"
	"github.com/sillelien/baseinit/syslog"
	"github.com/sillelien/baseinit/syslog/forward"
)

// at is a time of which the seconds are easy to tell.
func at(seconds int64) time.Time { return time.UnixMilli(seconds*1000 + 500) }

// everything has a value for each metric.
func everything() *metrics.Sources {
	return &metrics.Sources{
		Build: func() metrics.Build { return metrics.Build{Version: "v1.2.3", GoVersion: "go1.26"} },
		Container: func() metrics.Container {
			return metrics.Container{Stage: "up", Boot: 12500 * time.Microsecond, Ready: true}
		},
		Services: services,
		Reaper: func() reaper.Stats {
			return reaper.Stats{Reaped: 10, Exited: map[int]uint64{0: 1, 1: 2, 7: 3}, Killed: map[syscall.Signal]uint64{9: 3, 15: 1}}
		},
		Syslog: func() syslog.Stats {
			return syslog.Stats{Received: 21, Written: 1, Dropped: 2, Filtered: 3, Suppressed: 4, Waiting: 11, Cut: 5 << 40}
		},
		Forward: func() forward.Stats {
			return forward.Stats{Sent: 1, Dropped: 2, Waiting: 3, Cut: 4, Connections: 5, Failures: 6}
		},
		DNS: func() dnsfix.Stats {
			return dnsfix.Stats{
				Queries: 100, Replies: 90, Hits: 80, Failed: 1, Late: 2, Repaired: 3, Searched: 4, Loops: 5, Refused: 10,
				Results:  dnsfix.Results{NoError: 60, FormErr: 1, ServFail: 2, NXDomain: 20, NotImp: 3, Refused: 4, Other: 5},
				Latency:  dnsfix.Latency{Bounds: []time.Duration{100 * time.Microsecond, time.Second}, Counts: []uint64{80, 10, 5}, Sum: 31*time.Second + 500*time.Millisecond},
				InFlight: 6, Waiting: 7, Entries: 8, Bytes: 9 << 20, Evictions: 10, Stale: 11,
				Servers: []dnsfix.ServerStats{
					{Addr: netip.MustParseAddrPort("10.0.0.2:53"), Asked: 1, Answered: 2, Failed: 3, TimedOut: 4, TCP: 5, RTT: 1500 * time.Microsecond, Up: true},
					{Addr: netip.MustParseAddrPort("[fd00::2]:5353"), Looping: true},
				},
			}
		},
		Log: func() []metrics.Stream {
			return []metrics.Stream{{Name: "stdout", Lines: 1, Bytes: 2, Dropped: 3, Waiting: 4}, {Name: "stderr"}}
		},
		Process: func() metrics.Process {
			return metrics.Process{CPU: 10 * time.Millisecond, Resident: 4096, Virtual: 8192, Start: at(1000), FDs: 7, MaxFDs: 1024, Goroutines: 8, Threads: 9}
		},
	}
}

// services have all states between them, and names that must be escaped.
func services() []metrics.Service {
	var all []metrics.Service
	for state := supervisor.StateDown; state <= supervisor.StateFailed; state++ {
		all = append(all, metrics.Service{Status: supervisor.Status{Name: state.String(), State: state, Since: at(2000)}})
	}
	return append(all, metrics.Service{Oneshot: true, Status: supervisor.Status{
		Name: "a \"quoted\" \\ name\xff", State: supervisor.StateDone, Since: at(3000), Wanted: true, StartedAt: at(2998), ReadyAt: at(3000),
		Restarts: 2, LastExit: &supervisor.Exit{Code: 137, Signal: syscall.SIGKILL}, Health: supervisor.HealthOK,
	}}, metrics.Service{Status: supervisor.Status{Name: "unwell", State: supervisor.StateReady, Since: at(3000), Health: supervisor.HealthBad}})
}
