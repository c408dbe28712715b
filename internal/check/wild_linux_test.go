package check_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestWild: run scripts as popular images have them, written anew: what is found in each, and
// that nothing is found in those that are right.
func TestWild(t *testing.T) {
	t.Parallel()
	const (
		contenv = "#!/usr/bin/with-contenv bash\n"
		command = "#!/command/with-contenv bash\n"
		bashio  = "#!/command/with-contenv bashio\n"
		line    = "#!/usr/bin/execlineb -P\n"
	)
	for name, test := range map[string]struct{ run, want string }{
		// nginx, php and the like
		"nginx":                  {run: contenv + "exec nginx -g 'daemon off;'\n"},
		"nginx, spaces":          {run: sh + "exec /usr/sbin/nginx -c /etc/nginx/nginx.conf -g \"daemon   off; pid /run/nginx.pid;\"\n"},
		"nginx, configuration":   {run: contenv + "exec /usr/sbin/nginx -c /config/nginx/nginx.conf\n"},
		"nginx, unknown":         {run: contenv + "exec nginx\n", want: "note daemonises 2"},
		"nginx, variable":        {run: sh + "exec nginx -c \"$NGINX_CONF\"\n"},
		"nginx, tested before":   {run: sh + "nginx -t || exit 1\nexec nginx -g 'daemon off;'\n"},
		"nginx, forgotten":       {run: sh + "\nnginx -g \"daemon off;\"\n", want: "warning no-exec 3"},
		"nginx, both":            {run: sh + "nginx\n", want: "warning no-exec 2, note daemonises 2"},
		"nginx, service":         {run: sh + "service nginx start\n", want: "warning daemonises 2"},
		"nginx, execline":        {run: line + "with-contenv\nnginx -g \"daemon off;\"\n"},
		"nginx, piped":           {run: sh + "nginx -g 'daemon off;' 2>&1 | tee /var/log/nginx.log\n", want: "note no-exec 2"},
		"nginx, then tail":       {run: sh + "nginx\nexec tail -F /var/log/nginx/access.log\n"},
		"nginx, background":      {run: sh + "nginx -g 'daemon off;' &\n", want: "warning daemonises 2"},
		"nginx, waited for":      {run: sh + "nginx -g 'daemon off;' &\npid=$!\ntrap \"kill -QUIT $pid\" TERM\nwait $pid\n"},
		"php-fpm":                {run: sh + "exec php-fpm -F -O\n"},
		"php-fpm, long":          {run: command + "exec php-fpm83 --nodaemonize --fpm-config /etc/php83/php-fpm.conf\n"},
		"php-fpm, joined":        {run: command + "exec /usr/sbin/php-fpm8.2 -FR\n"},
		"php-fpm, its file":      {run: command + "exec php-fpm7 -y /config/php-fpm.conf\n"},
		"php-fpm, forks":         {run: sh + "exec php-fpm\n", want: "note daemonises 2"},
		"php-fpm, stderr closed": {run: contenv + "umask 0002\nexec php-fpm7.4 -F 2>/dev/null\n"},
		"apache":                 {run: contenv + "exec apachectl -D FOREGROUND\n"},
		"apache, joined":         {run: sh + ". /etc/apache2/envvars\nrm -f \"$APACHE_PID_FILE\"\nexec /usr/sbin/apache2 -DFOREGROUND \"$@\"\n"},
		"apache, forks":          {run: sh + "source /etc/apache2/envvars\n/usr/sbin/apache2ctl start\n", want: "warning daemonises 3"},
		"apache, httpd":          {run: sh + "exec httpd\n", want: "warning daemonises 2"},
		"busybox httpd":          {run: sh + "exec busybox httpd -f -p 8080 -h /www\n"},
		"caddy":                  {run: command + "cd /srv || exit 1\nexec caddy run --config /etc/caddy/Caddyfile\n"},
		"haproxy":                {run: sh + "exec haproxy -W -db -f /etc/haproxy/haproxy.cfg\n"},
		"haproxy, forks":         {run: sh + "exec haproxy -f /etc/haproxy.cfg -D -p /run/haproxy.pid\n", want: "warning daemonises 2"},
		"traefik, options":       {run: contenv + "args=(--api --ping)\nif [[ -n \"${DEBUG:-}\" ]]; then\n  args+=(--log.level=DEBUG)\nfi\nexec s6-setuidgid abc traefik \"${args[@]}\"\n"},
		// ssh, cron, syslog, dns
		"sshd":                {run: contenv + "exec /usr/sbin/sshd -D -e -f /config/sshd_config\n"},
		"sshd, joined":        {run: contenv + "exec 2>&1 s6-setuidgid abc /usr/sbin/sshd.pam -De -p 2222\n"},
		"sshd, cluster":       {run: contenv + "mkdir -p /run/sshd; chmod 0755 /run/sshd\nexec /usr/sbin/sshd -eD\n"},
		"sshd, forks":         {run: sh + "/usr/sbin/sshd -p 22\n", want: "warning daemonises 2"},
		"sshd, generated key": {run: contenv + "[ -f /etc/ssh/host_key ] ||\n  ssh-keygen -q -N '' -f /etc/ssh/host_key\nexec /usr/sbin/sshd -D -h /etc/ssh/host_key\n"},
		"crond":               {run: contenv + "exec busybox crond -f -S -l 0 -c /etc/crontabs\n"},
		"crond, joined":       {run: contenv + "exec /usr/sbin/crond -fl8\n"},
		"cron":                {run: contenv + "exec cron -f -L 5\n"},
		"crond, forks":        {run: contenv + "if builtin command -v crontab &>/dev/null; then\n    exec busybox crond -l 0\nfi\n", want: "warning daemonises 3"},
		"cron, either":        {run: sh + "if [ -x /usr/sbin/cron ]; then\n\texec cron -f\nelse\n\texec crond -f\nfi\n"},
		"cron, branch":        {run: sh + "if [ -x /usr/sbin/cron ]; then\n\texec cron -f\nelse\n\tcrond -f\nfi\n", want: "warning no-exec 5"},
		"rsyslog":             {run: sh + "exec rsyslogd -n -f /etc/rsyslog.conf\n"},
		"rsyslog, forks":      {run: sh + "rm -f /run/rsyslogd.pid\nexec rsyslogd\n", want: "warning daemonises 3"},
		"syslog-ng":           {run: sh + "exec syslog-ng -F --no-caps\n"},
		"socklog":             {run: line + "fdmove -c 2 1\ns6-setuidgid nobody\ns6-socklog -d3 -t3000 -x /dev/log\n"},
		"dnsmasq":             {run: contenv + "exec dnsmasq -k --log-facility=- \"$@\"\n"},
		"dnsmasq, its file":   {run: sh + "dnsmasq -C /etc/dnsmasq.conf\n", want: "warning no-exec 2"},
		"unbound":             {run: sh + "exec unbound -d -c /etc/unbound/unbound.conf\n"},
		"named":               {run: sh + "exec named -g -u nobody\n"},
		"named, forks":        {run: sh + "exec named -u nobody\n", want: "warning daemonises 2"},
		"pihole":              {run: contenv + "capsh --keep=1 -- -c \"exec pihole-FTL no-daemon\"\n", want: "warning no-exec 2"},
		"tor":                 {run: sh + "exec su-exec nobody tor -f /etc/tor/torrc\n"},
		// databases and queues
		"redis":               {run: contenv + "exec s6-setuidgid redis redis-server /etc/redis.conf --protected-mode no\n", want: "warning wrong-user 2"},
		"redis, forks":        {run: sh + "exec redis-server --daemonize yes\n", want: "warning daemonises 2"},
		"memcached":           {run: sh + "exec memcached -u nobody -m 64\n"},
		"memcached, forks":    {run: sh + "exec memcached -d -u nobody\n", want: "warning daemonises 2"},
		"postgres":            {run: line + "with-contenv\nimportas -u data PGDATA\ncd /\ns6-setuidgid postgres\npostgres -D $data\n"},
		"postgres, function":  {run: command + "main() {\n  local dir=\"$1\"\n  exec s6-setuidgid postgres postgres -D \"$dir\"\n}\nmain /data\n"},
		"postgres, forgotten": {run: command + "main() {\n  s6-setuidgid postgres postgres -D \"$1\"\n}\nmain /data\n", want: "warning no-exec 3"},
		"mariadb":             {run: contenv + "if [[ ! -d /config/databases/mysql ]]; then\n  exit 0\nfi\nexec s6-setuidgid abc mysqld_safe --datadir=/config/databases &\npid=$!\nwait \"$pid\"\n"},
		"mongod":              {run: sh + "exec gosu app mongod --bind_ip_all\n"},
		"mongod, forks":       {run: sh + "exec mongod --fork --logpath /var/log/mongod.log\n", want: "warning daemonises 2"},
		"rabbitmq, here":      {run: sh + "cat >/etc/rabbit.conf <<EOF\nlisteners.tcp.default = 5672\nit's = \"odd\nEOF\nexec gosu app rabbitmq-server\n"},
		"mosquitto":           {run: bashio + "declare loglevel\nbashio::log.info \"Starting mosquitto MQTT broker...\"\nexec mosquitto -c /etc/mosquitto/mosquitto.conf\n"},
		// mail and files
		"postfix":            {run: sh + "exec postfix start-fg\n"},
		"postfix, forks":     {run: sh + "postfix start\n", want: "warning daemonises 2"},
		"postfix, watched":   {run: sh + "postfix start\nwhile kill -0 \"$(cat /var/spool/postfix/pid/master.pid)\"; do\n\tsleep 5\ndone\n"},
		"dovecot":            {run: sh + "exec dovecot -F\n"},
		"exim":               {run: sh + "exec exim -bdf -q30m\n"},
		"exim, forks":        {run: sh + "exec exim -bd -q30m\n", want: "warning daemonises 2"},
		"samba":              {run: sh + "exec smbd --foreground --no-process-group --log-stdout\n"},
		"vsftpd":             {run: sh + "exec vsftpd /etc/vsftpd.conf\n"},
		"pure-ftpd":          {run: contenv + "FLAGS=\"-l puredb:/data/x\"\nexec pure-ftpd $FLAGS\n"},
		"transmission":       {run: contenv + "exec s6-setuidgid abc /usr/bin/transmission-daemon -g /config -f\n"},
		"rtorrent":           {run: contenv + "while [ -f /run/rtorrent.lock ]; do sleep 1; done\nexport HOME /data/rtorrent\nexec s6-setuidgid ${PUID}:${PGID} rtorrent -D -o import=/etc/rtorrent/.rtlocal.rc\n"},
		"syncthing, numbers": {run: command + "exec s6-setuidgid \"${PUID}:${PGID}\" syncthing -home=/data\n"},
		// applications
		"notifyoncheck":       {run: contenv + "exec \\\n    s6-notifyoncheck -d -n 300 -w 1000 -c \"nc -z 127.0.0.1 8989\" \\\n        cd /app/sonarr/bin s6-setuidgid abc /app/sonarr/bin/Sonarr -nobrowser -data=/config\n"},
		"notifyoncheck, user": {run: contenv + "exec \\\n    s6-notifyoncheck -d -n 300 -w 1000 -c \"nc -z 127.0.0.1 8989\" \\\n        cd /app/sonarr/bin s6-setuidgid acb /app/sonarr/bin/Sonarr -nobrowser -data=/config\n", want: "warning wrong-user 4"},
		"node":                {run: bashio + "declare -a options\nbashio::log.info 'Starting...'\noptions+=(--settings /etc/node-red/config.js)\nif bashio::debug; then options+=(-v); fi\ncd /opt || bashio::exit.nok 'no'\nexec npm start -- \"${options[@]}\"\n"},
		"node, forgotten":     {run: sh + "cd /app\nnode server.js\n", want: "warning no-exec 3"},
		"python":              {run: contenv + "cd /app/mylar3 || exit\nexec s6-setuidgid abc python3 Mylar.py --nolaunch --quiet --datadir /config\n"},
		"python, set":         {run: sh + "set -eu\nPYTHONUNBUFFERED=1 exec python3 -m app\n"},
		"python, environment": {run: sh + "exec env PYTHONUNBUFFERED=1 HOME=/data python3 -m app\n"},
		"python, forgotten":   {run: sh + "set -e\nsu-exec app python3 -m app || exit 1\n", want: "warning no-exec 3"},
		"gunicorn":            {run: sh + "exec gunicorn --bind 0.0.0.0:8000 -w \"${WORKERS:-4}\" app.wsgi\n"},
		"gunicorn, forks":     {run: sh + "exec gunicorn -D app.wsgi\n", want: "warning daemonises 2"},
		"java":                {run: sh + "exec java $JAVA_OPTS -jar /app.jar\n"},
		"java, started":       {run: sh + "CLASSPATH=$(find /lib -name '*.jar' | tr '\\n' ':')\nexport CLASSPATH\njava org.example.Main\n", want: "warning no-exec 4"},
		"supervisord":         {run: sh + "exec supervisord -n -c /etc/supervisord.conf\n"},
		"supervisord, forks":  {run: sh + "exec supervisord\n", want: "note daemonises 2"},
		"go2rtc, descriptor":  {run: contenv + "exec 2>&1\ncd /config || exit 1\nexec -a go2rtc go2rtc -config=/dev/shm/go2rtc.yaml\n"},
		"arguments":           {run: sh + "exec \"$@\"\n"},
		"arguments, no exec":  {run: sh + "$CMD --flag\n"},
		"rsync":               {run: sh + "exec rsync --daemon --no-detach\n"},
		"rsync, forks":        {run: sh + "exec rsync --daemon\n", want: "warning daemonises 2"},
		"rsync, no daemon":    {run: sh + "rsync -a /a /b\nexec sleep 3600\n"},
		"dbus":                {run: sh + "exec dbus-daemon --system --nofork --nopidfile\n"},
		"dbus, forks":         {run: sh + "exec dbus-daemon --system\n", want: "warning daemonises 2"},
		"dbus, session":       {run: sh + "exec dbus-daemon --session --address=unix:path=/run/bus\n"},
		"mysqld":              {run: sh + "exec mysqld --daemonize=OFF\n"},
		"mysqld, forks":       {run: sh + "exec mysqld --user=nobody --daemonize\n", want: "warning daemonises 2"},
		"dropbear":            {run: sh + "exec dropbear -FE -p 22\n"},
		"dropbear, forks":     {run: sh + "exec dropbear -E -p 22\n", want: "warning daemonises 2"},
		"fail2ban":            {run: contenv + "exec fail2ban-server -f -x start\n"},
		"fail2ban, forks":     {run: contenv + "exec fail2ban-client -x start\n", want: "warning daemonises 2"},
		"memcached, unknown":  {run: sh + "exec memcached -d \"$@\"\n"},
		"icecast":             {run: sh + "exec icecast -b -c /etc/icecast.xml\n", want: "warning daemonises 2"},
		"avahi":               {run: sh + "exec avahi-daemon --no-chroot\n"},
		// scripts that do the work themselves
		"loop":             {run: sh + "while :; do\n\tphp artisan schedule:run\n\tsleep 60\ndone\n"},
		"loop, until":      {run: contenv + "until mysqladmin ping; do sleep 1; done\nexec worker\n"},
		"timer":            {run: sh + "backup-now --all\nsleep 86400\n"},
		"once":             {run: sh + "if [ -z \"$ENABLED\" ]; then\n\ts6-svc -d .\n\texit 0\nfi\nexec worker\n"},
		"disabled":         {run: contenv + "if [[ ${DISABLE,,} = true ]]; then\n    echo disabled\n    exec s6-pause\nfi\nexec worker\n"},
		"sleeps for ever":  {run: sh + "[ \"$ROLE\" = web ] || sleep infinity\nexec web\n"},
		"sleeps, last":     {run: sh + "rebuild\nsleep infinity\n"},
		"stops itself":     {run: sh + "do-migrations\ns6-svc -O .\n"},
		"trap":             {run: sh + "trap 'cleanup' EXIT\nworker --verbose\n"},
		"case":             {run: contenv + "case \"$MODE\" in\n  a|b) exec worker --mode \"$MODE\" ;;\n  '') echo none; exit 1 ;;\n  *)\n    exec worker ;;\nesac\n"},
		"case, forgotten":  {run: contenv + "case \"$MODE\" in\n  a) worker a ;;\n  *) exec worker ;;\nesac\n", want: "warning no-exec 3"},
		"follows":          {run: contenv + "exec tail -F /var/log/*.log\n"},
		"follows, no exec": {run: contenv + "tail -n0 -F /var/log/x.log\n"},
		"inotify":          {run: contenv + "inotifywait -m /data | while read -r dir event; do\n\techo \"$dir $event\"\ndone\n", want: "note no-exec 2"},
		"logger":           {run: sh + "exec logutil-service /var/log/web\n"},
		"logger, older":    {run: sh + "exec s6-setuidgid nobody s6-log -b n20 s1000000 T /var/log/web\n"},
		"logger, execline": {run: "#!/bin/execlineb -P\ns6-setuidgid nobody\ns6-log +.* 1\n"},
		"functions":        {run: contenv + "source /scripts/functions.sh\nprepare_service\nrun_service\n"},
		"two":              {run: sh + "first &\nsecond\n"},
		"two, bare":        {run: sh + "first &\nsecond &\n", want: "warning daemonises 3"},
		"two, waits":       {run: sh + "first &\nsecond &\nwait -n\n"},
		"subshell":         {run: sh + "(cd /app && exec worker)\n"},
		"group":            {run: sh + "{\n\techo starting\n\texec worker\n} 2>&1\n"},
		"not followed":     {run: sh + "if then\n"},
		"after exec":       {run: sh + "exec worker\necho 'cannot start worker' >&2\nsleep 5; other\n"},
		"no first line":    {run: "0755 exec worker\n"},
		"CRLF":             {run: sh + "exec worker\r\n", want: "warning crlf 2"},
		"comment":          {run: sh + "# nginx\n: nothing\n"},
		"quotes":           {run: sh + "echo 'it'\"'\"'s' # it's\nexec worker \"$(printf '%s' \"a b\")\" `date`\n"},
		"chpst":            {run: "#!/bin/sh -e\nexec chpst -u www-data:www-data -e /env worker\n"},
		"chpst, group":     {run: "#!/bin/sh -e\nexec chpst -u www-data:wwwdata worker\n", want: "warning wrong-user 2"},
		"envuidgid":        {run: line + "s6-envuidgid -D 32768:32768 nobody\ns6-applyuidgid -U\nworker\n"},
		"envuidgid, wrong": {run: line + "s6-envuidgid nobdy\ns6-applyuidgid -U\nworker\n", want: "warning wrong-user 2"},
		"gosu":             {run: sh + "exec gosu 1000:1000 worker\n"},
		"timeout, nice":    {run: sh + "exec nice -n 5 ionice -c 3 setsid -w worker\n"},
		"sudo, wrong":      {run: sh + "exec sudo -E -u appp worker\n", want: "warning wrong-user 2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree := files{
				"etc/services.d/x/run": test.run, "etc/dnsmasq.conf": "port=53\n#keep-in-foreground\nkeep-in-foreground\n",
				"etc/passwd": "root:x:0:0::/root:/bin/sh\nabc:x:911:911::/config:/bin/false\nnobody:x:65534:65534::/:/bin/false\nwww-data:x:33:33::/:/bin/false\npostgres:x:70:70::/:/bin/sh\napp:x:999:999::/:/bin/sh\n",
				"etc/group":  "root:x:0:\nabc:x:911:\nwww-data:x:33:\n",
			}
			var found []string
			report := examine(t, tree.write(t))
			for _, f := range report.Findings() {
				found = append(found, strings.Join([]string{f.Severity.String(), string(f.Code), strconv.Itoa(f.Line)}, " "))
			}
			if diff := cmp.Diff(test.want, strings.Join(found, ", ")); diff != "" {
				t.Errorf("%s\n(-want +got):\n%s", test.run, diff)
			}
		})
	}
}
