package main_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/sillelien/baseinit/internal/pid1test"
	"github.com/sillelien/baseinit/internal/scenario"
	"github.com/sillelien/baseinit/internal/servicefile"
)

// TestServiceFiles plays what service.toml files say.
func TestServiceFiles(t *testing.T) {
	t.Parallel()
	playAll(t, scenario.ServiceFiles())
}

// TestServiceTOMLExample is the command of examples/service-toml.
func TestServiceTOMLExample(t *testing.T) {
	t.Parallel()
	const tree = "../../examples/service-toml"
	cmd := exec.Command(pid1test.Build(t), "--root", tree, "--output", "text", "--", tree+"/cmd.sh")
	cmd.Env = append(os.Environ(), "STATE="+t.TempDir(), "S6_CMD_WAIT_FOR_SERVICES=1", "TMPDIR="+t.TempDir())
	out, err := cmd.CombinedOutput()
	t.Logf("%v\n%s", err, out)
	if code := cmd.ProcessState.ExitCode(); code != 7 {
		t.Errorf("exit code %d, want 7", code)
	}
	rest := string(out)
	for _, want := range []string{
		"[migrate] tables are made", "[web] listening on 8080", "web: ready", "CMD: the web server is ready", "web: is unhealthy",
		"[web] listening on 8080", "CMD: done", "[migrate] tables are gone",
	} {
		var found bool
		if _, rest, found = strings.Cut(rest, want); !found {
			t.Errorf("%q does not come where it should", want)
		}
	}
	for _, want := range []string{"[sweep] swept", `service "debug" is skipped: $DEBUG is not set (condition.env = "DEBUG=1")`} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the output lacks %q", want)
		}
	}
}

func TestSchema(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(pid1test.Build(t), "check", "--schema")
	cmd.Args[0] = "baseinit"
	out, err := cmd.Output()
	if err != nil || string(out) != servicefile.Schema() {
		t.Errorf("error %v, and it prints %q", err, out)
	}
}
