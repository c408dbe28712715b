package main_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/pid1test"
)

// stay keeps a logger that reads its lines until the test has seen them.
const stay = "; cat; } | "

// TestSyslogLogger plays with logger(1) of util-linux. Its message is one of a
// few formats, and the line is the same for all.
func TestSyslogLogger(t *testing.T) {
	t.Parallel()
	pid1test.NeedProgram(t, "/usr/bin/logger", "bsdutils")
	for name, test := range map[string]struct {
		script string
		want   []string
		stdout string
		files  map[string]string
	}{
		"default":   {script: "logger hello", want: []string{"user.notice root[PID]: hello"}},
		"arguments": {script: "logger -t tag -- -a  'b  c'", want: []string{"user.notice tag[PID]: -a b  c"}},
		"-i":        {script: "logger -i -t t x", want: []string{"user.notice t[PID]: x"}},
		"--id":      {script: "logger --id -t t x", want: []string{"user.notice t[PID]: x"}},
		"--id of nobody is a claim": {
			script: "logger --id=98765 -t t x", want: []string{"user.notice t[PID]: x"},
		},
		"-p": {
			script: "for p in local7.err debug kern.crit security.info authpriv.emerg cron.panic; do logger -t t -p $p $p; done",
			want: []string{
				"local7.err t[PID]: local7.err", "user.debug t[PID]: debug",
				"user.crit t[PID]: kern.crit", // logger lets nobody be the kernel
				"auth.info t[PID]: security.info", "authpriv.emerg t[PID]: authpriv.emerg", "cron.emerg t[PID]: cron.panic",
			},
		},
		"odd tags": {
			script: "logger -t a/b.c-d_e x; { echo y" + stay + "logger -t p@1:80",
			want:   []string{"user.notice a/b.c-d_e[PID]: x", "user.notice logger[PID]: p@1:80: y"},
		},
		"no tag": {script: "{ echo x" + stay + "logger -t ''", want: []string{"user.notice logger[PID]: x"}},
		"tag in the text": {
			script: "logger cron[98765]: x", want: []string{"user.notice root[PID]: cron[98765]: x"},
		},
		"-s": {
			script: "logger -s -i -p daemon.warning -t t x 2>&1 | sed 's/>.*:/>/'",
			want:   []string{"daemon.warning t[PID]: x"}, stdout: "<28> x\n",
		},
		"--rfc3164":    {script: "logger --rfc3164 -t t x", want: []string{"user.notice t[PID]: x"}},
		"--rfc3164 -i": {script: "logger --rfc3164 -i -t t x", want: []string{"user.notice t[PID]: x"}},
		"--rfc5424": {
			script: "for o in '' =notime =notq =nohost =notime,notq =notq,nohost =notime,notq,nohost; do logger --rfc5424$o -t t -p mail.info \"x $o\"; done",
			want: []string{
				"mail.info t[PID]: x ", "mail.info t[PID]: x =notime", "mail.info t[PID]: x =notq", "mail.info t[PID]: x =nohost",
				"mail.info t[PID]: x =notime,notq", "mail.info t[PID]: x =notq,nohost", "mail.info t[PID]: x =notime,notq,nohost",
			},
		},
		"--rfc5424 with all": {
			script: `logger --rfc5424 -i -t t --msgid ID47 --sd-id zoo@123 --sd-param 'tiger="hungry"' --sd-id a@2 --sd-param 'b="c d"' x`,
			want:   []string{"user.notice t[PID]: x"},
		},
		"--rfc5424, no tag": {
			script: "{ echo x" + stay + "logger --rfc5424 -t -", want: []string{"user.notice logger[PID]: x"},
		},
		"-f": {
			script: "logger -t t -f /data", files: map[string]string{"/data": "one\n\n  two\nlast"},
			want: []string{"user.notice t[PID]: one", "user.notice t[PID]: ", "user.notice t[PID]:   two", "user.notice t[PID]: last"},
		},
		"-e -f": {
			script: "logger -e -t t -f /data", files: map[string]string{"/data": "\none\n\nlast\n\n"},
			want: []string{"user.notice t[PID]: one", "user.notice t[PID]: last"},
		},
		"stdin": {
			script: `printf 'one\n\n\ttwo\nlast' | logger -t t`,
			want:   []string{"user.notice t[PID]: one", "user.notice t[PID]: ", "user.notice t[PID]: \ttwo", "user.notice t[PID]: last"},
		},
		"--prio-prefix": {
			script: `printf '<11>eleven\n<191>highest\nnone\n<999>too high\n<>empty\n' | logger --prio-prefix -p ftp.info -t t`,
			want: []string{
				"user.err t[PID]: eleven", "local7.debug t[PID]: highest", "local7.debug t[PID]: none",
				"ftp.info t[PID]: <999>too high", "ftp.emerg t[PID]: empty",
			},
		},
		"-S cuts": {
			script: "logger -t t -S 5 abcdefghij; logger -t t -S 5 ab cde fghij; echo abcdefghij | logger -t t -S 5",
			want: []string{
				"user.notice t[PID]: abcde", "user.notice t[PID]: ab", "user.notice t[PID]: cde", "user.notice t[PID]: fghij",
				"user.notice t[PID]: abcde", "user.notice t[PID]: fghij",
			},
		},
		"-S allows": {
			script: "logger -t t -S 60000 $(printf %050000d 0)", want: []string{"user.notice t[PID]: " + strings.Repeat("0", 50000)},
		},
		"-u":           {script: "logger -u /dev/log -t t x", want: []string{"user.notice t[PID]: x"}},
		"-u elsewhere": {script: "logger --socket-errors=on -u /no/log -t t x 2>&1 || :", stdout: "logger: socket /no/log: No such file or directory\n"},
		"nothing":      {script: "logger ''; logger -t t ' '; logger -t t end", want: []string{"user.notice t[PID]:  ", "user.notice t[PID]: end"}},
		"a priority in the text": {
			script: "logger -t t '<8>x'; { echo '<8>y'" + stay + "logger -t ''",
			want:   []string{"user.notice t[PID]: <8>x", "user.notice logger[PID]: <8>y"},
		},
		"newlines": {
			script: "logger -t t 'one\n[web] kern.emerg x[98765]: forged\n\nlast'",
			want: []string{
				"user.notice t[PID]: one", "user.notice t[PID]: [web] kern.emerg x[98765]: forged", "user.notice t[PID]: ",
				"user.notice t[PID]: last",
			},
		},
		"bytes": {
			script: `logger -t t "$(printf 'bad\377utf \303\274 \342\202\254 \033[2J \r \342\200\250 \302\233')"`,
			want:   []string{`user.notice t[PID]: bad\xffutf ü € \x1b[2J \x0d \xe2\x80\xa8 \xc2\x9b`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			syslogClient{args: shellScript(test.script), want: test.want, stdout: test.stdout, files: test.files}.log(t)
		})
	}
}

