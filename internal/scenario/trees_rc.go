package scenario

import (
	"maps"
	"slices"
	"syscall"
)

// rcOneshot is a oneshot whose up file names a script, as most are.
func rcOneshot(name, script string, needs ...string) map[string]string {
	files := map[string]string{
		rcDir + name + "/type": "oneshot\n", rcDir + name + "/up": rcDir + name + "/run\n", rcDir + name + "/run": contenv3 + script,
		rcDir + "user/contents.d/" + name: "",
	}
	for _, need := range needs {
		files[rcDir+name+"/dependencies.d/"+need] = ""
	}
	return files
}

func rcLongrun(name, script string, needs ...string) map[string]string {
	files := rcOneshot(name, script, needs...)
	files[rcDir+name+"/type"] = "longrun"
	delete(files, rcDir+name+"/up")
	return files
}

func files(parts ...map[string]string) map[string]string {
	all := map[string]string{}
	for _, part := range parts {
		maps.Copy(all, part)
	}
	return all
}

// rcTrees are of tier C: s6-rc.d.
func rcTrees() []Scenario {
	return []Scenario{
		// linuxserver's: oneshots one after the other, a longrun, services.d and CMD last.
		tree("c-order", files(
			rcOneshot("init-adduser", notes("adduser"), "base"),
			rcOneshot("init-config", "sleep 0.2\n"+notes("config $GREETING"), "init-adduser"),
			rcLongrun("svc-web", notes("web in $(pwd -P)")+">/tmp/web\nexec sleep 1000\n", "init-config", "legacy-cont-init"),
			map[string]string{
				"/etc/services.d/legacy/run": contenv + "until [ -e /tmp/web ]; do sleep 0.01; done\n" + notes("legacy") + "exec sleep 1000\n",
				"/etc/cont-init.d/10":        contenv + notes("cont-init"), rcDir + "user/type": "bundle\n",
			}), "cont-init|adduser|config hi|web in /run/s6-rc/servicedirs/svc-web|legacy|CMD").with(func(s *Scenario) {
			s.Env = []string{"GREETING=hi"}
			s.Args = sh("until grep -q legacy /tmp/log; do sleep 0.01; done; echo CMD >>/tmp/log; exit 5")
			s.Code = 5
		}),
		// A failure blocks what requires it, and nothing else.
		tree("c-failure", files(
			rcOneshot("broken", notes("broken")+"exit 3\n"),
			rcLongrun("blocked", notes("never")),
			rcLongrun("free", notes("free")+">/tmp/free; exec sleep 1000\n"),
			map[string]string{
				rcDir + "blocked/dependencies": "broken\n", "/etc/services.d/legacy/run": contenv + ">/tmp/legacy\nexec sleep 1000\n",
			}), "").with(func(s *Scenario) {
			s.Args = sh("until [ -e /tmp/legacy ] && [ -e /tmp/free ]; do sleep 0.01; done; sort /tmp/log >/tmp/l; cp /tmp/l /tmp/log")
			s.Stdout = "broken\nfree\n"
			s.Output = []string{"broken: failed for good: exited with code 3", "blocked: cannot start: it requires broken, which is failed"}
		}),
		tree("c-failure-stops", files(rcOneshot("broken", notes("broken")+"exit 3\n")), "broken").with(func(s *Scenario) {
			s.Env, s.Code, s.Args = []string{stopOnError}, 3, sh("echo CMD >>/tmp/log")
			s.Output = []string{"broken failed: the boot stops here (S6_BEHAVIOUR_IF_STAGE2_FAILS=2)"}
		}),
		// Both layouts of bundles, a hook that adds a service, user2 and what comes after services.d.
		tree("c-bundles", files(
			rcOneshot("one", notes("one")),
			map[string]string{
				rcDir + "two/type": "oneshot", rcDir + "two/up": "/etc/two", "/etc/two": contenv3 + notes("two"), rcDir + "two/dependencies.d/one": "",
				"/etc/s6-overlay/user-bundles.d/user/contents.d/own": "", "/etc/s6-overlay/user-bundles.d/user/type": "bundle",
				rcDir + "own/type": "bundle", rcDir + "own/contents": "two\n",
				rcDir + "last/type": "oneshot", rcDir + "last/up": "/etc/last\n", "/etc/last": contenv3 + notes("last"),
				rcDir + "last/dependencies.d/legacy-services": "", rcDir + "user2/contents.d/last": "",
				rcDir + "unused/type": "oneshot", rcDir + "unused/up": "/bin/false",
				"/etc/services.d/legacy/run": contenv + notes("legacy") + "echo >&3\nexec sleep 1000\n", "/etc/services.d/legacy/notification-fd": "3",
				"/hook": "#!/bin/sh\n" + notes("hook $1") + "mkdir -p " + rcDir + "mod; echo oneshot >" + rcDir + "mod/type; echo 's6-echo -n' >" + rcDir + "mod/up; >" + rcDir + "user/contents.d/mod\n",
			}), "hook arg|one|two|legacy|last|mod|CMD").with(func(s *Scenario) {
			s.Env = []string{"S6_STAGE2_HOOK=/hook arg"}
			s.Args = sh("s6-rc -a list | grep -x mod >>/tmp/log; echo CMD >>/tmp/log")
		}),
		// What people write into up: shell, a first line of a shell, comments, execline.
		tree("c-shell", files(
			rcOneshot("a-shell", ""), rcOneshot("b-script", "", "a-shell"), rcOneshot("c-comment", "", "b-script"),
			rcOneshot("d-execline", "", "c-comment"), rcOneshot("e-exec", notes("exec"), "d-execline"), rcOneshot("f-header", notes("header"), "e-exec"),
			map[string]string{
				rcDir + "a-shell/up":    "cd /tmp && echo shell >>/tmp/log\n",
				rcDir + "b-script/up":   "#!/bin/sh\nif true; then\n  echo script >>/tmp/log\nfi\n",
				rcDir + "c-comment/up":  "# nothing to do\n\n",
				rcDir + "d-execline/up": "foreground { redirfd -a 1 /tmp/log echo \"execline ${RC_NAME}\" }\nimportas -i n RC_NAME\nredirfd -a 1 /tmp/log echo $n\n",
				rcDir + "e-exec/up":     "exec " + rcDir + "e-exec/run",
				rcDir + "f-header/up":   "#!/command/execlineb -P\n" + rcDir + "f-header/run\n",
			}), "shell|script|execline ${RC_NAME}|d-execline|exec|header").with(func(s *Scenario) {
			s.Args = sh("exit 0")
			s.Output = []string{rcDir + "a-shell/up is shell (&&)", rcDir + "b-script/up begins with #!/bin/sh"}
		}),
		// hassio's: oneshots in the bundle base of the overlay itself.
		tree("c-base", map[string]string{
			"/package/admin/s6-overlay-3.1.5.0/etc/s6-rc/sources/base/contents.d/banner": "",
			"/package/admin/s6-overlay-3.1.5.0/etc/s6-rc/sources/banner/type":            "oneshot",
			"/package/admin/s6-overlay-3.1.5.0/etc/s6-rc/sources/banner/up":              "/etc/banner",
			"/etc/banner":         contenv3 + notes("banner"),
			"/etc/cont-init.d/10": contenv + notes("cont-init"),
		}, "banner|cont-init").with(func(s *Scenario) {
			s.Args, s.Links = sh("exit 0"), map[string]string{"/package/admin/s6-overlay-3": "s6-overlay-3.1.5.0"}
		}),
		// An image that still holds s6-overlay: what its own services do is done by us.
		tree("c-overlay-left", files(
			rcOneshot("mine", notes("mine"), "base"),
			overlay("base/type", "bundle\n", "base/contents.d/fix-attrs", "", "base/contents.d/legacy-cont-init", "",
				"fix-attrs/type", "oneshot\n", "fix-attrs/up", "/wrong fix-attrs\n", "legacy-cont-init/type", "oneshot\n", "legacy-cont-init/up", "/wrong cont-init\n",
				"legacy-cont-init/dependencies.d/fix-attrs", "", "legacy-services/type", "oneshot\n", "legacy-services/up", "/wrong services-up\n",
				"legacy-services/down", "/wrong services-down\n", "legacy-services/dependencies.d/user", "",
				"top/type", "bundle\n", "top/contents.d/legacy-services", "", "top/contents.d/user", "", "top/contents.d/user2", "",
				"user/type", "bundle\n", "user2/type", "bundle\n"),
			map[string]string{"/wrong": "#!/bin/sh\n" + notes("wrong $1"), "/etc/cont-init.d/10": contenv + notes("cont-init")},
		), "cont-init|mine|CMD").with(func(s *Scenario) { s.Args = sh("echo CMD >>/tmp/log") }),
		// CMD waits for services no longer than it is allowed to.
		tree("c-wait", files(
			rcLongrun("never", notes("never up")+">/tmp/never; exec sleep 1000\n"),
			map[string]string{rcDir + "never/notification-fd": "3\n"},
		), "never up|CMD").with(func(s *Scenario) {
			s.Env = []string{"S6_CMD_WAIT_FOR_SERVICES_MAXTIME=300"}
			s.Args = sh("until [ -e /tmp/never ]; do sleep 0.01; done; echo CMD >>/tmp/log; exit 3")
			s.Code, s.Output = 3, []string{"not all services are up after 300ms (S6_CMD_WAIT_FOR_SERVICES_MAXTIME): never"}
		}),
		tree("c-wait-stops", files(
			rcLongrun("never", "exec sleep 1000\n"), map[string]string{rcDir + "never/notification-fd": "3\n"},
		), "").with(func(s *Scenario) {
			s.Env = []string{"S6_CMD_WAIT_FOR_SERVICES_MAXTIME=300", stopOnError}
			s.Args, s.Code, s.Stdout = sh("echo CMD"), 1, ""
			s.Output, s.Never = []string{"S6_CMD_WAIT_FOR_SERVICES_MAXTIME"}, []string{"CMD: "}
			delete(s.Files, "/etc/cont-finish.d/zz-log")
		}),
		// Scripts that start and stop services by s6-rc.
		tree("c-change", files(
			rcLongrun("db", daemon("db")), rcLongrun("web", daemon("web"), "db"), rcOneshot("mount", notes("mount"), "db"),
			map[string]string{
				rcDir + "mount/down": "/etc/umount", "/etc/umount": contenv3 + notes("umount"), rcDir + "db/notification-fd": "3", rcDir + "web/notification-fd": "3",
				rcDir + "bad/type": "oneshot", rcDir + "bad/up": "exit 9", rcDir + "db/flag-essential": "",
				rcDir + "low/type": "oneshot", rcDir + "low/up": "exit 0", rcDir + "db/dependencies.d/low": "",
			}), "active db low mount web|active db low mount web|web down|active db low mount|umount|mount|web up|code 1|code 1|code 1|code 3|web down|umount|active db low").with(func(s *Scenario) {
			s.Args = sh(`active() { echo active $(s6-rc -a list) >>/tmp/log; }
: >/tmp/log; active; s6-rc -n 0 -d change web; active; s6-rc -d change web; active; s6-rc stop mount; s6-rc -u change mount; s6-rc start user
s6-rc -u change bad; echo code $? >>/tmp/log; s6-rc -d change db; echo code $? >>/tmp/log; s6-rc -d change low; echo code $? >>/tmp/log; s6-rc -u change nope; echo code $? >>/tmp/log
s6-rc -p change db; active
cp /tmp/log /tmp/kept; echo "cp /tmp/kept /tmp/log" >/tmp/then`)
			s.Files["/etc/cont-finish.d/zz-log"] = "#!/bin/sh\ncat /tmp/kept\n"
		}),
	}
}

