package scenario

import (
	"fmt"
	"strings"
	"syscall"
)

// services are about services beside a CMD.
func services() []Scenario {
	return []Scenario{
		logPipe(),
		{
			Name: "service-finish", // exit code 125 is the end
			Files: map[string]string{
				"/etc/services.d/web/run":    script("echo run; kill -USR1 $$"),
				"/etc/services.d/web/finish": script("echo finish $1 $2 $3; exit 125"),
			},
			Args: sh("exec sleep 1000"), Steps: []Step{{For: "failed for good", Signal: syscall.SIGTERM}},
			Code: 143, Stdout: "run\nfinish 256 10 web\n",
		},
		{
			Name: "service-down", Env: []string{waitForServices},
			Files: map[string]string{
				"/etc/services.d/off/run":             script("echo off"),
				"/etc/services.d/off/down":            "",
				"/etc/services.d/web/run":             script("echo web; " + patient),
				"/etc/services.d/web/notification-fd": ready,
			},
			Args: sh("echo CMD"), Stdout: "web\nCMD\n",
		},
		{
			Name: "service-signal", Env: []string{waitForServices},
			Files: map[string]string{
				"/etc/services.d/web/run":             script("trap 'echo got QUIT; kill $!; exit' QUIT; " + patient),
				"/etc/services.d/web/down-signal":     "QUIT\n",
				"/etc/services.d/web/notification-fd": ready,
			},
			Args: sh("echo CMD"), Stdout: "CMD\ngot QUIT\n",
		},
		output("text", "--output=text", "[web] hello\n"),
		output("json", "--output=json", `"service":"web","stream":"stdout",`, `"msg":"hello"}`, `"msg":"from CMD"}`),
		lastWords(),
	}
}

// logPipe is a service with a log service: each crashes once, and no line is lost.
func logPipe() Scenario {
	return Scenario{
		Name: "service-log",
		Files: map[string]string{
			"/etc/services.d/web/run": script(`n=$(cat /tmp/n 2>/dev/null || echo 1)
echo $((n + 1)) >/tmp/n
echo to stderr >&2
printf "run $n a\nrun $n b\nrun $n c\n"
[ $n = 1 ] && exit 1
trap 'echo last words; exit' TERM
while :; do sleep 1000 & wait; done`),
			"/etc/services.d/web/log/run": script(`while read -r line; do
	echo "log: $line"
	[ "$line" = "run 1 b" ] && exit 1
	[ "$line" = "run 2 c" ] && >/tmp/all
done
echo log ends`),
		},
		Args: sh("until [ -e /tmp/all ]; do sleep 0.05; done; exit 3"), Code: 3,
		Stdout: lines("log: run 1 a", "log: run 1 b", "log: run 1 c", "log: run 2 a", "log: run 2 b", "log: run 2 c",
			"log: last words", "log ends"),
		Output: []string{"to stderr"}, Never: []string{"log: to stderr"},
	}
}

func output(name, flag string, want ...string) Scenario {
	return Scenario{
		Name: "output-" + name, Env: []string{waitForServices},
		Files: map[string]string{
			"/etc/services.d/web/run":             script("echo hello; " + patient),
			"/etc/services.d/web/notification-fd": ready,
		},
		Args: append([]string{flag}, sh("echo from CMD")...), Output: append(want, "from CMD"), Never: []string{"[CMD]"},
	}
}

// lastWords are all there, although the container ends at once.
func lastWords() Scenario {
	const n = 1000
	var want strings.Builder
	for i := range n {
		fmt.Fprintf(&want, "[web] %d\n", i+1)
	}
	return Scenario{
		Name: "output-last-words", Env: []string{waitForServices, "BASEINIT_OUTPUT=text"},
		Files: map[string]string{
			"/etc/services.d/web/run":             script(fmt.Sprintf("trap 'seq 1 %d; exit' TERM; ", n) + patient),
			"/etc/services.d/web/notification-fd": ready,
		},
		Args: sh("exit 0"), Stdout: want.String(),
	}
}