// TestSyslogLoggerElsewhere sends to sockets other than /dev/log. Over a network
// logger writes RFC 5424 unless told otherwise, and the kernel names no sender.
func TestSyslogLoggerElsewhere(t *testing.T) {
	t.Parallel()
	pid1test.NeedProgram(t, "/usr/bin/logger", "bsdutils")
	commands := map[string]string{ // by the line, but for the text
		"user.notice chroot[PID]":    "logger -u /srv/dev/log -t chroot",
		"user.notice stream[PID]":    "logger -u /run/stream -t stream",
		"user.notice counted[PID]":   "logger -u /run/stream --octet-count -t counted",
		"user.notice udp":            "logger -n 127.0.0.1 -d -P 514 -t udp",
		"user.notice udp3164[98765]": "logger -n 127.0.0.1 -d -P 514 --rfc3164 --id=98765 -t udp3164",
		"user.notice tcp":            "logger -n 127.0.0.1 -T -P 514 -t tcp",
		"user.notice tcp3164":        "logger -n 127.0.0.1 -T -P 514 --rfc3164 -t tcp3164",
		"user.notice tcpcounted":     "logger -n localhost -T -P 514 --octet-count -t tcpcounted",
		"user.notice countedlines":   "printf 'one\\ntwo\\n' | logger -n 127.0.0.1 -T -P 514 --octet-count -t countedlines",
		"user.notice both[PID]":      "logger -t both",
		"user.notice withsize[PID]":  "logger -S 9000 -u /run/stream -t withsize",
	}
	var script strings.Builder
	var want []string
	for line, command := range commands {
		if strings.HasPrefix(command, "logger") {
			command += " 'text of " + line + "'"
			want = append(want, line+": text of "+line)
		} else {
			want = append(want, line+": one", line+": two")
		}
		script.WriteString(command + "\n")
	}
	r := start(t, pid1test.Box{
		Args: append([]string{
			"--syslog-listen=/dev/log /srv/dev/log stream:/run/stream udp:127.0.0.1:514 tcp:127.0.0.1:514",
		}, shellScript(script.String()+"cat")...),
		Files: map[string]string{"/srv/dev/": ""}, Host: hostPrograms, Env: []string{quiet}, Interactive: true,
	})
	for _, line := range want {
		r.WaitFor(line[strings.LastIndex(line, ": "):] + "\n")
	}
	r.CloseStdin()
	r.Wait()
	got := plainLines(r)
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("stderr, sorted (-want +got):\n%s", diff)
	}
}

