package main_test

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/pid1test"
)

// daemon is a service that is a daemon of the machine, and CMD its client.
type daemon struct {
	program, pkg string
	run          string            // the run script's commands
	files        map[string]string // and what it reads
	client       string            // CMD's script
	last         string            // what the last line has that is due to it
	// prefix is what all lines of the service begin with, as normal gives them.
	prefix *regexp.Regexp
	// replace takes out what differs from run to run: what matches becomes N.
	replace *regexp.Regexp
	// want are some of the lines, in which those that are equal come once.
	want []string
}

// passwd is what daemons drop their privileges to.
const passwd = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n" +
	"sshd:x:100:65534::/run/sshd:/usr/sbin/nologin\n"

// start starts the init with the daemon as its service "srv", and ends CMD when
// the client has been served.
func (d daemon) start(t *testing.T, flags ...string) container {
	t.Helper()
	pid1test.NeedRoot(t) // they become other users
	pid1test.NeedProgram(t, d.program, d.pkg)
	files := map[string]string{
		"/etc/services.d/srv/run": shebang + d.run, "/etc/passwd": passwd,
		"/var/log/nginx/": "", "/var/lib/nginx/": "", "/run/sshd/": "", "/etc/dropbear/": "",
	}
	maps.Copy(files, d.files)
	r := start(t, pid1test.Box{
		Args: append(flags, "sh", "-c", d.client+"\ncat"), Interactive: true,
		Files: files, Host: hostPrograms, Env: []string{quiet},
	})
	r.WaitFor(d.last)
	r.CloseStdin()
	return r
}

// log compares what the daemon has logged when all has ended.
func (d daemon) log(t *testing.T) {
	t.Helper()
	r := d.start(t)
	r.Wait()
	var got []string
	for _, line := range normal(r.Stderr()) {
		if !strings.HasPrefix(line, "[srv] ") {
			continue // what the daemon wrote to stderr itself
		}
		if !d.prefix.MatchString(line) {
			t.Errorf("line %q does not match %s", line, d.prefix)
		}
		line = d.replace.ReplaceAllString(line, "N")
		if slices.Contains(d.want, line) {
			got = append(got, line)
		}
	}
	slices.Sort(got)
	slices.Sort(d.want)
	if diff := cmp.Diff(d.want, slices.Compact(got)); diff != "" {
		t.Errorf("lines, sorted (-want +got):\n%s", diff)
	}
}

// nginx has a master and a worker, which is another user and sends on the socket
// that the master has opened.
func nginx() daemon {
	return daemon{
		program: "/usr/sbin/nginx", pkg: "nginx-light",
		run: "exec nginx -c /etc/nginx.conf\n",
		files: map[string]string{"/etc/nginx.conf": `
			daemon off;
			user nobody nobody;
			worker_processes 1;
			pid /run/nginx.pid;
			error_log syslog:server=unix:/dev/log,facility=local2,tag=ngx notice;
			events {}
			http {
				log_format short '$pid $request $status';
				access_log syslog:server=unix:/dev/log short;
				access_log syslog:server=unix:/dev/log,nohostname,facility=local0,severity=warn,tag=nohost short;
				server {
					listen 127.0.0.1:8080;
					location / { return 200 "hi\n"; }
					location /nofile { root /nowhere; }
				}
			}`},
		client: "until busybox wget -q -O- http://127.0.0.1:8080/ 2>/dev/null; do sleep 0.02; done\n" +
			"busybox wget -q -O- 'http://127.0.0.1:8080/nofile%0a<8>forged' 2>/dev/null",
		last:    "HTTP/1.1 404",
		prefix:  regexp.MustCompile(`^\[srv\] (local2\.\w+ ngx|local7\.info nginx|local0\.warning nohost)\[PID\]: (\d+/\d+/\d+ |\d+ GET|<8>forged")`),
		replace: regexp.MustCompile(`\d+/\d+/\d+ \d+:\d+:\d+|\d+#\d+|\*\d+|\b\d+ GET`),
	}
}

func TestSyslogNginx(t *testing.T) {
	t.Parallel()
	d := nginx()
	const forged = "/nofile%0a<8>forged HTTP/1.1"
	d.want = []string{
		`[srv] local2.notice ngx[PID]: N [notice] N: using the "epoll" event method`, // before it knows its host
		"[srv] local2.notice ngx[PID]: N [notice] N: start worker processes",
		"[srv] local7.info nginx[PID]: N / HTTP/1.1 200",
		"[srv] local0.warning nohost[PID]: N / HTTP/1.1 200",
		"[srv] local7.info nginx[PID]: N " + forged + " 404",
		"[srv] local0.warning nohost[PID]: N " + forged + " 404",
		`[srv] local2.err ngx[PID]: N [error] N: N open() "/nowhere/nofile`,
		`[srv] local2.err ngx[PID]: <8>forged" failed (2: No such file or directory), client: 127.0.0.1, server: , ` +
			`request: "GET ` + forged + `", host: "127.0.0.1:8080"`,
		"[srv] local2.notice ngx[PID]: N [notice] N: signal 15 (SIGTERM) received from 1, exiting",
		"[srv] local2.notice ngx[PID]: N [notice] N: exit",
		"[srv] local2.notice ngx[PID]: N [notice] N: exiting",
	}
	d.log(t)
}

