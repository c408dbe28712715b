package main_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/sillelien/baseinit/internal/cli"
	"github.com/sillelien/baseinit/internal/pid1test"
)

const sleeps = "#!/bin/sh\nexec sleep 1000\n"

// operate runs a script as CMD of a container with some services, and gives what it printed,
// each command after "--- " and before its exit code. The word up waits until the container is: CMD
// may ask before PID 1 has heard that it runs.
func operate(t *testing.T, b pid1test.Box, script string) string {
	t.Helper()
	files := map[string]string{
		"/etc/services.d/web/run": sleeps, "/etc/services.d/down/run": sleeps, "/etc/services.d/down/down": "",
		"/etc/services.d/bad/run": "#!/bin/sh\nexit 3\n", "/etc/services.d/bad/down": "", "/etc/services.d/bad/notification-fd": "3",
		"/script": "say() { echo \"--- $*\"; \"$@\" 2>&1; echo \"code $?\"; }\nup() { until baseinit healthy >/dev/null; do sleep 0.01; done; }\n" + script,
	}
	maps.Copy(files, b.Files)
	b.Files, b.Args, b.Env = files, append(b.Args, "sh", "/script"), append(b.Env, "S6_VERBOSITY=0")
	r := start(t, b)
	r.Wait()
	return r.Stdout()
}

// holds tells which texts are not in what a script printed, in this order.
func holds(t *testing.T, got string, want ...string) {
	t.Helper()
	rest := got
	for _, w := range want {
		_, after, found := strings.Cut(rest, w)
		if !found {
			t.Errorf("%q is not in\n%s", w, rest)
			return
		}
		rest = after
	}
}

