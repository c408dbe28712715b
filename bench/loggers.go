//go:build linux

package main

import (
	"os"
	"path/filepath"
)

// loggers lists the syslog daemons that people put into containers, each as its users start it
// there: in the foreground, printing what comes on /dev/log.
func loggers() []initProgram {
	return []initProgram{
		{
			name: "busybox syslogd", pkg: "busybox-static", program: "busybox",
			sink: func(path, _ string) []string { return []string{path, "syslogd", "-n", "-O", "-"} },
		},
		{
			name: "rsyslogd", pkg: "rsyslog",
			sink: func(path, tree string) []string {
				return []string{path, "-n", "-f", rsyslogConf(tree), "-i", filepath.Join(tree, "rsyslogd.pid")}
			},
		},
		{
			name: "socklog", pkg: "socklog",
			sink: func(path, _ string) []string { return []string{path, "unix", "/dev/log"} },
		},
	}
}

// rsyslogd takes its sockets from nowhere else.
func rsyslogConf(tree string) string { return filepath.Join(tree, "rsyslog.conf") }

func writeRsyslogConf(tree string) error {
	const conf = `module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="/dev/log" RateLimit.Interval="0")
action(type="omfile" file="/dev/stdout")
`
	return os.WriteFile(rsyslogConf(tree), []byte(conf), 0o644)
}

// syslogOff is baseinit, if it is among inits, with its sink off.
func syslogOff(inits []initProgram) []initProgram {
	var off []initProgram
	for _, in := range inits {
		if in.name == "baseinit" {
			in.name, in.env, in.sink = in.name+", syslog off", []string{"BASEINIT_SYSLOG=off"}, nil
			off = append(off, in)
		}
	}
	return off
}
