package applet_test

import (
	"testing"

	"github.com/sillelien/baseinit/internal/pid1test"
)

// TestMoreFileCommands: links, times, FIFOs and trees.
func TestMoreFileCommands(t *testing.T) {
	t.Parallel()
	pid1test.NeedRoot(t)
	checkFiles(t, []fileExample{
		{argv: []string{"s6-touch", "f", "new"}, show: "cat f; stat -c '%s %a' new; find . -newer d/in -name f", want: "text\n0 644\n./f\n"},
		{argv: []string{"s6-touch", "d"}, show: "find . -newer d/in -type d -name d", want: "./d\n"},
		{argv: []string{"s6-touch", "nope/f"}, code: 111},
		{argv: []string{"s6-touch"}, code: 100},

		{argv: []string{"s6-rename", "f", "d/in"}, show: "ls; cat d/in", want: "d\nlink\ntext\n"},
		{argv: []string{"s6-rename", "link", "new"}, show: "readlink new", want: "d\n"},
		{argv: []string{"s6-rename", "nope", "new"}, code: 111},
		{argv: []string{"s6-rename", "f", "d"}, code: 111},
		{argv: []string{"s6-rename", "f"}, code: 100},

		{argv: []string{"s6-mkfifo", "a", "b"}, show: "stat -c '%F %a' a b", want: "fifo 644\nfifo 644\n"},
		{argv: []string{"s6-mkfifo", "-m", "622", "a"}, show: "stat -c '%F %a' a", want: "fifo 622\n"},
		{argv: []string{"s6-mkfifo", "-m", "9", "a"}, code: 100},
		{argv: []string{"s6-mkfifo", "f"}, code: 111},
		{argv: []string{"s6-mkfifo"}, code: 100},

		{argv: []string{"s6-linkname", "link"}, stdout: "d\n"},
		{argv: []string{"s6-linkname", "-n", "link"}, stdout: "d"},
		{argv: []string{"s6-linkname", "-f", "/proc/self/../sys"}, stdout: "/proc/sys\n"},
		{argv: []string{"s6-linkname", "-fn", "/"}, stdout: "/"},
		{argv: []string{"s6-linkname", "-f", "nope"}, code: 111},
		{argv: []string{"s6-linkname", "f"}, code: 111},
		{argv: []string{"s6-linkname"}, code: 100},

		{argv: []string{"s6-ln", "f", "new"}, show: "stat -c %h f", want: "2\n"},
		{argv: []string{"s6-ln", "-s", "any/thing", "new"}, show: "readlink new", want: "any/thing\n"},
		{argv: []string{"s6-ln", "-s", "f", ".hidden", "link"}, show: "readlink d/f d/.hidden", want: "f\n.hidden\n"},
		{argv: []string{"s6-ln", "-s", "f", "link"}, show: "readlink link link/f", want: "d\nf\n"},
		{argv: []string{"s6-ln", "-sn", "f", "link"}, code: 111},
		{argv: []string{"s6-ln", "-snf", "f", "link"}, show: "readlink link; ls -A; ls d", want: "f\n.hidden\nd\nf\nlink\nin\n"},
		{argv: []string{"s6-ln", "-f", "f", "d/in"}, show: "stat -c %h d/in; ls d", want: "2\nin\n"},
		{argv: []string{"s6-ln", "-f", "f", "f"}, show: "stat -c %h f; ls", want: "1\nd\nf\nlink\n"},
		{argv: []string{"s6-ln", "link", "new"}, show: "readlink new", want: "d\n"},
		{argv: []string{"s6-ln", "-L", "link", "new"}, code: 111}, // a directory has no other names
		{argv: []string{"s6-ln", "-LP", "link", "new"}, show: "readlink new", want: "d\n"},
		{argv: []string{"s6-ln", "-s", "f", "d", "new"}, code: 100},
		{argv: []string{"s6-ln", "nope", "new"}, code: 111},
		{argv: []string{"s6-ln", "f"}, code: 100},

		{argv: []string{"s6-hiercopy", "d", "new"}, show: "diff -r d new && stat -c %a new/in", want: "600\n"},
		{argv: []string{"s6-hiercopy", "f", ".hidden"}, show: "cat .hidden", want: "text\n"},
		{argv: []string{"s6-hiercopy", "link", "new"}, show: "readlink new", want: "d\n"},
		{argv: []string{"s6-hiercopy", "d", "f"}, code: 111},
		{argv: []string{"s6-hiercopy", "nope", "new"}, code: 111},
		{argv: []string{"s6-hiercopy", "d"}, code: 100},

		{argv: []string{"s6-dumpenv", "new"}, env: []string{"A=one\ntwo", "B="}, show: "stat -c %a new; cat new/A; stat -c %s new/B; ls new", want: "755\none\ntwo0\nA\nB\nPATH\n"},
		{argv: []string{"s6-dumpenv", "-N", "-m", "700", "--", "new"}, show: "stat -c %a new", want: "700\n"},
		{argv: []string{"s6-dumpenv", "d"}, env: []string{"../f=x"}, show: "cat f; ls d", want: "text\nPATH\nin\n"},
		{argv: []string{"s6-dumpenv", "f"}, code: 111},
		{argv: []string{"s6-dumpenv", "-m", "x", "new"}, code: 100},
		{argv: []string{"s6-dumpenv"}, code: 100},
	})
}

// TestHiercopy copies a tree of everything, and again over what it has made.
func TestHiercopy(t *testing.T) {
	t.Parallel()
	pid1test.NeedRoot(t)
	const tree = `
mkdir -p from/deep/er && echo text >from/deep/er/f && ln -s /nope from/link && mkfifo -m 620 from/fifo
echo x >from/setuid && chown 12:13 from/setuid from/deep && chmod 4711 from/setuid && chmod 555 from/deep
chown -h 14:15 from/link`
	const show = `cd to && find . | sort | xargs stat -c '%n %F %a %u:%g' && readlink link && cat deep/er/f`
	const want = ". directory 755 0:0\n./deep directory 555 12:13\n./deep/er directory 755 0:0\n" +
		"./deep/er/f regular file 644 0:0\n./fifo fifo 620 0:0\n./link symbolic link 777 14:15\n./setuid regular file 4711 12:13\n" +
		"/nope\ntext\n"
	dir := t.TempDir()
	shell := func(text string) result { return call{argv: []string{"exec", "sh", "-ec", text}, dir: dir}.run(t) }
	if got := shell(tree); got.code != 0 {
		t.Fatalf("%+v", got)
	}
	for range 2 {
		if got := (call{argv: []string{"s6-hiercopy", "from", "to"}, dir: dir}).run(t); got.code != 0 {
			t.Errorf("%+v", got)
		}
		if got := shell(show); got.stdout != want {
			t.Errorf("copied %q, want %q", got.stdout+got.stderr, want)
		}
	}
}