// TestOperate: what an operator does in a container, without with-contenv, and reads there.
func TestOperate(t *testing.T) {
	t.Parallel()
	got := operate(t, pid1test.Box{}, `
unset S6_VERBOSITY
up
say baseinit status
say baseinit status web
say baseinit status down
say baseinit status wbe
say baseinit status --names
say baseinit start down
say baseinit stop down
say baseinit start bad
say baseinit start --no-wait down
say baseinit wait --state down --timeout 0.1 web
say baseinit wait -s done -t 1 web web
say baseinit restart web
say baseinit signal NOPE web
say baseinit signal KILL web
until baseinit status web | grep -q SIGKILL; do :; done
baseinit wait web
say baseinit status web
say baseinit graph --dot --json
say baseinit top web
say baseinit
say baseinit version
say baseinit stop web down bad
say baseinit wait web
say baseinit healthy web
say baseinit env web
say baseinit reload
mkdir /etc/services.d/new; printf '#!/bin/sh\nexec sleep 1000\n' >/etc/services.d/new/run; chmod +x /etc/services.d/new/run
say baseinit reload
say baseinit start new nosuch
say baseinit events
say baseinit logs web
say baseinit start
say baseinit wait --timeout soon web
say baseinit status | head -n 1
ls -ln /run/baseinit/control
`)
	holds(t, got,
		"--- baseinit status\nbaseinit ", ", pid 1, up for ", "\n\nNAME  STATE  PID", "bad   down   -", "down  down   -", "web   ready", "CMD   ready", "\ncode 0\n",
		"--- baseinit status web\nNAME", "\nweb ", "\ncode 0\n",
		"--- baseinit status down\nNAME", "\ndown ", "\ncode 3\n",
		"--- baseinit status wbe\nbaseinit status: no such service: \"wbe\": did you mean \"web\"?\ncode 1\n",
		"--- baseinit status --names\nbad\ndown\nweb\nCMD\ncode 0\n",
		"--- baseinit start down\ndown: ready after ", "code 0\n",
		"--- baseinit stop down\ndown: down (was killed by SIGTERM)\ncode 0\n",
		"--- baseinit start bad\nbad: backing off (starts in ", "exited with code 3)\nbaseinit start: bad is not ready: it is backing off", "code 1\n",
		"--- baseinit start --no-wait down\ndown: ", "code 0\n",
		"--- baseinit wait --state down --timeout 0.1 web\nbaseinit wait: web is not down in time: it is ready", "code 1\n",
		"--- baseinit wait -s done -t 1 web web\nbaseinit wait: web is not done in time", "code 1\n",
		"--- baseinit restart web\nweb: ready after ", "code 0\n",
		"--- baseinit signal NOPE web\nbaseinit signal: the parameter signal is \"NOPE\": there is no such signal (baseinit help signal tells more)\ncode 2\n",
		"--- baseinit signal KILL web\ncode 0\n", "--- baseinit status web\n", "last run was killed by SIGKILL\ncode 0\n",
		"--- baseinit graph --dot --json\nbaseinit graph: --dot and --json do not go together (baseinit help graph tells more)\ncode 2\n",
		"--- baseinit top web\nbaseinit top: it takes no arguments, not even \"web\" (baseinit help top tells more)\ncode 2\n",
		"--- baseinit\nusage: baseinit COMMAND", "code 2\n",
		"--- baseinit version\nbaseinit: there is no command \"version\" (baseinit help lists them)\ncode 2\n",
		"--- baseinit stop web down bad\nweb: down (was killed by SIGTERM)\ndown: down", "code 0\n",
		"--- baseinit wait web\nbaseinit wait: web is not ready: it is down\ncode 1\n",
		"--- baseinit healthy web\nweb is not ready: it is down\ncode 1\n",
		"--- baseinit env web\n", "HOSTNAME=box\n", "PATH=/usr/local/sbin:", "code 0\n",
		"--- baseinit reload\nnothing has changed\ncode 0\n",
		"--- baseinit reload\nadded: new\ncode 0\n",
		"--- baseinit start new nosuch\nbaseinit start: no such service: \"nosuch\"\ncode 1\n",
		"--- baseinit events\n", "  the container is at prepare\n", "  the container is at up\n", "  web: started, pid ", "  web: was killed by SIGKILL after ", "code 0\n",
		"--- baseinit logs web\nbaseinit logs: there are no lines of web: its output goes past baseinit (BASEINIT_OUTPUT=plain", "code 1\n",
		"--- baseinit start\nbaseinit start: which services? (baseinit help start tells more)\ncode 2\n",
		"--- baseinit wait --timeout soon web\nbaseinit wait: --timeout is \"soon\"", "code 2\n",
		"\nsrw------- ",
	)
}

// TestHealthy: at each stage of a container's life, and how long it takes.
func TestHealthy(t *testing.T) {
	t.Parallel()
	got := operate(t, pid1test.Box{Files: map[string]string{
		"/etc/cont-init.d/1":   "#!/bin/sh\necho '--- init'; baseinit healthy; echo code $?; baseinit status; baseinit status web 2>&1; baseinit wait -t 0.1 web 2>&1; echo code $?\n(baseinit wait web; echo \"waited $?\" >/waited) &\n",
		"/etc/cont-finish.d/1": "#!/bin/sh\necho '--- finish'; baseinit healthy; echo code $?; baseinit start web; echo code $?; baseinit reload 2>&1; echo code $?\n",
	}}, `
up
say baseinit healthy
say baseinit start bad
say baseinit healthy
say baseinit healthy web
baseinit stop bad
say baseinit healthy
until grep waited /waited 2>/dev/null; do sleep 0.01; done
`)
	holds(t, got,
		"--- init\nthe boot is not over: it is at cont-init\ncode 1\nbaseinit ", "booting (cont-init), running for ", "\n\nno services (they are read after cont-init.d)\n", "baseinit wait: the services are not there in time: the container is at cont-init\n", "code 1\n",
		"--- baseinit healthy\ncode 0\n", "--- baseinit healthy\nbad is not ready: it is ", "\ncode 1\n",
		"--- baseinit healthy web\ncode 0\n", "--- baseinit healthy\ncode 0\n", "waited 0\n",
		"--- finish\nthe container is being stopped\ncode 1\n", "code 1\n", "baseinit reload: the container is being stopped\ncode 1\n")
}

