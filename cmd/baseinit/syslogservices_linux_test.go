package main_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/pid1test"
)

const shebang = "#!/bin/sh\n"

// logs is a pipeline that logs a line and stays while the other command runs. The
// sender is not the script, but a child of its shell.
func logs(text, stay string) string {
	return `{ echo "` + text + `"; ` + stay + "; } | busybox logger -t t\n"
}

// until waits for a file that the test writes.
func until(path string) string { return "until [ -e " + path + " ]; do sleep 0.01; done" }

// TestSyslogService is about whose a message is: what started the sender, however
// far from it, is in brackets before the line.
func TestSyslogService(t *testing.T) {
	t.Parallel()
	pid1test.NeedRoot(t) // su(1)
	const stay = "sleep 1000"
	r := start(t, pid1test.Box{
		Env: []string{quiet},
		Files: map[string]string{
			"/etc/cont-init.d/10-prepare":   shebang + logs("preparing", until("/tmp/prepared")),
			"/etc/services.d/web/run":       shebang + logs("from web", stay),
			"/etc/services.d/deep/run":      shebang + "sh -c 'sh -c \"/logs deep; :\"; :'\n",
			"/etc/services.d/session/run":   shebang + "setsid /logs session & wait\n",
			"/etc/services.d/orphan/run":    shebang + "(/logs orphan &)\nexec sleep 1000\n",
			"/etc/services.d/daemon/run":    shebang + "(setsid /logs daemon &)\nexec sleep 1000\n",
			"/etc/services.d/user/run":      shebang + "su -s /bin/sh app -c '/logs user'\n",
			"/etc/services.d/forger/run":    shebang + logs("[web] kern.emerg web[98765]: forged", stay),
			"/etc/services.d/finishing/run": shebang + "exit 1\n",
			"/etc/services.d/finishing/finish": shebang + logs("from finish", until("/tmp/done")) +
				"touch down; exit 125\n",
			"/etc/cont-finish.d/10-clean": shebang + logs("cleaning", until("/tmp/cleaned")),
			"/logs":                       shebang + logs("from $1", stay),
		},
		Args: []string{"sh", "-c", logs("from CMD", until("/tmp/done"))},
	})
	want := []string{
		"[10-prepare] user.notice t[PID]: preparing",
		"[web] user.notice t[PID]: from web",
		"[deep] user.notice t[PID]: from deep",
		"[session] user.notice t[PID]: from session",
		"[orphan] user.notice t[PID]: from orphan",
		"user.notice t[PID]: from daemon",             // it has left everything that could tell
		"[user] auth.notice su[PID]: + none root:app", // su itself
		"[user] user.notice t[PID]: from user",
		"[forger] user.notice t[PID]: [web] kern.emerg web[98765]: forged",
		"[finishing] user.notice t[PID]: from finish",
		"[CMD] user.notice t[PID]: from CMD",
		"[10-clean] user.notice t[PID]: cleaning",
	}
	r.WaitFor("preparing")
	r.WriteFile("/tmp/prepared", "")
	for _, line := range want[1 : len(want)-1] {
		_, text, _ := strings.Cut(line, ": ")
		r.WaitFor(": " + text + "\n")
	}
	r.WriteFile("/tmp/done", "")
	r.WaitFor("cleaning")
	r.WriteFile("/tmp/cleaned", "")
	r.Wait()
	slices.Sort(want)
	got := normal(r.Stderr())
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("stderr, sorted (-want +got):\n%s", diff)
	}
}

// TestSyslogShortLived is about senders that are gone before anybody can ask for
// them: no message is lost, and none has another's name.
func TestSyslogShortLived(t *testing.T) {
	t.Parallel()
	const each = 50
	service := func(name string) string {
		return shebang + fmt.Sprintf("i=0; while [ $i -lt %d ]; do i=$((i+1)); busybox logger -t t %s $i; done\n"+
			"%s\nexec sleep 1000\n", each, name, logs(name+" done", "sleep 0"))
	}
	r := start(t, pid1test.Box{
		Env: []string{quiet},
		Files: map[string]string{
			"/etc/services.d/a/run": service("a"), "/etc/services.d/b/run": service("b"),
		},
	})
	r.WaitFor(": a done")
	r.WaitFor(": b done")
	r.Signal(syscall.SIGTERM)
	r.Wait()
	next, named := map[string]int{"a": 1, "b": 1}, 0
	for _, line := range normal(r.Stderr()) {
		owner, rest, found := strings.Cut(line, "] user.")
		if found {
			rest = "user." + rest
			named++
		} else {
			owner, rest = "", line
		}
		text := strings.TrimPrefix(rest, "user.notice t[PID]: ")
		name, _, _ := strings.Cut(text, " ")
		if owner != "" && owner != "["+name {
			t.Errorf("%q is of service %s", line, name)
		}
		want := fmt.Sprintf("%s %d", name, next[name])
		if next[name] > each {
			want = name + " done"
		}
		if text != want {
			t.Errorf("%q, want %q", text, want)
		}
		next[name]++
	}
	if next["a"] != each+2 || next["b"] != each+2 {
		t.Errorf("%v lines, want %d of each", next, each+1)
	}
	t.Logf("%d of %d messages have a service", named, 2*each+2)
}

