package servicefile_test

import (
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sillelien/baseinit/internal/credential"
	"github.com/sillelien/baseinit/internal/servicefile"
	"github.com/sillelien/baseinit/supervisor"
)

var comparePatterns = cmp.Options{
	cmpopts.IgnoreUnexported(servicefile.Service{}),
	cmp.Comparer(func(a, b *regexp.Regexp) bool { return a == b || a != nil && b != nil && a.String() == b.String() }),
}

const everything = `
command = ["/usr/sbin/web", "-f"]
type = "longrun"
finish = "echo ended"
finish_timeout = "1s"
requires = ["db", "cache"]
after = "migrate"
enabled = false
down = true
critical = true
restart = "on-failure"
max_restarts = 5
restart_window = "1m30s"
backoff_min = "100ms"
backoff_max = "10s"
success_codes = [3, 143]
start_timeout = "30s"
user = "www-data"
group = "adm"
groups = ["tty", "12"]
umask = "027"
nice = -5
oom_score_adj = 300
capabilities = []
no_new_privs = true
env = { A = "1", B = 2 }
env_file = ["web.env", "-/run/more.env"]
clean_env = true
workdir = "/srv"

[ready]
http = "http://127.0.0.1:8080/ready"
interval = "1s"
probe_timeout = "2s"
timeout = "1m"

[[health]]
name = "port"
tcp = "127.0.0.1:8080"
interval = "5s"
timeout = "1s"
threshold = 2
start_period = "10s"
action = "stop"

[[health]]
exec = ["/bin/true"]

[stop]
signal = "quit"
timeout = "0s"
command = ["web", "stop"]
keep_leftovers = true

[limits]
nofile = 1024
core = "0:unlimited"
stack = "unlimited"

[condition]
env = ["WEB", "!NO_WEB"]
file = "!/etc/no-web"

[log]
format = "json"
`

