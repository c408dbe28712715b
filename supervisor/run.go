package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/sillelien/baseinit/envdir"
)

// instance is one run of a service.
type instance interface {
	pid() int
	// signal is for the process alone, signalGroup for its whole group.
	signal(sig syscall.Signal) error
	signalGroup(sig syscall.Signal) error
	// wait blocks until the run has ended. It is called once.
	wait() Exit
	// abandon makes wait return although the run has not ended.
	abandon()
}

// program is the file to execute.
func (j *job) program() string {
	if j.service.Program != "" && j.command[0] == j.service.Command[0] {
		return j.service.Program
	}
	return j.command[0]
}

// starter starts a job's program. Tests put their own in its place.
type starter func(*job) (instance, error)

// job is one process (or Func) to be started, with all that it is given.
type job struct {
	service Service
	command []string
	stdin   *os.File
	logTo   *os.File // takes stdout if not nil
	aside   bool     // stdout goes where stderr does
	socket  string   // NOTIFY_SOCKET
	ready   func()   // called when the process says that it is ready
	notify  Notifier // for a Func

	env    []string
	files  []*os.File // by descriptor number; nil: closed
	theirs []*os.File // our copies of what the child has been given
	ends   ends
}

// ends are our ends of a job's pipes, and its place in the roster.
type ends struct {
	ready *os.File // the readiness pipe, or nil
	pumps []*pump
	leave func() // the roster; nil for a function
}

// runOn starts a run of u and reports what becomes of it.
func (s *Supervisor) runOn(u *unit) {
	run := u.run
	report := func(f func()) {
		s.post(func() {
			if u.run == run {
				f()
			}
		})
	}
	said := func(message func()) { report(func() { s.hear(u, message) }) }
	j := &job{service: u.service, command: u.service.Command, stdin: u.service.Stdin}
	j.ready = func() { said(func() { s.happen(u, saidReady) }) }
	ready := func() {} // a Func's, which counts only if it is waited for
	if u.service.Readiness.Notify {
		ready = j.ready
	}
	j.notify = Notifier{ready: ready, status: func(text string) { said(func() { s.setText(u, text) }) }}
	if err := s.connect(u, j); err != nil {
		s.task(func() { report(func() { s.runEnded(u, Exit{Code: 111, Err: err}) }) })
		return
	}
	s.task(func() {
		instance, err := s.launchJob(j)
		if err != nil {
			report(func() { s.runEnded(u, Exit{Code: startCode(err), Err: err}) })
			return
		}
		report(func() { u.instance = instance; s.happen(u, hasStarted) })
		// Most of its life a service is this goroutine: a new one, whose stack
		// has not grown with the start and which keeps nothing of the job alive.
		ends := j.ends
		s.task(func() {
			exit := instance.wait()
			ends.close()
			report(func() { s.runEnded(u, exit) })
		})
	})
}

// connect ties a job to its unit's pipes and sockets.
func (s *Supervisor) connect(u *unit, j *job) (err error) {
	if u.feed != nil {
		j.stdin = u.feed.r
	}
	j.logTo = s.logPipe(u)
	if u.service.Readiness.Notify && u.service.Func == nil {
		if u.notify == nil {
			if u.notify, err = s.openMailbox(u); err != nil {
				return err
			}
		}
		j.socket = u.notify.address()
	}
	return nil
}

func (s *Supervisor) runEnded(u *unit, exit Exit) {
	exit.Expected = slices.Contains(u.service.SuccessCodes, exit.Code)
	u.last = &exit
	u.uptime = time.Since(u.startedAt)
	s.happen(u, hasExited)
}

func (s *Supervisor) setText(u *unit, text string) {
	if !u.state.runs() {
		return
	}
	u.text = text
	s.emit(Event{Service: u.service.Name, Kind: Notified, Text: text})
}

// dispose frees what a unit holds.
func (s *Supervisor) dispose(u *unit) {
	u.timer.stop()
	u.watchdog.stop()
	u.feed.close()
	u.notify.close()
	u.feed, u.notify = nil, nil
}

