package monitor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/sillelien/baseinit/internal/control/api"
	"github.com/sillelien/baseinit/internal/httpd"
	"github.com/sillelien/baseinit/internal/pulse"
	"github.com/sillelien/baseinit/metrics"
	"github.com/sillelien/baseinit/supervisor"
)

// Config is whom to ask. All of it is asked from several goroutines.
type Config struct {
	// Sources have the values of metrics, but for those of the container and its
	// services, which come from the functions below.
	Sources metrics.Sources
	// Stage is the stage of the container's life: one of package api's.
	Stage func() string
	// Boot is how long the boot took; 0: it is not over.
	Boot func() time.Duration
	// Supervisor is the one that runs the services; nil before there is one.
	Supervisor func() *supervisor.Supervisor
	// Healthy tells whether the container is ready, as `baseinit healthy` does. It is
	// called when the supervisor answers.
	Healthy func() api.Healthy
	// Patience is how long the supervisor may take to answer. Default 1 s.
	Patience time.Duration
	// Logger. Default: none.
	Logger *zap.Logger
}

// Monitor answers. Make one with New.
type Monitor struct {
	cfg     Config
	sources *metrics.Sources
	pulse   pulse.Pulse
	size    atomic.Int64 // of the next text, most likely
}

// New gives a Monitor that nobody can ask over the network yet.
func New(cfg Config) *Monitor {
	m := &Monitor{cfg: cfg}
	if m.cfg.Logger == nil {
		m.cfg.Logger = zap.NewNop()
	}
	if m.cfg.Patience <= 0 {
		m.cfg.Patience = pulse.Limit
	}
	m.sources = &m.cfg.Sources
	m.sources.Services = m.services
	m.sources.Container = func() metrics.Container {
		return metrics.Container{Stage: cfg.Stage(), Boot: cfg.Boot(), Ready: len(m.reasons()) == 0}
	}
	return m
}

// beats tells whether the supervisor answers, if there is one.
func (m *Monitor) beats() bool {
	s := m.cfg.Supervisor()
	return s == nil || m.pulse.Beats(s, m.cfg.Patience)
}

// services are those of the supervisor, if it answers.
func (m *Monitor) services() []metrics.Service {
	s := m.cfg.Supervisor()
	if s == nil || !m.beats() {
		return nil
	}
	return metrics.ServicesNow(s)
}

// Listen binds an address of Settings. The error says what to do about it.
func Listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err == nil {
		return l, nil
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	remedy := ""
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		remedy = ": another program of this container or pod listens there"
	case errors.Is(err, syscall.EACCES):
		remedy = ": ports below 1024 take root or the capability NET_BIND_SERVICE"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		remedy = ": the container has no such address"
	}
	return nil, fmt.Errorf("cannot listen on %s (BASEINIT_HTTP or --http): %w%s", addr, err, remedy)
}

const (
	// maxConns is how many connections are served at once.
	maxConns = 128
	// silence is how long one may take to ask: less than a probe waits that comes after many
	// which never do.
	silence = time.Second
)

// Serve answers on l until ctx ends.
func (m *Monitor) Serve(ctx context.Context, l net.Listener) error {
	return httpd.New(httpd.Config{Handler: m.handle, MaxConns: maxConns, HeaderTimeout: silence, Logger: m.cfg.Logger}).Serve(ctx, l)
}

// Actor returns what run.Group.Add wants. It serves l until it is interrupted.
func (m *Monitor) Actor(l net.Listener) (execute func() error, interrupt func(error)) {
	ctx, cancel := context.WithCancel(context.Background())
	return func() error {
		if err := m.Serve(ctx, l); err != nil {
			m.cfg.Logger.Warn("metrics and probes are not served any more: " + err.Error())
			<-ctx.Done() // which is no reason to end the container
		}
		return nil
	}, func(error) { cancel() }
}

func (m *Monitor) handle(w *httpd.Response, r *http.Request) {
	switch {
	case !slices.Contains(Paths(), r.URL.Path):
		w.Refuse(http.StatusNotFound, "there is no "+r.URL.Path+": there are "+strings.Join(Paths(), ", "))
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Refuse(http.StatusMethodNotAllowed, r.URL.Path+" takes GET, not "+r.Method, "Allow", "GET, HEAD")
	default:
		a := m.Answer(r.URL.Path, r.URL.Query().Has("verbose"))
		w.Send(a.Status, a.Type, a.Body, "Cache-Control", "no-store")
	}
}
