package main_test

import (
	"maps"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/pid1test"
)

// differentialServices are what the differential test runs under both supervisors.
func differentialServices() map[string]string {
	const (
		wait = "#!/bin/sh\nexec sleep 1000\n"
		log  = "#!/bin/sh\necho \"finish $1 $2\" >>/tmp/$3.log\n"
	)
	return map[string]string{
		"down/run": wait, "down/down": "",
		"ready/run": "#!/bin/sh\necho out\necho >&3\nexec sleep 1000\n", "ready/notification-fd": "3", "ready/finish": log,
		"ready/log/run": "#!/bin/sh\nexec cat >/tmp/ready.out\n",
		"never/run":     wait, "never/notification-fd": "3\n",
		"failed/run": "#!/bin/sh\nexit 3\n", "failed/finish": "#!/bin/sh\nexit 125\n",
		"codes/run": "#!/bin/sh\ntrap 'exit 7' TERM\n>/tmp/trapped\nwhile :; do sleep 0.01; done\n", "codes/finish": log, "codes/down": "",
		"quit/run": wait, "quit/down-signal": "HUP\n",
		"slow/run": wait, "slow/finish": "#!/bin/sh\nuntil [ -e /tmp/finish ]; do sleep 0.01; done\n", "slow/timeout-finish": "0",
		"with space/run": wait,
		"check/run":      "#!/bin/sh\nexec s6-notifyoncheck -w 10 -s 1 sleep 1000\n", "check/notification-fd": "3",
		"check/data/check": "#!/bin/sh\n[ -e /tmp/checked ] && exit 0\n>/tmp/checked\nexit 1\n",
		"inline/run":       "#!/bin/sh\nexec s6-notifyoncheck -d -w 10 -n 0 -c 'redirfd -w 1 /dev/null echo yes' sleep 1000\n", "inline/notification-fd": "4",
		"perma/run": "#!/bin/sh\nexit 9\n", "perma/finish": "#!/bin/sh\nexec s6-permafailon 60 2 1-8,9,SIGTERM true\n",
	}
}

// differentialScript is what scripts do with services, and see of them. Without -w, s6-svc
// asks and does not wait, so the script waits until it shows: within 20 seconds, or it says so.
const differentialScript = `
cd /run/service
say() { echo "--- $*"; "$@" 2>/dev/null; echo "code $?"; }
soon() { n=0; until "$@"; do n=$((n+1)); [ $n = 2000 ] && echo "never: $*" && break; sleep 0.01; done; }
is() { [ "$(s6-svstat -o "$1" "$2")" = "$3" ]; }
all=up,wantedup,normallyup,ready,paused,pid,exitcode,signal,signum,updownfor
for s in ready check inline; do say s6-svwait -U -t 20000 $s; done
for s in ready/log never quit slow "with space"; do say s6-svwait -u -t 20000 "$s"; done
s6-svwait -D -t 20000 failed
for s in down ready ready/log never failed codes quit "with space" check inline; do
	say s6-svstat "$s"; say s6-svstat -o $all "$s"; say s6-svok "$s"
done
say s6-svstat /run/service/ready/
say s6-svstat -u ready; say s6-svstat -uwNrpest never; say s6-svstat -o nonsense ready
say s6-svstat nobody; say s6-svok nobody; say s6-svc -u nobody; say s6-svwait -u nobody
say s6-svstat; say s6-svc; say s6-svc -w x ready; say s6-svwait; say s6-svwait -t x ready; say s6-svok
say s6-svc -wu -u down; say s6-svstat down; say s6-svstat -o $all down
say s6-svc -p down; soon is paused down true; s6-svstat down; say s6-svc -c down; soon is paused down false; s6-svstat down
say s6-svc -O down; soon is wantedup down false; say s6-svstat -w down
say s6-svc -wD -t down; say s6-svstat down; say s6-svstat -n down; say s6-svstat -pest down
say s6-svc -wu -o down; say s6-svstat down; say s6-svc -wD -k down; say s6-svstat down; say s6-svc -O down; say s6-svstat down
say s6-svc -wU -u ready; say s6-svc -wr -r ready; say s6-svwait -U -t 20000 ready; say s6-svstat ready; say cat /tmp/ready.log
say s6-svc -wD -d ready; say s6-svstat ready; say cat /tmp/ready.log; say s6-svwait -t 2000 -u ready
say s6-svwait -t 2000 -U never; say s6-svwait -u never; say s6-svwait -t 2000 -U quit; say s6-svwait -o -d never ready; say s6-svwait -t 2000 -a -d never ready
say s6-svc -wD -d quit; say s6-svstat quit
say s6-svc -wu -u codes; soon [ -e /tmp/trapped ]; say s6-svc -wD -d codes; say s6-svstat codes; say cat /tmp/codes.log
say s6-svc -D codes; soon [ -e codes/down ]; say ls codes/down; say s6-svc -wu -U codes; say ls codes/down; say s6-svstat codes
say s6-svc -Q codes; soon [ -e codes/down ]; say ls codes/down; say s6-svstat codes
say s6-svc -wd -T 20000 -d slow; say s6-svstat -ur slow; >/tmp/finish; say s6-svwait -D slow; say s6-svstat -ur slow
say s6-svc -T 2000 -wu -d slow
say s6-svdt quit; say s6-svdt -s quit; say s6-svdt failed; say s6-svdt -n 0 failed; say s6-svdt-clear failed; say s6-svdt failed
say s6-svc -wu -U "with space"; say s6-svc -h "with space"; say s6-svwait -D -t 20000 perma; soon is wantedup perma false; say s6-svstat -uwe perma; say s6-svdt perma
(cd quit && say s6-svc -wu -u . && say s6-svstat . && say s6-svc -wD -d . && say s6-svstat -o up,signal .)
(cd /run/service/ready/log && say s6-svstat .)
say s6-svscanctl /run/service; say s6-svscanctl -a /nope
`

