// Package check tells, file by file, what baseinit will do with a tree and what it will
// not. It reads the tree with what the boot reads it with, so that they agree, changes
// nothing and starts nothing.
//
// What is wrong are findings: each has a place, a code that stays, a severity, and says what to
// do. Scripts for shells are read by package shell as far as it can follow them.
//
// Programs and services are missed only in a whole root file system, one with a /bin/sh: a
// tree that is copied to an image relies on what is there. A false alarm is worse than none.
package check
