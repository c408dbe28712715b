package scenario

import (
	"strconv"
	"syscall"
)

// logs makes a script log a line, and go on only when the container's log has had
// the time to find out who it was: a logger is gone a moment after its message.
func logs(options, text string) string {
	return "(echo '" + text + "'; sleep 1000) | logger " + options + " &\n"
}

// syslogs are about what programs log through /dev/log.
func syslogs() []Scenario {
	const web = "/etc/services.d/web/run"
	stop := func(text string) []Step { return []Step{{For: text, Signal: syscall.SIGTERM}} }
	idle := sh("exec sleep 1000")
	return []Scenario{
		{
			Name: "syslog-service", Files: map[string]string{web: script(logs("-t app", "a word") + "wait")},
			Args: idle, Steps: stop("[web] user.notice app["), Code: 143, Output: []string{"]: a word\n"},
		},
		{
			Name: "syslog-script", Files: map[string]string{"/etc/cont-init.d/10-prepare": script(logs("-p mail.err -t prep", "a word") + "sleep 0.2")},
			Args: idle, Steps: stop("[10-prepare] mail.err prep["), Code: 143,
		},
		{Name: "syslog-cmd", Args: sh(logs("-t app", "a word") + "wait"), Steps: stop("[CMD] user.notice app["), Code: 143},
		{
			Name: "syslog-json", Files: map[string]string{web: script(logs("-t app", "a word") + "wait")}, Env: []string{"BASEINIT_OUTPUT=json"},
			Args: idle, Steps: stop(`"service":"web","stream":"syslog","pid":`), Code: 143,
			Output: []string{`"facility":"user","severity":"notice","tag":"app"`, `"msg":"a word"}`},
		},
		{
			Name: "syslog-settings", Args: append([]string{"--syslog-escapes=octal", "--syslog-format=traditional"},
				sh(`logger -t a -p mail.info no; logger -t b -p daemon.debug no; printf 'x\033[2Jy' | logger -t c`)...),
			Env:    []string{"BASEINIT_SYSLOG_FORMAT=raw", "BASEINIT_SYSLOG_FILTER=*.info;mail.none"},
			Output: []string{" c[", "]: x#033[2Jy\n"}, Never: []string{"]: no", "\x1b"},
		},
		{
			Name: "syslog-limit", Env: []string{"BASEINIT_SYSLOG_RATE_LIMIT=3/1h"}, Args: sh("seq 1 10 | logger -t app"),
			Output: []string{"]: 3\n", "suppressed 7 messages of "}, Never: []string{"]: 4\n"},
		},
		{
			Name: "syslog-off", Env: []string{"BASEINIT_SYSLOG=off"}, Args: sh("ls -d /dev/log || echo none"),
			Stdout: "none\n",
		},
		{
			Name: "syslog-stdout", Env: []string{"BASEINIT_SYSLOG_STDOUT=1", "BASEINIT_SYSLOG_FORMAT=raw", "BASEINIT_SYSLOG_LISTEN=/dev/log /srv/chroot/dev/log"},
			Args: sh("rm /dev/log; ln -s /srv/chroot/dev/log /dev/log; logger -t app -p user.err bad"), Output: []string{" app: bad\n"},
		},
		{
			Name: "syslog-forward", Env: []string{"BASEINIT_SYSLOG_FORWARD=tcp://127.0.0.1:5514", "BASEINIT_SYSLOG_FORMAT=json"},
			Args:   sh("nc -l -p 5514 >/tmp/got & logger -t app a word; until grep -q 'a word' /tmp/got; do sleep 0.05; done; cat /tmp/got"),
			Output: []string{"<13>1 ", " app ", `"tag":"app"`},
		},
		lastMessages(), unlinkedSocket(),
		{
			Name: "syslog-user", UID: 12345, Args: sh(`[ -S "$BASEINIT_SYSLOG_SOCKET" ] && [ -w "$BASEINIT_SYSLOG_SOCKET" ] && echo a socket`),
			Stdout: "a socket\n", Output: []string{"cannot listen on /dev/log", "it takes root", "logger -u"},
		},
	}
}

// lastMessages are those of a service that is told to end, and of the scripts after
// it: none of them is lost.
func lastMessages() Scenario {
	const n = 100
	s := Scenario{
		Name: "syslog-last-words", Env: []string{waitForServices, "S6_VERBOSITY=1"},
		Files: map[string]string{
			"/etc/services.d/web/run":             script("trap 'seq 1 " + strconv.Itoa(n) + " | logger -t web; exit' TERM; " + patient),
			"/etc/services.d/web/notification-fd": ready,
			"/etc/cont-finish.d/bye":              script("logger -t finish the end"),
		},
		Args: sh("exit 0"), Output: []string{" finish[", "]: the end\n"},
	}
	for i := range n {
		s.Output = append(s.Output, "]: "+strconv.Itoa(i+1)+"\n")
	}
	return s
}

// unlinkedSocket takes /dev/log away: another one comes, and a client of the first
// is still heard.
func unlinkedSocket() Scenario {
	return Scenario{
		Name: "syslog-unlinked",
		Args: sh(`mkfifo /tmp/first; logger -t first </tmp/first & exec 9>/tmp/first
echo one >&9
sleep 0.1
rm /dev/log
until [ -S /dev/log ]; do sleep 0.02; done
logger -t second two
echo three >&9
exec 9>&-
wait`),
		Output: []string{"]: one\n", "/dev/log was unlinked", "]: two\n", "]: three\n"},
	}
}
