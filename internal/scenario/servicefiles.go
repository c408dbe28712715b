package scenario

import (
	"strings"
	"syscall"
)

// ServiceFiles are containers whose services are service.toml files: each key does what it
// says. The programs are those of busybox, with its httpd.
func ServiceFiles() []Scenario {
	scenarios := []Scenario{
		{
			Name: "toml-who", Env: []string{waitForServices, "FROM=container"},
			Files: map[string]string{
				toml("who"): `type = "oneshot"
command = '''echo $(id -un):$(id -g) $(id -G) $(umask) $(pwd) $(ulimit -Sn)-$(ulimit -Hn) $(ulimit -c) $(cat /proc/self/oom_score_adj) $(cut -d' ' -f19 /proc/self/stat)
echo $FROM $A $B $C $HOME
grep -E "^(CapPrm|CapBnd|CapAmb|NoNewPrivs):" /proc/self/status'''
user = "nobody:12"
groups = ["1", "app"]
umask = "027"
workdir = "/tmp"
nice = 3
oom_score_adj = 200
no_new_privs = true
capabilities = "CAP_NET_BIND_SERVICE"
env_file = ["who.env", "-no.env"]
env.B = "table"

[limits]
nofile = "100:200"
core = 0
`,
				"/etc/services.d/who/who.env": "# comment\nA='from a file'\nB=lost\n",
			},
			Args: sh("exit 0"),
			Stdout: lines("nobody:12 12 1 999 0027 /tmp 100-200 0 200 3", "container from a file table /",
				"CapPrm:\t0000000000000400", "CapBnd:\t0000000000000400", "CapAmb:\t0000000000000400", "NoNewPrivs:\t1"),
		},
		{
			Name: "toml-clean-env", Env: []string{waitForServices, "FROM=container"},
			Files: map[string]string{toml("clean"): "type = \"oneshot\"\ncommand = [\"env\"]\nclean_env = true\nenv.A = 1\n"},
			Args:  sh("exit 0"), Stdout: "PATH=" + boxPath + "\nA=1\n",
		},
		{
			Name: "toml-run", Env: []string{waitForServices}, // a run file with what has no file
			Files: map[string]string{
				"/etc/services.d/web/run":    script("pwd; echo web >&2; trap 'exit 3' USR1; echo >&3; " + hear),
				"/etc/services.d/web/finish": script("echo finish $1 $2 in $(pwd); kill -TERM 1"),
				toml("web"):                  "workdir = \"/tmp\"\nready.notify_fd = 3\nstop.signal = \"USR1\"\nuser = \"nobody\"\nrestart = \"never\"\n",
			},
			Args: sh("exec s6-svc -d /run/service/web"), Stdout: lines("/tmp", "finish 3 0 in /tmp"),
		},
		{
			Name: "toml-commands", Env: []string{waitForServices},
			Files: map[string]string{
				toml("web"): `command = ["sh", "-c", "trap 'exit 5' USR2; echo up; while :; do sleep 1000 & wait; done"]
user = "nobody"
finish = "echo finish $1 $3 as $(id -un)"
ready.log = "^u.$"
stop = { command = "echo stop as $(id -un); kill -USR2 $MAINPID", timeout = "20s" }
`,
				toml("once"): "type = \"oneshot\"\ncommand = \"echo do\"\nundo = \"echo undo in $(pwd)\"\nworkdir = \"/\"\nrequires = \"web\"\nlog.format = \"text\"\n",
			},
			Args: sh("exit 4"), Code: 4, Stdout: lines("up", "[once] do", "[once] undo in /", "finish 5 web as nobody"), Output: []string{"stop as nobody\n"},
		},
		{
			Name: "toml-success", Env: []string{waitForServices},
			Files: map[string]string{
				toml("first"):  "type = \"oneshot\"\ncommand = \"exit 3\"\nsuccess_codes = [3]\n",
				toml("second"): "type = \"oneshot\"\ncommand = \"echo second\"\nrequires = \"first\"\n",
			},
			Args: sh("exit 0"), Stdout: "second\n",
		},
		{
			Name:  "toml-critical",
			Files: map[string]string{toml("web"): "command = \"exit 7\"\ncritical = true\nmax_restarts = 2\nrestart_window = \"1m\"\nbackoff_max = \"10ms\"\n"},
			Args:  sh("exec sleep 1000"), Code: 7, Output: []string{"web", "3 times"},
		},
	}
	return append(append(append(scenarios, readyFiles()...), healthFiles()...), wantedFiles()...)
}

