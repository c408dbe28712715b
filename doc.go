// Package baseinit is the root of a module that is two things: baseinit, the
// program that runs first in a container, and the packages it is made of, for Go
// programs that are a container's entrypoint themselves.
//
// The program is in [github.com/sillelien/baseinit/cmd/baseinit]. It runs a tree
// as s6-overlay and the base-alpine image lay it out (cont-init.d, services.d,
// cont-finish.d), then a command, and ends with the command's exit code.
//
// The packages stand alone. None imports another, but for supervisor, which takes
// its environments from envdir, and metrics, which knows all; so a program links only
// what it uses:
//
//   - [github.com/sillelien/baseinit/reaper] collects orphaned processes, as PID 1
//     or subreaper, and never takes the exit status of a child of os/exec.
//   - [github.com/sillelien/baseinit/supervisor] runs services, processes or Go
//     functions: order, readiness, restarts, stop.
//   - [github.com/sillelien/baseinit/syslog] reads /dev/log, and writes lines to
//     stderr that say who each message is from.
//   - [github.com/sillelien/baseinit/dnsfix] makes names resolve: a caching
//     forwarder for musl and all others, resolv.conf, linked hosts.
//   - [github.com/sillelien/baseinit/envdir] reads and writes environment
//     directories, such as the live environment of a container.
//   - [github.com/sillelien/baseinit/metrics] tells Prometheus what the others do;
//     collector, a module of its own, does so through client_golang.
//
// Each part that runs is made by New from a Config whose zero value is a good
// default. Run(ctx) blocks until ctx ends and all that the part has started has
// ended. Actor returns the pair of functions that a run.Group of
// github.com/oklog/run takes, so that a program's main is a list of its parts.
//
// What may surprise: the parts do not know of each other. The reaper leaves the
// supervisor's children alone without being told which they are, and the order in
// which services stop is the supervisor's, not the group's.
//
// They run on Linux. Elsewhere they compile, and return errors that wrap
// [errors.ErrUnsupported].
package baseinit