// overlay is s6-overlay's own source directory: names and texts.
func overlay(namesAndTexts ...string) map[string]string {
	files := map[string]string{}
	for pair := range slices.Chunk(namesAndTexts, 2) {
		files["/package/admin/s6-overlay-3.1.5.0/etc/s6-rc/sources/"+pair[0]] = pair[1]
	}
	return files
}

// rcStopTrees are about how services of s6-rc end.
func rcStopTrees() []Scenario {
	return []Scenario{
		tree("c-stop-in-boot", files(
			rcOneshot("slow", "trap 'echo slow >>/tmp/log; exit' TERM\necho trapped\nwhile :; do sleep 0.01; done\n"), rcLongrun("web", notes("web"), "slow"),
			map[string]string{"/etc/services.d/legacy/run": contenv + notes("legacy") + "exec sleep 1000\n"},
		), "slow").with(func(s *Scenario) {
			s.Args = sh("echo CMD >>/tmp/log")
			s.Steps, s.Code = []Step{{For: "trapped", Signal: syscall.SIGTERM}}, 143
			s.Stdout = "trapped\n" + s.Stdout
		}),
		tree("c-stop", files(
			rcOneshot("mount", notes("mount")), rcLongrun("db", daemon("db"), "mount"), rcLongrun("web", daemon("web"), "db"),
			map[string]string{
				rcDir + "mount/down": "foreground { /etc/umount }\n# done\n", "/etc/umount": contenv3 + notes("umount"),
				rcDir + "db/notification-fd": "3", rcDir + "web/notification-fd": "3", "/etc/services.d/legacy/run": contenv + daemon("legacy"),
				"/etc/services.d/legacy/notification-fd": "3",
			}), "mount|db up|web up|legacy up|legacy down|web down|db down|umount").with(func(s *Scenario) {
			s.Steps = []Step{{For: "legacy: ready", Signal: syscall.SIGTERM}}
		}),
		tree("c-timeout", files(
			rcOneshot("slow", "exec sleep 1000\n"), rcLongrun("never", notes("never up")+"exec sleep 1000\n"), rcOneshot("after", notes("after"), "never"),
			map[string]string{rcDir + "slow/timeout-up": "200", rcDir + "never/timeout-up": "2000\n", rcDir + "never/notification-fd": "3"},
		), "never up|CMD").with(func(s *Scenario) {
			s.Args = sh("echo CMD >>/tmp/log")
			s.Output = []string{"slow: failed for good: it was not ready within 200ms", "never: failed for good", "after: cannot start: it requires never"}
		}),
		tree("c-wrong", files(rcLongrun("web", "exec sleep 1000\n", "nope"), map[string]string{rcDir + "x/run": "#!/bin/sh\n", rcDir + "user/contents.d/y": ""}), "").with(func(s *Scenario) {
			s.Files = files(s.Files)
			delete(s.Files, "/etc/cont-finish.d/zz-log")
			s.Code, s.Stdout = 100, ""
			s.Output = []string{rcDir + `web/dependencies.d/nope: there is no service "nope"`, rcDir + "x: it has no type file", `there is no service "y"`}
		}),
	}
}
