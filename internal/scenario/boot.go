package scenario

import (
	"crypto/md5"
	"fmt"
	"slices"
	"strings"
	"syscall"
)

// Lives are whole lives that go the same way in every container.
func Lives() []Scenario {
	return slices.Concat(stages(), environments(), settings(), commands(), hardened(), signals(), terminals(), badTrees(), services(), syslogs())
}

const (
	waitForServices = "S6_CMD_WAIT_FOR_SERVICES=1"

	// patient is a service that traps SIGTERM, says when it is up, and is
	// stopped when the trap exits.
	patient = "echo >&3; while :; do sleep 1000 & wait; done"
	ready   = "3\n" // of notification-fd
)

// stages are about what comes when. All scripts append to one file.
func stages() []Scenario {
	say := func(text string) string { return "echo '" + text + "' >>/tmp/log\n" }
	whole := Scenario{
		Name: "stages",
		Env:  []string{waitForServices, "GREETING=hello"},
		Files: map[string]string{
			"/etc/fix-attrs.d/10-data": "/data true root 0640 0750\n",
			"/data/file":               "x",
			"/etc/cont-init.d/10-b": script(say("init 10-b") +
				"(cat /run/s6/container_environment/GREETING; stat -c '%u:%g %a' /data/file) >>/tmp/log"),
			"/etc/cont-init.d/9-c":                script(say("init 9-c")),
			"/etc/cont-init.d/B":                  script(say("init B")),
			"/etc/cont-init.d/_z":                 script(say("init _z")),
			"/etc/cont-init.d/a":                  script(say("init a")),
			"/etc/cont-init.d/with space":         script(say("init with space")),
			"/etc/cont-init.d/x.bak":              script(say("init x.bak")),
			"/etc/cont-init.d/.hidden":            script(say("init .hidden")),
			"/etc/services.d/.hidden/run":         script(say("service .hidden")),
			"/etc/services.d/web/run":             script("echo \"$1 starts in $PWD\" >>/tmp/log\ntrap 'echo web stops >>/tmp/log; exit 4' TERM\n" + patient),
			"/etc/services.d/web/finish":          script(`echo "web finish $1 $2 $3" >>/tmp/log`),
			"/etc/services.d/web/notification-fd": ready,
			"/etc/cont-finish.d/1-first":          script(say("finish first")),
			"/etc/cont-finish.d/2-last":           script("cat /tmp/log"),
		},
		Args: sh("echo CMD in $PWD >>/tmp/log; exit 3"), Code: 3,
		Stdout: lines("init 10-b", "hello", "0:0 640", "init 9-c", "init B", "init _z", "init a", "init with space",
			"init x.bak", "web starts in /run/s6/legacy-services/web", "CMD in /", "web stops", "web finish 4 0 web", "finish first"),
	}
	service := func(name string) string {
		return script(say(name+" starts") + "trap 'echo " + name + " stops >>/tmp/log; exit 0' TERM\n" + patient)
	}
	ordered := Scenario{
		Name: "stages-stop",
		Env:  []string{waitForServices},
		Files: map[string]string{
			"/etc/services.d/app/run":               service("app"),
			"/etc/services.d/app/notification-fd":   ready,
			"/etc/services.d/app/dependencies.d/db": "",
			"/etc/services.d/db/run":                service("db"),
			"/etc/services.d/db/notification-fd":    ready,
			"/etc/cont-finish.d/last":               script("cat /tmp/log"),
		},
		Args:  sh("trap 'echo CMD stops >>/tmp/log; exit 3' TERM; echo up; while :; do sleep 1000 & wait; done"),
		Steps: []Step{{For: "up", Signal: syscall.SIGTERM}}, Code: 3,
		Stdout: lines("up", "db starts", "app starts", "CMD stops", "app stops", "db stops"),
	}
	crash := Scenario{ // the services start while CMD runs
		Name: "stages-no-wait",
		Files: map[string]string{
			"/etc/services.d/web/run": script(">/tmp/web; " + obedient),
		},
		Args: sh("until [ -e /tmp/web ]; do sleep 0.05; done; echo seen; exit 0"), Output: []string{"seen"},
	}
	return []Scenario{whole, ordered, crash}
}

