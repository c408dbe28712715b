package main_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sillelien/baseinit/internal/pid1test"
	"github.com/sillelien/baseinit/internal/scenario"
)

// TestCheck: what `baseinit check` prints and ends with.
func TestCheck(t *testing.T) {
	t.Parallel()
	empty, warned, wrong := t.TempDir(), t.TempDir(), t.TempDir()
	for root, text := range map[string]string{warned: "#!/bin/sh\nnginx\n", wrong: "#!/bin/sh\r\nnginx\r\n"} {
		if err := errors.Join(os.MkdirAll(root+"/etc/services.d/web", 0o755), os.WriteFile(root+"/etc/services.d/web/run", []byte(text), 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		args, env []string
		code      int
		stdout    string // is in it
		stderr    string
	}{
		"good":      {args: []string{"../../examples/quickstart"}, stdout: "/etc/services.d/clock/run: service clock, started with the container"},
		"empty":     {args: []string{empty}, stdout: "0 files, 0 services, 0 warnings, 0 errors\n"},
		"setting":   {args: []string{empty}, env: []string{"S6_KILL_GRACETIME=soon"}, stdout: `warning: environment: cannot use S6_KILL_GRACETIME="soon"`},
		"wrong":     {args: []string{empty}, env: []string{"S6_RUNTIME_PROFILE=x"}, code: 1, stdout: "error: /etc/cont-profile.d/x: "},
		"warning":   {args: []string{warned}, stdout: "\nwarning: /etc/services.d/web/run:2:1: ends with nginx without exec"},
		"strict":    {args: []string{"--strict", warned}, code: 3, stdout: "1 file, 1 service, 1 warning, 0 errors\n"},
		"error":     {args: []string{"--strict", wrong}, code: 1, stdout: "error: /etc/services.d/web/run:1:10: its first line ends in CRLF"},
		"fine":      {args: []string{"--strict", "../../examples/quickstart"}, stdout: "4 files, 2 services, 0 warnings, 0 errors\n"},
		"quiet":     {args: []string{"--quiet", "../../examples/quickstart"}},
		"ignore":    {args: []string{"--ignore=daemonises,no-exec", "-quiet", "-strict", warned}},
		"code":      {args: []string{"--ignore=no-exce", empty}, code: 2, stderr: `there is no kind of findings called "no-exce"`},
		"JSON":      {args: []string{"--json", wrong}, code: 1, stdout: `{"files":1,"services":1,"errors":1,"warnings":0,"notes":0,"findings":[{"file":"/etc/services.d/web/run","line":1,"column":10,"code":"crlf","severity":"error","text":"`},
		"help":      {args: []string{"--help"}, stdout: "usage: baseinit check ["},
		"flag":      {args: []string{"--nope"}, code: 2, stderr: "baseinit check --help"},
		"arguments": {args: []string{"a", "b"}, code: 2, stderr: "baseinit check --help"},
		"nowhere":   {args: []string{empty + "/nope"}, code: 2, stderr: "nope: no such file or directory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			cmd := exec.Command(pid1test.Build(t), append([]string{"check"}, test.args...)...)
			cmd.Args[0] = "baseinit"
			cmd.Env, cmd.Stdout, cmd.Stderr = test.env, &stdout, &stderr
			_ = cmd.Run() // the code says it
			if got := cmd.ProcessState.ExitCode(); got != test.code {
				t.Errorf("exit code %d, want %d", got, test.code)
			}
			if slices.Contains(test.args, "--quiet") && stdout.Len() > 0 {
				t.Errorf("it is not quiet: %s", &stdout)
			}
			if !strings.Contains(stdout.String(), test.stdout) || !strings.Contains(stderr.String(), test.stderr) || (stderr.Len() > 0) != (test.stderr != "") {
				t.Errorf("stdout %q, stderr %q; want %q, %q", &stdout, &stderr, test.stdout, test.stderr)
			}
		})
	}
}

// TestCheckInImage: baseinit checks the container that it is in, and as /init takes the
// word for CMD.
func TestCheckInImage(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"/etc/cont-init.d/1": "#!/usr/bin/with-contenv sh\nexit 0\n", "/etc/cont-init.d/2": "#!/bin/zsh\n", "/etc/services.d/web/run": "#!/bin/execlineb -P\nwith-contenv nosuch\n",
		"/usr/bin/check": "#!/bin/sh\necho I am CMD\n",
	}
	r := start(t, pid1test.Box{Files: files, Args: []string{"sh", "-c", "baseinit check; echo code $?; exec ./init check"}})
	if code := r.Wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{
		"\n/etc/cont-init.d/1: runs 1st, by /usr/bin/with-contenv sh\n", "\n/etc/cont-init.d/2: runs 2nd, by /bin/zsh\nwarning: /etc/cont-init.d/2:1:3: there is no /bin/zsh (code 127); ",
		"warning: /etc/services.d/web/run:2:14: there is no program nosuch (code 127); ",
		"\n3 files, 1 service, 2 warnings, 0 errors\ncode 0\n", "\nI am CMD\n",
	} {
		if !strings.Contains("\n"+r.Stdout(), want) {
			t.Errorf("%q is not in %q", want, r.Stdout())
		}
	}
}

