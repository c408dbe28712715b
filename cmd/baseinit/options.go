//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/sillelien/baseinit/internal/boot"
	"github.com/sillelien/baseinit/internal/logging"
	"github.com/sillelien/baseinit/internal/logs"
	"github.com/sillelien/baseinit/internal/monitor"
	"github.com/sillelien/baseinit/internal/naming"
	"github.com/sillelien/baseinit/internal/s6"
	"github.com/sillelien/baseinit/internal/setting"
	"github.com/sillelien/baseinit/supervisor"
	"github.com/sillelien/baseinit/syslog"
)

const usage = `usage: baseinit [flags] [--] [CMD [ARGUMENT...]]
       baseinit COMMAND [ARGUMENT...]

baseinit is a container's first process. It runs the scripts of
/etc/cont-init.d, keeps the services of /etc/services.d and CMD running, and
when CMD ends or SIGTERM comes stops them all, runs /etc/cont-finish.d and
exits with CMD's code. Without CMD it runs until it is told to stop.
Called baseinit, not init, it tells and controls what runs, and checks a tree:
status, restart, logs, timeline, check and so on. baseinit help lists them all.

flags:
  --root DIR      take the tree from DIR/etc instead of /etc, and keep state
                  in a directory of its own instead of /run
  --output KIND   what services print comes out raw (the default), or through
                  baseinit line by line: plain, as text after "[name] ", as json
                  (environment: BASEINIT_OUTPUT). docs/logs.md shows them, and
                  lists --log-level, --join-lines, --log-ring and their variables
  --syslog MODE   on (the default): what programs log to /dev/log comes out on
                  stderr; off; required (environment: BASEINIT_SYSLOG).
                  docs/syslog.md lists the flags --syslog-... and their variables
  --dns MODE      on (the default): a forwarder on 127.0.0.1 and ::1 resolves names,
                  with the search domains of resolv.conf and linked hosts; off;
                  required (environment: BASEINIT_DNS). docs/dns.md lists the
                  flags --dns-... and their variables
  --control PATH  the control socket, if it is not to be /run/baseinit/control;
                  off (environment: BASEINIT_CONTROL). docs/api.md tells more
  --http ADDR     serve /metrics, /livez and /readyz on a TCP address, such as :9100;
                  off (the default) (environment: BASEINIT_HTTP). docs/metrics.md
  --version       print the version
  --help          print this

environment: the S6_ variables of s6-overlay (S6_VERBOSITY=1 for a quiet boot,
S6_BEHAVIOUR_IF_STAGE2_FAILS=2 to stop when a script fails, ...), and
BASEINIT_RUN, the directory for state if it is not to be /run.

exit codes: CMD's own; 128+n when signal n ended it; 127 no such program;
126 not executable; 100 the tree is wrong; 112 linked hosts did not answer in
time; 2 the command line is wrong.
`

// codeUsage is the exit code for a wrong command line.
const codeUsage = 2

// options are what the command line and the environment say.
type options struct {
	root     string
	control  string
	logs     logs.Settings
	command  []string
	settings s6.Settings
	syslog   logging.Settings
	dns      naming.Settings
	http     monitor.Settings
	warnings error
}

// parse reads the command line. When that is all there is to do, done is true
// and code the exit code.
func parse(args []string) (o options, code int, done bool) {
	flags := flag.NewFlagSet("baseinit", flag.ContinueOnError)
	flags.SetOutput(os.Stderr)
	flags.Usage = func() {}
	root := flags.String("root", "", "")
	controlPath := flags.String("control", os.Getenv("BASEINIT_CONTROL"), "")
	version := flags.Bool("version", false, "")
	output, sink, names := setting.NewReader(flags, logs.List()), setting.NewReader(flags, logging.List()), setting.NewReader(flags, naming.List())
	http := setting.NewReader(flags, monitor.List())
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Print(usage)
		return o, 0, true
	case err != nil:
		fmt.Fprintln(os.Stderr, "baseinit --help tells more")
		return o, codeUsage, true
	case *version:
		fmt.Println("baseinit " + buildVersion())
		return o, 0, true
	}
	o.command = flags.Args()
	o.settings, o.warnings = s6.ReadSettings(os.Environ())
	o.root, err = parseRoot(*root)
	control, cerr := parseControl(*controlPath)
	o.control = control
	err = errors.Join(err, cerr, output.Read(&o.logs))
	// The system's /dev/log and resolv.conf are not for a tree of its own.
	o.syslog.Off, o.dns.Off = o.root != "", o.root != ""
	if o.logs.Output == supervisor.OutputJSON {
		o.syslog.Sink.Format = syslog.JSON
	}
	if err = errors.Join(err, sink.Read(&o.syslog), names.Read(&o.dns), http.Read(&o.http)); err != nil {
		for _, e := range boot.Unjoin(err) {
			fmt.Fprintln(os.Stderr, "baseinit: "+e.Error())
		}
		return o, codeUsage, true
	}
	return o, 0, false
}

// parseControl takes "on" for the default.
func parseControl(path string) (string, error) {
	switch {
	case path == "on", path == "":
		return "", nil
	case path == boot.ControlOff, filepath.IsAbs(path):
		return path, nil
	}
	return "", fmt.Errorf("--control or BASEINIT_CONTROL is %q: it can be on, off or an absolute path", path)
}

// parseRoot gives the absolute form of a root; that of the file system is "".
func parseRoot(root string) (string, error) {
	if root == "" {
		return "", nil
	}
	abs, err := filepath.Abs(root)
	if err != nil {
		return "", fmt.Errorf("--root %s: %w", root, err)
	}
	info, err := os.Stat(abs)
	if err != nil {
		return "", fmt.Errorf("--root %s: %w", root, errors.Unwrap(err))
	}
	if !info.IsDir() {
		return "", fmt.Errorf("--root %s: it is not a directory", root)
	}
	return strings.TrimSuffix(abs, "/"), nil
}

// buildVersion is the module's version, or the commit that was built.
func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown)"
	}
	return info.Main.Version + " " + info.GoVersion
}

// moduleVersion is the module's version alone.
func moduleVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return ""
}

// config is what the container needs of the options.
func (o options) config(out *output, signals *signals, log *logging.Log, names *naming.DNS) boot.Config {
	var awaitDNS func(context.Context) error
	if names != nil {
		awaitDNS = names.Boot
	}
	return boot.Config{
		AwaitDNS: awaitDNS,
		OnStop: func() {
			log.Leave()
			names.Leave()
		},
		Root: o.root, Control: o.control, Command: o.command, Environ: o.environ(log), Settings: o.settings,
		Output: o.logs.Output, JoinLines: o.logs.JoinLines, Prefix: out.prefix, Rings: out.rings,
		Stdout: out.stdout.Patient(), Stderr: out.stderr.Patient(), Logger: out.logger,
		Caught: signals.caught,
	}
}

// environ is the container's environment. What S6_KEEP_ENV means is decided here, so that
// with-contenv need not know all the words for yes.
func (o options) environ(log *logging.Log) []string {
	environ := append(os.Environ(), log.Environ()...)
	if o.settings.KeepEnv {
		environ = append(environ, "S6_KEEP_ENV=1")
	}
	return environ
}
