//go:build linux

package fixattrs_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/s6/fixattrs"
	"github.com/sillelien/baseinit/internal/s6/nobodytest"
	"github.com/sillelien/baseinit/internal/s6/smallfile"
)

// Without root's rights owners stay as they are.
func TestAgainAsNobody(t *testing.T) { nobodytest.Again(t, "TestApplyModes") }

// root makes a root file system of files, each with mode 0644, and directories
// with mode 0755; a name that ends in a slash is a directory, "name -> target" a
// link. rules is the text of its etc/fix-attrs.d/10-test, where SELF stands for
// who runs the test.
func root(t testing.TB, rules string, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	ok(t, os.Chmod(dir, 0o755))
	for _, name := range names {
		name, target, isLink := strings.Cut(name, " -> ")
		path := filepath.Join(dir, name)
		ok(t, os.MkdirAll(filepath.Dir(path), 0o755))
		switch {
		case isLink:
			ok(t, os.Symlink(target, path))
		case strings.HasSuffix(name, "/"):
			ok(t, os.MkdirAll(path, 0o755))
		default:
			write(t, path, "")
		}
	}
	write(t, filepath.Join(dir, "etc/fix-attrs.d/10-test"), strings.ReplaceAll(rules, "SELF", self()))
	return dir
}

func write(t testing.TB, path, text string) {
	t.Helper()
	ok(t, os.MkdirAll(filepath.Dir(path), 0o755))
	ok(t, os.WriteFile(path, []byte(text), 0o644))
	ok(t, os.Chmod(path, 0o644)) // whatever the umask
}

func self() string { return fmt.Sprintf("%d:%d", os.Getuid(), os.Getgid()) }

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// stat gives the mode bits of a file, in octal, and its owner.
func stat(t testing.TB, path string) (mode, owner string) {
	t.Helper()
	var st syscall.Stat_t
	ok(t, syscall.Lstat(path, &st))
	return fmt.Sprintf("%04o", st.Mode&0o7777), fmt.Sprintf("%d:%d", st.Uid, st.Gid)
}

// wantModes compares the modes of the files below dir.
func wantModes(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	for name := range want {
		got[name], _ = stat(t, filepath.Join(dir, name))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("modes (-want +got):\n%s", diff)
	}
}

// wantWarnings checks that there is one warning for each of the texts, which it
// holds.
func wantWarnings(t *testing.T, got []error, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d warnings, want %d: %v", len(got), len(want), got)
	}
	for i := range want {
		if !strings.Contains(got[i].Error(), want[i]) || strings.Contains(got[i].Error(), "\n") {
			t.Errorf("warning %q, want one line that says %q", got[i], want[i])
		}
	}
}

// apply is Apply with a limit, for what is not to hang.
func apply(t *testing.T, c fixattrs.Config) (warnings []error) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		warnings = fixattrs.Apply(t.Context(), c)
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("it hangs")
	}
	return warnings
}