// TestCheckIsCMD: only the program called baseinit knows the word.
func TestCheckIsCMD(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(pid1test.Build(t), "--root", t.TempDir(), "check")
	cmd.Args[0] = "/init"
	dir := t.TempDir()
	cmd.Env = []string{"PATH=" + dir, "BASEINIT_RUN=" + filepath.Join(dir, "run")}
	if _ = cmd.Run(); cmd.ProcessState.ExitCode() != 127 { // there is no such program
		t.Errorf("exit code %d", cmd.ProcessState.ExitCode())
	}
}

// TestCheckAgrees: what a check says of a script is what the container ends with.
func TestCheckAgrees(t *testing.T) {
	t.Parallel()
	const (
		first    = "/etc/cont-init.d/1"
		execline = "#!/bin/execlineb -P\n"
	)
	for name, test := range map[string]struct {
		text  string
		mode  fs.FileMode // default 0755
		links map[string]string
		code  int
		quiet bool // the check is not certain
	}{
		"good":           {text: "#!/bin/sh\n"},
		"mode":           {text: "#!/bin/sh\n", mode: 0o644},
		"no first line":  {text: "exit 0\n"},
		"interpreter":    {text: "#!/bin/zsh\n", code: 127},
		"CRLF":           {text: "#!/bin/sh\r\n", code: 127},
		"relative":       {text: "#!sh\n", code: 127, quiet: true},
		"two words":      {text: "#!/usr/bin/env sh -e\n", code: 127},
		"contenv":        {text: "#!/usr/bin/with-contenv bash\n", code: 127},
		"contenv -e":     {text: "#!/usr/bin/with-contenv sh -e\n", code: 127},
		"empty":          {code: 126},
		"binary":         {text: "\x00\x01", code: 126},
		"link":           {links: map[string]string{first: "/nowhere"}, code: 126},
		"open block":     {text: execline + "if { true", code: 100},
		"no block":       {text: execline + "if true true", code: 100},
		"no program":     {text: execline + "with-contenv nosuch", code: 127},
		"after words":    {text: execline + "cd / export A b umask 022 fdclose 5 fdmove -c 3 1 redirfd -r 0 /dev/null define x y nosuch", code: 127},
		"not executable": {text: execline + "foreground { true } exec -c /script", code: 126},
		"good words":     {text: execline + "backtick -n X { echo x } importas -i x X ifelse { test $x = x } { true } false"},
		"more":           {text: execline + "s6-setuidgid app if -n { false } ifthenelse { true } { true } { false } pipeline { true } background { true } unexport X true"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := pid1test.Box{Files: map[string]string{"/script": "text"}, Links: test.links, Mode: map[string]fs.FileMode{}}
			if test.links == nil {
				box.Files[first], box.Mode[first] = test.text, cmp.Or(test.mode, 0o755)
			}
			box.Args, box.Env = []string{"true"}, []string{"S6_BEHAVIOUR_IF_STAGE2_FAILS=2"}
			if code := start(t, box).Wait(); code != test.code {
				t.Errorf("the container ends with %d, want %d", code, test.code)
			}
			box.Args, box.Env = []string{"baseinit", "check"}, nil
			r := start(t, box)
			r.Wait()
			var line string // all lines about the script
			for l := range strings.Lines(r.Stdout()) {
				if strings.Contains(l, first+":") {
					line += l
				}
			}
			want := ""
			if test.code != 0 && !test.quiet {
				want = fmt.Sprintf("(code %d", test.code)
			}
			if line == "" || !strings.Contains(line, want) || want == "" && strings.Contains(line, "(code ") {
				t.Errorf("it says %q of code %d", line, test.code)
			}
		})
	}
}

