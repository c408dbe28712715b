package scenario

import "strings"

// execlineTrees are of tier D: scripts in execline, and its words called by shells.
func execlineTrees() []Scenario {
	return []Scenario{
		// The canonical pair: run chains into a daemon, finish ends the container.
		tree("d-canonical", map[string]string{
			"/etc/services.d/nginx/run": "#!/usr/bin/execlineb -P\nwith-contenv\ns6-setuidgid app\nfdmove -c 2 1\nimportas -u g GREETING\nredirfd -w 1 /tmp/nginx\nsh -c \"echo ${g} $(id -u); exit 4\"\n",
			"/etc/services.d/nginx/finish": "#!/bin/execlineb -S1\nif { s6-test ${1} -ne 0 }\nif { s6-test ${1} -ne 256 }\n" +
				"foreground { redirfd -w 1 /var/run/s6/env-stage3/S6_STAGE2_EXITED s6-echo -n -- ${1} }\ns6-svscanctl -t /var/run/s6/services\n",
			"/etc/cont-finish.d/1": "#!/bin/sh\ncat /tmp/nginx >>/tmp/log\n",
		}, "hello 999").with(func(s *Scenario) {
			s.Env, s.Code = []string{"GREETING=hello"}, 4
		}),
		// crazy-max's: run scripts that cont-init.d writes, with words that nobody substitutes.
		tree("d-generated", map[string]string{
			"/etc/cont-init.d/10-generate": contenv + "mkdir -p /etc/services.d/app\ncat >/etc/services.d/app/run <<EOL\n#!/usr/bin/execlineb -P\nwith-contenv\n" +
				"backtick -n -D none HOST { cat /nope }\nimportas -i h HOST\ns6-setuidgid ${PUID}:${PGID}\nforeground { redirfd -w 1 /tmp/app s6-echo \\${KEPT} \\$h }\nsleep 1000\nEOL\n",
			"/etc/cont-finish.d/1": "#!/bin/sh\ncat /tmp/app >>/tmp/log\n",
		}, "${KEPT} none").with(func(s *Scenario) {
			s.Env = []string{"PUID=1001", "PGID=1001"}
			s.Args = sh("until [ -s /tmp/app ]; do sleep 0.01; done")
		}),
		tree("d-from-shell", map[string]string{
			"/etc/cont-init.d/10":   "#!/command/execlineb -P\nifelse { s6-test -e /nope } { exit 1 }\nforeground { redirfd -a 1 /tmp/log pipeline { s6-echo one } sed s/one/two/ }\nexit 0\n",
			"/etc/services.d/x/run": "#!/bin/sh\nfdmove 1 2 true\nexec redirfd -w 1 /tmp/x \\\n fdmove -c 2 1 \\\n cd /tmp s6-setuidgid app sh -c 'pwd; pwd >&2; exec sleep 1000'\n",
		}, "two|/tmp|/tmp").with(func(s *Scenario) {
			s.Args = sh("until grep -q tmp /tmp/x; do sleep 0.01; done; cat /tmp/x >>/tmp/log; exec cd / /bin/export A b sh -c 'exit ${#A}'")
			s.Code = 1
		}),
	}
}

// readinessTrees are of tier E.
func readinessTrees() []Scenario {
	return []Scenario{
		tree("e-notifyoncheck", files(
			rcLongrun("web", notes("web")+"exec s6-notifyoncheck -d -n 300 -w 50 -c \"redirfd -w 1 /dev/null cat /tmp/listening\" cd / s6-setuidgid app sleep 1000\n"),
			rcLongrun("db", "exec s6-notifyoncheck -s 20 -w 20 -n 0 sleep 1000\n"),
			rcOneshot("probe", "until grep -q web /tmp/log; do sleep 0.01; done\n"+notes("listening")+">/tmp/listening\n"),
			rcOneshot("next", notes("next"), "web", "db"),
			map[string]string{rcDir + "web/notification-fd": "3", rcDir + "db/notification-fd": "3\n", rcDir + "db/data/check": "#!/bin/sh\nexec test -e /tmp/listening\n"},
		), "web|listening|next|CMD").with(func(s *Scenario) { s.Args = sh("echo CMD >>/tmp/log") }),
		tree("e-stop", map[string]string{
			"/etc/services.d/web/run":             contenv + "trap 'echo got QUIT >>/tmp/log; exit' QUIT\n" + patient + "\n",
			"/etc/services.d/web/notification-fd": "3", "/etc/services.d/web/down-signal": "SIGQUIT",
			"/etc/services.d/deaf/run": contenv + "trap '' TERM\n" + patient + "\n", "/etc/services.d/deaf/notification-fd": "3",
			"/etc/services.d/deaf/timeout-kill": "100\n", "/etc/services.d/deaf/finish": "#!/bin/sh\n" + notes("deaf $1 $2") + "exec sleep 1000\n",
			"/etc/services.d/deaf/timeout-finish": "2000",
		}, "").with(func(s *Scenario) {
			s.Env, s.Args = []string{waitForServices}, sh("exit 0")
			s.Stdout = "got QUIT\ndeaf 256 9\n"
		}),
	}
}

