package s6_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/s6"
	"github.com/sillelien/baseinit/internal/s6/smallfile"
)

// Who only looks is told what would be done to a script that is not executable, and does
// not do it.
func TestLook(t *testing.T) {
	t.Parallel()
	dir := files{
		"cont-init.d/1": "#!/bin/sh\n", "services.d/web/run": "#!/bin/sh\n", "services.d/web/finish": "\x7fELF",
		"rc/db/type": "longrun", "rc/db/run": "#!/bin/sh\r\n",
	}.write(t, t.TempDir())
	scripts, err := s6.LookAtScripts(filepath.Join(dir, "cont-init.d"))
	wantError(t, err)
	look := s6.Defaults{LookOnly: true}
	services, notes, err := s6.Services(filepath.Join(dir, "services.d"), look)
	wantError(t, err)
	rc, more, err := s6.ReadRC(s6.RCSources{Dirs: []string{filepath.Join(dir, "rc")}, Defaults: look})
	wantError(t, err)
	commands := [][]string{scripts[0].Argv, services[0].Command, services[0].Finish, rc.Services[0].Command}
	want := [][]string{{scripts[0].Path}, {"./run", "web"}, {"./finish"}, {"./run", "db"}}
	if diff := cmp.Diff(want, commands); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
	notes = append(append(notes, more...), s6.Note{File: scripts[0].Path, Text: scripts[0].Note})
	if len(notes) != 4 {
		t.Errorf("notes %q, want four", notes)
	}
	for _, n := range notes {
		if info, err := os.Stat(n.File); err != nil || info.Mode() != 0o644 || !strings.HasPrefix(n.Text, "is not executable: ") {
			t.Errorf("%s: %v, %v", n, info.Mode(), err)
		}
	}
}

// Each error carries the file that it names.
func TestErrorsHaveFiles(t *testing.T) {
	t.Parallel()
	dir := files{
		"services.d/a/run": "dir:", "services.d/b/run": "exec:#!/bin/sh\n", "services.d/b/timeout-kill": "x", "services.d/b/dependencies": "nope\n",
		"rc/c/type": "x", "rc/d/run": "", "rc/e/type": "longrun", "rc/f/type": "oneshot", "rc/g/type": "oneshot", "rc/g/up": "fifo:", "rc/h/type": "bundle",
		"rc/h/contents.d/nope": "", "rc/i/type": "bundle", "rc/i/contents": "h\ni\nlost\n", "rc/j/type": "longrun", "rc/j/run": "exec:", "rc/j/producer-for": "e",
		"rc/k/type": "longrun", "rc/k/run": "exec:", "rc/k/consumer-for": "j", "rc/l/type": "oneshot", "rc/l/up": "", "rc/l/dependencies.d/nope": "",
	}.write(t, t.TempDir())
	got := map[string]bool{}
	_, _, err := s6.Services(filepath.Join(dir, "services.d"), s6.Defaults{})
	_, _, rcErr := s6.ReadRC(s6.RCSources{Dirs: []string{filepath.Join(dir, "rc")}})
	for _, joined := range []error{err, rcErr} {
		list, ok := joined.(interface{ Unwrap() []error })
		if !ok {
			t.Fatalf("error %v", joined)
		}
		for _, err := range list.Unwrap() {
			wrong, ok := errors.AsType[*smallfile.Error](err)
			if !ok {
				t.Errorf("no file with %v", err)
				continue
			}
			path, _ := filepath.Rel(dir, wrong.File)
			got[path] = true
		}
	}
	want := []string{
		"rc/c/type", "rc/d", "rc/e", "rc/f", "rc/g/up", "rc/h/contents.d/nope", "rc/i/contents", "rc/j/producer-for", "rc/k/consumer-for",
		"rc/l/dependencies.d/nope", "services.d/a/run", "services.d/b/dependencies", "services.d/b/timeout-kill",
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}
