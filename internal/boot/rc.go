//go:build linux

package boot

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sillelien/baseinit/internal/s6"
	"github.com/sillelien/baseinit/supervisor"
)

// hook runs S6_STAGE2_HOOK, before anything of the tree is read: it may change that.
func (c *Container) hook() error {
	words := strings.Fields(c.cfg.Settings.Stage2Hook)
	if len(words) == 0 {
		return nil
	}
	c.run.touched()
	return c.runInit(s6.Script{Name: "S6_STAGE2_HOOK", Argv: words}, "")
}

// base runs the oneshots that images have put into s6-overlay's own bundle base.
func (c *Container) base() error {
	rc, err := c.readRC(true)
	if err != nil {
		return &failure{codeBadTree, err}
	}
	c.rc = rc
	for _, script := range rc.Base {
		if c.stopped() {
			return nil
		}
		c.run.touched()
		if err := c.runInit(script, "s6-rc base/"); err != nil {
			return err
		}
	}
	return nil
}

// readRC reads s6-rc.d. Notes are told the first time.
func (c *Container) readRC(tell bool) (s6.RC, error) {
	sources := c.cfg.Settings.RCSources(c.cfg.Root)
	sources.Defaults = c.serviceDefaults()
	if c.run.scan != nil {
		sources.Execlineb = filepath.Join(c.run.path, "s6", "basedir", "bin", "execlineb")
	}
	rc, notes, err := s6.ReadRC(sources)
	if tell {
		c.tell(notes)
	}
	return rc, err
}

// adoptRC makes directories for the services of s6-rc, and writes down what the command
// s6-rc needs to know.
func (c *Container) adoptRC(rc *s6.RC) {
	if len(rc.Services) == 0 {
		return
	}
	var longruns, oneshots []supervisor.Service
	for _, s := range rc.Services {
		if s.Oneshot {
			oneshots = append(oneshots, s)
		} else {
			longruns = append(longruns, s)
		}
	}
	read := slices.Clone(longruns)
	c.warn(c.live.adopt(longruns, liveRC))
	f := found{files: rc.Files}
	f.place(longruns, read)
	c.warn(c.live.adopt(oneshots, liveOnce))
	for i := range oneshots {
		oneshots[i].Dir = "/" // as in s6-rc it is not that of its files
	}
	rc.Services = slices.Concat(longruns, oneshots)
	if c.live.root == "" {
		return
	}
	bundles, requires := rc.Tables()
	for name, text := range map[string]string{"bundles": bundles, "requires": requires, "essential": strings.Join(rc.Essential, "\n")} {
		if err := os.WriteFile(filepath.Join(c.live.root, filepath.Dir(liveRC), name), []byte(text), 0o644); err != nil {
			c.warn(fmt.Errorf("s6-rc will not work: %w", err))
		}
	}
}

// bringUp is the start of the services of s6-rc, which CMD waits for.
type bringUp struct {
	pending []string // are neither up nor known not to come up
}

// watch follows it by events, and ends the boot if it fails and failures are to do that.
func (b *bringUp) watch(c *Container, e supervisor.Event) {
	i := slices.Index(b.pending, e.Service)
	if i < 0 {
		return
	}
	switch e.Kind {
	case supervisor.Ready, supervisor.Completed, supervisor.Stopped:
		b.pending = slices.Delete(b.pending, i, i+1)
	case supervisor.GaveUp:
		b.pending = slices.Delete(b.pending, i, i+1)
		if c.cfg.Settings.OnFailure == s6.FailStop && c.requests[0].Err() == nil {
			c.fail(&failure{max(e.Exit.Code, 1), fmt.Errorf("%s failed: the boot stops here (S6_BEHAVIOUR_IF_STAGE2_FAILS=2)", e.Service)})
			c.stopAnyway()
		}
	}
}
