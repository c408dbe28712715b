package check_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sillelien/baseinit/internal/check"
	"github.com/sillelien/baseinit/internal/s6"
	"github.com/sillelien/baseinit/internal/s6/nobodytest"
)

// files is a tree: names and what is there. Text that starts with "#!" gets mode 0755,
// other 0644; "0644 TEXT" sets another; "link TARGET", "fifo" and "dir" are what they say.
type files map[string]string

func (fs files) write(t testing.TB) string {
	t.Helper()
	root := t.TempDir()
	for name, what := range fs {
		path := filepath.Join(root, name)
		ok(t, os.MkdirAll(filepath.Dir(path), 0o755))
		kind, rest, _ := strings.Cut(what, " ")
		switch kind {
		case "link":
			ok(t, os.Symlink(rest, path))
		case "fifo":
			ok(t, syscall.Mkfifo(path, 0o644))
		case "dir":
			ok(t, os.MkdirAll(path, 0o755))
		case "0644", "0755":
			write(t, path, rest, map[string]os.FileMode{"0644": 0o644, "0755": 0o755}[kind])
		default:
			write(t, path, what, textMode(what))
		}
	}
	return root
}

func textMode(text string) fs.FileMode {
	if strings.HasPrefix(text, "#!") {
		return 0o755
	}
	return 0o644
}

func write(t testing.TB, path, text string, mode fs.FileMode) {
	t.Helper()
	ok(t, os.MkdirAll(filepath.Dir(path), 0o755))
	ok(t, os.WriteFile(path, []byte(text), mode))
	ok(t, os.Chmod(path, mode))
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// with adds files to a tree.
func (fs files) with(more files) files {
	all := files{}
	for _, part := range []files{fs, more} {
		maps.Copy(all, part)
	}
	return all
}

// image makes a tree a whole root file system, in which programs can be missed.
func image(tree files) files {
	return files{
		"bin": "link usr/bin", "usr/bin/busybox": "0755 \x7fELF", "usr/bin/sh": "link busybox", "usr/bin/cat": "link /bin/busybox", "usr/bin/env": "link busybox",
		"init": "0755 \x7fELF init", "command/with-contenv": "link /init", "usr/bin/with-contenv": "link /init", "usr/bin/execlineb": "link /init",
		"etc/passwd": "root:x:0:0::/root:/bin/sh\n", "usr/bin/nginx": "0755 \x7fELF", "usr/bin/nice": "link busybox",
	}.with(tree)
}

// examine checks a tree.
func examine(t testing.TB, root string, environ ...string) check.Report {
	t.Helper()
	settings, err := s6.ReadSettings(environ)
	ok(t, err)
	report, err := check.Tree(root, settings)
	ok(t, err)
	return report
}

// lines checks a tree and gives what is said of it, without the lines about CMD, and without
// what to do and the codes: TestFindings is about these.
func lines(t testing.TB, root string, environ ...string) (all []string) {
	t.Helper()
	report := examine(t, root, environ...)
	var text strings.Builder
	ok(t, report.Write(&text, false))
	for line := range strings.SplitSeq(strings.TrimSuffix(text.String(), "\n"), "\n") {
		for _, f := range report.Findings() {
			line = strings.TrimSuffix(line, fmt.Sprintf("; %s [%s]", f.Fix, f.Code))
		}
		if !strings.HasPrefix(line, "CMD: ") {
			all = append(all, line)
		}
	}
	return all
}

// Without root's rights not all can be read.
func TestAgainAsNobody(t *testing.T) { nobodytest.Again(t, "TestTree") }
