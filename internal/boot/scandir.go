//go:build linux

package boot

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/sillelien/baseinit/internal/servicedir"
)

// scanDir is /run/service, the scan directory of s6, as far as scripts use it to stop
// or reload the container: whoever writes a letter into its control FIFO, as
// s6-svscanctl(8) does, is heard. A nil *scanDir hears nobody.
type scanDir struct {
	control *os.File
	lock    *os.File // which programs of s6 look for
	tasks   sync.WaitGroup
}

// openScanDir makes the directory below the one for state, the name that s6-overlay v1
// and v2 have for it, and the commands that v3 has for the container's end.
func openScanDir(run string) (*scanDir, error) {
	control := filepath.Join(run, "service", ".s6-svscan", "control")
	bin := filepath.Join(run, "s6", "basedir", "bin")
	for _, dir := range [...]string{"service", liveLegacy, filepath.Dir(liveRC)} { // an earlier life's
		if err := os.RemoveAll(filepath.Join(run, dir)); err != nil {
			return nil, fmt.Errorf("scripts cannot control the container: %w", err)
		}
	}
	for _, dir := range [...]string{filepath.Dir(control), bin} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("scripts cannot control the container: %w", err)
		}
	}
	f, err := servicedir.MakeControl(control)
	if err != nil {
		return nil, fmt.Errorf("scripts cannot stop the container: %w", err)
	}
	lock, err := servicedir.Lock(filepath.Join(filepath.Dir(control), "lock"))
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("scripts cannot stop the container: %w", err)
	}
	links := map[string]string{
		filepath.Join(run, "s6", "services"): "../service",
		filepath.Join(run, "s6", "etc"):      "/etc", // where v2 has its copy of the tree
	}
	if self, err := os.Executable(); err == nil {
		for _, name := range [...]string{"halt", "poweroff", "reboot", "execlineb"} {
			links[filepath.Join(bin, name)] = self
		}
	}
	for link, target := range links {
		if lerr := os.Symlink(target, link); lerr != nil && !errors.Is(lerr, fs.ErrExist) {
			err = errors.Join(err, fmt.Errorf("scripts cannot stop the container through %s: %w", link, lerr))
		}
	}
	return &scanDir{control: f, lock: lock}, err
}

// serve hears commands until close.
func (s *scanDir) serve(c *Container) {
	if s == nil {
		return
	}
	s.tasks.Go(func() {
		var buf [64]byte
		for {
			n, err := s.control.Read(buf[:])
			if err != nil {
				return
			}
			for _, letter := range buf[:n] {
				s.obey(c, letter)
			}
		}
	})
}

// obey does what a letter of s6-svscan's protocol says. One that means nothing for a
// container, such as z (collect zombies), is heard and forgotten.
func (s *scanDir) obey(c *Container, letter byte) {
	switch letter {
	case 't', 'q', 'b', 'i', '0', '6', '7', '8':
		if c.stopAnyway() {
			c.cfg.Logger.Info("a script stops the container (s6-svscanctl or halt)")
		}
	case 'a':
		c.reloadLater("s6-svscanctl -a", rescan)
	case 'n', 'N':
		c.reloadLater("s6-svscanctl -n", prune) // which waits for services that are gone
	case 'h':
		c.reloadLater("s6-svscanctl -h", rescan|prune)
	}
}

// close ends serve and waits for what it started.
func (s *scanDir) close() {
	if s == nil {
		return
	}
	_, _ = s.control.Close(), s.lock.Close()
	s.tasks.Wait()
}