func lines(text ...string) string { return strings.Join(text, "\n") + "\n" }

// environments are about variables, from the container's to CMD's.
func environments() []Scenario {
	const dir = "/run/s6/container_environment"
	big := strings.Repeat("0123456789abcdef", 100<<10/16)
	show := `printf '[%s]' "$LINES_IN" "$TRAILING" "${EMPTY-unset}" "$EQUALS"; printf %s "$BIG" | md5sum`
	shown := fmt.Sprintf("[a\nb][c\n\n][][x=y]%x  -\n", md5.Sum([]byte(big)))
	return []Scenario{
		{
			Name: "env-shebangs", Env: []string{"A=container"},
			Files: map[string]string{
				"/etc/cont-init.d/1": "#!/usr/bin/with-contenv sh\necho 1 $A\n",
				"/etc/cont-init.d/2": "#!/command/with-contenv sh\necho 2 $A\n",
				"/etc/cont-init.d/3": "#!/bin/with-contenv sh\necho 3 $A\n",
			},
			Args: sh("for w in /usr/bin/ /command/ /bin/ ''; do env -i OWN=mine PATH=$PATH ${w}with-contenv sh -c 'echo $A ${OWN-gone}'; done"),
			Stdout: lines("1 container", "2 container", "3 container") +
				strings.Repeat("container gone\n", 4),
		},
		{
			Name: "env-live", Env: []string{waitForServices, "CHANGED=old", "REMOVED=old", "KEPT=old"},
			Files: map[string]string{
				"/etc/cont-init.d/1":                  script("cd /var" + dir + "; printf new >CHANGED; printf new >ADDED; rm REMOVED"),
				"/etc/cont-init.d/2":                  script("echo init $CHANGED $ADDED ${REMOVED-none} $KEPT"),
				"/etc/cont-init.d/3":                  "#!/usr/bin/with-contenv sh\necho with-contenv $CHANGED $ADDED ${REMOVED-none} $KEPT\n",
				"/etc/services.d/web/run":             script("echo service $CHANGED $ADDED ${REMOVED-none} $KEPT; printf newer >" + dir + "/ADDED\n" + patient),
				"/etc/services.d/web/notification-fd": ready,
				"/etc/cont-finish.d/1":                script("echo finish $CHANGED $ADDED ${REMOVED-none} $KEPT"),
			},
			Args: sh("echo CMD $CHANGED $ADDED ${REMOVED-none} $KEPT"),
			Stdout: lines("init new new none old", "with-contenv new new none old", "service new new none old",
				"CMD new newer none old", "finish new newer none old"),
		},
		{
			Name: "env-bytes", Env: []string{waitForServices, "LINES_IN=a\nb", "TRAILING=c\n\n", "EMPTY=", "EQUALS=x=y", "BIG=" + big},
			Files: map[string]string{
				"/etc/cont-init.d/1":                  script(show),
				"/etc/cont-init.d/2":                  "#!/usr/bin/with-contenv sh\n" + show + "\n",
				"/etc/services.d/web/run":             "#!/usr/bin/with-contenv sh\n" + show + "\n" + patient + "\n",
				"/etc/services.d/web/notification-fd": ready,
			},
			Args: sh(show), Stdout: strings.Repeat(shown, 4),
		},
		{
			Name: "env-kept", Env: []string{"S6_KEEP_ENV=yes", "A=container"},
			Files: map[string]string{
				"/etc/cont-init.d/1": script("printf x >" + dir + "/ADDED && echo written"),
			},
			Args:   sh("OWN=mine A=changed with-contenv sh -c 'echo $A $OWN'"),
			Stdout: lines("written", "changed mine"),
		},
	}
}