// TestStartSurvives: a service that is ready since it runs, and dies of it at once, was not
// started. On a machine that is busy it may take longer to die than start waits.
func TestStartSurvives(t *testing.T) {
	t.Parallel()
	got := operate(t, pid1test.Box{Files: map[string]string{"/etc/services.d/brief/run": "#!/bin/sh\nexit 4\n", "/etc/services.d/brief/down": ""}}, `
for i in 0 1 2 3 4 5 6 7 8 9; do
	baseinit start brief 2>&1 && { baseinit stop brief; continue; }
	echo "code $?"
	break
done
`)
	holds(t, got, "brief: backing off (", "exited with code 4)\nbaseinit start: brief is not ready: it is backing off (", "code 1\n")
}

// TestHealthyIsQuick: 100 calls of healthy in a loop of the shell.
func TestHealthyIsQuick(t *testing.T) {
	t.Parallel()
	r := start(t, pid1test.Box{
		Files: map[string]string{"/etc/services.d/web/run": sleeps},
		Args:  []string{"sh", "-c", `baseinit wait web; echo go; for i in 0 1 2 3 4 5 6 7 8 9; do for j in 0 1 2 3 4 5 6 7 8 9; do baseinit healthy || exit 9; done; done; echo end`},
	})
	r.WaitFor("go\n")
	began := time.Now()
	r.WaitFor("end\n")
	t.Logf("%v each", time.Since(began)/100)
	if code := r.Wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestNobodyAnswers: what a command says where no baseinit is, or where it may not ask.
func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	got := operate(t, pid1test.Box{Args: []string{"--control", "off"}}, "say baseinit status\nsay baseinit help nope\nsay baseinit statsu\nBASEINIT_CONTROL=/nope say baseinit healthy\n")
	holds(t, got, "--- baseinit status\nbaseinit status: no baseinit answers: /run/baseinit/control: it is not there", "docker exec NAME baseinit status", "code 4\n",
		"there is no command \"nope\"", "code 2\n", "there is no command \"statsu\": did you mean \"status\"?", "code 2\n", "/nope: it is not there", "code 4\n")
}

// TestAskedByAnother: a user who may not ask is told who may.
func TestAskedByAnother(t *testing.T) {
	t.Parallel()
	pid1test.NeedRoot(t)
	got := operate(t, pid1test.Box{}, "baseinit wait web\nsay s6-setuidgid 999:999 baseinit status\n")
	holds(t, got, "no baseinit answers: /run/baseinit/control: only its owner and root may connect (as root it does: docker exec -u root NAME baseinit status)\ncode 4\n")
}

// TestControlNowhere: where nothing can be written the log says that commands do not work.
func TestControlNowhere(t *testing.T) {
	t.Parallel()
	r := start(t, pid1test.Box{ReadOnly: true, Args: []string{"sh", "-c", "baseinit healthy; exit $?"}})
	if code := r.Wait(); code != cli.CodeUnreachable {
		t.Errorf("exit code %d", code)
	}
	holds(t, r.Stderr(), "baseinit status and the like will not work: no directory can be written (set BASEINIT_RUN")
}

// TestControlElsewhere: the socket is found wherever it is.
func TestControlElsewhere(t *testing.T) {
	t.Parallel()
	pid1test.NeedRoot(t)
	for name, b := range map[string]pid1test.Box{
		"by name":      {Env: []string{"BASEINIT_CONTROL=/tmp/own/socket"}},
		"by flag":      {Args: []string{"--control", "/run/baseinit/control"}},
		"BASEINIT_RUN": {Env: []string{"BASEINIT_RUN=/tmp/state"}},
		"not root":     {UID: 999, GID: 999, Mode: nil},
		"TMPDIR":       {UID: 999, GID: 999, Env: []string{"TMPDIR=/var/log"}, Owner: map[string]int{"/var/log": 999}},
		"read-only":    {ReadOnly: true, Tmpfs: []string{"/tmp"}},
		"its own tree": {Args: []string{"--root", "/"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := operate(t, b, "say env -u BASEINIT_RUN baseinit wait web; say baseinit healthy web")
			if name == "by name" || name == "BASEINIT_RUN" {
				got = operate(t, b, "say baseinit wait web; say baseinit healthy web")
			}
			holds(t, got, "code 0\n", "--- baseinit healthy web\ncode 0\n")
		})
	}
}