// toml is the service.toml of a service.
func toml(name string) string { return "/etc/services.d/" + name + "/service.toml" }

// boxPath is the PATH of containers.
const boxPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// readyFiles are about each way to be ready: "after" is not started before.
func readyFiles() (scenarios []Scenario) {
	late := "sleep 0.3; echo late; "
	for name, test := range map[string]struct{ command, ready string }{
		"tcp":       {late + "exec httpd -f -p 127.0.0.1:8080", `tcp = "127.0.0.1:8080"`},
		"http":      {late + "exec httpd -f -p 127.0.0.1:8080 -h /etc/services.d/web", `http = "http://127.0.0.1:8080/service.toml"`},
		"file":      {late + ">/tmp/up; exec sleep 1000", `file = "/tmp/up"`},
		"exec":      {late + ">/tmp/up; exec sleep 1000", `exec = "test $(id -u) = 65534 -a -e /tmp/up -a $A = 1"`},
		"log":       {late + "echo listening; exec sleep 1000", `log = "^listen"`},
		"notify-fd": {late + "echo >&4; exec sleep 1000", "notify_fd = 4"},
	} {
		scenarios = append(scenarios, Scenario{
			Name: "toml-ready-" + name, Env: []string{waitForServices},
			Files: map[string]string{
				toml("web"):   "command = '" + test.command + "'\nuser = \"nobody\"\nenv.A = 1\n[ready]\n" + test.ready + "\n",
				toml("after"): "type = \"oneshot\"\ncommand = \"echo after\"\nrequires = [\"web\"]\n",
			},
			Args: sh("exit 0"), Stdout: strings.ReplaceAll("late\nlistening\nafter\n", "listening\n", map[bool]string{true: "listening\n"}[name == "log"]),
		})
	}
	return append(scenarios, Scenario{
		Name: "toml-ready-never", Env: []string{waitForServices},
		Files: map[string]string{
			toml("web"): "command = [\"sleep\", \"1000\"]\nmax_restarts = 1\nbackoff_min = \"10ms\"\ncritical = true\n[ready]\nfile = \"/tmp/never\"\ntimeout = \"100ms\"\ninterval = \"10ms\"\n",
		},
		Args: sh("exit 0"), Code: 143, Output: []string{"not ready within 100ms"},
	})
}

// healthFiles are about checks of what is ready.
func healthFiles() []Scenario {
	web := func(action, more string) string {
		return "command = \"echo up; >/tmp/ok; exec sleep 1000\"\n[ready]\nfile = \"/tmp/ok\"\n[[health]]\nname = \"is it ok\"\nfile = \"/tmp/ok\"\n" +
			"interval = \"20ms\"\nthreshold = 2\naction = \"" + action + "\"\n" + more
	}
	return []Scenario{
		{
			Name: "toml-health-restart", Env: []string{waitForServices}, Files: map[string]string{toml("web"): web("restart", "")},
			Args: sh("rm /tmp/ok; until [ -e /tmp/ok ]; do sleep 0.02; done; exit 5"), Code: 5, Stdout: "up\nup\n",
			Output: []string{"is it ok", "unhealthy"},
		},
		{
			Name: "toml-health-stop", Env: []string{waitForServices}, Files: map[string]string{toml("web"): web("stop", "")},
			Args: sh("rm /tmp/ok; exec sleep 1000"), Code: 1, Stdout: "up\n", Output: []string{"unhealthy"},
		},
		{
			Name: "toml-health-ignore", Env: []string{waitForServices}, Files: map[string]string{toml("web"): web("ignore", "[[health]]\nexec = [\"true\"]\n")},
			Args:  sh("rm /tmp/ok; exec sleep 1000"),
			Steps: []Step{{For: "unhealthy", Signal: syscall.SIGTERM}}, Code: 143, Stdout: "up\n",
		},
	}
}