func TestApplyModes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rules string
		names []string
		want  map[string]string
	}{
		"a file": {
			"/d/f false SELF 0600 0700\n",
			[]string{"d/f", "d/g"},
			map[string]string{"d/f": "0600", "d/g": "0644", "d": "0755"},
		},
		"a directory alone": {
			"/d false SELF 0600 0700\n",
			[]string{"d/f"},
			map[string]string{"d": "0700", "d/f": "0644"},
		},
		"a directory and all in it": {
			"/d true SELF 0640 2750\n",
			[]string{"d/f", "d/e/g", "d/e/h/", "x"},
			map[string]string{"d": "2750", "d/f": "0640", "d/e": "2750", "d/e/g": "0640", "d/e/h": "2750", "x": "0644"},
		},
		"a file, recursively": {
			"/f true SELF 674 700\n",
			[]string{"f"},
			map[string]string{"f": "0674"},
		},
		"hidden files are passed over": {
			"/d true SELF 0600 0700\n",
			[]string{"d/.f", "d/.e/g", "d/e/.g", "d/e/g"},
			map[string]string{"d": "0700", "d/.f": "0644", "d/.e": "0755", "d/.e/g": "0644", "d/e/.g": "0644", "d/e/g": "0600"},
		},
		"a hidden name that is written out": {
			"/d/.e true SELF 0600 0700\n",
			[]string{"d/.e/g"},
			map[string]string{"d/.e": "0700", "d/.e/g": "0600"},
		},
		"modes left alone": {
			"/d true SELF - 0700\n/e true SELF 0600 -\n",
			[]string{"d/f", "e/f"},
			map[string]string{"d": "0700", "d/f": "0644", "e": "0755", "e/f": "0600"},
		},
		"wildcards": {
			"/etc/services.d/*/run false SELF 0755 0755\n/d/[ab]? false SELF 0600 0700\n/e/*.conf false SELF 0600 0700",
			[]string{"etc/services.d/a/run", "etc/services.d/b/run", "etc/services.d/b/finish", "etc/services.d/file", "etc/services.d/.c/run", "d/a1", "d/b2/", "d/c3", "d/a12", "e/x.conf", "e/.x.conf", "e/y"},
			map[string]string{
				"etc/services.d/a/run": "0755", "etc/services.d/b/run": "0755", "etc/services.d/b/finish": "0644", "etc/services.d/.c/run": "0644",
				"d/a1": "0600", "d/b2": "0700", "d/c3": "0644", "d/a12": "0644", "e/x.conf": "0600", "e/.x.conf": "0644", "e/y": "0644",
			},
		},
		"a hidden wildcard": {
			"/d/.* false SELF 0600 0700\n",
			[]string{"d/.f", "d/f"},
			map[string]string{"d/.f": "0600", "d/f": "0644", "d": "0755"},
		},
		"a wildcard that finds nothing": {"/d/*.conf false SELF 0600 0700\n/none/*/x true SELF 0600 0700\n", []string{"d/f"}, map[string]string{"d/f": "0644"}},
		"a star that is quoted":         {`/d/\* false SELF 0600 0700`, []string{"d/*", "d/f"}, map[string]string{"d/*": "0600", "d/f": "0644"}},
		"odd spellings": {
			"# a comment\n\n  \t/d/f\t \tfalse    SELF 0600  0700 # why\r\n   # another\r\n//d/./g/ false SELF 0600 0700",
			[]string{"d/f", "d/g"},
			map[string]string{"d/f": "0600", "d/g": "0600"},
		},
		"the last line counts":   {"/f false SELF 0600 0700\n/f false SELF 0640 0700\n", []string{"f"}, map[string]string{"f": "0640"}},
		"odd names":              {"/d true SELF 0600 0700\n", []string{"d/a b", "d/-rf", "d/é", "d/a\nb"}, map[string]string{"d/a b": "0600", "d/-rf": "0600", "d/é": "0600", "d/a\nb": "0600"}},
		"the root":               {"/ false SELF 0600 0711\n", nil, map[string]string{".": "0711", "etc": "0755"}},
		"no way out of the root": {"/../../f false SELF 0600 0700\n", []string{"f"}, map[string]string{"f": "0600"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := root(t, test.rules, test.names...)
			wantWarnings(t, apply(t, fixattrs.Config{Root: dir}))
			wantModes(t, dir, test.want)
		})
	}
}

// The file that s6-overlay v1 and v2 come with, on a tree as git leaves it.
func TestApplyRunscripts(t *testing.T) {
	t.Parallel()
	needRoot(t)
	dir := root(t, `/etc/cont-init.d/* false root 0755 0755
/etc/fix-attrs.d/* false root 0644 0755
/etc/services.d/*/run false root 0755 0755
/etc/services.d/*/finish false root 0755 0755
/etc/services.d/*/log/run false root 0755 0755
/etc/services.d/*/log/finish false root 0755 0755
`, "etc/cont-init.d/10-x", "etc/cont-init.d/.gitignore", "etc/services.d/a/run", "etc/services.d/a/finish",
		"etc/services.d/a/log/run", "etc/services.d/b/run", "etc/services.d/b/data", "etc/services.d/.gitignore")
	write(t, filepath.Join(dir, "etc/passwd"), passwd)
	ok(t, os.Chown(filepath.Join(dir, "etc/cont-init.d/10-x"), 1000, 1000))
	wantWarnings(t, apply(t, fixattrs.Config{Root: dir}))
	wantModes(t, dir, map[string]string{
		"etc/cont-init.d/10-x": "0755", "etc/cont-init.d/.gitignore": "0644", "etc/fix-attrs.d/10-test": "0644",
		"etc/services.d/a/run": "0755", "etc/services.d/a/finish": "0755", "etc/services.d/a/log/run": "0755",
		"etc/services.d/b/run": "0755", "etc/services.d/b/data": "0644", "etc/services.d/.gitignore": "0644", "etc/services.d/a": "0755",
	})
	if _, owner := stat(t, filepath.Join(dir, "etc/cont-init.d/10-x")); owner != "0:0" {
		t.Errorf("the script belongs to %s, want root", owner)
	}
}

