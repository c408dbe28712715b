//go:build linux

package fixattrs_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sillelien/baseinit/internal/s6/fixattrs"
	"github.com/sillelien/baseinit/internal/s6/nobodytest"
)

const (
	passwd = "root:x:0:0:root:/root:/bin/ash\napp:x:999:998::/app:/bin/false\r\nbroken\nbad:x:no:no::\nhalf:x:7\napp:x:1:1:second::\n" +
		"1234:x:55:56:a number for a name::\n:x:8:8::\nnogroup:x:77:\n"
	group = "root:x:0:\nwheel:x:10:root,app\nbroken\nbad:x:y:\nwww-data:x:33:\nwheel:x:11:\n"
)

func TestApplyAccounts(t *testing.T) {
	t.Parallel()
	needRoot(t)
	const before = "500:600"
	for account, want := range map[string]string{
		"root":                       "0:0",
		"app":                        "999:998", // with its primary group
		"app:wheel":                  "999:10",
		"app:33":                     "999:33",
		"1000:1001":                  "1000:1001",
		"999":                        "999:998", // the group that 999 has in passwd
		"4242":                       "4242:600",
		"1234":                       "55:56", // a name before a number
		"app,1:2":                    "999:998",
		"nosuch,1:2":                 "1:2",
		"doesntexist,0:1000":         "0:1000",
		"nosuch,999":                 "999:998",
		"nosuch:wheel,1:2":           "1:10",
		"app:nosuch,1:2":             "999:2",
		"nosuch:nosuch,1:2":          "1:2",
		"nobody,32768:32768":         "32768:32768",
		":wheel":                     "500:10",
		"app:":                       "999:600",
		"nogroup,9:9":                "9:9", // a record without a group is none
		"4294967294:4294967294":      "4294967294:4294967294",
		"nosuch,4294967294:0":        "4294967294:0",
		"bad,12:13":                  "12:13",
		"half:www-data,4294967295:1": "",
	} {
		t.Run(account, func(t *testing.T) {
			t.Parallel()
			dir := root(t, "/f false "+account+" 4755 0700\n", "f")
			write(t, filepath.Join(dir, "etc/passwd"), passwd)
			write(t, filepath.Join(dir, "etc/group"), group)
			path := filepath.Join(dir, "f")
			ok(t, os.Chown(path, 500, 600))
			ok(t, os.Chmod(path, 0o4755|os.ModeSetuid))
			warnings := apply(t, fixattrs.Config{Root: dir})
			if want == "" {
				wantWarnings(t, warnings, "there is no user")
				want = before
			} else {
				wantWarnings(t, warnings)
			}
			mode, owner := stat(t, path)
			if owner != want {
				t.Errorf("owner %s, want %s", owner, want)
			}
			if mode != "4755" {
				t.Errorf("mode %s, want 4755, although chown takes setuid away", mode)
			}
		})
	}
}

func TestApplyOwnersRecursively(t *testing.T) {
	t.Parallel()
	needRoot(t)
	dir := root(t, "/d true app - -\n", "d/f", "d/e/g", "d/e/h/i", "d/.hidden", "d/link -> ../x", "x")
	write(t, filepath.Join(dir, "etc/passwd"), passwd)
	wantWarnings(t, apply(t, fixattrs.Config{Root: dir}))
	for name, want := range map[string]string{
		"d": "999:998", "d/f": "999:998", "d/e": "999:998", "d/e/g": "999:998", "d/e/h": "999:998", "d/e/h/i": "999:998",
		"d/.hidden": "0:0", "d/link": "0:0", "x": "0:0",
	} {
		if _, owner := stat(t, filepath.Join(dir, name)); owner != want {
			t.Errorf("%s belongs to %s, want %s", name, owner, want)
		}
	}
}

// Without names in the image numbers still count; what cannot be read is said.
func TestApplyWithoutAccounts(t *testing.T) {
	t.Parallel()
	dir := root(t, "/f false SELF 0600 0700\n", "f")
	wantWarnings(t, apply(t, fixattrs.Config{Root: dir}))
	ok(t, syscall.Mkfifo(filepath.Join(dir, "etc/passwd"), 0o644))
	ok(t, os.Mkdir(filepath.Join(dir, "etc/group"), 0o755))
	wantWarnings(t, apply(t, fixattrs.Config{Root: dir}), "etc/passwd: it is a FIFO", "etc/group: it is a directory")
	wantModes(t, dir, map[string]string{"f": "0600"})
}

// One who is not root may not give files away: each line says so once, and all
// that can be done is.
func TestApplyUnprivileged(t *testing.T) {
	t.Parallel()
	if nobodytest.Instead(t) {
		return
	}
	dir := root(t, "/d true 0:0 0600 0700\n/f false 0:0 - -\n/g false SELF 0600 0700\n/etc/passwd false SELF 0600 0700\n", "d/a", "d/b", "f", "g")
	ok(t, os.Symlink("/etc/passwd", filepath.Join(dir, "etc/passwd")))
	wantWarnings(t, apply(t, fixattrs.Config{Root: dir}),
		"10-test:1: "+dir+"/d/", "10-test:2: "+dir+"/f: cannot change the owner: operation not permitted", "10-test:4: "+dir+"/etc/passwd: it is a symbolic link")
	warnings := apply(t, fixattrs.Config{Root: dir})
	if !strings.Contains(warnings[0].Error(), "cannot change the owner: operation not permitted (and 2 more)") {
		t.Errorf("warning %q does not count what else failed", warnings[0])
	}
	wantModes(t, dir, map[string]string{"d": "0700", "d/a": "0600", "d/b": "0600", "f": "0644", "g": "0600"})
}
