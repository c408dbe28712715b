//go:build linux

package main

import (
	"io"
	"net"
	"runtime"
	"sync/atomic"

	"github.com/sillelien/baseinit/internal/boot"
	"github.com/sillelien/baseinit/internal/logging"
	"github.com/sillelien/baseinit/internal/logline"
	"github.com/sillelien/baseinit/internal/monitor"
	"github.com/sillelien/baseinit/internal/naming"
	"github.com/sillelien/baseinit/metrics"
	"github.com/sillelien/baseinit/reaper"
)

// openHTTP binds where metrics and probes are served; nil if nowhere.
func openHTTP(options options) (net.Listener, error) {
	if options.http.Addr == "" {
		return nil, nil
	}
	return monitor.Listen(options.http.Addr)
}

// parts are what there are numbers of.
type parts struct {
	out     *output
	log     *logging.Log                  // nil: none
	names   *naming.DNS                   // nil: none
	reaper  atomic.Pointer[reaper.Reaper] // nil until it runs
	monitor *monitor.Monitor              // set by watch
}

// watch has the container watched, before it runs.
func (p *parts) watch(c *boot.Container) {
	p.monitor = monitor.New(monitor.Config{
		Sources: p.sources(), Stage: c.Stage, Boot: c.BootTook, Supervisor: c.Supervisor, Healthy: c.Healthy, Logger: p.out.logger,
	})
}

// metrics writes all metrics, for the control socket.
func (p *parts) metrics(w io.Writer) error { return p.monitor.Metrics(w) }

func (p *parts) sources() metrics.Sources {
	s := metrics.Sources{
		Build: func() metrics.Build {
			return metrics.Build{Version: moduleVersion(), GoVersion: runtime.Version()}
		},
		Reaper: p.reaped,
		Log: func() []metrics.Stream {
			return []metrics.Stream{stream("stdout", p.out.stdout), stream("stderr", p.out.stderr)}
		},
		Process: metrics.ReadProcess,
	}
	if p.log != nil {
		s.Syslog, s.Forward = p.log.Stats()
	}
	if p.names != nil {
		s.DNS = p.names.Stats
	}
	return s
}

func (p *parts) reaped() (none reaper.Stats) {
	if r := p.reaper.Load(); r != nil {
		return r.Stats()
	}
	return none
}

func stream(name string, w *logline.Writer) metrics.Stream {
	s := w.Stats()
	return metrics.Stream{Name: name, Lines: s.Lines, Bytes: s.Bytes, Dropped: s.Dropped, Waiting: s.Waiting}
}
