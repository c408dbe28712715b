// Command baseinit is a container's first process: see the README, and
// baseinit --help.
//
// Called by another name it is one of the small programs of package applet.
package main
