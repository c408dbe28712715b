// Package cli is baseinit's command line for who runs a container: `baseinit status` and so
// on, which ask the baseinit that runs by its control socket. It is linked into PID 1 and
// runs before most packages of the program are initialised, so it imports neither net nor
// net/http: see package operator in cmd/baseinit.
package cli
