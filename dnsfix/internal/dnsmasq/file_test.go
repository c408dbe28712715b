package dnsmasq_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sillelien/baseinit/dnsfix/internal/dnsmasq"
)

var goodFiles = []struct {
	name, content string
	args          []string // that say the same
}{
	{"nothing", "", nil},
	{"comments and blank lines", "# a\n  # b\n\n \t\n#", nil},
	{"no newline at the end", "no-hosts", []string{"-h"}},
	{"carriage returns", "no-hosts\r\ncache-size=5\r\n", []string{"-h", "-c5"}},
	{"blanks around", " \tcache-size \t= \t5 \t\n", []string{"-c5"}},
	{"comment after an option", "cache-size=5 # five\nno-hosts\t#\n", []string{"-c5", "-h"}},
	{"hash within a value", "server=1.2.3.4#54\naddress=/a/#\n", []string{"-S1.2.3.4#54", "-A/a/#"}},
	{"hash in quotes", "txt-record=a,\"b # c\" # d\n", []string{"-Ya,b # c"}},
	{"escaped quote", `txt-record=a,"b \" # c" # d`, []string{`-Ya,"b \" # c"`}},
	{"escapes", `txt-record=a,"\\\"\t\e\b\r\n\q"`, []string{`-Ya,"\\\"\t\e\b\r\n\q"`}},
	{"single quotes are themselves", "txt-record=a,'b\n", []string{"-Ya,'b"}},
	{"blanks around fields", "listen-address=127.0.0.1 , ::1\n", []string{"-a127.0.0.1,::1"}},
	{"optional values", "resolv-file\nuser\nlog-queries=extra\n", []string{"-R", "--log-queries=extra"}},
	{"optional value is empty", "resolv-file=\n", []string{"-R"}},
	{"equals sign in a value", "txt-record=a,b=c\n", []string{"-Ya,b=c"}},
}

func TestFileLines(t *testing.T) {
	t.Parallel()
	for _, tc := range goodFiles {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := dnsmasq.ParseFile(tree(t, "etc/c", tc.content), "/etc/c")
			if err != nil {
				t.Fatal(err)
			}
			want := mustArgs(t, tc.args...)
			want.NoResolv = want.NoResolv || got.NoResolv
			if diff := cmp.Diff(want, got, same); diff != "" {
				t.Errorf("ParseFile (-want +got):\n%s", diff)
			}
		})
	}
}

// badLines are second lines of a file, and the error.
var badLines = map[string]string{
	"--cache-size=5":             `cannot use --cache-size (/etc/c:2): in a file options have no dashes: write cache-size`,
	"-h":                         `cannot use -h (/etc/c:2): there is no such option: see dnsmasq(8)`,
	"cache-size 5":               `cannot use cache-size 5 (/etc/c:2): there is no such option: did you mean cache-size?`,
	"strict":                     `cannot use strict (/etc/c:2): there is no such option: write strict-order`,
	"no-hosts#x":                 `cannot use no-hosts#x (/etc/c:2): there is no such option: did you mean no-hosts?`,
	"=5":                         `cannot use  (/etc/c:2): there is no such option: see dnsmasq(8)`,
	"no-hosts=1":                 `cannot use no-hosts=1 (/etc/c:2): it takes no value: remove what follows the =`,
	"no-hosts=":                  `cannot use no-hosts= (/etc/c:2): it takes no value: remove what follows the =`,
	"cache-size":                 `cannot use cache-size (/etc/c:2): it needs a value, and has none: give it`,
	"cache-size=5 5":             `cannot use cache-size=5 5 (/etc/c:2): "5 5" is no number: give one from 0 to 10000000`,
	"txt-record=a,\"b # c":       `cannot use txt-record=a,"b # c (/etc/c:2): a " has no end: close it`,
	"\xef\xbb\xbfno-hosts":       "cannot use \xef\xbb\xbfno-hosts (/etc/c:2): there is no such option: did you mean no-hosts?",
	"conf-file=/nowhere":         `cannot use conf-file=/nowhere (/etc/c:2): cannot read configuration file: stat ROOT/nowhere: no such file or directory: create it, or remove the option`,
	"conf-dir=/nowhere":          `cannot use conf-dir=/nowhere (/etc/c:2): cannot list directory: open ROOT/nowhere: no such file or directory: create it, or remove the option`,
	"conf-file=/etc":             `cannot use conf-file=/etc (/etc/c:2): cannot read configuration file: read ROOT/etc: not a regular file: create it, or remove the option`,
	"conf-dir=,*.conf":           `cannot use conf-dir=,*.conf (/etc/c:2): it names no directory: give DIRECTORY[,EXTENSION...]`,
	"servers-file=/etc/servers":  `cannot use no-hosts (/etc/servers:3): a file of servers may hold server, local and rev-server only: move it elsewhere`,
	"cache-size=1\ncache-size=2": `cannot use cache-size=2 (/etc/c:3): it has been given before (/etc/c:2): remove one`,
}

