package s6_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sillelien/baseinit/internal/s6"
)

func defaults() s6.Settings {
	return s6.Settings{
		KillFinishMaxtime: 5 * time.Second,
		KillGracetime:     3 * time.Second,
		ServicesGracetime: 3 * time.Second,
		Verbosity:         2,
	}
}

func TestReadSettings(t *testing.T) {
	t.Parallel()
	tests := []struct {
		env  []string
		want func(*s6.Settings)
	}{
		{nil, func(*s6.Settings) {}},
		{[]string{"PATH=/bin", "S6", "S6_", "S6_UNKNOWN=what", "XS6_KEEP_ENV=1"}, func(*s6.Settings) {}},
		{[]string{"S6_READ_ONLY_ROOT=yes please", "S6_SERVICES_READYTIME=a while", "S6_CATCHALL_USER=nobody"}, func(*s6.Settings) {}},
		{[]string{"S6_BEHAVIOUR_IF_STAGE2_FAILS=0"}, func(s *s6.Settings) { s.OnFailure = s6.FailIgnore }},
		{[]string{"S6_BEHAVIOUR_IF_STAGE2_FAILS=1"}, func(s *s6.Settings) { s.OnFailure = s6.FailWarn }},
		{[]string{"S6_BEHAVIOUR_IF_STAGE2_FAILS=2"}, func(s *s6.Settings) { s.OnFailure = s6.FailStop }},
		{[]string{"S6_KILL_FINISH_MAXTIME=30000"}, func(s *s6.Settings) { s.KillFinishMaxtime = 30 * time.Second }},
		{[]string{"S6_KILL_FINISH_MAXTIME=0"}, func(s *s6.Settings) { s.KillFinishMaxtime = 0 }},
		{[]string{"S6_KILL_GRACETIME= 250 "}, func(s *s6.Settings) { s.KillGracetime = 250 * time.Millisecond }},
		{[]string{"S6_KILL_GRACETIME=4294967295"}, func(s *s6.Settings) { s.KillGracetime = 4294967295 * time.Millisecond }},
		{[]string{"S6_SERVICES_GRACETIME=415000"}, func(s *s6.Settings) { s.ServicesGracetime = 415 * time.Second }},
		{[]string{"S6_CMD_WAIT_FOR_SERVICES=1"}, func(s *s6.Settings) { s.CmdWaitForServices = true }},
		{[]string{"S6_CMD_WAIT_FOR_SERVICES_MAXTIME=5000"}, func(s *s6.Settings) { s.CmdWaitForServicesMaxtime = 5 * time.Second }},
		{[]string{"S6_CMD_USE_TERMINAL=1"}, func(s *s6.Settings) { s.CmdUseTerminal = true }},
		{[]string{"S6_CMD_RECEIVE_SIGNALS=1"}, func(s *s6.Settings) { s.CmdReceiveSignals = true }},
		{[]string{"S6_KEEP_ENV=1"}, func(s *s6.Settings) { s.KeepEnv = true }},
		{[]string{"S6_KEEP_ENV=2"}, func(s *s6.Settings) { s.KeepEnv = true }},
		{[]string{"S6_KEEP_ENV=TRUE"}, func(s *s6.Settings) { s.KeepEnv = true }},
		{[]string{"S6_KEEP_ENV=0"}, func(*s6.Settings) {}},
		{[]string{"S6_KEEP_ENV=00"}, func(*s6.Settings) {}},
		{[]string{"S6_KEEP_ENV=off"}, func(*s6.Settings) {}},
		{[]string{"S6_KEEP_ENV=1", "S6_KEEP_ENV=0"}, func(*s6.Settings) {}},
		{[]string{"S6_FIX_ATTRS_HIDDEN=1"}, func(s *s6.Settings) { s.FixAttrsHidden = true }},
		{[]string{"S6_SYNC_DISKS=1"}, func(s *s6.Settings) { s.SyncDisks = true }},
		{[]string{"S6_VERBOSITY=0"}, func(s *s6.Settings) { s.Verbosity = 0 }},
		{[]string{"S6_VERBOSITY=5"}, func(s *s6.Settings) { s.Verbosity = 5 }},
		{[]string{"S6_RUNTIME_PROFILE=staging"}, func(s *s6.Settings) { s.RuntimeProfile = "staging" }},
		{[]string{"S6_WAIT_FOR_CLOSING_FD=3"}, func(s *s6.Settings) { s.WaitForClosingFD = 3 }},
		{[]string{"S6_WAIT_FOR_CLOSING_FD=0"}, func(*s6.Settings) {}},
		{[]string{"S6_STAGE2_HOOK=/hook -v"}, func(s *s6.Settings) { s.Stage2Hook = "/hook -v" }},
		{[]string{"S6_RUNTIME_BUNDLEDIR=/etc/bundles"}, func(s *s6.Settings) { s.RuntimeBundleDir = "/etc/bundles" }},
		{[]string{"S6_LOGGING=0"}, func(*s6.Settings) {}},
		{
			// A value that is set to nothing means that it is not set.
			[]string{
				"S6_BEHAVIOUR_IF_STAGE2_FAILS=", "S6_KILL_GRACETIME=", "S6_KEEP_ENV= ", "S6_VERBOSITY=",
				"S6_RUNTIME_PROFILE=", "S6_CMD_ARG0=", "S6_WAIT_FOR_CLOSING_FD=",
			},
			func(*s6.Settings) {},
		},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.env), func(t *testing.T) {
			t.Parallel()
			want := defaults()
			test.want(&want)
			got, err := s6.ReadSettings(test.env)
			wantError(t, err)
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("settings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCmdArg0(t *testing.T) {
	t.Parallel()
	for value, want := range map[string][]string{
		"/prog":                  {"/prog"},
		"/prog -v  --name=x":     {"/prog", "-v", "--name=x"},
		"\t/prog\t-v ":           {"/prog", "-v"},
		`/prog "two words"`:      {"/prog", `"two`, `words"`},
		"/prog\ntwo words":       {"/prog", "two words"},
		"/prog\r\ntwo words\r\n": {"/prog", "two words"},
		"/prog\n\n-v\n":          {"/prog", "-v"},
		"/prog -v\n":             {"/prog", "-v"},
		" ":                      {},
		"\n":                     {},
	} {
		t.Run(fmt.Sprintf("%q", value), func(t *testing.T) {
			t.Parallel()
			got, err := s6.ReadSettings([]string{"S6_CMD_ARG0=" + value})
			wantError(t, err)
			if diff := cmp.Diff(want, got.CmdArg0, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("words (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadSettingsRefuses(t *testing.T) {
	t.Parallel()
	const millis = "milliseconds from 0 to 4294967295"
	for _, test := range []struct{ name, value, allowed string }{
		{"S6_BEHAVIOUR_IF_STAGE2_FAILS", "3", "a number from 0 to 2"},
		{"S6_BEHAVIOUR_IF_STAGE2_FAILS", "-1", "a number from 0 to 2"},
		{"S6_BEHAVIOUR_IF_STAGE2_FAILS", "stop", "a number from 0 to 2"},
		{"S6_KILL_FINISH_MAXTIME", "5s", millis},
		{"S6_KILL_GRACETIME", "-1", millis},
		{"S6_KILL_GRACETIME", "4294967296", millis},
		{"S6_SERVICES_GRACETIME", "3,000", millis},
		{"S6_CMD_WAIT_FOR_SERVICES_MAXTIME", "1e3", millis},
		{"S6_CMD_WAIT_FOR_SERVICES", "maybe", "0 or 1"},
		{"S6_KEEP_ENV", "-1", "0 or 1"},
		{"S6_CMD_USE_TERMINAL", "tty", "0 or 1"},
		{"S6_VERBOSITY", "6", "a number from 0 to 5"},
		{"S6_VERBOSITY", "debug", "a number from 0 to 5"},
		{"S6_RUNTIME_PROFILE", "../etc", "the name of a directory in /etc/cont-profile.d"},
		{"S6_RUNTIME_PROFILE", "..", "the name of a directory in /etc/cont-profile.d"},
		{"S6_WAIT_FOR_CLOSING_FD", "2", "a descriptor of 3 or above"},
		{"S6_LOGGING", "1", "a log service or s6-log writes it to files"},
	} {
		t.Run(test.name+"="+test.value, func(t *testing.T) {
			t.Parallel()
			got, err := s6.ReadSettings([]string{test.name + "=" + test.value})
			wantError(t, err, "cannot use "+test.name+"=", fmt.Sprintf("%q", test.value), test.allowed)
			if diff := cmp.Diff(defaults(), got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("the default is not used (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadSettingsJoinsErrors(t *testing.T) {
	t.Parallel()
	got, err := s6.ReadSettings([]string{"S6_VERBOSITY=x", "S6_KILL_GRACETIME=y", "S6_KEEP_ENV=1"})
	wantError(t, err, "S6_VERBOSITY", "S6_KILL_GRACETIME")
	if !got.KeepEnv {
		t.Error("what is right is lost beside what is wrong")
	}
}

func TestConfigDir(t *testing.T) {
	t.Parallel()
	for profile, want := range map[string]string{"": "/etc", "x": "/etc/cont-profile.d/x"} {
		if got := (s6.Settings{RuntimeProfile: profile}).ConfigDir(); got != want {
			t.Errorf("profile %q: %q, want %q", profile, got, want)
		}
	}
}
