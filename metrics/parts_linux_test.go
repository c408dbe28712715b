package metrics_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sillelien/baseinit/metrics"
	"github.com/sillelien/baseinit/supervisor"
)

// What a supervisor with real processes has, while it runs and after.
func TestServicesOf(t *testing.T) {
	t.Parallel()
	began := time.Now()
	sup, err := supervisor.New(supervisor.Config{Services: []supervisor.Service{
		{Name: "web", Command: []string{"/bin/sleep", "1000"}},
		{Name: "flaky", Command: []string{"/bin/sh", "-c", "exit 7"}, MaxRestarts: 2, Backoff: supervisor.Backoff{Initial: time.Millisecond, Max: time.Millisecond}},
		{Name: "once", Command: []string{"/bin/true"}, Oneshot: true},
		{Name: "idle", Command: []string{"/bin/true"}, Down: true},
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- sup.Run(ctx) }()
	defer func() { cancel(); <-ended }()
	await := func(name string, state supervisor.State) {
		t.Helper()
		late, cancel := context.WithTimeout(ctx, 20*time.Second)
		defer cancel()
		if _, err := sup.Wait(late, name, func(st supervisor.Status) bool { return st.State == state }); err != nil {
			t.Fatal(err)
		}
	}
	await("web", supervisor.StateReady)
	await("flaky", supervisor.StateFailed)
	await("once", supervisor.StateDone)

	src := &metrics.Sources{Services: metrics.ServicesOf(sup)}
	check := func(text string, lines ...string) {
		t.Helper()
		for _, line := range lines {
			if !strings.Contains(text, "\n"+line+"\n") {
				t.Errorf("there is no %s in\n%s", line, text)
			}
		}
	}
	text := string(metrics.Append(nil, src))
	check(text,
		`baseinit_service_up{service="web"} 1`, `baseinit_service_ready{service="web"} 1`, `baseinit_service_wanted{service="web"} 1`,
		`baseinit_service_state{service="web",state="ready"} 1`, `baseinit_service_restarts_total{service="web"} 0`,
		`baseinit_service_up{service="flaky"} 0`, `baseinit_service_ready{service="flaky"} 0`, `baseinit_service_state{service="flaky",state="failed"} 1`,
		`baseinit_service_restarts_total{service="flaky"} 2`, `baseinit_service_last_exit_code{service="flaky"} 7`,
		`baseinit_service_up{service="once"} 0`, `baseinit_service_ready{service="once"} 1`, `baseinit_service_last_exit_code{service="once"} 0`,
		`baseinit_service_state{service="idle",state="down"} 1`, `baseinit_service_wanted{service="idle"} 0`,
	)
	for _, not := range []string{`baseinit_service_start_time_seconds{service="idle"}`, `baseinit_service_last_exit_code{service="web"}`, `baseinit_service_healthy`} {
		if strings.Contains(text, not) {
			t.Errorf("there is %s in\n%s", not, text)
		}
	}
	var started float64
	_, after, _ := strings.Cut(text, `baseinit_service_start_time_seconds{service="web"} `)
	if _, err := fmt.Sscan(after, &started); err != nil || started < float64(began.Unix()) || started > float64(time.Now().Unix()+1) {
		t.Errorf("web was started at %v, %v; the test at %v", started, err, began)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	ended <- nil
	check(string(metrics.Append(nil, src)), `baseinit_service_state{service="web",state="down"} 1`, `baseinit_service_last_exit_code{service="web"} 143`)
}
