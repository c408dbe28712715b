package scenario

import "syscall"

const (
	exitcodeFile = "/run/s6-linux-init-container-results/exitcode"
	stopOnError  = "S6_BEHAVIOUR_IF_STAGE2_FAILS=2"

	// stubborn ignores SIGTERM, and so does what it starts.
	stubborn = "trap '' TERM; echo up; sleep 1000"
	// obedient becomes a program that dies of any signal.
	obedient = "echo up; exec sleep 1000"
)

// exitCodes are the scenarios of the rows in docs/exit-codes.md, in its order and
// without the codes.
func exitCodes() []Scenario {
	stop := func(sig syscall.Signal) []Step { return []Step{{For: "up", Signal: sig}} }
	service := func(run string) map[string]string {
		return map[string]string{"/etc/services.d/web/run": script(run)}
	}
	critical := func(run string) map[string]string {
		return map[string]string{"/etc/services.d/web/run": script(run), "/etc/services.d/web/critical": ""}
	}
	initialise := func(text string) map[string]string {
		return map[string]string{"/etc/cont-init.d/10-first": text}
	}
	with := func(files map[string]string, path, text string) map[string]string {
		files[path] = text
		return files
	}
	return []Scenario{
		{Name: "cmd-succeeds", Args: sh("exit 0")},
		{Name: "cmd-fails", Args: sh("exit 3")},
		{Name: "cmd-killed", Args: sh("kill -KILL $$"), Output: []string{"SIGKILL"}},
		{Name: "cmd-missing", Args: []string{"no-such-program"}, Output: []string{"no-such-program", "no such program in PATH"}},
		{Name: "cmd-missing/path", Args: []string{"/no/such/program"}, Output: []string{"/no/such/program", "no such file"}},
		{
			Name: "cmd-no-interpreter", Args: []string{"/app/start"},
			Files:  map[string]string{"/app/start": "#!/bin/no-such-shell -e\n"},
			Output: []string{"/app/start", `no such interpreter "#!/bin/no-such-shell -e"`},
		},
		{
			Name: "cmd-no-interpreter/crlf", Args: []string{"/app/start"},
			Files:  map[string]string{"/app/start": "#!/bin/sh\r\nexit 0\r\n"},
			Output: []string{"/app/start", `no such interpreter "#!/bin/sh^M"`},
		},
		{
			Name: "cmd-not-executable", Args: []string{"/app/start"},
			Files:  map[string]string{"/app/start": "exit 0\n"},
			Output: []string{"/app/start", "not executable: chmod +x it"},
		},
		{Name: "cmd-directory", Args: []string{"/etc"}, Output: []string{"/etc", "is a directory"}},
		{Name: "stop-cmd-dies", Args: sh(obedient), Steps: stop(syscall.SIGTERM)},
		{Name: "stop-cmd-exits", Args: sh("trap 'exit 0' TERM; echo up; sleep 1000 & wait"), Steps: stop(syscall.SIGTERM)},
		{
			Name: "stop-cmd-stubborn", Args: sh(stubborn), Env: []string{"S6_KILL_GRACETIME=300"},
			Steps: stop(syscall.SIGTERM), Output: []string{"did not end within 300ms"},
		},
		{Name: "interrupt-cmd", Args: sh(obedient), Steps: stop(syscall.SIGINT)},
		// Not a shell: busybox's ignores SIGQUIT until it execs.
		{Name: "quit-cmd", Files: map[string]string{"/text": "up\n"}, Args: []string{"tail", "-f", "/text"}, Steps: stop(syscall.SIGQUIT)},
		{
			Name: "quit-cmd-stubborn", Args: sh("trap '' QUIT; " + stubborn), Env: []string{"S6_KILL_GRACETIME=300"},
			Steps: stop(syscall.SIGQUIT), Output: []string{"did not end within 300ms"},
		},
		{Name: "quit-cmd-exits", Args: sh("trap 'exit 0' QUIT; echo up; sleep 1000 & wait"), Steps: stop(syscall.SIGQUIT)},
		{Name: "quit-services", Files: service(obedient), Steps: stop(syscall.SIGQUIT)},
		{Name: "stop-services", Files: service(obedient), Steps: stop(syscall.SIGTERM)},
		{Name: "interrupt-services", Files: service(obedient), Steps: stop(syscall.SIGINT)},
		{Name: "critical-fails", Files: critical("exit 4"), Output: []string{"web"}},
		{Name: "critical-killed", Files: critical("kill -SEGV $$"), Output: []string{"SIGSEGV"}},
		{
			Name:  "critical-succeeds",
			Files: with(critical("exit 0"), "/etc/services.d/web/finish", script(">/tmp/over")),
			Args:  sh("until [ -e /tmp/over ]; do sleep 0.05; done; exit 5"),
		},
		{
			Name:   "critical-gives-up",
			Files:  with(critical("echo run; exit 6"), "/etc/services.d/web/max-restarts", "2\n"),
			Stdout: "run\nrun\nrun\n",
		},
		{
			Name:  "critical-beats-cmd",
			Files: critical("until [ -e /tmp/up ]; do sleep 0.05; done; exit 4"),
			Args:  sh(">/tmp/up; exec sleep 1000"),
		},
		{
			Name:  "service-fails",
			Files: with(service("exit 4"), "/etc/services.d/web/finish", script("echo $1 >/tmp/over")),
			Args:  sh("until [ -s /tmp/over ]; do sleep 0.05; done; cat /tmp/over"), Stdout: "4\n",
		},
		{Name: "file-beats-cmd", Args: sh("echo 9 >" + exitcodeFile + "; exit 3")},
		{Name: "file-says-zero", Args: sh("echo 0 >" + exitcodeFile + "; exit 3")},
		{
			Name:  "file-at-stop",
			Files: with(service(obedient), "/etc/services.d/web/finish", script("echo 12 >"+exitcodeFile)),
			Steps: stop(syscall.SIGTERM),
		},
		{
			Name:  "file-at-stop/cont-finish",
			Files: map[string]string{"/etc/cont-finish.d/code": script("echo 12 >" + exitcodeFile)},
			Args:  sh(obedient), Steps: stop(syscall.SIGTERM),
		},
		{
			Name: "halt",
			Files: map[string]string{
				"/etc/services.d/web/run":    script("exit 3"),
				"/etc/services.d/web/finish": script("/command/s6-svscanctl -t /var/run/s6/services && exec /command/s6-svscanctl -t /run/service"),
			},
			Output: []string{"a script stops the container"},
		},
		{
			Name: "halt-code",
			Files: map[string]string{
				"/etc/services.d/web/run": script("exit 3"),
				"/etc/services.d/web/finish": script("[ $(cat /run/s6-linux-init-container-results/exitcode) = 0 ] || exit 1\n" +
					"echo $(($1 + 9)) >/run/s6-linux-init-container-results/exitcode\nexec /run/s6/basedir/bin/halt"),
			},
		},
		{
			Name: "halt-stage2",
			Files: map[string]string{
				"/etc/services.d/web/run": "#!/command/execlineb -P\nexit 3\n",
				"/etc/services.d/web/finish": "#!/command/execlineb -S1\nif { s6-test ${1} -ne 0 }\nif -t { s6-test ${1} -ne 256 }\n" +
					"foreground { redirfd -w 1 /var/run/s6/env-stage3/S6_STAGE2_EXITED s6-echo -n -- ${1} }\ns6-svscanctl -t /var/run/s6/services\n",
			},
		},
		{
			Name:  "halt-cmd",
			Files: map[string]string{"/etc/services.d/web/run": script("/run/s6/basedir/bin/halt; exec sleep 1000")},
			Args:  []string{"sleep", "1000"},
		},
		{
			Name:  "halt-in-init",
			Files: map[string]string{"/etc/cont-init.d/1": script("exec /run/s6/basedir/bin/halt"), "/etc/cont-init.d/2": script("sleep 1; echo second")},
			Args:  sh("echo CMD"), Never: []string{"CMD\n"},
		},
		{
			Name: "halt-in-init/poweroff",
			Files: map[string]string{
				"/etc/cont-init.d/1":      script("exec /run/s6/basedir/bin/poweroff"),
				"/etc/services.d/web/run": script("echo web"),
			},
			Never: []string{"web\n"},
		},
		{
			Name: "halt-in-rc",
			Files: map[string]string{
				rcDir + "first/type": "oneshot", rcDir + "first/up": "if { s6-echo first }\nif { redirfd -w 1 /run/s6-linux-init-container-results/exitcode s6-echo 12 }\n/run/s6/basedir/bin/halt\n",
				rcDir + "second/type": "oneshot", rcDir + "second/up": "s6-echo second\n", rcDir + "second/dependencies.d/first": "",
				rcDir + "user/contents.d/second": "",
			},
			Args: sh("echo CMD"), Never: []string{"CMD\n"}, Output: []string{"first\n"},
		},
		{
			Name:  "halt-in-hook",
			Env:   []string{"S6_STAGE2_HOOK=/run/s6/basedir/bin/halt"},
			Files: initialise(script("echo first")), Args: sh("echo CMD"), Never: []string{"CMD\n", "first\n"},
		},
		{
			Name: "halt-kill",
			Files: map[string]string{
				"/etc/services.d/web/run":    script("exit 3"),
				"/etc/services.d/web/finish": script("kill -TERM 1; kill 1"),
				"/etc/services.d/db/run":     script(obedient),
			},
		},
		{
			Name: "halt-nuke",
			Files: map[string]string{
				"/etc/services.d/web/run":    script("exit 3"),
				"/etc/services.d/web/finish": script("s6-nuke\nkill -2 1"),
				"/etc/services.d/db/run":     script(obedient),
			},
		},
		{
			Name: "halt-nuke/hard",
			Files: map[string]string{
				"/etc/services.d/web/run": script("exit 3"), "/etc/services.d/web/finish": script("kill -2 1\ns6-nuke -k"),
				"/etc/services.d/db/run": script(stubborn),
			},
		},
		{
			Name: "finish-100", // as Home Assistant's: anything else ends the container with that code
			Files: map[string]string{
				"/etc/services.d/web/run": script("n=$(cat /tmp/n 2>/dev/null); echo $((n + 1)) >/tmp/n; [ -n \"$n\" ] || exit 100; exit 101"),
				"/etc/services.d/web/finish": script("[ \"$1\" -eq 100 ] && exit 0\n[ \"$1\" -eq 256 ] && exit 0\n" +
					"echo \"$1\" >/run/s6-linux-init-container-results/exitcode\nexec /run/s6/basedir/bin/halt"),
			},
		},
		{Name: "stage2-exited", Args: sh("printf 8 >/var/run/s6/env-stage3/S6_STAGE2_EXITED; exit 3")},
		{Name: "stage2-exited/older", Args: sh("printf 8 >/var/run/s6/env-stage3/S6_CMD_EXITED; exit 3")},
		{
			Name: "init-fails", Files: initialise(script("exit 5")), Args: sh("echo up"),
			Stdout: "up\n", Output: []string{"cont-init.d/10-first", "exited with code 5"},
		},
		{
			Name: "init-fails-stop", Files: with(initialise(script("exit 5")), "/etc/cont-init.d/20-next", script("echo next")),
			Env: []string{stopOnError}, Args: sh("echo up"),
			Output: []string{"cont-init.d/10-first", "exited with code 5"}, Never: []string{"next", "up\n"},
		},
		{
			Name: "init-crlf-stop", Files: initialise("#!/bin/sh\r\nexit 0\r\n"), Env: []string{stopOnError},
			Output: []string{"/etc/cont-init.d/10-first", "#!/bin/sh^M", "sed -i"},
		},
		{
			Name: "init-directory-stop", Files: map[string]string{"/etc/cont-init.d/10-first/": ""}, Env: []string{stopOnError},
			Output: []string{"/etc/cont-init.d/10-first", "directory"},
		},
		{
			Name: "stop-in-init", Files: initialise(script(obedient)), Args: sh("echo CMD"),
			Steps: stop(syscall.SIGTERM), Never: []string{"CMD\n"},
		},
		{
			Name: "interrupt-in-init", Files: initialise(script(obedient)), Args: sh("echo CMD"),
			Steps: stop(syscall.SIGINT), Never: []string{"CMD\n"},
		},
		{
			Name: "services-late", Files: with(service("exec sleep 1000"), "/etc/services.d/web/notification-fd", "3\n"),
			Args: sh("echo CMD"), Never: []string{"CMD\n"},
			Env:    []string{stopOnError, "S6_CMD_WAIT_FOR_SERVICES=1", "S6_CMD_WAIT_FOR_SERVICES_MAXTIME=200"},
			Output: []string{"web", "S6_CMD_WAIT_FOR_SERVICES_MAXTIME"},
		},
		{
			Name: "finish-script-fails", Files: map[string]string{"/etc/cont-finish.d/last": script("exit 7")},
			Args: sh("exit 0"), Output: []string{"cont-finish.d/last", "exited with code 7"},
		},
		{
			Name: "bad-value", Files: with(service(obedient), "/etc/services.d/web/notification-fd", "three\n"),
			Args: sh("echo CMD"), Never: []string{"CMD\n"},
			Output: []string{"/etc/services.d/web/notification-fd", `"three"`},
		},
		{
			Name: "unknown-dependency", Files: with(service(obedient), "/etc/services.d/web/dependencies.d/db", ""),
			Output: []string{"/etc/services.d/web/dependencies.d/db", `no service "db"`},
		},
		{
			Name: "dependency-loop",
			Files: map[string]string{
				"/etc/services.d/web/run": script(obedient), "/etc/services.d/web/dependencies.d/db": "",
				"/etc/services.d/db/run": script(obedient), "/etc/services.d/db/dependencies": "web\n",
			},
			Output: []string{"web", "db"},
		},
		{Name: "no-profile", Env: []string{"S6_RUNTIME_PROFILE=none"}, Output: []string{"S6_RUNTIME_PROFILE", "/etc/cont-profile.d/none"}},
		{Name: "no-run-directory", Env: []string{"BASEINIT_RUN=/proc/none"}, Output: []string{"BASEINIT_RUN", "/proc/none"}},
		{
			Name: "init-not-a-directory", Without: []string{"/etc/cont-init.d"}, Files: map[string]string{"/etc/cont-init.d": "text"},
			Output: []string{"/etc/cont-init.d", "not a directory"},
		},
		{Name: "wrong-flag", Args: []string{"--no-such-flag"}, Output: []string{"no-such-flag", "--help"}},
		{Name: "no-syslog", UID: 12345, Env: []string{"BASEINIT_SYSLOG=required"}, Output: []string{"cannot listen on /dev/log", "permission denied"}},
		{Name: "wrong-syslog", Args: []string{"--syslog-format=xml"}, Env: []string{"BASEINIT_SYSLOG_FILTER=mail.loud"}, Output: []string{"BASEINIT_SYSLOG_FORMAT", `"xml"`, "BASEINIT_SYSLOG_FILTER", "mail.loud"}},
		{
			Name: "dns-timeout", Args: sh("exit 3"),
			Env:    []string{"DNS_INIT_TIMEOUT=1", "DB_PORT_5432_TCP_ADDR=192.0.2.7", "DB_NAME=/web/db_1", "BASEINIT_DNS_REACH=tcp"},
			Output: []string{"dns still waits for db_1 after 1s (DNS_INIT_TIMEOUT): db_1 (192.0.2.7): "},
		},
		{
			Name: "wrong-dns", Env: []string{"DNSMASQ_ARGS=--cache-siez=5 --dhcp-range=10.0.0.1 --port=x"},
			Output: []string{"DNSMASQ_ARGS: ", "--cache-siez", "did you mean --cache-size?", "not supported by baseinit: --dhcp-range", "--port=x"},
		},
		{Name: "wrong-dns-setting", Args: []string{"--dns=maybe"}, Env: []string{"DNS_INIT_TIMEOUT=soon", "BASEINIT_DNS_REACH=knock"}, Output: []string{`BASEINIT_DNS is "maybe"`, `BASEINIT_DNS_REACH is "knock": it can be auto, ping, tcp or off`, `DNS_INIT_TIMEOUT is "soon"`}},
		{Name: "no-dns", Env: []string{"BASEINIT_DNS=required", "DNSMASQ_ARGS=--listen-address=192.0.2.1"}, Output: []string{"cannot listen on 192.0.2.1:53"}},
		{Name: "wrong-output", Env: []string{"BASEINIT_OUTPUT=xml"}, Output: []string{"BASEINIT_OUTPUT", `"xml"`}},
	}
}
