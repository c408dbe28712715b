package applet_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/sillelien/baseinit/internal/pid1test"
)

// who shows the identity of the process: user, group and all groups, by number.
const who = "echo $(id -u) $(id -g) $(id -G)"

func TestPrivileges(t *testing.T) {
	t.Parallel()
	pid1test.NeedRoot(t)
	check(t, []example{
		{argv: []string{"s6-setuidgid", "nobody", "sh", "-c", who}, stdout: "65534 65534 65534\n"},
		{argv: []string{"s6-setuidgid", "root", "sh", "-c", "id -u"}, stdout: "0\n"},
		{argv: []string{"s6-setuidgid", "1234:2345", "sh", "-c", who}, stdout: "1234 2345 2345\n"},
		{argv: []string{"s6-setuidgid", "nobody:daemon", "sh", "-c", who}, stdout: "65534 1 1\n"},
		{argv: []string{"s6-setuidgid", "", "sh", "-c", "id -u"}, stdout: "0\n"},
		{argv: []string{"s6-setuidgid", "nobody", "sh", "-c", "echo $HOME"}, env: []string{"HOME=/root"}, stdout: "/root\n"},
		{argv: []string{"s6-setuidgid", "1234", "true"}, code: 1, says: `no user "1234"`},
		{argv: []string{"s6-setuidgid", "nosuch", "true"}, code: 1, says: `no user "nosuch"`},
		{argv: []string{"s6-setuidgid", "0:nosuch", "true"}, code: 1, says: `no group "nosuch"`},
		{argv: []string{"s6-setuidgid", "nobody"}, code: 100, says: "usage: s6-setuidgid"},
		{argv: []string{"s6-setuidgid", "1234:1234", "s6-setuidgid", "0:0", "true"}, code: 111, says: "not permitted"},
		{argv: []string{"s6-setuidgid", "1234:1234", "s6-setuidgid", "1234:1234", "/usr/bin/id", "-u"}, env: []string{"PATH=/none"}, stdout: "1234\n"},
		{argv: []string{"s6-applyuidgid", "-u", "999", "-g", "999", "sh", "-c", who}, stdout: "999 999 999\n"},
		{argv: []string{"s6-applyuidgid", "-u", "999", "-g", "999", "-G", "5,6", "sh", "-c", who}, stdout: "999 999 999 5 6\n"},
		{argv: []string{"s6-applyuidgid", "-u", "999", "-g", "999", "-G", "", "sh", "-c", who}, stdout: "999 999 999\n"},
		{argv: []string{"s6-applyuidgid", "-G", "7", "s6-applyuidgid", "-k", "-u", "999", "-g", "999", "sh", "-c", who}, stdout: "999 999 999 7\n"},
		{argv: []string{"s6-applyuidgid", "-z", "-U", "sh", "-c", who + "; echo $UID$GID"}, env: []string{"UID=12", "GID=13", "GIDLIST=14"}, stdout: "12 13 13 14\n\n"},
		{argv: []string{"s6-applyuidgid", "-U", "-u", "15", "sh", "-c", "id -u"}, env: []string{"UID=12", "GID=13"}, stdout: "15\n"},
		{argv: []string{"s6-applyuidgid", "-U", "true"}, code: 100, says: "UID"},
		{argv: []string{"s6-applyuidgid", "-u", "x", "true"}, code: 100, says: `"x" is not the number`},
		{argv: []string{"s6-applyuidgid", "-u", "1"}, code: 100, says: "usage: s6-applyuidgid"},
		{argv: []string{"s6-envuidgid", "nobody", "sh", "-c", "echo $UID $GID [$GIDLIST]"}, stdout: "65534 65534 []\n"},
		{argv: []string{"s6-envuidgid", "-u", "daemon", "sh", "-c", "echo $UID,$GID"}, stdout: "1,\n"},
		{argv: []string{"s6-envuidgid", "-g", "bin", "sh", "-c", "echo $UID,$GID"}, stdout: ",2\n"},
		{argv: []string{"s6-envuidgid", "-B", "daemon:bin", "sh", "-c", "echo $UID,$GID"}, stdout: "1,2\n"},
		{argv: []string{"s6-envuidgid", "-nB", "daemon:42", "sh", "-c", "echo $UID,$GID"}, stdout: "1,42\n"},
		{argv: []string{"s6-envuidgid", "-D", "32768:32768", "nosuch", "sh", "-c", "echo $UID $GID [$GIDLIST]"}, stdout: "32768 32768 []\n"},
		{argv: []string{"s6-envuidgid", "-D", "1:2:3,4", "nosuch", "sh", "-c", "echo $UID $GID [$GIDLIST]"}, stdout: "1 2 [3,4]\n"},
		{argv: []string{"s6-envuidgid", "nosuch", "true"}, code: 1, says: `no user "nosuch"`},
		{argv: []string{"s6-envuidgid", "nobody", "s6-applyuidgid", "-U", "-z", "sh", "-c", who}, stdout: "65534 65534 65534\n"},
	})
}

// TestOthersCommand: a program of that name in PATH is not replaced by ours.
func TestOthersCommand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "s6-echo"), []byte("#!/bin/sh\necho theirs\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	got := call{argv: []string{"exec", "export", "PATH", dir + ":/usr/bin:/bin", "exec", "exec", "s6-echo", "ours"}}.run(t)
	if got.stdout != "theirs\n" {
		t.Errorf("got %+v, want the program that PATH finds", got)
	}
}