func TestParse(t *testing.T) {
	t.Parallel()
	number := func(n int) *int { return &n }
	tests := []struct {
		name, text string
		want       servicefile.Service
	}{
		{name: "nothing", text: "# nothing\n"},
		{name: "a shell's line", text: `command = "exec web"`, want: servicefile.Service{Command: []string{"/bin/sh", "-c", "exec web"}}},
		{name: "the s6 way to be ready", text: "ready.notify_fd = 3", want: servicefile.Service{Ready: servicefile.Ready{NotifyFD: 3}}},
		{
			name: "systemd's", text: "[ready]\nsd_notify = true\nwatchdog = \"5s\"",
			want: servicefile.Service{Ready: servicefile.Ready{SDNotify: true, Watchdog: 5 * time.Second}},
		},
		{
			name: "a line", text: `ready = { log = '^listening on \d+$' }`,
			want: servicefile.Service{Ready: servicefile.Ready{Log: regexp.MustCompile(`^listening on \d+$`)}},
		},
		{
			name: "a oneshot", text: "type = \"oneshot\"\ncommand = [\"a\"]\nundo = \"b\"",
			want: servicefile.Service{Oneshot: true, Command: []string{"a"}, Undo: []string{"/bin/sh", "-c", "b"}},
		},
		{
			name: "a schedule", text: "schedule = { cron = \"*/5 * * * *\", timezone = \"UTC\", overlap = \"replace\", run_at_start = true }",
			want: servicefile.Service{Oneshot: true, Schedule: &servicefile.Schedule{
				Cron: "*/5 * * * *", Timezone: "UTC", Overlap: servicefile.OverlapReplace, RunAtStart: true,
			}},
		},
		{
			name: "everything", text: everything,
			want: servicefile.Service{
				Command: []string{"/usr/sbin/web", "-f"}, Finish: []string{"/bin/sh", "-c", "echo ended", "finish"}, FinishTimeout: time.Second,
				Requires: []string{"db", "cache"}, After: []string{"migrate"}, Disabled: true, Down: true, Critical: true,
				Ready: servicefile.Ready{
					Probe:    servicefile.Probe{HTTP: "http://127.0.0.1:8080/ready"},
					Interval: time.Second, ProbeTimeout: 2 * time.Second, Timeout: time.Minute,
				},
				Health: []servicefile.Check{
					{
						Name: "port", Probe: servicefile.Probe{TCP: "127.0.0.1:8080"}, Interval: 5 * time.Second, Timeout: time.Second,
						StartPeriod: 10 * time.Second, Threshold: 2, Action: supervisor.HealthStop,
					},
					{Probe: servicefile.Probe{Exec: []string{"/bin/true"}}},
				},
				Restart: supervisor.RestartOnFailure, MaxRestarts: 5, RestartWindow: 90 * time.Second,
				BackoffMin: 100 * time.Millisecond, BackoffMax: 10 * time.Second, SuccessCodes: []int{3, 143}, StartTimeout: 30 * time.Second,
				Stop: servicefile.Stop{Signal: syscall.SIGQUIT, Command: []string{"web", "stop"}, KeepLeftovers: true},
				User: "www-data", Group: "adm", Groups: []string{"tty", "12"}, Umask: number(0o27), Nice: number(-5), OOMScoreAdj: number(300),
				NoNewPrivs: true,
				Limits: map[string]credential.Limit{
					"nofile": {Soft: 1024, Hard: 1024}, "core": {Hard: credential.Infinity},
					"stack": {Soft: credential.Infinity, Hard: credential.Infinity},
				},
				Env: map[string]string{"A": "1", "B": "2"}, EnvFiles: []string{"web.env", "-/run/more.env"}, CleanEnv: true, Workdir: "/srv",
				Condition: servicefile.Condition{Env: []string{"WEB", "!NO_WEB"}, File: []string{"!/etc/no-web"}},
				Log:       servicefile.Log{Format: supervisor.OutputJSON},
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, problems := servicefile.Parse(tt.text)
			if len(problems) > 0 {
				t.Fatal(servicefile.Joined(problems))
			}
			if diff := cmp.Diff(tt.want, got, comparePatterns, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestHasTellsNoneFromNothing(t *testing.T) {
	t.Parallel()
	s, _ := servicefile.Parse("capabilities = []\n[stop]\ntimeout = \"0s\"")
	for key, want := range map[string]servicefile.Place{
		"capabilities": {Line: 1, Col: 1}, "stop": {Line: 2, Col: 2}, "stop.timeout": {Line: 3, Col: 1}, "stop.signal": {},
	} {
		if got := s.At(key); got != want || s.Has(key) != (want.Line > 0) {
			t.Errorf("%s is at %v, Has says %v; want %v", key, got, s.Has(key), want)
		}
	}
}

// TestProblems has one row for each kind of mistake: the text, and all that is said of it.
func TestProblems(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"no TOML":                {"command = [\"a\"\nrestart = ", "2:1: this is not TOML: expected a comma (',') or array terminator (']'), but got 'r'"},
		"a key twice":            {"nice = 1\nnice = 2", "2:1: this is not TOML: Key 'nice' has already been defined"},
		"a slip":                 {"\n  restrat = \"always\"", "2:3: restrat: there is no such key; the nearest is restart"},
		"a kebab":                {"success-codes = [1]", "1:1: success-codes: there is no such key; the nearest is success_codes"},
		"in a table":             {"[stop]\nsignl = \"TERM\"", "2:1: stop.signl: there is no such key; the nearest is stop.signal"},
		"in an inline table":     {"stop = { signal = \"TERM\", timout = \"1s\" }", "1:27: stop.timout: there is no such key; the nearest is stop.timeout"},
		"in the second of many":  {"[[health]]\nfile = \"/a\"\n[[health]]\nfile = \"/b\"\nintervall = \"1s\"", "5:1: health[1].intervall: there is no such key; the nearest is health.interval"},
		"nothing like it":        {"zzzzzz = 1", "1:1: zzzzzz: there is no such key (docs/service.md lists them)"},
		"nothing like it inside": {"[log]\ncolour = 1", "2:1: log.colour: there is no such key; it can be format or join"},
		"in the wrong table":     {"[[health]]\nfile = \"/a\"\nnice = 1", "3:1: health[0].nice: there is no such key in this table; nice stands above all tables"},
		"a word of none":         {"restart = \"sometimes\"", `1:11: restart: it is "sometimes"; it can be "always", "on-failure" or "never"`},
		"a number for a text":    {"user = 0", `1:8: user: it is 0; it can be a name or number, or "USER:GROUP"`},
		"a text for a number":    {"max_restarts = \"5\"", `1:16: max_restarts: it is "5"; it can be a number, 1 or more`},
		"a number for a time":    {"[stop]\ntimeout = 10", `2:11: stop.timeout: it is 10; it can be a duration such as "500ms", "10s" or "1m30s"`},
		"a negative time":        {"backoff_min = \"-1s\"", `1:15: backoff_min: it is "-1s"; it can be a duration such as "500ms", "10s" or "1m30s"`},
		"no signal":              {"stop.signal = \"SIGSTOPP\"", `1:15: stop.signal: it is "SIGSTOPP"; it can be a signal by name ("TERM" or "SIGTERM") or number (1 to 64)`},
		"not octal":              {"umask = \"089\"", `1:9: umask: it is "089"; it can be an octal number in quotes, such as "022"`},
		"a bare umask":           {"umask = 022", "1:9: this is not TOML: Invalid integer \"022\": cannot have leading zeroes"},
		"out of range":           {"nice = 20", "1:8: nice: it is 20; it can be a number from -20 to 19"},
		"an empty command":       {"command = []", `1:11: command: it is an empty array; it can be an array of words, ["PROGRAM", "ARGUMENT"], or a string, which /bin/sh -c runs`},
		"a code too high":        {"success_codes = [1, 256]", "1:17: success_codes: it is an array; it can be an array of numbers from 1 to 255"},
		"a table of no table":    {"ready = \"tcp\"", `1:9: ready: it is "tcp"; it can be a table, [ready]`},
		"one table for many":     {"[health]\ntcp = \"a:1\"", "1:2: health: it is a table; it can be tables, [[health]]"},
		"no regular expression":  {"ready.log = \"(\"", "1:13: ready.log: error parsing regexp: missing closing ): `(`; see https://github.com/google/re2/wiki/Syntax"},
		"no limit":               {"limits.nofile = \"9:1\"", `1:17: limits.nofile: it is "9:1"; it can be a number, "unlimited", or "SOFT:HARD"`},
		"an array for a value":   {"env.A = [1]", "1:9: env.A: it is an array; it can be a string, a whole number, true or false"},
		"no port":                {"ready.tcp = \"localhost\"", `1:13: ready.tcp: cannot probe tcp: "localhost" is not HOST:PORT, such as localhost:80 or [::1]:80`},
		"no http":                {"[[health]]\nhttp = \"https://a/\"", "2:8: health[0].http: cannot probe http: https://a/: https is not spoken here: probe the port with tcp, or use exec with curl or wget"},
		"a status of no http":    {"ready.tcp = \"a:1\"\nready.status = [200]", "2:1: ready.status: it needs http"},
		"no capability":          {"capabilities = [\"CAP_NET_BIND_SERVCE\", \"kill\", \"x\"]", "1:16: capabilities: there is no capability \"CAP_NET_BIND_SERVCE\"; the nearest is CAP_NET_BIND_SERVICE\n1:16: capabilities: there is no capability \"x\" (capabilities(7) lists them)"},
		"no minute":              {"schedule.cron = \"61 * * * *\"", `1:17: schedule.cron: cannot read the schedule "61 * * * *": minute "61": end of range (61) above maximum (59): "61"; it takes 0-59, with * A-B A,B */N`},
		"no time zone":           {"[schedule]\ncron = \"@daily\"\ntimezone = \"Europe/Belrin\"", `3:12: schedule.timezone: there is no time zone "Europe/Belrin" in /usr/share/zoneinfo: write it as Europe/Berlin, UTC or +02:00`},
		"ready in no way":        {"[ready]\ntimeout = \"1s\"", "1:2: ready: it needs one of notify_fd, sd_notify, tcp, http, exec, file or log"},
		"ready in two ways":      {"[ready]\nfile = \"/a\"\ntcp = \"a:1\"", "2:1: ready.file: there is tcp already; it can be one of notify_fd, sd_notify, tcp, http, exec, file or log"},
		"health of nothing":      {"[[health]]\ntcp = \"a:1\"\n[[health]]\nname = \"x\"", "3:3: health[1]: it needs one of tcp, http, exec or file"},
		"a probe's key":          {"[ready]\nnotify_fd = 3\ninterval = \"1s\"", "3:1: ready.interval: only tcp, http, exec and file are asked again and again"},
		"a oneshot is ready":     {"type = \"oneshot\"\nready.file = \"/a\"", "2:1: ready: a oneshot is ready when it has ended; only a longrun has this"},
		"a oneshot for ever":     {"restart = \"always\"\ntype = \"oneshot\"", `1:1: restart: a oneshot ends; it can be "on-failure" or "never"`},
		"a longrun's undo":       {"undo = \"a\"", `1:1: undo: only a oneshot has this: type = "oneshot"`},
		"a longrun's schedule":   {"type = \"longrun\"\nschedule.cron = \"* * * * *\"", `1:1: type: a longrun has no schedule; it can be "oneshot"`},
		"a schedule of no time":  {"[schedule]\noverlap = \"skip\"", "1:2: schedule: it needs cron"},
		"no restarts":            {"restart = \"never\"\nmax_restarts = 1", `2:1: max_restarts: there is none: restart is "never"`},
		"a window of nothing":    {"restart_window = \"1s\"", "1:1: restart_window: it needs max_restarts"},
		"backwards":              {"backoff_max = \"1s\"\nbackoff_min = \"2s\"", "1:1: backoff_max: it is less than backoff_min"},
		"two groups":             {"user = \"a:b\"\ngroup = \"c\"", "2:1: group: user names a group, too"},
		"a dog on no watch":      {"[ready]\nfile = \"/a\"\nwatchdog = \"1s\"", "3:1: ready.watchdog: it needs sd_notify = true"},
		"raw and joined":         {"log.join = true\nlog.format = \"raw\"", `2:1: log.format: with log.join lines are read; it can be "plain", "text" or "json"`},
		"raw and read":           {"ready.log = \"a\"\nlog.format = \"raw\"", `2:1: log.format: with ready.log lines are read; it can be "plain", "text" or "json"`},
		"no condition":           {"[condition]\nenv = \"!\"\nfile = [\"!\"]", "2:7: condition.env: it is \"!\"; it can be \"NAME\", \"NAME=VALUE\", \"!NAME\" or \"!NAME=VALUE\"\n3:8: condition.file: it is \"!\"; it can be a path, or ! and a path"},
		"after long values": {
			"command = \"\"\"\n[no table]\na = 1 \\\"\"\" \"\"\"\nenv = { # a comment } ]\n  \"A]\" = '''}\n''', B = { C = 1 } }\nnise = 1",
			"6:10: env.B: it is a table; it can be a string, a whole number, true or false\n7:1: nise: there is no such key; the nearest is nice",
		},
		"all at once": {
			"command = 1\nfoo = 1\n[stop]\nsignal = 99\n",
			"1:11: command: it is 1; it can be an array of words, [\"PROGRAM\", \"ARGUMENT\"], or a string, which /bin/sh -c runs\n" +
				"2:1: foo: there is no such key (docs/service.md lists them)\n" +
				`4:10: stop.signal: it is 99; it can be a signal by name ("TERM" or "SIGTERM") or number (1 to 64)`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, problems := servicefile.Parse(tt.text)
			got := ""
			if err := servicefile.Joined(problems); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s\n(-want +got)\n%s", tt.text, diff)
			}
		})
	}
}
