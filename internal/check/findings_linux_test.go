package check_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/check"
	"github.com/sillelien/baseinit/internal/scenario"
)

// TestNearNames: a file with almost the name of one that means something is found, unless that
// one is there, or a script has use for it.
func TestNearNames(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tree files
		want string
	}{
		"in services.d": {
			tree: files{
				"etc/services.d/x/run": sh, "etc/services.d/x/notification_fd": "3", "etc/services.d/x/timeout-kil": "5", "etc/services.d/x/Finish": sh, "etc/services.d/x/down_signal": "INT",
				"etc/services.d/x/dependency.d/y": "", "etc/services.d/x/max-restart": "3", "etc/services.d/x/service.tmol": "",
			},
			want: "Finish: finish, dependency.d: dependencies.d, down_signal: down-signal, max-restart: max-restarts, notification_fd: notification-fd, service.tmol: service.toml, timeout-kil: timeout-kill",
		},
		"no run":     {tree: files{"etc/services.d/x/run.sh": sh}, want: "run.sh: run"},
		"in s6-rc.d": {tree: files{rcd + "x/type": "oneshot", rcd + "x/up": "", rcd + "x/Down": "", rcd + "x/timeout_up": "", rcd + "user/contents.d/x": "", rcd + "b/type": "bundle", rcd + "b/content.d/x": ""}, want: "content.d: contents.d, Down: down, timeout_up: timeout-up"},
		"good": {tree: files{
			"etc/services.d/x/run": sh, "etc/services.d/x/run.sh": sh, "etc/services.d/x/run.bak": sh, "etc/services.d/x/finish": sh, "etc/services.d/x/finnish": sh, "etc/services.d/x/README": "",
			"etc/services.d/x/logs/x": "", "etc/services.d/x/doc": "", "etc/services.d/x/date": "", "etc/services.d/x/up": "", "etc/services.d/x/data/finnish": "", "etc/services.d/x/rum": "",
			"etc/services.d/x/env/timeout-kil": "", "etc/services.d/x/branding": "", "etc/services.d/x/timeout": "", "etc/services.d/x/config": "", "etc/services.d/x/finish.conf": "",
			rcd + "x2/type": "oneshot", rcd + "x2/up": "/etc/s6-overlay/s6-rc.d/x2/up.sh", rcd + "x2/up.sh": sh, rcd + "x2/down.sh": sh, rcd + "x2/down": "foreground { /etc/s6-overlay/s6-rc.d/x2/down.sh }",
			rcd + "x2/run": sh, rcd + "x2/finish.sh": sh, rcd + "user/contents.d/x2": "", rcd + "y/type": "oneshot", rcd + "y/up": "/etc/s6-overlay/s6-rc.d/y/types", rcd + "y/types": sh,
			rcd + "user/contents.d/y": "",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var found []string
			report := examine(t, test.tree.write(t))
			for _, f := range report.Findings() {
				if f.Code == check.UnknownFile {
					found = append(found, f.File[strings.LastIndex(f.File, "/")+1:]+": "+strings.TrimPrefix(f.Fix, "rename it to "))
				}
			}
			slices.SortFunc(found, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
			want := strings.Split(test.want, ", ")
			slices.SortFunc(want, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
			if diff := cmp.Diff(strings.Join(want, ", "), strings.Join(found, ", ")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestConfiguration: whether a daemon stays in the foreground may stand in its files, and be put
// there by a script.
func TestConfiguration(t *testing.T) {
	t.Parallel()
	const run = "etc/services.d/x/run"
	for name, test := range map[string]struct {
		tree files
		want string
	}{
		"not said":            {tree: files{run: sh + "exec nginx\n", "etc/nginx/nginx.conf": "# daemon off;\nuser nginx;\n"}, want: "warning daemonises " + "/" + run + ":2: nginx goes into the background: "},
		"said":                {tree: files{run: sh + "exec nginx\n", "etc/nginx/nginx.conf": "user nginx;\n  daemon  off;\n"}},
		"said, not exec":      {tree: files{run: sh + "nginx\n", "etc/nginx/nginx.conf": "daemon off;"}, want: "warning no-exec /" + run + ":2: nginx"},
		"included":            {tree: files{run: sh + "exec nginx\n", "etc/nginx/nginx.conf": "", "etc/nginx/modules/daemon.conf": "daemon off;\n"}},
		"linked":              {tree: files{run: sh + "exec nginx\n", "etc/nginx": "link /config/nginx", "config/nginx/nginx.conf": "daemon off;\n"}},
		"linked, not said":    {tree: files{run: sh + "exec nginx\n", "etc/nginx": "link /config/nginx", "config/nginx/nginx.conf": ""}, want: "warning daemonises /" + run + ":2: nginx"},
		"put there":           {tree: files{run: sh + "exec nginx\n", "etc/nginx/nginx.conf": "", "etc/cont-init.d/1": sh + "echo 'daemon off;' >>/etc/nginx/nginx.conf\n"}},
		"put there later":     {tree: files{run: sh + "exec nginx\n", "etc/nginx/nginx.conf": "", "etc/services.d/z/run": sh + "echo 'daemon off;' >>/etc/nginx/nginx.conf\nexec cat\n"}},
		"php-fpm":             {tree: files{run: sh + "exec php-fpm\n", "usr/local/etc/php-fpm.d/zz-docker.conf": "[global]\ndaemonize = no\n", "usr/local/etc/php-fpm.conf": "include=etc/php-fpm.d/*.conf\n"}},
		"php-fpm, not said":   {tree: files{run: sh + "exec php-fpm8.2\n", "etc/php/8.2/fpm/php-fpm.conf": "[global]\n;daemonize = no\n"}, want: "warning daemonises /" + run + ":2: php-fpm8.2"},
		"another":             {tree: files{run: sh + "exec supervisord -c /app/s.conf\n", "app/s.conf": "[supervisord]\nnodaemon=true\n"}},
		"another, not said":   {tree: files{run: sh + "exec supervisord --configuration=/app/s.conf\n", "app/s.conf": "[supervisord]\n"}, want: "warning daemonises /" + run + ":2: supervisord"},
		"another, not here":   {tree: files{run: sh + "exec supervisord -c /app/s.conf\n", "etc/supervisord.conf": ""}},
		"execline, not said":  {tree: files{run: "#!/bin/execlineb -P\nif { nginx }\nnginx", "etc/nginx/nginx.conf": ""}, want: "warning daemonises /" + run + ":3: nginx"},
		"a log service, too":  {tree: files{run: sh, "etc/services.d/x/log/run": sh + "exec rsyslogd\n"}, want: "warning daemonises /etc/services.d/x/log/run:2: rsyslogd"},
		"not in boot scripts": {tree: files{"etc/cont-init.d/1": sh + "nginx\n", "etc/services.d/x/run": sh, "etc/services.d/x/finish": sh + "nginx\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect(t, examine(t, test.tree.write(t)), test.want)
		})
	}
}

// TestUsers: a user is missed where there are users, and nothing adds any.
func TestUsers(t *testing.T) {
	t.Parallel()
	const passwd, wrong = "root:x:0:0::/root:/bin/sh\nnginx:x:1:1::/:/bin/sh\n", "warning wrong-user /etc/cont-init.d/1:2: there is no user \"ngnix\" in /etc/passwd"
	script := func(text string) files {
		return files{"etc/passwd": passwd, "etc/group": "root:x:0:\n", "etc/cont-init.d/1": sh + text + "\n"}
	}
	for text, want := range map[string]string{
		"s6-setuidgid nginx x": "", "s6-setuidgid ngnix x": wrong, "s6-setuidgid 5 x; s6-setuidgid 5:6 x; s6-setuidgid $USER x; s6-setuidgid \"$U:$G\" x": "",
		"if true; then y=$(date) /command/s6-setuidgid ngnix x; fi": wrong, "exec su-exec ngnix:root x": wrong, "gosu nginx:root x": "", "f() { nice chpst -u ngnix x; }": wrong,
		"s6-setuidgid ngnix x; useradd ngnix": "", "echo ngnix:x:3:3::/: >>/etc/passwd; s6-setuidgid ngnix x": "", "echo s6-setuidgid ngnix x": "", "s6-setuidgid": "",
		"s6-setuidgid nginx s6-setuidgid ngnix x": wrong, "runuser -u ngnix -- x": wrong, "sudo -u ngnix -E x": wrong, "env A=b setuidgid ngnix x": wrong,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			expect(t, examine(t, script(text).write(t)), want)
		})
	}
	without := script("s6-setuidgid ngnix x")
	delete(without, "etc/passwd")
	expect(t, examine(t, without.write(t)), "")
	expect(t, examine(t, script("").with(files{"etc/fix-attrs.d/1": "\n/x true ngnix 0644 0755\n/x true root:ngnix 0644 0755\n"}).write(t)),
		"warning wrong-user /etc/fix-attrs.d/1:2: there is no user \"ngnix\"\nwarning wrong-user /etc/fix-attrs.d/1:3: there is no group \"ngnix\"")
}

// TestFinish: a finish that takes longer than it may.
func TestFinish(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		finish, limit string
		slow          bool
	}{
		"short": {finish: "sleep 4\n"}, "long": {finish: "sleep 6\n", slow: true}, "together": {finish: "sleep 3\necho\nsleep 3\n", slow: true}, "seconds": {finish: "sleep 6s\n", slow: true},
		"no limit": {finish: "sleep 600\n", limit: "0"}, "raised": {finish: "sleep 6\n", limit: "10000"}, "lowered": {finish: "sleep 1\n", limit: "500", slow: true},
		"variable": {finish: "sleep $N\n"}, "perhaps": {finish: "[ $1 = 0 ] && sleep 60\n"}, "background": {finish: "sleep 60 &\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree := files{"etc/services.d/x/run": sh, "etc/services.d/x/finish": sh + test.finish}
			if test.limit != "" {
				tree["etc/services.d/x/timeout-finish"] = test.limit
			}
			report := examine(t, tree.write(t))
			if all := report.Findings(); (len(all) == 1 && all[0].Code == check.SlowFinish) != test.slow || len(all) > 1 {
				t.Errorf("found %v", all)
			}
		})
	}
}

// TestLoops: each loop is shown, wherever its names stand.
func TestLoops(t *testing.T) {
	t.Parallel()
	longrun := func(name, needs string) files {
		return files{rcd + name + "/type": "longrun", rcd + name + "/run": sh, rcd + name + "/dependencies": "# needs\n" + needs, rcd + "user/contents.d/" + name: ""}
	}
	tree := longrun("a", "b\n").with(longrun("b", "c\n")).with(longrun("c", "a\n")).with(longrun("d", "d2\n")).with(longrun("d2", "b\nd\n"))
	expect(t, examine(t, tree.write(t)), "error cycle "+rcPath+"a/dependencies:2: a -> b -> c -> a\nerror cycle "+rcPath+"d/dependencies:2: d -> d2 -> d")
	expect(t, examine(t, files{rcd + "x/type": "bundle", rcd + "x/contents": "y\n", rcd + "y/type": "bundle", rcd + "y/contents": "\nx\n", rcd + "user/contents.d/x": ""}.write(t)),
		"error cycle "+rcPath+"y/contents:2: bundles hold each other: user -> x -> y -> x")
}

// TestMeant: a name that is not there comes with one that is perhaps meant, and its line.
func TestMeant(t *testing.T) {
	t.Parallel()
	report := examine(t, image(files{
		rcd + "database/type": "longrun", rcd + "database/run": sh + "exec cat\n", rcd + "web/type": "longrun", rcd + "web/run": sh + "exec cat\n",
		rcd + "web/dependencies": "\ndatabsae\nquite-another\n", rcd + "user/contents.d/web": "", rcd + "user/contents": "databas\n",
		"etc/services.d/cache/run": sh + "exec cat\n", "etc/services.d/x/run": sh + "exec cat\n", "etc/services.d/x/dependencies.d/cahce": "",
	}).write(t))
	var got []string
	for _, f := range report.Findings() {
		if f.Code == check.UnknownName {
			got = append(got, fmt.Sprintf("%s:%d %s", f.File, f.Line, f.Fix))
		}
	}
	const other = "correct it, or add the service"
	want := []string{
		rcPath + "user/contents:1 did you mean database?", rcPath + "web/dependencies:2 did you mean database?", rcPath + "web/dependencies:3 " + other,
		"/etc/services.d/x/dependencies.d/cahce:0 did you mean cache?",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestScenariosAreRight: of all the trees that work, only what is unusual about them is found.
func TestScenariosAreRight(t *testing.T) {
	t.Parallel()
	unusual := map[string]string{"tree-a-users": "note no-exec /etc/services.d/forget/run:2: sh"} // forgets exec
	for _, s := range scenario.Trees() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			report := examine(t, unpack(t, s), s.Env...)
			// Users come with the container, and modes, links and services with the scenario.
			for _, code := range []check.Code{check.NotExecutable, check.NotStarted, check.LinkOut, check.ShellInUp, check.Skipped, check.UnknownName, check.Incomplete} {
				report.Ignore(code)
			}
			expect(t, report, unusual[s.Name])
		})
	}
}

// TestFindings: what is printed, and what JSON holds.
func TestFindings(t *testing.T) {
	t.Parallel()
	report := examine(t, files{
		"etc/cont-init.d/1": "#!/bin/sh\r\n", "etc/services.d/x/run": sh + "exec sshd\n", "etc/services.d/x/finnish": "", "etc/cont-init.d/2": "link /app/start",
	}.write(t))
	var text, quiet, object strings.Builder
	ok(t, report.Write(&text, false))
	ok(t, report.Write(&quiet, true))
	ok(t, report.WriteJSON(&object))
	const found = `error: /etc/cont-init.d/1:1:10: its first line ends in CRLF: there is no such interpreter (code 127); sed -i 's/\r$//' /etc/cont-init.d/1 [crlf]
@note: /etc/cont-init.d/2: is a link to /app/start, which is followed only in the container: not checked; check in the image: RUN baseinit check [link-out]
@warning: /etc/services.d/x/finnish: means nothing, and there is no finish; rename it to finish [unknown-file]
@warning: /etc/services.d/x/run:2:6: sshd goes into the background: the service ends at once, and is started again and again; start it with -D [daemonises]
`
	want := found
	for _, line := range []string{"/etc/cont-init.d/2: runs 2nd\n", "/etc/services.d/x/finnish: x's own file\n", "/etc/services.d/x/run: service x, started with the container, by /bin/sh\n"} {
		want = strings.Replace(want, "@", line, 1)
	}
	if diff := cmp.Diff(want+"CMD: starts with the services\n4 files, 1 service, 2 warnings, 1 error\n", text.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(strings.ReplaceAll(found, "@", ""), quiet.String()); diff != "" {
		t.Errorf("quiet (-want +got):\n%s", diff)
	}
	var read struct {
		Files, Services, Errors, Warnings, Notes int
		Findings                                 []map[string]any
	}
	ok(t, json.Unmarshal([]byte(object.String()), &read))
	if read.Files != 4 || read.Services != 1 || read.Errors != 1 || read.Warnings != 2 || read.Notes != 1 || len(read.Findings) != 4 {
		t.Errorf("JSON: %s", &object)
	}
	want2 := map[string]any{
		"file": "/etc/services.d/x/run", "line": 2.0, "column": 6.0, "code": "daemonises", "severity": "warning",
		"text": "sshd goes into the background: the service ends at once, and is started again and again", "fix": "start it with -D",
	}
	if diff := cmp.Diff(want2, read.Findings[3]); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
	var empty strings.Builder
	ok(t, (&check.Report{}).WriteJSON(&empty))
	if want := `{"files":0,"services":0,"errors":0,"warnings":0,"notes":0,"findings":[]}` + "\n"; empty.String() != want {
		t.Errorf("JSON of nothing: %s", &empty)
	}
}
