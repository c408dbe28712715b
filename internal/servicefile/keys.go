package servicefile

import "strings"

// key is one key of the file. Those of a table have its name and a dot before theirs.
type key struct {
	name          string
	kind          kind
	preset, about string // the default and the meaning, in words
}

// keys are all keys, those of a table after it.
var keys = [...]key{
	{"command", kindCommand, "the run file", "The program of the service and its arguments, in place of a run file."},
	{"type", kindType, "longrun; with a schedule oneshot", "A longrun is kept running. A oneshot does its work and ends, and is ready when it has ended well."},
	{"undo", kindCommand, "none", "Takes back what a oneshot has done, when it is stopped."},
	{"finish", kindFinish, "the finish file, if there is one", "Is run after each end of the command, with four more arguments: its exit code (256: a signal), the signal, the name of the service, and its process group."},
	{"finish_timeout", kindLimit, "5s", "How long finish, or undo, may take before it is killed; 0s: no limit."},
	{"requires", kindNames, "none", "Services that must be ready before this one starts, and that stop after it."},
	{"after", kindNames, "none", "Services that this one starts after, if they are started at all, whatever has become of them."},
	{"enabled", kindNot, "true", "Whether the service exists. Without it those that require it do not, either."},
	{"down", kindBool, "false", "Whether the service waits for somebody to start it."},
	{"critical", kindBool, "false", "Whether the container ends, with its exit code, when the service fails for good."},
	{"restart", kindRestart, "always; of a oneshot, or critical without max_restarts, never", "When the service is started again after it has ended by itself."},
	{"max_restarts", kindCount, "no limit", "How many restarts within restart_window are allowed; one more end is a failure for good."},
	{"restart_window", kindDuration, "1m", "The window of max_restarts."},
	{"backoff_min", kindDuration, "1s", "The least time between two starts; each failure that follows a failure doubles it."},
	{"backoff_max", kindDuration, "30s", "The most that the time between two starts grows to."},
	{"success_codes", kindCodes, "0 alone", "Exit codes that mean success besides 0."},
	{"start_timeout", kindDuration, "no limit", "The most time from the first start to ready, restarts included; then the service has failed for good."},

	{"ready", kindTable, "as soon as it runs", "What makes the service ready, which those that require it wait for: one of notify_fd, sd_notify, tcp, http, exec, file and log."},
	{"ready.notify_fd", kindDescriptor, "", "The descriptor on which the command writes a newline when it is ready."},
	{"ready.sd_notify", kindBool, "false", "Whether the command says READY=1 on $NOTIFY_SOCKET: sd_notify(3)."},
	{"ready.log", kindPattern, "", "Matches the line of output that says that the service is ready."},
	{"ready.tcp", kindTCP, "", "Where a connection must succeed."},
	{"ready.http", kindURL, "", "What must answer a GET with one of status."},
	{"ready.status", kindStatuses, "200 to 399", "The statuses of http that mean success."},
	{"ready.headers", kindHeaders, "none", "What is sent with http; Host replaces that of the URL."},
	{"ready.exec", kindCommand, "", "A command that must end with code 0; it runs as the service does."},
	{"ready.file", kindPath, "", "What must exist. Relative: to workdir."},
	{"ready.interval", kindDuration, "250ms", "The time between two probes (tcp, http, exec, file)."},
	{"ready.probe_timeout", kindDuration, "3s", "How long one probe may take."},
	{"ready.timeout", kindDuration, "no limit", "How long the service may take from each start to ready; then it is stopped, which counts as a failure."},
	{"ready.watchdog", kindDuration, "none", "With sd_notify: how long the service may be without WATCHDOG=1 before it is stopped, which counts as a failure."},

	{"health", kindTables, "none", "Checks that go on while the service is ready; each has one of tcp, http, exec and file."},
	{"health.name", kindText, "what it asks", "What the check is called in the log and in the status."},
	{"health.tcp", kindTCP, "", "Where a connection must succeed."},
	{"health.http", kindURL, "", "What must answer a GET with one of status."},
	{"health.status", kindStatuses, "200 to 399", "The statuses of http that mean success."},
	{"health.headers", kindHeaders, "none", "What is sent with http; Host replaces that of the URL."},
	{"health.exec", kindCommand, "", "A command that must end with code 0; it runs as the service does."},
	{"health.file", kindPath, "", "What must exist. Relative: to workdir."},
	{"health.interval", kindDuration, "10s", "The time from the end of one check to the next."},
	{"health.timeout", kindDuration, "3s", "How long it may take; longer is a failure."},
	{"health.threshold", kindCount, "3", "How many failures in a row make the service unhealthy."},
	{"health.start_period", kindDuration, "0s", "How long after the service became ready failures do not count, unless the check succeeded before."},
	{"health.action", kindAction, "restart", "What becomes of an unhealthy service: it is restarted, it ends the container, or it is only shown."},

	{"stop", kindTable, "", "How the service is stopped."},
	{"stop.signal", kindSignal, "TERM", "The signal that asks the service to end."},
	{"stop.timeout", kindLimit, "as long as it needs; with the container S6_SERVICES_GRACETIME, 3s", "How long it may take to end before it is killed; 0s: it is killed at once."},
	{"stop.command", kindCommand, "none", "Is run to stop the service, with its process ID in $MAINPID; the signal is sent only if it fails."},
	{"stop.keep_leftovers", kindBool, "false", "Whether what the command leaves running when it ends by itself is left alone."},

	{"user", kindUser, "that of baseinit", "Whom all commands of the service run as, with the groups that the user has."},
	{"group", kindName, "the user's", "The group that they run as."},
	{"groups", kindGroups, "the user's", "The supplementary groups, in place of the user's."},
	{"umask", kindOctal, "that of baseinit", "The mask of the modes of new files: umask(2)."},
	{"nice", kindNice, "that of baseinit", "The priority, from -20 (first) to 19: setpriority(2)."},
	{"oom_score_adj", kindOOM, "that of baseinit", "How soon the kernel kills the command when memory is short, from -1000 (never) to 1000."},
	{"capabilities", kindCapabilities, "all that baseinit has", "The capabilities that are kept, whoever the user is: capabilities(7). All others are dropped for good."},
	{"no_new_privs", kindBool, "false", "Whether set-user-ID programs gain nothing: PR_SET_NO_NEW_PRIVS(2const)."},
	{"limits", kindLimits, "those of baseinit", "Resource limits by what follows RLIMIT_ in getrlimit(2), such as nofile."},
	{"env", kindVariables, "none", "Variables that are added to the container's environment. They win over those of env_file."},
	{"env_file", kindFiles, "none", "Files of NAME=VALUE lines, which are read when services are read; the last of equal names wins. Relative: to the service directory."},
	{"clean_env", kindBool, "false", "Whether the service gets only env, env_file and PATH, and not the container's environment."},
	{"workdir", kindPath, "the service directory", "The working directory of all commands of the service. Relative: to the service directory."},

	{"schedule", kindTable, "none", "When a oneshot is run, in place of once with the container."},
	{"schedule.cron", kindCron, "", "When it is run."},
	{"schedule.timezone", kindZone, "that of the container", "Whose clock cron means."},
	{"schedule.overlap", kindOverlap, "skip", "What happens when a run is due while one goes on: it is left out, it comes after it, or the old one is stopped for it."},
	{"schedule.run_at_start", kindBool, "false", "Whether it is run with the container, too."},

	{"condition", kindTable, "none", "What must hold after cont-init.d for the service to exist. Without it those that require it do not, either."},
	{"condition.env", kindEnvConditions, "", "What must hold of the container's environment, all of it."},
	{"condition.file", kindFileConditions, "", "What must exist. Relative: to the service directory."},

	{"log", kindTable, "", "What becomes of the output."},
	{"log.format", kindFormat, "that of the container; in place of raw plain, with ready.log or log.join", "raw: untouched; plain: line by line; text: after [NAME]; json: as JSON objects."},
	{"log.join", kindBool, "false; BASEINIT_JOIN_LINES=1 has it for all services", "Whether a line and the indented ones after it are one record, as in stack traces."},
}

