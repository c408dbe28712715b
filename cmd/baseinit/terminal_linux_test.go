package main_test

import (
	"strings"
	"testing"

	"github.com/sillelien/baseinit/internal/pid1test"
)

// TestTerminalStarts starts many containers with a terminal: giving it up makes
// the kernel send SIGHUP, which must stop none of them, nor reload.
func TestTerminalStarts(t *testing.T) {
	t.Parallel()
	for range 30 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			r := start(t, pid1test.Box{TTY: true, Args: []string{"sh", "-c", "echo up; exit 4"}})
			if code := r.Wait(); code != 4 {
				t.Errorf("exit code %d, want 4", code)
			}
			if strings.Contains(r.Output(), "SIGHUP") {
				t.Error("a SIGHUP of its own making was taken for a user's")
			}
		})
	}
}

// TestTerminalHangsUp closes the terminal, as `docker run -t` does when the
// engine dies: CMD gets SIGHUP and the container ends with it.
func TestTerminalHangsUp(t *testing.T) {
	t.Parallel()
	r := start(t, pid1test.Box{TTY: true, Args: []string{"sh", "-c", "echo up; exec sleep 1000"}})
	r.WaitFor("up")
	r.CloseStdin()
	if code := r.Wait(); code != 129 {
		t.Errorf("exit code %d, want 129", code)
	}
}

// TestTerminalOfAnother runs the init under a shell that leads the session, as
// `docker run --init -t` does: CMD has the foreground as long as it runs, and the
// shell has it back after.
func TestTerminalOfAnother(t *testing.T) {
	t.Parallel()
	r := startUnder(t, pid1test.Box{TTY: true}, `/init sh -c '
read -r pid comm state ppid pgrp session tty tpgid rest </proc/$$/stat
[ $tpgid = $pgrp ] && echo "in front"
trap "echo got INT; exit 5" INT; echo up; while :; do sleep 1000 & wait; done'
echo code $?
read -r line && echo "line: $line"; exit 6`)
	r.WaitFor("up")
	r.Send("\x03")
	r.WaitFor("code 5")
	r.Send("hello\n")
	if code := r.Wait(); code != 6 {
		t.Errorf("exit code %d, want 6", code)
	}
	for _, want := range []string{"in front", "got INT", "line: hello"} {
		if !strings.Contains(r.Output(), want) {
			t.Errorf("the output lacks %q", want)
		}
	}
}
