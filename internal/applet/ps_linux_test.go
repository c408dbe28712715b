package applet_test

import (
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/sillelien/baseinit/internal/pid1test"
)

// TestPs lists the processes of a box, of which all is known.
func TestPs(t *testing.T) {
	t.Parallel()
	pid1test.NeedRoot(t)
	binary, err := os.ReadFile(pid1test.Build(t))
	if err != nil {
		t.Fatal(err)
	}
	const script = `exec 2>&1; mkfifo -m 666 /tmp/never /tmp/ready
s6-nice -n 5 s6-setuidgid nobody sh -c 'echo >/tmp/ready; exec cat /tmp/never' & read x </tmp/ready
until s6-ps -o args | grep -q '^cat'; do sleep 0.01; done
until s6-ps -o pid,ppid,pgrp,sess,tty,tpgid,s,nice,thcount,user,group,comm,args >/tmp/out && grep -q 'Ss .*script' /tmp/out && grep -q 'SN .*cat' /tmp/out; do sleep 0.01; done
grep -v ' s6-ps' /tmp/out
s6-ps -w 1 -o user,pid | head -n 2
s6-ps | head -n 1; s6-ps -l | head -n 1
s6-ps -o nope; echo code $?
s6-ps -w 0; echo code $?
kill $!`
	for tty, terminal := range map[bool]string{false: "- -1", true: "pts/0 1"} {
		r := pid1test.Run(t, pid1test.Box{
			Args: []string{"/bin/sh", "/script"}, TTY: tty,
			Files: map[string]string{"/script": script, "/bin/s6-ps": string(binary)},
			Links: map[string]string{"/bin/s6-setuidgid": "s6-ps", "/bin/s6-nice": "s6-ps"},
			Mode:  map[string]fs.FileMode{"/bin/s6-ps": 0o755},
		})
		r.Wait()
		for _, want := range []string{
			"PID PPID PGRP SESS TTY TPGID S NICE THCOUNT USER GROUP COMM ARGS\n" +
				"1 0 1 1 " + terminal + " Ss 0 1 root root sh /bin/sh /script\n",
			" 1 1 1 " + terminal + " SN 5 1 nobody nobody cat cat /tmp/never\n",
			"\nUSER PID TTY S START ARGS\nUSER PID VSIZE RSS TTY S START CTTIME ARGS\n",
			"no such field, or not in this s6-ps\ncode 100\n",
			"usage: s6-ps [-l | -o FIELD,...] [-w SPACING]\ncode 100\n",
		} {
			if got := oneBlank(r.Output()); !strings.Contains(got, want) {
				t.Errorf("tty %v: got %q, want %q in it", tty, got, want)
			}
		}
		// There is the name nobody in the column.
		if !strings.Contains(r.Output(), "USER   PID") || !strings.Contains(r.Output(), "\nUSER    PID  TTY") {
			t.Errorf("tty %v: the spacing is wrong: %q", tty, r.Output())
		}
	}
}

// oneBlank makes each line words with a blank between them.
func oneBlank(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.Join(strings.Fields(line), " ") + "\n")
	}
	return b.String()
}
