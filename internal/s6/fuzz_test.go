package s6_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sillelien/baseinit/internal/s6"
	"github.com/sillelien/baseinit/supervisor"
)

// Whatever a control file holds, either it is refused by name or the supervisor
// takes the service.
func FuzzServices(f *testing.F) {
	names := []string{"notification-fd", "timeout-finish", "timeout-kill", "down-signal", "max-restarts", "dependencies", "run", "type", "service.toml"}
	for _, seed := range []string{"", "3", "0\n", "3\r\n", "-1", "5/30", "SIGQUIT", "99999999999999999999", "base\n# x\n", "\x00", "#!/bin/sh\r\n"} {
		for i := range names {
			f.Add(i, seed)
		}
	}
	for _, seed := range []string{
		"type = \"oneshot\"", "ready.sd_notify = true\nready.watchdog = \"1s\"", "critical = true\nmax_restarts = 1", "backoff_max = \"1ms\"", "stop.timeout = \"0\"",
		"[[health]]\ntcp = \"a:1\"", "user = \"a:b\"\nlimits.cpu = 1", "schedule.cron = \"@daily\"", "ready.log = \"a\"", "stop.command = \"a\"\nworkdir = \"/\"",
	} {
		f.Add(len(names)-1, seed)
	}
	dir := files{"x/run": shell}.write(f, f.TempDir())
	f.Fuzz(func(t *testing.T, which int, text string) {
		name := names[uint(which)%uint(len(names))]
		path := filepath.Join(dir, "x", name)
		ok(t, os.WriteFile(path, []byte(text), 0o755))
		if name != "run" {
			defer os.Remove(path)
		}
		services, _, err := s6.Services(dir, s6.Defaults{})
		if err != nil {
			if len(services) > 0 || !strings.Contains(err.Error(), path) {
				t.Fatalf("%d services, error %v", len(services), err)
			}
			return
		}
		if len(services) != 1 {
			t.Fatalf("%d services and no error", len(services))
		}
		_, err = supervisor.New(supervisor.Config{Services: services})
		if err != nil && len(services[0].Requires) == 0 { // else it requires itself
			t.Fatalf("the supervisor does not take %+v: %v", services[0], err)
		}
	})
}

// Whatever a variable holds, the settings stay within what they allow.
func FuzzReadSettings(f *testing.F) {
	names := []string{"S6_BEHAVIOUR_IF_STAGE2_FAILS", "S6_KILL_GRACETIME", "S6_KEEP_ENV", "S6_VERBOSITY", "S6_RUNTIME_PROFILE", "S6_WAIT_FOR_CLOSING_FD", "S6_CMD_ARG0"}
	for _, seed := range []string{"", "0", "1", "-1", "3000", "x", "../..", "a b\nc", "4294967296", "=", "\xff"} {
		for i := range names {
			f.Add(i, seed)
		}
	}
	f.Fuzz(func(t *testing.T, which int, value string) {
		name := names[uint(which)%uint(len(names))]
		s, err := s6.ReadSettings([]string{name + "=" + value})
		if err != nil && !strings.Contains(err.Error(), name) {
			t.Errorf("error %v does not name %s", err, name)
		}
		switch {
		case s.OnFailure < s6.FailIgnore || s.OnFailure > s6.FailStop,
			s.KillGracetime < 0,
			s.Verbosity < 0 || s.Verbosity > 5,
			s.WaitForClosingFD != 0 && s.WaitForClosingFD < 3,
			s.ConfigDir() != "/etc" && filepath.Dir(s.ConfigDir()) != "/etc/cont-profile.d":
			t.Errorf("settings %+v", s)
		}
		for _, word := range s.CmdArg0 {
			if word == "" || strings.Contains(word, "\n") {
				t.Errorf("word %q", word)
			}
		}
	})
}