// settings are about S6_ variables that the other lists do not need.
func settings() []Scenario {
	const initScript = "/etc/cont-init.d/1"
	return []Scenario{
		{
			Name: "setting-warn", Env: []string{"S6_BEHAVIOUR_IF_STAGE2_FAILS=1"},
			Files: map[string]string{initScript: script("exit 5"), "/etc/cont-init.d/2": script("echo second")},
			Args:  sh("echo CMD; exit 3"), Code: 3, Stdout: "second\nCMD\n", Output: []string{"cont-init.d/1", "exited with code 5"},
		},
		{
			Name: "setting-late", Env: []string{waitForServices, "S6_CMD_WAIT_FOR_SERVICES_MAXTIME=100"},
			Files: map[string]string{
				"/etc/services.d/web/run":             script("exec sleep 1000"),
				"/etc/services.d/web/notification-fd": ready,
			},
			Args: sh("echo CMD; exit 3"), Code: 3, Stdout: "CMD\n", Output: []string{"web", "S6_CMD_WAIT_FOR_SERVICES_MAXTIME"},
		},
		{
			Name: "setting-quiet", Env: []string{"S6_VERBOSITY=1"},
			Files: map[string]string{initScript: script("exit 0"), "/etc/services.d/web/run": script("exec sleep 1000")},
			Args:  sh("echo CMD"), Stdout: "CMD\n", Never: []string{"baseinit"},
		},
		{
			Name: "setting-profile", Env: []string{"S6_RUNTIME_PROFILE=small"},
			Files: map[string]string{
				initScript: script("echo usual"), "/etc/cont-finish.d/1": script("echo usual"),
				"/etc/cont-profile.d/small/cont-init.d/1": script("echo small"),
			},
			Args: sh("echo CMD"), Stdout: "small\nCMD\n",
		},
		{
			Name: "setting-wrong", Env: []string{"S6_KILL_GRACETIME=soon", "S6_VERBOSITY=many"},
			Args: sh("exit 3"), Code: 3, Output: []string{`S6_KILL_GRACETIME="soon"`, `S6_VERBOSITY="many"`},
		},
	}
}

// commands are about what CMD is given.
func commands() []Scenario {
	return []Scenario{
		{
			Name: "arg0", Env: []string{"S6_CMD_ARG0=echo  'quoted'"}, Args: []string{"a b", "c"},
			Stdout: "'quoted' a b c\n",
		},
		{Name: "arg0-lines", Env: []string{"S6_CMD_ARG0=echo\n1 2"}, Args: []string{"3"}, Stdout: "1 2 3\n"},
		{Name: "arg0-alone", Env: []string{"S6_CMD_ARG0=echo alone"}, Stdout: "alone\n"},
		{Name: "flags-end", Args: []string{"--", "sh", "-c", "echo $0", "--help"}, Stdout: "--help\n"},
		{
			Name: "stdin", Stdin: "one\ntwo", Env: []string{waitForServices},
			Files: map[string]string{
				"/etc/cont-init.d/1":                  script(`echo "init read '$(cat)'"`),
				"/etc/services.d/web/run":             script(`echo "service read '$(cat)' of $(readlink /proc/self/fd/0)"; ` + patient),
				"/etc/services.d/web/notification-fd": ready,
			},
			Args: []string{"cat"}, Stdout: "init read ''\nservice read '' of /dev/null\none\ntwo",
		},
		{
			Name:  "init-children", // what a boot script starts stays
			Files: map[string]string{"/etc/cont-init.d/1": script("sleep 1000 & echo $! >/tmp/pid")},
			Args:  sh("kill -0 $(cat /tmp/pid) && echo alive"), Stdout: "alive\n",
		},
		{
			Name: "orphans", // are CMD's end, and nothing else's
			Args: sh("setsid sh -c 'echo $$ >/tmp/pid; trap \"echo told; exit\" TERM; while :; do sleep 1000 & wait; done' & " +
				"until [ -s /tmp/pid ]; do sleep 0.05; done; exit 6"),
			Code: 6, Stdout: "told\n",
		},
		{Name: "version", Args: []string{"--version"}, Output: []string{"baseinit "}},
		{Name: "help", Args: []string{"--help"}, Output: []string{"usage: baseinit", "--output"}},
	}
}
