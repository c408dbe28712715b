// Package scenario holds whole lives of containers and how they must go: what is
// in the container, what happens to it, and what it says and exits with. cmd/baseinit
// plays them as PID 1 of a box of package pid1test, image/ in a Docker container.
//
// It is for tests alone. Scripts wait for each other through files and output, and
// never for a time to pass; those that would run for ever sleep 1000 seconds, more
// than any test has.
package scenario