// TestCheckTrees: in a whole file system, trees that work have no errors, and no warnings but
// those that say what is unusual about them.
func TestCheckTrees(t *testing.T) {
	t.Parallel()
	unusual := map[string][]string{
		"tree-a-environment": {"10-set: is not", "20-see: is not", "30-no-shell: is not", "web/run: is not"}, // are not executable
		"tree-a-restart":     {"/etc/services.d/empty: has no run file"},
		"tree-c-change":      {"bad/up: is not started"},
		"tree-g-restricted":  {"extra/run: is not started"}, // a script does
		"tree-c-shell":       {"a-shell/up:1: is shell (&&)", "begins with #!/bin/sh"},
	}
	for _, s := range scenario.Trees() {
		if s.Name == "tree-c-wrong" {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{"/empty/": ""}
			maps.Copy(files, s.Files)
			r := start(t, pid1test.Box{Args: []string{"--root", "/empty", "baseinit", "check", "/"}, Env: s.Env, Files: files, Links: s.Links, Mode: s.Mode, Without: s.Without})
			if code := r.Wait(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			var problems []string
			for line := range strings.Lines(r.Stdout()) {
				if strings.HasPrefix(line, "warning: ") || strings.HasPrefix(line, "error: ") {
					problems = append(problems, strings.TrimSpace(line))
				}
			}
			want := unusual[s.Name]
			if !slices.EqualFunc(problems, want, strings.Contains) {
				t.Errorf("problems %q, want %q", problems, want)
			}
		})
	}
}

// TestCheckAgreesOnServices: what a check says of a service is what becomes of it. CMD ends with
// 0 when that has happened.
func TestCheckAgreesOnServices(t *testing.T) {
	t.Parallel()
	const (
		run    = "/etc/services.d/web/run"
		finish = "/etc/services.d/web/finish"
		noted  = "#!/bin/sh\necho \"$1 $2\" >>/tmp/ends\n"
		hears  = "sh -c \"trap '>/tmp/heard' USR1; >/tmp/up; while :; do sleep 0.01; done\"\n"
	)
	for name, test := range map[string]struct {
		files map[string]string
		says  string // empty: nothing
		cmd   string
	}{
		"daemonises": {
			files: map[string]string{run: "#!/bin/sh\necho >>/tmp/starts\nexec crond -c /tmp\n"}, says: run + ":3:6: crond goes into the background",
			cmd: "until [ $(wc -l </tmp/starts) -gt 1 ]; do sleep 0.01; done",
		},
		"in the foreground": {
			files: map[string]string{run: "#!/bin/sh\n>/tmp/up\nexec crond -f -c /tmp\n", finish: noted},
			cmd:   "until [ -e /tmp/up ]; do sleep 0.01; done; s6-svc -d -wD /run/service/web; [ \"$(cat /tmp/ends)\" = '256 15' ]",
		},
		"no exec": {
			files: map[string]string{run: "#!/bin/sh\n" + hears, finish: noted}, says: run + ":2:1: ends with sh without exec",
			cmd: "until [ -e /tmp/up ]; do sleep 0.01; done; s6-svc -1 /run/service/web; until [ -e /tmp/ends ]; do sleep 0.01; done; [ \"$(cat /tmp/ends)\" = '256 10' ] && ! [ -e /tmp/heard ]",
		},
		"exec": {
			files: map[string]string{run: "#!/bin/sh\nexec " + hears, finish: noted},
			cmd:   "until [ -e /tmp/up ]; do sleep 0.01; done; s6-svc -1 /run/service/web; until [ -e /tmp/heard ]; do sleep 0.01; done; ! [ -e /tmp/ends ]",
		},
		"wrong user": {
			files: map[string]string{run: "#!/bin/sh\nexec s6-setuidgid nobdy true\n", finish: noted}, says: run + `:2:19: there is no user "nobdy" in /etc/passwd; did you mean nobody?`,
			cmd: "until [ -e /tmp/ends ]; do sleep 0.01; done; grep -qx '1 0' /tmp/ends",
		},
		"slow finish": {
			files: map[string]string{run: "#!/bin/sh\n>/tmp/up\nexit 0\n", finish: "#!/bin/sh\n>/tmp/begun\nsleep 1\n>/tmp/over\n", "/etc/services.d/web/timeout-finish": "100"},
			says:  finish + ":3:1: sleeps on when its 100ms are over",
			cmd:   "until [ -e /tmp/begun ]; do sleep 0.01; done; rm /tmp/up; until [ -e /tmp/up ]; do sleep 0.01; done; ! [ -e /tmp/over ]",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := pid1test.Box{Files: map[string]string{"/tmp/": ""}, Mode: map[string]fs.FileMode{"/tmp": 0o1777}}
			maps.Copy(box.Files, test.files)
			box.Args = []string{"sh", "-c", test.cmd}
			if code := start(t, box).Wait(); code != 0 {
				t.Errorf("CMD ends with %d", code)
			}
			box.Args = []string{"baseinit", "check", "--quiet"}
			r := start(t, box)
			r.Wait()
			if said := strings.Contains(r.Stdout(), "warning: "+test.says); said != (test.says != "") || test.says == "" && strings.Contains(r.Stdout(), "warning: ") {
				t.Errorf("the check says %q", r.Stdout())
			}
		})
	}
}
