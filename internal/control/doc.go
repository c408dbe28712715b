// Package control is the control socket: HTTP/1.1 and JSON on a unix socket, for the command
// line, curl and whatever else looks after a container. What can be asked is in [Routes],
// the objects are those of package api; docs/api.md is made from both. Who may ask is root
// and the user that baseinit runs as: the socket's mode is 0600, and the kernel tells who
// connects.
package control