// TestSyslogLoggerCount is about --octet-count, which belongs on TCP: on /dev/log
// the count takes the priority from its place, and the message stays whole.
func TestSyslogLoggerCount(t *testing.T) {
	t.Parallel()
	pid1test.NeedProgram(t, "/usr/bin/logger", "bsdutils")
	r := start(t, pid1test.Box{Args: shellScript("{ echo x" + stay + "logger --octet-count -t t"), Env: []string{quiet}, Host: hostPrograms, Interactive: true})
	r.WaitFor("t: x\n")
	r.CloseStdin()
	r.Wait()
	if want := `^(\[CMD\] )?user\.notice logger\[\d+\]: 24 <13>... .. ..:..:.. t: x\n$`; !regexp.MustCompile(want).MatchString(r.Stderr()) {
		t.Errorf("stderr is %q, want %s", r.Stderr(), want)
	}
}

// TestSyslogLoggerAs lets logger(1) have the kernel say that it is another
// process, which it may with CAP_SYS_ADMIN: unix(7), SCM_CREDENTIALS.
func TestSyslogLoggerAs(t *testing.T) {
	t.Parallel()
	pid1test.NeedRoot(t)
	pid1test.NeedProgram(t, "/usr/bin/logger", "bsdutils")
	r := start(t, pid1test.Box{
		Args: shellScript("echo $$; logger --id=$$ -t t x; cat"), Env: []string{quiet}, Host: hostPrograms,
		Interactive: true, Privileged: true,
	})
	r.WaitFor("t[")
	r.CloseStdin()
	r.Wait()
	want := "[CMD] user.notice t[" + strings.TrimSpace(r.Stdout()) + "]: x\n"
	if diff := cmp.Diff(want, r.Stderr()); diff != "" {
		t.Errorf("stderr (-want +got):\n%s", diff)
	}
}

func TestSyslogBusyboxLogger(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		script string
		want   []string
		stdout string
	}{
		"default": {script: "logger hello world", want: []string{"user.notice root[PID]: hello world"}},
		"-t -p":   {script: "logger -t tag -p local0.warn x; logger -p 3 -t t y", want: []string{"local0.warning tag[PID]: x", "user.err t[PID]: y"}},
		"-p kern": {script: "logger -t t -p kern.crit x", want: []string{"kern.crit t[PID]: x"}},
		"-s":      {script: "logger -s -t t x 2>&1", want: []string{"user.notice t[PID]: x"}, stdout: "t: x\n"},
		"stdin": {
			script: `printf 'one\n\n  two\nlast' | logger -t t`,
			want:   []string{"user.notice t[PID]: one", "user.notice t[PID]:   two", "user.notice t[PID]: last"},
		},
		"no tag":  {script: "{ echo x" + stay + "logger -t ''", want: []string{"user.notice logger[PID]: x"}},
		"empty":   {script: "logger -t t ''; logger -t t end", want: []string{"user.notice t[PID]: ", "user.notice t[PID]: end"}},
		"newline": {script: "logger -t t 'one\n\ttwo'", want: []string{"user.notice t[PID]: one", "user.notice t[PID]: \ttwo"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script := strings.ReplaceAll(test.script, "logger ", "busybox logger ")
			want := test.want
			if name == "no tag" {
				want = []string{"user.notice busybox[PID]: x"}
			}
			syslogClient{args: shellScript(script), want: want, stdout: test.stdout}.log(t)
		})
	}
}
