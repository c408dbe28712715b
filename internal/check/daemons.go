//go:build linux

package check

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/sillelien/baseinit/internal/s6/smallfile"
)

// daemons are programs that go into the background, a line each: a name, and the options of
// which one keeps them in the foreground, or ends them soon. Behind a ! stand options without
// which they do not go. Behind a | stand files that may say so as well, and what they then say.
// Options of one letter may be joined with others; of all else blanks do not count.
const daemons = `
acpid -f -d
apache2 -DFOREGROUND -X -t -v -V -l -L -kstop -kgraceful -krestart
apache2ctl -DFOREGROUND -X -t -v -V -l -L stop graceful restart configtest status
apachectl -DFOREGROUND -X -t -v -V -l -L stop graceful restart configtest status
aria2c ! -D --daemon
avahi-daemon ! -D --daemonize
bgpd ! -d --daemon
bird -f -d -p --version
chronyd -d -n -Q -q -v
clamd -F --foreground --version | /etc/clamav/*.conf /etc/clamd.conf /etc/clamd.d/*.conf /usr/local/etc/clamd.conf: Foregroundyes Foregroundtrue
collectd -f -t -T -h
cron -f -n -x
crond -f -d -n -x -V
darkhttpd ! --daemon
dbus-daemon --nofork --version ! --system --fork
deluged -d --do-not-daemonize -V --version
dhcpd -f -d -t -T
dnsmasq -k -d --keep-in-foreground --no-daemon --test --version | /etc/dnsmasq.conf /etc/dnsmasq.d/*: keep-in-foreground
dovecot -F -n -a --version reload stop
dropbear -F -i -V
exim -bdf -bs -bp -bt ! -bd
exim4 -bdf -bs -bp -bt ! -bd
fail2ban-client -f --foreground status reload set get ping stop -t -V
fail2ban-server -f --foreground -t -V
freeradius -f -X -C -v
gunicorn ! -D --daemon
haproxy ! -D
httpd -DFOREGROUND -X -f -t -v -V -l -L -kstop
icecast ! -b
icecast2 ! -b
inetd -f -d -i
keepalived -n --dont-fork -t -v
klogd -n
knotd ! -d --daemonize
lighttpd -D -t -tt -v -V
lldpd -d -v -h
memcached ! -d --daemon
mini_httpd -D -V
minidlnad -d -S -V
mongod ! --fork
mosquitto ! -d
mpd --no-daemon --stdout --stderr --version
mysqld ! --daemonize
named -f -g -F -v -V
nginx daemonoff -t -T -v -V -s | /etc/nginx/*.conf /etc/nginx/*/*.conf /etc/nginx/*/*/*.conf /usr/local/nginx/conf/*.conf /opt/nginx/conf/*.conf: daemonoff
nmbd -F --foreground -i --interactive -V
nrpe -f ! -d --daemon
nsd -d -v -h
ntpd -n -d -q
opendkim -f -n -V
opendmarc -f -n -V
openvpn ! --daemon
ospfd ! -d --daemon
php-fpm -F --nodaemonize -t -tt -v -i -m | /usr/local/etc/php-fpm.conf /usr/local/etc/php-fpm.d/* /etc/php-fpm.conf /etc/php-fpm.d/* /etc/php*/php-fpm.conf /etc/php*/php-fpm.d/* /etc/php/*/fpm/*.conf /etc/php/*/fpm/*/*: daemonize=no daemonize=0 daemonize=false daemonize=off
postfix start-fg check status reload flush stop abort set-permissions upgrade-configuration post-install
postgrey ! -d --daemonize
privoxy --no-daemon --version --help
proftpd -n --nodaemon -q -t -v
pure-ftpd ! -B --daemonize
radiusd -f -X -C -v
redis-server ! --daemonizeyes
rpc.mountd -F -d
rpc.statd -F -d
rpcbind -f -d
rspamd -f --no-fork -t -v
rsync --no-detach ! --daemon
rsyslogd -n -N -v
shairport-sync ! -d --daemon
slapd -d -T -V
smbd -F --foreground -i --interactive -b -V
snmpd -f -v -h
snmptrapd -f -v -h
spamd ! -d --daemonize
squeezelite ! -z
squid -N --foreground -k -z -v
sshd -D -d -i -t -T -V -G
supervisord -n --nodaemon -v | /etc/supervisord.conf /etc/supervisor/*.conf /etc/supervisor/*/*.conf /etc/supervisor.d/* /etc/supervisord.d/*: nodaemon=true nodaemon=1 nodaemon=yes
syslog-ng -F --foreground -s -V --version
syslogd -n
thttpd -D -V
tinyproxy -d -v -h
transmission-daemon -f --foreground -d --dump-settings -V
udhcpd -f
ulogd ! -d --daemon
unbound -d -V -h | /etc/unbound/*.conf /etc/unbound/*/*.conf /opt/unbound/etc/unbound/*.conf: do-daemonize:no
uwsgi ! -d --daemonize
varnishd -F -d -V -C
winbindd -F --foreground -i --interactive -V
xinetd -dontfork -d
zabbix_agentd -f --foreground -t -p -R -V
zebra ! -d --daemon
znc -f --foreground -D --debug -v -c -p
`

// daemon is a line of daemons.
type daemon struct {
	name         string
	keeps, sends []string // options
	files, says  []string
}

