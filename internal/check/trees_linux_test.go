package check_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/check"
	"github.com/sillelien/baseinit/internal/s6"
	"github.com/sillelien/baseinit/internal/s6/nobodytest"
	"github.com/sillelien/baseinit/internal/scenario"
)

// unpack writes a scenario's files.
func unpack(t testing.TB, s scenario.Scenario) (root string) {
	t.Helper()
	root = t.TempDir()
	for path, text := range s.Files {
		if strings.HasSuffix(path, "/") {
			ok(t, os.MkdirAll(root+path, 0o755))
			continue
		}
		write(t, root+path, text, textMode(text))
	}
	for path, target := range s.Links {
		ok(t, os.MkdirAll(filepath.Dir(root+path), 0o755))
		ok(t, os.Symlink(target, root+path))
	}
	for path, mode := range s.Mode {
		if _, err := os.Stat(root + path); err == nil {
			ok(t, os.Chmod(root+path, mode))
		}
	}
	return root
}

// inTree lists the files that a check is about, as paths in the container.
func inTree(t testing.TB, root, etc string) (all []string) {
	t.Helper()
	dirs := []string{"fix-attrs.d", "cont-init.d", "services.d", "cont-finish.d", "s6-overlay"}
	for i := range dirs {
		dirs[i] = etc + "/" + dirs[i]
	}
	for _, dir := range (s6.Settings{}).RCSources(root).Overlay {
		dirs = append(dirs, strings.TrimPrefix(dir, root))
	}
	for _, dir := range dirs {
		_ = filepath.WalkDir(root+dir, func(path string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				all = append(all, strings.TrimPrefix(path, root))
			}
			return nil
		})
	}
	slices.Sort(all)
	return all
}

// state is all that a check could change.
func state(t testing.TB, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	ok(t, filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil {
			all[path] = fmt.Sprint(info.Mode(), info.Size(), info.ModTime())
		}
		return err
	}))
	return all
}

// TestScenarios: trees that work have no errors, one line for each file, and stay as they are.
func TestScenarios(t *testing.T) {
	t.Parallel()
	// What is wrong with those that are wrong on purpose.
	wrong := map[string][]string{
		"tree-c-wrong": {
			rcPath + `user/contents.d/y: cannot use the bundle "user": there is no service "y"`,
			rcPath + "web/dependencies.d/nope: there is no service", rcPath + "x: it has no type file",
		},
	}
	for _, s := range slices.Concat(scenario.Trees(), scenario.Lives()) {
		if strings.HasPrefix(s.Name, "bad-") {
			continue // see TestBadTrees
		}
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			root := unpack(t, s)
			if wrong[s.Name] != nil { // what is missed in a whole file system
				write(t, root+"/bin/sh", "\x7fELF", 0o755)
			}
			before := state(t, root)
			settings, _ := s6.ReadSettings(s.Env) // some are wrong on purpose
			report, err := check.Tree(root, settings)
			ok(t, err)
			var files, mistakes []string
			for _, l := range report.Lines {
				if info, err := os.Lstat(root + l.File); err == nil && !info.IsDir() {
					files = append(files, l.File)
				}
				for _, f := range l.Findings {
					if f.Severity == check.Error {
						mistakes = append(mistakes, f.File+": "+f.Text)
					}
				}
				if l.Text == "" && len(l.Findings) == 0 {
					t.Errorf("nothing is said of %s", l.File)
				}
			}
			slices.Sort(files)
			if diff := cmp.Diff(inTree(t, root, settings.ConfigDir()), files); diff != "" {
				t.Errorf("files (-there +said):\n%s", diff)
			}
			if report.Files != len(files) {
				t.Errorf("%d files, want %d", report.Files, len(files))
			}
			if want := wrong[s.Name]; len(want) != len(mistakes) {
				t.Errorf("errors %q, want %q", mistakes, want)
			} else {
				for i := range want {
					if !strings.HasPrefix(mistakes[i], want[i]) {
						t.Errorf("error %q, want %q", mistakes[i], want[i])
					}
				}
			}
			if diff := cmp.Diff(before, state(t, root)); diff != "" {
				t.Errorf("changed (-before +after):\n%s", diff)
			}
		})
	}
}