func TestFileErrors(t *testing.T) {
	t.Parallel()
	for line, want := range badLines {
		root := tree(t, "etc/c", "no-hosts\n"+line+"\nno-poll\n", "etc/servers", "server=1.2.3.4\nlocal=/lan/\nno-hosts\n")
		o, err := dnsmasq.ParseFile(root, "/etc/c")
		if got := strings.ReplaceAll(errorText(err), root, "ROOT"); got != want || o != nil {
			t.Errorf("%q:\n%v, want\n%s", line, got, want)
		}
	}
}

func TestFileIsNotThere(t *testing.T) {
	t.Parallel()
	root := tree(t)
	_, err := dnsmasq.ParseFile(root, "etc/c")
	if want := "cannot read configuration file: stat " + root + "/etc/c: no such file or directory: create it, or remove the option"; errorText(err) != want || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("ParseFile: %v, want %s", err, want)
	}
	if _, err := dnsmasq.ParseArgs([]string{"-C", root + "/c"}); !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "cannot use -C "+root+"/c (argument 1): cannot read") {
		t.Errorf("ParseArgs: %v", err)
	}
}

// TestFileThatWouldHoldUsUp: PID 1 must not wait for a writer of a FIFO.
func TestFileThatWouldHoldUsUp(t *testing.T) {
	t.Parallel()
	root := tree(t, "d/a.conf", "no-hosts\n")
	if err := unix.Mkfifo(filepath.Join(root, "d/fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := dnsmasq.Parser{Root: root}
	if _, err := p.ParseFile("/d/fifo"); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("ParseFile of a FIFO: %v", err)
	}
	o, err := p.Parse("--conf-dir=/d")
	if err != nil || !o.NoHosts {
		t.Errorf("Parse of a directory with a FIFO: %+v, %v", o, err)
	}
	if o, err := p.Parse("--conf-file=/dev/null -R"); err != nil || !o.NoResolv || len(o.Files) > 0 {
		t.Errorf("Parse of /dev/null: %+v, %v", o, err)
	}
}

func TestConfDir(t *testing.T) {
	t.Parallel()
	root := tree(t, "d/20.conf", "addn-hosts=/20", "d/10.conf", "addn-hosts=/10", "d/30.bak", "addn-hosts=/30", "d/.hidden.conf", "x",
		"d/old.conf~", "x", "d/#edit.conf#", "x", "d/sub/40.conf", "x", "d/.conf", "x", "elsewhere", "addn-hosts=/link")
	if err := os.Symlink("../elsewhere", filepath.Join(root, "d/15.conf")); err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string][]string{
		"/d":                {"/10", "/link", "/20", "/30"},
		"/d,.bak":           {"/10", "/link", "/20"},
		"/d,*.conf":         {"/10", "/link", "/20"},
		"/d,*.conf,*.bak":   {"/10", "/link", "/20", "/30"},
		"/d,*.none":         nil,
		"/d,.bak,.conf":     nil,
		"d":                 {"/10", "/link", "/20", "/30"},
		"/d/ , *.bak , .cf": {"/30"},
	} {
		o, err := dnsmasq.Parser{Root: root}.ParseArgs([]string{"--conf-dir=" + value})
		if err != nil {
			t.Errorf("%s: %v", value, err)
		} else if diff := cmp.Diff(want, o.HostsFiles); diff != "" {
			t.Errorf("%s (-want +got):\n%s", value, diff)
		}
	}
}

func TestFilesOfFiles(t *testing.T) {
	t.Parallel()
	root := tree(t,
		"a", "cache-size=1\nconf-file=/b\naddn-hosts=/a\nconf-file=/a\n", // itself, once more
		"b", "addn-hosts=/b\nconf-file=a\nservers-file=/s\n",
		"s", "server=9.9.9.9\nserver=/a/#\nrev-server=1.0.0.0/8,8.8.8.8\n")
	o, err := dnsmasq.Parser{Root: root}.Parse("-C /a --addn-hosts=/arg --cache-size=7 --conf-file=/b")
	if err != nil {
		t.Fatal(err)
	}
	want := mustArgs(t, "-H/arg", "-c1", "-H/b", "-S9.9.9.9", "-S/a/#", "--rev-server=1.0.0.0/8,8.8.8.8", "-H/a")
	if diff := cmp.Diff(want, o, same); diff != "" {
		t.Errorf("Parse (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"/a", "/b", "/s"}, o.Files); diff != "" {
		t.Errorf("Files (-want +got):\n%s", diff)
	}
	origins := []dnsmasq.Origin{o.Servers[0].From, o.Servers[1].From, o.Servers[2].From}
	if diff := cmp.Diff([]dnsmasq.Origin{{File: "/s", Line: 1}, {File: "/s", Line: 2}, {File: "/s", Line: 3}}, origins); diff != "" {
		t.Errorf("origins (-want +got):\n%s", diff)
	}
}
