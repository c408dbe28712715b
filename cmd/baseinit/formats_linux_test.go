package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/logline"
	"github.com/sillelien/baseinit/internal/pid1test"
)

// speaking is a tree in which a script, a service and syslog print a line to each stream.
func speaking() map[string]string {
	return map[string]string{
		"/etc/cont-init.d/10-prepare": "#!/bin/sh\necho prepared; echo badly >&2\nexit 1\n",
		"/etc/services.d/web/run":     "#!/bin/sh\necho web out; echo web err >&2; (echo logged; sleep 1000) | logger -t app -p mail.err & wait\n",
		"/etc/cont-finish.d/1":        "#!/bin/sh\necho finished\n",
	}
}

// speak runs a container until everything has been said.
func speak(t *testing.T, b pid1test.Box, until string) container {
	t.Helper()
	b.Files = speaking()
	b.Args = append(b.Args, "sh", "-c", "echo CMD out; echo CMD err >&2; exec sleep 1000")
	r := start(t, b)
	for _, want := range []string{"web out", "web err", "logged", "CMD out", "CMD err"} {
		r.WaitFor(want + until)
	}
	r.Signal(syscall.SIGTERM)
	if code := r.Wait(); code != 143 {
		t.Errorf("exit code %d", code)
	}
	return r
}

// TestFormats compares what each format makes of the same lines. Who comes first is chance.
func TestFormats(t *testing.T) {
	t.Parallel()
	const own = "baseinit: warning: cont-init.d/10-prepare: "
	type lines struct{ stdout, stderr []string }
	raw := lines{
		[]string{"prepared", "web out", "CMD out", "finished"},
		[]string{"badly", "web err", "CMD err", own},
	}
	text := lines{
		[]string{"[10-prepare] prepared", "[web] web out", "CMD out", "[1] finished"},
		[]string{"[10-prepare] badly", "[web] web err", "CMD err", own},
	}
	for format, want := range map[string]lines{"raw": raw, "plain": raw, "text": text} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			r := speak(t, pid1test.Box{Args: []string{"--output", format}, Env: []string{"TERM=xterm"}}, "\n")
			if strings.Contains(r.Output(), "\x1b") {
				t.Error("there are colours in a pipe")
			}
			sorted := func(lines []string) []string { slices.Sort(lines); return lines }
			if diff := cmp.Diff(sorted(want.stdout), sorted(strings.Split(strings.TrimSuffix(r.Stdout(), "\n"), "\n"))); diff != "" {
				t.Errorf("stdout (-want +got):\n%s", diff)
			}
			have := r.Stderr()
			for _, line := range want.stderr {
				if !strings.HasPrefix(have, line) && !strings.Contains(have, "\n"+line) {
					t.Errorf("stderr has no line %q", line)
				}
			}
			if !strings.Contains(have, "\n[web] mail.err app[") {
				t.Error("what was logged is not in the text format")
			}
		})
	}
}

// TestColors is text on a terminal.
func TestColors(t *testing.T) {
	t.Parallel()
	painted := []string{
		logline.ColorPrefix("web", "stdout") + "web out\r\n", logline.ColorPrefix("web", "stderr") + "web err\r\n",
		logline.ColorPrefix("web", "syslog") + "mail.err app[", logline.ColorPrefix("10-prepare", "stderr") + "badly\r\n",
		"\x1b[0;33mbaseinit: warning:\x1b[0m cont-init.d/10-prepare: ",
	}
	bare := []string{"[web] web out\r\n", "[web] web err\r\n", "[web] mail.err app[", "baseinit: warning: cont-init.d/10-prepare: "}
	for _, tc := range []struct {
		name string
		env  []string
		want []string
	}{
		{"colours", nil, painted},
		{"NO_COLOR is empty", []string{"NO_COLOR="}, painted},
		{"NO_COLOR", []string{"NO_COLOR=1"}, bare},
		{"a dumb terminal", []string{"TERM=dumb"}, bare},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := speak(t, pid1test.Box{TTY: true, Args: []string{"--output=text"}, Env: tc.env}, "\r\n")
			for _, want := range tc.want {
				if !strings.Contains(r.Output(), want) {
					t.Errorf("there is no %q", want)
				}
			}
			if has := strings.Contains(r.Output(), "\x1b["); has != (tc.want[0] == painted[0]) {
				t.Errorf("there are colours: %v", has)
			}
		})
	}
	t.Run("json", func(t *testing.T) {
		t.Parallel()
		r := speak(t, pid1test.Box{TTY: true, Args: []string{"--output=json"}}, "")
		if strings.Contains(r.Output(), "\x1b") {
			t.Error("there are colours in JSON")
		}
	})
}

