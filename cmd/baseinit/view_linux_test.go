package main_test

import (
	"encoding/xml"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sillelien/baseinit/internal/pid1test"
)

// tree gives the files of a tree below a directory of the repository, by where they are in a box.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), "etc", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, path))
		files["/"+path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestTimeline draws the boot of examples/timeline, as a picture and as text.
func TestTimeline(t *testing.T) {
	t.Parallel()
	r := start(t, pid1test.Box{
		Files: tree(t, "../../examples/timeline"), Env: []string{"COLUMNS=100"},
		Args: []string{"sh", "-c", "baseinit wait search-index && baseinit timeline -o /boot.svg && baseinit timeline && baseinit timeline -o - && echo drawn"},
	})
	r.WaitFor("drawn\n")
	text, printed, _ := strings.Cut(r.Stdout(), "<svg ")
	picture := r.ReadFile("/boot.svg")
	if !strings.HasPrefix("<svg "+printed, picture[:len(picture)/2]) {
		t.Error("what -o - prints is not what is in the file")
	}
	if code := r.Wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if err := xml.Unmarshal([]byte(picture), new(struct{})); err != nil {
		t.Errorf("%v in %s", err, picture)
	}
	titles := regexp.MustCompile(`<title>[^<]*</title>`).FindAllString(picture, -1)
	const took = `[\d.]+ m?s`
	for name, patterns := range map[string][]string{
		"10-config":       {`started at`, `on the critical path`},
		"20-certificates": {`ready at ` + took + `, after ` + took, `on the critical path`},
		"database":        {`ready at ` + took + `, after ` + took, `on the critical path`},
		"migrate":         {`waited ` + took + ` for database&`, `on the critical path`},
		"api":             {`waited ` + took + ` for (?:migrate, cache|cache, migrate)&`, `on the critical path`},
		"cache":           {`exited with code 1 at `, `its run number 2 started at`},
		"metrics":         {`ready at once`},
		"CMD":             {`waited ` + took + ` for `, `on the critical path`},
		"search-index":    {`waited ` + took + ` for `, `ready at ` + took},
	} {
		for _, pattern := range patterns {
			if !anyMatches(titles, `<title>(?:cont-init.d/)?`+name+`&#10;(?s:.*)`+pattern) {
				t.Errorf("%s: nothing says %q in %q", name, pattern, titles)
			}
		}
	}
	for _, pattern := range []string{
		`(?m)^baseinit booted in ` + took + `, `, `(?m)^\* +10-config .*=`, `(?m)^\* +database +` + took + ` +=+-+$`, `(?m)^\* +migrate +` + took + ` +\.+=+`,
		`(?m)^ +cache +` + took + ` +=+x\.+=+-+`, `(?m)^ +metrics +at once`, `cache: started 2 times, the first exited with code 1\n`,
	} {
		if !regexp.MustCompile(pattern).MatchString(text) {
			t.Errorf("nothing matches %s in\n%s", pattern, text)
		}
	}
	path := regexp.MustCompile(` `+took+`( |$)`).ReplaceAllString(strings.Join(strings.Fields(text), " "), "$1")
	if want := "critical path: 10-config > 20-certificates > database > migrate > api cache:"; !strings.Contains(path, want) {
		t.Errorf("%q is not in %q", want, path)
	}
}

func anyMatches(texts []string, pattern string) bool {
	return slices.ContainsFunc(texts, regexp.MustCompile(pattern).MatchString)
}

// TestTimelineDuringBoot: what is there so far can be asked for while scripts run, before there
// is any service, and which stage it is.
func TestTimelineDuringBoot(t *testing.T) {
	t.Parallel()
	r := start(t, pid1test.Box{Files: map[string]string{
		"/etc/cont-init.d/1": "#!/bin/sh\ntrue\n",
		"/etc/cont-init.d/2": "#!/bin/sh\nbaseinit timeline; baseinit status; baseinit graph --json\n",
	}, Args: []string{"true"}})
	if code := r.Wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, pattern := range []string{
		`baseinit not up after `, `(?m)^  cont-init +runs `, `(?m)^\*   1 +[\d.]+ ms `, `(?m)^\*   2 +runs `, `booting \(cont-init\)`, `(?m)^\[\]$`,
	} {
		if !regexp.MustCompile(pattern).MatchString(r.Stdout()) {
			t.Errorf("nothing matches %s in\n%s", pattern, r.Stdout())
		}
	}
}

// TestGraphAndTree: what depends on what, and which process is whose.
func TestGraphAndTree(t *testing.T) {
	t.Parallel()
	files := tree(t, "../../examples/timeline")
	for _, name := range []string{"database", "cache", "api"} { // sooner
		files["/etc/s6-overlay/s6-rc.d/"+name+"/run"] = "#!/bin/sh\necho >&3\nsleep 1000 &\nexec sleep 1001\n"
	}
	files["/etc/cont-init.d/30-leave"] = "#!/bin/sh\nsleep 2000 >/dev/null 2>&1 &\n"
	r := start(t, pid1test.Box{
		Files: files, Env: []string{"LANG=C.UTF-8", "COLUMNS=120"},
		Args: []string{"sh", "-c", "baseinit wait search-index && baseinit graph && baseinit graph --dot && baseinit graph --mermaid && baseinit tree && echo drawn"},
	})
	if code := r.Wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{
		"CMD  ready\n", "─ after api  ready\n", "─ migrate  done, oneshot\n", "─ database  ready\n", "search-index  ready\n",
		"digraph baseinit {\n", "\t\"api\" -> \"migrate\"\n", "flowchart LR\n", "cache<br>ready\"]:::good\n",
	} {
		if !strings.Contains(r.Stdout(), want) {
			t.Errorf("%q is not in\n%s", want, r.Stdout())
		}
	}
	for _, pattern := range []string{
		`(?m)^database  2 processes, [\d.]+ [kM]B\n +\d+ root +[\d.]+ [kM]B  sleep 1001\n +\d+ root +[\d.]+ [kM]B  └─ sleep 1000$`,
		`(?m)^metrics\n +\d+ root +[\d.]+ [kM]B  sleep 1000$`,
		`(?m)^CMD  2 processes, .*\n +\d+ root .*  sh -c .*\n +\d+ root .*└─ baseinit tree$`,
		`(?m)^no service\n +\d+ root .* sleep 2000$`,
		`(?m)^baseinit\n +1 root .* /init `,
	} {
		if !regexp.MustCompile(pattern).MatchString(r.Stdout()) {
			t.Errorf("nothing matches %s in\n%s", pattern, r.Stdout())
		}
	}
}

const sleeper = "#!/bin/sh\nexec sleep 1000\n"

// TestTop types on the terminal that top shows services on.
func TestTop(t *testing.T) {
	t.Parallel()
	r := start(t, pid1test.Box{TTY: true, Files: map[string]string{
		"/etc/services.d/alpha/run": sleeper, "/etc/services.d/beta/run": sleeper,
	}, Args: []string{"sh", "-c", `stty -g >/before; baseinit wait alpha beta >/dev/null; baseinit top -d 60; echo "code $?"; stty -g | cmp - /before && echo the same`}})
	r.WaitFor("\x1b[?1049h")
	r.WaitFor("alpha ")
	r.Send("s")
	r.WaitFor("stop alpha")
	r.Send("t")
	r.WaitFor("start alpha")
	r.Send("\x1b[B")
	r.WaitFor("\x1b[7mbeta ")
	r.Send("r")
	r.WaitFor("restart beta")
	r.Send("h")
	r.WaitFor("any key goes back")
	r.Send("xq")
	r.WaitFor("the same")
	if code := r.Wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	_, after, _ := strings.Cut(r.Output(), "\x1b[?1049l")
	if !strings.Contains(r.Output(), "\x1b[?25h") || !strings.Contains(after, "code 0") || strings.Contains(after, "\x1b[?1049") {
		t.Errorf("the terminal was not given back: %q", r.Output())
	}
}

// topBox is a box with a terminal that top runs on, and a service that runs the line which
// is written to /fifo, where $top is the number of top's process.
func topBox() pid1test.Box {
	return pid1test.Box{TTY: true, Files: map[string]string{
		"/etc/cont-init.d/fifo":    "#!/bin/sh\nmkfifo /fifo\n",
		"/etc/services.d/hand/run": "#!/bin/sh\nread -r line </fifo\ntop=$(cat /top)\neval \"$line\"\nexec sleep 1000\n",
	}, Args: []string{"sh", "-c", `stty -g >/before; baseinit wait hand >/dev/null
sh -c 'echo $$ >/top; exec baseinit top -d 60'; echo "code $?"; stty -g | cmp - /before && echo the same`}}
}

// TestTopEnds: however it ends, the terminal is as it was.
func TestTopEnds(t *testing.T) {
	t.Parallel()
	for signal, code := range map[string]string{"TERM": "143", "HUP": "129", "INT": "130", "QUIT": "131", "": "0"} {
		t.Run(signal, func(t *testing.T) {
			t.Parallel()
			r := start(t, topBox())
			r.WaitFor("hand ")
			if signal == "" {
				r.Send("\x03")
			} else {
				r.WriteFile("/fifo", "kill -"+signal+" $top\n")
			}
			r.WaitFor("the same")
			_, after, _ := strings.Cut(r.Output(), "\x1b[?25h\x1b[?1049l")
			if !strings.Contains(after, "code "+code) {
				t.Errorf("it did not end with code %s after it has left the screen: %q", code, after)
			}
			r.Wait()
		})
	}
}

// TestTopResizes: a frame is as large as the terminal, also after that has changed.
func TestTopResizes(t *testing.T) {
	t.Parallel()
	r := start(t, topBox())
	r.WaitFor(" PROCS\x1b[0m")
	r.WriteFile("/fifo", "stty -F /dev/pts/0 rows 10 cols 60\n")
	r.WaitFor("    PID\x1b[0m\x1b[K")
	r.Send("q")
	r.WaitFor("code 0")
	r.Wait()
}

// TestTopPrints: without a terminal it is a table, once.
func TestTopPrints(t *testing.T) {
	t.Parallel()
	r := start(t, pid1test.Box{Files: map[string]string{"/etc/services.d/alpha/run": sleeper}, Args: []string{
		"sh", "-c", "until baseinit healthy >/dev/null; do sleep 0.01; done; baseinit top; baseinit top -n 2 -d 0.1; baseinit top -n 0; echo code $?; baseinit top -d x; echo code $?",
	}})
	if code := r.Wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if n := strings.Count(r.Stdout(), "NAME "); n != 3 {
		t.Errorf("%d frames, want 3: %s", n, r.Stdout())
	}
	if strings.Contains(r.Stdout(), "\x1b") || strings.Contains(r.Stdout(), "q quit") || strings.Count(r.Stdout(), "code 2") != 2 {
		t.Errorf("stdout: %q", r.Stdout())
	}
	for _, pattern := range []string{`(?m)^baseinit .*, up for \d+s, 2 services, itself \d+\.?\d? MB`, `(?m)^alpha +ready +\d+\.\d +[\d.]+ [kM]B +\d+s +0 +\d+ -`} {
		if !regexp.MustCompile(pattern).MatchString(r.Stdout()) {
			t.Errorf("nothing matches %s in\n%s", pattern, r.Stdout())
		}
	}
}
