package scenario

import "syscall"

// terminals are lives with a controlling terminal.
func terminals() []Scenario {
	const stat = "read -r pid comm state ppid pgrp session tty tpgid rest </proc/$$/stat; "
	scenarios := []Scenario{
		{
			Name: "tty-session",
			Args: sh(stat + "[ $session = $$ ] && echo leader; [ $tpgid = $pgrp ] && echo foreground; " +
				"[ $tty != 0 ] && [ -t 0 ] && [ -t 1 ] && [ -t 2 ] && : </dev/tty && echo terminal; exit 5"),
			Code: 5, Output: []string{"leader", "foreground", "terminal"},
		},
		{
			Name: "tty-services", Env: []string{waitForServices}, // have none
			Files: map[string]string{
				"/etc/services.d/web/run":             script(stat + "echo terminal $tty of $(readlink /proc/self/fd/0); " + patient),
				"/etc/services.d/web/notification-fd": ready,
			},
			Args: sh("exit 0"), Output: []string{"terminal 0 of /dev/null"},
		},
		{
			Name: "tty-interrupt", Args: sh("trap 'echo got INT; exit 9' INT; echo up; " + hear),
			Steps: []Step{{For: "up", Send: "\x03"}}, Code: 9, Output: []string{"got INT"}, Never: []string{"stops the container"},
		},
		{Name: "tty-interrupt-dies", Args: sh(obedient), Steps: []Step{{For: "up", Send: "\x03"}}, Code: 130},
		{Name: "tty-term", Args: sh(obedient), Steps: []Step{{For: "up", Signal: syscall.SIGTERM}}, Code: 143},
		{
			Name: "tty-services-alone", Files: map[string]string{"/etc/services.d/web/run": script(obedient)},
			Steps: []Step{{For: "up", Send: "\x03"}}, Output: []string{"SIGINT stops the container"},
		},
		{Name: "tty-job-control", Args: []string{"sh", "-i"}, Steps: jobs(), Code: 5, Never: []string{"can't access tty", "job control turned off"}},
	}
	for i := range scenarios {
		scenarios[i].TTY = true
	}

	return scenarios
}

// jobs types into an interactive shell. What it waits for differs from what is
// typed, for that is echoed. The job is killed with SIGKILL, since the shell
// ignores SIGTERM, and so does its child for a moment.
func jobs() []Step {
	return []Step{
		{Send: "echo start-$((1+1))\n"},
		{For: "start-2", Send: "sleep 1000 &\n"},
		{Send: "jobs\n"},
		{For: "Running", Send: "kill -KILL %1; wait; echo none-$((1+2))\n"},
		{For: "none-3", Send: `sh -c 'trap "echo back-$((4+4))" CONT; echo front-$((3+4)); while :; do sleep 1000 & wait; done'` + "\n"},
		{For: "front-7", Send: "\x1a"}, // ^Z
		{For: "Stopped", Send: "fg\n"},
		{For: "back-8", Send: "\x03"},
		{Send: "exit $((2+3))\n"},
	}
}