// TestJSON wants every line of a container's life to be an object with the keys that all
// of them have.
func TestJSON(t *testing.T) {
	t.Parallel()
	r := speak(t, pid1test.Box{Env: []string{"BASEINIT_OUTPUT=json", "S6_VERBOSITY=5"}}, `"}`)
	type key struct{ service, stream, level, msg string }
	seen := map[key]bool{}
	for line := range strings.Lines(r.Output()) {
		var object struct {
			TS, Level, Service, Stream, Msg string
			PID                             int
		}
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if object.TS == "" || object.Level == "" || object.Service == "" || object.PID == 0 {
			t.Errorf("something is missing in %s", line)
		}
		if want := fmt.Sprintf(`{"ts":%q,"level":%q,"service":%q,"stream":%q,"pid":%d,`, object.TS, object.Level, object.Service, object.Stream, object.PID); !strings.HasPrefix(line, want) {
			t.Errorf("%s does not begin with %s", line, want)
		}
		seen[key{object.Service, object.Stream, object.Level, object.Msg}] = true
	}
	for _, want := range []key{
		{"10-prepare", "stdout", "info", "prepared"},
		{"10-prepare", "stderr", "info", "badly"},
		{"web", "stdout", "info", "web out"},
		{"web", "stderr", "info", "web err"},
		{"web", "syslog", "error", "logged"},
		{"CMD", "stdout", "info", "CMD out"},
		{"CMD", "stderr", "info", "CMD err"},
		{"1", "stdout", "info", "finished"},
	} {
		if !seen[want] {
			t.Errorf("there is no %+v", want)
		}
	}
}

// TestLogLevel has more to say than it is allowed to.
func TestLogLevel(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name      string
		env, args []string
		want      []string // of the three that there are
	}{
		{"default", nil, nil, []string{"info", "warning"}},
		{"S6_VERBOSITY", []string{"S6_VERBOSITY=1"}, nil, []string{"warning"}},
		{"the variable counts", []string{"S6_VERBOSITY=5", "BASEINIT_LOG_LEVEL=error"}, nil, nil},
		{"the flag counts", []string{"S6_VERBOSITY=0", "BASEINIT_LOG_LEVEL=error"}, []string{"--log-level=debug"}, []string{"debug", "info", "warning"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := start(t, pid1test.Box{
				Env: tc.env, Args: append(tc.args, "true"),
				Files: map[string]string{"/etc/cont-init.d/1": "#!/bin/sh\nexit 1\n", "/etc/cont-init.d/2": "#!/bin/sh\n"},
			})
			r.Wait()
			var have []string
			for _, level := range []struct{ name, line string }{
				{"debug", "baseinit: debug: "}, {"info", "baseinit: cont-init.d/2: done"}, {"warning", "baseinit: warning: cont-init.d/1: "},
			} {
				if strings.Contains(r.Stderr(), level.line) {
					have = append(have, level.name)
				}
			}
			if diff := cmp.Diff(tc.want, have); diff != "" {
				t.Errorf("levels (-want +got):\n%s", diff)
			}
		})
	}
}

// TestOnePipe gives the init one pipe for stdout and stderr, as a terminal is or `2>&1`
// makes it, and has services, syslog and CMD write lines to it that it does not take in one
// piece, while it is read a few bytes at a time.
func TestOnePipe(t *testing.T) {
	t.Parallel()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	all := make(chan string)
	go func() {
		var text strings.Builder
		buf := make([]byte, 511)
		for {
			n, err := read.Read(buf)
			text.Write(buf[:n])
			if err != nil {
				all <- text.String()
				return
			}
		}
	}()
	const script = `long=$(head -c 20000 /dev/zero | tr '\0' $1)
for i in 1 2 3 4 5 6 7 8 9 10; do echo "$long"; echo "$long" >&2; %s done
`
	files := map[string]string{}
	for _, letter := range []string{"a", "b", "c"} {
		files["/etc/services.d/"+letter+"/run"] = "#!/bin/sh\nset " + letter + "\n" + fmt.Sprintf(script, "") + ">/tmp/" + letter + "; exec sleep 1000\n"
	}
	r := start(t, pid1test.Box{
		Stdout: write, Stderr: write, Files: files, Env: []string{"BASEINIT_OUTPUT=json"},
		Args: []string{"sh", "-c", fmt.Sprintf(script, `printf %%s "$long" | logger -t app;`) + "until [ -e /tmp/a -a -e /tmp/b -a -e /tmp/c ]; do sleep 0.05; done", "sh", "x"},
	})
	if code := r.Wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	write.Close()
	count := map[string]int{}
	for line := range strings.Lines(<-all) {
		var object struct{ Service, Stream, Msg string }
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Fatalf("%.300q...: %v", line, err)
		}
		if len(object.Msg) == 20_000 && strings.Trim(object.Msg, object.Msg[:1]) == "" {
			count[object.Service+" "+object.Stream]++
		}
	}
	for _, service := range []string{"a", "b", "c", "CMD"} {
		for _, stream := range []string{"stdout", "stderr"} {
			if n := count[service+" "+stream]; n != 10 {
				t.Errorf("%d lines of %s on %s, want 10", n, service, stream)
			}
		}
	}
	t.Log(count)
}

// TestJoinOneService: log.join of a service.toml makes records of the lines of that service alone.
func TestJoinOneService(t *testing.T) {
	t.Parallel()
	const trace = "#!/bin/sh\nprintf 'no\\n\\tat Main\\n'; exec sleep 1000\n"
	r := start(t, pid1test.Box{
		Interactive: true, Args: []string{"--output=json", "--log-level=error", "sh", "-c", "read -r line"},
		Files: map[string]string{
			"/etc/services.d/joined/run": trace, "/etc/services.d/joined/service.toml": "[log]\njoin = true\n",
			"/etc/services.d/single/run": trace,
		},
	})
	r.WaitFor(`"msg":"no\n\tat Main"`)
	r.WaitFor(`"msg":"\tat Main"`)
	r.Send("\n")
	if code := r.Wait(); code != 0 || strings.Count(r.Output(), `"msg":`) != 3 {
		t.Errorf("exit code %d, %s", code, r.Output())
	}
}