// wantedFiles are about services that exist or not, and when they run.
func wantedFiles() []Scenario {
	say := func(more string) string { return "type = \"oneshot\"\ncommand = \"echo ran\"\n" + more }
	return []Scenario{
		{
			Name: "toml-condition", Env: []string{waitForServices, "SET=1", "EMPTY="},
			Files: map[string]string{
				"/etc/cont-init.d/1": script("printf late >/run/s6/container_environment/LATE; >/tmp/late"),
				toml("a"):            say("condition.env = [\"SET\", \"LATE\", \"SET=1\", \"!EMPTY\", \"!UNSET\", \"SET\", \"!SET=2\"]\n"),
				toml("b"):            say("condition.file = [\"/tmp/late\", \"!/tmp/never\", \"service.toml\"]\nafter = [\"c\", \"nowhere\"]\n"),
				toml("c"):            say("condition.env = \"EMPTY\"\n"),
				toml("d"):            say("condition.env = \"SET=2\"\n"),
				toml("e"):            say("condition.file = \"!/tmp/late\"\n"),
				toml("f"):            say("requires = \"e\"\n"),
				toml("g"):            say("enabled = false\n"),
				toml("h"):            say("requires = \"f\"\nafter = \"nobody\"\n"),
			},
			Args: sh("exit 0"), Stdout: "ran\nran\n",
			Output: []string{
				`"c" is skipped: $EMPTY is not set (condition.env = "EMPTY")`, `"d" is skipped: $SET is "1" (condition.env = "SET=2")`,
				`"e" is skipped: /tmp/late exists (condition.file = "!/tmp/late")`, `"f" is skipped: it requires "e", which is skipped`,
				`"g" is skipped: it is not enabled (enabled = false)`, `"h" is skipped: it requires "f", which is skipped`,
				`service "b": service.toml: after: there is no service "nowhere": ignored`,
			},
			Never: []string{`no service "c"`}, // which is skipped
		},
		{
			Name: "toml-schedule",
			Files: map[string]string{
				toml("often"):  "command = \"echo often >>/tmp/often\"\nschedule = { cron = \"@every 1s\", run_at_start = true }\n",
				toml("slow"):   "command = \"echo slow >>/tmp/slow; sleep 1000\"\nschedule.cron = \"* * * * * *\"\n",
				toml("queued"): "command = \"echo queued >>/tmp/queued; sleep 0.9\"\nschedule = { cron = \"* * * * * *\", overlap = \"queue\" }\n",
				toml("anew"):   "command = \"echo anew >>/tmp/anew; exec sleep 1000\"\nschedule = { cron = \"* * * * * *\", overlap = \"replace\" }\n",
			},
			Args: sh("n() { [ -e /tmp/$1 ] && [ $(wc -l </tmp/$1) -ge 3 ]; }; until n often && n anew && n queued; do sleep 0.1; done; cat /tmp/slow; exit 6"),
			Code: 6, Stdout: "slow\n", Output: []string{`"slow" is due and left out`},
		},
		{
			Name: "toml-wrong", Code: 100,
			Files: map[string]string{
				toml("a"): "comand = [\"true\"]\n\n[stop]\nsignal = \"KILLL\"\n",
				toml("b"): "requires = [\"nobody\"]\ncommand = [\"true\"]\n",
				toml("c"): "nice = 1\n",
				toml("d"): "command = [\"true\"]\ncritical = true\n", "/etc/services.d/d/run": script("exit 0"), "/etc/services.d/d/critical": "",
				toml("e"): "command = [\"true\"]\nenv_file = \"e.env\"\n",
			},
			Output: []string{
				toml("a") + ":1:1: comand: there is no such key; the nearest is command",
				toml("a") + `:4:10: stop.signal: it is "KILLL"; it can be a signal`,
				"cannot use " + toml("b") + `:1:1: there is no service "nobody" to depend on`,
				toml("c") + ": it has no command, and there is no run file beside it",
				toml("d") + ":1:1: command: the file run beside it says that, too; keep one of them",
				toml("d") + ":2:1: critical: the file critical beside it says that, too; keep one of them",
				"/etc/services.d/e/e.env: no such file or directory (env_file",
			},
		},
		{
			Name: "toml-rc", Env: []string{waitForServices, "SET=1"}, // longruns of s6-rc.d
			Files: map[string]string{
				rcDir + "a/type": "longrun", rcDir + "a/service.toml": "command = [\"sleep\", \"1000\"]\ncondition.env = \"UNSET\"\n",
				rcDir + "b/type": "longrun", rcDir + "b/run": script("echo b"), rcDir + "b/dependencies.d/a": "",
				rcDir + "c/type": "longrun", rcDir + "c/service.toml": "command = \"pwd; exec sleep 1000\"\nworkdir = \"/tmp\"\ncondition.env = \"SET\"\nready.log = \"tmp\"\n",
				rcDir + "user/contents.d/b": "", rcDir + "user/contents.d/c": "",
				toml("d"): "command = [\"true\"]\ntype = \"oneshot\"\nafter = [\"c\", \"a\"]\n",
			},
			Args: sh("cat /run/s6-rc/bundles; s6-rc -a list 2>/dev/null; exit 3"), Code: 3,
			Output: []string{`"a" is skipped: $UNSET is not set`, `"b" is skipped: it requires "a", which is skipped`, "/tmp\n"}, Never: []string{"there is no service"},
		},
		reloadFiles(),
		{
			Name: "toml-reload-read-only", ReadOnly: true, Tmpfs: []string{"/tmp", "/etc/services.d"}, Env: []string{waitForServices},
			Files: map[string]string{"/etc/cont-init.d/1": script(`cd /etc/services.d
for n in same web gone; do
	mkdir $n
	echo "command = 'echo $n up; >/tmp/$n; exec sleep 1000'" >$n/service.toml
done`)},
			Args: sh(`await() { until [ -e /tmp/$1 ]; do sleep 0.02; done; rm /tmp/$1; }
for n in same web gone; do await $n; done
cd /etc/services.d
rm -r gone
echo 'nice = 1' >>web/service.toml
kill -HUP 1
await web
exit 3`), Code: 3, Output: []string{"0 added, 1 removed, 1 changed"},
		},
		{
			Name: "toml-reload-schedule", Env: []string{waitForServices}, // one that there is not yet
			Files: map[string]string{toml("job"): "command = \"echo ran >>/tmp/ran\"\nschedule.cron = \"@yearly\"\n", toml("web"): "command = [\"sleep\", \"1000\"]\n"},
			Args: sh(`cd /etc/services.d
sed -i 's/@yearly/@every 1s/' job/service.toml
mkdir -p web/log; echo 'command = "cat >/tmp/log"' >web/log/service.toml
kill -HUP 1
until [ -e /tmp/ran -a -e /tmp/log ]; do sleep 0.05; done
exit 4`), Code: 4, Output: []string{"1 added, 0 removed, 2 changed"},
		},
	}
}