// TestSyslogStop is about the last words: what services, CMD and the scripts at
// the end log while they end comes out, all of it.
func TestSyslogStop(t *testing.T) {
	t.Parallel()
	const many = 200
	burst := func(name string) string {
		return fmt.Sprintf("i=0; while [ $i -lt %d ]; do i=$((i+1)); echo %s $i; done | busybox logger -t t", many, name)
	}
	r := start(t, pid1test.Box{
		Env: []string{quiet},
		Files: map[string]string{
			"/etc/services.d/web/run":    shebang + "trap '" + burst("web") + "; exit' TERM\necho up\nwhile :; do sleep 1000 & wait; done\n",
			"/etc/cont-finish.d/1-first": shebang + burst("first") + "\n",
			"/etc/cont-finish.d/2-last":  shebang + "busybox logger -t t last 1\n",
		},
		Args: []string{"sh", "-c", "read x; " + burst("CMD")}, Interactive: true,
	})
	r.WaitFor("up")
	r.CloseStdin()
	r.Wait()
	got := map[string]int{}
	for _, line := range normal(r.Stderr()) {
		_, text, _ := strings.Cut(line, "user.notice t[PID]: ")
		name, number, _ := strings.Cut(text, " ")
		if got[name]++; number != fmt.Sprint(got[name]) {
			t.Errorf("%q is message %d of %s", line, got[name], name)
		}
	}
	want := map[string]int{"CMD": many, "web": many, "first": many, "last": 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

// TestSyslogJSON is about the fields of lines with --output=json.
func TestSyslogJSON(t *testing.T) {
	t.Parallel()
	pid1test.NeedRoot(t) // setpriv(1)
	pid1test.NeedProgram(t, "/usr/bin/logger", "bsdutils")
	logger := func(flags string) string {
		return shebang + `{ printf 'one \033[2J "quoted" \\ \377 \303\274\n'; sleep 1000; } | ` + flags + "\n"
	}
	r := start(t, pid1test.Box{
		Env: []string{quiet}, Host: hostPrograms,
		Files: map[string]string{
			"/etc/services.d/a/run": logger("/usr/bin/setpriv --reuid=999 --regid=999 --clear-groups /usr/bin/logger --id=98765 -p local3.crit -t tag"),
			"/etc/services.d/b/run": logger(`/usr/bin/logger --rfc5424 -t b --msgid M --sd-id x@1 --sd-param 'y="z"'`),
			"/etc/services.d/c/run": logger("/usr/bin/logger -t ''"),
		},
		Args: []string{"--output=json"},
	})
	const text = "one \x1b[2J \"quoted\" \\ \uFFFD ü"
	for _, service := range []string{"a", "b", "c"} {
		r.WaitFor(`"service":"` + service + `"`)
	}
	r.Signal(syscall.SIGTERM)
	r.Wait()
	want := map[string]map[string]any{
		"a": {
			"level": "error", "stream": "syslog", "facility": "local3", "severity": "crit", "tag": "tag", "comm": "logger",
			"uid": 999.0, "procid": "98765", "msg": text,
		},
		"b": {
			"level": "info", "stream": "syslog", "facility": "user", "severity": "notice", "tag": "b", "comm": "logger",
			"uid": 0.0, "msgid": "M", "sd": `[timeQuality][x@1 y="z"]`, "msg": text,
		},
		"c": {
			"level": "info", "stream": "syslog", "facility": "user", "severity": "notice", "comm": "logger",
			"uid": 0.0, "msg": text,
		},
	}
	got := map[string]map[string]any{}
	for line := range strings.Lines(r.Stderr()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if service, ok := fields["service"].(string); ok {
			got[service] = plainFields(t, fields)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

// plainFields takes out what differs from run to run, after a look at it.
func plainFields(t *testing.T, fields map[string]any) map[string]any {
	t.Helper()
	if pid, ok := fields["pid"].(float64); !ok || pid <= 1 || pid > 9999 {
		t.Errorf("pid is %v", fields["pid"])
	}
	if ts, ok := fields["ts"].(string); !ok || len(ts) != len("2026-11-23T18:05:00.123456Z") {
		t.Errorf("ts is %v", fields["ts"])
	}
	if sd, ok := fields["sd"].(string); ok {
		quality, rest, _ := strings.Cut(sd, "]")
		name, _, _ := strings.Cut(quality, " ")
		fields["sd"] = name + "]" + rest
	}
	delete(fields, "pid")
	delete(fields, "ts")
	delete(fields, "service")
	return fields
}
