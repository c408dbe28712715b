package main_test

import (
	"testing"

	"github.com/sillelien/baseinit/internal/pid1test"
)

// TestOperateServiceFiles: what service.toml files say is seen, and changed, from outside.
func TestOperateServiceFiles(t *testing.T) {
	t.Parallel()
	got := operate(t, pid1test.Box{Files: map[string]string{
		"/etc/services.d/off/service.toml":   "command = [\"true\"]\ncondition.env = \"DEBUG\"\n",
		"/etc/services.d/needs/service.toml": "command = [\"true\"]\nrequires = \"off\"\n",
		"/etc/services.d/job/service.toml":   "command = [\"true\"]\nschedule = { cron = \"0 0 1 1 *\", timezone = \"UTC\" }\n",
		"/etc/services.d/gone/service.toml":  "command = \"echo I was here; exec sleep 1000\"\n[ready]\nlog = '^I'\n",
		"/etc/services.d/app/service.toml":   "command = [\"sleep\", \"1000\"]\n[[health]]\nname = \"exists\"\nfile = \"/\"\ninterval = \"10ms\"\n",
	}}, `
unset S6_VERBOSITY
baseinit wait web app gone
say baseinit status off
say baseinit status needs
say baseinit start off
say baseinit logs syslog
say baseinit status job
say baseinit status --json job
say baseinit healthy job
say baseinit wait -t 0.1 job
say baseinit graph
say baseinit start job
say baseinit status job
cd /etc/services.d
say baseinit reload
sed -i '1i nice = 1' app/service.toml
sed -i /condition/d off/service.toml
say baseinit reload
say baseinit logs -n 1 gone
rm -r gone
say baseinit reload
say baseinit logs gone
sed -i '1i nise = 1' app/service.toml
say baseinit reload
`)
	holds(t, got,
		"status off", "skipped", `$DEBUG is not set (condition.env = "DEBUG")`,
		"status needs", "skipped", `it requires "off", which is skipped`,
		"start off", `off is skipped: $DEBUG is not set (condition.env = "DEBUG")`, "code 1", "logs syslog\ncode 0",
		"status job", "scheduled", "starts in", "code 0",
		"--json job", `"state":"scheduled"`, `"nextStart":`, `-01-01T00:00:00Z"`, `"schedule":`, `0 0 1 1 * UTC"`,
		"healthy job\ncode 0", "job is not ready in time: it is scheduled\ncode 1", "job  scheduled, oneshot\n",
		"start job", "job: done (starts in ", "code 0", "status job", "done", "code 0",
		"reload", "nothing has changed", "code 0",
		"reload", "added: needs, off", "restarted: app", "code 0",
		"logs -n 1 gone", "I was here", "code 0", "reload", "removed: gone", "code 0", "logs gone", `no such service: "gone"`, "code 1",
		"reload", "nothing is changed: /etc/services.d/app/service.toml:", "there is no such key; the nearest is nice", "code 1",
	)
}
