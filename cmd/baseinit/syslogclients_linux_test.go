package main_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/pid1test"
)

// hostPrograms are what the machine's own clients need: they are not static.
var hostPrograms = slices.Clip([]string{"/usr", "/lib", "/lib64", "/etc/alternatives"})

// syslogClient is CMD as a client of the init's own /dev/log.
type syslogClient struct {
	args  []string          // CMD
	files map[string]string // and what it reads
	// want are the lines on stderr, as normal gives them. CMD's stdin stays open
	// until the last has come: a client that reads it is there to be asked for.
	want []string
	// stdout is the client's own output.
	stdout string
}

// shellScript is CMD as a script of the machine's shell, so that `logger` is util-linux's.
func shellScript(text string) []string { return []string{"/usr/bin/dash", "-c", text} }

// log runs the client and compares what came out.
func (c syslogClient) log(t *testing.T) {
	t.Helper()
	r := start(t, pid1test.Box{
		Args: c.args, Files: c.files, Host: hostPrograms,
		Env: []string{quiet}, Interactive: true,
	})
	if len(c.want) > 0 {
		waitForLast(r, c.want)
	}
	r.CloseStdin()
	if code := r.Wait(); code != 0 {
		t.Errorf("exit code %d of CMD", code)
	}
	if diff := cmp.Diff(c.want, plainLines(r)); diff != "" {
		t.Errorf("stderr (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(c.stdout, r.Stdout()); diff != "" {
		t.Errorf("stdout (-want +got):\n%s", diff)
	}
}

// waitForLast waits for the last of the lines.
func waitForLast(r container, lines []string) {
	last := lines[len(lines)-1]
	r.WaitFor(last[strings.LastIndex(last, ": "):] + "\n")
}

// plainLines are the lines on stderr without CMD's name, which is not there if the
// client was gone before it could be asked for.
func plainLines(r container) []string {
	lines := normal(r.Stderr())
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], "[CMD] ")
	}
	return lines
}

// quiet keeps the init's own progress off stderr.
const quiet = "S6_VERBOSITY=0"

// processID is what stands for a process: in a box they have few digits. What a
// client claims falsely has more in these tests, and stays.
var processID = regexp.MustCompile(`\[[0-9]{1,4}\]: `)

// normal splits output into lines with [PID] in place of process IDs.
func normal(output string) []string {
	if output == "" {
		return nil
	}
	output = processID.ReplaceAllString(output, "[PID]: ")
	return strings.Split(strings.TrimSuffix(output, "\n"), "\n")
}
