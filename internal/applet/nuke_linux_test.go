package applet_test

import (
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/sillelien/baseinit/internal/pid1test"
)

// told is a script that starts a process of another session which says which signals it
// gets, and awaits that it is ready.
const told = `mkfifo /tmp/never /tmp/ready /tmp/said
setsid sh -c 'told() { trap "" HUP TERM; echo other told $1; echo >/tmp/said; exit; }
for s in HUP TERM; do trap "told $s" $s; done
echo >/tmp/ready; read x <>/tmp/never' &
read x </tmp/ready
for s in HUP TERM; do trap "echo script told $s" $s; done
`

// TestNuke: all are told but PID 1 and s6-nuke itself.
func TestNuke(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		script string
		want   string
		code   int
	}{
		{told + "s6-nuke -t; echo code $?; read x </tmp/said; exit 7", "code 0 other told TERM script told TERM", 7},
		{told + "s6-nuke -h; echo code $?; read x </tmp/said; exit 7", "code 0 other told HUP script told HUP", 7},
		{told + "s6-nuke; echo code $?; kill -KILL $!; exit 7", "code 0", 7},
		{told + "s6-nuke -k; echo never", "", 137},
		{"s6-nuke -x; echo code $?; s6-nuke now; exit $?", "code 100", 100},
	} {
		r := pid1test.Run(t, pid1test.Box{
			Binary: pid1test.Build(t), Args: []string{"sh", "-c", tt.script}, Links: map[string]string{"/bin/s6-nuke": "/init"},
		})
		code := r.Wait().Code
		// Who says it first is nobody's business.
		said := sorted(strings.TrimSpace(r.Stdout()))
		if got := strings.Join(said, " "); got != tt.want || code != tt.code {
			t.Errorf("%s: %q and code %d, want %q and %d; stderr %q", tt.script, got, code, tt.want, tt.code, r.Stderr())
		}
	}
}

// TestNukeAsBaseAlpine ends the container as the scripts of base-alpine do.
func TestNukeAsBaseAlpine(t *testing.T) {
	t.Parallel()
	r := pid1test.Run(t, pid1test.Box{
		Binary: pid1test.Build(t), Links: map[string]string{"/bin/s6-nuke": "/init"},
		Files: map[string]string{
			"/etc/cont-init.d/10-dns": "#!/bin/sh\n(until [ -e /tmp/up ]; do sleep 0.01; done; echo failed; s6-nuke; kill -2 1) &\n",
			"/etc/services.d/web/run": "#!/bin/sh\ntrap 'echo stopped; exit' TERM\n>/tmp/up\nmkfifo /tmp/never; read x <>/tmp/never\n",
		},
	})
	r.Wait()
	if got := r.Stdout(); got != "failed\nstopped\n" {
		t.Errorf("stdout %q; stderr %q", got, r.Stderr())
	}
}

// TestNukeElsewhere: where PID 1 is another program nobody is signalled.
func TestNukeElsewhere(t *testing.T) {
	t.Parallel()
	binary, err := os.ReadFile(pid1test.Build(t))
	if err != nil {
		t.Fatal(err)
	}
	r := pid1test.Run(t, pid1test.Box{
		Args:  []string{"/bin/sh", "-c", "sleep 1000 & s6-nuke -k; echo code $?; kill $! && echo it lived"},
		Files: map[string]string{"/bin/s6-nuke": string(binary)},
		Mode:  map[string]fs.FileMode{"/bin/s6-nuke": 0o755},
	})
	r.Wait()
	const says = "s6-nuke: cannot signal all processes: PID 1 is another program"
	if r.Stdout() != "code 111\nit lived\n" || !strings.Contains(r.Stderr(), says) {
		t.Errorf("stdout %q, stderr %q", r.Stdout(), r.Stderr())
	}
}
