package syslog

import "time"

// Message is one message: what its sender wrote, taken apart, and what the
// kernel vouches for. Its byte slices are valid only until the function that got
// the Message returns: they lie in a buffer that is used again.
type Message struct {
	// Received is when the message was read. The sender's own Stamp has
	// neither year nor zone in RFC 3164, and is never trusted.
	Received time.Time
	// From is where it came from: the path of a socket, or a network and an
	// address ("udp:127.0.0.1:40000").
	From string

	// PID, UID and GID are the sender's as the kernel knows them: unix(7),
	// SCM_CREDENTIALS. Where it does not (network, a sender in another PID
	// namespace) PID is the one in the tag or 0; UID and GID are -1 for a network.
	PID, UID, GID int
	// Comm is the name of the sender's program, /proc/PID/comm; "" if it was
	// gone before it could be asked.
	Comm string
	// Service is the supervised service that the sender belongs to, or "".
	Service string

	// Facility and Severity are user and notice for a message without them.
	Facility Facility
	Severity Severity
	// Stamp is the sender's time as it was sent, or nil.
	Stamp []byte
	// Hostname is the sender's host: ours, unless the message names another.
	Hostname []byte
	// Tag is the name of the sender by its own account; APP-NAME in RFC 5424.
	// nil if there is none.
	Tag []byte
	// ProcID is what the tag has in brackets, PROCID in RFC 5424; or nil. It
	// need not be a number, and need not be true: see PID.
	ProcID []byte
	// MsgID and StructuredData are those of RFC 5424, the latter with its
	// brackets; or nil.
	MsgID, StructuredData []byte
	// Text is the rest, without the newline, CR or NUL that may have ended it.
	// It may hold anything, also newlines and what is not UTF-8.
	Text []byte
	// Raw is the whole message as it was sent, as far as it was kept, without
	// the same ending.
	Raw []byte
	// Cut is how many bytes at the end of Text and Raw are missing, since the
	// message was longer than Config.MaxMessage.
	Cut int
}
