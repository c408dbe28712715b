package main_test

import (
	"maps"
	"os"
	"testing"

	"github.com/sillelien/baseinit/internal/applet"
	"github.com/sillelien/baseinit/internal/pid1test"
	"github.com/sillelien/baseinit/internal/scenario"
)

func TestMain(m *testing.M) { os.Exit(pid1test.Main(m)) }

// commands are links to the commands that scripts call, where they look for them.
func commands() map[string]string {
	links := map[string]string{"/bin/with-contenv": "/init", "/bin/execlineb": "/init", "/bin/export": "/init"}
	for _, name := range applet.Names() {
		links["/command/"+name] = "/init"
		links["/usr/bin/"+name] = "/init"
	}
	return links
}

// container is a box in which baseinit is PID 1.
type container struct{ *pid1test.Running }

func (c container) Wait() int { return c.Running.Wait().Code }

// start starts baseinit in a box.
func start(t *testing.T, b pid1test.Box) container {
	t.Helper()
	b.Binary = pid1test.Build(t)
	links := commands()
	maps.Copy(links, b.Links)
	b.Links = links
	return container{pid1test.Run(t, b)}
}

// play plays a scenario in a box.
func play(t *testing.T, s scenario.Scenario) {
	t.Helper()
	s.Play(t, start(t, pid1test.Box{
		Args: s.Args, Env: s.Env, UID: s.UID, GID: s.GID,
		Files: s.Files, Links: s.Links, Mode: s.Mode, Without: s.Without,
		ReadOnly: s.ReadOnly, Tmpfs: s.Tmpfs, DropCaps: s.DropCaps, NoNewPrivs: s.NoNewPrivs,
		Stdin: s.Stdin, TTY: s.TTY,
	}))
}

func playAll(t *testing.T, scenarios []scenario.Scenario) {
	t.Helper()
	for _, s := range scenarios {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			play(t, s)
		})
	}
}

// TestExitCodes walks the table of exit codes.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	playAll(t, scenario.ExitCodes(t, "../../docs/exit-codes.md"))
}

// TestLives plays the lives that image/ plays in Docker too.
func TestLives(t *testing.T) {
	t.Parallel()
	playAll(t, scenario.Lives())
}

// TestTrees plays service trees of all tiers.
func TestTrees(t *testing.T) {
	t.Parallel()
	playAll(t, scenario.Trees())
}