const rcPath = "/" + rcd

// TestBadTrees: each tree that goes wrong is told to, unless the reason is in the container.
func TestBadTrees(t *testing.T) {
	t.Parallel()
	elsewhere := []string{
		"bad-service-fifo", "bad-value-fifo", // a script makes them
		"bad-service-link", "bad-init-link", // the links lead out of the tree
		"bad-services-unreadable", // whom the container runs as
		"bad-service-program",     // what machine it runs on
		"bad-service-interpreter", // which is missed in a whole file system
		"bad-init-first-line",     // is right
	}
	for _, s := range scenario.Lives() {
		if !strings.HasPrefix(s.Name, "bad-") {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			report, err := check.Tree(unpack(t, s), s6.Settings{})
			ok(t, err)
			found := report.Count(check.Error)+report.Count(check.Warning) > 0
			if want := !slices.Contains(elsewhere, s.Name); found != want {
				t.Errorf("found something: %v, want %v\n%v", found, want, report.Lines)
			}
		})
	}
}

// TestQuickstart: what newcomers copy is right.
func TestQuickstart(t *testing.T) {
	t.Parallel()
	const dir = "../../examples/quickstart"
	if _, err := os.Stat(dir); err != nil && os.Geteuid() != 0 {
		t.Skip(err)
	}
	all := lines(t, dir)
	if last := all[len(all)-1]; last != "4 files, 2 services, 0 warnings, 0 errors" {
		t.Errorf("%q", all)
	}
}

// TestExamples: nothing is found in any of them.
func TestExamples(t *testing.T) {
	t.Parallel()
	dirs, err := filepath.Glob("../../examples/*/etc")
	ok(t, err)
	if len(dirs) == 0 && os.Geteuid() == 0 {
		t.Error("there are no examples")
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(filepath.Dir(dir)), func(t *testing.T) {
			t.Parallel()
			expect(t, examine(t, filepath.Dir(dir)), "")
		})
	}
}

