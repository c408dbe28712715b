package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/pid1test"
)

// TestSyslogLibc plays with syslog(3) of glibc and of musl. A message may differ
// by a newline at its end, its lines do not.
func TestSyslogLibc(t *testing.T) {
	t.Parallel()
	for _, libc := range []struct {
		compiler, pkg string
		flags         []string
		long          map[string]int // how much is left of a long message's text
	}{
		// Past the largest socket buffer the kernel takes nothing: EMSGSIZE.
		{"gcc", "gcc and libc6-dev", nil, map[string]int{"long 20000": 20000, "long 8000000": 0}},
		// musl sends no more than 1,024 bytes.
		{"musl-gcc", "musl-tools", []string{"-static"}, map[string]int{"long 20000": 997, "long 8000000": 997}},
	} {
		t.Run(libc.compiler, func(t *testing.T) {
			t.Parallel()
			pid1test.NeedProgram(t, "/usr/bin/"+libc.compiler, libc.pkg)
			program := compile(t, libc.compiler, libc.flags...)
			modes := libcModes()
			for mode, n := range libc.long {
				modes[mode] = longLines(n)
			}
			for mode, want := range modes {
				t.Run(mode, func(t *testing.T) {
					t.Parallel()
					stays(t, pid1test.Box{
						Args: append([]string{program}, strings.Fields(mode)...),
						Host: append(hostPrograms, program),
					}, want)
				})
			}
		})
	}
}

// libcModes are what testdata/syslogclient.c is asked for, and the lines.
func libcModes() map[string][]string {
	return map[string][]string{
		"pid":         {"daemon.info prog[PID]: hello 42"},
		"unopened":    {"user.notice syslogclient[PID]: no openlog"},
		"null":        {"user.notice syslogclient[PID]: no ident"},
		"empty-ident": {"user.notice syslogclient[PID]: empty ident"},
		"odd-ident":   {"user.notice syslogclient[PID]: my prog: x[PID]: odd ident"},
		"errno":       {"user.err prog[PID]: open: No such file or directory"},
		"mask":        {"user.err mask[PID]: not masked"},
		"empty":       {"user.info prog[PID]: ", "user.info prog[PID]: ", "user.info prog[PID]: end"},
		"severities": {
			"local0.emerg sev[PID]: severity 0", "local0.alert sev[PID]: severity 1", "local0.crit sev[PID]: severity 2",
			"local0.err sev[PID]: severity 3", "local0.warning sev[PID]: severity 4", "local0.notice sev[PID]: severity 5",
			"local0.info sev[PID]: severity 6", "local0.debug sev[PID]: severity 7",
		},
		"facilities": facilityLines(),
		"control": {
			"user.err prog[PID]: line1", "user.err prog[PID]: line2\ttab" + `\x01\x1b[31mred\x7f\xc2\x85\xffend`,
			"user.err prog[PID]: ", "user.err prog[PID]: line4",
			"user.err prog[PID]: ", "user.err prog[PID]: <8>[other] kern.emerg forged[98765]: line",
		},
		"burst 1000": burstLines(1000),
	}
}

// facilityLines are those of all facilities that syslog(3) has; kern is not for
// programs, and becomes user.
func facilityLines() (lines []string) {
	names := strings.Fields("user user mail daemon auth syslog lpr news uucp cron authpriv ftp - - - - " +
		"local0 local1 local2 local3 local4 local5 local6 local7")
	for i, name := range names {
		if name != "-" {
			lines = append(lines, fmt.Sprintf("%s.info fac[PID]: facility %d", name, i))
		}
	}
	return lines
}

// longLines are those of a text of n bytes, of which 0 do not arrive, and a short one.
func longLines(n int) (lines []string) {
	if n > 0 {
		lines = append(lines, "user.info long[PID]: "+strings.Repeat("x", n))
	}
	return append(lines, "user.info long[PID]: after it")
}

func burstLines(n int) (lines []string) {
	for i := range n {
		lines = append(lines, fmt.Sprintf("user.info burst[PID]: message %d", i))
	}
	return lines
}

// compile compiles testdata/syslogclient.c and gives the program's path.
func compile(t *testing.T, compiler string, flags ...string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "syslogclient")
	out, err := exec.Command(compiler, append(flags, "-Wall", "-Werror", "-o", program, "testdata/syslogclient.c")...).CombinedOutput()
	if err != nil {
		t.Fatalf("cannot compile: %v\n%s", err, out)
	}
	return program
}

// stays runs a client that prints its process ID and stays until stdin ends. As
// it can be asked for, its lines have its service, and that process ID.
func stays(t *testing.T, b pid1test.Box, want []string) {
	t.Helper()
	b.Env, b.Interactive = []string{quiet}, true
	r := start(t, b)
	waitForLast(r, want)
	r.CloseStdin()
	if code := r.Wait(); code != 0 {
		t.Errorf("exit code %d of CMD", code)
	}
	pid := strings.TrimSpace(r.Stdout())
	got := strings.Split(strings.TrimSuffix(r.Stderr(), "\n"), "\n")
	for i, line := range want {
		want[i] = "[CMD] " + strings.ReplaceAll(line, "[PID]", "["+pid+"]")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("stderr (-want +got):\n%s", diff)
	}
}

