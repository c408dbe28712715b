package check_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	sh     = "#!/bin/sh\n"
	contv  = "#!/usr/bin/with-contenv sh\n"
	rcd    = "etc/s6-overlay/s6-rc.d/"
	ends   = " (the boot ends with code 100)"
	noExec = "is not executable: root makes it so at each start, others run it through its interpreter"
)

// TestTree: what is said of small trees, line by line. An @ stands for the directory that
// most of them are about.
func TestTree(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tree files
		env  []string
		at   string
		want string
	}{
		"nothing": {want: "0 files, 0 services, 0 warnings, 0 errors"},
		"cont-init.d": {
			tree: files{
				"etc/cont-init.d/.gitignore": "*", "etc/cont-init.d/10-x": contv, "etc/cont-init.d/20-x.bak": "0755 echo\n", "etc/cont-init.d/30": "0755 \x7fELF",
				"etc/cont-init.d/a": "0644 " + sh, "etc/cont-init.d/b": "link nowhere", "etc/cont-init.d/c/d": "", "etc/cont-init.d/e": "#!/bin/sh\r\n", "etc/cont-init.d/f": "0755 \x00\x01",
				"etc/cont-init.d/g": "0755 ",
			},
			at: "/etc/cont-init.d/",
			want: `@.gitignore: hidden, skipped
@10-x: runs 1st, by /usr/bin/with-contenv sh
@20-x.bak: runs 2nd, by /bin/sh, as it has no #! line
@30: runs 3rd, a program
@a: runs 4th, by /bin/sh
warning: @a: ` + noExec + `
error: @b: it is a link to nowhere, which does not exist (code 126)
error: @c: it is a directory, not a script (code 126)
@c/d: in a directory, skipped
error: @e:1:10: its first line ends in CRLF: there is no such interpreter (code 127)
error: @f: is neither a program nor a script (code 126)
error: @g: is empty (code 126)
10 files, 0 services, 1 warning, 5 errors`,
		},
		"services.d": {
			tree: files{
				"etc/services.d/web/run": contv, "etc/services.d/web/finish": sh, "etc/services.d/web/down": "", "etc/services.d/web/README": "",
				"etc/services.d/web/lock-fd": "4", "etc/services.d/web/type": "longrun", "etc/services.d/web/log/run": sh, "etc/services.d/web/log/finish": "link nowhere",
				"etc/services.d/web/data/check": sh, "etc/services.d/web/timeout-kill": "x", "etc/services.d/web/reload-signal": "NOPE", "etc/services.d/web/max-death-tally": "5000",
				"etc/services.d/web/dependencies.d/db": "", "etc/services.d/web/supervise/control": "fifo", "etc/services.d/web/.keep": "", "etc/services.d/web/dependencies": "db\n",
				"etc/services.d/db/run": sh, "etc/services.d/db/notification-fd": "3", "etc/services.d/db/instances/x/run": sh, "etc/services.d/db/nosetsid": "", "etc/services.d/db/flag-timeout-killpg": "",
				"etc/services.d/README": "", "etc/services.d/none/.keep": "", "etc/services.d/.x/run": sh, "etc/services.d/lost": "link nowhere",
			},
			at: "/etc/services.d/",
			want: `@.x/run: hidden, skipped
warning: @README: is not a service directory: skipped
@db/flag-timeout-killpg: what it asks for is done anyway
warning: @db/instances/x/run: not supported, ignored
@db/nosetsid: ignored, as by s6 since 2.10
@db/notification-fd: the descriptor on which db says that it is ready
@db/run: service db, started with the container, by /bin/sh
warning: @lost: is a link that leads nowhere: skipped
warning: @none: has no run file: skipped
@none/.keep: hidden, skipped
@web/.keep: hidden, skipped
@web/README: web's own file
@web/data/check: web's own file
@web/dependencies: names what web starts after
@web/dependencies.d/db: web starts after db
@web/down: web is not started until s6-svc -u
@web/finish: runs after each end of web, by /bin/sh
warning: @web/lock-fd: not supported, ignored
warning: @web/log/finish: is never run: it is a link to nowhere, which does not exist
@web/log/run: service web/log, reads what web prints, by /bin/sh
@web/max-death-tally: how many ends of web are remembered
warning: @web/max-death-tally:1: it holds "5000"; allowed is a number from 0 to 4096: the default is used
@web/reload-signal: the signal that s6-svc -l sends to web
warning: @web/reload-signal:1: it holds "NOPE"; allowed is a signal by name (QUIT or SIGQUIT) or number (1 to 64): the default is used
@web/run: service web, by /usr/bin/with-contenv sh
@web/supervise/control: made anew in each container, with this mode and group
error: @web/timeout-kill:1: it holds "x"; allowed is a number of milliseconds from 0 to 4294967295` + ends + `
@web/type: means something only in s6-rc.d, ignored
25 files, 1 service, 8 warnings, 1 error`,
		},
		"s6-rc.d": {
			tree: files{
				rcd + "x/type": "oneshot", rcd + "x/up": "/etc/x.sh", rcd + "x/dependencies.d/a": "", rcd + "x/dependencies.d/base": "", rcd + "x/down": "echo\n", rcd + "x/run": sh,
				"etc/x.sh": "0644 " + sh, rcd + "a/type": "longrun", rcd + "a/run": "0644 " + contv, rcd + "a/down": "", rcd + "a/log/run": sh, rcd + "a/finish": sh,
				rcd + "late/type": "oneshot", rcd + "late/up": "cd / && ls\n", rcd + "late/dependencies.d/legacy-services": "",
				rcd + "b/type": "bundle", rcd + "b/contents": "a\n", rcd + "b/notes": "", rcd + "unused/type": "oneshot", rcd + "unused/up": "",
				rcd + "user/contents.d/x": "", "etc/s6-overlay/user-bundles.d/user2/contents.d/late": "", rcd + ".git/x": "", rcd + "y": "",
				"etc/services.d/old/run": sh,
			},
			at: "/etc/s6-overlay/s6-rc.d/",
			want: `@.git/x: hidden, skipped
@a/down: means nothing for a longrun, ignored
@a/finish: runs after each end of a, by /bin/sh
warning: @a/log/run: means nothing in s6-rc.d, ignored
@a/run: longrun a, started for others, by /usr/bin/with-contenv sh
warning: @a/run: ` + noExec + `
@a/type: a is a longrun
@b/contents: names what bundle b holds
@b/notes: b's own file
@b/type: b is a bundle
@late/dependencies.d/legacy-services: late starts after legacy-services
@late/type: late is a oneshot
@late/up: oneshot late, started by bundle user2, after services.d
warning: @late/up:1: is shell (&&), and s6-rc takes it for execline: it is run by /bin/sh
@unused/type: unused is a oneshot
@unused/up: oneshot unused, not started
warning: @unused/up: is not started: no bundle of the boot leads to it
@user/contents.d/x: bundle user holds x
@x/dependencies.d/a: x starts after a
@x/dependencies.d/base: x starts after base
@x/down: runs when x is stopped
@x/run: x's own file
@x/type: x is a oneshot
@x/up: oneshot x, started by bundle user, after a
warning: @x/up:1:1: /etc/x.sh is not executable (code 126)
warning: @y: is not a service directory: skipped
/etc/s6-overlay/user-bundles.d/user2/contents.d/late: bundle user2 holds late
/etc/services.d/old/run: service old, started after the services of s6-rc.d, by /bin/sh
24 files, 5 services, 6 warnings, 0 errors`,
		},
		"the rest of a life": {
			tree: files{
				"etc/fix-attrs.d/1": "/x true root 0644 0755\n/y false root\n", "etc/fix-attrs.d/2": "/x true nosuch 0644 0755\n", "etc/cont-finish.d/9": sh,
				"package/admin/s6-overlay-3/etc/s6-rc/sources/base/contents.d/banner": "", "package/admin/s6-overlay-3/etc/s6-rc/sources/banner/type": "oneshot",
				"package/admin/s6-overlay-3/etc/s6-rc/sources/banner/up": "echo hi\n", "package/admin/s6-overlay-3/etc/s6-rc/sources/fix-attrs/up": "x\n",
			},
			env: []string{"S6_STAGE2_HOOK=/hook arg"},
			at:  "/package/admin/s6-overlay-3/etc/s6-rc/sources/",
			want: `S6_STAGE2_HOOK: runs first and may change all that follows: /hook arg
@banner/type: banner is a oneshot
@banner/up: oneshot banner, runs before fix-attrs.d
@base/contents.d/banner: bundle base holds banner
@fix-attrs/up: s6-overlay's own, which baseinit does itself
/etc/fix-attrs.d/1: applied before cont-init.d
warning: /etc/fix-attrs.d/1:2: "/y false root" has 3 fields: 5 are needed, path recurse account fmode dmode
/etc/fix-attrs.d/2: applied before cont-init.d
/etc/cont-finish.d/9: runs 1st at the end, by /bin/sh
7 files, 1 service, 1 warning, 0 errors`,
		},
		"profile": {
			tree: files{"etc/cont-profile.d/p/cont-init.d/1": sh, "etc/cont-init.d/2": sh},
			env:  []string{"S6_RUNTIME_PROFILE=p"},
			want: "/etc/cont-profile.d/p/cont-init.d/1: runs 1st, by /bin/sh\n1 file, 0 services, 0 warnings, 0 errors",
		},
		"no such profile": {
			env:  []string{"S6_RUNTIME_PROFILE=p"},
			want: "error: /etc/cont-profile.d/p: there is no such S6_RUNTIME_PROFILE (the boot ends with code 100)\n0 files, 0 services, 0 warnings, 1 error",
		},
		"bundles elsewhere": {
			tree: files{"bundles/user/contents.d/x": "", rcd + "x/type": "oneshot", rcd + "x/up": ""},
			env:  []string{"S6_RUNTIME_BUNDLEDIR=/bundles"},
			at:   "/etc/s6-overlay/s6-rc.d/",
			want: "@x/type: x is a oneshot\n@x/up: oneshot x, started by bundle user\n/bundles/user/contents.d/x: bundle user holds x\n3 files, 1 service, 0 warnings, 0 errors",
		},
		"a part of an image": {
			tree: files{
				rcd + "init/dependencies.d/mine": "", rcd + "mine/type": "oneshot", rcd + "mine/up": "/etc/mine", rcd + "mine/dependencies.d/base-images": "",
				rcd + "user/contents.d/mine": "", rcd + "user/contents.d/other": "",
			},
			at: "/etc/s6-overlay/s6-rc.d/",
			want: `warning: @init: it has no type file, which says oneshot, longrun or bundle, unless in the image that this is copied to
@init/dependencies.d/mine: init's own file
@mine/dependencies.d/base-images: mine starts after base-images
warning: @mine/dependencies.d/base-images: there is no service "base-images" to depend on, unless in the image that this is copied to
@mine/type: mine is a oneshot
@mine/up: oneshot mine, started by bundle user
@user/contents.d/mine: bundle user holds mine
@user/contents.d/other: bundle user holds other
warning: @user/contents.d/other: cannot use the bundle "user": there is no service "other", unless in the image that this is copied to
6 files, 1 service, 3 warnings, 0 errors`,
		},
		"a link to all of it": {
			tree: files{
				"etc/services.d": "link /app/services", "app/services/web/run": sh, "etc/s6-overlay/s6-rc.d": "link /app/rc", "app/rc/x/type": "oneshot", "app/rc/x/up": "",
				"app/rc/user/type": "bundle\n", "etc/cont-init.d/1": "link /app/init",
			},
			env: []string{"S6_STAGE2_HOOK=/hook"},
			at:  "/app/",
			want: `S6_STAGE2_HOOK: runs first and may change all that follows: /hook
/etc/cont-init.d/1: runs 1st
note: /etc/cont-init.d/1: is a link to /app/init, which is followed only in the container: not checked
@rc/user/type: user is a bundle
@rc/x/type: x is a oneshot
@rc/x/up: oneshot x, not started
@services/web/run: service web, started with the container, by /bin/sh
5 files, 2 services, 0 warnings, 0 errors`,
		},
		"names": {
			tree: files{
				"etc/services.d/x/run": sh, rcd + "x/type": "longrun", rcd + "x/run": sh, rcd + "y/type": "longrun", rcd + "y/run": sh, rcd + "y/dependencies.d/z": "",
				rcd + "z/type": "longrun", rcd + "z/run": sh, rcd + "z/dependencies": "y\n",
			},
			at: "/etc/s6-overlay/s6-rc.d/",
			want: `@x/run: longrun x, not started, by /bin/sh
warning: @x/run: is not started: no bundle of the boot leads to it
@x/type: x is a longrun
error: @y/dependencies.d/z: services require each other: y -> z -> y` + ends + `
@y/run: longrun y, not started, after z, by /bin/sh
warning: @y/run: is not started: no bundle of the boot leads to it
@y/type: y is a longrun
@z/dependencies: names what z starts after
@z/run: longrun z, not started, after y, by /bin/sh
warning: @z/run: is not started: no bundle of the boot leads to it
@z/type: z is a longrun
error: /etc/services.d/x/run: s6-rc.d has a service of that name, too` + ends + `
9 files, 4 services, 3 warnings, 2 errors`,
		},
		"an image": {
			tree: image(files{
				"etc/cont-init.d/1": "#!/bin/zsh -e\n", "etc/cont-init.d/2": "#!/usr/bin/with-contenv bash\n", "etc/cont-init.d/3": "#!/usr/bin/env sh -e\n",
				"etc/cont-init.d/4": "#!sh\n", "etc/cont-init.d/5": "#!/bin/with-contenv cat\n", "etc/cont-init.d/6": "#!/command/execlineb -P\ncat\n", "etc/cont-init.d/7": "#!/usr/bin/env -S sh -e\n",
				"etc/cont-init.d/8": "#!/usr/bin/with-contenv execlineb\nif {\n",
				"command/s6-rc":     "0755 \x7fELF s6-rc", "usr/bin/s6-rc": "link /init",
			}),
			at: "/etc/cont-init.d/",
			want: `@1: runs 1st, by /bin/zsh -e
warning: @1:1:3: there is no /bin/zsh (code 127)
@2: runs 2nd, by /usr/bin/with-contenv bash
warning: @2:1:3: there is no program bash (code 127)
error: @3:1:3: its first line makes "sh -e" one word, and there is no such program (code 127)
@4: runs 4th, by sh
warning: @4:1:3: sh is no absolute path, and is looked for in the working directory
@5: runs 5th, by /bin/with-contenv cat
@6: runs 6th, by /command/execlineb -P
warning: @6:1:3: there is no /command/execlineb (code 127)
@7: runs 7th, by /usr/bin/env -S sh -e
error: @8:2: "{": this block is not closed (code 100)
warning: /command/s6-rc: is s6's own, which needs a database that is not made here
8 files, 0 services, 5 warnings, 2 errors`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := strings.Join(lines(t, test.tree.write(t), test.env...), "\n")
			want := test.want
			if test.at != "" {
				want = strings.ReplaceAll(want, "@", test.at)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