// find finds a key by its full name.
func find(name string) (key, bool) {
	for i := range keys {
		if keys[i].name == name {
			return keys[i], true
		}
	}
	return key{}, false
}

// in lists the keys of a table, "" being the file, by their names in it.
func in(table string) (all []key) {
	for _, k := range &keys {
		name := k.name
		if table != "" {
			var ok bool
			if name, ok = strings.CutPrefix(name, table+"."); !ok {
				continue
			}
		}
		if !strings.Contains(name, ".") {
			k.name = name
			all = append(all, k)
		}
	}
	return all
}

// field is what a key of a table sets, as a pointer; of a table, the table itself.
func field(table any, name string) any {
	switch t := table.(type) {
	case *Service:
		return t.field(name)
	case *Ready:
		return t.field(name)
	case *Check:
		return t.field(name)
	case *Stop:
		return t.field(name)
	case *Schedule:
		return t.field(name)
	case *Condition:
		if name == "env" {
			return &t.Env
		}
		return &t.File
	case *Log:
		if name == "join" {
			return &t.Join
		}
		return &t.Format
	}
	return nil
}

func (s *Service) field(name string) any {
	switch name {
	case "command":
		return &s.Command
	case "type":
		return &s.Oneshot
	case "undo":
		return &s.Undo
	case "finish":
		return &s.Finish
	case "finish_timeout":
		return &s.FinishTimeout
	case "requires":
		return &s.Requires
	case "after":
		return &s.After
	case "enabled":
		return &s.Disabled
	case "down":
		return &s.Down
	case "critical":
		return &s.Critical
	case "restart":
		return &s.Restart
	case "max_restarts":
		return &s.MaxRestarts
	case "restart_window":
		return &s.RestartWindow
	case "backoff_min":
		return &s.BackoffMin
	case "backoff_max":
		return &s.BackoffMax
	case "success_codes":
		return &s.SuccessCodes
	case "start_timeout":
		return &s.StartTimeout
	case "ready":
		return &s.Ready
	case "stop":
		return &s.Stop
	case "schedule":
		s.Schedule = &Schedule{}
		return s.Schedule
	case "condition":
		return &s.Condition
	case "log":
		return &s.Log
	}
	return s.process(name)
}