// TestMistakes: of many mistakes each is found, and its file named.
func TestMistakes(t *testing.T) {
	t.Parallel()
	tree := image(files{
		"etc/cont-init.d/1-mode": "0644 " + sh, "etc/cont-init.d/2-crlf": "#!/bin/sh\r\n", "etc/cont-init.d/3-interpreter": "#!/bin/bash\n", "etc/cont-init.d/4-link": "link /nowhere",
		"etc/cont-init.d/5-block": "#!/usr/bin/execlineb -P\nif { cat\n", "etc/cont-init.d/6-word": "#!/usr/bin/execlineb -P\nwith-contenv\nif { cat x }\nforegrund { cat }\ncat\n",
		"etc/cont-init.d/7-directory/x": "", "etc/cont-init.d/8-env": "#!/usr/bin/env python3\n", "etc/cont-init.d/9-inner": "#!/usr/bin/execlineb\npipeline -w { nosuch x } cat\n",
		"etc/services.d/web/run": contv, "etc/services.d/web/finish": "link /nowhere", "etc/services.d/web/down-signal": "NOPE", "etc/services.d/web/lock-fd": "3",
		"etc/services.d/web/dependencies.d/nope": "", "etc/services.d/web/reload-signal": "NOPE", "etc/services.d/none/finish": sh, "etc/services.d/lost": "link ../nowhere",
		rcd + "up/type": "oneshot", rcd + "up/up": "cd /tmp && rm x", rcd + "typo/type": "onehsot", rcd + "quote/type": "oneshot", rcd + "quote/up": "echo \"x\n",
		rcd + "mode/type": "oneshot", rcd + "mode/up": "/etc/mode.sh", "etc/mode.sh": "0644 " + sh, rcd + "run/type": "longrun", rcd + "run/log/run": sh,
		rcd + "exec/type": "oneshot", rcd + "exec/up": "/etc/exec.sh", "etc/exec.sh": "#!/bin/sh\r\n", rcd + "noblock/type": "oneshot", rcd + "noblock/up": "foreground echo hi",
		"etc/fix-attrs.d/1": "/x true root 0644\n", rcd + "user/contents.d/missing": "",
	})
	expect(t, examine(t, tree.write(t)), `warning fix-attrs /etc/fix-attrs.d/1:1: has 4 fields
warning not-executable /etc/cont-init.d/1-mode: is not executable
error crlf /etc/cont-init.d/2-crlf:1: CRLF
warning no-interpreter /etc/cont-init.d/3-interpreter:1: there is no /bin/bash
error not-a-script /etc/cont-init.d/4-link: /nowhere, which does not exist
error execline /etc/cont-init.d/5-block:2: "{": this block is not closed
warning no-program /etc/cont-init.d/6-word:4: there is no program foregrund
error not-a-script /etc/cont-init.d/7-directory: it is a directory
warning no-interpreter /etc/cont-init.d/8-env:1: there is no program python3
warning no-program /etc/cont-init.d/9-inner:2: there is no program nosuch
warning not-started /etc/s6-overlay/s6-rc.d/exec/up: is not started
warning not-started /etc/s6-overlay/s6-rc.d/mode/up: is not started
warning not-executable /etc/s6-overlay/s6-rc.d/mode/up:1: /etc/mode.sh is not executable
warning not-started /etc/s6-overlay/s6-rc.d/noblock/up: is not started
error execline /etc/s6-overlay/s6-rc.d/noblock/up:1: foreground needs a block before "echo"
warning not-started /etc/s6-overlay/s6-rc.d/quote/up: is not started
error execline /etc/s6-overlay/s6-rc.d/quote/up:1: "\"x\n": this quote is not closed
error incomplete /etc/s6-overlay/s6-rc.d/run: a longrun needs a run file
error value /etc/s6-overlay/s6-rc.d/typo/type:1: "onehsot"
warning not-started /etc/s6-overlay/s6-rc.d/up/up: is not started
warning shell-in-up /etc/s6-overlay/s6-rc.d/up/up:1: is shell (&&)
error unknown-name /etc/s6-overlay/s6-rc.d/user/contents.d/missing: there is no service "missing"
warning skipped /etc/services.d/lost: is a link that leads nowhere
warning skipped /etc/services.d/none: has no run file
warning dead-finish /etc/services.d/none/finish: there is no run file beside it
error unknown-name /etc/services.d/web/dependencies.d/nope: there is no service "nope"
error value /etc/services.d/web/down-signal:1: "NOPE"
warning dead-finish /etc/services.d/web/finish: is never run
warning ignored-file /etc/services.d/web/lock-fd: not supported
warning value /etc/services.d/web/reload-signal:1: "NOPE"
error crlf /etc/exec.sh:1: CRLF`)
}

