package main_test

import (
	"io/fs"
	"maps"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/pid1test"
)

// startUnder starts a box in which a shell is PID 1 and runs script, which finds
// baseinit as /init.
func startUnder(t *testing.T, b pid1test.Box, script string) container {
	t.Helper()
	binary, err := os.ReadFile(pid1test.Build(t))
	if err != nil {
		t.Fatal(err)
	}
	b.Files = maps.Clone(b.Files)
	if b.Files == nil {
		b.Files = map[string]string{}
	}
	b.Files["/init"], b.Files["/script"] = string(binary), script
	b.Mode = map[string]fs.FileMode{"/init": 0o755}
	b.Links = commands()
	b.Args = []string{"/bin/sh", "/script"}
	return container{pid1test.Run(t, b)}
}

// orphan is a daemon: it leaves the session and its parent, and tells when it is
// told to end.
const orphan = `#!/bin/sh
(setsid sh -c 'trap "echo orphan told; exit" TERM; echo $$ >/tmp/orphan; while :; do sleep 1000 & wait; done' &)
until [ -s /tmp/orphan ]; do sleep 0.05; done
`

func TestNotPID1(t *testing.T) {
	t.Parallel()
	r := startUnder(t, pid1test.Box{Files: map[string]string{"/cmd": orphan + `
until [ $(cut -d" " -f4 /proc/$(cat /tmp/orphan)/stat) = $PPID ]; do sleep 0.05; done
echo adopted; exit 7`}}, `sleep 1000 & sibling=$!
setsid sleep 1000 & stranger=$!
/init /cmd
echo code $?
kill -0 $(cat /tmp/orphan) 2>/dev/null || echo orphan gone
kill -0 $sibling && echo sibling lives
kill -0 $stranger && echo stranger lives`)
	r.Wait()
	want := "adopted\norphan told\ncode 7\norphan gone\nsibling lives\nstranger lives\n"
	if diff := cmp.Diff(want, r.Stdout()); diff != "" {
		t.Errorf("stdout (-want +got):\n%s", diff)
	}
}

// TestNotPID1Stops sends SIGTERM to an init with everything that can be left
// behind: nothing is, and nobody else is touched.
func TestNotPID1Stops(t *testing.T) {
	t.Parallel()
	service := func(script string) string { return "#!/bin/sh\n" + script + "\n" }
	r := startUnder(t, pid1test.Box{
		Env: []string{"S6_KILL_GRACETIME=200", "S6_SERVICES_GRACETIME=200"},
		Files: map[string]string{
			"/etc/cont-init.d/1":          service("setsid sleep 1001 & sleep 1002 &"),
			"/etc/services.d/obey/run":    service("setsid sleep 1003 & exec sleep 1004"),
			"/etc/services.d/ignore/run":  service("trap '' TERM; setsid sleep 1005 & sleep 1006"),
			"/etc/services.d/daemon/run":  service("(setsid sh -c 'setsid sleep 1007 & exec sleep 1008' &); exec sleep 1009"),
			"/etc/services.d/deaf/run":    service("trap '' TERM; (setsid sh -c 'sleep 1010' &); exec sleep 1011"),
			"/etc/services.d/stopped/run": service("sh -c 'kill -STOP $$; : 1012' & exec sleep 1013"),
		},
	}, `sleep 1000 & sibling=$!
/init sleep 1014 & init=$!
for n in 01 02 03 04 05 06 07 08 09 10 11 12 13 14; do
	until ps | grep -q "[1]0$n"; do sleep 0.05; done
done
kill -TERM $init; wait $init; echo code $?
kill -0 $sibling && echo sibling lives
kill -KILL $sibling; wait
echo left: $(ps | grep "[1]0..")`)
	r.Wait()
	if diff := cmp.Diff("code 143\nsibling lives\nleft:\n", r.Stdout()); diff != "" {
		t.Errorf("stdout (-want +got):\n%s", diff)
	}
}

// TestOrphansAreCollected makes many orphans, whose parent the init becomes, as
// PID 1 and as a subreaper. None stays a zombie.
func TestOrphansAreCollected(t *testing.T) {
	t.Parallel()
	const orphans = `for i in $(seq 100); do (true & true &); done
until [ $(grep -l "^State:.Z" /proc/[0-9]*/status 2>/dev/null | wc -l) = 0 ]; do sleep 0.05; done
echo none; exit 3`
	for name, start := range map[string]func(t *testing.T) container{
		"PID 1": func(t *testing.T) container {
			t.Helper()
			return start(t, pid1test.Box{Args: []string{"sh", "-c", orphans}})
		},
		"subreaper": func(t *testing.T) container {
			t.Helper()
			return startUnder(t, pid1test.Box{}, "/init sh -c '"+orphans+"'; exit $?")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t)
			if code := r.Wait(); code != 3 {
				t.Errorf("exit code %d, want 3", code)
			}
		})
	}
}