// reloadFiles is about a hangup: what has changed is restarted, and nothing else.
func reloadFiles() Scenario {
	service := func(more string) string {
		return "command = \"echo $NAME up $$ >>/tmp/log; >/tmp/$NAME; exec sleep 1000\"\n" + more
	}
	return Scenario{
		Name: "toml-reload", Env: []string{waitForServices},
		Files: map[string]string{
			toml("same"):                service("env.NAME = \"same\"\n"),
			toml("toml"):                service("env.NAME = \"toml\"\n"),
			toml("env"):                 service("env_file = \"env\"\n"),
			"/etc/services.d/env/env":   "NAME=env\n",
			"/etc/services.d/run/run":   script("NAME=run; echo run up $$ >>/tmp/log; >/tmp/run; exec sleep 1000"),
			toml("cond"):                service("env.NAME = \"cond\"\ncondition.file = \"!/tmp/no-cond\"\n"),
			toml("later"):               service("env.NAME = \"later\"\nafter = [\"gone\", \"same\", \"toml\"]\ncondition.file = \"/tmp/no-cond\"\n"),
			toml("gone"):                service("env.NAME = \"gone\"\n"),
			toml("needs"):               service("env.NAME = \"needs\"\nrequires = \"gone\"\n"),
			"/new/service.toml":         service("env.NAME = \"new\"\n"),
			"/etc/services.d/down/run":  script("exit 0"),
			"/etc/services.d/down/down": "",
			"/etc/cont-finish.d/1":      script("cat /tmp/log | cut -d' ' -f1 | sort | uniq -c | sed 's/^ *//'"),
		},
		Args: sh(`await() { until [ -e /tmp/$1 ]; do sleep 0.02; done; rm /tmp/$1; }
for n in same toml env run cond gone needs; do await $n; done
cd /etc/services.d
echo 'nice = 1' >>toml/service.toml
echo 'NAME=env2' >env/env
echo '# changed' >>run/run
sed -i /requires/d needs/service.toml
rm -r gone; mv /new .; >/tmp/no-cond
kill -HUP 1
for n in toml env2 run needs new later; do await $n; done
s6-svstat -o up,wantedup /run/service/same
until ! s6-svstat /run/service/cond 2>/dev/null; do sleep 0.02; done
echo 'nise = 1' >>same/service.toml
rm -r later
kill -HUP 1
exec sleep 1000`),
		Steps: []Step{{For: "there is no such key; the nearest is nice", Signal: syscall.SIGTERM}}, Code: 143,
		Stdout: lines("true true", "1 cond", "1 env", "1 env2", "1 gone", "1 later", "2 needs", "1 new", "2 run", "1 same", "2 toml"),
		Output: []string{"2 added, 2 removed, 4 changed", `after: there is no service "gone": ignored`, "nothing is changed"},
	}
}
