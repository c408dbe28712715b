package s6_test

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/s6"
	"github.com/sillelien/baseinit/supervisor"
)

const contenv = "exec:#!/usr/bin/with-contenv sh\n"

// Trees as images have them, each read as a whole.
func TestTrees(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tree    files
		scripts []string
		want    []supervisor.Service
		notes   []string
	}{
		"base-alpine 0.10": {
			tree: files{
				"cont-init.d/.gitignore": "*", "cont-init.d/dns_init.sh": "exec:#!/usr/bin/with-contenv ash\n", "services.d/.gitignore": "*",
				"services.d/syslog/run":   "exec:#!/usr/bin/env sh\nexec syslogd -n -D -O /dev/stdout\n",
				"services.d/dns/run":      "exec:#!/usr/bin/env sh\n",
				"services.d/dns-hack/run": contenv,
			},
			scripts: []string{"dns_init.sh"},
			want: []supervisor.Service{
				{Name: "dns", Command: []string{"./run", "dns"}},
				{Name: "dns-hack", Command: []string{"./run", "dns-hack"}},
				{Name: "syslog", Command: []string{"./run", "syslog"}},
			},
		},
		"a web server with a log and a finish that is execline": {
			tree: files{
				"cont-init.d/00-env": contenv, "cont-init.d/10-conf": contenv, "cont-init.d/.gitkeep": "",
				"services.d/nginx/run":                "exec:#!/usr/bin/execlineb -P\nnginx -g \"daemon off;\"\n",
				"services.d/nginx/finish":             "exec:#!/usr/bin/execlineb -S0\ns6-svscanctl -t /var/run/s6/services\n",
				"services.d/nginx/log/run":            "exec:#!/bin/sh\nexec logutil-service /var/log/nginx\n",
				"services.d/nginx/down-signal":        "SIGQUIT",
				"services.d/nginx/supervise/control":  "fifo:",
				"services.d/nginx/data/check":         "exec:#!/bin/sh\n",
				"services.d/php-fpm/run":              contenv,
				"services.d/php-fpm/notification-fd":  "3",
				"services.d/php-fpm/timeout-kill":     "120000\n",
				"services.d/php-fpm/timeout-finish":   "8000",
				"services.d/php-fpm/finish":           "link:/bin/true",
				"services.d/cron/run":                 contenv,
				"services.d/cron/down":                "",
				"services.d/left-over/.gitkeep":       "",
				"services.d/README.md":                "how to add services",
				"services.d/php-fpm/branding":         "text",
				"services.d/php-fpm/healthcheck.sh":   "#!/bin/sh\n",
				"services.d/php-fpm/env/PHP_INI_SCAN": "/etc/php",
			},
			scripts: []string{"00-env", "10-conf"},
			want: []supervisor.Service{
				{Name: "cron", Command: []string{"./run", "cron"}, Down: true},
				{Name: "nginx", Command: []string{"./run", "nginx"}, Finish: []string{"./finish"}, LogTo: "nginx/log", StopSignal: syscall.SIGQUIT},
				{Name: "nginx/log", Command: []string{"./run", "nginx/log"}},
				{
					Name: "php-fpm", Command: []string{"./run", "php-fpm"}, Finish: []string{"./finish"},
					Readiness: supervisor.Readiness{FD: 3}, StopTimeout: 2 * time.Minute, FinishTimeout: 8 * time.Second,
				},
			},
			notes: []string{"README.md is not a service directory: skipped", "left-over has no run file: skipped"},
		},
		"services made by cont-init.d, linked from elsewhere": {
			tree: files{
				"share/app/run": contenv, "share/app/finish": contenv, "services.d/app": "link:../share/app",
				"services.d/app2/run": "link:../../share/app/run",
			},
			want: []supervisor.Service{
				{Name: "app", Command: []string{"./run", "app"}, Finish: []string{"./finish"}},
				{Name: "app2", Command: []string{"./run", "app2"}},
			},
		},
		"nothing at all": {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := test.tree.write(t, t.TempDir())
			scripts, err := s6.Scripts(filepath.Join(dir, "cont-init.d"))
			wantError(t, err)
			var names []string
			for _, s := range scripts {
				names = append(names, s.Name)
				wantError(t, s.Err)
			}
			if diff := cmp.Diff(test.scripts, names); diff != "" {
				t.Errorf("scripts (-want +got):\n%s", diff)
			}
			services, notes, err := s6.Services(filepath.Join(dir, "services.d"), s6.Defaults{})
			wantError(t, err)
			for i := range test.want {
				test.want[i].Dir = filepath.Join(dir, "services.d", test.want[i].Name)
			}
			if d := diff(test.want, services); d != "" {
				t.Errorf("services (-want +got):\n%s", d)
			}
			var said []string
			for _, n := range notes {
				said = append(said, filepath.Base(n.File)+" "+n.Text)
			}
			if diff := cmp.Diff(test.notes, said); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
			if _, err := supervisor.New(supervisor.Config{Services: services}); err != nil {
				t.Errorf("the supervisor does not take them: %v", err)
			}
		})
	}
}
