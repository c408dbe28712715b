package check_test

import "testing"

// TestServiceTOML: what is wrong with a service.toml, where.
func TestServiceTOML(t *testing.T) {
	t.Parallel()
	const toml = "etc/services.d/web/service.toml"
	expect(t, examine(t, good().with(files{
		toml:                              "command = [\"nginx\", \"-g\", \"daemon off;\"]\nuser = \"www-data\"\ngroups = [\"postgres\", \"33\"]\nrequires = [\"redis\"]\n",
		"etc/services.d/job/run":          "#!/bin/sh\nexec app\n",
		"etc/services.d/job/job.env":      "A=1\n",
		"etc/services.d/job/service.toml": "env_file = \"job.env\"\nschedule.cron = \"@daily\"\n",
	}).write(t)), "")
	expect(t, examine(t, good().with(files{
		toml: "\ncommand = [\"ngnix\"]\nuser = \"www-dat:nobody\"\n[stop]\ncommand = [\"/sbin/stop\"]\n",
	}).write(t)), `warning no-program /etc/services.d/web/service.toml:2: there is no program ngnix
warning wrong-user /etc/services.d/web/service.toml:3: there is no user "www-dat"
warning wrong-user /etc/services.d/web/service.toml:3: there is no group "nobody"
warning no-program /etc/services.d/web/service.toml:5: there is no program /sbin/stop`)
	expect(t, examine(t, good().with(files{
		toml:                                "comand = [\"nginx\"]\n[stop]\nsignal = \"KILLL\"\n",
		"etc/services.d/idle/service.toml":  "critical = true\n",
		"etc/services.d/far/service.toml":   "command = [\"app\"]\nenv_file = \"/etc/no.env\"\n",
		"etc/services.d/needy/service.toml": "command = [\"app\"]\nrequires = \"radis\"\n",
		"etc/services.d/twice/run":          "#!/bin/sh\nexec app\n",
		"etc/services.d/twice/service.toml": "command = [\"app\"]\n",
	}).write(t)), `error toml /etc/services.d/far/service.toml: cannot read /etc/no.env: no such file
error toml /etc/services.d/idle/service.toml: it has no command, and there is no run file beside it
error unknown-name /etc/services.d/needy/service.toml:2: there is no service "radis"
error toml /etc/services.d/twice/service.toml:1: command: the file run beside it says that, too
error toml /etc/services.d/web/service.toml:1: comand: there is no such key; the nearest is command
error toml /etc/services.d/web/service.toml:3: stop.signal: it is "KILLL"`)
}