// loggingTrees are of tier F.
func loggingTrees() []Scenario {
	return []Scenario{
		tree("f-log", map[string]string{
			"/etc/cont-init.d/10":         contenv + "mkdir -p /var/log/web; chown nobody /var/log/web\n",
			"/etc/services.d/web/run":     contenv + "echo one; echo two; exec sleep 1000\n",
			"/etc/services.d/web/log/run": "#!/bin/sh\nexec s6-setuidgid nobody s6-log -b n3 s10000 T /var/log/web\n",
		}, "one|two").with(func(s *Scenario) {
			s.Args = sh("until grep -q two /var/log/web/current; do sleep 0.01; done; sed 's/^....-..-.. ..:..:..\\.[0-9]*  //' /var/log/web/current >>/tmp/log")
		}),
		tree("f-pipeline", files(
			rcLongrun("app", "echo hello from app\nexec sleep 1000\n"), rcLongrun("app-log", "exec logutil-service /var/log/app\n"),
			map[string]string{
				rcDir + "app/producer-for": "app-log\n", rcDir + "app-log/consumer-for": "app", rcDir + "app-log/pipeline-name": "app-pipeline",
				rcDir + "user/contents.d/app-pipeline": "", rcDir + "app-log/notification-fd": "3", "/var/log/": "",
				rcDir + "app-prepare/type": "oneshot", rcDir + "app-prepare/up": "if { mkdir -p /var/log/app } if { chown nobody:nobody /var/log/app } chmod 02755 /var/log/app\n",
				rcDir + "app-log/dependencies.d/app-prepare": "",
			}), "hello from app|app app-log").with(func(s *Scenario) {
			delete(s.Files, rcDir+"user/contents.d/app")
			delete(s.Files, rcDir+"user/contents.d/app-log")
			s.Files[rcDir+"app-log/run"] = strings.Replace(s.Files[rcDir+"app-log/run"], "exec ", "echo >&3\nexec ", 1)
			s.Args = sh("until grep -q hello /var/log/app/current; do sleep 0.01; done; cut -d' ' -f4- /var/log/app/current >>/tmp/log; echo $(s6-rc list app-pipeline) >>/tmp/log")
		}),
		tree("f-filter", map[string]string{
			"/etc/services.d/web/run":     contenv + "(echo one; echo two >&2) 2>&1 | s6-format-filter \"[ WEB ] %s\" >/tmp/out\necho x | s6-tai64n | s6-tai64nlocal >/tmp/stamp\nexec sleep 1000\n",
			"/etc/services.d/ids/run":     contenv + "exec s6-envuidgid -D 32768:32768 nobody sh -c 'echo $UID >/tmp/ids; exec sleep 1000'\n",
			"/etc/services.d/envdir/run":  contenv + "exec s6-envdir -fn -- /etc/env sh -c 'printf %s \"$VALUE\" >/tmp/env; exec sleep 1000'\n",
			"/etc/env/VALUE":              "from a file",
			"/etc/services.d/dynamic/run": contenv + "exec sleep 1000\n",
		}, "[ WEB ] one|[ WEB ] two|65534|from a file|stamped").with(func(s *Scenario) {
			s.Args = sh("until [ -s /tmp/stamp ] && [ -s /tmp/ids ] && [ -s /tmp/env ]; do sleep 0.01; done; cat /tmp/out /tmp/ids /tmp/env >>/tmp/log; echo >>/tmp/log; grep -q '^....-..-.. ..:..:.*x$' /tmp/stamp && echo stamped >>/tmp/log")
		}),
	}
}