// expect compares findings with lines of SEVERITY CODE FILE[:LINE]: PART OF THE TEXT.
func expect(t testing.TB, report check.Report, want string) {
	t.Helper()
	var got, lines []string
	if want != "" {
		lines = strings.Split(want, "\n")
	}
	for i, f := range report.Findings() {
		where := f.File
		if f.Line > 0 {
			where += fmt.Sprint(":", f.Line)
		}
		line := fmt.Sprintf("%s %s %s: ", f.Severity, f.Code, where)
		if i < len(lines) && strings.HasPrefix(lines[i], line) && strings.Contains(f.Text, lines[i][len(line):]) {
			line = lines[i]
		} else {
			line += f.Text
		}
		got = append(got, line)
	}
	if diff := cmp.Diff(lines, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestCertainty: what cannot be known is not said.
func TestCertainty(t *testing.T) {
	t.Parallel()
	good := []string{
		"", "# nothing", "$prog x", "${1} x", "./data/check", "s6-setuidgid $USER nosuch", "s6-setuidgid ${PUID}:${PGID} nosuch", "export PATH /opt/bin nosuch",
		"importas -i x X $x nosuch", "nice -n 5 nosuch", "tryexec { nosuch } cat", "forx i { nosuch } cat", "case x { nosuch { cat } } cat", "foreground $@",
		"trap { TERM { nosuch } } cat", "multisubstitute { nosuch a b } cat", "exec -a nosuch cat", "if -t { cat } cat", "backtick -n -D nosuch X { cat } cat",
		"background -d { cat } nginx", "redirfd -w 1 /nosuch fdmove -c 2 1 cat", "ifelse { cat } { cat } cat", "define nosuch nosuch cat", "/command/s6-echo nosuch",
		"foreground { } cat", "s6-echo { nosuch }", "with-contenv sh -c nosuch", "s6-echo { }", "wait { nosuch } cat", "emptyenv -p cat", "elgetopt nosuch cat",
		"multidefine -d : a:b { nosuch } cat", "forstdin -d : i cat", "forbacktickx i { cat } cat", "heredoc 0 nosuch cat", "fdswap 1 2 cat", "s6-setlock -t 5 /nosuch cat",
		"s6-softlimit -o 1024 cat", "s6-notifyoncheck -d -n 3 -c nosuch cat", "elglob x nosuch cat", "runblock 1", "s6-maximumtime 5 cat", "envfile nosuch cat",
	}
	bad := []string{
		"nosuch", "/nosuch", "with-contenv nosuch", "s6-setuidgid app nosuch", "if { nosuch } cat", "if { cat } nosuch", "ifelse { cat } { cat } nosuch",
		"ifelse { cat } { nosuch } cat", "backtick -n X { nosuch } cat", "background { foreground { nosuch } cat } cat", "redirfd -w 1 /x nosuch", "exec -c nosuch",
		"export X y nosuch", "wait { } nosuch", "emptyenv -p nosuch", "shift -n 2 nosuch", "elgetpositionals -P 2 nosuch", "multisubstitute { } nosuch",
		"multidefine x { a } nosuch", "forx i { 1 2 } nosuch", "forstdin i nosuch", "forbacktickx i { nosuch } cat", "loopwhilex nosuch", "trap { TERM { cat } } nosuch", "tryexec { cat } nosuch",
		"case x { a { cat } } nosuch", "heredoc 0 x nosuch", "fdswap 1 2 nosuch", "fdblock -n 1 nosuch", "fdreserve 2 nosuch", "piperw 5 6 nosuch", "s6-envuidgid root nosuch",
		"s6-applyuidgid -U nosuch", "s6-envdir -f /env nosuch", "s6-setlock -t 5 /x nosuch", "s6-softlimit -o 1024 nosuch", "s6-notifyoncheck -d -c x nosuch", "s6-setsid -f nosuch",
		"elglob x /* nosuch", "posix-cd / nosuch", "execline-umask 0 nosuch", "justc-envdir /x nosuch", "s6-maximumtime 5 nosuch", "envfile /x nosuch", "cd /tmp nosuch", "importas -u X X nosuch", "foreground cat", "if { cat", "}", "if -n cat",
	}
	tree := image(nil)
	for i, text := range slices.Concat(good, bad) {
		tree[fmt.Sprintf("etc/cont-init.d/%03d", i)] = "#!/usr/bin/execlineb -P\n" + text + "\n"
	}
	found := map[string]string{}
	report := examine(t, tree.write(t))
	for _, f := range report.Findings() {
		found[f.File] = f.String()
	}
	for i, text := range slices.Concat(good, bad) {
		if says := found[fmt.Sprintf("/etc/cont-init.d/%03d", i)]; (says != "") != (i >= len(good)) {
			t.Errorf("%q: %s", text, says)
		}
	}
}

// TestBadInput: nothing holds a check up.
func TestBadInput(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("x", 2<<20)
	tree := files{
		"etc/services.d/fifo/run": "fifo", "etc/services.d/loop": "link loop", "etc/services.d/up": "link ..", "etc/services.d/here/run": "link run", "etc/services.d/binary/run": "0755 \x01\x00",
		"etc/services.d/huge/run": "#!/usr/bin/execlineb -P\n" + huge, "etc/services.d/value/run": sh, "etc/services.d/value/timeout-kill": huge, "etc/services.d/value/data/x": "fifo",
		"etc/cont-init.d": "fifo", "etc/fix-attrs.d/x": "link /dev/zero", rcd + "x/type": "fifo", rcd + "y/type": "oneshot", rcd + "y/up": huge, "etc/services.d/a\n\x1b[31mb/run": sh,
	}
	root := tree.write(t)
	all := lines(t, root)
	text := strings.Join(all, "\n")
	for _, want := range []string{
		"error: /etc/services.d/fifo/run: it is a FIFO", "warning: /etc/services.d/loop: is a link that leads nowhere", "warning: /etc/services.d/up: has no run file",
		"error: /etc/services.d/here/run: too many levels of symbolic links", "error: /etc/services.d/binary/run: is neither a program nor a script", "\n/etc/services.d/huge/run: ",
		"error: /etc/services.d/value/timeout-kill: cannot", "\n/etc/services.d/value/data/x: value's own file", "error: /etc/cont-init.d: not a directory",
		"/etc/fix-attrs.d/x: ", "error: " + rcPath + "x/type: it is a FIFO", "error: " + rcPath + "y/up: it is larger", "error: /etc/services.d/a??[31mb: ",
	} {
		if !strings.Contains(text, strings.TrimSuffix(want, "cannot")) {
			t.Errorf("%q is not said in\n%s", want, text)
		}
	}
	for _, line := range all {
		if len(line) > 600 {
			t.Errorf("a line has %d bytes", len(line))
		}
	}
}

// TestUnreadable: what cannot be read is said, and the rest is checked.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	if nobodytest.Instead(t) {
		return
	}
	root := files{
		"etc/cont-init.d/1": sh, "etc/services.d/web/run": sh, "etc/services.d/web/data/x": "", "etc/services.d/shut/run": sh, "etc/cont-finish.d/1": "0644 " + sh,
	}.write(t)
	modes := map[string]fs.FileMode{"etc/cont-init.d": 0, "etc/services.d/web/data": 0, "etc/services.d/shut": 0, "etc/cont-finish.d/1": 0}
	for name, mode := range modes {
		ok(t, os.Chmod(filepath.Join(root, name), mode))
		t.Cleanup(func() { _ = os.Chmod(filepath.Join(root, name), 0o755) })
	}
	want := []string{
		"error: /etc/cont-init.d: permission denied" + ends,
		"error: /etc/services.d/shut: permission denied" + ends,
		"warning: /etc/services.d/web/data: cannot be listed: permission denied",
		"/etc/services.d/web/run: service web, started with the container, by /bin/sh",
		"error: /etc/cont-finish.d/1: it is not executable, and it cannot be read: permission denied (code 126)",
		"2 files, 1 service, 1 warning, 3 errors",
	}
	if diff := cmp.Diff(want, lines(t, root)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestNoDirectory: what there is not cannot be checked.
func TestNoDirectory(t *testing.T) {
	t.Parallel()
	dir := files{"file": ""}.write(t)
	for name, says := range map[string]string{"nope": "no such file", "file": "not a directory"} {
		if _, err := check.Tree(filepath.Join(dir, name), s6.Settings{}); err == nil || !strings.Contains(err.Error(), name+": ") || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzExecline: whatever a script holds, it has a line.
func FuzzExecline(f *testing.F) {
	for _, seed := range []string{"", "if { a } b", "foreground \"\" {", "exec -a", "backtick -n", "ifelse { } { }", "{ } }", "\x00", "s6-setuidgid", "export PATH"} {
		f.Add(seed)
	}
	root := image(nil).write(f)
	f.Fuzz(func(t *testing.T, text string) {
		write(t, root+"/etc/cont-init.d/1", "#!/usr/bin/execlineb -P\n"+text, 0o755)
		if all := lines(t, root); len(all) < 2 {
			t.Errorf("%q", all)
		}
	})
}
