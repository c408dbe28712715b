package metrics

import (
	"strings"
	"time"

	"github.com/sillelien/baseinit/supervisor"
)

// The last of them has a further label.
var serviceRows = [...]Metric{
	{Name: "baseinit_service_up", Type: Gauge, Labels: []string{"service"}, Help: "1 if the service runs, ready or not."},
	{Name: "baseinit_service_ready", Type: Gauge, Labels: []string{"service"}, Help: "1 if the service is ready; a oneshot: done."},
	{Name: "baseinit_service_wanted", Type: Gauge, Labels: []string{"service"}, Help: "1 if the service is wanted up: one that is wanted and is not ready for long is in trouble."},
	{Name: "baseinit_service_healthy", Type: Gauge, Labels: []string{"service"}, Help: "1 if the service's health checks succeed, 0 if one has failed too often; missing while that is not known."},
	{Name: "baseinit_service_state_change_time_seconds", Type: Gauge, Labels: []string{"service"}, Help: "When the service entered its state, in seconds since 1970."},
	{Name: "baseinit_service_start_time_seconds", Type: Gauge, Labels: []string{"service"}, Help: "When the service was last started, in seconds since 1970; missing before the first time."},
	{Name: "baseinit_service_ready_duration_seconds", Type: Gauge, Labels: []string{"service"}, Help: "How long the service took to be ready, the last time that it was."},
	{Name: "baseinit_service_restarts_total", Type: Counter, Labels: []string{"service"}, Help: "Restarts of the service since it was added."},
	{Name: "baseinit_service_last_exit_code", Type: Gauge, Labels: []string{"service"}, Help: "Exit code of the service's last run, 128+n if signal n killed it; missing before the first end."},
	{Name: "baseinit_service_state", Type: Gauge, Labels: []string{"service", "state"}, Help: "1 for the state that the service is in, 0 for all others."},
}

func serviceSamples(s *Sources) [][]Sample {
	t := make(table, len(serviceRows))
	states := &t[len(t)-1]
	for _, v := range s.Services() {
		name := strings.ToValidUTF8(v.Name, "\uFFFD") // that of a directory may be any bytes
		t.add(
			[]string{name}, claim(isUp(&v)), claim(isReady(&v)), claim(v.Wanted), health(&v), stamp(v.Since), stamp(v.StartedAt),
			readyAfter(&v), number(v.Restarts), lastExit(&v),
		)
		for state := supervisor.StateDown; state <= supervisor.StateFailed; state++ {
			*states = append(*states, Sample{Labels: []string{name, state.String()}, Value: boolean(state == v.State)})
		}
	}
	return t
}

func isUp(s *Service) bool {
	return s.State == supervisor.StateStarting || s.State == supervisor.StateReady || s.State == supervisor.StateStopping
}

func isReady(s *Service) bool {
	return s.State == supervisor.StateReady && !s.Oneshot || s.State == supervisor.StateDone && s.Oneshot
}

func health(s *Service) value {
	return value{boolean(s.Health == supervisor.HealthOK), s.Health != supervisor.HealthUnknown}
}

func readyAfter(s *Service) value {
	return value{s.ReadyAt.Sub(s.StartedAt).Seconds(), !s.StartedAt.IsZero() && !s.ReadyAt.IsZero()}
}

func lastExit(s *Service) value {
	if s.LastExit == nil {
		return value{}
	}
	return number(s.LastExit.Code)
}

// stamp is a time in seconds since 1970, to the millisecond.
func stamp(t time.Time) value {
	return value{float64(t.UnixMilli()) / 1000, !t.IsZero()}
}
