//go:build linux

// Package logdir keeps a log directory as s6-log(8) does, so that what reads, ships or
// takes over such directories finds what it expects:
//
//	current     what is being written; executable by its owner once it was finished cleanly
//	lock        locked with fcntl(2) by who writes
//	state       what the processor wants to know the next time
//	@STAMP.s    an archive: what current was, or what the processor made of it
//	@STAMP.u    what an earlier life left behind when it was killed
//	previous, processed, newstate   a rotation is under way
//
// Nothing in it waits for the disk or for a processor to get well: what fails is said,
// and tried again by [Dir.Work] after Config.Retry. Lines are kept until then.
//
// See https://skarnet.org/software/s6/s6-log.html.
package logdir

import "time"

// Config is what a directory is like.
type Config struct {
	// Path is the directory, which is made if it is missing. Its parent is not.
	Path string
	// Size is how many bytes current may have.
	Size int64
	// Tolerance is how much earlier a rotation begins, so that the line which comes
	// then still fits.
	Tolerance int64
	// Archives is how many archives are kept; 0: none.
	Archives int
	// TotalSize is how many bytes all archives may have; 0: any number.
	TotalSize int64
	// Retry is the pause after something that failed.
	Retry time.Duration
	// Processor is a program that is given the file which is to be an archive on
	// descriptor 0 and state on 4, and writes the archive to 1 and the next state to 5,
	// in the directory. Argv[0] may be that of a command of ours. Empty: none.
	Processor []string
	// Program is the file that Processor is run from.
	Program string
	// Env is the environment of the processor.
	Env []string
	// Warn is told what failed and is tried again.
	Warn func(error)
}

// Defaults gives what s6-log takes unless it is told otherwise.
func Defaults() Config {
	return Config{Size: 99999, Tolerance: 2000, Archives: 10, Retry: 2 * time.Second, Warn: func(error) {}}
}
