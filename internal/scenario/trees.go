package scenario

import (
	"io/fs"
	"maps"
	"slices"
	"strings"
	"syscall"
)

// Trees are service trees of the kinds that public images made for base-alpine and
// s6-overlay v1 to v3 have, tier by tier of facts/corpus.md 1.5. Daemons are stubs. Each
// tree logs what happens, and a last script of cont-finish.d prints that.
func Trees() []Scenario {
	return slices.Concat(legacyTrees(), controlTrees(), rcTrees(), rcStopTrees(), execlineTrees(), readinessTrees(), loggingTrees(), tailTrees())
}

const (
	logTo    = "/run/s6-linux-init-container-results/exitcode"
	contenv  = "#!/usr/bin/with-contenv sh\n"
	contenv3 = "#!/command/with-contenv sh\n"
	rcDir    = "/etc/s6-overlay/s6-rc.d/"
)

// tree is a scenario whose log is all of stdout.
func tree(name string, files map[string]string, log string) Scenario {
	all := maps.Clone(files)
	all["/etc/cont-finish.d/zz-log"] = "#!/bin/sh\ncat /tmp/log\n"
	all["/tmp/"] = ""
	mode := map[string]fs.FileMode{"/tmp": 0o1777}
	return Scenario{Name: "tree-" + name, Files: all, Mode: mode, Stdout: strings.ReplaceAll(log, "|", "\n") + "\n"}
}

func (s Scenario) with(change func(*Scenario)) Scenario {
	change(&s)
	return s
}

// notes is a line of a script that logs.
func notes(text string) string { return "echo \"" + text + "\" >>/tmp/log\n" }

// daemon is a stub that logs its start and, when it is told to stop, its end.
func daemon(name string) string {
	return "echo \"" + name + " up\" >>/tmp/log\ntrap 'echo \"" + name + " down\" >>/tmp/log; kill $!; exit 0' TERM\n[ -e notification-fd ] && echo >&3\n" +
		"while :; do sleep 1000 & wait; done\n"
}

// legacyTrees are of tier A: services.d, cont-init.d, cont-finish.d, fix-attrs.d,
// with-contenv, files that are not executable, s6-setuidgid.
func legacyTrees() []Scenario {
	return []Scenario{
		// base-alpine's own: 0644 scripts, an environment that scripts change, PUID.
		tree("a-environment", map[string]string{
			"/etc/cont-init.d/.gitignore":  "*\n",
			"/etc/cont-init.d/10-set":      contenv + notes("init $GREETING") + "printf changed >/var/run/s6/container_environment/GREETING\n>/run/s6/container_environment/GONE\n",
			"/etc/cont-init.d/20-see":      contenv + notes("then $GREETING ${GONE-unset}"),
			"/etc/cont-init.d/30-no-shell": notes("no shebang"),
			"/etc/services.d/web/run":      contenv + notes("web $GREETING ${GONE-unset} in $(pwd -P)") + "exec sleep 1000\n",
			"/etc/fix-attrs.d/.gitkeep":    "",
			"/etc/fix-attrs.d/01-data":     "/data/x   false  app:app,999:999  0640 0750",
			"/data/x":                      "",
		}, "init hello|then changed unset|no shebang|web changed unset in /run/s6/legacy-services/web|640 app").with(func(s *Scenario) {
			s.Env = []string{"GREETING=hello", "GONE=yes"}
			for _, path := range []string{"/etc/cont-init.d/10-set", "/etc/cont-init.d/20-see", "/etc/services.d/web/run"} {
				s.Mode[path] = 0o644
			}
			s.Args = sh("until grep -q web /tmp/log; do sleep 0.01; done; stat -c '%a %U' /data/x >>/tmp/log; exit 4")
			s.Code = 4
		}),
		// A daemon as a user, by name and by numbers, and a run script that forgets exec.
		tree("a-users", map[string]string{
			"/etc/cont-init.d/10-ids":    contenv + "s6-setuidgid app sh -c 'echo init $(id -u):$(id -g):$(id -G)' >>/tmp/log\n",
			"/etc/services.d/user/run":   contenv + "exec 2>&1\nexec s6-setuidgid app sh -c 'echo user $(id -u):$(id -G) $HOME >/tmp/user; exec sleep 1000'\n",
			"/etc/services.d/pair/run":   contenv + "exec s6-setuidgid ${PUID}:${PGID} sh -c 'echo pair $(id -u):$(id -G) >/tmp/pair; exec sleep 1000'\n",
			"/etc/services.d/forget/run": contenv + "sh -c 'trap \">/tmp/told; exit\" TERM; >/tmp/forget; while :; do sleep 0.01; done' | cat\n",
			"/etc/cont-finish.d/10":      "#!/bin/sh\ncat /tmp/user /tmp/pair\n[ ! -e /tmp/told ] || " + notes("child down"), // as often as it was told
		}, "").with(func(s *Scenario) {
			s.Env = []string{"PUID=1001", "PGID=1002", "HOME=/root"}
			s.Args = sh("until [ -s /tmp/user ] && [ -s /tmp/pair ] && [ -e /tmp/forget ]; do sleep 0.01; done")
			s.Stdout = "user 999:999 /root\npair 1001:1002\ninit 999:999:999\nchild down\n"
		}),
		// Restarts after an end, with what finish is told, and a finish that is a link.
		tree("a-restart", map[string]string{
			"/etc/services.d/web/run": contenv + "n=$(cat /tmp/n 2>/dev/null || echo 1); echo $((n + 1)) >/tmp/n\n" + notes("web $n $1") +
				"[ $n = 1 ] && exit 3\n[ $n = 2 ] && kill -9 $$\n>/tmp/third; exec sleep 1000\n",
			"/etc/services.d/web/finish": "#!/bin/sh\n" + notes("finish $1 $2"),
			"/etc/services.d/my app/run": "#!/bin/sh\n>/tmp/space; exec sleep 1000\n",
			"/etc/services.d/empty/":     "",
			"/etc/services.d/bare/run":   ">/tmp/bare; exec sleep 1000\n", // executable, and no first line
			"/etc/cont-init.d/10.bak":    "#!/bin/sh\n" + notes("bak runs"),
		}, "bak runs|web 1 web|finish 3 0|web 2 web|finish 256 9|web 3 web|finish 256 15").with(func(s *Scenario) {
			s.Args = sh("until [ -e /tmp/third ] && [ -e /tmp/space ] && [ -e /tmp/bare ]; do sleep 0.01; done")
			s.Mode["/etc/services.d/bare/run"] = 0o755
			s.Links = map[string]string{"/etc/services.d/my app/finish": "/bin/true"}
			s.Output = []string{"/etc/services.d/empty has no run file"}
		}),
	}
}