// starting is how the real supervisor is started in its box.
const starting = `s6-svscan /run/service &
until [ -p /run/service/.s6-svscan/control ]; do sleep 0.01; done
for s in /run/service/*/; do until s6-svok "$s"; do sleep 0.01; done; done
until s6-svok /run/service/ready/log; do sleep 0.01; done
. /script
s6-svscanctl -t /run/service
wait
`

// TestLikeTheRealOne runs the same services and the same script under s6-svscan with the
// commands of s6, under baseinit with ours, and under baseinit with those of s6: what the
// script sees must be the same.
func TestLikeTheRealOne(t *testing.T) {
	t.Parallel()
	pid1test.NeedProgram(t, "/usr/bin/s6-svscan", "s6")
	host := []string{"/usr", "/lib", "/lib64"}
	peer := pid1test.Box{
		Timeout: 3 * time.Minute, Args: []string{"/bin/sh", "/start"}, Host: host, Files: map[string]string{"/start": starting, "/script": differentialScript},
		Env: []string{"PATH=/usr/bin:/bin:/usr/lib/execline/bin"},
	}
	ours := pid1test.Box{
		Timeout: 3 * time.Minute, Args: []string{"/bin/sh", "/script"}, Host: host, Files: map[string]string{"/script": differentialScript},
		Env: []string{"PATH=/command:/usr/bin:/bin", "S6_CMD_WAIT_FOR_SERVICES=0"},
	}
	for path, text := range differentialServices() {
		peer.Files["/run/service/"+path], ours.Files["/etc/services.d/"+path] = text, text
	}
	theirs := ours
	theirs.Env = []string{"PATH=/usr/bin:/bin:/usr/lib/execline/bin"}
	theirs.Files = maps.Clone(ours.Files)
	var mu sync.Mutex
	seen := map[string]string{}
	t.Run("boxes", func(t *testing.T) {
		for name, run := range map[string]func(*testing.T) *pid1test.Running{
			"real": func(t *testing.T) *pid1test.Running { return pid1test.Run(t, peer) },
			"ours": func(t *testing.T) *pid1test.Running { return start(t, ours).Running },
			"C":    func(t *testing.T) *pid1test.Running { return start(t, theirs).Running },
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				text := seenBy(run(t))
				mu.Lock()
				defer mu.Unlock()
				seen[name] = text
			})
		}
	})
	for _, name := range []string{"ours", "C"} {
		if diff := cmp.Diff(strings.Split(seen["real"], "\n"), strings.Split(seen[name], "\n")); diff != "" {
			t.Errorf("%s: what scripts see (-s6 +baseinit):\n%s", name, diff)
		}
	}
}

var varying = []struct {
	what *regexp.Regexp
	by   string
}{
	{regexp.MustCompile(`pid \d+`), "pid N"},
	{regexp.MustCompile(`\d+ seconds`), "S seconds"},
	{regexp.MustCompile(`@[0-9a-f]{24}`), "@T"},
	{regexp.MustCompile(`(?m)((?:true|false) )[1-9]\d*( -?\d+ \w+ )`), "${1}PID$2"},
	{regexp.MustCompile(`(?m)^((?:true|false|-1|\d+) .*) \d+$`), "$1 S"},
}

// seenBy is what the script of a box has printed, without what is never the same.
func seenBy(r *pid1test.Running) string {
	r.Wait()
	text := r.Stdout()
	_, text, _ = strings.Cut(text, "--- ")
	for _, v := range varying {
		text = v.what.ReplaceAllString(text, v.by)
	}
	return text
}

// TestLinkTheRealOne has the s6-svlink of s6 put a directory into the scan directory: it
// waits for the lock of who scans and for the event of who supervises.
func TestLinkTheRealOne(t *testing.T) {
	t.Parallel()
	pid1test.NeedProgram(t, "/usr/bin/s6-svlink", "s6")
	c := start(t, pid1test.Box{
		Timeout: 2 * time.Minute, Host: []string{"/usr", "/lib", "/lib64"}, Env: []string{"PATH=/usr/bin:/bin"},
		Files: map[string]string{"/svc/x/run": "#!/bin/sh\nexec sleep 1000\n", "/etc/services.d/a/run": "#!/bin/sh\nexec sleep 1000\n"},
		Args: []string{"sh", "-c", `s6-svwait -u /run/service/a; s6-svlink -t 30000 /run/service /svc/x && s6-svwait -u /run/service/x && echo linked
s6-svunlink -t 30000 /run/service x && echo unlinked; ls -A /run/service`},
	})
	c.Wait()
	if diff := cmp.Diff("linked\nunlinked\n.s6-svscan\na\n", c.Stdout()); diff != "" {
		t.Errorf("stdout (-want +got):\n%s", diff)
	}
}
