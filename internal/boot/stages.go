//go:build linux

package boot

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/sillelien/baseinit/internal/control/api"
	"github.com/sillelien/baseinit/internal/s6"
	"github.com/sillelien/baseinit/internal/s6/fixattrs"
	"github.com/sillelien/baseinit/supervisor"
)

// commandName is what CMD is called among the services.
const commandName = "CMD"

// Run lives the container's life and returns when nothing of it is left.
func (c *Container) Run() {
	for _, stage := range [...]struct {
		name string
		live func() error
	}{
		{api.StagePrepare, c.prepare},
		{api.StageDNS, c.awaitDNS},
		{api.StageHook, c.hook},
		{api.StageBase, c.base},
		{api.StageAttrs, c.fixAttrs},
		{api.StageInit, c.initialise},
		{api.StageRC, c.serve},
	} {
		c.record.enter(stage.name)
		err := stage.live()
		if err != nil {
			c.fail(err)
		}
		if err != nil || c.stopped() {
			break
		}
	}
	c.stopAnyway() // whatever comes now, the way is down
	c.record.enter(api.StageFinish)
	c.finish()
	c.sweep()
	c.clean()
}

// failure is a boot that cannot go on, with the exit code that says so.
type failure struct {
	code int
	err  error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func (c *Container) fail(err error) {
	for _, e := range Unjoin(err) {
		c.cfg.Logger.Error(e.Error())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if f, ok := errors.AsType[*failure](err); ok && c.outcome.boot == 0 {
		c.outcome.boot = f.code
	}
}

// Unjoin gives the errors that errors.Join joined, whatever was joined in them, so that
// each has its line.
func Unjoin(err error) (all []error) {
	if f, ok := errors.AsType[*failure](err); ok {
		err = f.err
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	for _, e := range joined.Unwrap() {
		all = append(all, Unjoin(e)...)
	}
	return all
}

func (c *Container) warn(err error) {
	if err != nil {
		for _, e := range Unjoin(err) {
			c.cfg.Logger.Warn(e.Error())
		}
	}
}

// stopped tells whether a stop was asked for, and remembers by which signal if
// the boot was not over yet.
func (c *Container) stopped() bool {
	if c.requests[0].Err() == nil {
		return false
	}
	select {
	case <-c.up:
		return true
	default:
	}
	if signal, ok := errors.AsType[*supervisor.SignalError](context.Cause(c.requests[0])); ok && c.outcome.signal == 0 {
		sig, _ := signal.Signal.(syscall.Signal)
		c.outcome.signal = sig
	}
	return true
}

// prepare writes the environment down.
func (c *Container) prepare() error {
	if fd := c.cfg.Settings.WaitForClosingFD; fd > 0 {
		c.awaitClosing(fd)
	}
	if profile := c.cfg.Settings.RuntimeProfile; profile != "" {
		if _, err := os.Stat(c.etc("")); err != nil {
			return &failure{codeBadTree, fmt.Errorf("there is no such S6_RUNTIME_PROFILE: %w", err)}
		}
	}
	run, err := newRunDir(c.cfg)
	c.run = run
	c.openControlBeside()
	c.live = newLive(c)
	c.run.scan.serve(c)
	<-c.cfg.Caught // in the meantime they have been
	if _, ok := errors.AsType[*failure](err); ok {
		return err
	}
	c.warn(err)
	return nil
}

// awaitDNS waits until scripts and services may ask for names.
func (c *Container) awaitDNS() error {
	if c.cfg.AwaitDNS == nil {
		return nil
	}
	err := c.cfg.AwaitDNS(c.requests[0])
	if err == nil || c.stopped() {
		return nil
	}
	return &failure{CodeDNS, err}
}

func (c *Container) fixAttrs() error {
	c.warn(errors.Join(fixattrs.Apply(c.requests[0], fixattrs.Config{
		Root: c.cfg.Root, Dir: c.etc("fix-attrs.d"), Hidden: c.cfg.Settings.FixAttrsHidden,
	})...))
	return nil
}

// initialise runs cont-init.d, one script after the other.
func (c *Container) initialise() error {
	scripts, err := c.scripts(c.etc("cont-init.d"))
	if err != nil {
		return &failure{codeBadTree, err}
	}
	for _, script := range scripts {
		if c.stopped() {
			return nil
		}
		c.run.touched()
		if err := c.runInit(script, "cont-init.d/"); err != nil {
			return err
		}
	}
	return nil
}

// runInit runs a boot script, and says what its end means for the boot. where goes before
// its name.
func (c *Container) runInit(script s6.Script, where string) error {
	if err := c.needControl(); err != nil {
		return err
	}
	started := time.Now()
	name := where + script.Name
	done := c.record.script(name)
	exit := c.runScript(c.requests[0], script, c.cfg.Settings.ServicesGracetime)
	done(exit)
	if c.stopped() {
		c.cfg.Logger.Info(name + " was stopped with the container")
		return nil
	}
	if exit.Success() {
		c.cfg.Logger.Info(fmt.Sprintf("%s: done in %v", name, time.Since(started).Round(100*time.Microsecond)))
		return nil
	}
	text := fmt.Errorf("%s: %s", name, exit)
	if c.cfg.Settings.OnFailure == s6.FailStop {
		return &failure{exit.Code, fmt.Errorf("%w: the boot stops here (S6_BEHAVIOUR_IF_STAGE2_FAILS=2)", text)}
	}
	c.cfg.Logger.Warn(text.Error())
	return nil
}

// serve keeps the services and CMD until the container is to stop.
func (c *Container) serve() error {
	f, err := c.readServices(rescan)
	rc, rcErr := c.rc, error(nil)
	if c.run.env.changed.Load() { // scripts may have changed the tree, too
		rc, rcErr = c.readRC(false)
	}
	if err = errors.Join(err, rcErr); err != nil {
		return &failure{codeBadTree, err}
	}
	for name, file := range rc.Files {
		f.addFile(name, file)
	}
	c.skipAtBoot(&f, &rc)
	services := c.adopt(&f)
	c.adoptRC(&rc)
	rc.Order(services)
	services = append(services, rc.Services...)
	if err := c.needControl(); err != nil {
		return err
	}
	if len(services) > 0 {
		c.run.touched()
	}
	c.bringUp.pending = s6.Wanted(rc.Services)
	command := c.command()
	if command != nil {
		command.After = slices.Clone(c.bringUp.pending)
		if c.cfg.Settings.CmdWaitForServices {
			command.After = s6.Wanted(services)
		}
		services = append(services, *command)
	}
	sup, err := supervisor.New(c.supervision(services))
	if err != nil {
		return &failure{codeBadTree, err}
	}
	c.record.expect(services)
	if command == nil {
		c.isUp()
	}
	var beside sync.WaitGroup
	if command != nil && len(command.After) > 0 && c.cfg.Settings.CmdWaitForServicesMaxtime > 0 {
		beside.Go(func() { c.hurry(sup) })
	}
	err = c.supervise(sup)
	c.stopAnyway() // ends what waits beside
	beside.Wait()
	return err
}

// supervise runs the supervisor and notes what ended it.
func (c *Container) supervise(sup *supervisor.Supervisor) error {
	c.getToKnow(sup)
	c.setSupervisor(sup)
	defer c.setSupervisor(nil)
	defer context.AfterFunc(c.requests[1], sup.Kill)()
	defer c.schedules.begin(c.requests[0], sup)()
	defer time.AfterFunc(settled, frugal).Stop()
	err := sup.Run(c.requests[0])
	c.live.flush()
	if c.sharesTerminal {
		takeTerminalBack()
	}
	if failed, ok := errors.AsType[*supervisor.FailedError](err); ok && failed.Service != commandName {
		c.outcome.critical = &failed.Exit
	}
	if status, err := sup.Status(commandName); err == nil {
		c.outcome.command = status[0].LastExit
	}
	return nil
}

func (c *Container) setSupervisor(sup *supervisor.Supervisor) {
	if sup != nil {
		c.serving.Store(sup)
		close(c.served)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sup = sup
}

// hurry starts CMD when the time that it waits for services is over.
func (c *Container) hurry(sup *supervisor.Supervisor) {
	limit := c.cfg.Settings.CmdWaitForServicesMaxtime
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-c.up:
		return
	case <-c.requests[0].Done():
		return
	case <-timer.C:
	}
	status, err := sup.Status(commandName)
	if err != nil || status[0].State != supervisor.StateWaiting {
		return
	}
	err = fmt.Errorf("not all services are up after %v (S6_CMD_WAIT_FOR_SERVICES_MAXTIME): %s", limit, strings.Join(status[0].WaitingFor, ", "))
	if c.cfg.Settings.OnFailure == s6.FailStop {
		c.fail(&failure{1, err})
		c.stopAnyway()
		return
	}
	c.cfg.Logger.Warn(err.Error())
	if err := sup.StartNow(commandName); err != nil && !errors.Is(err, supervisor.ErrEnded) {
		c.warn(fmt.Errorf("cannot start CMD: %w", err))
	}
}

// finish runs cont-finish.d.
func (c *Container) finish() {
	scripts, err := c.scripts(c.etc("cont-finish.d"))
	c.warn(err)
	for _, script := range scripts {
		limit, cancel := c.finishLimit()
		exit := c.runScript(limit, script, -1)
		if limit.Err() != nil {
			exit.Err = errors.New("took too long and was killed (S6_KILL_FINISH_MAXTIME)")
		}
		cancel()
		if !exit.Success() {
			c.cfg.Logger.Warn(fmt.Sprintf("cont-finish.d/%s: %s", script.Name, exit))
		}
	}
}

// sweep stops what services and scripts have left behind.
func (c *Container) sweep() {
	grace := min(c.cfg.Settings.KillGracetime, max(c.remaining(), 0))
	if err := supervisor.StopDescendants(c.requests[1], grace); err != nil {
		c.cfg.Logger.Warn(err.Error())
	}
}

// clean leaves nothing behind that the next life could stumble over.
func (c *Container) clean() {
	c.closeControl()
	c.run.scan.close()
	c.reloads.Wait()
	c.live.close()
	code, set, err := c.run.results.ExitCode()
	c.warn(err)
	if set {
		c.outcome.explicit = &code
	}
	c.warn(c.run.close())
	if c.cfg.Settings.SyncDisks {
		syscall.Sync()
	}
}

// awaitClosing waits until the other end of a descriptor is closed.
func (c *Container) awaitClosing(fd int) {
	f := os.NewFile(uintptr(fd), fmt.Sprintf("descriptor %d", fd))
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		buf := make([]byte, 512)
		for {
			if _, err := f.Read(buf); err != nil {
				return
			}
		}
	}()
	select {
	case <-closed:
	case <-c.requests[0].Done():
	}
	_ = f.Close()
}
