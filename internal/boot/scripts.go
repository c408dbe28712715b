//go:build linux

package boot

import (
	"context"
	"strings"
	"time"

	"github.com/sillelien/baseinit/internal/s6"
	"github.com/sillelien/baseinit/supervisor"
)

// runScript runs one boot script to its end, in the container's working
// directory and environment. When ctx ends, the script is told to end and has
// grace for it (none if it is negative).
func (c *Container) runScript(ctx context.Context, script s6.Script, grace time.Duration) supervisor.Exit {
	if script.Err != nil {
		return supervisor.Exit{Code: 126, Err: script.Err}
	}
	cfg := c.printing()
	cfg.Env = c.run.environ
	cfg.Services = []supervisor.Service{{
		Name: script.Name, Command: script.Argv, Main: true,
		StopTimeout:   nonzero(grace),
		KeepLeftovers: true, // scripts start things that are meant to stay
	}}
	sup, err := supervisor.New(cfg)
	if err != nil {
		return supervisor.Exit{Code: 126, Err: err}
	}
	c.getToKnow(sup)
	defer context.AfterFunc(c.requests[1], func() {
		if ctx == c.requests[0] {
			sup.Kill()
		}
	})()
	_ = sup.Run(ctx) // what matters is the script's own end
	status, err := sup.Status(script.Name)
	if err != nil || status[0].LastExit == nil {
		return supervisor.Exit{Code: 111, Err: errNotRun}
	}
	return *status[0].LastExit
}

// nonzero turns "no time at all" into what the supervisor takes for it.
func nonzero(d time.Duration) time.Duration {
	if d <= 0 {
		return -1
	}
	return d
}

// finishLimit ends when a script of cont-finish.d has had its time.
func (c *Container) finishLimit() (context.Context, context.CancelFunc) {
	limit := c.remaining() - time.Second
	if own := c.cfg.Settings.KillFinishMaxtime; own > 0 {
		limit = min(limit, own)
	}
	return context.WithTimeout(c.requests[2], max(limit, time.Second/2))
}

// scripts lists the scripts of a directory, and says what is unusual about them.
func (c *Container) scripts(dir string) ([]s6.Script, error) {
	scripts, err := s6.Scripts(dir)
	var notes []s6.Note
	for _, script := range scripts {
		if script.Note != "" {
			notes = append(notes, s6.Note{File: script.Path, Text: script.Note})
		}
	}
	c.tell(notes)
	return scripts, err
}

// tell says what is unusual about files, one line for each kind.
func (c *Container) tell(notes []s6.Note) {
	files := map[string][]string{}
	for _, note := range notes {
		files[note.Text] = append(files[note.Text], note.File)
	}
	for _, note := range notes {
		if files[note.Text] != nil {
			c.cfg.Logger.Warn(s6.Note{File: strings.Join(files[note.Text], ", "), Text: note.Text}.String())
			delete(files, note.Text)
		}
	}
}