// TestSyslogNginxWorker asks the kernel, through the lines, who the worker is.
func TestSyslogNginxWorker(t *testing.T) {
	t.Parallel()
	r := nginx().start(t, "--output=json")
	r.Wait()
	type fields struct {
		Service, Tag, Comm, Msg string
		UID, PID                int
	}
	users := map[int]int{}
	for line := range strings.Lines(r.Stderr()) {
		var got fields
		if err := json.Unmarshal([]byte(line), &got); err != nil || (got.Tag != "nginx" && got.Tag != "ngx") {
			continue
		}
		users[got.UID]++
		if got.Tag != "nginx" {
			continue
		}
		own, _, _ := strings.Cut(got.Msg, " ") // $pid
		pid, _ := strconv.Atoi(own)
		want := fields{Service: "srv", Tag: "nginx", Comm: "nginx", Msg: got.Msg, UID: 65534, PID: pid}
		if got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	if users[0] == 0 || users[65534] < 2 {
		t.Errorf("messages by user: %v, want some of the master's and of the worker's", users)
	}
}

// TestSyslogHaproxy has each of haproxy's formats: with and without a host, RFC
// 5424, and raw text that looks like a tag.
func TestSyslogHaproxy(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]string{"no host name": "", "host name": "log-send-hostname", "other host name": "log-send-hostname web.example.org"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := daemon{
				program: "/usr/sbin/haproxy", pkg: "haproxy",
				run: "exec haproxy -W -db -f /etc/haproxy.cfg\n",
				files: map[string]string{"/etc/haproxy.cfg": `
global
	log /dev/log local0
	log /dev/log format rfc5424 local1
	log /dev/log format local local2
	log /dev/log format rfc3164 local3
	log /dev/log len 65535 format raw local4
	user nobody
	` + option + `
defaults
	mode http
	log global
	timeout client 5s
	timeout server 5s
	timeout connect 5s
frontend web
	bind 127.0.0.1:8081
	log-format "web: %r %ST"
	log-format-sd "[x@1 code=\"%ST\"]"
	http-request return status 200 content-type text/plain string "hi\n"
`},
				client:  "until busybox wget -q -O- http://127.0.0.1:8081/ 2>/dev/null; do sleep 0.02; done",
				last:    "user.notice haproxy",
				prefix:  regexp.MustCompile(`^\[srv\] (local[0-3]|user)\.\w+ haproxy\[PID\]: `),
				replace: regexp.MustCompile(`^$`),
			}
			for _, priority := range []string{"local0.info", "local1.info", "local2.info", "local3.info", "user.notice"} {
				d.want = append(d.want, "[srv] "+priority+" haproxy[PID]: web: GET / HTTP/1.1 200")
			}
			d.log(t)
		})
	}
}

func TestSyslogSSH(t *testing.T) {
	t.Parallel()
	listens := func(port string) string {
		return "until grep -q ':" + port + " .* 0A ' /proc/net/tcp; do sleep 0.02; done\n"
	}
	for name, d := range map[string]daemon{
		"sshd": {
			program: "/usr/sbin/sshd", pkg: "openssh-server and openssh-client",
			run:   "ssh-keygen -q -t ed25519 -N '' -f /etc/key\nexec /usr/sbin/sshd -D -f /etc/sshd_config -h /etc/key\n",
			files: map[string]string{"/etc/sshd_config": "UsePAM no\nPort 2222\nListenAddress 127.0.0.1\n"},
			client: listens("08AE") + "ssh -p 2222 -o BatchMode=yes -o StrictHostKeyChecking=no " +
				"-o UserKnownHostsFile=/dev/null nope@127.0.0.1 true 2>/dev/null",
			last:    "[preauth]",
			prefix:  regexp.MustCompile(`^\[srv\] auth\.\w+ sshd\[PID\]: `),
			replace: regexp.MustCompile(`\b\d{5}\b`),
			want: []string{
				"[srv] auth.info sshd[PID]: Server listening on 127.0.0.1 port 2222.",
				"[srv] auth.info sshd[PID]: Invalid user nope from 127.0.0.1 port N",
				"[srv] auth.info sshd[PID]: Connection closed by invalid user nope 127.0.0.1 port N [preauth]",
				"[srv] auth.info sshd[PID]: Received signal 15; terminating.",
			},
		},
		"dropbear": {
			program: "/usr/sbin/dropbear", pkg: "dropbear-bin",
			run:     "exec dropbear -F -R -p 127.0.0.1:2223\n",
			client:  listens("08AF") + "busybox nc 127.0.0.1 2223 >/dev/null", // as long as stdin is open
			last:    "Child connection from",
			prefix:  regexp.MustCompile(`^\[srv\] authpriv\.\w+ dropbear\[PID\]: `),
			replace: regexp.MustCompile(`\b\d{5}\b`),
			want: []string{
				"[srv] authpriv.info dropbear[PID]: Not backgrounding",
				"[srv] authpriv.info dropbear[PID]: Child connection from 127.0.0.1:N",
				"[srv] authpriv.info dropbear[PID]: Exit before auth from <127.0.0.1:N>: Exited normally",
				"[srv] authpriv.info dropbear[PID]: Early exit: Terminated by signal",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d.log(t)
		})
	}
}