// TestControlRefused: a socket that was asked for by name and cannot be is the end of the boot;
// another's is left alone.
func TestControlRefused(t *testing.T) {
	t.Parallel()
	r := start(t, pid1test.Box{Args: []string{"--control", "/proc/nope/control", "true"}})
	if code := r.Wait(); code != 111 && code != 100 {
		t.Errorf("exit code %d", code)
	}
	holds(t, r.Stderr(), "cannot listen on the control socket /proc/nope/control: ")
	r = start(t, pid1test.Box{Links: map[string]string{"/run/baseinit/control": "/tmp/elsewhere"}, Args: []string{"sh", "-c", "ls /tmp; echo up"}})
	if code := r.Wait(); code != 0 || r.Stdout() != "up\n" {
		t.Errorf("exit code %d, %q", code, r.Stdout())
	}
	holds(t, r.Stderr(), "baseinit status and the like will not work: ", "that is no socket")
	r = start(t, pid1test.Box{Args: []string{"sh", "-c", "baseinit --control /run/baseinit/control --root /empty true; echo code $?; baseinit healthy && echo healthy"}, Files: map[string]string{"/empty/": ""}})
	r.Wait()
	holds(t, r.Output(), "another process listens there")
	holds(t, r.Stdout(), "healthy\n")
}

// TestLogs: what is kept of each service, and what comes.
func TestLogs(t *testing.T) {
	t.Parallel()
	got := operate(t, pid1test.Box{
		Env: []string{"BASEINIT_OUTPUT=plain"},
		Files: map[string]string{
			"/etc/cont-init.d/1":        "#!/bin/sh\necho from a script\n",
			"/etc/services.d/talk/run":  "#!/bin/sh\nfor i in 1 2 3; do echo line $i; done; echo error >&2; echo end\nexec sleep 1000\n",
			"/etc/services.d/count/run": "#!/bin/sh\ni=0; while :; do echo count $((i+=1)) >&2; sleep 0.01; done\n",
		},
	}, `
until baseinit logs talk 2>/dev/null | grep -q end; do :; done
exec 2>&1
say baseinit logs talk
say baseinit logs -n 2 talk
say baseinit logs -n1 --json talk
say baseinit logs --since 0s talk
say baseinit logs --since 1h talk 1
say baseinit logs --since yesterday talk
baseinit logs -f -n 0 count | head -n 3
echo followed
baseinit events -f | head -n 2
say baseinit logs tlak
`)
	holds(t, got, "--- baseinit logs talk\n", "line 1\n", "line 3\n", "code 0\n", "--- baseinit logs -n 2 talk\n", "code 0\n",
		`{"ts":"`, `","service":"talk","stream":"std`, `,"pid":`, `"msg":"`, "code 0\n", "--- baseinit logs --since 0s talk\ncode 0\n",
		"[1] from a script\n", "[talk] line 1\n", "code 0\n", `--since is "yesterday"`, "code 2\ncount ", "\ncount ", "\ncount ", "\nfollowed\n", "the container is at prepare\n", "no such service: \"tlak\": did you mean \"talk\"?\ncode 1\n")
}