// controlTrees are of tier B: s6-svc and its like, and the ways to end the container.
func controlTrees() []Scenario {
	dance := "#!/command/with-contenv sh\n" + `code=$(cat ` + logTo + `)
if [ "$code" -eq 0 ]; then if [ "$1" -eq 256 ]; then echo $((128 + $2)) >` + logTo + `; else echo "$1" >` + logTo + `; fi; fi
exec /run/s6/basedir/bin/halt
`
	return []Scenario{
		tree("b-halt", map[string]string{
			"/etc/services.d/addon/run": contenv3 + notes("addon") + "exit 7\n", "/etc/services.d/addon/finish": dance,
		}, "addon").with(func(s *Scenario) { s.Code = 7 }),
		tree("b-halt-signal", map[string]string{
			"/etc/services.d/addon/run": contenv3 + notes("addon") + "kill -SEGV $$\n", "/etc/services.d/addon/finish": dance,
		}, "addon").with(func(s *Scenario) { s.Code = 128 + 11 }),
		// The script of v1 and v2: ends everything unless it was told to end, and is called again.
		tree("b-svscanctl", map[string]string{
			"/etc/services.d/web/run":    contenv + notes("web") + "exit 1\n",
			"/etc/services.d/web/finish": contenv + "[ \"$1\" -ne 0 ] && [ \"$1\" -ne 256 ] && s6-svscanctl -t /var/run/s6/services\nexit 0\n",
			"/etc/services.d/db/run":     contenv + "exec sleep 1000\n",
			"/etc/services.d/db/finish":  contenv + notes("db $1 $2") + "s6-svscanctl -t /var/run/s6/services && echo again >>/tmp/log\n",
		}, "web|db 256 15|again"),
		// One run only, by its own finish script, and one that is down until a script wants it.
		tree("b-svc", map[string]string{
			"/etc/services.d/job/run":     contenv + notes("job") + "exit 0\n",
			"/etc/services.d/job/finish":  "#!/bin/sh\n" + notes("job wanted $(s6-svstat -o wantedup .)") + "s6-svc -O .\n",
			"/etc/services.d/later/run":   contenv + notes("later") + "exec sleep 1000\n",
			"/etc/services.d/later/down":  "",
			"/etc/services.d/late/run":    contenv + "exec sleep 1000\n",
			"/etc/services.d/late/down":   "",
			"/etc/cont-init.d/10-undo":    contenv + "rm /etc/services.d/late/down\n",
			"/etc/services.d/crash/run":   contenv + "exit 1\n",
			"/etc/services.d/stopped/run": contenv + "trap '' HUP; exec sleep 1000\n", "/etc/services.d/stopped/finish": "#!/bin/sh\n" + notes("stopped wanted $(s6-svstat -o wantedup .)"),
		}, "job|job wanted true|late up|later|job once|stopped wanted false|cwd|names").with(func(s *Scenario) {
			s.Args = sh(`set -e; cd /var/run/s6/services
until grep -q 'job wanted' /tmp/log; do sleep 0.01; done; s6-svwait -D -t 9000 job; s6-svwait -u -t 9000 /run/service/late; s6-svstat late | grep -q '^up (pid .*seconds$' && echo late up >>/tmp/log
s6-svc -wu -u /var/run/s6/services/later; until grep -qx later /tmp/log; do sleep 0.01; done
s6-svstat /run/service/job | grep -q '^down (exitcode 0) .* normally up, ready' && echo job once >>/tmp/log
s6-svc -wD -d /run/s6/legacy-services/stopped
(cd stopped && s6-svstat . | grep -q ^down) && echo cwd >>/tmp/log
for d in /run/service /run/s6/services /var/run/s6/services /run/s6/legacy-services /run/s6-rc/servicedirs; do s6-svok $d/later; done; echo names >>/tmp/log`)
		}),
		// Services that scripts drop into the scan directory, and take away.
		tree("b-dynamic", map[string]string{
			"/etc/services.d/old/run":       contenv + daemon("old"),
			"/etc/cont-init.d/10-generate":  contenv + "mkdir /etc/services.d/gen; printf '#!/bin/sh\\necho gen up >>/tmp/log; exec sleep 1000\\n' >/etc/services.d/gen/run\n",
			"/etc/cont-init.d/20-scan":      contenv + "mkdir -p /var/run/s6/services/early; printf '#!/bin/sh\\n>/tmp/early; exec sleep 1000\\n' >/var/run/s6/services/early/run\n",
			"/app/new/run":                  "#!/bin/sh\n" + notes("new up") + "exec sleep 1000\n",
			"/etc/services.d/template/run":  contenv + "exec sleep 1000\n",
			"/etc/services.d/template/down": "",
		}, "gen up|old up|new up|old down|gone|unsupervised|new up|stays away").with(func(s *Scenario) {
			s.Args = sh(`until grep -q gen /tmp/log && grep -q old /tmp/log && [ -e /tmp/early ]; do sleep 0.01; done
sort /tmp/log >/tmp/l && cat /tmp/l >/tmp/log
cp -R /app/new /run/service/new; s6-svscanctl -a /run/service; until grep -q new /tmp/log; do sleep 0.01; done
s6-svwait -u -t 9000 /run/service/new; rm -r /etc/services.d/old; s6-svscanctl -an /var/run/s6/services
until grep -q 'old down' /tmp/log && ! [ -e /run/service/old ]; do sleep 0.01; done; echo gone >>/tmp/log
s6-svok /run/service/old || echo unsupervised >>/tmp/log
rm /run/service/gen; s6-svscanctl -an /run/service; until ! [ -e /run/s6/legacy-services/gen ]; do sleep 0.01; done
cp -R /app/new /run/service/newer; s6-svscanctl -a /run/service; s6-svwait -u -t 9000 /run/service/newer; s6-svok /run/service/gen || echo stays away >>/tmp/log
s6-rc -a list || echo no list >>/tmp/log`)
		}),
		// A control FIFO that lets another user than root start a service.
		tree("b-fifo", map[string]string{
			"/etc/cont-init.d/10-fifo":    contenv + "mkdir -p /etc/services.d/cron/supervise; mkfifo /etc/services.d/cron/supervise/control; chgrp app /etc/services.d/cron/supervise/control; chmod g+w /etc/services.d/cron/supervise/control\n",
			"/etc/services.d/cron/run":    contenv + notes("cron") + ">/tmp/cron; exec sleep 1000\n",
			"/etc/services.d/cron/down":   "",
			"/etc/services.d/cron/event/": "",
		}, "cron").with(func(s *Scenario) {
			s.Args = sh("until s6-setuidgid app s6-svc -u /run/service/cron; do sleep 0.01; done; until [ -e /tmp/cron ]; do sleep 0.01; done")
		}),
		// STOPSIGNAL QUIT: each ends by its own signal, in its time.
		tree("b-stopsignal", map[string]string{
			"/etc/services.d/php-fpm/run":         contenv + "trap 'until [ -e /tmp/log ]; do sleep 0.01; done; echo served the last request >>/tmp/log; exit' QUIT\necho running; while :; do sleep 0.01; done\n",
			"/etc/services.d/php-fpm/down-signal": "SIGQUIT",
			"/etc/services.d/web/run":             contenv + "exec sleep 1000\n",
			"/etc/services.d/web/finish":          "#!/bin/sh\n[ -e /tmp/log ] || " + notes("web $1 $2"),
		}, "running|web 256 15|served the last request").with(func(s *Scenario) {
			s.Steps = []Step{{For: "running", Signal: syscall.SIGQUIT}}
		}),
	}
}