// Whatever a line says, at most one warning comes of it, and nothing outside
// the directory that is the root changes.
func FuzzApply(f *testing.F) {
	for _, line := range []string{
		"/f false SELF 0600 0700", "/d/* true SELF - 0700", "/../out true SELF 0 0", "/link/f false 0,0:0 7777 -", "[", "/[ true", "/d/\\ false SELF 0 0", "# x", "/ true SELF 0700 0700",
	} {
		f.Add(line)
	}
	base := f.TempDir()
	out := filepath.Join(base, "out")
	write(f, out, "")
	f.Fuzz(func(t *testing.T, line string) {
		line, _, _ = strings.Cut(line, "\n")
		dir := filepath.Join(base, "root")
		for _, name := range []string{"f", "d/g"} {
			write(t, filepath.Join(dir, name), "")
		}
		_ = os.Symlink("../..", filepath.Join(dir, "link"))
		write(t, filepath.Join(dir, "etc/fix-attrs.d/10-test"), strings.ReplaceAll(line, "SELF", self()))
		warnings := fixattrs.Apply(t.Context(), fixattrs.Config{Root: dir})
		if len(warnings) > 1 || (len(warnings) == 1 && !strings.Contains(warnings[0].Error(), "10-test:1: ")) {
			t.Errorf("warnings %v", warnings)
		}
		if mode, owner := stat(t, out); mode != "0644" || owner != self() {
			t.Errorf("the file outside is %s, %s", mode, owner)
		}
		ok(t, os.RemoveAll(dir))
	})
}

func TestApplyHidden(t *testing.T) {
	t.Parallel()
	dir := root(t, "/d true SELF 0600 0700\n", "d/.f", "d/.e/g")
	wantWarnings(t, apply(t, fixattrs.Config{Root: dir, Hidden: true}))
	wantModes(t, dir, map[string]string{"d": "0700", "d/.f": "0600", "d/.e": "0700", "d/.e/g": "0600"})
}

func TestApplyFiles(t *testing.T) {
	t.Parallel()
	dir := root(t, "/f false SELF 0601 0700\n", "f")
	other := filepath.Join(dir, "profile")
	write(t, filepath.Join(other, "20-last"), "/f false "+self()+" 0602 0700\n")
	write(t, filepath.Join(other, "10-first"), "/f false "+self()+" 0603 0700\n/g false "+self()+" 0604 0700\n")
	write(t, filepath.Join(other, ".99-hidden"), "/f false "+self()+" 0605 0700\n")
	write(t, filepath.Join(dir, "g"), "")
	ok(t, os.Mkdir(filepath.Join(other, "30-dir"), 0o755))
	ok(t, syscall.Mkfifo(filepath.Join(other, "40-fifo"), 0o644))
	write(t, filepath.Join(other, "50-large"), strings.Repeat("#\n", 1<<20))
	warnings := apply(t, fixattrs.Config{Root: dir, Dir: other})
	wantWarnings(t, warnings, "cannot read "+other+"/30-dir: it is a directory", "cannot read "+other+"/40-fifo: it is a FIFO", "cannot read "+other+"/50-large: it is larger than")
	wantModes(t, dir, map[string]string{"f": "0602", "g": "0604"})
}

