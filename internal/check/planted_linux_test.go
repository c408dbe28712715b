package check_test

import (
	"strings"
	"testing"
)

// good is a whole image in which nothing is wrong.
func good() files {
	return image(files{
		"etc/passwd": "root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/var/www:/bin/false\npostgres:x:70:70::/var/lib/postgresql:/bin/sh\n", "etc/group": "root:x:0:\nwww-data:x:33:\npostgres:x:70:\n",
		"usr/bin/nginx": "0755 \x7fELF", "usr/sbin/sshd": "0755 \x7fELF", "usr/bin/redis-server": "0755 \x7fELF", "usr/bin/postgres": "0755 \x7fELF", "usr/bin/app": "0755 \x7fELF",
		"etc/nginx/nginx.conf": "user www-data;\nworker_processes auto;\n", "etc/fix-attrs.d/1-data": "/data true www-data 0640 0750\n",
		"etc/cont-init.d/10-folders": "#!/usr/bin/with-contenv sh\nset -e\nmkdir -p /data/cache\nchown -R www-data:www-data /data\n",
		"etc/cont-init.d/20-config":  "#!/usr/bin/with-contenv sh\nif [ ! -f /data/config ]; then\n\tcp /defaults/config /data/config\nfi\n",
		"etc/services.d/sshd/run":    "#!/usr/bin/with-contenv sh\nexec /usr/sbin/sshd -D -e\n", "etc/services.d/sshd/finish": "#!/bin/sh\nsleep 1\n",
		"etc/services.d/redis/run":             "#!/usr/bin/execlineb -P\nwith-contenv\ns6-setuidgid www-data\nredis-server /etc/redis.conf\n",
		"etc/services.d/redis/notification-fd": "3\n", "etc/services.d/redis/timeout-kill": "5000\n",
		"etc/services.d/nginx/run": "#!/bin/sh\nexec 2>&1\nexec nginx -g \"daemon off;\"\n", "etc/services.d/nginx/dependencies.d/redis": "",
		"etc/services.d/web/service.toml": "command = [\"nginx\", \"-g\", \"daemon off;\"]\nuser = \"www-data\"\nrequires = \"redis\"\n[[health]]\ntcp = \"localhost:80\"\n",
		rcd + "db/type":                   "longrun\n", rcd + "db/run": "#!/command/with-contenv sh\nexec s6-setuidgid postgres postgres -D /data/db\n", rcd + "db/down-signal": "SIGINT\n",
		rcd + "migrate/type": "oneshot\n", rcd + "migrate/up": "/etc/s6-overlay/scripts/migrate\n", "etc/s6-overlay/scripts/migrate": "#!/command/with-contenv sh\ns6-setuidgid www-data app migrate\n",
		rcd + "migrate/dependencies.d/db": "", rcd + "app/type": "longrun\n", rcd + "app/run": "#!/command/with-contenv sh\ncd /srv || exit 1\nexec s6-setuidgid www-data app serve\n",
		rcd + "app/dependencies.d/migrate": "", rcd + "user/contents.d/app": "", rcd + "user/type": "bundle\n",
	})
}

// TestPlanted: in a tree that is right nothing is found; and of thirteen mistakes that are put into
// it each, with file and line, and nothing else.
func TestPlanted(t *testing.T) {
	t.Parallel()
	expect(t, examine(t, good().write(t)), "")
	expect(t, examine(t, good().with(files{
		"etc/cont-init.d/10-folders":        strings.ReplaceAll(good()["etc/cont-init.d/10-folders"], "\n", "\r\n"),
		"etc/cont-init.d/20-config":         "#!/usr/bin/env bash\ncp /defaults/config /data/config\n",
		"etc/cont-init.d/30-late":           "0644 #!/bin/sh\ntrue\n",
		"etc/services.d/sshd/run":           "#!/usr/bin/with-contenv sh\nmkdir -p /run/sshd\nexec /usr/sbin/sshd -e\n",
		"etc/services.d/sshd/finish":        "#!/bin/sh\n# the ports are free after a while\n\nsleep 10\necho again\n",
		"etc/services.d/nginx/run":          "#!/bin/sh\n\nchown www-data /var/log/nginx\nnginx -g 'daemon off;'\n",
		"etc/services.d/redis/run":          "#!/usr/bin/execlineb -P\nwith-contenv\nif { test -e /data\nredis-server /etc/redis.conf\n",
		"etc/services.d/redis/finnish":      "#!/bin/sh\n",
		"etc/services.d/redis/service.toml": "# more about it\ncritical = true\n\n[stop]\ntimeot = \"5s\"\n",
		rcd + "db/run":                      "#!/command/with-contenv sh\nexec s6-setuidgid postgrse postgres -D /data/db\n",
		rcd + "db/dependencies":             "# first\napp\n",
		rcd + "migrate/finish":              "#!/bin/sh\n",
		rcd + "app/dependencies":            "migrate\nredsi\n",
	}).write(t)), `error crlf /etc/cont-init.d/10-folders:1: its first line ends in CRLF
warning no-interpreter /etc/cont-init.d/20-config:1: there is no program bash
warning not-executable /etc/cont-init.d/30-late: is not executable
error unknown-name /etc/s6-overlay/s6-rc.d/app/dependencies:2: there is no service "redsi"
error cycle /etc/s6-overlay/s6-rc.d/app/dependencies.d/migrate: services require each other: app -> migrate -> db -> app
warning wrong-user /etc/s6-overlay/s6-rc.d/db/run:2: there is no user "postgrse"
warning dead-finish /etc/s6-overlay/s6-rc.d/migrate/finish: is never run: migrate is a oneshot
warning no-exec /etc/services.d/nginx/run:4: ends with nginx without exec
warning unknown-file /etc/services.d/redis/finnish: means nothing, and there is no finish
error execline /etc/services.d/redis/run:3: "{": this block is not closed
error toml /etc/services.d/redis/service.toml:5: stop.timeot: there is no such key; the nearest is stop.timeout
warning slow-finish /etc/services.d/sshd/finish:4: sleeps on when its 5s are over
warning daemonises /etc/services.d/sshd/run:3: sshd goes into the background`)
}

// BenchmarkTree: a whole image with nine scripts and four services.
func BenchmarkTree(b *testing.B) {
	root := good().write(b)
	for b.Loop() {
		examine(b, root)
	}
}