// TestStopCMD: to stop CMD is to stop the container, and to restart it is not.
func TestStopCMD(t *testing.T) {
	t.Parallel()
	r := start(t, pid1test.Box{Args: []string{"sh", "-c", "trap 'exit 5' TERM; echo >>/runs; echo run $(wc -l </runs); while :; do sleep 0.01; done"}})
	r.WaitFor("run 1\n")
	client := r.client("/run/baseinit/control")
	defer client.CloseIdleConnections()
	resp, err := client.Post("http://x/v1/restart?service=CMD&wait=20", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Errorf("status %d, %q", resp.StatusCode, r.Stdout())
	}
	r.WaitFor("run 2\n") // it may be said to run before it hears of signals
	if resp, err = client.Post("http://x/v1/stop?service=CMD", "", nil); err == nil {
		resp.Body.Close()
	}
	if code := r.Wait(); code != 5 {
		t.Errorf("exit code %d", code)
	}
}

// TestCompletion: what a bash in the container offers.
func TestCompletion(t *testing.T) {
	t.Parallel()
	pid1test.NeedProgram(t, "/usr/bin/bash", "bash")
	r := start(t, pid1test.Box{
		Host: []string{"/usr", "/lib", "/lib64"}, Env: []string{"PATH=/command:/usr/bin:/bin", "S6_VERBOSITY=0"},
		Files: map[string]string{
			"/etc/services.d/web/run": sleeps, "/etc/services.d/worker/run": sleeps, "/etc/services.d/my app/run": sleeps,
			"/script": `source <(baseinit completions bash)
try() {
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
	_baseinit
	echo "$*: ${COMPREPLY[*]}"
}
baseinit wait web worker
complete -p baseinit
try baseinit sta
try baseinit status w
try baseinit status --js
try baseinit status web wo
try baseinit status my
try baseinit signal HU
try baseinit signal HUP we
try baseinit help heal
try baseinit completions b
try baseinit reload x
`,
		},
		Args: []string{"/usr/bin/bash", "/script"},
	})
	r.Wait()
	holds(t, r.Stdout(), "complete -F _baseinit baseinit\n", "baseinit sta: status start\n", "baseinit status w: web worker\n", "baseinit status --js: --json\n", "baseinit status web wo: worker\n",
		"baseinit status my: my\\ app\n", "baseinit signal HU: HUP\n", "baseinit signal HUP we: web\n", "baseinit help heal: healthy\n", "baseinit completions b: bash\n", "baseinit reload x: \n")
}

// TestExamples: every example of help and docs/cli.md works. Those that go on are cut off.
func TestExamples(t *testing.T) {
	t.Parallel()
	var script strings.Builder
	script.WriteString("mkdir -p /etc/bash_completion.d\nbaseinit wait web db\n")
	elsewhere := strings.NewReplacer("| source", "| cat", "| dot -Tsvg", "| cat") // what the box lacks
	count := 0
	for _, c := range cli.Commands() {
		for _, e := range c.Examples {
			switch {
			case c.Name == "top": // needs a terminal
				continue
			case strings.Contains(e.Line, "--state down"):
				script.WriteString("(baseinit stop web) &\n")
			}
			prefix := "baseinit "
			if strings.Contains(e.Line, "-f") || c.Name == "events" {
				prefix = "timeout 1 baseinit "
			}
			count++
			fmt.Fprintf(&script, "{ %s%s; } >/tmp/out 2>&1; code=$?; echo %q: $code; [ $code = 0 ] || [ $code = 143 ] || cat /tmp/out\nwait\nbaseinit start web db >/dev/null\n", prefix, elsewhere.Replace(e.Line), e.Line)
		}
	}
	got := operate(t, pid1test.Box{
		Env:   []string{"BASEINIT_OUTPUT=plain"},
		Files: map[string]string{"/etc/services.d/db/run": sleeps, "/etc/services.d/web/run": "#!/bin/sh\ntrap '' HUP\nwhile :; do sleep 0.1; done\n"},
	}, script.String())
	if n := strings.Count(got, ": 0\n") + strings.Count(got, ": 143\n"); n != count || count == 0 {
		t.Errorf("%d of %d examples work:\n%s", n, count, got)
	}
}