func TestApplyDirectory(t *testing.T) {
	t.Parallel()
	dir := root(t, "")
	write(t, filepath.Join(dir, "file"), "")
	wantWarnings(t, apply(t, fixattrs.Config{Root: dir}))
	wantWarnings(t, apply(t, fixattrs.Config{Root: dir, Dir: filepath.Join(dir, "none")}))
	wantWarnings(t, apply(t, fixattrs.Config{Root: dir, Dir: filepath.Join(dir, "file")}), "cannot list "+dir+"/file: not a directory")
}

func TestApplyRefuses(t *testing.T) {
	t.Parallel()
	for line, says := range map[string]string{
		"/f false SELF 0600":                      "has 4 fields: 5 are needed, path recurse account fmode dmode",
		"/f":                                      "has 1 fields",
		"/f false SELF 0600 0700 0700":            "has 6 fields",
		"f false SELF 0600 0700":                  `the path "f" does not start with /`,
		"/f[ false SELF 0600 0700":                `the path "/f[" has a [ without its ]`,
		"/f yes SELF 0600 0700":                   `recurse is "yes": allowed is true or false`,
		"/f false SELF 0800 0700":                 `the mode is "0800": allowed is an octal number up to 7777, or -`,
		"/f false SELF 0600 u=rwx":                `the mode is "u=rwx"`,
		"/f false SELF 0600 17777":                `the mode is "17777"`,
		"/f false SELF -1 0700":                   `the mode is "-1"`,
		"/f false nosuch 0600 0700":               `there is no user "nosuch": add it to etc/passwd, or write nosuch,UID:GID`,
		"/f false nosuch,other:0 0600 0700":       `there is no user "nosuch"`,
		"/f false known:nosuch 0600 0700":         `there is no group "nosuch"`,
		"/f false 4294967295:0 0600 0700":         `there is no user "4294967295"`,
		"/f false 0:4294967295 0600 0700":         `there is no group "4294967295"`,
		"/f false 0:99999999999999999 0600 0700":  `there is no group`,
		"/missing false SELF 0600 0700":           "/missing: no such file or directory",
		"/missing/f false SELF 0600 0700":         "/missing: no such file or directory",
		"/f/g false SELF 0600 0700":               "/f: not a directory",
		"/link false SELF 0600 0700":              "/link: it is a symbolic link: name what it points to instead",
		"/link true SELF 0600 0700":               "/link: it is a symbolic link",
		"/dangling/f false SELF 0600 0700":        "/nowhere: no such file or directory",
		"/loop1/f false SELF 0600 0700":           "too many levels of symbolic links",
		"/link/../../etc/x false SELF 0600 0700 ": "/etc/x: no such file or directory",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			dir := root(t, "# first\n"+line+"\n/right false SELF 0600 0700\n",
				"f", "right", "d/f", "link -> d", "dangling -> nowhere", "loop1 -> loop2", "loop2 -> loop1")
			write(t, filepath.Join(dir, "etc/passwd"), "known:x:0:0:::\n")
			warnings := apply(t, fixattrs.Config{Root: dir})
			wantWarnings(t, warnings, says)
			if where := "cannot apply " + dir + "/etc/fix-attrs.d/10-test:2: "; !strings.HasPrefix(warnings[0].Error(), where) {
				t.Errorf("warning %q does not start with %q", warnings[0], where)
			}
			wantModes(t, dir, map[string]string{"f": "0644", "d": "0755", "d/f": "0644", "right": "0600"})
		})
	}
}

func TestApplySpecialFiles(t *testing.T) {
	t.Parallel()
	dir := root(t, "/d true SELF 0600 0700\n/d/socket false SELF 0622 0700\n", "d/")
	ok(t, syscall.Mkfifo(filepath.Join(dir, "d/fifo"), 0o644))
	l, err := net.Listen("unix", filepath.Join(dir, "d/socket"))
	ok(t, err)
	defer l.Close()
	wantWarnings(t, apply(t, fixattrs.Config{Root: dir}))
	wantModes(t, dir, map[string]string{"d/fifo": "0600", "d/socket": "0622"})
}