// tailTrees are of tier G.
func tailTrees() []Scenario {
	return []Scenario{
		tree("g-deaths", map[string]string{
			"/etc/services.d/web/run": contenv + "exit 3\n",
			"/etc/services.d/web/finish": contenv + "deaths=$(s6-svdt /var/run/s6/services/web | grep -v 'exitcode 0' | wc -l)\n" + notes("deaths $deaths") +
				"[ $deaths -ge 2 ] && { s6-svdt-clear /var/run/s6/services/web; s6-svdt /var/run/s6/services/web | wc -l | tr -d ' ' >>/tmp/log; exec s6-svscanctl -t /var/run/s6/services; }\nexit 0\n",
		}, "deaths 1|deaths 2|0"),
		tree("g-permafail", map[string]string{
			"/etc/services.d/web/run":    contenv + notes("web") + "exit 1\n",
			"/etc/services.d/web/finish": "#!/bin/execlineb -P\ns6-permafailon 60 2 1-5,SIGSEGV\nredirfd -a 1 /tmp/log echo again\n",
		}, "web|again|web|down").with(func(s *Scenario) {
			s.Args = sh("s6-svwait -u -t 9000 /run/service/web; s6-svwait -t 9000 -U /run/service/web; s6-svstat /run/service/web | cut -c1-4 >>/tmp/log")
		}),
		// DataDog's: /var/run is no link, and /var/run/s6 a volume that holds something old.
		tree("g-var-run", map[string]string{
			"/var/run/s6/services/stale/run": "#!/bin/sh\n" + notes("stale"),
			"/etc/cont-init.d/10":            contenv + "printf new >/var/run/s6/container_environment/VALUE\nls /var/run/s6/etc/cont-init.d >>/tmp/log\n",
			"/etc/services.d/web/run":        contenv + notes("web $VALUE") + "exit 0\n",
			"/etc/services.d/web/finish": contenv + "s6-svok /var/run/s6/services/web && echo supervised >>/tmp/log\n" +
				"printf 5 >/var/run/s6/env-stage3/S6_STAGE2_EXITED\ns6-svscanctl -t /var/run/s6/services\n",
		}, "10|web new|supervised").with(func(s *Scenario) { s.Without, s.Code = []string{"/var/run"}, 5 }),
		// A restricted pod: any user, nothing writable but /tmp, from which nothing may be run.
		tree("g-restricted", files(
			rcOneshot("prepare", notes("prepare $VALUE")), rcLongrun("app", notes("app")+">/tmp/app\nexec sleep 1000\n", "prepare"), rcLongrun("extra", notes("extra")+"exec sleep 1000\n"),
			map[string]string{
				"/etc/cont-init.d/10":       contenv + "printf new >$BASEINIT_RUN/s6/container_environment/VALUE\n",
				"/etc/services.d/later/run": contenv + notes("later") + "s6-setuidgid 12345:12345 exec sleep 1000\n", "/etc/services.d/later/down": "",
				"/etc/services.d/job/run": contenv + "until [ -e /tmp/app ]; do sleep 0.01; done\ns6-rc start extra\ns6-svc -wu -u /var/run/s6/services/later\n" +
					"until grep -q extra /tmp/log && grep -q later /tmp/log; do sleep 0.01; done\nsort /tmp/log >/tmp/l; cat /tmp/l >/tmp/log; exit 6\n",
				"/etc/services.d/job/finish": "#!/command/execlineb -S1\nforeground { s6-svstat -o wantedup . }\ns6-svscanctl -t /run/service\n",
			}), "true|app|extra|later|prepare new").with(func(s *Scenario) {
			delete(s.Files, rcDir+"user/contents.d/extra")
			s.UID, s.GID, s.DropCaps, s.NoNewPrivs, s.ReadOnly = 12345, 12345, true, true, true
			s.Tmpfs, s.Without = []string{"/tmp:noexec,mode=1777"}, []string{"/run"}
		}),
		// linuxserver's own with-contenv, which looks where it is and calls the real one.
		tree("g-own-contenv", map[string]string{
			"/usr/local/bin/with-contenv": "#!/bin/sh\ncase $(pwd -P) in */run/s6/legacy-services/*) umask 007;; esac\nexec /command/with-contenv \"$@\"\n",
			"/etc/services.d/web/run":     "#!/usr/local/bin/with-contenv sh\numask >>/tmp/log; >/tmp/done; exec sleep 1000\n",
			"/etc/services.d/halt/run":    contenv + "exec sleep 1000\n",
		}, "0007").with(func(s *Scenario) { s.Args = sh("until [ -e /tmp/done ]; do sleep 0.01; done") }),
	}
}
