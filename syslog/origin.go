package syslog

import "time"

// origin is a socket that messages come from.
type origin struct {
	name  string // Message.From
	local bool   // a unix socket: hosts are ours
}

// sender is what was found out about a process.
type sender struct {
	comm, service string
	started       uint64 // which process of that ID it is
	asked         time.Time
	// child is the child of ours that it descends from, or is, if no service is
	// known: it may be one that has just been started.
	child int
}

// is tells whether nothing has changed.
func (s *sender) is(before *sender) bool {
	return s.comm == before.comm && s.service == before.service && s.started == before.started
}

// nobody is the sender of what came over a network.
var nobody = &sender{}