func TestApplyDeep(t *testing.T) {
	t.Parallel()
	dir := root(t, "/d true SELF 0600 0700\n/right false SELF 0600 0700\n", "right", "d/"+strings.Repeat("x/", 600)+"f")
	wantWarnings(t, apply(t, fixattrs.Config{Root: dir}), "directories are nested more than 512 deep")
	wantModes(t, dir, map[string]string{"right": "0600", "d": "0700", "d/" + strings.Repeat("x/", 600) + "f": "0644"})
}

// What is right is not touched: no copy on an overlay, no error on a read-only
// file system.
func TestApplyLeavesWhatIsRight(t *testing.T) {
	t.Parallel()
	dir := root(t, "/d true SELF 0600 0700\n", "d/f")
	wantWarnings(t, apply(t, fixattrs.Config{Root: dir}))
	changed := func() (times [2]syscall.Timespec) {
		for i, name := range []string{"d", "d/f"} {
			var st syscall.Stat_t
			ok(t, syscall.Stat(filepath.Join(dir, name), &st))
			times[i] = st.Ctim
		}
		return times
	}
	before := changed()
	for after := time.Now().Add(20 * time.Millisecond); time.Now().Before(after); {
		// The kernel's clock for files ticks every 10 ms at most.
		wantWarnings(t, apply(t, fixattrs.Config{Root: dir}))
	}
	if diff := cmp.Diff(before, changed()); diff != "" {
		t.Errorf("change times (-before +after):\n%s", diff)
	}
}

func TestApplyStops(t *testing.T) {
	t.Parallel()
	dir := root(t, "/a false SELF 0600 0700\n/b false SELF 0600 0700\n", "a", "b")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("received SIGTERM"))
	wantWarnings(t, fixattrs.Apply(ctx, fixattrs.Config{Root: dir}), "10-test:1 and what follows: received SIGTERM")
	wantModes(t, dir, map[string]string{"a": "0644", "b": "0644"})
}

func TestApplyStopsMidway(t *testing.T) {
	t.Parallel()
	var names []string
	for i := range 3000 {
		names = append(names, fmt.Sprintf("d/%04d", i))
	}
	dir := root(t, "/d true SELF 0600 0700\n/d true SELF 0640 0700\n", names...)
	ctx := &expiring{Context: t.Context(), after: 100}
	wantWarnings(t, fixattrs.Apply(ctx, fixattrs.Config{Root: dir}), "10-test:1: not finished: context canceled", "10-test:2 and what follows: context canceled")
	fixed := 0
	for _, name := range names {
		if mode, _ := stat(t, filepath.Join(dir, name)); mode == "0600" {
			fixed++
		}
	}
	if fixed == 0 || fixed > 100 {
		t.Errorf("%d files were fixed, want some of 100", fixed)
	}
}

// expiring is a context that ends when it has been asked so many times.
type expiring struct {
	context.Context
	after int
}

func (e *expiring) Err() error {
	if e.after--; e.after < 0 {
		return context.Canceled
	}
	return nil
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to give files away")
	}
}

// Check finds what Apply would not understand, names the file, and changes nothing.
func TestCheck(t *testing.T) {
	t.Parallel()
	dir := root(t, "/f false SELF 0600 0700\n/f false nosuch 0600 0700\n/f maybe SELF 0600 0700\n/missing false SELF 0600 0700\nwords\n", "f")
	for _, accounts := range []bool{false, true} {
		want := []string{`10-test:3: recurse is "maybe"`, "10-test:5: \"words\" has 1 fields"}
		if accounts {
			write(t, filepath.Join(dir, "etc/passwd"), passwd)
			want = append([]string{`10-test:2: there is no user "nosuch"`}, want...)
		}
		warnings := fixattrs.Check(fixattrs.Config{Root: dir})
		wantWarnings(t, warnings, want...)
		for _, err := range warnings {
			if wrong, ok := errors.AsType[*smallfile.Error](err); !ok || filepath.Base(wrong.File) != "10-test" {
				t.Errorf("no file with %v", err)
			}
		}
	}
	wantModes(t, dir, map[string]string{"f": "0644"})
}