// launchJob starts a job, whatever it is.
func (s *Supervisor) launchJob(j *job) (instance, error) {
	if j.service.Func != nil && j.command == nil {
		return startFunc(j), nil
	}
	return s.start(j)
}

// startJob makes what a job's process needs and starts it.
func (s *Supervisor) startJob(j *job) (instance, error) {
	j.env = overlay(s.cfg.Env(), j.service.Env)
	if err := s.wire(j); err != nil {
		j.abort()
		return nil, err
	}
	s.forks <- struct{}{}
	s.roster.begin()
	defer s.roster.end()
	instance, err := startProcess(j)
	<-s.forks
	if err != nil {
		j.abort()
		return nil, err
	}
	j.ends.leave = s.roster.add(instance.pid(), j.service.Name)
	j.theirs = closeAll(j.theirs)
	for _, p := range j.ends.pumps {
		p.pid = instance.pid()
		s.pumps.Go(func() { defer close(p.done); p.run(s) })
	}
	return instance, nil
}

// wire makes the pipes of a job and lists its descriptors.
func (s *Supervisor) wire(j *job) error {
	j.files = []*os.File{j.stdin, os.Stdout, os.Stderr}
	if j.stdin == nil {
		j.files[0] = s.null
	}
	if err := s.wireOutput(j); err != nil {
		return err
	}
	if j.socket != "" {
		j.env = overlay(j.env, notifyEnv(j.socket, j.service.Watchdog))
	}
	if fd := j.service.Readiness.FD; fd != 0 && j.ready != nil {
		return s.wireReadiness(j, fd)
	}
	return nil
}

// wireOutput says where a job's stdout and stderr go.
func (s *Supervisor) wireOutput(j *job) (err error) {
	as := j.service.output()
	if as != OutputRaw {
		if j.files[2], err = s.capture(j, "stderr", s.cfg.Stderr, as); err != nil {
			return err
		}
	}
	switch {
	case j.aside:
		j.files[1] = j.files[2]
	case j.logTo != nil && j.service.Readiness.Line != nil:
		j.files[1], err = s.capture(j, "stdout", j.logTo, OutputPlain)
	case j.logTo != nil:
		j.files[1] = j.logTo
	case as != OutputRaw:
		j.files[1], err = s.capture(j, "stdout", s.cfg.Stdout, as)
	}
	j.await()
	return err
}

// wireReadiness gives the job a pipe on fd whose first newline means ready.
func (s *Supervisor) wireReadiness(j *job, fd int) error {
	r, w, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("cannot make the readiness pipe: %w", err)
	}
	j.files = append(j.files, make([]*os.File, fd+1-len(j.files))...)
	j.files[fd] = w
	j.theirs, j.ends.ready = append(j.theirs, w), r
	s.task(func() {
		if sawNewline(r) {
			j.ready()
		}
	})
	return nil
}

func sawNewline(r *os.File) bool {
	var buf [64]byte
	for {
		n, err := r.Read(buf[:])
		if slices.Contains(buf[:n], '\n') {
			return true
		}
		if err != nil {
			return false
		}
	}
}

// abort frees what wire made for a job that did not start.
func (j *job) abort() {
	j.theirs = closeAll(j.theirs)
	if j.ends.ready != nil {
		_ = j.ends.ready.Close()
	}
	for _, p := range j.ends.pumps {
		_ = p.r.Close()
	}
}

// close is called when the run has ended: it closes the readiness pipe, and gives
// the output a moment, so that a crash's last words come before the news of it.
func (e ends) close() {
	if e.leave != nil {
		e.leave()
	}
	if e.ready != nil {
		_ = e.ready.Close()
	}
	if len(e.pumps) == 0 {
		return
	}
	moment := time.NewTimer(lastWords)
	defer moment.Stop()
	for _, p := range e.pumps {
		select {
		case <-p.done:
		case <-moment.C: // a descendant holds the pipe
			return
		}
	}
}

