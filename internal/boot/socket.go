//go:build linux

package boot

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/sillelien/baseinit/internal/control"
	"github.com/sillelien/baseinit/internal/statedir"
)

// ControlOff is the Config.Control of a container without a control socket.
const ControlOff = "off"

// socket is the control socket while it is served.
type socket struct {
	end    context.CancelFunc
	served chan struct{} // closed when it is no more
}

// controlPatience is how long the last answers may take at the container's end.
const controlPatience = time.Second

// openControlBeside is openControl beside what comes next, since it takes as long as a tenth of
// the boot; what is started in the meantime takes longer to get so far that it asks.
func (c *Container) openControlBeside() {
	opened := make(chan error, 1)
	c.controlOpened = sync.OnceValue(func() error { return <-opened })
	go func() { opened <- c.openControl() }()
}

// needControl waits for a control socket that was asked for by name, and tells why there is none.
func (c *Container) needControl() error {
	if c.cfg.Control == "" {
		return nil
	}
	return c.controlOpened()
}

// closeControl ends what is being answered.
func (c *Container) closeControl() {
	if c.controlOpened == nil { // the boot failed before
		return
	}
	_ = c.controlOpened()
	if c.socket == nil {
		return
	}
	c.socket.end()
	patience := time.NewTimer(controlPatience)
	defer patience.Stop()
	select {
	case <-c.socket.served:
	case <-patience.C:
	}
}

// openControl serves the control socket. That it cannot is the end of the boot only if it
// was asked for by name.
func (c *Container) openControl() error {
	path := c.cfg.Control
	switch {
	case path == ControlOff || path == "" && c.run.path == "": // of which was told
		return nil
	case path == "":
		path = filepath.Join(c.run.path, statedir.Control)
	}
	l, err := control.Listen(path)
	if err != nil && c.cfg.Control != "" {
		return &failure{CodeSystem, err}
	}
	if err != nil {
		c.cfg.Logger.Warn("baseinit status and the like will not work: " + err.Error())
		return nil
	}
	ctx, end := context.WithCancel(context.Background())
	c.socket = &socket{end, make(chan struct{})}
	go func() {
		defer close(c.socket.served)
		if err := control.Serve(ctx, l, operator{c}, c.cfg.Logger); err != nil {
			c.warn(fmt.Errorf("the control socket is gone: %w", err))
		}
	}()
	return nil
}
