package main_test

import (
	"regexp"
	"syscall"
	"testing"

	"github.com/sillelien/baseinit/internal/pid1test"
)

// TestLogutilService: a log service of s6-overlay has all lines when the container has
// stopped, and its directory is finished, even if a process that nobody knows of holds the
// pipe: then there is no end of the input.
func TestLogutilService(t *testing.T) {
	t.Parallel()
	pid1test.NeedRoot(t)
	for name, straggler := range map[string]string{"ends": "", "is held": `(trap "" TERM HUP; setsid sleep 1000 &)` + "\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, pid1test.Box{
				Env: []string{"S6_LOGGING_SCRIPT=n3 s1000000 T pweb:"},
				Files: map[string]string{
					"/etc/services.d/web/run":     "#!/bin/sh\n" + straggler + "echo one\ntrap 'echo last; exit 0' TERM\n>/tmp/up\nwhile :; do sleep 1; done\n",
					"/etc/services.d/web/log/run": "#!/bin/sh\nexec /command/logutil-service /var/log/web\n",
					"/etc/cont-finish.d/1":        "#!/bin/sh\nstat -c 'mode %a, owner %u' /var/log/web/current\n",
					"/var/log/web/":               "",
				},
				Owner: map[string]int{"/var/log/web": 65534},
				Args:  []string{"sh", "-c", "until [ -e /tmp/up ]; do sleep 0.01; done; echo up; exec sleep 1000"},
			})
			r.WaitFor("up")
			r.Signal(syscall.SIGTERM)
			_ = r.Wait()
			want := regexp.MustCompile(`^\S+ \S+  web: one\n\S+ \S+  web: last\n$`)
			if got := r.ReadFile("/var/log/web/current"); !want.MatchString(got) {
				t.Errorf("it logged %q; %s", got, r.Output())
			}
			r.WaitFor("mode 744, owner 65534")
		})
	}
}