// findDaemon finds a program in daemons.
func findDaemon(program string) (d daemon, found bool) {
	d.name = filepath.Base(program)
	if strings.HasPrefix(d.name, "php-fpm") { // php-fpm8.3, php-fpm83
		d.name = "php-fpm"
	}
	line, found := lineFor(daemons, d.name)
	options, config, _ := strings.Cut(line, "|")
	keeps, sends, _ := strings.Cut(options, "! ")
	files, says, _ := strings.Cut(config, ":")
	d.keeps, d.sends, d.files, d.says = strings.Fields(keeps), strings.Fields(sends), strings.Fields(files), strings.Fields(says)
	return d, found
}

// goesAway tells whether a daemon goes into the background with these arguments, as far as they
// say. What is not known may hold any option.
func (d daemon) goesAway(args []string) bool {
	if len(d.sends) > 0 && !slices.ContainsFunc(d.sends, func(o string) bool { return isGiven(args, o) }) {
		return false
	}
	unknown := func(arg string) bool { return strings.HasPrefix(arg, "$") || strings.HasPrefix(arg, "`") }
	return !slices.ContainsFunc(args, unknown) && !slices.ContainsFunc(d.keeps, func(o string) bool { return mayHold(args, o) })
}

// isGiven tells whether an option stands among arguments as it is.
func isGiven(args []string, option string) bool {
	for i, arg := range args {
		value, hasValue := strings.CutPrefix(arg, option+"=")
		switch {
		case arg == option, i > 0 && args[i-1]+arg == option:
			return true
		case hasValue:
			return !slices.Contains([]string{"0", "no", "off", "false"}, strings.ToLower(value))
		}
	}
	return false
}

// mayHold tells whether an option stands among arguments in any way.
func mayHold(args []string, option string) bool {
	if len(option) != 2 {
		return strings.Contains(strings.ReplaceAll(strings.Join(args, ""), " ", ""), option)
	}
	return slices.ContainsFunc(args, func(arg string) bool {
		return len(arg) > 1 && arg[0] == '-' && arg[1] != '-' && strings.IndexByte(arg, option[1]) > 0
	})
}

// remedy is what keeps the daemon in the foreground.
func (d daemon) remedy() string {
	switch {
	case len(d.sends) > 0:
		return "take " + strings.Join(d.sends, " and ") + " away"
	case d.name == "nginx":
		return `start it with -g "daemon off;"`
	}
	return "start it with " + d.keeps[0]
}

// foreground finds a service that goes into the background. If it stays, or may stay, use is
// called.
func (c *checker) foreground(path string, line chain, stays func()) {
	program, args := line.argv[0], line.argv[1:]
	f := Finding{Severity: Warning, Code: Daemonises, Text: filepath.Base(program) + " goes into the background: the service ends at once, and is started again and again"}
	if isStarter(program, args) {
		f.Fix = "run the daemon itself, in the foreground"
		c.findAt(path, line.at[0], f)
		return
	}
	d, found := findDaemon(program)
	if !found || !d.goesAway(args) {
		stays()
		return
	}
	f.Fix = d.remedy()
	c.later = append(c.later, func() { // when it is known whether a script changes the configuration
		foreground, known := c.says(d, args)
		switch {
		case foreground:
			stays()
			return
		case !known && len(d.says) > 0:
			f.Severity, f.Text = Info, filepath.Base(program)+" goes into the background, unless its configuration, which is not here, says otherwise"
			stays()
		}
		c.findAt(path, line.at[0], f)
	})
}

// isStarter tells whether a command starts a daemon and ends.
func isStarter(program string, args []string) bool {
	if !slices.Contains(args, "start") && !slices.Contains(args, "restart") {
		return false
	}
	switch filepath.Base(program) {
	case "service", "rc-service", "systemctl", "invoke-rc.d":
		return true
	}
	return filepath.Dir(program) == "/etc/init.d"
}

// says tells whether the configuration of a daemon keeps it in the foreground, and whether there
// is one.
func (c *checker) says(d daemon, args []string) (foreground, known bool) {
	if len(d.says) == 0 {
		return false, false
	}
	patterns := d.files
	for _, arg := range args { // -c FILE and --config=FILE
		if _, value, found := strings.Cut(arg, "="); found {
			arg = value
		}
		if filepath.IsAbs(arg) {
			patterns = append([]string{arg}, patterns...)
		}
	}
	for i, pattern := range patterns {
		files := c.glob(pattern)
		if len(files) == 0 && i < len(patterns)-len(d.files) {
			return true, false // it comes with a volume, or a script makes it
		}
		for _, file := range files {
			data, err := smallfile.Read(file, scriptLimit)
			known = known || err == nil
			for line := range strings.Lines(string(data)) {
				line = strings.Join(strings.Fields(line), "")
				if slices.ContainsFunc(d.says, func(s string) bool { return strings.HasPrefix(line, s) }) {
					return true, true
				}
			}
		}
	}
	if c.dense == "" {
		c.dense = strings.Join(strings.Fields(c.texts.String()), "")
	}
	return slices.ContainsFunc(d.says, func(s string) bool { return strings.Contains(c.dense, s) }), known
}

// glob finds files of the container below root.
func (c *checker) glob(pattern string) (files []string) {
	dir, rest := pattern, ""
	if before, _, found := strings.Cut(pattern, "*"); found {
		cut := strings.LastIndexByte(before, '/')
		dir, rest = pattern[:cut], pattern[cut:]
	}
	inside, found := c.below(dir)
	if !found {
		return nil
	}
	matches, _ := filepath.Glob(inside + rest)
	for _, m := range matches {
		if file, found := c.below(strings.TrimPrefix(m, c.root)); found && !isDir(file) {
			files = append(files, file)
		}
	}
	return files
}