// TestSyslogPerror is about LOG_PERROR, which has libc itself write to stderr.
func TestSyslogPerror(t *testing.T) {
	t.Parallel()
	pid1test.NeedProgram(t, "/usr/bin/gcc", "gcc and libc6-dev")
	program := compile(t, "gcc")
	r := start(t, pid1test.Box{
		Args: shellScript("exec " + program + " perror 2>&1"), Host: append(hostPrograms, program),
		Env: []string{quiet}, Interactive: true,
	})
	r.WaitFor("user.warning prog")
	r.CloseStdin()
	r.Wait()
	if diff := cmp.Diff([]string{"[CMD] user.warning prog[PID]: on both"}, normal(r.Stderr())); diff != "" {
		t.Errorf("stderr (-want +got):\n%s", diff)
	}
	_, pid, _ := strings.Cut(r.Stdout(), "\n")
	if want := "prog[" + strings.TrimSpace(pid) + "]: on both\n" + pid; r.Stdout() != want {
		t.Errorf("libc itself wrote %q, want %q", r.Stdout(), want)
	}
}

// TestSyslogLanguages plays with what comes with Python, Perl and PHP.
func TestSyslogLanguages(t *testing.T) {
	t.Parallel()
	for script, language := range map[string]struct {
		program, pkg string
		flags        []string
		want         []string
	}{
		"syslogclient.py": {program: "/usr/bin/python3", pkg: "python3", want: pythonLines()},
		"syslogclient.pl": {program: "/usr/bin/perl", pkg: "perl", want: []string{
			"user.notice syslogclient.pl[PID]: unopened",
			"local1.info perlapp[PID]: hello world", "mail.err perlapp[PID]: two", "mail.err perlapp[PID]: lines",
			"local1.debug perlapp[PID]: ", "user.warning perl[PID]: no pid: blank in ident",
			"user.crit perllong[PID]: " + strings.Repeat("a", 3000),
			"daemon.notice perlnative[PID]: by native", "daemon.notice perlunix[PID]: by unix",
		}},
		"syslogclient.php": {program: "/usr/bin/php", pkg: "php-cli", flags: []string{"-n"}, want: []string{
			"user.notice php[PID]: unopened",
			"local1.warning phpapp[PID]: hello", "local1.info phpapp[PID]: two", "local1.info phpapp[PID]: lines",
			"local1.info phpapp[PID]: ", "local1.err phpapp[PID]: " + strings.Repeat("y", 20000), "local1.err phpapp[PID]: ",
			`local1.err phpapp[PID]: bytes \x00 \xff \x1b[31m ü`,
			"user.notice php[PID]: by error_log",
			"user.err php[PID]: all", `user.err php[PID]: \xff`, "user.err php[PID]: raw", `user.err php[PID]: \xff`,
		}},
	} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			pid1test.NeedProgram(t, language.program, language.pkg)
			text, err := os.ReadFile("testdata/" + script)
			if err != nil {
				t.Fatal(err)
			}
			stays(t, pid1test.Box{
				Args: append(append([]string{language.program}, language.flags...), "/"+script),
				Host: hostPrograms, Files: map[string]string{"/" + script: string(text)},
			}, language.want)
		})
	}
}

func pythonLines() []string {
	return []string{
		"user.debug python3[PID]: level DEBUG", "user.info python3[PID]: level INFO", "user.warning python3[PID]: level WARNING",
		"user.err python3[PID]: level ERROR", "user.crit python3[PID]: level CRITICAL",
		"user.warning python3[PID]: two", "user.warning python3[PID]: lines",
		"user.info myapp[PID]: ident €", "user.info myapp[PID]: no NUL", "user.info myapp[PID]: another's PID",
		"user.err myapp[PID]: trace", "user.err myapp[PID]: Traceback (most recent call last):",
		`user.err myapp[PID]:   File "/syslogclient.py", line 25, in <module>`, "user.err myapp[PID]:     1 / 0",
		"user.err myapp[PID]:     ~~^~~", "user.err myapp[PID]: ZeroDivisionError: division by zero",
		"user.info python3[PID]: 2026-11-23 21:31:14,161 app[98765]: INFO asctime",
		`user.info python3[PID]: {"name": "app", "msg": "json"}`,
		"user.info python3[PID]: twice", "local6.info python3[PID]: twice",
		"user.info syslogclient.py[PID]: unopened",
		"mail.err pyident[PID]: opened", "mail.err pyident[PID]: newline", "local3.debug pyident[PID]: ü",
	}
}

// TestSyslogCut is about a message past 64 KiB: what is left of it says so.
func TestSyslogCut(t *testing.T) {
	t.Parallel()
	pid1test.NeedProgram(t, "/usr/bin/gcc", "gcc and libc6-dev")
	program := compile(t, "gcc")
	const head, kept = len("<14>Nov 23 21:31:13 long: "), 64 << 10
	stays(t, pid1test.Box{Args: []string{program, "long", "200000"}, Host: append(hostPrograms, program)}, []string{
		fmt.Sprintf("user.info long[PID]: %s...[cut, %d bytes more]", strings.Repeat("x", kept-head), head+200000-kept),
		"user.info long[PID]: after it",
	})
}