const lastWords = 20 * time.Millisecond

func closeAll(files []*os.File) []*os.File {
	for _, f := range files {
		_ = f.Close()
	}
	return nil
}

// concludeOn stops what a run left behind, runs the finish program, and reports.
func (s *Supervisor) concludeOn(u *unit, left remains, asked bool) {
	run, service, exit := u.run, u.service, *u.last
	deadline, logTo, stopper := u.deadline, s.logPipe(u), u.stopper
	if !asked || u.patient {
		deadline = time.Now().Add(service.StopTimeout)
	}
	s.task(func() {
		overdue := stopper.await(deadline)
		trouble := s.procs.sweep(s.kill, left, service.StopSignal, deadline)
		var finish *Exit
		if service.Finish != nil {
			finish = s.runFinish(service, logTo, exit, left.group)
		}
		s.post(func() {
			if u.run != run {
				return
			}
			if overdue {
				s.emit(Event{Service: service.Name, Kind: Late, Text: "its stop command did not end in time: killed"})
			}
			if trouble != nil {
				s.emit(Event{Service: service.Name, Kind: Trouble, Text: trouble.Error()})
			}
			if u.finish = finish; finish != nil {
				s.emit(Event{Service: service.Name, Kind: Finished, Exit: *finish})
			}
			s.happen(u, concluded)
		})
	})
}

// undoOn runs the undo program of a oneshot, and reports.
func (s *Supervisor) undoOn(u *unit) {
	run, service, logTo := u.run, u.service, s.logPipe(u)
	s.task(func() {
		exit := s.runAside(service, logTo, service.Undo)
		s.post(func() {
			if u.run != run {
				return
			}
			if !exit.Success() {
				s.emit(Event{Service: service.Name, Kind: Trouble, Text: "its undo program " + exit.String()})
			}
			s.happen(u, concluded)
		})
	})
}

// runFinish runs the finish program of a service to its end.
func (s *Supervisor) runFinish(service Service, logTo *os.File, exit Exit, group int) *Exit {
	code, signal := exit.finishArgs()
	return s.runAside(service, logTo, append(slices.Clone(service.Finish),
		strconv.Itoa(code), strconv.Itoa(signal), service.Name, strconv.Itoa(group)))
}

// runAside runs a program of a service that is not its run, within FinishTimeout.
func (s *Supervisor) runAside(service Service, logTo *os.File, command []string) *Exit {
	limit := s.kill
	if service.FinishTimeout > 0 {
		var cancel context.CancelFunc
		limit, cancel = context.WithTimeout(limit, service.FinishTimeout)
		defer cancel()
	}
	exit := s.runUntil(limit, &job{service: service, logTo: logTo, command: command})
	if errors.Is(limit.Err(), context.DeadlineExceeded) {
		exit.Err = fmt.Errorf("did not end within %v: killed", service.FinishTimeout)
	}
	return &exit
}

// runUntil runs a job that is not a service's run, and kills it when limit ends.
func (s *Supervisor) runUntil(limit context.Context, j *job) Exit {
	j.service.Readiness, j.service.Terminal = Readiness{}, false
	instance, err := s.launchJob(j)
	if err != nil {
		return Exit{Code: startCode(err), Err: err}
	}
	stop := context.AfterFunc(limit, func() {
		_ = instance.signalGroup(sigKill)
		time.AfterFunc(killLimit, instance.abandon)
	})
	defer stop()
	defer j.ends.close()
	return instance.wait()
}

// overlay gives base with the variables of over added or replaced.
func overlay(base, over []string) []string {
	if len(over) == 0 {
		return base
	}
	vars := make(envdir.Env, 0, len(over))
	for _, entry := range over {
		name, value, _ := strings.Cut(entry, "=")
		vars = append(vars, envdir.Var{Name: name, Value: value})
	}
	return envdir.Overlay(base, vars)
}
