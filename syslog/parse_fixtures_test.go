package syslog_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// datagram is one that a real program sent to /dev/log, on a machine named vm.
type datagram struct {
	Client string
	UID    int
	Raw    string
}

func datagrams(t testing.TB) []datagram {
	t.Helper()
	file, err := os.ReadFile("testdata/devlog.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var all []datagram
	for line := range bytes.Lines(file) {
		var d datagram
		if err := json.Unmarshal(line, &d); err != nil {
			t.Fatal(err)
		}
		all = append(all, d)
	}
	return all
}

// meant is what the clients of testdata/devlog.jsonl meant, line by line, on a
// machine named vm.
var meant = []struct {
	client string
	want   parsed
}{
	{"glibc 2.36 syslog(3)", parsed{"daemon.info", "Nov 23 13:30:05", "vm", "prog", "8", "", "", "hello world", 8}},
	{"glibc 2.36 syslog(3)", parsed{"daemon.err", "Nov 23 13:30:05", "vm", "prog", "8", "", "", "line1\nline2\ttab\x01\x1b[31mred", 8}},
	{"glibc 2.36 syslog(3)", parsed{"daemon.info", "Nov 23 13:30:05", "vm", "prog", "8", "", "", "", 8}},
	{"glibc 2.36 syslog(3)", parsed{"user.notice", "Nov 23 13:30:05", "vm", "g", "", "", "", "no ident", 0}},
	{"glibc 2.36 syslog(3)", parsed{"authpriv.crit", "Nov 23 13:30:05", "vm", "", "8", "", "", "empty ident", 8}},
	{"glibc 2.36 syslog(3)", parsed{"authpriv.err", "Nov 23 13:30:05", "vm", "", "8", "", "", "err: No such file or directory", 8}},
	{"musl syslog(3)", parsed{"daemon.err", "Nov 23 13:30:05", "vm", "prog", "17", "", "", "line1\nline2\ttab\x01\x1b[31mred", 17}},
	{"musl syslog(3)", parsed{"daemon.info", "Nov 23 13:30:05", "vm", "prog", "17", "", "", "", 17}},
	// The ident is "my prog: x": nobody can tell where that ends.
	{"musl syslog(3)", parsed{"local7.debug", "Nov 23 13:30:05", "vm", "", "", "", "", "my prog: x[17]: odd ident", 0}},
	{"musl syslog(3)", parsed{"authpriv.crit", "Nov 23 13:30:05", "vm", "", "17", "", "", "empty ident", 17}},
	{"busybox logger", parsed{"user.notice", "Nov 23 13:30:05", "vm", "bb", "", "", "", "hello bb", 0}},
	{"busybox logger", parsed{"local0.err", "Nov 23 13:30:05", "vm", "root", "", "", "", "no tag", 0}},
	{"util-linux logger 2.38", parsed{"user.notice", "Nov 23 13:30:05", "vm", "ul", "", "", "", "hello", 0}},
	{"util-linux logger 2.38", parsed{"auth.warning", "Nov 23 13:30:05", "vm", "root", "25", "", "", "with pid", 25}},
	{"util-linux logger 2.38", parsed{"user.notice", "", "vm", "ul", "", "", "", "five-min", 0}},
	{"util-linux logger 2.38", parsed{"user.notice", "Nov 23 13:30:05", "vm", "root", "", "", "", "three", 0}},
	{"util-linux logger 2.38", parsed{"user.notice", "Nov 23 13:30:05", "vm", "pipe", "", "", "", "b", 0}},
	{"util-linux logger 2.38", parsed{"user.notice", "Nov 23 13:30:05", "vm", "pipe", "", "", "", "", 0}},
	{"util-linux logger 2.38", parsed{"user.notice", "Nov 23 13:30:05", "vm", "ul", "", "", "", "se", 0}},
	{"util-linux logger 2.38", parsed{"user.err", "Nov 23 13:30:05", "vm", "pp", "", "", "", "with prio", 0}},
	{"python SysLogHandler", parsed{"user.err", "", "vm", "", "", "", "", "plain msg", 0}},
	{"python SysLogHandler", parsed{"user.warning", "", "vm", "", "", "", "", "multi\nline", 0}},
	{"python SysLogHandler", parsed{"user.info", "", "vm", "myapp", "", "", "", "nonul", 0}},
	{"python SysLogHandler", parsed{"user.info", "", "vm", "myapp", "", "", "", "u€ nicode", 0}},
	{"python SysLogHandler", parsed{
		"user.err", "", "vm", "myapp", "", "", "",
		"trace\nTraceback (most recent call last):\n  File \"<stdin>\", line 9, in <module>\nZeroDivisionError: division by zero", 0,
	}},
	{"php 8.2", parsed{"local1.warning", "Nov 23 13:30:06", "vm", "phpapp", "46", "", "", "php warn", 46}},
	{"perl Sys::Syslog", parsed{"user.info", "Nov 23 13:30:06", "vm", "perlapp", "48", "", "", "perl x", 48}},
	{"nginx error_log", parsed{"local2.debug", "Nov 23 13:30:47", "vm", "ngx", "", "", "", "2026/11/23 13:30:47 [debug] 6#6: bind() 127.0.0.1:8080 #3 ", 0}},
	{"nginx error_log", parsed{"local2.notice", "Nov 23 13:30:47", "vm", "ngx", "", "", "", "2026/11/23 13:30:47 [notice] 6#6: nginx/1.22.1", 0}},
	{"nginx error_log", parsed{"local2.notice", "Nov 23 13:30:47", "vm", "ngx", "", "", "", "2026/11/23 13:30:47 [notice] 6#6: OS: Linux 6.18.44-fc-v657", 0}},
	{"nginx error_log", parsed{"local2.notice", "Nov 23 13:30:47", "vm", "ngx", "", "", "", "2026/11/23 13:30:47 [notice] 6#6: start worker processes", 0}},
	{"nginx error_log", parsed{"local2.notice", "Nov 23 13:30:47", "vm", "ngx", "", "", "", "2026/11/23 13:30:47 [notice] 6#6: start worker process 8", 0}},
	{"nginx error_log", parsed{
		"local2.debug", "Nov 23 13:30:48", "vm", "ngx", "", "", "",
		"2026/11/23 13:30:48 [debug] 8#8: *1 http finalize request: 0, \"/a\nb?\" a:1, c:1", 0,
	}},
	{"nginx access_log", parsed{
		"local7.info", "Nov 23 13:30:48", "vm", "nginx", "", "", "",
		`127.0.0.1 - - [23/Nov/2026:13:30:48 +0000] "GET /a%0ab HTTP/1.1" 404 1 "-" "Python-urllib/3.11"`, 0,
	}},
	{"nginx error_log", parsed{
		"local2.notice", "Nov 23 13:30:49", "vm", "ngx", "", "", "",
		"2026/11/23 13:30:49 [notice] 6#6: signal 15 (SIGTERM) received from 1, exiting", 0,
	}},
	{"nginx error_log", parsed{"local2.notice", "Nov 23 13:30:49", "vm", "ngx", "", "", "", "2026/11/23 13:30:49 [notice] 8#8: exiting", 0}},
	{"nginx error_log", parsed{
		"local2.notice", "Nov 23 13:30:49", "vm", "ngx", "", "", "",
		"2026/11/23 13:30:49 [notice] 6#6: worker process 8 exited with code 0", 0,
	}},
	{"nginx error_log", parsed{"local2.notice", "Nov 23 13:30:49", "vm", "ngx", "", "", "", "2026/11/23 13:30:49 [notice] 6#6: exit", 0}},
	{"cron", parsed{"cron.info", "Nov 23 13:30:54", "vm", "cron", "21", "", "", "(CRON) INFO (Running @reboot jobs)", 21}},
	{"sudo", parsed{
		"authpriv.alert", "Nov 23 13:30:54", "vm", "sudo", "", "", "",
		"    root : unable to resolve host vm: Temporary failure in name resolution", 0,
	}},
	{"sudo", parsed{
		"authpriv.debug", "Nov 23 13:30:54", "vm", "sudo", "", "", "",
		"pam_limits(sudo:session): Could not set limit for 'core' to soft=0, hard=-1: Operation not permitted; uid=0,euid=0", 0,
	}},
	{"sudo", parsed{
		"authpriv.info", "Nov 23 13:30:54", "vm", "sudo", "", "", "",
		"pam_unix(sudo:session): session opened for user nobody(uid=65534) by (uid=0)", 0,
	}},
	{"sudo", parsed{
		"authpriv.notice", "Nov 23 13:30:54", "vm", "sudo", "", "", "",
		"    root : PWD=/work ; USER=nobody ; COMMAND=/usr/bin/sh -c 'logger -t unpriv hi'", 0,
	}},
	{"util-linux logger 2.38", parsed{"user.notice", "Nov 23 13:30:54", "vm", "unpriv", "", "", "", "hi", 0}},
	{"openssh", parsed{"auth.info", "Nov 23 13:30:55", "vm", "sshd", "29", "", "", "Server listening on :: port 2222.", 29}},
	{"openssh", parsed{"auth.info", "Nov 23 13:30:55", "vm", "sshd", "33", "", "", "Invalid user nope from 127.0.0.1 port 48862", 33}},
	{"openssh", parsed{"auth.info", "Nov 23 13:30:55", "vm", "sshd", "29", "", "", "Received signal 15; terminating.", 29}},
	{"dropbear", parsed{"authpriv.info", "Nov 23 13:30:55", "vm", "dropbear", "38", "", "", "Running in background", 38}},
	{"dropbear", parsed{
		"authpriv.info", "Nov 23 13:30:56", "vm", "dropbear", "41", "", "",
		"Generated hostkey /etc/dropbear/dropbear_ed25519_host_key, fingerprint is SHA256:ih2LGph771p2cbY5YG5tMKXM1KBSnH8MGTyMB1gKNEM", 41,
	}},
	{"dropbear", parsed{
		"authpriv.info", "Nov 23 13:30:56", "vm", "dropbear", "41", "", "",
		"Exit before auth from <127.0.0.1:35578>: (user 'root', 0 fails): Exited normally", 41,
	}},
	{"shadow", parsed{"authpriv.info", "Nov 23 13:30:56", "vm", "useradd", "43", "", "", "new group: name=zz, GID=999", 43}},
	{"shadow", parsed{
		"authpriv.info", "Nov 23 13:30:56", "vm", "useradd", "43", "", "",
		"new user: name=zz, UID=999, GID=999, home=/home/zz, shell=/bin/sh, from=none", 43,
	}},
	{"cron child", parsed{
		"authpriv.err", "Nov 23 13:31:04", "vm", "CRON", "59", "", "",
		"pam_env(cron:session): Unable to open env file: /etc/default/locale: No such file or directory", 59,
	}},
	{"cron child", parsed{"authpriv.info", "Nov 23 13:31:04", "vm", "CRON", "59", "", "", "pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)", 59}},
	{"cron child", parsed{"authpriv.info", "Nov 23 13:31:04", "vm", "CRON", "59", "", "", "pam_unix(cron:session): session closed for user root", 59}},
	{"rsyslogd", parsed{
		"syslog.err", "Nov 23 13:31:04", "vm", "rsyslogd", "", "", "",
		"cannot connect to 127.0.0.1:5515: Connection refused [v8.2302.0 try https://www.rsyslog.com/e/2027 ]", 0,
	}},
	{"rsyslogd", parsed{
		"syslog.warning", "Nov 23 13:31:04", "vm", "rsyslogd", "", "", "",
		"action 'action-1-builtin:omfwd' suspended (module 'builtin:omfwd'), next retry is Mon Nov 23 13:31:34 2026, retry nbr 0. " +
			"There should be messages before this one giving the reason for suspension. [v8.2302.0 try https://www.rsyslog.com/e/2007 ]", 0,
	}},
	{"rsyslogd", parsed{
		"syslog.info", "Nov 23 13:31:06", "vm", "rsyslogd", "", "", "",
		`[origin software="rsyslogd" swVersion="8.2302.0" x-pid="56" x-info="https://www.rsyslog.com"] exiting on signal 15.`, 0,
	}},
}

func TestParseFixtures(t *testing.T) {
	t.Parallel()
	all := datagrams(t)
	if len(all) != len(meant) {
		t.Fatalf("%d datagrams, but %d are known", len(all), len(meant))
	}
	for i, d := range all {
		if d.Client != meant[i].client {
			t.Errorf("line %d is from %s, want %s", i+1, d.Client, meant[i].client)
		}
		if diff := cmp.Diff(meant[i].want, parse(d.Raw, true)); diff != "" {
			t.Errorf("line %d, %s: %q (-want +have):\n%s", i+1, d.Client, d.Raw, diff)
		}
	}
}

// Over the network only "my prog: " reads differently: as a host and a tag.
func TestParseFixturesFromNetwork(t *testing.T) {
	t.Parallel()
	odd := parsed{"local7.debug", "Nov 23 13:30:05", "my", "prog", "", "", "", "x[17]: odd ident", 0}
	for i, d := range datagrams(t) {
		want := meant[i].want
		if want.Text == "my prog: x[17]: odd ident" {
			want = odd
		}
		if diff := cmp.Diff(want, parse(d.Raw, false)); diff != "" {
			t.Errorf("line %d, %s: %q (-want +have):\n%s", i+1, d.Client, d.Raw, diff)
		}
	}
}
