package boot

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// isTerminal tells whether a file is a terminal.
func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// giveUpTerminal makes the terminal nobody's, so that CMD, as the leader of a
// session of its own, can have it: a terminal has one session, ioctl_tty(2).
// The kernel sends a leader that gives its terminal up SIGHUP and SIGCONT.
func (c *Container) giveUpTerminal() {
	pid := os.Getpid()
	if session, err := unix.Getsid(0); err != nil || session != pid {
		c.sharesTerminal = true
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if unix.IoctlSetInt(0, unix.TIOCNOTTY, 0) == nil {
		c.hangups++
	}
}

// takeTerminalBack makes our process group the terminal's foreground again after
// CMD had it as a process group of our session: who started us is in that too.
func takeTerminalBack() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	// From the background, tcsetpgrp(3) needs SIGTTOU to be blocked.
	var block, before unix.Sigset_t
	block.Val[0] = 1 << (unix.SIGTTOU - 1)
	if unix.PthreadSigmask(unix.SIG_BLOCK, &block, &before) != nil {
		return
	}
	defer func() { _ = unix.PthreadSigmask(unix.SIG_SETMASK, &before, nil) }()
	_ = unix.IoctlSetPointerInt(0, unix.TIOCSPGRP, unix.Getpgrp())
}
