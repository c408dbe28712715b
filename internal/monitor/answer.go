package monitor

import (
	"io"
	"net/http"
	"strings"

	"github.com/sillelien/baseinit/metrics"
	"github.com/sillelien/baseinit/supervisor"
)

// Answer is the answer to a request.
type Answer struct {
	Status int
	Type   string // of the body
	Body   []byte
}

// Paths are those that have an answer.
func Paths() []string { return []string{"/metrics", "/livez", "/readyz", "/healthz"} }

// Answer answers a GET of one of Paths. Verbose says more of /readyz.
func (m *Monitor) Answer(path string, verbose bool) Answer {
	switch path {
	case "/metrics":
		return Answer{http.StatusOK, metrics.ContentType, m.text()}
	case "/livez":
		return m.alive()
	default:
		return m.ready(verbose)
	}
}

// Metrics writes all metrics, for the control socket.
func (m *Monitor) Metrics(w io.Writer) error {
	_, err := w.Write(m.text())
	return err
}

// text is all metrics. It is about as long as the last time: growing it would leave as much
// garbage again, of which a heap this small collects none for long.
func (m *Monitor) text() []byte {
	text := metrics.Append(make([]byte, 0, m.size.Load()), m.sources)
	m.size.Store(int64(len(text) + 1024))
	return text
}

const plain = "text/plain; charset=utf-8"

// alive: the goroutine that everything goes through takes questions.
func (m *Monitor) alive() Answer {
	if m.beats() {
		return Answer{http.StatusOK, plain, []byte("ok\n")}
	}
	return Answer{http.StatusServiceUnavailable, plain, []byte(stuck + "\n")}
}

const stuck = "the supervisor of services does not answer"

// reasons why the container is not ready.
func (m *Monitor) reasons() []string {
	if !m.beats() {
		return []string{stuck}
	}
	h := m.cfg.Healthy()
	if !h.OK && len(h.Reasons) == 0 {
		return []string{"the container is not ready"}
	}
	return h.Reasons
}

// ready: status 200 with "ok", or 503 with the reasons why not, a line each. Verbose has
// the stage and all services before that.
func (m *Monitor) ready(verbose bool) Answer {
	a := Answer{http.StatusOK, plain, nil}
	var lines []string
	if verbose {
		lines = m.list()
	}
	reasons := m.reasons()
	if len(reasons) > 0 {
		a.Status = http.StatusServiceUnavailable
		lines = append(lines, reasons...)
	} else {
		lines = append(lines, "ok")
	}
	a.Body = []byte(strings.Join(lines, "\n") + "\n")
	return a
}

// list has the stage and each service.
func (m *Monitor) list() []string {
	lines := []string{"stage: " + m.cfg.Stage()}
	for _, s := range m.services() {
		text := s.Name + ": " + s.State.String()
		if s.Health != supervisor.HealthUnknown {
			text += ", " + s.Health.String()
		}
		if len(s.WaitingFor) > 0 {
			text += " for " + strings.Join(s.WaitingFor, ", ")
		}
		lines = append(lines, text)
	}
	return lines
}
