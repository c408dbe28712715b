package metrics

import "time"

// Process is what is known of this process. What is 0, and cannot be, has no metrics.
type Process struct {
	CPU         time.Duration // of its threads, in user and kernel mode
	Resident    int64         // bytes
	Virtual     int64         // bytes
	Start       time.Time
	FDs, MaxFDs int
	Goroutines  int
	Threads     int
}

var processRows = [...]Metric{
	{Name: "process_cpu_seconds_total", Type: Counter, Help: "Seconds of processor time that baseinit itself has used."},
	{Name: "process_resident_memory_bytes", Type: Gauge, Help: "Bytes of memory that baseinit itself has resident."},
	{Name: "process_virtual_memory_bytes", Type: Gauge, Help: "Bytes of its address space."},
	{Name: "process_start_time_seconds", Type: Gauge, Help: "When it was started, in seconds since 1970."},
	{Name: "process_open_fds", Type: Gauge, Help: "File descriptors that it has open."},
	{Name: "process_max_fds", Type: Gauge, Help: "How many it may have open."},
	{Name: "go_goroutines", Type: Gauge, Help: "Goroutines of it."},
	{Name: "go_threads", Type: Gauge, Help: "Threads of it."},
}

func processSamples(s *Sources) [][]Sample {
	p := s.Process()
	t := make(table, len(processRows))
	t.add(
		nil, value{p.CPU.Seconds(), p.Threads > 0}, positive(p.Resident), positive(p.Virtual), stamp(p.Start),
		positive(int64(p.FDs)), positive(int64(p.MaxFDs)), positive(int64(p.Goroutines)), positive(int64(p.Threads)),
	)
	return t
}

func positive(n int64) value { return value{float64(n), n > 0} }
