// Package syslog reads what programs send to /dev/log and writes it, line by line,
// to stderr, which is the log of a container: named, attributed, and such that no
// message can pass for another or take hold of a terminal.
//
//	sink, err := syslog.New(syslog.Config{Logger: logger})
//	if err != nil {
//		return err
//	}
//	g.Add(sink.Actor()) // github.com/oklog/run
//
// A sender is never kept waiting: what comes is read into a bounded queue, and one
// goroutine writes. When the output is not read, the newest messages are dropped,
// and at their place a line says how many. Every message is counted: see [Stats].
//
// The surprising thing: the sockets are bound by New, so that whatever is started
// after it finds them, but read only by Run; until then the kernel keeps 11 messages
// (net.unix.max_dgram_qlen), and further senders wait.
package syslog