// process are the fields that say what its processes are like.
func (s *Service) process(name string) any {
	switch name {
	case "user":
		return &s.User
	case "group":
		return &s.Group
	case "groups":
		return &s.Groups
	case "umask":
		return &s.Umask
	case "nice":
		return &s.Nice
	case "oom_score_adj":
		return &s.OOMScoreAdj
	case "capabilities":
		return &s.Capabilities
	case "no_new_privs":
		return &s.NoNewPrivs
	case "limits":
		return &s.Limits
	case "env":
		return &s.Env
	case "env_file":
		return &s.EnvFiles
	case "clean_env":
		return &s.CleanEnv
	case "workdir":
		return &s.Workdir
	}
	return nil
}

func (p *Probe) field(name string) any {
	switch name {
	case "tcp":
		return &p.TCP
	case "http":
		return &p.HTTP
	case "status":
		return &p.Status
	case "headers":
		return &p.Headers
	case "exec":
		return &p.Exec
	case "file":
		return &p.File
	}
	return nil
}

func (r *Ready) field(name string) any {
	switch name {
	case "notify_fd":
		return &r.NotifyFD
	case "sd_notify":
		return &r.SDNotify
	case "log":
		return &r.Log
	case "interval":
		return &r.Interval
	case "probe_timeout":
		return &r.ProbeTimeout
	case "timeout":
		return &r.Timeout
	case "watchdog":
		return &r.Watchdog
	}
	return r.Probe.field(name)
}

func (c *Check) field(name string) any {
	switch name {
	case "name":
		return &c.Name
	case "interval":
		return &c.Interval
	case "timeout":
		return &c.Timeout
	case "threshold":
		return &c.Threshold
	case "start_period":
		return &c.StartPeriod
	case "action":
		return &c.Action
	}
	return c.Probe.field(name)
}

func (s *Stop) field(name string) any {
	switch name {
	case "signal":
		return &s.Signal
	case "timeout":
		return &s.Timeout
	case "command":
		return &s.Command
	}
	return &s.KeepLeftovers
}

func (s *Schedule) field(name string) any {
	switch name {
	case "cron":
		return &s.Cron
	case "timezone":
		return &s.Timezone
	case "overlap":
		return &s.Overlap
	}
	return &s.RunAtStart
}
