package metrics

import "github.com/sillelien/baseinit/internal/control/api"

var buildRows = [...]Metric{
	{Name: "baseinit_build_info", Type: Gauge, Labels: []string{"goversion", "version"}, Help: "1: the version of baseinit, and of Go that it was built with."},
}

func buildSamples(s *Sources) [][]Sample {
	b := s.Build()
	return [][]Sample{{{Labels: []string{b.GoVersion, b.Version}, Value: 1}}}
}

var containerRows = [...]Metric{
	{Name: "baseinit_stage", Type: Gauge, Labels: []string{"stage"}, Help: "1 for the stage of its life that the container is in, 0 for all others."},
	{Name: "baseinit_ready", Type: Gauge, Help: "1 if /readyz says that the container is ready, else 0."},
	{Name: "baseinit_boot_duration_seconds", Type: Gauge, Help: "How long the boot took, from the start of baseinit to that of CMD or, without one, until all services were ready; missing until it is over."},
}

func containerSamples(s *Sources) [][]Sample {
	c := s.Container()
	var stages, boot []Sample
	for _, stage := range [...]string{
		api.StagePrepare, api.StageDNS, api.StageHook, api.StageBase, api.StageAttrs,
		api.StageInit, api.StageRC, api.StageUp, api.StageStop, api.StageFinish,
	} {
		stages = append(stages, Sample{Labels: []string{stage}, Value: boolean(stage == c.Stage)})
	}
	if c.Boot > 0 {
		boot = []Sample{{Value: c.Boot.Seconds()}}
	}
	return [][]Sample{stages, {{Value: boolean(c.Ready)}}, boot}
}

var reaperRows = [...]Metric{
	{Name: "baseinit_reaped_total", Type: Counter, Labels: []string{"end"}, Help: "Orphaned processes that were collected, by how they ended: success (code 0), failure (another code), killed (by a signal)."},
}

func reaperSamples(s *Sources) [][]Sample {
	r := s.Reaper()
	var failed, killed uint64
	for code, n := range r.Exited {
		if code != 0 {
			failed += n
		}
	}
	for _, n := range r.Killed {
		killed += n
	}
	return [][]Sample{labelled(pair{"success", r.Exited[0]}, pair{"failure", failed}, pair{"killed", killed})}
}

var logRows = [...]Metric{
	{Name: "baseinit_log_lines_total", Type: Counter, Labels: []string{"stream"}, Help: "Lines that PID 1 wrote: its own, and those that it captured from services."},
	{Name: "baseinit_log_bytes_total", Type: Counter, Labels: []string{"stream"}, Help: "Bytes of these lines."},
	{Name: "baseinit_log_dropped_total", Type: Counter, Labels: []string{"stream"}, Help: "Lines that were lost: the container's log took no more."},
	{Name: "baseinit_log_queue_lines", Type: Gauge, Labels: []string{"stream"}, Help: "Lines that wait to be written."},
}

func logSamples(s *Sources) [][]Sample {
	t := make(table, len(logRows))
	for _, l := range s.Log() {
		t.add([]string{l.Name}, number(l.Lines), number(l.Bytes), number(l.Dropped), number(l.Waiting))
	}
	return t
}
