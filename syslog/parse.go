package syslog

// parser takes messages apart: RFC 5424, RFC 3164 as it is really sent, and what
// is neither. It refuses nothing: what it does not understand stays in the Text.
type parser struct {
	hostname []byte // ours
}

// defaultPriority is user.notice, which RFC 3164, section 4.3.3, has relays
// assume where there is none.
const defaultPriority = 13

// parse fills those fields of m that the sender wrote, and the PID if the kernel
// has not vouched for one. They lie in data, but for a Hostname that is ours.
// local says that the message came over a unix socket, where senders leave the
// host out.
func (p *parser) parse(m *Message, data []byte, local bool) {
	raw := trimEnd(data)
	m.Raw = raw
	m.Stamp, m.Hostname, m.Tag, m.ProcID, m.MsgID, m.StructuredData = nil, p.hostname, nil, nil, nil, nil

	priority, rest, ok := cutPriority(raw)
	m.Facility, m.Severity = Facility(priority>>3), Severity(priority&7)
	switch {
	case !ok:
		m.Text = raw // all of it is content: RFC 3164, section 4.3.3
	case parse5424(m, rest):
	default:
		p.parse3164(m, rest, local)
	}
	if m.PID == 0 {
		m.PID = pidOf(m.ProcID)
	}
}

// trimEnd removes what some senders end a message with: perl and musl a newline,
// Python a NUL, and some appenders CR and newline.
func trimEnd(s []byte) []byte {
	for len(s) > 0 {
		switch s[len(s)-1] {
		case '\n', '\r', 0:
			s = s[:len(s)-1]
		default:
			return s
		}
	}
	return s
}

// cutPriority splits <N> off s. N is 0 to 191 and has no leading zeros: RFC 3164,
// section 4.1.1, and RFC 5424, section 6.2.1.
func cutPriority(s []byte) (priority int, rest []byte, ok bool) {
	if len(s) == 0 || s[0] != '<' {
		return defaultPriority, s, false
	}
	n := digits(s[1:min(len(s), len("<191>"))])
	end := 1 + n
	if n == 0 || end == len(s) || s[end] != '>' || (s[1] == '0' && n > 1) {
		return defaultPriority, s, false
	}
	if priority = number(s[1:end]); priority > 191 {
		return defaultPriority, s, false
	}
	return priority, s[end+1:], true
}

// pidOf is the process that a PROCID names, or 0 if it names something else.
func pidOf(procID []byte) int {
	if len(procID) > 9 || digits(procID) < len(procID) { // 9 digits fit everywhere
		return 0
	}
	return number(procID)
}

// digits counts those that s starts with.
func digits(s []byte) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}

// number is the value of some digits.
func number(s []byte) int {
	n := 0
	for _, c := range s {
		n = n*10 + int(c-'0')
	}
	return n
}
